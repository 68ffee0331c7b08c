//! A change of the store: items, each with the condition that it must meet, all written or none.

use crate::{
    SalesforceId,
    claim::Claim,
    counted::CountedRuns,
    entry::LogLine,
    message::{Note, PushRequest},
    problem::OpenProblem,
    record::{Record, RecordId},
    run::Counts,
    send_problem::SendProblem,
    task::Task,
};

/// The state that an item must be in for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The item does not exist.
    Absent,
    /// The item has the version that was read.
    Version(u64),
}

impl Expected {
    /// Returns the expectation for an item that was read with this version, or that was not there.
    #[must_use]
    pub fn of(version: Option<u64>) -> Self {
        version.map_or(Self::Absent, Self::Version)
    }
}

/// One conditional write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Puts a claim.
    Claim(Claim, Expected),
    /// Puts a record.
    Record(Box<Record>, Expected),
    /// Deletes a record.
    DeleteRecord(RecordId, Expected),
    /// Puts an open problem.
    Problem(OpenProblem, Expected),
    /// Closes an open problem.
    CloseProblem(SalesforceId, Expected),
    /// Puts the open send problem of a record.
    SendProblem(SendProblem, Expected),
    /// Closes the open send problem of a record, if there is one.
    CloseSendProblem(RecordId),
    /// Puts a task.
    Task(Box<Task>),
    /// Adds counted runs of a Salesforce record to those that are kept beside its claim and its open problem.
    CountedBefore(SalesforceId, CountedRuns),
    /// Notes a request to Salesforce that is to be delivered.
    Outbox(PushRequest),
    /// Removes that note: there is nothing of its kind left to deliver.
    ClearOutbox(Note),
    /// Notes that a Salesforce record was reported as created and not linked, unless that was noted before.
    Orphan(SalesforceId),
}

/// The writes of one Opportunity's outcome. Its effect, its log line and its count commit together.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The Opportunity.
    pub opportunity: SalesforceId,
    /// The writes: at least one, so that a repeat is noticed.
    pub writes: Vec<Write>,
    /// The log line; none for an unchanged Opportunity.
    pub line: Option<LogLine>,
    /// The counts that are added to the run's.
    pub counts: Counts,
}

impl Change {
    /// Returns the requests to Salesforce that it notes.
    pub fn requests(&self) -> impl Iterator<Item = &PushRequest> {
        self.writes.iter().filter_map(|write| match write {
            Write::Outbox(request) => Some(request),
            _ => None,
        })
    }
}

/// The result of one change of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// The change is durable.
    Done,
    /// An item was not as expected, and nothing of this change was written.
    Conflict(Box<CurrentItems>),
    /// The store can never take the change: it is too large, or holds a value that cannot be stored. Nothing of it was
    /// written.
    Impossible(String),
}

/// The items that stood in the way of a change, as they are in the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurrentItems {
    /// The claim in the store.
    pub claim: Option<Claim>,
    /// The record in the store.
    pub record: Option<Record>,
    /// The open problem in the store.
    pub problem: Option<OpenProblem>,
}

/// The key of an item, where only the key matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ItemKey {
    /// A linkable record.
    Record(RecordId),
    /// A claim.
    Claim(SalesforceId),
    /// An open problem.
    Problem(SalesforceId),
    /// The open send problem of a record.
    SendProblem(RecordId),
    /// A task.
    Task(String),
    /// The counted runs that are kept beside claim and open problem.
    CountedBefore(SalesforceId),
    /// The note of a request that is to be delivered.
    Outbox(Note),
    /// The note that a Salesforce record was reported as created and not linked.
    Orphan(SalesforceId),
}

impl Write {
    /// Returns the key of the item that is written.
    #[must_use]
    pub fn key(&self) -> ItemKey {
        match self {
            Self::Claim(claim, _) => ItemKey::Claim(claim.salesforce),
            Self::Record(record, _) => ItemKey::Record(record.id.clone()),
            Self::DeleteRecord(record, _) => ItemKey::Record(record.clone()),
            Self::Problem(problem, _) => ItemKey::Problem(problem.opportunity),
            Self::CloseProblem(opportunity, _) => ItemKey::Problem(*opportunity),
            Self::SendProblem(problem, _) => ItemKey::SendProblem(problem.record.clone()),
            Self::CloseSendProblem(record) => ItemKey::SendProblem(record.clone()),
            Self::Task(task) => ItemKey::Task(task.id.clone()),
            Self::CountedBefore(id, _) => ItemKey::CountedBefore(*id),
            Self::Outbox(request) => ItemKey::Outbox(request.note()),
            Self::ClearOutbox(note) => ItemKey::Outbox(note.clone()),
            Self::Orphan(id) => ItemKey::Orphan(*id),
        }
    }

    fn counted(&mut self) -> Option<(SalesforceId, &mut CountedRuns)> {
        match self {
            Self::Claim(claim, _) => Some((claim.salesforce, &mut claim.counted)),
            Self::Problem(problem, _) => Some((problem.opportunity, &mut problem.counted)),
            _ => None,
        }
    }
}

/// Limits the counted runs of the items that are written: the oldest runs of a long set go into a write of their own.
#[must_use]
pub fn with_bounded_sets(mut writes: Vec<Write>) -> Vec<Write> {
    let mut before: Vec<(SalesforceId, CountedRuns)> = Vec::new();
    for (id, counted) in writes.iter_mut().filter_map(Write::counted) {
        let Some(oldest) = counted.take_oldest() else {
            continue;
        };
        // A transaction takes each item once.
        match before.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = known.and(&oldest),
            None => before.push((id, oldest)),
        }
    }
    let before = before.into_iter();
    writes.extend(before.map(|(id, counted)| Write::CountedBefore(id, counted)));
    writes
}
