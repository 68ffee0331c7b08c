//! The meaning of the answers to an upsert.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    salesforce::{ExternalId, Match, OBJECT_ITSELF, Row, SalesforceError, UpsertOutcome},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{answer::Answer, api_usage::CallKind, fault::Fault};

/// An upsert's answer, judged.
#[derive(Debug)]
pub(super) enum Upserted {
    /// It tells the whole outcome.
    Told(UpsertOutcome),
    /// The record was there, and the answer does not name it.
    FoundUnnamed,
}

/// The body of a success.
#[derive(Deserialize)]
struct Saved {
    id: SalesforceId,
    created: Option<bool>,
}

/// Judges the answer to `PATCH sobjects/<Object>/<field>/<value>`.
pub(super) fn judge(
    answer: &Answer,
    object: SalesforceObject,
    external_id: &ExternalId,
) -> Result<Upserted, Fault> {
    if answer.status == 204 {
        return Ok(Upserted::FoundUnnamed);
    }
    if answer.is_success() {
        let saved: Saved = answer
            .json()
            .map_err(|detail| Fault::unreadable(answer, &detail))?;
        let outcome = if saved.created.unwrap_or(answer.status == 201) {
            UpsertOutcome::Created(saved.id)
        } else {
            UpsertOutcome::Found(saved.id)
        };
        return Ok(Upserted::Told(outcome));
    }
    if let Some(ids) = several(answer) {
        return Ok(Upserted::Told(UpsertOutcome::Ambiguous(ids)));
    }
    match Fault::of_answer(answer, CallKind::Upsert, Some(object.api_name())) {
        Fault::Final(SalesforceError::Refused {
            status: 404,
            message,
            ..
        }) => Err(Fault::Final(unknown(object, external_id, &message))),
        Fault::Final(SalesforceError::Refused {
            code,
            message,
            fields,
            ..
        }) => Ok(Upserted::Told(refused(
            answer,
            external_id,
            code,
            message,
            fields,
        ))),
        fault => Err(fault),
    }
}

/// Judges the answer to a composite request that makes the record, then asks for it.
pub(super) fn judge_composite(
    answer: &Answer,
    object: SalesforceObject,
    external_id: &ExternalId,
) -> Result<Upserted, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Composite {
        composite_response: Vec<Part>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Part {
        #[serde(default)]
        body: Value,
        http_status_code: u16,
        reference_id: String,
    }

    if !answer.is_success() {
        return Err(Fault::of_answer(
            answer,
            CallKind::Upsert,
            Some(object.api_name()),
        ));
    }
    let unreadable = |detail: &str| Fault::unreadable(answer, detail);
    let composite: Composite = answer.json().map_err(|detail| unreadable(&detail))?;
    let part = |reference: &str| {
        let parts = composite.composite_response.iter();
        parts
            .filter(|part| part.reference_id == reference)
            .map(|part| answer.within(part.http_status_code, &part.body))
            .next()
            .ok_or_else(|| unreadable("answered without a part of what was asked for"))
    };
    let (made, found) = (part("made")?, part("found")?);
    if !made.is_success() {
        // Whatever refused the record: one that is there was made by an earlier call.
        if found.is_success() {
            let row: Row = found.json().map_err(|detail| unreadable(&detail))?;
            let id = row
                .id()
                .ok_or_else(|| unreadable("answered with a record without an id"))?;
            return Ok(Upserted::Told(UpsertOutcome::Found(id)));
        }
        if let Some(ids) = several(&found) {
            return Ok(Upserted::Told(UpsertOutcome::Ambiguous(ids)));
        }
        if found.status != 404 {
            // It is not known whether the record is there.
            return Err(Fault::of_answer(
                &found,
                CallKind::Upsert,
                Some(object.api_name()),
            ));
        }
    }
    judge(&made, object, external_id)
}

/// The records in the answer of HTTP 300: their addresses.
fn several(answer: &Answer) -> Option<Vec<SalesforceId>> {
    if answer.status != 300 {
        return None;
    }
    let addresses: Vec<String> = answer.json().ok()?;
    let ids = addresses
        .iter()
        .filter_map(|address| SalesforceId::parse(address.rsplit('/').next()?).ok());
    Some(ids.collect())
}

/// The error for an object or a key that is not there, or hidden from the integration user.
fn unknown(object: SalesforceObject, external_id: &ExternalId, message: &str) -> SalesforceError {
    let field = if message.contains("external ID field") {
        external_id.field.as_str()
    } else {
        OBJECT_ITSELF
    };
    SalesforceError::FieldMissing {
        object: object.api_name().to_owned(),
        field: field.to_owned(),
    }
}

fn refused(
    answer: &Answer,
    external_id: &ExternalId,
    code: String,
    message: String,
    fields: Vec<String>,
) -> UpsertOutcome {
    let mut duplicates = matches(answer);
    if code == "DUPLICATE_VALUE" {
        let by = holder(&message);
        if is_about(&message, external_id) {
            return UpsertOutcome::Taken { by, message };
        }
        duplicates.extend(by.map(|id| Match {
            object: String::new(),
            id,
        }));
    }
    UpsertOutcome::Refused {
        code,
        message,
        fields,
        duplicates,
    }
}

/// Returns `true` if `duplicate value found: FIELD duplicates value on record with id: ID` is about the key.
fn is_about(message: &str, external_id: &ExternalId) -> bool {
    let field = message
        .split_once("duplicate value found: ")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    // Some orgs answer `<unknown> duplicates value on record with id: <unknown>` where the user may not see the record.
    field.is_some_and(|field| external_id.field.is(field) || field == "<unknown>")
}

/// The record that a DUPLICATE_VALUE names.
fn holder(message: &str) -> Option<SalesforceId> {
    let (_, named) = message.rsplit_once("record with id: ")?;
    SalesforceId::parse(named.trim().trim_end_matches('.')).ok()
}

/// The records that a duplicate rule found.
fn matches(answer: &Answer) -> Vec<Match> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Entry {
        // Salesforce spells it so.
        #[serde(alias = "duplicateResult")]
        duplicate_resut: Found,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Found {
        match_results: Vec<Rule>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Rule {
        entity_type: String,
        match_records: Vec<Hit>,
    }
    #[derive(Deserialize)]
    struct Hit {
        record: Row,
    }

    let mut matches: Vec<Match> = Vec::new();
    let entries: Vec<Entry> = answer.json().unwrap_or_default();
    for rule in entries
        .into_iter()
        .flat_map(|entry| entry.duplicate_resut.match_results)
    {
        for row in rule.match_records.iter().map(|hit| &hit.record) {
            if let Some(id) = row.id()
                && !matches.iter().any(|seen| seen.id == id)
            {
                let object = row.text("attributes.type").unwrap_or(&rule.entity_type);
                matches.push(Match {
                    object: object.to_owned(),
                    id,
                });
            }
        }
    }
    matches
}
