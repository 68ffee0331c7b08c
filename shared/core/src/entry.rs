//! Entries of the Integration Log, packed as they are stored and unpacked as they are read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId, SalesforceObject,
    code::{Code, Level},
    finding::{self, Finding},
    record::RecordId,
    run::Counts,
};

/// The findings of one run or action about one Salesforce record, or about the run or action itself when it names none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The Salesforce record.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub salesforce: Option<SalesforceId>,
    /// Its name.
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The Channeltivity record.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<RecordId>,
    /// The findings.
    #[serde(rename = "f")]
    pub findings: Vec<Finding>,
}

/// Log lines that were written together with their effects and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatch {
    /// Its id; with the run, its key.
    pub id: String,
    /// The time of writing.
    pub at: Timestamp,
    /// The counts that are added to the run's.
    pub counts: Counts,
    /// The log lines.
    pub lines: Vec<LogLine>,
}

/// One entry as an administrator reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique, and stable from read to read.
    pub id: String,
    /// The run or action it belongs to.
    pub task: String,
    /// The time of writing.
    pub at: Timestamp,
    /// The severity.
    pub level: Level,
    /// The code.
    pub code: Code,
    /// The problem or the event, in a sentence.
    pub message: String,
    /// The remedy, in a sentence.
    pub suggestion: String,
    /// The Channeltivity record.
    pub entity: Option<RecordId>,
    /// The Salesforce record and its name.
    pub salesforce: Option<(SalesforceId, String)>,
    /// The raw Salesforce code and ids, for support.
    pub details: Option<String>,
}

impl LogBatch {
    /// Returns the entries: one per finding.
    #[must_use]
    pub fn unpack(&self, task: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for line in &self.lines {
            let itself = || line.entity.as_ref().map(|id| id.label(&line.name));
            let record = line.salesforce.map_or_else(
                || itself().unwrap_or_else(|| "the run".to_owned()),
                |id| {
                    finding::label(
                        SalesforceObject::of(&id)
                            .map_or("Salesforce record", |object| object.api_name()),
                        id,
                        &line.name,
                    )
                },
            );
            for finding in &line.findings {
                let (message, suggestion) = finding.sentences(&record);
                entries.push(Entry {
                    id: format!("{}-{}", self.id, entries.len()),
                    task: task.to_owned(),
                    at: self.at,
                    level: finding.level(),
                    code: finding.code,
                    message,
                    suggestion,
                    entity: line.entity.clone(),
                    salesforce: line.salesforce.map(|id| (id, line.name.clone())),
                    details: finding.details.clone(),
                });
            }
        }
        entries
    }
}
