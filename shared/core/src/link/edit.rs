//! The effect of an edit of a linked record in Channeltivity: what its claim remembers, and what goes to Salesforce.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::store::Outbox;
use crate::{
    SalesforceObject, SystemModstamp,
    base::{Agreed, Base, Remembered, agree},
    claim::{Claim, ClaimState, PendingWrite},
    message::{PushRequest, VERSION, WriteRequest},
    record::{LinkStatus, Record},
    settings::Settings,
    three_way::{self, MappedField},
};

/// The parts of an edit's transaction that belong to the link.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedLink {
    /// The claim as the edit leaves it.
    pub claim: Claim,
    /// The status of the record's link.
    pub status: LinkStatus,
    /// The note of the write, if there is one.
    pub outbox: Outbox,
}

/// Returns what an edit changes of the link; [`None`] if it changes nothing: the record is not linked, or none of the
/// fields that flow on update has another value.
///
/// `before` and `after` are the record on both sides of the edit, with their versions; `claim` is the claim that the
/// record's link names. Several edits fold into one write of the record's present values. While the link is paused or
/// disconnected nothing goes to Salesforce: the claim remembers what was agreed on, for the time after.
#[must_use]
pub fn edit(
    settings: &Settings,
    before: &Record,
    after: &Record,
    claim: &Claim,
) -> Option<EditedLink> {
    let object = linked_object(after, claim)?;
    let mut fold = Fold {
        settings,
        base: claim.base.clone(),
        pending: claim.pending.clone(),
        flows: false,
    };
    let mut is_edit = false;
    let mut seen = BTreeSet::new();
    for mapped in three_way::mapped_fields(settings, object) {
        let name = mapped.field.name.as_str();
        let (from, to) = (&before.value(name), &after.value(name));
        if seen.insert(name) && !agree(from, to, mapped.field) {
            is_edit = true;
            let rows: Vec<MappedField<'_>> = three_way::mapped_fields(settings, object)
                .filter(|row| row.field.name == name)
                .collect();
            fold.field(&rows, from, to);
        }
    }
    is_edit.then(|| {
        let edited = three_way::flowing(&fold.base, after, settings, object);
        let pending = if fold.flows {
            Some((fold.pending.unwrap_or_else(|| nothing(claim.stamp)), edited))
        } else {
            None
        };
        put(settings, after, claim, fold.base, pending)
    })
}

/// Returns what brings every value of a linked record that differs from what was agreed, and that flows, to Salesforce;
/// [`None`] if there is none. `after` is the record with its next version.
#[must_use]
pub fn send_again(settings: &Settings, after: &Record, claim: &Claim) -> Option<EditedLink> {
    let object = linked_object(after, claim)?;
    let edited = three_way::flowing(&claim.base, after, settings, object);
    (!edited.is_empty()).then(|| {
        let pending = claim.pending.clone();
        // Whatever Salesforce holds is looked at before anything is written.
        let pending = pending.unwrap_or_else(|| nothing(SystemModstamp::from_second(0)));
        let base = claim.base.clone();
        put(settings, after, claim, base, Some((pending, edited)))
    })
}

/// Returns the object of the Salesforce record, if the claim stands for the record's link.
fn linked_object(record: &Record, claim: &Claim) -> Option<SalesforceObject> {
    let link = record.link.as_ref()?;
    let is_its = claim.state == ClaimState::Live
        && claim.record == record.id
        && claim.salesforce == link.salesforce_id;
    SalesforceObject::of(&claim.salesforce).filter(|_| is_its)
}

/// Returns a write without values. Its id follows from the record's version.
pub(crate) fn nothing(seen: SystemModstamp) -> PendingWrite {
    PendingWrite {
        id: String::new(),
        fields: Map::new(),
        before: Map::new(),
        seen,
        edited: BTreeSet::new(),
    }
}

/// Returns the request to deliver the write of a claim.
pub(crate) fn request(settings: &Settings, claim: &Claim, write: &PendingWrite) -> PushRequest {
    PushRequest::Write(WriteRequest {
        version: VERSION,
        org: settings.organization_id,
        salesforce: claim.salesforce,
        record: claim.record.clone(),
        write: write.id.clone(),
    })
}

fn put(
    settings: &Settings,
    after: &Record,
    claim: &Claim,
    base: Base,
    pending: Option<(PendingWrite, BTreeSet<String>)>,
) -> EditedLink {
    let status = after
        .link
        .as_ref()
        .map_or(LinkStatus::Synced, |link| link.status);
    let is_active =
        matches!(status, LinkStatus::Synced | LinkStatus::Pending) && !claim.disconnected;
    let mut next = Claim {
        base,
        version: claim.version + 1,
        ..claim.clone()
    };
    let mut edited = EditedLink {
        status,
        outbox: Outbox::Keep,
        claim: next.clone(),
    };
    let is_any = |(write, fields): &(PendingWrite, BTreeSet<String>)| {
        write.is_of_link() || !fields.is_empty()
    };
    if let Some((write, fields)) = pending.filter(is_any).filter(|_| is_active) {
        let write = PendingWrite {
            id: after.write_id(after.version),
            edited: fields,
            ..write
        };
        edited.outbox = Outbox::Add(request(settings, claim, &write));
        edited.status = LinkStatus::Pending;
        next.pending = Some(write);
        edited.claim = next;
    }
    edited
}

/// Folds edited fields into what the claim has.
struct Fold<'a> {
    settings: &'a Settings,
    base: Base,
    pending: Option<PendingWrite>,
    /// `true` if an edited field goes to Salesforce.
    flows: bool,
}

impl Fold<'_> {
    /// Folds an edit of one field in, which these rows map.
    fn field(&mut self, rows: &[MappedField<'_>], from: &Value, to: &Value) {
        let Some(MappedField { field, .. }) = rows.first() else {
            return;
        };
        let out = rows.iter().filter(|row| row.flows_out(self.settings));
        let out: Vec<&MappedField<'_>> = out.collect();
        let is_under_way = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.edited.contains(&field.name));
        let of_link = out.iter().find_map(|row| self.take_over(row, from));
        let agreed = self.base.entry(&field.name, || {
            of_link.unwrap_or_else(|| Agreed::on(from, field))
        });
        if is_under_way {
            // It may have arrived, or arrive yet.
            agreed.send(Remembered::of(from, field));
        }
        if !agreed.differs(to, field) && agreed.before.is_none() {
            self.base.settle(&field.name);
        }
        self.flows |= !out.is_empty();
    }

    /// Takes a value that a confirmed link was about to write out of its write: the edit replaces it. Returns what
    /// counts as agreed: the value that the preview showed, and the one that may have been written.
    fn take_over(
        &mut self,
        MappedField { row, field }: &MappedField<'_>,
        from: &Value,
    ) -> Option<Agreed> {
        let pending = self.pending.as_mut()?;
        let name = pending
            .fields
            .keys()
            .find(|name| row.salesforce.is(name))?
            .clone();
        pending.fields.remove(&name);
        let shown = pending.before.remove(&name).unwrap_or(Value::Null);
        let mut agreed = Agreed::on(&row.to_channeltivity(&shown, field), field);
        agreed.send(Remembered::of(from, field));
        Some(agreed)
    }
}

#[cfg(test)]
mod tests;
