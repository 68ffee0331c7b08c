//! Which field each column holds, and what type a custom field has.

use std::collections::HashSet;

use super::{LoadError, text::Records};
use crate::{
    schema::{Field, FieldType, ObjectSchema, blank_field},
    value::{parse_date, parse_datetime},
};

/// The field of each column, in file order; nothing for a column that is not kept.
pub(super) type Columns = Vec<Option<usize>>;

/// Finds the field of each column and adds custom ones to the object.
pub(super) fn resolve(
    object: &mut ObjectSchema,
    file: &str,
    records: &Records,
    errors: &mut Vec<LoadError>,
) -> Option<Columns> {
    let before = errors.len();
    let mut seen = HashSet::new();
    let mut columns = Vec::new();
    let zero_and_one = writes_zero_and_one(records);
    for (at, name) in records.header.iter().enumerate() {
        let column = (!name.is_empty()).then_some(name);
        let mut refuse =
            |problem: String| errors.push(LoadError::new(file, Some(1), column, problem));
        if name.is_empty() {
            refuse(format!(
                "column {} has no name; give it the API name of its field",
                at + 1
            ));
        } else if !seen.insert(name.to_ascii_lowercase()) {
            refuse("the column is there twice; remove one".to_owned());
        }
        match object.field_index(name) {
            // Compound addresses are computed from their parts.
            Some(index) if object.fields[index].kind == FieldType::Address => columns.push(None),
            Some(index) => columns.push(Some(index)),
            None if is_custom_name(name) => {
                object.add_field(custom_field(
                    name,
                    &Cells {
                        records,
                        at,
                        zero_and_one,
                    },
                ));
                columns.push(Some(object.fields.len() - 1));
            }
            None => {
                if !name.is_empty() {
                    refuse(format!(
                        "is no field of {}; remove the column, or end its name with __c if it is a custom field",
                        object.name
                    ));
                }
                columns.push(None);
            }
        }
    }
    let needed = object
        .fields
        .iter()
        .filter(|field| field.name == "Id" || field.is_required());
    for field in needed.filter(|field| !seen.contains(&field.name.to_ascii_lowercase())) {
        if object.name == "User" && field.name != "Id" {
            continue;
        }
        errors.push(LoadError::new(
            file,
            Some(1),
            Some(&field.name),
            "the column is missing; export the object again with this field",
        ));
    }
    (errors.len() == before).then_some(columns)
}

fn is_custom_name(name: &str) -> bool {
    name.strip_suffix("__c").is_some_and(|stem| {
        stem.starts_with(|first: char| first.is_ascii_alphabetic())
            && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Salesforce's weekly export writes checkboxes as 0 and 1, the Data Loader as true and false.
fn writes_zero_and_one(records: &Records) -> bool {
    let column = records.header.iter().position(|name| name == "IsDeleted");
    column.is_some_and(|at| {
        !records.rows.is_empty()
            && records
                .rows
                .iter()
                .all(|(_, row)| matches!(row.get(at), Some("0" | "1")))
    })
}

struct Cells<'a> {
    records: &'a Records,
    at: usize,
    zero_and_one: bool,
}

impl Cells<'_> {
    fn iter(&self) -> impl Iterator<Item = &str> {
        self.records
            .rows
            .iter()
            .filter_map(|(_, row)| row.get(self.at))
    }

    /// Whether there are values and each is so.
    fn all(&self, is_so: impl Fn(&str) -> bool) -> bool {
        let mut values = self.iter().filter(|cell| !cell.is_empty()).peekable();
        values.peek().is_some() && values.all(is_so)
    }
}

/// A custom field; its type is read from its values, for an export does not say it.
fn custom_field(name: &str, cells: &Cells<'_>) -> Field {
    let is_boolean = cells
        .all(|cell| cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false"))
        || (cells.zero_and_one
            && cells.all(|cell| matches!(cell, "0" | "1"))
            && cells.iter().all(|cell| !cell.is_empty()));
    let kind = if is_boolean {
        FieldType::Boolean
    } else if cells.all(|cell| parse_date(cell).is_some()) {
        FieldType::Date
    } else if cells.all(|cell| parse_datetime(cell).is_some()) {
        FieldType::DateTime
    } else if cells.all(is_plain_number) {
        FieldType::Double
    } else if name.to_ascii_lowercase().contains("email")
        && cells
            .iter()
            .all(|cell| cell.is_empty() || crate::rules::is_email(cell.trim()))
    {
        FieldType::Email
    } else if cells.iter().any(|cell| cell.chars().count() > 255) {
        FieldType::TextArea
    } else {
        FieldType::String
    };
    let label = name.trim_end_matches("__c").replace('_', " ");
    let mut field = blank_field(name, &label, kind);
    field.custom = true;
    match kind {
        FieldType::Boolean => {
            field.nillable = false;
            field.defaulted = true;
        }
        FieldType::Double => field.digits = (18, 2),
        FieldType::Email => field.length = 80,
        FieldType::TextArea => {
            field.length = 32_000;
            field.filterable = false;
        }
        FieldType::String => {
            // A text whose values are all different can serve as an external id.
            let values: Vec<_> = cells.iter().filter(|cell| !cell.is_empty()).collect();
            let different: HashSet<_> = values.iter().map(|value| value.to_lowercase()).collect();
            let stem = name.to_ascii_lowercase();
            field.external_id = different.len() == values.len()
                && (stem.ends_with("_id__c")
                    || stem.contains("external")
                    || stem.contains("record_id"));
        }
        _ => {}
    }
    field
}

fn is_plain_number(cell: &str) -> bool {
    // A leading zero or plus belongs to a code or a telephone number.
    let digits = cell.trim_start_matches('-');
    let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    !is_code && digits.starts_with(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok()
}
