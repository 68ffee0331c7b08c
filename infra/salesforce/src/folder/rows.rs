//! From the cells of a file to typed values.

use std::collections::HashMap;

use salesforce_id::SalesforceId;

use super::{
    cells,
    columns::{Columns, is_needed},
    file::{FileRow, SourceFile},
    problem::{LoadError, Problems, shorten},
};
use crate::{
    rules::Fields,
    schema::{ObjectSchema, Schema},
    value::Value,
};

/// Reads the rows of one file; bad cells are reported and left empty.
pub(super) fn read(
    schema: &Schema,
    source: &SourceFile,
    columns: &Columns,
    problems: &mut Problems,
) -> Vec<FileRow> {
    let object = &schema.objects[source.object];
    let needed: Vec<usize> = (0..object.fields.len())
        .filter(|index| columns.contains(&Some(*index)))
        .filter(|index| is_needed(object, &object.fields[*index].name))
        .collect();
    let mut first_line: HashMap<SalesforceId, u64> = HashMap::new();
    let mut rows = Vec::with_capacity(source.records.rows.len());
    for (line, record) in &source.records.rows {
        let mut values = vec![Value::Null; object.fields.len()];
        let mut bad = Vec::new();
        let mut report = |index: usize, problem: String| {
            let field = Some(object.fields[index].name.as_str());
            problems.push(LoadError::new(&source.name, Some(*line), field, problem));
        };
        for (cell, column) in record.iter().zip(columns) {
            let Some(index) = *column else { continue };
            let field = &object.fields[index];
            match cells::read(field.kind, cell) {
                // Of two columns of one field, one may be empty.
                Ok(Value::Null) => {}
                Ok(value) => values[index] = value,
                Err(expected) => {
                    let advice = if field.kind.is_id() {
                        "copy it from Salesforce again"
                    } else {
                        "correct the value"
                    };
                    bad.push(index);
                    report(
                        index,
                        format!("{:?} should be {expected}; {advice}", shorten(cell)),
                    );
                }
            }
        }
        compose_name(object, &mut values);
        for index in &needed {
            if values[*index].is_null() && !bad.contains(index) {
                let problem = "is empty, but Salesforce never leaves it so; fill it in";
                report(*index, problem.to_owned());
            }
        }
        if let Some(id) = values[object.system.id].as_id() {
            if id.key_prefix() != object.key_prefix {
                report(
                    object.system.id,
                    format!(
                        "{id} is not an id of {}: those begin with {}; move the row to the right file",
                        object.name,
                        object.key_prefix,
                        id = id.as_str()
                    ),
                );
            } else if let Some(first) = first_line.insert(id, *line) {
                report(
                    object.system.id,
                    format!(
                        "{} is in row {first} already; remove one of the two",
                        id.as_str()
                    ),
                );
            }
        }
        rows.push(FileRow {
            line: *line,
            values,
        });
    }
    rows
}

/// A person's name is written as one or in parts: each stands in for what the file lacks of the other.
fn compose_name(object: &ObjectSchema, values: &mut [Value]) {
    let mut fields = Fields::new(object, values);
    match object.name.as_str() {
        // A person account is named after its contact.
        "Account" if fields.get("Name").is_null() => {
            let part = |name| fields.get(name).as_text().unwrap_or_default();
            let name = format!("{} {}", part("FirstName"), part("LastName"));
            fields.set("Name", Value::text(name.trim()));
        }
        "Contact" | "Lead" | "User" => {
            let name = fields.get("Name").clone();
            if fields.get("FirstName").is_null() {
                fields.fill("LastName", name);
            }
        }
        _ => {}
    }
}
