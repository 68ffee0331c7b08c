//! The ports of the use cases, beside Salesforce: the store, the queues, the clock.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    Email, SalesforceId, SystemModstamp,
    change::{Change, Settled},
    claim::Claim,
    counted::CountedRuns,
    entry::LogLine,
    finding::Finding,
    message::{ImportRequest, SyncRequest},
    portal::Directory,
    problem::OpenProblem,
    record::{Record, RecordId},
    run::{Counts, Mode, Run, RunId, Trigger},
    settings::Settings,
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the current instant.
    fn now(&self) -> Timestamp;
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Makes ids that never repeat and order roughly as they were made.
pub trait Ids: Send + Sync {
    /// Returns the next id: letters and digits.
    fn next(&self) -> String;
}

/// The store or a queue could not do what it was asked; asking again later may help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {detail}")]
pub struct PortError {
    /// The operation, e.g. `BatchGetItem on the Links table`.
    pub operation: String,
    /// The cause, without values of records.
    pub detail: String,
}

/// The portal: settings and people.
pub trait Portal: Send + Sync {
    /// Reads the current settings, in one small read. It also drops the cached people if the portal's people changed.
    fn settings(&self) -> impl Future<Output = Result<Arc<Settings>, PortError>> + Send;

    /// Returns the holders of these addresses. Addresses that nobody has are left out.
    fn directory(
        &self,
        emails: &HashSet<Email>,
    ) -> impl Future<Output = Result<Directory, PortError>> + Send;
}

/// The stored items of some Opportunities.
#[derive(Clone, Debug, Default)]
pub struct StoredStates {
    /// Claims, live or not.
    pub claims: HashMap<SalesforceId, Claim>,
    /// Problems, including closed ones.
    pub problems: HashMap<SalesforceId, OpenProblem>,
}

/// The consistency of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Every acknowledged write is seen.
    Strong,
    /// The latest writes may be missed, at half the cost: for reads whose result a write's condition checks again.
    Eventual,
}

/// Links, records and open problems, as the import needs them.
pub trait ImportStore: Send + Sync {
    /// Returns the claims and open problems of these Opportunities.
    fn known(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
        consistency: Consistency,
    ) -> impl Future<Output = Result<StoredStates, PortError>> + Send;

    /// Returns the problems of these Opportunities, including closed ones.
    fn problems(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, OpenProblem>, PortError>> + Send;

    /// Returns the runs that have counted these records and that their claims and open problems no longer name.
    fn counted_before(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, CountedRuns>, PortError>> + Send;

    /// Returns the records with these ids; those that do not exist are left out.
    fn records(
        &self,
        ids: &[RecordId],
    ) -> impl Future<Output = Result<HashMap<RecordId, Record>, PortError>> + Send;

    /// Notes that the next run must look at these, whatever their stamps. An open problem that exists stays as it is.
    ///
    /// Safe to repeat.
    fn leave_to_next_run(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Commits changes of one run in as few transactions as they fit into, each with a packed entry and the run's counts.
    ///
    /// Returns the results in the order of the changes. A repeat of a change that is durable is refused by its own
    /// conditions.
    fn commit(
        &self,
        org: SalesforceId,
        run: RunId,
        changes: &[Change],
    ) -> impl Future<Output = Result<Vec<Settled>, PortError>> + Send;
}

/// The position of a listing. The steps follow each other in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingPosition {
    /// Among the open problems, by id: behind this one.
    Problems(Option<SalesforceId>),
    /// Among the Opportunities, in the order of the listing: behind this one.
    Opportunities(SystemModstamp, SalesforceId),
    /// Among the Leads, in the order of the listing: behind this one.
    Leads(SystemModstamp, SalesforceId),
    /// Among the linked records that the listing did not show, by id: behind this one.
    Links(SalesforceId),
}

/// The progress of a run's listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The run.
    pub run: RunId,
    /// The mode of the run.
    pub mode: Mode,
    /// The origin of the run.
    pub trigger: Trigger,
    /// The number of this attempt, which tells it from one that was taken for dead.
    pub attempt: u32,
    /// The number of checkpoints that were made.
    pub checkpoints: u32,
    /// The position up to which everything was handled.
    pub place: ListingPosition,
    /// The watermark that the run will leave: the newest stamp it could see.
    pub newest: Option<SystemModstamp>,
    /// The size of the parts that the listing is asked for in, because Salesforce gives up on more.
    pub part: Option<Part>,
    /// The work that the last checkpoint counted as listed, and that an earlier attempt may not have enqueued.
    pub unsent: Vec<SalesforceId>,
}

/// The size of the parts in which a listing is asked for, if the whole is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A span of seconds; a number below one stands for the stamps that far ahead of our clock.
    Seconds(i64),
    /// A range of 62 to that power of ids, within one second.
    Ids(u32),
}

/// The result of asking for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// A run was started.
    New(Run),
    /// One is active already.
    Active(Run),
}

/// The result of acquiring a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The run is ours to list.
    Acquired(Progress),
    /// Another attempt is listing it, or it has ended.
    AlreadyRunning,
}

/// The delivery of a message: the first one, or a repeat after an attempt that is known to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The first one.
    First,
    /// A later one: the queue waited six function timeouts, so the attempt before is dead.
    Repeated,
}

/// The watermark: the stamp up to which incremental runs have read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The newest stamp that was read.
    pub stamp: Option<SystemModstamp>,
    /// Fingerprints of the rows within the overlap before it, as they were enqueued or found unchanged.
    pub recent: HashSet<u64>,
    /// The run that left the watermark.
    pub left_by: Option<RunId>,
    /// The Salesforce organization whose stamps these are.
    pub org: Option<SalesforceId>,
}

impl Watermark {
    /// Returns the watermark as far as it is of use for that organization: one of another org is of none.
    #[must_use]
    pub fn of(&self, org: SalesforceId) -> Self {
        if self.org.is_some_and(|own| own != org) {
            return Self::default();
        }
        self.clone()
    }
}

/// The additions of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position up to which everything was handled.
    pub place: ListingPosition,
    /// The newest stamp.
    pub newest: Option<SystemModstamp>,
    /// The records that are about to be enqueued.
    pub work: Vec<SalesforceId>,
    /// Counts of the records that were listed, and of those that needed no message.
    pub counts: Counts,
    /// Log lines for the records that needed no message.
    pub lines: Vec<LogLine>,
}

/// The state of the lease after a write to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The write took place.
    Held,
    /// The run is no longer ours: it failed, ended or was acquired by another attempt.
    Lost,
}

/// Runs, their lease and their watermark.
pub trait RunStore: Send + Sync {
    /// Starts a run, unless one is active. A crashed run whose lease has expired is closed as failed first. One that
    /// still waits for messages counts as active, however long it has stood still, unless it is to be passed over. The
    /// run is a full one if one is wanted and none has ended well since; after two that did not, every other run is.
    fn start(
        &self,
        mode: Mode,
        trigger: Trigger,
        passed_by: Option<RunId>,
    ) -> impl Future<Output = Result<Started, PortError>> + Send;

    /// Makes the run after the active one a full run, and further ones until one ends well. Lost if that run is not the
    /// latest.
    fn want_full(&self, active: RunId) -> impl Future<Output = Result<Lease, PortError>> + Send;

    /// Acquires a run's listing at its last position.
    fn take_up(
        &self,
        run: RunId,
        delivery: Delivery,
    ) -> impl Future<Output = Result<Acquisition, PortError>> + Send;

    /// Returns the watermark.
    fn watermark(&self) -> impl Future<Output = Result<Watermark, PortError>> + Send;

    /// Saves the listing's progress, with its counts, its log lines and the records that are about to be enqueued, and
    /// renews the lease.
    fn checkpoint(
        &self,
        progress: &Progress,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Result<Lease, PortError>> + Send;

    /// Lets another invocation continue the listing at once, everything being enqueued. The run stays active.
    fn release(&self, progress: &Progress)
    -> impl Future<Output = Result<Lease, PortError>> + Send;

    /// Ends the listing and moves the watermark, in one step.
    ///
    /// A watermark that is not as it was found stays as it is: a run that failed meanwhile removed it, so that the next
    /// run finds again what that one left behind.
    fn finish_listing(
        &self,
        progress: &Progress,
        found: &Watermark,
        watermark: &Watermark,
    ) -> impl Future<Output = Result<Lease, PortError>> + Send;

    /// Records a fault that is not a record's: one task-level entry, the run failed. Safe to repeat. The watermark
    /// stays: the records that the run has not enqueued are past it, and those that its workers leave are noted.
    fn fail(
        &self,
        run: RunId,
        finding: &Finding,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Records a task-level finding that does not end the run. Once per key.
    fn note(
        &self,
        run: RunId,
        key: &str,
        finding: &Finding,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Returns the run with its counts.
    fn run(&self, run: RunId) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;
}

/// Claims by id.
pub trait ClaimStore: Send + Sync {
    /// Returns the claims of these Opportunities.
    fn claims(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Claim>, PortError>> + Send;

    /// Returns `true` if any record was ever linked to a Salesforce Lead, so that Leads need to be read.
    fn has_lead_links(&self) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// The links and open problems that the fan-out reads.
pub trait ListingStore: Send + Sync {
    /// Returns the Opportunities with an open problem, or with a note to look at them.
    fn open_problems(
        &self,
        org: SalesforceId,
    ) -> impl Future<Output = Result<HashSet<SalesforceId>, PortError>> + Send;

    /// Returns every claim.
    fn all_claims(
        &self,
        org: SalesforceId,
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Claim>, PortError>> + Send;
}

/// The queue of import requests.
pub trait ImportQueue: ImportBacklog {
    /// Enqueues all requests, or fails; those that were enqueued before a failure may be enqueued again by the repeat.
    fn send(
        &self,
        requests: &[ImportRequest],
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// The backlog of the queue of import requests.
pub trait ImportBacklog: Send + Sync {
    /// Returns the number of requests that wait, as far as the queue knows.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, PortError>> + Send;
}

/// The number of import requests that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// In the queue: visible, in flight or delayed.
    pub queued: u64,
    /// In its dead-letter queue.
    pub dead: u64,
}

/// The queue of sync requests.
pub trait SyncRequestQueue: Send + Sync {
    /// Enqueues one request.
    fn send(&self, request: &SyncRequest) -> impl Future<Output = Result<(), PortError>> + Send;
}
