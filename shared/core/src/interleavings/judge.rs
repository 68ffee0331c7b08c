//! The judge: the invariants after each step, and the fate of each edit.

mod check;
mod edit;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use self::edit::Edit;
pub(super) use self::edit::{Side, Writer};
use super::{
    items::Items,
    org::{Org, Stored},
    set_up::{Edited, FIELDS},
};
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    change::Write,
    claim::{Claim, ClaimState},
    code::Code,
    entry::LogLine,
    finding::Finding,
    record::{Record, RecordId},
};

/// The judge's notes.
#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) wrong: Vec<String>,
    /// `true` if something was stored since the last look.
    pub(super) is_due: bool,
    /// `true` if a record or the outbox has changed.
    pub(super) is_moved: bool,
    pub(super) met: BTreeMap<Code, usize>,
    edits: Vec<Edit>,
    time: u32,
    /// When each value was first seen on either side.
    seen_here: HashMap<String, u32>,
    seen_there: HashMap<String, u32>,
    /// When both sides were known to hold a value.
    agreed: HashMap<String, u32>,
    /// When a link of a record ended, or was made by a user who saw both sides.
    ended: BTreeMap<Side, u32>,
    entries: Vec<(Option<RecordId>, Finding)>,
    made: BTreeMap<SalesforceId, (RecordId, u32)>,
    stamps: BTreeMap<(RecordId, SalesforceId), SystemModstamp>,
}

pub(super) fn is_live(claim: &Claim) -> bool {
    claim.state == ClaimState::Live
}

/// Returns the External Id of a record in one of its lives.
fn key(record: &RecordId, life: u32) -> String {
    let name = format!("{}:{}", record.kind().as_str(), record.id());
    if life == 1 {
        name
    } else {
        format!("{name}#{life}")
    }
}

fn token(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| text.starts_with('<'))
}

impl Judge {
    fn now(&mut self) -> u32 {
        self.time += 1;
        self.time
    }

    /// Notes that edits of this record before are nobody's business any more.
    pub(super) fn ended(&mut self, side: Side) {
        let now = self.now();
        self.ended.insert(side, now);
    }

    fn has_ended_since(&self, side: &Side, at: u32) -> bool {
        self.ended.get(side).is_some_and(|end| *end > at)
    }

    fn edited(&mut self, side: &Side, field: &'static Edited, value: Option<&Value>) {
        let now = self.now();
        for edit in &mut self.edits {
            edit.is_superseded |= edit.side == *side && edit.field.name == field.name;
        }
        if let Some(value) = token(value) {
            self.edits.push(Edit {
                side: side.clone(),
                field,
                value: value.to_owned(),
                at: now,
                entries: self.entries.len(),
                is_superseded: false,
            });
        }
    }

    /// Returns `true` if a value is one that this record's user had replaced before, in the life of the same link, and no
    /// entry says that the present one has no effect.
    fn is_former(&self, side: &Side, field: &Edited, value: &str) -> bool {
        let edits = self.edits.iter().rev();
        let mut own = edits.filter(|edit| edit.side == *side && edit.field.name == field.name);
        let Some(last) = own.next().filter(|last| !self.has_entry(last)) else {
            return false;
        };
        last.value != value
            && own.any(|edit| edit.value == value && !self.has_ended_since(side, edit.at))
    }

    /// Sees a record that is written.
    pub(super) fn written_here(&mut self, before: Option<&Record>, next: &Record, writer: Writer) {
        self.is_moved = true;
        let side = Side::Here(next.id.clone());
        for field in &FIELDS {
            let value = next.fields.get(field.name);
            if before.is_some_and(|before| before.fields.get(field.name) == value) {
                continue;
            }
            if writer == Writer::User {
                self.edited(&side, field, value);
            }
            let Some(value) = token(value) else { continue };
            if writer == Writer::Integration
                && before.is_some()
                && self.is_former(&side, field, value)
            {
                self.wrong.push(format!(
                    "{} has its former {} {value} back",
                    next.id, field.name
                ));
            }
            let now = self.now();
            if writer != Writer::User {
                self.agreed.insert(value.to_owned(), now);
            }
            self.seen_here.entry(value.to_owned()).or_insert(now);
        }
        if let (Some(creating), None) = (
            before.and_then(|before| before.creating.as_ref()),
            &next.creating,
        ) && next.link.is_none()
        {
            self.wrong.push(format!(
                "the create {} of {} is gone without a link",
                creating.id, next.id
            ));
        }
        if let Some(link) = &next.link {
            let is_same = before
                .and_then(|before| before.link.as_ref())
                .is_some_and(|before| before.salesforce_id == link.salesforce_id);
            let known = self
                .stamps
                .insert((next.id.clone(), link.salesforce_id), link.stamp);
            if is_same && known.is_some_and(|known| known > link.stamp) {
                self.wrong.push(format!(
                    "the applied stamp of {} goes back to {}",
                    next.id, link.stamp
                ));
            }
        }
    }

    /// Sees a Salesforce record that is written.
    pub(super) fn written_there(
        &mut self,
        id: SalesforceId,
        before: &Stored,
        fields: &Map<String, Value>,
        (writer, is_linked): (Writer, bool),
    ) {
        let side = Side::There(id);
        for (path, value) in fields {
            let Some(field) = Edited::at(before.object, path) else {
                continue;
            };
            if before.fields.get(path) == Some(value) {
                continue;
            }
            if writer == Writer::User {
                // Until a link exists, a late delivery of a create at the same time as another one may write over it.
                self.edited(&side, field, Some(value).filter(|_| is_linked));
            }
            let Some(value) = token(Some(value)) else {
                continue;
            };
            if writer == Writer::Integration && self.is_former(&side, field, value) {
                self.wrong
                    .push(format!("{id} has its former {path} {value} back"));
            }
            let now = self.now();
            self.seen_there.entry(value.to_owned()).or_insert(now);
        }
    }

    /// Sees a Lead that a create finds and writes over.
    pub(super) fn written_over(&mut self, id: SalesforceId, key: &str, claim: Option<&Claim>) {
        let other = claim
            .filter(|claim| is_live(claim))
            .map(|claim| &claim.record)
            .filter(|record| self::key(record, 1) != key.split('#').next().unwrap_or(key));
        if let Some(other) = other {
            self.wrong.push(format!(
                "{id} is linked to {other} and gets the values of {key}"
            ));
        }
    }

    /// Sees a Salesforce record that is new.
    pub(super) fn created_there(&mut self, id: SalesforceId, org: &Org) {
        let stored = &org.rows[&id];
        let now = self.now();
        for field in &FIELDS {
            let path = field.path(stored.object);
            if let Some(value) = token(path.and_then(|path| stored.fields.get(path))) {
                self.seen_there.entry(value.to_owned()).or_insert(now);
            }
        }
        let Some(key) = stored.key() else { return };
        let is_twin = |other: &Stored| other.key() == Some(key) && !other.is("IsDeleted");
        let twins = org.ids(is_twin);
        if twins.len() > 1 {
            self.wrong
                .push(format!("{key} was created more than once: {twins:?}"));
        }
    }

    /// Sees a claim that is written by an act.
    pub(super) fn claim_written(
        &mut self,
        before: Option<&Claim>,
        next: &Claim,
        (action, line): (Option<&str>, Option<&LogLine>),
    ) {
        let Some(before) = before else { return };
        let ends = matches!(action, Some("unlink" | "delete"));
        if ends && next.state != ClaimState::Suppressed {
            self.wrong.push(format!(
                "{action:?} leaves {} {:?}",
                next.salesforce, next.state
            ));
        }
        if before.state == ClaimState::Suppressed && is_live(next) {
            let mut findings = line.iter().flat_map(|line| &line.findings);
            let is_wanted = findings.any(|finding| match finding.code {
                Code::Linked | Code::LinkMoved => true,
                Code::Imported => before.import_flag_was_off,
                _ => false,
            });
            if !is_wanted {
                self.wrong.push(format!(
                    "{} was suppressed and is linked again",
                    next.salesforce
                ));
            }
        }
        if next.epoch < before.epoch || next.version <= before.version {
            self.wrong
                .push(format!("the claim {} goes back", next.salesforce));
        }
    }

    /// Sees a delivery that is settled: from here on, both sides hold these values.
    pub(super) fn delivered(&mut self, items: &Items, writes: &[Write]) {
        let now = self.now();
        for write in writes {
            let Write::Claim(claim, _) = write else {
                continue;
            };
            let Some(record) = items.records.get(&claim.record) else {
                continue;
            };
            let is_due = |name: &str| {
                claim
                    .pending
                    .as_ref()
                    .is_some_and(|due| due.edited.contains(name))
            };
            for field in FIELDS.iter().filter(|field| !is_due(field.name)) {
                if let Some(value) = token(record.fields.get(field.name))
                    && self.seen_there.contains_key(value)
                {
                    self.agreed.entry(value.to_owned()).or_insert(now);
                }
            }
        }
    }

    /// Sees a record that was linked to what was created of it.
    pub(super) fn made(&mut self, id: SalesforceId, record: &Record, org: &Org) {
        let life = (record.id.clone(), record.life);
        let of_another = self
            .made
            .insert(id, life.clone())
            .filter(|other| *other != life);
        let mut others = self
            .made
            .iter()
            .filter(|(other, of)| **other != id && **of == life);
        if let Some(other) = of_another {
            self.wrong
                .push(format!("{id} is what {other:?} became, and {life:?}, too"));
        } else if let Some((other, _)) = others.next() {
            self.wrong.push(format!("{life:?} became {other} and {id}"));
        }
        let key = key(&record.id, record.life);
        let is_its = |stored: &Stored| {
            let became = stored
                .fields
                .get("ConvertedOpportunityId")
                .and_then(Value::as_str);
            stored.key() == Some(&key)
                && (stored.fields["Id"] == id.as_str() || became == Some(id.as_str()))
        };
        if org.ids(is_its).is_empty() {
            self.wrong
                .push(format!("{id} is not what was created as {key}"));
        }
    }

    /// Sees an entry of the log.
    pub(super) fn entered(&mut self, record: Option<&RecordId>, finding: &Finding) {
        *self.met.entry(finding.code).or_default() += 1;
        if finding.code == Code::ConflictResolved {
            let text = &finding.context.value;
            let named = |is_here: bool| {
                self.edits
                    .iter()
                    .rev()
                    .find(|edit| matches!(edit.side, Side::Here(_)) == is_here && edit.is_in(text))
            };
            if let (Some(ours), Some(theirs)) = (named(true), named(false)) {
                let knew = |one: &Edit, other: &Edit| {
                    self.agreed
                        .get(&other.value)
                        .is_some_and(|agreed| *agreed < one.at)
                };
                if knew(theirs, ours) || knew(ours, theirs) {
                    self.wrong.push(format!(
                        "no conflict, for one was entered over the other: {text}"
                    ));
                }
            }
        }
        // A record that became a Lead, whose Opportunity it is linked to, says so.
        let is_moved = match finding.code {
            Code::LinkMoved => true,
            Code::Sent => !finding.context.value.is_empty(),
            _ => false,
        };
        if let Some(record) = record.filter(|_| is_moved) {
            // What had no place on the Lead was nobody's to write.
            let side = Side::Here(record.clone());
            for edit in self.edits.iter_mut().filter(|edit| edit.side == side) {
                edit.is_superseded |= edit.field.path(SalesforceObject::Lead).is_none();
            }
        }
        self.entries.push((record.cloned(), finding.clone()));
    }

    /// Returns `true` if an entry says that the edit has no effect.
    fn has_entry(&self, edit: &Edit) -> bool {
        let names_field = |text: &str| {
            let mut words = text.split([',', ' ']);
            let object = SalesforceObject::ALL;
            words.any(|word| {
                word == edit.field.name
                    || object
                        .iter()
                        .any(|object| edit.field.path(*object) == Some(word))
            })
        };
        self.entries[edit.entries..]
            .iter()
            .any(|(record, finding)| {
                let is_of_record = match &edit.side {
                    Side::Here(id) => record.as_ref() == Some(id),
                    Side::There(_) => false,
                };
                match finding.code {
                    Code::ConflictResolved => edit.is_in(&finding.context.value),
                    Code::WriteDropped | Code::WriteRefused | Code::WriteSkipped => {
                        is_of_record && names_field(&finding.context.field)
                    }
                    _ => false,
                }
            })
    }
}
