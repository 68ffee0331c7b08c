//! The change of record and claim after a delivery, or after conflicts that were met before one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::due::{Due, Outgoing, Resolved};
use crate::{
    SalesforceId,
    base::Agreed,
    change::{Expected, Write},
    claim::{Claim, PendingWrite},
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::store::{Audit, LinkChange, Outbox},
    message::Note,
    record::{LinkStatus, Record},
    settings::Settings,
    three_way::{self, MappedField},
    value::cut,
};

/// The most characters of Salesforce's message that are kept with a link.
const MAX_REASON_CHARACTERS: usize = 1_000;

/// The result of one write, by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Delivered {
    pub(super) findings: Vec<Finding>,
    /// `true` if Salesforce holds a value that was to be written.
    pub(super) written: bool,
    /// `true` if a user's newer value stays in Salesforce: a run may have passed over it while ours was on its way.
    pub(super) is_skipped: bool,
    reason: Option<String>,
    refused: BTreeSet<String>,
}

impl Delivered {
    pub(super) fn refuse<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f String>,
        message: &str,
        code: &str,
    ) {
        let names: Vec<String> = fields.cloned().collect();
        let mut finding = Finding::new(Code::WriteRefused)
            .value(message)
            .details(code);
        finding.context.field = names.join(", ");
        self.refused.extend(names);
        self.findings.push(finding);
        self.reason = Some(cut(
            &format!("Salesforce refused a value: {message}"),
            MAX_REASON_CHARACTERS,
        ));
    }
}

/// Returns the change that a delivery makes. `now` is the write as it is by now, `outgoing` what was sent.
///
/// A value that Salesforce took is agreed on, unless a run has seen a user's later edit there: then it is due again. What it
/// refused stays different from what was agreed on, and goes along with the next edit.
pub(super) fn delivery(
    org: SalesforceId,
    now: Due,
    outgoing: &Outgoing,
    delivered: &Delivered,
    settings: &Settings,
) -> LinkChange {
    let Due {
        claim,
        pending,
        object,
        record,
    } = now;
    let mut base = claim.base.clone();
    let mut edited = pending.edited.clone();
    let refused: BTreeSet<&str> = outgoing
        .sent
        .iter()
        .filter(|sent| delivered.refused.contains(&sent.salesforce))
        .map(|sent| sent.name.as_str())
        .collect();
    // Runs compare the fields that come from Salesforce: they see what was written, and settle the base.
    let compared = |name: &str| {
        let mut rows = three_way::mapped_fields(settings, object);
        let row = rows.find(|MappedField { row, field }| {
            field.name == name && row.on_update.reaches_channeltivity()
        });
        row.map(|mapped| mapped.field)
    };
    for (path, target) in &outgoing.of_link {
        let mapped = three_way::mapped_fields(settings, object)
            .find(|MappedField { row, .. }| row.salesforce.is(path));
        let Some(MappedField { row, field }) = mapped.filter(|_| !delivered.refused.contains(path))
        else {
            continue;
        };
        let agreed = |value: &Value| Agreed::on(&row.to_channeltivity(value, field), field);
        let shown = pending.before.get(path).map(agreed);
        if base.get(&field.name).is_none() && compared(&field.name).is_some() {
            let now = agreed(target).after(shown.as_ref(), outgoing.seen);
            base.set(&field.name, now);
        }
    }
    let mut settled = BTreeSet::new();
    for sent in &outgoing.sent {
        let name = sent.name.as_str();
        if refused.contains(name) {
            edited.remove(name);
        } else if settled.contains(name) || base.get(name) == sent.agreed.as_ref() {
            edited.remove(name);
            settled.insert(name);
            let agreed = compared(name).map(|field| {
                Agreed::on(&sent.value, field).after(sent.agreed.as_ref(), outgoing.seen)
            });
            match agreed {
                Some(agreed) => base.set(name, agreed),
                None => base.settle(name),
            }
        } else if base.get(name).is_none() {
            edited.remove(name);
        }
    }
    for name in &outgoing.unmapped {
        edited.remove(name);
        let is_mapped =
            three_way::mapped_fields(settings, object).any(|mapped| mapped.field.name == *name);
        if !is_mapped {
            base.settle(name);
        }
    }
    let mut findings = delivered.findings.clone();
    if !outgoing.unmapped.is_empty() {
        let names: Vec<String> = outgoing.unmapped.iter().cloned().collect();
        findings.push(Finding::write_dropped(
            "has no place for them in the field mapping",
            &names,
        ));
    }
    // The record's history tells the delivery of an edit, beside the edit.
    if delivered.written && pending.is_of_link() {
        findings.push(Finding::new(Code::WriteDelivered));
    }
    let left = (!edited.is_empty()).then(|| PendingWrite {
        fields: Map::new(),
        before: Map::new(),
        edited,
        ..pending
    });
    let mut next = record.clone();
    next.version += 1;
    if let Some(link) = next
        .link
        .as_mut()
        .filter(|link| link.status == LinkStatus::Pending && left.is_none())
    {
        (link.status, link.reason) = (LinkStatus::Synced, delivered.reason.clone());
    }
    let next_claim = Claim {
        pending: left,
        base,
        // The row is another one by this write, and it may carry the stamp of the one that was read.
        digest: claim
            .digest
            .filter(|_| !delivered.written && !delivered.is_skipped),
        ..claim.clone()
    };
    let action = if delivered.written {
        "write-delivered"
    } else {
        "write-refused"
    };
    let details = delivered.reason.clone().unwrap_or_default();
    change(
        org,
        (&claim, next_claim),
        (record, Some(next)),
        findings,
        (action, details),
    )
}

/// Returns the change that resolves conflicts, before anything is written over them: a crash after the write must not
/// take their entries along.
pub(super) fn resolution(
    org: SalesforceId,
    due: Due,
    seen: crate::SystemModstamp,
    resolved: Resolved,
) -> LinkChange {
    let Due {
        claim,
        mut pending,
        record,
        ..
    } = due;
    let mut base = claim.base.clone();
    for (name, agreed) in resolved.kept {
        base.set(&name, agreed);
    }
    let mut next = record.clone();
    for (name, value) in resolved.taken {
        pending.edited.remove(&name);
        if value.is_null() {
            next.fields.remove(&name);
        } else {
            next.fields.insert(name, value);
        }
    }
    pending.edited.retain(|name| !resolved.left.contains(name));
    if !pending.is_of_link() {
        pending.seen = seen;
    }
    let is_due = pending.is_of_link() || !pending.edited.is_empty();
    if let Some(link) = next
        .link
        .as_mut()
        .filter(|link| link.status == LinkStatus::Pending && !is_due)
    {
        (link.status, link.reason) = (LinkStatus::Synced, None);
    }
    let next = (next != record).then(|| Record {
        version: record.version + 1,
        ..next
    });
    let next_claim = Claim {
        base,
        pending: is_due.then_some(pending),
        ..claim.clone()
    };
    let act = ("conflict-resolved", String::new());
    change(
        org,
        (&claim, next_claim),
        (record, next),
        resolved.findings,
        act,
    )
}

fn change(
    org: SalesforceId,
    (claim, mut next_claim): (&Claim, Claim),
    (record, next): (Record, Option<Record>),
    findings: Vec<Finding>,
    (action, details): (&'static str, String),
) -> LinkChange {
    next_claim.version = claim.version + 1;
    let outbox = match next_claim.pending {
        Some(_) => Outbox::Keep,
        None => Outbox::Remove(Note::Write(claim.salesforce)),
    };
    let name = record
        .link
        .as_ref()
        .and_then(|link| link.name.clone())
        .unwrap_or_default();
    let other = record.id.to_string();
    let of_record =
        next.map(|next| Write::Record(Box::new(next), Expected::Version(record.version)));
    LinkChange {
        org,
        writes: of_record
            .into_iter()
            .chain([Write::Claim(next_claim, Expected::Version(claim.version))])
            .collect(),
        audit: Some(Audit {
            record: record.id.clone(),
            action,
            by: "integration".to_owned(),
            salesforce: Some(claim.salesforce),
            details,
            earlier: Vec::new(),
        }),
        line: LogLine {
            salesforce: Some(claim.salesforce),
            name,
            entity: Some(record.id),
            findings: findings
                .into_iter()
                .map(|finding| finding.other(other.clone()))
                .collect(),
        },
        outbox,
        watch: None,
        links_lead: false,
        receipt: None,
    }
}
