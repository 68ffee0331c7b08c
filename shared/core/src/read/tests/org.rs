//! An org that refuses fields as Salesforce does.

use std::sync::Mutex;

use serde_json::{Map, Value};

use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    email::Email,
    read::CONTACT_ROLES,
    salesforce::{
        DescribedField, ExternalId, FieldPath, Listing, Locator, NewRecord, Page, Row, Salesforce,
        SalesforceError, UpdateOutcome, UpsertOutcome,
    },
    schema::Schema,
};

/// Objects with their fields; a lookup is written `Name>Relationship>Target|Target`.
pub(super) struct Org {
    pub(super) objects: Vec<(&'static str, Vec<&'static str>)>,
    /// A field that describe has and a query refuses, with the object that the refusal names.
    pub(super) contrary: Option<(&'static str, &'static str)>,
    pub(super) schema: Schema,
    described: Mutex<Vec<String>>,
    queries: Mutex<usize>,
}

impl Org {
    pub(super) fn new() -> Self {
        Self {
            objects: vec![
                (
                    "Opportunity",
                    vec![
                        "Id",
                        "Name",
                        "Region__c",
                        "AccountId>Account>Account",
                        "OwnerId>Owner>User",
                        "Rep__c>Rep__r>Partner_Rep__c",
                        "Odd_Lookup__c>Strange__r>User",
                    ],
                ),
                (
                    "Account",
                    vec![
                        "Id",
                        "Name",
                        "Region__c",
                        "OwnerId>Owner>User",
                        "Rep__c>Rep__r>Partner_Rep__c",
                    ],
                ),
                (
                    "User",
                    vec!["Id", "Name", "Email", "ProfileId>Profile>Profile"],
                ),
                ("Profile", vec!["Id", "Name"]),
                (
                    "Partner_Rep__c",
                    vec!["Id", "Email__c", "User__c>User__r>User"],
                ),
                (
                    "OpportunityContactRole",
                    vec!["Id", "ContactId>Contact>Contact"],
                ),
                ("Contact", vec!["Id", "Name", "Email"]),
                ("Lead", vec!["Id", "Region__c", "OwnerId>Owner>Group|User"]),
                ("Group", vec!["Id", "Name"]),
            ],
            contrary: None,
            schema: Schema::default(),
            described: Mutex::default(),
            queries: Mutex::default(),
        }
    }

    pub(super) fn hide(mut self, object: &str, field: &str) -> Self {
        for (name, fields) in &mut self.objects {
            if *name == object {
                fields.retain(|known| known.split('>').next() != Some(field));
            }
        }
        self
    }

    pub(super) fn fields(&self, object: &str) -> Option<Vec<DescribedField>> {
        let (_, fields) = self
            .objects
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(object))?;
        let described = fields.iter().map(|field| {
            let mut parts = field.split('>');
            DescribedField {
                name: parts.next().unwrap_or_default().to_owned(),
                label: String::new(),
                kind: "string".to_owned(),
                updateable: true,
                relationship: parts.next().map(str::to_owned),
                reference_to: parts
                    .next()
                    .map(|targets| targets.split('|').map(str::to_owned).collect())
                    .unwrap_or_default(),
                ..DescribedField::default()
            }
        });
        Some(described.collect())
    }

    /// Finds the first field that the org does not have, as Salesforce does.
    fn judge(&self, object: &str, path: &FieldPath) -> Result<(), SalesforceError> {
        if let Some((named, field)) = self.contrary
            && path.as_str().rsplit('.').next() == Some(field)
            && path.is_parent_path()
        {
            return Err(missing(named, field));
        }
        let mut current = object.to_owned();
        let parts: Vec<&str> = path.as_str().split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            if *part == CONTACT_ROLES {
                current = "OpportunityContactRole".to_owned();
                continue;
            }
            let fields = self.fields(&current).unwrap_or_default();
            let is_last = at + 1 == parts.len();
            let found = fields.iter().find(|field| {
                let name = if is_last {
                    Some(&field.name)
                } else {
                    field.relationship.as_ref()
                };
                name.is_some_and(|name| name.eq_ignore_ascii_case(part))
            });
            match found {
                // A refused relationship is told with the object of the query.
                None if !is_last => return Err(missing(object, part)),
                None => return Err(missing(&current, part)),
                Some(field) if !is_last => {
                    current = field.reference_to.last().cloned().unwrap_or_default()
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Returns the objects that were described.
    pub(super) fn descriptions(&self) -> Vec<String> {
        self.described.lock().unwrap().clone()
    }

    /// Returns the number of queries.
    pub(super) fn queries(&self) -> usize {
        *self.queries.lock().unwrap()
    }
}

pub(super) fn missing(object: &str, field: &str) -> SalesforceError {
    SalesforceError::FieldMissing {
        object: object.to_owned(),
        field: field.to_owned(),
    }
}

impl Salesforce for Org {
    async fn of(&self, _: SalesforceId) -> Result<Self, SalesforceError> {
        unreachable!("reads are tested below the choice of the org")
    }

    async fn list(&self, _: &Listing) -> Result<Page, SalesforceError> {
        unreachable!("nothing is listed here")
    }

    async fn next(&self, _: &Locator) -> Result<Page, SalesforceError> {
        unreachable!("nothing is listed here")
    }

    async fn opportunities(
        &self,
        ids: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        self.records(SalesforceObject::Opportunity, ids, fields)
            .await
    }

    async fn records(
        &self,
        object: SalesforceObject,
        _: &[SalesforceId],
        fields: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        *self.queries.lock().unwrap() += 1;
        for path in fields {
            self.judge(object.api_name(), path)?;
        }
        Ok(Vec::new())
    }

    async fn converted_leads(&self, _: &[SalesforceId]) -> Result<Vec<Row>, SalesforceError> {
        unreachable!("no Leads are read here")
    }

    async fn retrieve(
        &self,
        _: SalesforceObject,
        _: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        unreachable!("nothing is read by id here")
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn describe(&self, object: &str) -> Result<Vec<DescribedField>, SalesforceError> {
        self.described.lock().unwrap().push(object.to_owned());
        self.fields(object).ok_or_else(|| missing(object, "Id"))
    }

    async fn update(
        &self,
        _: SalesforceObject,
        _: SalesforceId,
        _: &Map<String, Value>,
        _: Option<SystemModstamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        unreachable!("nothing is written here")
    }

    async fn upsert(
        &self,
        _: SalesforceObject,
        _: &NewRecord<'_>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        unreachable!("nothing is written here")
    }

    async fn upsert_opportunity(
        &self,
        _: &NewRecord<'_>,
        _: SalesforceId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        unreachable!("nothing is written here")
    }

    async fn by_external_id(
        &self,
        _: SalesforceObject,
        _: &ExternalId,
    ) -> Result<Vec<Row>, SalesforceError> {
        unreachable!("nothing is looked up here")
    }

    async fn contacts_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        unreachable!("nobody is looked up here")
    }

    async fn users_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        unreachable!("nobody is looked up here")
    }
}
