//! What the portal's own screens do to people. The deployment only reads them.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use dealbridge_core::{
    Email,
    portal::{Group, Organization, User},
    ports::PortError,
};

use super::{DynamoPortal, EmailItem};
use crate::{
    item::{self, n},
    keys::{self, VERSION},
    transaction::{self, Committed},
};

impl DynamoPortal {
    /// An organization by id.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn organization(&self, id: &str) -> Result<Option<Organization>, PortError> {
        self.items(vec![keys::organization(id)])
            .await?
            .pop()
            .map(|item| item::decode(item, "an organization"))
            .transpose()
    }

    /// Puts a changed or another user; who reads the portal sees it from its next look on. An address that the user no
    /// longer has no longer leads to the user.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn put_user(&self, user: &User) -> Result<(), PortError> {
        let table = &self.store.tables().records;
        let former = self.user(&user.id).await?.map(|former| former.email);
        let mut actions = Vec::new();
        if let Some(former) = former.filter(|former| *former != user.email) {
            let mut holders = self.holders(&former).await?;
            holders.users.retain(|id| *id != user.id);
            let item = item::encode(&holders, keys::email(&former))?;
            actions.push(transaction::put_anyway(table, item)?);
        }
        let mut holders = self.holders(&user.email).await?;
        if !holders.users.contains(&user.id) {
            holders.users.push(user.id.clone());
            let item = item::encode(&holders, keys::email(&user.email))?;
            actions.push(transaction::put_anyway(table, item)?);
        }
        let item = item::encode(user, keys::user(&user.id))?;
        actions.push(transaction::put_anyway(table, item)?);
        self.change(actions).await
    }

    /// Puts a changed or another group.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn put_group(&self, group: &Group) -> Result<(), PortError> {
        let item = item::encode(group, keys::group(&group.id))?;
        let table = &self.store.tables().records;
        self.change(vec![transaction::put_anyway(table, item)?])
            .await
    }

    /// Puts a changed or another organization.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn put_organization(&self, organization: &Organization) -> Result<(), PortError> {
        let item = item::encode(organization, keys::organization(&organization.id))?;
        let table = &self.store.tables().records;
        self.change(vec![transaction::put_anyway(table, item)?])
            .await
    }

    async fn holders(&self, email: &Email) -> Result<EmailItem, PortError> {
        let item = self.items(vec![keys::email(email)]).await?.pop();
        item.map_or_else(
            || Ok(EmailItem::default()),
            |item| item::decode(item, "an address"),
        )
    }

    /// Writes people and tells every process, in one step, that what it knows of people is out of date.
    async fn change(&self, mut actions: Vec<TransactWriteItem>) -> Result<(), PortError> {
        let moved = Update::builder()
            .table_name(&self.store.tables().records)
            .set_key(Some(keys::directory()))
            .update_expression("ADD #version :one")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":one", n(1));
        actions.push(transaction::update(moved)?);
        let token = format!("people|{}", self.store.ids.next());
        match self.store.transact(&token, actions).await? {
            Committed::Yes => Ok(()),
            Committed::Refused(_) => Err(PortError {
                operation: "changing the portal's people".to_owned(),
                detail: "an unconditional write was refused".to_owned(),
            }),
        }
    }
}
