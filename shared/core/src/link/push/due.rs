//! A write that is due: the fields to send, and what Salesforce's present values make of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    SalesforceObject, SystemModstamp,
    base::{Agreed, agree},
    claim::{Claim, PendingWrite},
    code::Code,
    field::FieldType,
    finding::Finding,
    link::more_fields,
    mapping::{Flow, Master},
    record::{Record, RecordKind},
    salesforce::{FieldPath, Row},
    settings::{STAGE, Settings},
    size::Sizes,
    three_way::{self, MappedField, Sides},
    value::same,
};

/// A pending write with the claim that carries it and the record that it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) claim: Claim,
    pub(super) pending: PendingWrite,
    pub(super) object: SalesforceObject,
    pub(super) record: Record,
}

/// An edited field on its way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sent {
    /// The field of the record.
    pub(super) name: String,
    /// The field in Salesforce.
    pub(super) salesforce: String,
    /// The record's value.
    pub(super) value: Value,
    /// The value that was agreed on when it was sent.
    pub(super) agreed: Option<Agreed>,
}

/// The fields to send.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outgoing {
    /// The values, by Salesforce field.
    pub(super) fields: Map<String, Value>,
    /// The values of a confirmed link among them, and those that are there already.
    pub(super) of_link: Map<String, Value>,
    /// The edited fields among them, and those whose values are there already.
    pub(super) sent: Vec<Sent>,
    /// Edited fields that the mapping does not bring to Salesforce.
    pub(super) unmapped: BTreeSet<String>,
    /// The stamp over which they are written.
    pub(super) seen: SystemModstamp,
    /// `true` if a value that was to be sent is there already.
    pub(super) is_there: bool,
    /// The entry for the values of a confirmed link that a user has edited since.
    pub(super) skipped: Option<Finding>,
}

/// Conflicts that Salesforce's present values show, as they are resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Resolved {
    /// The entries.
    pub(super) findings: Vec<Finding>,
    /// The values that the record takes.
    pub(super) taken: Map<String, Value>,
    /// The fields with Salesforce's values, which are agreed on from here.
    pub(super) kept: Vec<(String, Agreed)>,
    /// The fields whose values in Salesforce the record cannot take: the next run reports them.
    pub(super) left: BTreeSet<String>,
}

impl Resolved {
    /// Returns `true` if nothing was changed on both sides.
    pub(super) fn is_nothing(&self) -> bool {
        self.findings.is_empty() && self.left.is_empty()
    }
}

impl Due {
    /// Returns the mapping rows that bring the edited fields to Salesforce.
    fn edited<'a>(&'a self, settings: &'a Settings) -> impl Iterator<Item = MappedField<'a>> {
        three_way::mapped_fields(settings, self.object).filter(|mapped| {
            mapped.flows_out(settings) && self.pending.edited.contains(&mapped.field.name)
        })
    }

    /// Returns `true` if nothing can be sent before Salesforce's present values are known: those that decide between
    /// several words for one choice, and those that no run compares.
    pub(super) fn needs_row(&self, settings: &Settings) -> bool {
        self.edited(settings).any(|MappedField { row, field }| {
            row.on_update == Flow::ToSalesforce
                || (field.kind == FieldType::MultiPicklist && !row.values.is_empty())
        })
    }

    /// Returns the Salesforce fields to read before anything is written over them.
    pub(super) fn fields_to_read(&self, settings: &Settings) -> Vec<FieldPath> {
        let of_link = self.pending.fields.keys();
        let of_link = of_link.filter_map(|field| FieldPath::parse(field).ok());
        let edited = self
            .edited(settings)
            .map(|mapped| mapped.row.salesforce.clone());
        let all = of_link
            .chain(edited)
            .chain(more_fields(self.object))
            .chain([settings.fields.sync_flag.clone()]);
        let mut fields: Vec<FieldPath> = Vec::new();
        for field in all {
            if !fields.iter().any(|known| known.is(field.as_str())) {
                fields.push(field);
            }
        }
        fields
    }

    /// Returns `true` if the Sync Flag is off and this write does not set it: no edit flows.
    pub(super) fn is_paused(&self, row: &Row, settings: &Settings) -> bool {
        let flag = settings.fields.sync_flag.as_str();
        let sets_it = self
            .pending
            .fields
            .keys()
            .any(|field| settings.fields.sync_flag.is(field));
        row.get(flag).is_some() && !row.is_checked(flag) && !sets_it
    }

    /// Resolves the conflicts that Salesforce's present values show.
    pub(super) fn resolve(&self, row: &Row, settings: &Settings) -> Resolved {
        let mut resolved = Resolved::default();
        if self.is_paused(row, settings) {
            return resolved;
        }
        let seen = self.seen(Some(row));
        let mut fields = self.record.fields.clone();
        for mapped in self.edited(settings) {
            let MappedField {
                row: mapping,
                field,
            } = mapped;
            let (Some(agreed), Some(raw)) = (
                self.claim.base.get(&field.name),
                row.get(mapping.salesforce.as_str()),
            ) else {
                continue;
            };
            let ours = &self.record.value(&field.name);
            let theirs = mapping.to_channeltivity(raw, field);
            let entry = |kept| three_way::resolved(mapped, &self.record.id, ours, &theirs, kept);
            match three_way::compare(mapped, agreed, ours, (&theirs, row.stamp()), settings) {
                Sides::Equal | Sides::ChangedHere => {}
                Sides::ChangedThere => {
                    resolved.left.insert(field.name.clone());
                }
                Sides::Conflict(Master::Channeltivity) => {
                    resolved.findings.push(entry(Master::Channeltivity));
                    let next = Agreed::on(&theirs, field).after(Some(agreed), seen);
                    resolved.kept.push((field.name.clone(), next));
                }
                Sides::Conflict(Master::Salesforce) => {
                    let is_needed = self.record.id.kind() == RecordKind::Deal
                        && (field.required
                            || (self.object == SalesforceObject::Opportunity
                                && field.name == STAGE));
                    let fitted = field.fit(&theirs).ok();
                    let fitted = fitted.filter(|value| value.is_some() || !is_needed);
                    let value =
                        fitted.map(|value| value.map_or(Value::Null, |value| value.to_json()));
                    if let Some(value) = &value {
                        fields.insert(field.name.clone(), value.clone());
                    }
                    match value.filter(|_| !Sizes::of(&fields).is_too_large()) {
                        Some(value) => {
                            resolved.findings.push(entry(Master::Salesforce));
                            let next = Agreed::on(&value, field).after(Some(agreed), seen);
                            resolved.kept.push((field.name.clone(), next));
                            resolved.taken.insert(field.name.clone(), value);
                        }
                        None => {
                            resolved.left.insert(field.name.clone());
                        }
                    }
                }
            }
        }
        resolved
    }

    /// Returns the fields to send, given Salesforce's present values if they were read.
    pub(super) fn outgoing(&self, row: Option<&Row>, settings: &Settings) -> Outgoing {
        let mut outgoing = Outgoing {
            fields: Map::new(),
            of_link: Map::new(),
            sent: Vec::new(),
            unmapped: BTreeSet::new(),
            seen: self.seen(row),
            is_there: false,
            skipped: None,
        };
        self.add_link(row, &mut outgoing);
        if row.is_some_and(|row| self.is_paused(row, settings)) {
            return outgoing;
        }
        let mut mapped_names = BTreeSet::new();
        for MappedField {
            row: mapping,
            field,
        } in self.edited(settings)
        {
            mapped_names.insert(field.name.clone());
            let path = mapping.salesforce.as_str();
            if outgoing
                .fields
                .keys()
                .any(|known| mapping.salesforce.is(known))
            {
                // Another row of the mapping writes it.
                continue;
            }
            let ours = &self.record.value(&field.name);
            let there = row.and_then(|row| row.get(path));
            let agreed = self.claim.base.get(&field.name);
            outgoing.sent.push(Sent {
                name: field.name.clone(),
                salesforce: path.to_owned(),
                value: ours.clone().into_owned(),
                agreed: agreed.cloned(),
            });
            let is_there = there
                .is_some_and(|there| agree(&mapping.to_channeltivity(there, field), ours, field));
            // An earlier write may arrive yet: this one moves the stamp and ends that.
            let may_be_overtaken = agreed.is_some_and(|agreed| !agreed.sent.is_empty());
            if is_there && !may_be_overtaken {
                outgoing.is_there = true;
                continue;
            }
            let fitted = field
                .fit(ours)
                .map(|value| value.map_or(Value::Null, |value| value.to_json()));
            let value = fitted.unwrap_or_else(|_| ours.clone().into_owned());
            let value = mapping.to_salesforce(&value, field, there.unwrap_or(&Value::Null));
            outgoing.fields.insert(path.to_owned(), value);
        }
        let edited = self.pending.edited.iter();
        outgoing.unmapped = edited
            .filter(|name| !mapped_names.contains(*name))
            .cloned()
            .collect();
        outgoing
    }

    /// Adds the values of a confirmed link. Those that a user has edited since the preview, and those that are there
    /// already, because an earlier delivery wrote them and died, are left out.
    fn add_link(&self, row: Option<&Row>, outgoing: &mut Outgoing) {
        let PendingWrite { fields, before, .. } = &self.pending;
        let Some(row) = row else {
            outgoing.fields = fields.clone();
            outgoing.of_link = fields.clone();
            return;
        };
        let mut newer = Vec::new();
        for (field, target) in fields {
            // A value that cannot be read cannot be known to be newer: Salesforce decides whether the field may be
            // written.
            match row.get(field) {
                Some(now) if same(now, target) => outgoing.is_there = true,
                Some(now) if !same(now, before.get(field).unwrap_or(&Value::Null)) => {
                    newer.push(field.clone());
                }
                _ => {
                    outgoing.fields.insert(field.clone(), target.clone());
                }
            }
        }
        let sent = fields.iter().filter(|(field, _)| !newer.contains(field));
        outgoing.of_link = sent
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        if !newer.is_empty() {
            let mut finding = Finding::new(Code::WriteSkipped);
            finding.context.field = newer.join(", ");
            outgoing.skipped = Some(finding);
        }
    }

    /// Returns the stamp over which the values may be written.
    pub(super) fn seen(&self, row: Option<&Row>) -> SystemModstamp {
        row.and_then(Row::stamp).unwrap_or(self.pending.seen)
    }
}
