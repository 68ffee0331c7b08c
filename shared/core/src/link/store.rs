//! The part of the store that the use cases of links need, and the writes of one of their changes.

use std::future::Future;

use jiff::Timestamp;

use crate::{
    SalesforceId,
    change::Write,
    claim::Claim,
    entry::LogLine,
    message::{Note, PushRequest},
    organization::OrgChange,
    ports::PortError,
    problem::OpenProblem,
    receipt::{Receipt, ReceiptKey},
    record::{Act, AuditRow, Record, RecordId},
};

/// An act of a user, or of the system, on a record. It is kept for good, by the record itself or by an audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The record.
    pub record: RecordId,
    /// The name of the act.
    pub action: &'static str,
    /// The user who did it.
    pub by: String,
    /// The Salesforce record; none for an act that concerns the portal's side alone.
    pub salesforce: Option<SalesforceId>,
    /// Details for a person to read.
    pub details: String,
    /// The acts that the record has told itself, of a record that is deleted.
    pub earlier: Vec<Act>,
}

/// The receipt of a request with an `Idempotency-Key`, kept in the same transaction as what the request did.
pub type Receipted = (ReceiptKey, Receipt);

/// The change to the note of a request to Salesforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbox {
    /// It stays as it is.
    Keep,
    /// A request was added.
    Add(PushRequest),
    /// The request at this place was delivered, refused or dropped.
    Remove(Note),
}

/// One change of a link: everything in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkChange {
    /// The organization.
    pub org: SalesforceId,
    /// Records and claims, each with the state that it must be in.
    pub writes: Vec<Write>,
    /// The act; none where the log line tells the same.
    pub audit: Option<Audit>,
    /// The log line.
    pub line: LogLine,
    /// The outbox.
    pub outbox: Outbox,
    /// A note for the next run, unless there is an open problem already.
    pub watch: Option<OpenProblem>,
    /// `true` if this links a record to a Salesforce Lead.
    pub links_lead: bool,
    /// The receipt.
    pub receipt: Option<Receipted>,
}

impl LinkChange {
    /// Creates a change of nothing, to be filled in.
    #[must_use]
    pub fn empty(org: SalesforceId) -> Self {
        Self {
            org,
            writes: Vec::new(),
            audit: None,
            line: LogLine {
                salesforce: None,
                name: String::new(),
                entity: None,
                findings: Vec::new(),
            },
            outbox: Outbox::Keep,
            watch: None,
            links_lead: false,
            receipt: None,
        }
    }

    /// Has the act told: by its record, if the change writes it and it has room, else by an audit row, which takes along
    /// what the record has told so far. Returns the row, with its record.
    #[must_use]
    pub fn tell(&mut self, now: Timestamp) -> Option<(RecordId, AuditRow)> {
        let audit = self.audit.take()?;
        let act = Act {
            at: now,
            by: audit.by,
            action: audit.action.to_owned(),
            salesforce: audit.salesforce,
            details: audit.details,
        };
        let written = self.writes.iter_mut().find_map(|write| match write {
            Write::Record(record, _) if record.id == audit.record => Some(record),
            _ => None,
        });
        let Some(record) = written else {
            let earlier = audit.earlier;
            return Some((audit.record, AuditRow { act, earlier }));
        };
        if act.fits_beside(&record.acts) {
            record.acts.push(act);
            return None;
        }
        let earlier = std::mem::take(&mut record.acts);
        Some((audit.record, AuditRow { act, earlier }))
    }
}

/// The result of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// The change is durable.
    Yes,
    /// Something was not as expected; nothing was written.
    Refused,
}

/// The state of the changes of the connected org.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgChanges {
    /// The version, which moves with each beginning and each end of a change.
    pub version: u64,
    /// The change that is moving claims from one org to another.
    pub under_way: Option<OrgChange>,
}

/// Records, claims and the changes of links.
pub trait LinkStore: Send + Sync {
    /// Returns a record.
    fn record(
        &self,
        id: &RecordId,
    ) -> impl Future<Output = Result<Option<Record>, PortError>> + Send;

    /// Returns a claim.
    fn claim(
        &self,
        org: SalesforceId,
        id: SalesforceId,
    ) -> impl Future<Output = Result<Option<Claim>, PortError>> + Send;

    /// Returns every live claim that names a record, with its org. Reads all claims: for a record whose claim is not
    /// under the connected org.
    fn live_claims_of(
        &self,
        record: &RecordId,
    ) -> impl Future<Output = Result<Vec<(SalesforceId, Claim)>, PortError>> + Send;

    /// Returns the state of the changes of the connected org.
    fn org_changes(&self) -> impl Future<Output = Result<OrgChanges, PortError>> + Send;

    /// Commits like [`Self::commit_link`], only if no change of the org began or ended since.
    fn commit_stray(
        &self,
        change: &LinkChange,
        seen: OrgChanges,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;

    /// Returns the open problem of a Salesforce record, even if it is closed.
    fn problem(
        &self,
        org: SalesforceId,
        id: SalesforceId,
    ) -> impl Future<Output = Result<Option<OpenProblem>, PortError>> + Send;

    /// Commits a change: all of it or nothing. Its act is told as [`LinkChange::tell`] says.
    fn commit_link(
        &self,
        change: &LinkChange,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;

    /// Removes the note of a request that is no longer to be delivered. A note of another request stays.
    fn forget(&self, request: &PushRequest) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Reports that a request is not delivered, and removes its note. A note of another request stays.
    fn refuse_push(
        &self,
        request: &PushRequest,
        line: &LogLine,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Returns the requests that are to be delivered.
    fn outbox(&self) -> impl Future<Output = Result<Notes, PortError>> + Send;

    /// Takes a note that cannot be read out of the outbox, keeps it aside, and reports it in the Integration Log, in
    /// one transaction.
    fn set_aside(
        &self,
        key: &str,
        line: &LogLine,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// The content of the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Requests that are to be delivered.
    pub requests: Vec<PushRequest>,
    /// Keys of notes that cannot be read, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// The queue of requests to Salesforce.
pub trait PushQueue: Send + Sync {
    /// Enqueues all requests.
    fn send(&self, requests: &[PushRequest]) -> impl Future<Output = Result<(), PortError>> + Send;
}
