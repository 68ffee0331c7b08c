//! What the use cases of links ask of the store, and what one of their changes writes.

use std::future::Future;

use crate::{
    SalesforceId,
    change::Write,
    claim::Claim,
    entry::Line,
    message::PushRequest,
    ports::PortError,
    problem::Problem,
    receipt::{Receipt, ReceiptKey},
    record::{Record, RecordId},
};

/// What an administrator, or the system, did to a record: kept with the record for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The record.
    pub record: RecordId,
    /// What was done: `link`, `unlink`, `allow-import`, `write-delivered` and the like.
    pub action: &'static str,
    /// By whom.
    pub by: String,
    /// The Salesforce record.
    pub salesforce: SalesforceId,
    /// More, for a person to read.
    pub details: String,
}

/// The receipt of a request with an `Idempotency-Key`, kept in the same transaction as what the request did.
pub type Receipted = (ReceiptKey, Receipt);

/// What becomes of the note that a write to Salesforce is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbox {
    /// Nothing.
    Keep,
    /// A write was added.
    Add(PushRequest),
    /// The write of this Salesforce record was delivered, refused or dropped.
    Remove(SalesforceId),
}

/// One change of a link: everything in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkChange {
    /// The organization.
    pub org: SalesforceId,
    /// Records and claims with what they must be.
    pub writes: Vec<Write>,
    /// The audit row.
    pub audit: Audit,
    /// What the Integration Log says.
    pub line: Line,
    /// The outbox.
    pub outbox: Outbox,
    /// A note for the next run, unless there is an open problem already.
    pub watch: Option<Problem>,
    /// Whether a record is linked to a Salesforce Lead by this.
    pub links_lead: bool,
    /// The receipt.
    pub receipt: Option<Receipted>,
}

/// Whether a change took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is durable.
    Yes,
    /// Something was not as expected; nothing was written.
    Refused,
}

/// Where the changes of the connected org stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgChanges {
    /// Moves with each beginning and each end.
    pub version: u64,
    /// Whether claims are on their way from one org to another.
    pub under_way: bool,
}

/// Records, claims and the changes of links.
pub trait LinkStore: Send + Sync {
    /// A record.
    fn record(
        &self,
        id: &RecordId,
    ) -> impl Future<Output = Result<Option<Record>, PortError>> + Send;

    /// A claim.
    fn claim(
        &self,
        org: SalesforceId,
        id: SalesforceId,
    ) -> impl Future<Output = Result<Option<Claim>, PortError>> + Send;

    /// Every live claim that names a record, with its org. Reads all claims: for a record whose claim is not where it should be.
    fn live_claims_of(
        &self,
        record: &RecordId,
    ) -> impl Future<Output = Result<Vec<(SalesforceId, Claim)>, PortError>> + Send;

    /// Where the changes of the connected org stand.
    fn org_changes(&self) -> impl Future<Output = Result<OrgChanges, PortError>> + Send;

    /// As [`Self::commit_link`], only if no change of the org began or ended since.
    fn commit_stray(
        &self,
        change: &LinkChange,
        seen: OrgChanges,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;

    /// The problem of a Salesforce record, a closed one too.
    fn problem(
        &self,
        org: SalesforceId,
        id: SalesforceId,
    ) -> impl Future<Output = Result<Option<Problem>, PortError>> + Send;

    /// Commits a change: all of it or nothing.
    fn commit_link(
        &self,
        change: &LinkChange,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;

    /// Forgets the note of a write that is no longer to be delivered. A note of another write stays.
    fn forget(&self, request: &PushRequest) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Says that a write is not delivered, and forgets its note. A note of another write stays.
    fn refuse_push(
        &self,
        request: &PushRequest,
        line: &Line,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Writes that are to be delivered.
    fn outbox(&self) -> impl Future<Output = Result<Notes, PortError>> + Send;

    /// Takes a note that cannot be read out of the outbox, keeps it aside, and says so in the Integration Log: all at once.
    fn set_aside(
        &self,
        key: &str,
        line: &Line,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What the outbox holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Writes that are to be delivered.
    pub requests: Vec<PushRequest>,
    /// Keys of notes that cannot be read, and why.
    pub unreadable: Vec<(String, String)>,
}

/// The queue of writes to Salesforce.
pub trait PushQueue: Send + Sync {
    /// Enqueues all of them.
    fn send(&self, requests: &[PushRequest]) -> impl Future<Output = Result<(), PortError>> + Send;
}
