//! The task of a Sync Now: who asked for it, and what came of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    finding::Finding,
    record::{RecordId, RecordKind},
};

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// It waits for its turn, or for Salesforce.
    Queued,
    /// Both sides are up to date, or the record was created.
    Succeeded,
    /// It came to nothing, and its findings say why.
    Failed,
}

/// A Sync Now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id; part of the key in the store.
    #[serde(skip)]
    pub id: String,
    /// The record.
    #[serde(default = "unset_id")]
    pub record: RecordId,
    /// The state.
    pub state: TaskState,
    /// The user who asked for it.
    pub by: String,
    /// The time at which it was asked for.
    pub asked_at: Timestamp,
    /// The time at which it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The Salesforce record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salesforce: Option<SalesforceId>,
    /// The name of the record or of the Salesforce record, as the findings name it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The entries that came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

fn unset_id() -> RecordId {
    RecordId::unnamed(RecordKind::Deal)
}

impl Task {
    /// Returns a task that waits for its turn.
    #[must_use]
    pub fn queued(id: &str, record: &RecordId, by: &str, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            record: record.clone(),
            state: TaskState::Queued,
            by: by.to_owned(),
            asked_at: at,
            ended_at: None,
            salesforce: None,
            name: String::new(),
            findings: Vec::new(),
        }
    }

    /// Returns the task at its end.
    #[must_use]
    pub fn ended(self, state: TaskState, findings: Vec<Finding>, at: Timestamp) -> Self {
        Self {
            state,
            ended_at: Some(at),
            findings,
            ..self
        }
    }

    /// Returns the task with the Salesforce record that it is about.
    #[must_use]
    pub fn about(self, salesforce: Option<SalesforceId>, name: &str) -> Self {
        Self {
            salesforce,
            name: name.to_owned(),
            ..self
        }
    }
}
