//! The messages in the queues: they name a record, and never carry its values.

use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    record::{RecordId, first_life, is_first_life},
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
    /// A person asked for the run: it is not held to the budget of API calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
}

/// Asks the fan-out to work on a run that was started by `POST /sync-runs`, or to go on with one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The run.
    pub run: RunId,
    /// The origin of this request: a listing that is continued goes by the schedule.
    pub trigger: Trigger,
    /// A person asked for the run: it is not held to the budget of API calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
}

/// Asks the push worker for something at Salesforce. The outbox keeps it as a note until it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub enum PushRequest {
    /// Create the Salesforce record of an unlinked record.
    Create(CreateRequest),
    /// Read a linked record's Salesforce side and bring both sides up to date.
    Sync(SyncNowRequest),
    /// Deliver the pending write of a link.
    #[serde(untagged)]
    Write(WriteRequest),
}

/// The place of a request in the outbox: a record has one note of each kind at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// The pending write of this Salesforce record's claim.
    Write(SalesforceId),
    /// The create of a record in this life.
    Create(RecordId, u32),
    /// The Sync Now of a record.
    Sync(RecordId),
}

impl PushRequest {
    /// Returns the place of its note.
    #[must_use]
    pub fn note(&self) -> Note {
        match self {
            Self::Create(request) => Note::Create(request.record.clone(), request.life),
            Self::Sync(request) => Note::Sync(request.record.clone()),
            Self::Write(request) => Note::Write(request.salesforce),
        }
    }

    /// Returns the id that tells it from an earlier or later one at the same place.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Create(request) => &request.create,
            Self::Sync(request) => &request.task,
            Self::Write(request) => &request.write,
        }
    }

    /// Returns the member that holds [`Self::id`].
    #[must_use]
    pub fn id_member(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Sync(_) => "task",
            Self::Write(_) => "write",
        }
    }

    /// Returns the record.
    #[must_use]
    pub fn record(&self) -> &RecordId {
        match self {
            Self::Create(request) => &request.record,
            Self::Sync(request) => &request.record,
            Self::Write(request) => &request.record,
        }
    }
}

/// Asks for the Salesforce record of an unlinked record, from the record as it is by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The record.
    pub record: RecordId,
    /// The life of the record that it is for.
    #[serde(default = "first_life", skip_serializing_if = "is_first_life")]
    pub life: u32,
    /// The id of the create, which the record carries until it came to an end.
    pub create: String,
}

/// Asks for both sides of a linked record to be brought up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncNowRequest {
    /// [`VERSION`].
    pub version: u32,
    /// The record.
    pub record: RecordId,
    /// The task that tells what came of it.
    pub task: String,
}

/// Asks for the pending write of a link to be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRequest {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_request_reads_back_and_a_write_looks_as_it_did_before_there_were_others() {
        let record: RecordId = "deal/D-17".parse().unwrap();
        let create = PushRequest::Create(CreateRequest {
            version: VERSION,
            record: record.clone(),
            life: 1,
            create: "D-17-1".into(),
        });
        let sync = PushRequest::Sync(SyncNowRequest {
            version: VERSION,
            record,
            task: "task-1".into(),
        });
        let write = json!({
            "version": 1, "org": "00DbY000000001F", "salesforce": "006dM00000Mw7Vt", "record": "deal/D-17",
            "write": "D-17-2",
        });

        assert_eq!(
            serde_json::to_value(&create).unwrap(),
            json!({ "act": "create", "version": 1, "record": "deal/D-17", "create": "D-17-1" })
        );
        for request in [create, sync] {
            let text = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<PushRequest>(&text).unwrap(), request);
        }
        let read: PushRequest = serde_json::from_value(write).unwrap();
        assert!(matches!(&read, PushRequest::Write(write) if write.write == "D-17-2"));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written.get("act"), None);
        assert!(serde_json::from_value::<PushRequest>(json!({ "version": 1 })).is_err());
    }
}
