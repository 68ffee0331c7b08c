//! Changes of people as the portal's own screens make them. The deployment only reads people.

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
    /// Returns an organization by id.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn organization(&self, id: &str) -> Result<Option<Organization>, PortError> {
        self.items(vec![keys::organization(id)])
            .await?
            .pop()
            .map(|item| item::decode(item, "an organization"))
            .transpose()
    }

    /// Creates or replaces a user, visible from each reader's next read on. An address that is no longer the user's
    /// stops leading to the user.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn put_user(&self, user: &User) -> Result<(), PortError> {
        let table = &self.store.tables().records;
        let former = self.user(&user.id).await?.map(|former| former.email);
        let mut actions = Vec::new();
        if let Some(former) = former.filter(|former| *former != user.email) {
            let mut holders = self.holders(&former).await?;
            holders.users.retain(|id| *id != user.id);
            let item = item::encode(&holders, keys::email(&former))?;
            actions.push(transaction::put_unconditional(table, item)?);
        }
        let mut holders = self.holders(&user.email).await?;
        if !holders.users.contains(&user.id) {
            holders.users.push(user.id.clone());
            let item = item::encode(&holders, keys::email(&user.email))?;
            actions.push(transaction::put_unconditional(table, item)?);
        }
        let item = item::encode(user, keys::user(&user.id))?;
        actions.push(transaction::put_unconditional(table, item)?);
        self.change(actions).await
    }

    /// Creates or replaces a group.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn put_group(&self, group: &Group) -> Result<(), PortError> {
        let item = item::encode(group, keys::group(&group.id))?;
        let table = &self.store.tables().records;
        self.change(vec![transaction::put_unconditional(table, item)?])
            .await
    }

    /// Creates or replaces an organization.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn put_organization(&self, organization: &Organization) -> Result<(), PortError> {
        let item = item::encode(organization, keys::organization(&organization.id))?;
        let table = &self.store.tables().records;
        self.change(vec![transaction::put_unconditional(table, item)?])
            .await
    }

    async fn holders(&self, email: &Email) -> Result<EmailItem, PortError> {
        let item = self.items(vec![keys::email(email)]).await?.pop();
        item.map_or_else(
            || Ok(EmailItem::default()),
            |item| item::decode(item, "an address"),
        )
    }

    /// Writes people and invalidates every process's cache of them, in one transaction.
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
