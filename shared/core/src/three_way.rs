//! The three-way rule: one field of a linked record, the same field in Salesforce, and the value that both last agreed
//! on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    SalesforceObject, SystemModstamp,
    base::{Agreed, Base, agree},
    code::Code,
    field::{Field, shown},
    finding::Finding,
    mapping::{Flow, MappingRow, Master},
    record::{Record, RecordId},
    settings::Settings,
};

/// A mapping row with its Channeltivity field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MappedField<'a> {
    /// The row.
    pub(crate) row: &'a MappingRow,
    /// The field.
    pub(crate) field: &'a Field,
}

impl MappedField<'_> {
    /// Returns `true` if an edit of the field goes to Salesforce.
    pub(crate) fn flows_out(&self, settings: &Settings) -> bool {
        self.row.on_update.reaches_salesforce() && settings.writes(&self.row.salesforce)
    }
}

/// Returns the mapping rows of an object through which values flow on update, with their fields.
pub(crate) fn mapped_fields(
    settings: &Settings,
    object: SalesforceObject,
) -> impl Iterator<Item = MappedField<'_>> {
    let mapping = settings.mapping(object);
    let rows = mapping.rows.iter();
    rows.filter(|row| row.on_update != Flow::None)
        .filter_map(move |row| {
            let field = mapping.field(&row.channeltivity)?;
            Some(MappedField { row, field })
        })
}

/// Returns the names of a record's fields that differ from what was agreed on and whose edits go to Salesforce.
pub(crate) fn flowing(
    base: &Base,
    record: &Record,
    settings: &Settings,
    object: SalesforceObject,
) -> BTreeSet<String> {
    let differs = |field: &Field| {
        base.get(&field.name)
            .is_some_and(|agreed| agreed.differs(&record.value(&field.name), field))
    };
    mapped_fields(settings, object)
        .filter(|mapped| mapped.flows_out(settings) && differs(mapped.field))
        .map(|mapped| mapped.field.name.clone())
        .collect()
}

/// The relation of the two sides' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Both hold the same value.
    Equal,
    /// The field was changed in Channeltivity alone, or the row was read too early to tell.
    ChangedHere,
    /// The field was changed in Salesforce alone.
    ChangedThere,
    /// The field was changed on both sides; this one's value is kept.
    Conflict(Master),
}

/// Compares both sides of a field with what was agreed on. `theirs` comes from a row of that stamp.
///
/// A row that flows one way on update has its direction win.
pub(crate) fn compare(
    MappedField { row, field }: MappedField<'_>,
    agreed: &Agreed,
    ours: &Value,
    (theirs, stamp): (&Value, Option<SystemModstamp>),
    settings: &Settings,
) -> Sides {
    if agreed.is_outdated(theirs, stamp, field) {
        return Sides::ChangedHere;
    }
    if agree(ours, theirs, field) {
        return Sides::Equal;
    }
    if agreed.is_unchanged(theirs, field) {
        return Sides::ChangedHere;
    }
    if !agreed.differs(ours, field) {
        return Sides::ChangedThere;
    }
    Sides::Conflict(match row.on_update {
        Flow::ToSalesforce => Master::Channeltivity,
        Flow::Both if settings.writes(&row.salesforce) => {
            row.conflicts.unwrap_or(settings.conflicts)
        }
        _ => Master::Salesforce,
    })
}

/// Returns the entry for a conflict: both values, and which of them is kept.
pub(crate) fn resolved(
    MappedField { row, field }: MappedField<'_>,
    record: &RecordId,
    ours: &Value,
    theirs: &Value,
    kept: Master,
) -> Finding {
    let kept = match kept {
        Master::Salesforce => "Salesforce's",
        Master::Channeltivity => "Channeltivity's",
    };
    let said = |value: &Value| match shown(value) {
        text if text.trim().is_empty() => "nothing".to_owned(),
        text => format!("\"{text}\""),
    };
    Finding::new(Code::ConflictResolved)
        .field(&field.label(), row.salesforce.as_str())
        .value(format!(
            "Salesforce has {}, Channeltivity {}; {kept} is kept",
            said(theirs),
            said(ours)
        ))
        .other(record.to_string())
}
