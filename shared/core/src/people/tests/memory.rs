//! A store in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    Email,
    people::{
        member::{Member, MemberId, MemberKind},
        store::{Change, Dependents, MemberPage, PeopleStore, Settled, Stored},
    },
    ports::PortError,
};

/// A store in memory. It keeps the rules that DynamoDB keeps by its conditions.
#[derive(Default)]
pub(super) struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    members: HashMap<MemberId, Stored>,
    /// The number of records of each User.
    pub(super) records: HashMap<String, u64>,
    /// The number of commits.
    pub(super) commits: usize,
    /// The members that another writer puts before the next commit.
    pub(super) meanwhile: Vec<Member>,
}

impl Memory {
    pub(super) fn with<T>(&self, edit: impl FnOnce(&mut State) -> T) -> T {
        edit(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn make(&mut self, change: &Change) -> Settled {
        let (id, seen, next) = match change {
            Change::Put { id, member, seen } => (id, seen.as_ref(), Some(member)),
            Change::Delete(seen) => (&seen.id, Some(seen), None),
        };
        let stored = self.members.get(id);
        let is_as_seen = stored.map(|one| one.version) == seen.map(|one| one.version);
        let is_free = next.is_some() || stored.is_none_or(|one| one.dependents.is_empty());
        let references = next.map(Member::references).unwrap_or_default();
        let are_there = references.iter().all(|one| self.members.contains_key(one));
        if !is_as_seen || !is_free || !are_there {
            return Settled::Refused;
        }
        let (version, dependents) = stored.map_or((0, Dependents::default()), |one| {
            (one.version, one.dependents)
        });
        let before = stored
            .map(|one| one.member.references())
            .unwrap_or_default();
        self.count(id.kind(), &before, |count| *count -= 1);
        match next {
            None => {
                self.members.remove(id);
            }
            Some(member) => {
                let stored = Stored {
                    id: id.clone(),
                    member: member.clone(),
                    version: version + 1,
                    dependents,
                };
                self.members.insert(id.clone(), stored);
            }
        }
        self.count(id.kind(), &references, |count| *count += 1);
        Settled::Done
    }

    fn count(&mut self, kind: MemberKind, references: &[MemberId], step: impl Fn(&mut u64)) {
        for reference in references {
            if let Some(one) = self.members.get_mut(reference) {
                match kind {
                    MemberKind::Contact => step(&mut one.dependents.contacts),
                    _ => step(&mut one.dependents.users),
                }
            }
        }
    }
}

impl PeopleStore for Memory {
    async fn members(&self, ids: &[MemberId]) -> Result<HashMap<MemberId, Stored>, PortError> {
        Ok(self.with(|state| {
            let found = ids.iter().filter_map(|id| state.members.get(id));
            found.map(|one| (one.id.clone(), one.clone())).collect()
        }))
    }

    async fn with_email(&self, kind: MemberKind, email: &Email) -> Result<Vec<Stored>, PortError> {
        Ok(self.with(|state| {
            let all = state.members.values();
            all.filter(|one| one.id.kind() == kind && one.member.email() == Some(email))
                .cloned()
                .collect()
        }))
    }

    async fn list(
        &self,
        kind: MemberKind,
        _: Option<&str>,
        _: Option<&str>,
        _: usize,
    ) -> Result<MemberPage, PortError> {
        let members = self.with(|state| {
            let all = state.members.values().filter(|one| one.id.kind() == kind);
            all.cloned().collect()
        });
        Ok(MemberPage {
            members,
            after: None,
        })
    }

    async fn owned_records(&self, user: &str) -> Result<u64, PortError> {
        Ok(self.with(|state| state.records.get(user).copied().unwrap_or(0)))
    }

    async fn commit(&self, changes: &[Change]) -> Result<Vec<Settled>, PortError> {
        Ok(self.with(|state| {
            state.commits += 1;
            for member in std::mem::take(&mut state.meanwhile) {
                let id = member.id().unwrap();
                let seen = state.members.get(&id).cloned();
                state.make(&Change::Put { id, member, seen });
            }
            changes.iter().map(|change| state.make(change)).collect()
        }))
    }
}
