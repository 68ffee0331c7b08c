//! A change of the store: items with the condition each must meet, all or none.

use crate::{
    SalesforceId,
    claim::Claim,
    counted::Counted,
    entry::Line,
    message::PushRequest,
    problem::Problem,
    record::{Record, RecordId},
    run::Counts,
};

/// What an item must be for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It does not exist.
    Absent,
    /// It is as it was read: this version.
    Version(u64),
}

impl Expected {
    /// The expectation for an item that was read, or was not there.
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
    /// Puts an open problem.
    Problem(Problem, Expected),
    /// Closes an open problem.
    CloseProblem(SalesforceId, Expected),
    /// Adds runs that have counted a Salesforce record to those that are kept beside its claim and its problem.
    CountedBefore(SalesforceId, Counted),
    /// Notes that the write which a claim carries is to be delivered.
    Outbox(PushRequest),
    /// Removes that note: the claim of this Salesforce record carries no write any more.
    ClearOutbox(SalesforceId),
}

/// What one Opportunity's outcome writes. Its effect, its log line and its count commit together.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The Opportunity.
    pub opportunity: SalesforceId,
    /// The writes: at least one, so that a repeat is noticed.
    pub writes: Vec<Write>,
    /// What the log says; none for an unchanged one.
    pub line: Option<Line>,
    /// What it adds to the run's counts.
    pub counts: Counts,
}

/// What became of one change of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It is durable.
    Done,
    /// An item was not as expected, and nothing of this change was written.
    Refused(Box<Holder>),
    /// The store never takes it: too large, or with a value that cannot be stored. Nothing of it was written.
    Impossible(String),
}

/// The items that stood in the way of a change, as they are in the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holder {
    /// The claim that is there.
    pub claim: Option<Claim>,
    /// The record that is there.
    pub record: Option<Record>,
    /// The open problem that is there.
    pub problem: Option<Problem>,
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
    /// The runs that are kept beside claim and problem.
    CountedBefore(SalesforceId),
    /// The note of a write that is to be delivered.
    Outbox(SalesforceId),
}

impl Write {
    /// The item that is written.
    #[must_use]
    pub fn key(&self) -> ItemKey {
        match self {
            Self::Claim(claim, _) => ItemKey::Claim(claim.salesforce),
            Self::Record(record, _) => ItemKey::Record(record.id.clone()),
            Self::Problem(problem, _) => ItemKey::Problem(problem.opportunity),
            Self::CloseProblem(opportunity, _) => ItemKey::Problem(*opportunity),
            Self::CountedBefore(id, _) => ItemKey::CountedBefore(*id),
            Self::Outbox(request) => ItemKey::Outbox(request.salesforce),
            Self::ClearOutbox(id) => ItemKey::Outbox(*id),
        }
    }

    fn counted(&mut self) -> Option<(SalesforceId, &mut Counted)> {
        match self {
            Self::Claim(claim, _) => Some((claim.salesforce, &mut claim.counted)),
            Self::Problem(problem, _) => Some((problem.opportunity, &mut problem.counted)),
            _ => None,
        }
    }
}

/// Bounds the counted runs of the items that are written: the oldest of a long set go into a write of their own.
#[must_use]
pub fn with_bounded_sets(mut writes: Vec<Write>) -> Vec<Write> {
    let mut before: Vec<(SalesforceId, Counted)> = Vec::new();
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
