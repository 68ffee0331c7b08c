//! Making a record under its External Id: a repeat finds the record that an earlier call made.

mod answer;

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    salesforce::{ExternalId, NewRecord, OBJECT_ITSELF, Row, SalesforceError, UpsertOutcome},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};

use self::answer::{Upserted, judge, judge_composite};
use crate::{
    answer::Answer,
    api_usage::CallKind,
    call::{Call, Rules},
    client::SalesforceClient,
    update,
};

/// The field by which an Opportunity is made with its Primary Contact Role. It can be given to one that is created
/// alone.
const PRIMARY_CONTACT: &str = "ContactId";

/// Characters of a value that stand for themselves in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

impl SalesforceClient {
    pub(crate) async fn make_record(
        &self,
        object: SalesforceObject,
        record: &NewRecord<'_>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        if let Some(refused) = unwritable(record) {
            return Ok(refused);
        }
        let path = self.named(object, record.external_id);
        let call = Call {
            method: Method::PATCH,
            body: Some(Value::Object(record.fields.clone()).to_string()),
            rules: rules(record),
            ..Call::get(CallKind::Upsert, &path, Some(object.api_name()))
        };
        let judge = |answer: &Answer| judge(answer, object, record.external_id);
        self.settle(&call, judge, object, record.external_id).await
    }

    /// Creates the Opportunity with its Contact, or asks for the one that is there: Salesforce makes the Primary
    /// Contact Role along with the Opportunity, so that neither exists without the other, and refuses the Contact for
    /// an Opportunity that exists, so that a repeat changes nothing.
    pub(crate) async fn make_opportunity(
        &self,
        record: &NewRecord<'_>,
        primary_contact: SalesforceId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        if let Some(refused) = unwritable(record) {
            return Ok(refused);
        }
        let object = SalesforceObject::Opportunity;
        let named = self.named(object, record.external_id);
        let mut fields = record.fields.clone();
        fields.insert(
            PRIMARY_CONTACT.to_owned(),
            Value::String(primary_contact.to_string()),
        );
        let headers: Map<String, Value> = rules(record)
            .headers()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let body = json!({ "allOrNone": false, "compositeRequest": [
            { "method": "PATCH", "url": named, "referenceId": "made", "body": fields, "httpHeaders": headers },
            { "method": "GET", "url": format!("{named}?fields=Id"), "referenceId": "found" },
        ] });
        let path = self.path("composite");
        let call = Call {
            method: Method::POST,
            body: Some(body.to_string()),
            rules: rules(record),
            ..Call::get(CallKind::Upsert, &path, Some(object.api_name()))
        };
        let judge = |answer: &Answer| judge_composite(answer, object, record.external_id);
        self.settle(&call, judge, object, record.external_id).await
    }

    /// Makes the call, and once more if another record holds the External Id: of two upserts at the same moment,
    /// Salesforce refuses one with DUPLICATE_VALUE, and that one finds the record when it asks again.
    async fn settle(
        &self,
        call: &Call<'_>,
        judge: impl Fn(&Answer) -> Result<Upserted, crate::fault::Fault>,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        let mut asked_again = false;
        loop {
            match self.make_judged(call, &judge).await.result {
                Ok((Upserted::Told(UpsertOutcome::Taken { .. }), _)) if !asked_again => {
                    asked_again = true;
                }
                Ok((Upserted::Told(outcome), _)) => return Ok(outcome),
                Ok((Upserted::FoundUnnamed, _)) => return self.found(object, external_id).await,
                Err(SalesforceError::Refused { code, .. }) if code == update::LOCKED => {
                    return Ok(UpsertOutcome::Locked);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The record that an answer without a body (HTTP 204) was about.
    async fn found(
        &self,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        let path = format!("{}?fields=Id", self.named(object, external_id));
        let call = Call::get(CallKind::Retrieve, &path, Some(object.api_name()));
        let read = |answer: &Answer| {
            let row: Row = answer.json()?;
            row.id()
                .ok_or_else(|| "answered with a record without an id".to_owned())
        };
        let (id, _) = self.make(&call, read).await.result?;
        Ok(UpsertOutcome::Found(id))
    }

    /// The path of the record with an External Id.
    fn named(&self, object: SalesforceObject, external_id: &ExternalId) -> String {
        self.path(&format!(
            "sobjects/{object}/{}/{}",
            external_id.field,
            utf8_percent_encode(&external_id.value, IN_PATH)
        ))
    }
}

fn rules(record: &NewRecord<'_>) -> Rules {
    Rules {
        assignment: record.assignment,
        duplicates: record.duplicates,
    }
}

/// Refuses what no upsert can be made of, whatever Salesforce would make of it: a parent's field, the key among the
/// fields, an empty key.
fn unwritable(record: &NewRecord<'_>) -> Option<UpsertOutcome> {
    let refused = |message: &str, field: &str| UpsertOutcome::Refused {
        code: "INVALID_FIELD".to_owned(),
        message: message.to_owned(),
        fields: vec![field.to_owned()],
        duplicates: Vec::new(),
    };
    let key = &record.external_id.field;
    if key.is_parent_path() || key.is(OBJECT_ITSELF) || record.external_id.value.is_empty() {
        return Some(refused(
            "a record cannot be made under this name",
            key.as_str(),
        ));
    }
    if let Some(name) = update::unwritable_field(record.fields) {
        return Some(refused(update::NOT_OWN, name));
    }
    let named_twice = record.fields.keys().find(|name| key.is(name))?;
    Some(refused(
        "the External Id is given beside the fields, not among them",
        named_twice,
    ))
}
