//! Which field each column holds. What is no field of the object is left out, for exports have more than anybody reads.

use std::collections::HashMap;

use super::{
    custom::{self, is_custom_name},
    file::SourceFile,
    named::NamedColumns,
    optional,
    problem::{LoadError, Problems, listed, shorten},
    text::Records,
};
use crate::schema::{FieldType, ObjectSchema};

/// The field of each column, in file order; nothing for a column that is not kept.
pub(super) type Columns = Vec<Option<usize>>;

/// Finds the field of each column and adds those that only some orgs have.
pub(super) fn resolve(
    object: &mut ObjectSchema,
    source: &SourceFile,
    named: &NamedColumns,
    problems: &mut Problems,
    notices: &mut Vec<String>,
) -> Columns {
    let (file, records) = (source.name.as_str(), &source.records);
    let mut first_of: HashMap<usize, usize> = HashMap::new();
    let mut columns = Vec::new();
    let mut left_out = Vec::new();
    for (at, name) in records.header.iter().enumerate() {
        if name.is_empty() {
            if records.filled(at).next().is_some() {
                left_out.push(format!("column {} without a name", at + 1));
            }
            columns.push(None);
            continue;
        }
        if is_result(object, records, at) {
            left_out.push(name.clone());
            columns.push(None);
            continue;
        }
        let known = object.field_index(name).or_else(|| {
            let field = match optional::field(&object.name, name, &records.header) {
                Some(field) => field,
                None => {
                    let declared = named.get(source.object, name);
                    if declared.is_none() && !is_custom_name(name) {
                        return None;
                    }
                    custom::field(name, declared, records, at)
                }
            };
            object.add_field(field);
            Some(object.fields.len() - 1)
        });
        let Some(index) = known else {
            left_out.push(name.clone());
            columns.push(None);
            continue;
        };
        // Compound addresses are computed from their parts.
        if object.fields[index].kind == FieldType::Address {
            columns.push(None);
            continue;
        }
        if let Some(first) = first_of.get(&index) {
            if let Some((line, one, other)) = difference(records, *first, at) {
                let problem = format!(
                    "the column is there twice, and row {line} has {:?} in one and {:?} in the other; remove one",
                    shorten(one),
                    shorten(other)
                );
                problems.push(LoadError::new(file, Some(1), Some(name), problem));
            }
        } else {
            first_of.insert(index, at);
        }
        columns.push(Some(index));
    }
    if !left_out.is_empty() {
        notices.push(format!(
            "{file}: left out what is not a field of {} here: {}",
            object.name,
            listed(&left_out)
        ));
    }
    for field in missing(object, records) {
        let problem = "the column is missing; export the object again with this field";
        problems.push(LoadError::new(file, Some(1), Some(&field), problem));
    }
    columns
}

/// The fields without which the file is of no use.
fn missing(object: &ObjectSchema, records: &Records) -> Vec<String> {
    if records.header.is_empty() {
        return Vec::new();
    }
    let has = |name: &str| records.column(name).is_some();
    object
        .fields
        .iter()
        .filter(|field| is_needed(object, &field.name))
        .filter(|field| match field.name.as_str() {
            // A person's name is one column or several.
            "Name" | "LastName" => !has("Name") && !has("LastName"),
            name => !has(name),
        })
        .map(|field| field.name.clone())
        .collect()
}

/// Returns whether a row without a value in this field says too little. Leads and users only stand beside the Opportunities:
/// nothing in their files but a wrong id can be in the way.
pub(super) fn is_needed(object: &ObjectSchema, field: &str) -> bool {
    let is_aside = matches!(object.name.as_str(), "Lead" | "User");
    field == "Id"
        || !is_aside
            && object
                .field_index(field)
                .is_some_and(|index| object.fields[index].is_required())
}

/// The first row in which two columns hold different values.
fn difference(records: &Records, one: usize, other: usize) -> Option<(u64, &str, &str)> {
    records.rows.iter().find_map(|(line, row)| {
        let (one, other) = (row.get(one)?, row.get(other)?);
        (!one.is_empty() && !other.is_empty() && one != other).then_some((*line, one, other))
    })
}

/// Returns whether a column is what a tool adds to the file of a load: Data Loader's success and error files, the results of the
/// Bulk API, Salesforce Inspector's tables.
fn is_result(object: &ObjectSchema, records: &Records, at: usize) -> bool {
    const RESULTS: [&str; 12] = [
        "_",
        "SUCCESS",
        "ERROR",
        "ERRORS",
        "[ERROR]",
        "__Status",
        "__Id",
        "__Action",
        "__Errors",
        "sf__Id",
        "sf__Created",
        "sf__Error",
    ];
    let name = records.header[at].as_str();
    let is_named = |result: &&str| result.eq_ignore_ascii_case(name);
    if RESULTS.iter().any(is_named) {
        return object.field_index(name).is_none();
    }
    if !name.eq_ignore_ascii_case("STATUS") {
        return false;
    }
    // A lead has a status too; what Data Loader writes reads "Item Created" or "Item Updated".
    let mut cells = records.filled(at).peekable();
    cells.peek().is_some() && cells.all(|(_, cell)| cell.starts_with("Item "))
}
