//! The methods of the port: each is one kind of call.

use std::collections::HashSet;

use dealbridge_core::{
    SalesforceId, SalesforceObject, SystemModstamp,
    email::Email,
    salesforce::{
        DescribedField, ExternalId, FieldPath, Listing, Locator, NewRecord, Page, Row, Salesforce,
        SalesforceError, UpdateOutcome, UpsertOutcome,
    },
    schema::Schema,
};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::SalesforceClient;
use crate::{
    answer::Answer,
    api_usage::CallKind,
    call::Call,
    connection::locator_path,
    opportunity,
    soql::{Person, Statement, select},
};

/// Maximum number of ids in one `POST /composite/sobjects/<O>`.
const MAX_IDS_PER_RETRIEVE: usize = 2_000;

fn without_deleted(mut page: Page) -> Page {
    page.rows = page
        .rows
        .into_iter()
        .map(opportunity::without_deleted)
        .collect();
    page
}

/// Checks that the row is the requested one: a shifted response would move every link's state to another record.
fn row_of(row: Row, id: &SalesforceId) -> Result<Row, String> {
    Some(row)
        .filter(|row| row.id() == Some(*id) && row.stamp().is_some())
        .ok_or_else(|| "answered with other records than were asked for".to_owned())
}

/// The ids without duplicates, in order: Salesforce answers a duplicate once.
fn distinct(ids: &[SalesforceId]) -> Vec<SalesforceId> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

impl Salesforce for SalesforceClient {
    async fn of(&self, org: SalesforceId) -> Result<Self, SalesforceError> {
        let client = Self {
            held_to: Some(org),
            ..self.clone()
        };
        self.shared
            .login
            .session(&self.transport(), None, Some(org))
            .await?;
        Ok(client)
    }

    async fn list(&self, listing: &Listing) -> Result<Page, SalesforceError> {
        let statement = Statement::listing(listing);
        let page = self.query(&statement, listing.object).await?;
        Ok(without_deleted(page))
    }

    async fn next(&self, locator: &Locator) -> Result<Page, SalesforceError> {
        let path = locator_path(&locator.0)?;
        let page = self.page(CallKind::QueryMore, path, None).await?;
        Ok(without_deleted(page))
    }

    async fn opportunities(
        &self,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::opportunities(ids, fields);
        let rows = self
            .rows_of(SalesforceObject::Opportunity, &distinct(ids), statement)
            .await?;
        Ok(rows.into_iter().map(opportunity::without_deleted).collect())
    }

    async fn records(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::records(object, ids, fields);
        self.rows_of(object, &distinct(ids), statement).await
    }

    async fn converted_leads(
        &self,
        opportunities: &[SalesforceId],
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = |ids: &[SalesforceId]| Statement::converted_leads(ids);
        self.rows_of(SalesforceObject::Lead, &distinct(opportunities), statement)
            .await
    }

    async fn retrieve(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        let path = self.path(&format!("composite/sobjects/{object}"));
        let fields = select(
            &[&["Id", "SystemModstamp"]],
            fields.iter().map(FieldPath::as_str),
        );
        let mut retrieved = Vec::with_capacity(ids.len());
        let mut parts: Vec<&[SalesforceId]> = ids.chunks(MAX_IDS_PER_RETRIEVE).rev().collect();
        while let Some(ids) = parts.pop() {
            let call = Call {
                method: Method::POST,
                body: Some(json!({ "ids": ids, "fields": fields }).to_string()),
                ..Call::get(CallKind::Retrieve, &path, Some(object.api_name()))
            };
            let read = |answer: &Answer| {
                let rows: Vec<Option<Row>> = answer.json()?;
                if rows.len() != ids.len() {
                    return Err(
                        "answered with another number of records than was asked for".to_owned()
                    );
                }
                rows.into_iter()
                    .zip(ids)
                    .map(|(row, id)| row.map(|row| row_of(row, id)).transpose())
                    .collect::<Result<Vec<_>, _>>()
            };
            match self.make(&call, read).await.result {
                Ok((mut read, _)) => retrieved.append(&mut read),
                Err(SalesforceError::TooLarge { .. }) if ids.len() > 1 => {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(retrieved)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    async fn describe(&self, object: &str) -> Result<Vec<DescribedField>, SalesforceError> {
        self.described(object).await
    }

    async fn update(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        self.write(object, id, fields, unless_changed_since).await
    }

    async fn upsert(
        &self,
        object: SalesforceObject,
        record: &NewRecord<'_>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        self.make_record(object, record).await
    }

    async fn upsert_opportunity(
        &self,
        record: &NewRecord<'_>,
        primary_contact: SalesforceId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        self.make_opportunity(record, primary_contact).await
    }

    async fn by_external_id(
        &self,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> Result<Vec<Row>, SalesforceError> {
        let statement = Statement::by_external_id(object, external_id);
        Ok(self.query(&statement, object).await?.rows)
    }

    async fn contacts_by_email(&self, email: &Email) -> Result<Vec<Row>, SalesforceError> {
        self.people(Person::Contact, email).await
    }

    async fn users_by_email(&self, email: &Email) -> Result<Vec<Row>, SalesforceError> {
        self.people(Person::User, email).await
    }
}
