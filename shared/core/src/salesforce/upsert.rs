//! Records that are made in Salesforce under an External Id, so that a repeat finds them again.

use serde_json::{Map, Value};

use super::FieldPath;
use crate::SalesforceId;

/// A field by which records are named, and the value that names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId {
    /// The field: an External Id of the object.
    pub field: FieldPath,
    /// The record's value.
    pub value: String,
}

/// A record to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// The name under which it is made.
    pub external_id: &'a ExternalId,
    /// Its other fields.
    pub fields: &'a Map<String, Value>,
    /// The part of the org's assignment rules.
    pub assignment: AssignmentRules,
    /// The part of the org's duplicate rules.
    pub duplicates: DuplicateRules,
}

/// The part that assignment rules have in a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentRules {
    /// The active rule chooses the owner.
    Run,
    /// The owner stays as the write gives it.
    Left,
}

/// The part that duplicate rules have in a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateRules {
    /// A rule that blocks or warns refuses the record.
    Obeyed,
    /// A record is saved all the same, where its rule allows that.
    Overridden,
}

/// The result of making a record under its External Id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpsertOutcome {
    /// There was no such record (HTTP 201).
    Created(SalesforceId),
    /// There was one (HTTP 200, 204): an earlier call made it.
    Found(SalesforceId),
    /// Several records have the External Id (HTTP 300): nothing was written.
    Ambiguous(Vec<SalesforceId>),
    /// A record that an upsert cannot reach has the External Id (DUPLICATE_VALUE), such as a converted Lead: nothing
    /// was written.
    Taken {
        /// The record, as Salesforce names it.
        by: Option<SalesforceId>,
        /// Salesforce's message.
        message: String,
    },
    /// Refused for a reason of the record or of the org's set-up: nothing was written.
    Refused {
        /// Salesforce's errorCode.
        code: String,
        /// Salesforce's message.
        message: String,
        /// The fields that the message names.
        fields: Vec<String>,
        /// The records that a duplicate rule found (DUPLICATES_DETECTED), or that holds a value which must be unique.
        duplicates: Vec<Match>,
    },
    /// A row is locked (UNABLE_TO_LOCK_ROW) after bounded retries: try again later.
    Locked,
}

/// A record that is much like one that was to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The object, by its API name; empty where Salesforce does not say it.
    pub object: String,
    /// The record.
    pub id: SalesforceId,
}
