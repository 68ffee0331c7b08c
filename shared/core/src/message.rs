//! The messages in the queues: they name a record, and never carry its values.

use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    record::RecordId,
    run::{RunId, Trigger},
};

/// The version of every message format here.
pub const VERSION: u32 = 1;

/// Asks the import worker to read one Opportunity or linked Lead, as it is in Salesforce by then, and decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The run that it counts in.
    pub run: RunId,
    /// The Salesforce organization.
    pub org: SalesforceId,
    /// The record.
    pub opportunity: SalesforceId,
    /// A hint: when it was listed, it had neither claim nor open problem, so that writing can be tried without reading
    /// first. The write's conditions decide all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
}

/// Asks the fan-out to work on a run that was started by `POST /sync-runs`, or to go on with one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The run.
    pub run: RunId,
    /// The origin of the run.
    pub trigger: Trigger,
}

/// Asks the push worker to deliver the pending write of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The Salesforce organization.
    pub org: SalesforceId,
    /// The Salesforce record whose claim carries the write.
    pub salesforce: SalesforceId,
    /// The record that it was linked to.
    pub record: RecordId,
    /// The write's id.
    pub write: String,
}

/// The handling of a delivered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The outcome is durable: acknowledge the message.
    Done,
    /// Deliver the message again.
    Retry,
}
