//! The port of Salesforce over the world's org.

use serde_json::{Map, Value, json};

use super::{
    judge::Writer,
    org::{ACCOUNT, KEY, contact},
    set_up::END_USER,
    spoiling::Spoiling,
    world::{Handle, World},
};
use crate::{
    Email, SalesforceId, SalesforceObject, SystemModstamp,
    claim::PendingWrite,
    record::RecordId,
    salesforce::{
        DescribedField, ExternalId, FieldPath, Listing, Locator, NewRecord, Page, Row, Salesforce,
        SalesforceError, UpdateOutcome, UpsertOutcome,
    },
    schema::Schema,
};

/// Salesforce's code for a validation rule's refusal: the org takes no exclamation.
const VALIDATION: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
const REFUSAL: &str = "no exclamation";

/// Returns the field whose value the org refuses.
fn refused(fields: &Map<String, Value>) -> Option<String> {
    let is_refused = |value: &Value| value.as_str().is_some_and(|text| text.ends_with('!'));
    let mut fields = fields.iter();
    fields
        .find(|(_, value)| is_refused(value))
        .map(|(name, _)| name.clone())
}

fn rows(world: &World, ids: &[SalesforceId]) -> Vec<Row> {
    ids.iter().filter_map(|id| world.org.row(*id)).collect()
}

impl World {
    fn upsert(
        &mut self,
        object: SalesforceObject,
        new: &NewRecord<'_>,
        is_found_left: bool,
    ) -> UpsertOutcome {
        let mut key = new.external_id.value.clone();
        if self.spoiling == Some(Spoiling::KeyWithoutLife) {
            key.truncate(key.find('#').unwrap_or(key.len()));
        }
        let refused = refused(new.fields);
        if let Some(id) = self.org.holder(object, &key) {
            if self.org.rows[&id].is("IsConverted") {
                return UpsertOutcome::Taken {
                    by: Some(id),
                    message: "duplicate value found".to_owned(),
                };
            }
            if !is_found_left {
                if let Some(field) = refused {
                    return refusal(field);
                }
                let claim = self.items.claims.get(&id);
                self.judge.written_over(id, &key, claim);
                self.set_there(id, new.fields, Writer::Integration);
            }
            return UpsertOutcome::Found(id);
        }
        if let Some(field) = refused {
            return refusal(field);
        }
        let mut fields = new.fields.clone();
        fields.insert(KEY.to_owned(), json!(key));
        let id = self.org.create(object, &fields);
        self.tell(|| format!("Salesforce creates {id}: {}", Value::Object(fields)));
        self.judge.created_there(id, &self.org);
        if self.spoiling == Some(Spoiling::NoteFirst)
            && let Ok(record) = key
                .split('#')
                .next()
                .unwrap_or_default()
                .replace(':', "/")
                .parse::<RecordId>()
        {
            self.items.outbox.retain(|held| *held.record() != record);
            self.judge.is_due = true;
        }
        UpsertOutcome::Created(id)
    }

    fn update(
        &mut self,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> UpdateOutcome {
        let refusal = |code: &str, message: &str, fields: Vec<String>| UpdateOutcome::Refused {
            code: code.to_owned(),
            message: message.to_owned(),
            fields,
        };
        let Some(stored) = self
            .org
            .rows
            .get(&id)
            .filter(|stored| !stored.is("IsDeleted"))
        else {
            return UpdateOutcome::Gone;
        };
        if stored.is("IsConverted") {
            return refusal(
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "it is converted",
                Vec::new(),
            );
        }
        if unless_changed_since.is_some_and(|seen| SystemModstamp::from_second(stored.stamp) > seen)
        {
            return UpdateOutcome::ChangedSince;
        }
        if let Some(field) = refused(fields) {
            return refusal(VALIDATION, REFUSAL, vec![field]);
        }
        // What a user has confirmed for a link is written all the same.
        let pending = self
            .items
            .claims
            .get(&id)
            .and_then(|claim| claim.pending.as_ref());
        let is_of_link = pending.is_some_and(PendingWrite::is_of_link);
        if !stored.is("Sync__c") && !is_of_link {
            let wrong = format!("{id} was written while its link was paused");
            self.judge.wrong.push(wrong);
        }
        self.set_there(id, fields, Writer::Integration);
        UpdateOutcome::Written
    }
}

fn refusal(field: String) -> UpsertOutcome {
    UpsertOutcome::Refused {
        code: VALIDATION.to_owned(),
        message: REFUSAL.to_owned(),
        fields: vec![field],
        duplicates: Vec::new(),
    }
}

impl Salesforce for Handle {
    async fn of(&self, _: SalesforceId) -> Result<Self, SalesforceError> {
        Ok(self.clone())
    }

    async fn list(&self, _: &Listing) -> Result<Page, SalesforceError> {
        unreachable!("runs are listed by the model")
    }

    async fn next(&self, _: &Locator) -> Result<Page, SalesforceError> {
        unreachable!("runs are listed by the model")
    }

    async fn opportunities(
        &self,
        ids: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        self.ask(|world| rows(world, ids)).await
    }

    async fn records(
        &self,
        _: SalesforceObject,
        ids: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        self.ask(|world| rows(world, ids)).await
    }

    async fn converted_leads(
        &self,
        opportunities: &[SalesforceId],
    ) -> Result<Vec<Row>, SalesforceError> {
        self.ask(|world| {
            let became_one = |row: &Row| {
                let id = row.text("ConvertedOpportunityId");
                opportunities.iter().any(|one| id == Some(one.as_str()))
            };
            let leads = world.org.ids(|stored| stored.is("IsConverted"));
            rows(world, &leads).into_iter().filter(became_one).collect()
        })
        .await
    }

    async fn retrieve(
        &self,
        _: SalesforceObject,
        _: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        unreachable!("runs are listed by the model")
    }

    fn schema(&self) -> &Schema {
        self.schema()
    }

    async fn describe(&self, _: &str) -> Result<Vec<DescribedField>, SalesforceError> {
        unreachable!("no field is missing")
    }

    async fn update(
        &self,
        _: SalesforceObject,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        self.ask(|world| world.update(id, fields, unless_changed_since))
            .await
    }

    async fn upsert(
        &self,
        object: SalesforceObject,
        record: &NewRecord<'_>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        self.ask(|world| world.upsert(object, record, false)).await
    }

    async fn upsert_opportunity(
        &self,
        record: &NewRecord<'_>,
        _: SalesforceId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        let object = SalesforceObject::Opportunity;
        self.ask(|world| world.upsert(object, record, true)).await
    }

    async fn by_external_id(
        &self,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> Result<Vec<Row>, SalesforceError> {
        self.ask(|world| {
            let held = world.org.holder(object, &external_id.value);
            rows(world, held.as_slice())
        })
        .await
    }

    async fn contacts_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        self.ask(|world| {
            let contact = |number| {
                let row = json!({
                    "Id": contact(number), "Name": "Leo Kaur", "Email": END_USER, "AccountId": ACCOUNT,
                });
                Row(row.as_object().unwrap().clone())
            };
            (0..world.org.contacts).map(contact).collect()
        })
        .await
    }

    async fn users_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        unreachable!("no row names an owner")
    }
}
