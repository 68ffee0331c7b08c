//! Fields that an org's administrators added. An export does not say their types, and their values cannot: "007" counts
//! nothing, and a number of noughts and ones is no checkbox.

use std::collections::HashSet;

use super::{
    cells,
    declared::{DeclaredType, Misfits},
    named::{Named, NamedKind},
    text::Records,
};
use crate::{
    schema::{Field, FieldType, blank_field},
    value::is_email,
};

/// The greatest length of a plain text.
const PLAIN: usize = 255;
/// The usual length of a long text, and the greatest.
const LONG: [usize; 2] = [32_000, 131_072];
/// The suffixes of custom fields: `pc` on a person account's contact, `s` for a part of a location or an address.
const SUFFIXES: [&str; 3] = ["__c", "__pc", "__s"];

/// Returns whether this is the name of a custom field, in any case.
pub(super) fn is_custom_name(name: &str) -> bool {
    suffix(name).is_some()
}

/// The stem of a custom field's name, and its suffix as Salesforce writes it.
fn suffix(name: &str) -> Option<(&str, &'static str)> {
    SUFFIXES.iter().find_map(|suffix| {
        let (stem, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
        let is_name = end.eq_ignore_ascii_case(suffix)
            && stem.starts_with(|first: char| first.is_ascii_alphabetic())
            && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name.then_some((stem, *suffix))
    })
}

/// The field of a column that the standard schema does not have: of the declared type, or text.
pub(super) fn field(column: &str, named: Option<&Named>, records: &Records, at: usize) -> Field {
    let (name, label) = match (named, suffix(column)) {
        (Some(named), suffix) => (
            named.name.clone(),
            suffix.map_or(named.name.as_str(), |(stem, _)| &named.name[..stem.len()]),
        ),
        (None, Some((stem, suffix))) => (format!("{stem}{suffix}"), stem),
        (None, None) => (column.to_owned(), column),
    };
    let kind = match named {
        Some(named) => declared(named, records, at),
        None if is_coordinate(&name) => whole(FieldType::Double, records, at),
        None => FieldType::String,
    };
    let mut field = blank_field(&name, &label.replace('_', " "), kind);
    field.custom = is_custom_name(&name);
    match kind {
        FieldType::Boolean => {
            field.nillable = false;
            field.defaulted = true;
        }
        FieldType::Double if is_coordinate(&name) => field.digits = (18, 15),
        FieldType::Double | FieldType::Currency | FieldType::Percent => field.digits = (18, 2),
        FieldType::Email => field.length = 80,
        FieldType::Phone => field.length = 40,
        FieldType::String => bound(&mut field, records, at),
        _ => {}
    }
    if let Some(Named {
        kind: NamedKind::Lookup {
            relationship,
            targets,
        },
        ..
    }) = named
        && kind == FieldType::Reference
    {
        field.relationship = Some(relationship.clone());
        field.references.clone_from(targets);
    }
    field
}

/// A part of a geolocation.
fn is_coordinate(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("__latitude__s") || name.ends_with("__longitude__s")
}

/// The type if every value has it, else text.
fn whole(kind: FieldType, records: &Records, at: usize) -> FieldType {
    if misfit(kind, records, at).is_some() {
        FieldType::String
    } else {
        kind
    }
}

/// The first value that the type cannot hold.
fn misfit(kind: FieldType, records: &Records, at: usize) -> Option<(u64, &str)> {
    records.filled(at).find(|(_, cell)| {
        cells::read(kind, cell).is_err() || kind == FieldType::Email && !is_email(cell.trim())
    })
}

/// The type of a declared column.
fn declared(named: &Named, records: &Records, at: usize) -> FieldType {
    let NamedKind::Value(declared, misfits) = &named.kind else {
        // Whoever walked the path has looked at the ids.
        return FieldType::Reference;
    };
    let kinds: &[FieldType] = match declared {
        DeclaredType::Text => return FieldType::String,
        DeclaredType::Number => &[FieldType::Double],
        DeclaredType::Currency => &[FieldType::Currency],
        DeclaredType::Percent => &[FieldType::Percent],
        // The day of a point in time is a day to whoever reads it.
        DeclaredType::Date => &[FieldType::Date, FieldType::DateTime],
        DeclaredType::DateTime => &[FieldType::DateTime],
        DeclaredType::Checkbox => &[FieldType::Boolean],
        DeclaredType::Picklist => &[FieldType::Picklist],
        DeclaredType::MultiPicklist => &[FieldType::MultiPicklist],
        DeclaredType::Email => &[FieldType::Email],
        DeclaredType::Phone => &[FieldType::Phone],
        DeclaredType::Url => &[FieldType::Url],
    };
    let fitting = kinds
        .iter()
        .find(|kind| misfit(**kind, records, at).is_none());
    match fitting {
        Some(kind) => *kind,
        None if *misfits == Misfits::Refused => kinds[0],
        // As texts the other values must say the same, or one wrong value would spoil them all.
        None if records
            .filled(at)
            .any(|(_, cell)| is_export_s_own(kinds[0], cell)) =>
        {
            kinds[0]
        }
        None => FieldType::String,
    }
}

/// Returns whether only an export writes a value of the type so: to whoever reads it as a text, it is none.
fn is_export_s_own(kind: FieldType, cell: &str) -> bool {
    let cell = cell.trim();
    let fits = cells::read(kind, cell).is_ok();
    match kind {
        FieldType::Boolean => fits && cell.starts_with(['0', '1']),
        FieldType::Date | FieldType::DateTime => fits && cell.contains(' '),
        _ => false,
    }
}

/// The longest text, and whether it is a key.
fn bound(field: &mut Field, records: &Records, at: usize) {
    let longest = records.filled(at).map(|(_, cell)| cell.chars().count());
    let longest = longest.max().unwrap_or(0);
    if longest > PLAIN {
        field.kind = FieldType::TextArea;
        field.length = LONG[usize::from(longest > LONG[0])].max(longest);
        field.filterable = false;
        return;
    }
    // A text whose values are all different can serve as an external id.
    let values: Vec<_> = records.filled(at).map(|(_, cell)| cell).collect();
    let different: HashSet<_> = values.iter().map(|value| value.to_lowercase()).collect();
    let stem = field.name.to_ascii_lowercase();
    // An export does not say what else holds of it: it is taken to be unique, by letters of either case.
    field.external_id = different.len() == values.len()
        && (stem.ends_with("_id__c") || stem.contains("external") || stem.contains("record_id"));
    field.unique = field.external_id;
    field.case_sensitive = field.external_id;
}
