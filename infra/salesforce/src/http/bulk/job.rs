//! Jobs: their states and what a poll says about them.

use std::collections::BTreeMap;

use salesforce_id::SalesforceId;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::table::{Dialect, Table};
use crate::{
    store::{Store, make_id},
    value::datetime_text,
};

/// The most jobs that are kept.
const MAX_JOBS: usize = 1_000;

/// The stage that a job has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::UploadComplete => "UploadComplete",
            Self::InProgress => "InProgress",
            Self::JobComplete => "JobComplete",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
        }
    }
}

/// The two kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Ingest,
}

/// The work of a job, and what came of it.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// The rows a query found.
    Query(Table),
    /// Rows to write.
    Ingest(Ingest),
}

/// Rows to write and what became of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ingest {
    /// The field by which an upsert finds rows.
    pub(super) external_id: Option<String>,
    /// The uploaded rows; nothing before the upload.
    pub(super) upload: Option<Vec<u8>>,
    /// Written rows.
    pub(super) successful: Table,
    /// Refused rows.
    pub(super) failed: Table,
    /// Rows that were not reached.
    pub(super) unprocessed: Table,
    /// Why the job as a whole failed.
    pub(super) problem: Option<String>,
}

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: SalesforceId,
    pub(super) operation: String,
    pub(super) object: String,
    /// The API version it was made with, such as `66.0`.
    pub(super) version: String,
    pub(super) user: SalesforceId,
    pub(super) created: i64,
    pub(super) changed: i64,
    pub(super) state: State,
    pub(super) dialect: Dialect,
    pub(super) work: Work,
}

impl Job {
    /// Its kind.
    pub(super) fn kind(&self) -> Kind {
        match self.work {
            Work::Query(_) => Kind::Query,
            Work::Ingest(_) => Kind::Ingest,
        }
    }

    /// Moves on to a state.
    pub(super) fn enter(&mut self, state: State, now: i64) {
        self.state = state;
        self.changed = now;
    }

    /// The part that every answer about the job has.
    pub(super) fn summary(&self) -> Json {
        let mut body = json!({
            "id": self.id.as_str(),
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user.as_str(),
            "createdDate": datetime_text(self.created),
            "systemModstamp": datetime_text(self.changed),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": self.version.parse::<f64>().unwrap_or_default(),
            "lineEnding": self.dialect.line_ending,
            "columnDelimiter": self.dialect.delimiter,
        });
        if let Work::Ingest(ingest) = &self.work {
            let batches = format!(
                "services/data/v{}/jobs/ingest/{}/batches",
                self.version,
                self.id.as_str()
            );
            body["contentUrl"] = json!(batches);
            if let Some(field) = &ingest.external_id {
                body["externalIdFieldName"] = json!(field);
            }
        }
        body
    }

    /// The answer to a poll; the next one sees the job a step further.
    pub(super) fn advance(&mut self, now: i64) -> Json {
        match self.state {
            State::UploadComplete => self.enter(State::InProgress, now),
            State::InProgress => {
                let is_failed =
                    matches!(&self.work, Work::Ingest(ingest) if ingest.problem.is_some());
                let end = if is_failed {
                    State::Failed
                } else {
                    State::JobComplete
                };
                self.enter(end, now);
            }
            _ => {}
        }
        let is_over = matches!(
            self.state,
            State::JobComplete | State::Failed | State::Aborted
        );
        let count = |table: &Table| if is_over { table.rows.len() } else { 0 };
        let mut body = self.summary();
        let numbers = match &self.work {
            Work::Query(rows) => json!({
                "jobType": "V2Query",
                "numberRecordsProcessed": count(rows),
                "retries": 0,
                "totalProcessingTime": 0,
                "isPkChunkingSupported": true,
            }),
            Work::Ingest(ingest) => json!({
                "jobType": "V2Ingest",
                "numberRecordsProcessed": count(&ingest.successful) + count(&ingest.failed),
                "numberRecordsFailed": count(&ingest.failed),
                "retries": 0,
                "totalProcessingTime": 0,
                "apiActiveProcessingTime": 0,
                "apexProcessingTime": 0,
            }),
        };
        if let (Json::Object(body), Json::Object(numbers)) = (&mut body, numbers) {
            body.extend(numbers);
        }
        if let Work::Ingest(Ingest {
            problem: Some(problem),
            ..
        }) = &self.work
            && self.state == State::Failed
        {
            body["errorMessage"] = json!(problem);
        }
        body
    }
}

/// The jobs of an org.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: BTreeMap<u64, Job>,
    last: u64,
}

impl Jobs {
    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.jobs.clear();
    }

    /// Keeps a job under an id of its own; the oldest ones give way.
    pub(super) fn add(
        &mut self,
        store: &Store,
        build: impl FnOnce(SalesforceId) -> Job,
    ) -> &mut Job {
        self.last += 1;
        let id = make_id("750", store.pod(), self.last);
        while self.jobs.len() >= MAX_JOBS {
            self.jobs.pop_first();
        }
        self.jobs.entry(self.last).or_insert_with(|| build(id))
    }

    /// A job by its id of 15 or 18 characters.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Job> {
        let id = SalesforceId::parse(id).ok()?;
        self.jobs.values_mut().find(|job| job.id == id)
    }

    /// Takes a job away.
    pub(super) fn remove(&mut self, id: &str) {
        if let Ok(id) = SalesforceId::parse(id) {
            self.jobs.retain(|_, job| job.id != id);
        }
    }

    /// All jobs.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().rev()
    }
}
