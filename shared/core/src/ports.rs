//! What the use cases ask of the world, beside Salesforce: the store, the queues, the clock.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    Email, SalesforceId, Stamp,
    change::{Change, Settled},
    claim::Claim,
    counted::Counted,
    entry::Line,
    finding::Finding,
    message::{ImportRequest, SyncRequest},
    portal::Directory,
    problem::Problem,
    record::{Record, RecordId},
    run::{Counts, Mode, Run, RunId, Trigger},
    settings::Settings,
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Makes ids that never repeat and order roughly as they were made.
pub trait Ids: Send + Sync {
    /// The next id: letters and digits.
    fn next(&self) -> String;
}

/// The store or a queue did not do what it was asked; asking again later may help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {detail}")]
pub struct PortError {
    /// What was asked, e.g. `BatchGetItem on the Links table`.
    pub operation: String,
    /// The cause, without values of records.
    pub detail: String,
}

/// The portal: settings and people.
pub trait Portal: Send + Sync {
    /// The settings as they are, from one small read. It also drops what is known of people if the portal's people changed.
    fn settings(&self) -> impl Future<Output = Result<Arc<Settings>, PortError>> + Send;

    /// Who has these addresses. Addresses that nobody has are left out.
    fn directory(
        &self,
        emails: &HashSet<Email>,
    ) -> impl Future<Output = Result<Directory, PortError>> + Send;
}

/// What the store knows about some Opportunities.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Claims, live or not.
    pub claims: HashMap<SalesforceId, Claim>,
    /// Problems, closed ones too.
    pub problems: HashMap<SalesforceId, Problem>,
}

/// How fresh what is read must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Everything acknowledged before is seen.
    Latest,
    /// May miss the latest moment, at half the cost: for reads whose result a write's condition checks again.
    Recent,
}

/// Links, records and open problems, as the import needs them.
pub trait ImportStore: Send + Sync {
    /// Claims and open problems of these Opportunities.
    fn known(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
        freshness: Freshness,
    ) -> impl Future<Output = Result<Known, PortError>> + Send;

    /// The problems of these Opportunities, closed ones too.
    fn problems(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Problem>, PortError>> + Send;

    /// The runs that have counted these records and that their claims and problems no longer name.
    fn counted_before(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Counted>, PortError>> + Send;

    /// The records of these ids; those that do not exist are left out.
    fn records(
        &self,
        ids: &[RecordId],
    ) -> impl Future<Output = Result<HashMap<RecordId, Record>, PortError>> + Send;

    /// Notes that the next run must look at these, whatever their stamps. An open problem that is there stays as it is.
    ///
    /// Safe to repeat.
    fn leave_to_next_run(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Commits changes of one run in as few transactions as they fit into, each with a packed entry and the run's counts.
    ///
    /// Answers in the order of the changes. A repeat of a change that is durable is refused by its own conditions.
    fn commit(
        &self,
        org: SalesforceId,
        run: RunId,
        changes: &[Change],
    ) -> impl Future<Output = Result<Vec<Settled>, PortError>> + Send;
}

/// How far a listing came. The steps follow each other in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the open problems, by id: behind this one.
    Problems(Option<SalesforceId>),
    /// Among the Opportunities, in the order of the listing: behind this one.
    Opportunities(Stamp, SalesforceId),
    /// Among the Leads, in the order of the listing: behind this one.
    Leads(Stamp, SalesforceId),
    /// Among the linked records that the listing did not show, by id: behind this one.
    Links(SalesforceId),
}

/// Where a run's listing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The run.
    pub run: RunId,
    /// How much it reads.
    pub mode: Mode,
    /// Tells this attempt from one that was taken for dead.
    pub attempt: u32,
    /// How many checkpoints were made.
    pub checkpoints: u32,
    /// What was dealt with.
    pub place: Place,
    /// The mark that the run will leave: the newest stamp it could see.
    pub newest: Option<Stamp>,
    /// Salesforce gives up on more: the listing is asked for in parts of so many seconds.
    pub part_seconds: Option<i64>,
    /// What the last checkpoint counted as listed, and an earlier attempt may not have enqueued.
    pub unsent: Vec<SalesforceId>,
}

/// What came of asking for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// A run was made.
    New(Run),
    /// One is active already.
    Active(Run),
}

/// What came of taking up a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenUp {
    /// It is ours to list.
    Go(Progress),
    /// Another attempt is at it, or it has come to its end.
    NotOurs,
}

/// Whether an earlier delivery of the same message is known to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The first one.
    First,
    /// A later one: the queue waited six function timeouts, so the attempt before is dead.
    Repeated,
}

/// The mark: up to where incremental runs have read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The newest stamp that was read.
    pub stamp: Option<Stamp>,
    /// Fingerprints of the rows within the overlap before it, as they were enqueued or found unchanged.
    pub recent: HashSet<u64>,
    /// The run that left it.
    pub left_by: Option<RunId>,
    /// The Salesforce organization whose stamps these are.
    pub org: Option<SalesforceId>,
}

impl Mark {
    /// The mark as it is of use for that organization: one of another says nothing.
    #[must_use]
    pub fn of(&self, org: SalesforceId) -> Self {
        if self.org.is_some_and(|own| own != org) {
            return Self::default();
        }
        self.clone()
    }
}

/// What a checkpoint adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What was dealt with.
    pub place: Place,
    /// The newest stamp.
    pub newest: Option<Stamp>,
    /// Those that are about to be enqueued.
    pub work: Vec<SalesforceId>,
    /// Counts of those that were listed, and of those that needed no message.
    pub counts: Counts,
    /// Lines for those that needed no message.
    pub lines: Vec<Line>,
}

/// Whether a write to a run took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It did.
    Yes,
    /// The run is no longer ours: it failed, ended or was taken up by another attempt.
    Lost,
}

/// Runs, their lease and their mark.
pub trait RunStore: Send + Sync {
    /// Starts a run, unless one is active. A crashed run whose lease has expired is closed as failed first. One that still
    /// waits for messages counts as active, however long it has stood still, unless it is to be passed by.
    /// It is a full one if one is wanted and none has ended well since; after two that did not, each other run is.
    fn start(
        &self,
        mode: Mode,
        trigger: Trigger,
        passed_by: Option<RunId>,
    ) -> impl Future<Output = Result<Started, PortError>> + Send;

    /// Has the run after the active one be a full one, and further ones until one ends well. Lost when that run is not the
    /// latest.
    fn want_full(&self, active: RunId) -> impl Future<Output = Result<Kept, PortError>> + Send;

    /// Takes up a run's listing where it stands.
    fn take_up(
        &self,
        run: RunId,
        delivery: Delivery,
    ) -> impl Future<Output = Result<TakenUp, PortError>> + Send;

    /// The mark.
    fn mark(&self) -> impl Future<Output = Result<Mark, PortError>> + Send;

    /// Keeps how far the listing came, with its counts, its lines and what is about to be enqueued, and renews the lease.
    fn checkpoint(
        &self,
        progress: &Progress,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Result<Kept, PortError>> + Send;

    /// Lets another invocation go on with the listing at once, everything being enqueued. The run stays active.
    fn release(&self, progress: &Progress) -> impl Future<Output = Result<Kept, PortError>> + Send;

    /// Ends the listing and moves the mark, in one step.
    ///
    /// A mark that is no longer as it was found stays as it is: a run that failed meanwhile took it away, so that the next
    /// run finds again what that one left behind.
    fn finish_listing(
        &self,
        progress: &Progress,
        found: &Mark,
        mark: &Mark,
    ) -> impl Future<Output = Result<Kept, PortError>> + Send;

    /// Records a fault that is not a record's: one task-level entry, the run failed. Safe to repeat.
    /// The mark stays: what the run has not enqueued is behind it, and what its workers leave is noted.
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

    /// The run with its counts.
    fn run(&self, run: RunId) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;
}

/// Claims by id.
pub trait ClaimStore: Send + Sync {
    /// Claims of these Opportunities.
    fn claims(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Claim>, PortError>> + Send;

    /// Whether any record was ever linked to a Salesforce Lead, so that Leads need to be looked at at all.
    fn has_lead_links(&self) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// What the fan-out asks about links and open problems.
pub trait ListingStore: Send + Sync {
    /// The Opportunities with an open problem, or with a note to look at them.
    fn open_problems(
        &self,
        org: SalesforceId,
    ) -> impl Future<Output = Result<HashSet<SalesforceId>, PortError>> + Send;

    /// Every claim.
    fn all_claims(
        &self,
        org: SalesforceId,
    ) -> impl Future<Output = Result<HashMap<SalesforceId, Claim>, PortError>> + Send;
}

/// The queue of import requests.
pub trait ImportQueue: ImportBacklog {
    /// Enqueues all of them, or fails; what was enqueued before a failure may be enqueued again by the repeat.
    fn send(
        &self,
        requests: &[ImportRequest],
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What waits in the queue of import requests.
pub trait ImportBacklog: Send + Sync {
    /// How many wait, as far as the queue knows.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, PortError>> + Send;
}

/// How many import requests wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// In the queue: visible, in flight or delayed.
    pub queued: u64,
    /// In its dead-letter queue.
    pub dead: u64,
}

/// The queue of sync requests.
pub trait SyncRequestQueue: Send + Sync {
    /// Enqueues one.
    fn send(&self, request: &SyncRequest) -> impl Future<Output = Result<(), PortError>> + Send;
}
