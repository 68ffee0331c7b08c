//! Duplicate rules: rows that are much like one that is there already.

use std::collections::BTreeMap;

use salesforce_id::SalesforceId;
use serde_json::{Value as Json, json};

use super::{
    author::{Author, Duplicates},
    effects::is_converted,
};
use crate::{
    http::reply::ApiError,
    schema::ObjectSchema,
    setup::rules::{DuplicateAction, DuplicateRule, Matching},
    store::{Row, Store},
};

/// The words that Salesforce suggests for a rule.
const USUAL_WORDS: &str =
    "You're creating a duplicate record. We recommend you use an existing record instead.";

/// Refuses a row that a duplicate rule finds to be one. People read the warning and save all the same.
///
/// # Errors
/// `DUPLICATES_DETECTED` with what was found.
pub(super) fn refuse(
    store: &Store,
    schema: &ObjectSchema,
    row: &Row,
    author: Author,
) -> Result<(), ApiError> {
    let passes = |rule: &DuplicateRule| match author.rules.duplicates {
        Duplicates::Unchecked => true,
        Duplicates::Saved => rule.action == DuplicateAction::Alert,
        Duplicates::Refused => false,
    };
    let rules = store.setup.duplicate_rules().iter();
    for rule in rules.filter(|rule| rule.object == schema.name && !passes(rule)) {
        let results: Vec<Json> = rule
            .matches
            .iter()
            .map(|matching| result(store, schema, row, matching))
            .collect();
        if results.iter().any(|result| result["size"] != json!(0)) {
            return Err(detected(rule, results));
        }
    }
    Ok(())
}

fn detected(rule: &DuplicateRule, results: Vec<Json>) -> ApiError {
    let words = rule.message.as_deref().unwrap_or(USUAL_WORDS);
    let found = json!({
        "allowSave": rule.action == DuplicateAction::Alert,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": words,
        "matchResults": results,
    });
    // Salesforce spells the key so.
    ApiError::new(400, "DUPLICATES_DETECTED", words).with("duplicateResut", found)
}

/// The rows of one object that are much like this one.
fn result(store: &Store, schema: &ObjectSchema, row: &Row, matching: &Matching) -> Json {
    let found = found(store, schema, row, matching);
    let records: Vec<Json> = found
        .iter()
        .map(|id| {
            let url = format!(
                "/services/data/v68.0/sobjects/{}/{}",
                matching.object,
                id.as_str()
            );
            json!({
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {
                    "attributes": { "type": matching.object, "url": url },
                    "Id": id.as_str(),
                },
            })
        })
        .collect();
    json!({
        "entityType": matching.object,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": records,
        "rule": format!("{}_MR", matching.object),
        "size": found.len(),
        "success": true,
    })
}

fn found(
    store: &Store,
    schema: &ObjectSchema,
    row: &Row,
    matching: &Matching,
) -> Vec<SalesforceId> {
    let Some(object) = store.schema.object_index(&matching.object) else {
        return Vec::new();
    };
    let of = store.object(object);
    let pairs = pairs(schema, of, &matching.fields);
    let is_like = |other: &Row| {
        !pairs.is_empty()
            && pairs.iter().all(|(own, others)| {
                let value = &row.values[*own];
                !value.is_null() && other.values[*others].order(value).is_eq()
            })
    };
    let rows = store.table(object).iter().map(|(_, row)| row);
    rows.filter(|other| other.id != row.id && store.live(object, other.id).is_some())
        .filter(|other| !is_converted(of, other) && is_like(other))
        .map(|other| other.id)
        .collect()
}

/// The places of the fields that must be equal: of the row, and of the one it is compared with.
fn pairs(
    schema: &ObjectSchema,
    of: &ObjectSchema,
    fields: &BTreeMap<String, String>,
) -> Vec<(usize, usize)> {
    fields
        .iter()
        .filter_map(|(own, other)| Some((schema.field_index(own)?, of.field_index(other)?)))
        .collect()
}
