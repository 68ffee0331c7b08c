//! From the cells of a file to typed values, and what a reference may name.

use std::collections::{BTreeSet, HashMap};

use dealbridge_core::SalesforceId;

use super::{FileRow, LoadError, columns::Columns, text::Records};
use crate::{
    schema::{Field, FieldType, Schema},
    value::Value,
};

/// Reads the rows of one file; bad cells are reported and left empty.
pub(super) fn read(
    schema: &Schema,
    object: usize,
    file: &str,
    columns: &Columns,
    records: &Records,
    errors: &mut Vec<LoadError>,
) -> Vec<FileRow> {
    let object = &schema.objects[object];
    let mut first_line: HashMap<SalesforceId, u64> = HashMap::new();
    let mut rows = Vec::with_capacity(records.rows.len());
    for (line, record) in &records.rows {
        if errors.len() >= super::MOST_ERRORS {
            break;
        }
        let mut values = vec![Value::Null; object.fields.len()];
        let mut report = |field: &Field, problem: String| {
            errors.push(LoadError::new(
                file,
                Some(*line),
                Some(&field.name),
                problem,
            ));
        };
        for (cell, column) in record.iter().zip(columns) {
            let Some(index) = column else { continue };
            let field = &object.fields[*index];
            match Value::from_cell(field.kind, cell) {
                Ok(Value::Null) if field.name == "Id" || field.is_required() => {
                    report(
                        field,
                        "is empty, but Salesforce never leaves it so; fill it in".to_owned(),
                    );
                }
                Ok(value) => values[*index] = value,
                Err(expected) => {
                    let advice = if field.kind.is_id() {
                        "copy it from Salesforce again"
                    } else {
                        "correct the value"
                    };
                    report(
                        field,
                        format!("{:?} should be {expected}; {advice}", shorten(cell)),
                    );
                }
            }
        }
        if let Some(id) = values[object.system.id].as_id() {
            let field = &object.fields[object.system.id];
            if id.key_prefix() != object.key_prefix {
                report(
                    field,
                    format!(
                        "{id} is no {} id: those begin with {}; move the row to the right file",
                        object.name,
                        object.key_prefix,
                        id = id.as_str()
                    ),
                );
            } else if let Some(first) = first_line.insert(id, *line) {
                report(
                    field,
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

fn shorten(cell: &str) -> String {
    if cell.chars().count() <= 40 {
        return cell.to_owned();
    }
    cell.chars().take(40).chain(['…']).collect()
}

/// The stored objects to which a field may point, and whether it may point to others too.
pub(super) struct Targets {
    objects: Vec<usize>,
    others: bool,
    is_group: bool,
}

/// What a reference field may name.
pub(super) fn targets(schema: &Schema, field: &Field) -> Targets {
    let objects: Vec<usize> = field
        .references
        .iter()
        .filter_map(|name| schema.object_index(name))
        .collect();
    let is_group = field.references.iter().any(|name| name == "Group");
    let others = objects.len() + usize::from(is_group) < field.references.len()
        || field.kind != FieldType::Reference;
    Targets {
        objects,
        others,
        is_group,
    }
}

/// What is wrong with a reference, if anything.
pub(super) fn reference_problem(
    schema: &Schema,
    known: &[Option<BTreeSet<SalesforceId>>],
    targets: &Targets,
    id: SalesforceId,
) -> Option<String> {
    if targets.others || targets.is_group && id.key_prefix() == "00G" {
        return None;
    }
    let of_prefix = targets
        .objects
        .iter()
        .find(|object| schema.objects[**object].key_prefix == id.key_prefix());
    let Some(object) = of_prefix else {
        let expected: Vec<_> = targets
            .objects
            .iter()
            .map(|object| &schema.objects[*object])
            .map(|o| format!("{} ({})", o.name, o.key_prefix))
            .collect();
        return Some(format!(
            "{} is the id of another kind of record; it should name a row of {}",
            id.as_str(),
            expected.join(" or ")
        ));
    };
    let rows = known[*object].as_ref()?;
    let name = &schema.objects[*object].name;
    (!rows.contains(&id)).then(|| {
        format!(
            "{} names no row of {name}.csv; add the row there or empty this field",
            id.as_str()
        )
    })
}
