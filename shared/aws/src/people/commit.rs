//! Changes of people as transactions: the member, the addresses and the counters that it touches, and the version that
//! makes every process look at the people afresh.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use dealbridge_core::{
    Email,
    people::{
        member::{Member, MemberId, MemberKind},
        store::{Change, Settled, Stored},
    },
    ports::{Consistency, PortError},
};

use super::{
    address::Address,
    member_item::{self, CONTACT_COUNT, USER_COUNT},
    part::{Expectation, Part},
};
use crate::{
    item::{n, s, text},
    keys::{self, Attributes, PK, VERSION},
    store::Store,
    transaction::{Committed, MAX_ACTIONS},
};

/// The items that changes touch besides their members, as they were before.
pub(super) struct Surroundings {
    addresses: HashMap<String, Address>,
    there: HashSet<String>,
}

/// A transaction that is being filled: parts by partition key.
#[derive(Default)]
struct Pack {
    parts: BTreeMap<String, Part>,
    /// The positions of its changes.
    changes: Vec<usize>,
}

impl Pack {
    /// Adds the parts of a change, if they fit.
    fn take(&mut self, at: usize, parts: Vec<(String, Part)>) -> Result<(), Vec<(String, Part)>> {
        let fits = parts.iter().all(|(pk, part)| {
            let known = self.parts.get(pk);
            known.is_none_or(|known| known.goes_with(part))
        });
        let more = parts.iter().filter(|(pk, _)| !self.parts.contains_key(pk));
        // One place is that of the directory's version.
        if !fits || self.parts.len() + more.count() >= MAX_ACTIONS {
            return Err(parts);
        }
        for (pk, part) in parts {
            self.parts.entry(pk).or_default().merge_or_be(part);
        }
        self.changes.push(at);
        Ok(())
    }
}

impl Part {
    fn merge_or_be(&mut self, other: Self) {
        if other.deletes || !other.leave.is_empty() {
            *self = other;
        } else {
            self.merge(other);
        }
    }
}

impl Store {
    pub(super) async fn commit_people(
        &self,
        changes: &[Change],
    ) -> Result<Vec<Settled>, PortError> {
        let around = self.surroundings(changes).await?;
        let mut settled = vec![Settled::Refused; changes.len()];
        let mut pack = Pack::default();
        for (at, change) in changes.iter().enumerate() {
            let parts = parts_of(change, &around)?;
            if let Err(parts) = pack.take(at, parts) {
                let full = std::mem::take(&mut pack);
                self.commit_pack(full, changes, &mut settled).await?;
                let _ = pack.take(at, parts);
            }
        }
        self.commit_pack(pack, changes, &mut settled).await?;
        Ok(settled)
    }

    /// Commits a pack. One that is refused says nothing of its single changes: each is tried alone.
    async fn commit_pack(
        &self,
        pack: Pack,
        changes: &[Change],
        settled: &mut [Settled],
    ) -> Result<(), PortError> {
        let positions = pack.changes.clone();
        if positions.is_empty() || self.is_committed(pack).await? {
            positions.iter().for_each(|at| settled[*at] = Settled::Done);
            return Ok(());
        }
        if positions.len() == 1 {
            return Ok(());
        }
        for at in positions {
            let change = std::slice::from_ref(&changes[at]);
            let around = self.surroundings(change).await?;
            let mut alone = Pack::default();
            let _ = alone.take(at, parts_of(&changes[at], &around)?);
            if self.is_committed(alone).await? {
                settled[at] = Settled::Done;
            }
        }
        Ok(())
    }

    async fn is_committed(&self, pack: Pack) -> Result<bool, PortError> {
        let table = &self.tables.records;
        let mut actions: Vec<TransactWriteItem> = pack
            .parts
            .into_iter()
            .map(|(pk, part)| part.into_action(table, key(pk)))
            .collect::<Result<_, _>>()?;
        let moved = Part {
            add: BTreeMap::from([(VERSION, 1)]),
            ..Part::default()
        };
        actions.push(moved.into_action(table, keys::directory())?);
        let token = format!("people|{}", self.ids.next());
        let committed = self.transact(&token, actions).await?;
        Ok(matches!(committed, Committed::Yes))
    }

    /// Reads the former addresses of the members, and those of their former references that are there.
    async fn surroundings(&self, changes: &[Change]) -> Result<Surroundings, PortError> {
        let mut wanted = Vec::new();
        for change in changes {
            let (seen, next) = sides(change);
            let Some(seen) = seen else { continue };
            let kept = next.map(Member::references).unwrap_or_default();
            let left = seen.member.references();
            let left = left.iter().filter(|one| !kept.contains(one));
            wanted.extend(left.map(keys::member));
            wanted.extend(former_address(&seen.member, next).map(keys::email));
        }
        let mut around = Surroundings {
            addresses: HashMap::new(),
            there: HashSet::new(),
        };
        if wanted.is_empty() {
            return Ok(around);
        }
        let table = &self.tables.records;
        let wanted = wanted.into_iter().map(|key| (table.clone(), key)).collect();
        let mut found = self.batch_get(wanted, Consistency::Strong).await?;
        for item in found.remove(table).unwrap_or_default() {
            let Some(pk) = text(&item, PK) else { continue };
            if keys::address(pk).is_some() {
                let address = Address::decode(&item);
                around.addresses.insert(pk.to_owned(), address);
            } else {
                around.there.insert(pk.to_owned());
            }
        }
        Ok(around)
    }
}

fn key(pk: String) -> Attributes {
    Attributes::from([(PK.to_owned(), s(pk))])
}

fn pk_of(key: &Attributes) -> String {
    text(key, PK).unwrap_or_default().to_owned()
}

/// The member before and after a change.
fn sides(change: &Change) -> (Option<&Stored>, Option<&Member>) {
    match change {
        Change::Put { member, seen, .. } => (seen.as_ref(), Some(member)),
        Change::Delete(seen) => (Some(seen), None),
    }
}

/// The address that a member no longer has.
fn former_address<'a>(before: &'a Member, next: Option<&Member>) -> Option<&'a Email> {
    let after = next.and_then(Member::email);
    before.email().filter(|before| Some(*before) != after)
}

/// The parts of one change, each of another item.
fn parts_of(change: &Change, around: &Surroundings) -> Result<Vec<(String, Part)>, PortError> {
    let (seen, next) = sides(change);
    let id = match change {
        Change::Put { id, .. } => id,
        Change::Delete(seen) => &seen.id,
    };
    let mut parts = vec![(pk_of(&keys::member(id)), own(seen, next)?)];
    let before = seen
        .map(|seen| seen.member.references())
        .unwrap_or_default();
    let after = next.map(Member::references).unwrap_or_default();
    for one in after.iter().filter(|one| !before.contains(one)) {
        parts.push((pk_of(&keys::member(one)), joined(id.kind(), one, next)));
    }
    for one in before.iter().filter(|one| !after.contains(one)) {
        let pk = pk_of(&keys::member(one));
        // What is gone counts nobody.
        if around.there.contains(&pk) {
            parts.push((pk, counted(id.kind(), -1, Expectation::Present)));
        }
    }
    let former = seen.and_then(|seen| former_address(&seen.member, next));
    if let Some(former) = former {
        parts.extend(left_address(id, former, around));
    }
    let email = next.and_then(Member::email);
    let kept = seen.and_then(|seen| seen.member.email());
    if let Some(email) = email.filter(|email| Some(*email) != kept) {
        let mut part = Part::default();
        let ids = part.join.entry(Address::attribute(id.kind())).or_default();
        ids.insert(id.id().to_owned());
        parts.push((pk_of(&keys::email(email)), part));
    }
    Ok(parts)
}

/// The part of the member itself.
fn own(seen: Option<&Stored>, next: Option<&Member>) -> Result<Part, PortError> {
    let mut part = Part::default();
    part.expect.push(match seen {
        None => Expectation::Absent,
        Some(seen) => Expectation::Version(seen.version),
    });
    match next {
        None => {
            part.deletes = true;
            part.expect.push(Expectation::Unreferenced);
        }
        Some(member) => {
            part.set = member_item::encode(member)?;
            let version = seen.map_or(0, |seen| seen.version) + 1;
            part.set.insert(VERSION.to_owned(), n(version));
            if changes_kind(seen, member) {
                part.expect.push(Expectation::Unreferenced);
            }
        }
    }
    Ok(part)
}

/// Returns `true` for a Group that becomes one of another kind.
fn changes_kind(seen: Option<&Stored>, member: &Member) -> bool {
    match (seen.map(|seen| &seen.member), member) {
        (Some(Member::Group(before)), Member::Group(after)) => before.kind != after.kind,
        _ => false,
    }
}

/// The part of an Organization or Group that a member joins.
fn joined(kind: MemberKind, reference: &MemberId, member: Option<&Member>) -> Part {
    let mut part = counted(kind, 1, Expectation::Present);
    if let (MemberKind::Group, Some(Member::User(user))) = (reference.kind(), member) {
        part.expect.push(Expectation::Kind(user.kind));
    }
    part
}

fn counted(kind: MemberKind, number: i64, expectation: Expectation) -> Part {
    let counter = match kind {
        MemberKind::Contact => CONTACT_COUNT,
        _ => USER_COUNT,
    };
    Part {
        add: BTreeMap::from([(counter, number)]),
        expect: vec![expectation],
        ..Part::default()
    }
}

/// The part of an address that a member no longer has. An address of nobody is not kept.
fn left_address(id: &MemberId, email: &Email, around: &Surroundings) -> Option<(String, Part)> {
    let pk = pk_of(&keys::email(email));
    let address = around.addresses.get(&pk)?;
    let attribute = Address::attribute(id.kind());
    let mut part = Part::default();
    if address.is_only(id.kind(), id.id()) {
        part.deletes = true;
        let only = Expectation::Only(attribute, id.id().to_owned());
        part.expect.push(only);
    } else {
        let ids = part.leave.entry(attribute).or_default();
        ids.insert(id.id().to_owned());
    }
    Some((pk, part))
}
