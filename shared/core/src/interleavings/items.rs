//! The items of the store, and the conditions of its transactions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::spoiling::Spoiling;
use crate::{
    SalesforceId,
    change::{CurrentItems, Expected, ItemKey, Write},
    claim::Claim,
    counted::CountedRuns,
    link::store::Outbox,
    message::{Note, PushRequest},
    problem::OpenProblem,
    record::{Record, RecordId},
    send_problem::SendProblem,
    task::Task,
};

/// Everything that is stored.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) records: BTreeMap<RecordId, Record>,
    pub(super) claims: BTreeMap<SalesforceId, Claim>,
    pub(super) problems: BTreeMap<SalesforceId, OpenProblem>,
    pub(super) send_problems: BTreeMap<RecordId, SendProblem>,
    pub(super) tasks: BTreeMap<String, Task>,
    pub(super) outbox: Vec<PushRequest>,
    pub(super) counted_before: HashMap<SalesforceId, CountedRuns>,
    /// Audit rows of unlinks and deletions, by record.
    pub(super) endings: BTreeMap<RecordId, u32>,
    pub(super) has_lead_links: bool,
    /// Salesforce records that were reported as created and not linked.
    pub(super) orphans: BTreeSet<SalesforceId>,
}

impl Items {
    /// Returns the items of the writes that are not as expected.
    pub(super) fn unexpected(&self, writes: &[Write], spoiling: Option<Spoiling>) -> Vec<ItemKey> {
        let version = |write: &Write| match write {
            Write::Claim(claim, _) => self.claims.get(&claim.salesforce).map(|held| held.version),
            Write::Record(record, _) => self.records.get(&record.id).map(|held| held.version),
            Write::DeleteRecord(id, _) => self.records.get(id).map(|held| held.version),
            Write::Problem(problem, _) => {
                let held = self.problems.get(&problem.opportunity);
                held.map(|held| held.version)
            }
            Write::CloseProblem(id, _) => self.problems.get(id).map(|held| held.version),
            Write::SendProblem(problem, _) => {
                let held = self.send_problems.get(&problem.record);
                held.map(|held| held.version)
            }
            _ => None,
        };
        let is_unexpected = |write: &&Write| {
            if let Write::Orphan(id) = write {
                return self.orphans.contains(id);
            }
            let (Write::Claim(_, expected)
            | Write::Record(_, expected)
            | Write::DeleteRecord(_, expected)
            | Write::Problem(_, expected)
            | Write::CloseProblem(_, expected)
            | Write::SendProblem(_, expected)) = write
            else {
                return false;
            };
            let is_forgotten = matches!(
                (spoiling, write),
                (Some(Spoiling::RecordUnconditional), Write::Record(..))
                    | (Some(Spoiling::ClaimUnconditional), Write::Claim(..))
            );
            !is_forgotten && Expected::of(version(write)) != *expected
        };
        writes
            .iter()
            .filter(is_unexpected)
            .map(Write::key)
            .collect()
    }

    /// Returns those items as they are.
    pub(super) fn current(&self, keys: &[ItemKey]) -> CurrentItems {
        let mut current = CurrentItems::default();
        for key in keys {
            match key {
                ItemKey::Claim(id) => current.claim = self.claims.get(id).cloned(),
                ItemKey::Record(id) => current.record = self.records.get(id).cloned(),
                ItemKey::Problem(id) => current.problem = self.problems.get(id).cloned(),
                _ => {}
            }
        }
        current
    }

    /// Writes, whatever is there.
    pub(super) fn put(&mut self, write: Write) {
        match write {
            Write::Claim(claim, _) => {
                self.claims.insert(claim.salesforce, claim);
            }
            Write::Record(record, _) => {
                self.records.insert(record.id.clone(), *record);
            }
            Write::DeleteRecord(id, _) => {
                self.records.remove(&id);
            }
            Write::Problem(problem, _) => {
                self.problems.insert(problem.opportunity, problem);
            }
            Write::CloseProblem(id, _) => {
                self.problems.remove(&id);
            }
            Write::SendProblem(problem, _) => {
                self.send_problems.insert(problem.record.clone(), problem);
            }
            Write::CloseSendProblem(record) => {
                self.send_problems.remove(&record);
            }
            Write::Task(task) => {
                self.tasks.insert(task.id.clone(), *task);
            }
            Write::CountedBefore(id, counted) => {
                let held = self.counted_before.entry(id).or_default();
                *held = held.and(&counted);
            }
            Write::Orphan(id) => {
                self.orphans.insert(id);
            }
            Write::Outbox(request) => self.send(Outbox::Add(request)),
            Write::ClearOutbox(note) => self.send(Outbox::Remove(note)),
        }
    }

    /// Changes the outbox.
    pub(super) fn send(&mut self, change: Outbox) {
        match change {
            Outbox::Keep => {}
            Outbox::Add(request) => {
                let note = request.note();
                self.outbox.retain(|held| held.note() != note);
                self.outbox.push(request);
            }
            Outbox::Remove(note) => self.outbox.retain(|held| held.note() != note),
        }
    }

    /// Returns the request that is noted at a place.
    pub(super) fn note(&self, note: &Note) -> Option<&PushRequest> {
        self.outbox.iter().find(|held| held.note() == *note)
    }

    /// Removes the note of this very request.
    pub(super) fn forget(&mut self, request: &PushRequest) {
        self.outbox
            .retain(|held| held.note() != request.note() || held.id() != request.id());
    }

    /// Notes that the next run must look at a Salesforce record. A problem that exists keeps its content.
    pub(super) fn watch(&mut self, id: SalesforceId, at: Timestamp) {
        match self.problems.get_mut(&id) {
            Some(problem) => {
                problem.closed = false;
                problem.version += 1;
            }
            None => {
                self.problems.insert(id, OpenProblem::watch(id, "", at));
            }
        }
    }
}

/// Returns a word about writes that no transaction takes: each item may be named once.
pub(super) fn named_twice(writes: &[Write], outbox: &Outbox) -> Option<String> {
    let of_outbox = match outbox {
        Outbox::Keep => None,
        Outbox::Add(request) => Some(ItemKey::Outbox(request.note())),
        Outbox::Remove(note) => Some(ItemKey::Outbox(note.clone())),
    };
    let mut seen = HashSet::new();
    let mut keys = writes.iter().map(Write::key).chain(of_outbox);
    let twice = keys.find(|key| !seen.insert(key.clone()))?;
    Some(format!("a transaction names {twice:?} twice"))
}
