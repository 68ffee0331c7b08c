//! The values that a Salesforce record brings to the record that it is linked to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::conditions;
use crate::{
    SalesforceObject,
    base::{Agreed, Base},
    claim::PendingWrite,
    code::Code,
    finding::Finding,
    mapping::{Master, ObjectMapping},
    read::Reading,
    record::{Record, RecordKind},
    salesforce::Row,
    settings::{STAGE, Settings},
    size::Sizes,
    three_way::{self, MappedField, Sides},
};

/// The result of the mapped fields that follow Salesforce on update.
#[derive(Default)]
pub(super) struct Followed {
    /// The values that the record takes.
    pub(super) changed: Map<String, Value>,
    /// The values that do not fit.
    pub(super) failures: Vec<Finding>,
    /// The values that cannot be read: their fields keep their present values.
    pub(super) hidden: Vec<Finding>,
    /// The values last agreed on, after this.
    pub(super) base: Base,
    /// The conflicts, with the values that are kept.
    pub(super) resolved: Vec<Finding>,
    /// The fields whose conflicts the record wins: they go to Salesforce.
    pub(super) kept_here: BTreeSet<String>,
}

/// Compares the mapped fields of a Salesforce record with those of the record that it is linked to, and with what both
/// last agreed on.
pub(super) fn followed(
    row: &Row,
    object: SalesforceObject,
    (base, pending): (&Base, Option<&PendingWrite>),
    record: &Record,
    settings: &Settings,
) -> Followed {
    let mut followed = Followed {
        base: base.clone(),
        ..Followed::default()
    };
    let mut too_long = Vec::new();
    let whole = settings.mapping(object);
    let ObjectMapping { fields, rows, .. } = whole;
    let is_on_its_way =
        |name: &str| pending.is_some_and(|pending| pending.fields.contains_key(name));
    let is_edited = |name: &str| pending.is_some_and(|pending| pending.edited.contains(name));
    for mapping in rows
        .iter()
        .filter(|mapping| mapping.on_update.reaches_channeltivity())
    {
        let api_name = mapping.salesforce.as_str();
        let Some(field) = whole.field(&mapping.channeltivity) else {
            continue;
        };
        let read = match row.reading(&mapping.salesforce) {
            Reading::Value(read) => read,
            Reading::NotRead => continue,
            Reading::Hidden(parent) => {
                let hidden = conditions::hidden(field, &mapping.salesforce, parent);
                followed.hidden.push(hidden.other(record.id.to_string()));
                continue;
            }
        };
        if is_on_its_way(api_name) {
            // Salesforce's value is about to be overwritten.
            continue;
        }
        let theirs = mapping.to_channeltivity(read, field);
        let ours = &record.value(&field.name);
        let mapped = MappedField {
            row: mapping,
            field,
        };
        let mut conflict = None;
        if let Some(agreed) = followed.base.get(&field.name) {
            let entry = |kept| three_way::resolved(mapped, &record.id, ours, &theirs, kept);
            match three_way::compare(mapped, agreed, ours, (&theirs, row.stamp()), settings) {
                // An earlier write may arrive yet: the one that is due moves the stamp and ends that.
                Sides::Equal if is_edited(&field.name) && !agreed.sent.is_empty() => continue,
                Sides::Equal => {
                    followed.base.settle(&field.name);
                    continue;
                }
                Sides::ChangedHere => continue,
                Sides::ChangedThere => {}
                Sides::Conflict(Master::Channeltivity) => {
                    followed.resolved.push(entry(Master::Channeltivity));
                    let agreed = Agreed::on(&theirs, field);
                    followed.base.set(&field.name, agreed);
                    followed.kept_here.insert(field.name.clone());
                    continue;
                }
                Sides::Conflict(Master::Salesforce) => conflict = Some(entry(Master::Salesforce)),
            }
        }
        let needed =
            field.required || (object == SalesforceObject::Opportunity && field.name == STAGE);
        match field.fit(&theirs) {
            Err(misfit) => {
                let finding = conditions::misfit_finding(field, api_name, read, &misfit);
                if misfit.is_beyond_any_text() {
                    followed.changed.insert(field.name.clone(), read.clone());
                    too_long.push(finding);
                } else {
                    followed.failures.push(finding);
                }
            }
            Ok(None) if needed && record.id.kind() == RecordKind::Deal => {
                let code = if field.name == STAGE {
                    Code::StageEmpty
                } else {
                    Code::RequiredFieldEmpty
                };
                followed
                    .failures
                    .push(Finding::new(code).field(&field.label(), api_name));
            }
            Ok(value) => {
                let value = value.map_or(Value::Null, |value| value.to_json());
                if !field.same(ours, &value) {
                    followed.changed.insert(field.name.clone(), value);
                }
                followed.base.settle(&field.name);
                followed.resolved.extend(conflict);
            }
        }
    }
    let Followed {
        changed, failures, ..
    } = &mut followed;
    let kept = record
        .fields
        .iter()
        .filter(|(name, _)| !changed.contains_key(*name));
    let sizes = Sizes::of(kept.chain(&*changed));
    if !changed.is_empty() && sizes.is_too_large() {
        failures.push(sizes.finding(fields, rows));
    } else {
        failures.extend(too_long);
    }
    followed
}
