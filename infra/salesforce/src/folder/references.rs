//! References of rows to rows of other files.

use std::collections::BTreeSet;

use salesforce_id::SalesforceId;

use super::{
    file::FileRows,
    problem::{LoadError, Problems},
};
use crate::schema::{Field, FieldType, Schema};

/// Looks at every reference. One to a record of another kind is a mistake. One to a record that is in no file is what an
/// export of a part of an org has: Salesforce answers so about records that the integration user cannot read.
pub(super) fn check(
    schema: &Schema,
    tables: &[FileRows],
    problems: &mut Problems,
    notices: &mut Vec<String>,
) {
    let known: Vec<Option<BTreeSet<SalesforceId>>> = (0..schema.objects.len())
        .map(|object| {
            let table = tables.iter().find(|table| table.object == object)?;
            let id = schema.objects[object].system.id;
            let ids = table.rows.iter().filter_map(|row| row.values[id].as_id());
            Some(ids.collect())
        })
        .collect();
    for table in tables {
        let fields = schema.objects[table.object].fields.iter().enumerate();
        for (index, field) in fields.filter(|(_, field)| field.kind == FieldType::Reference) {
            let mut unread = 0_usize;
            let mut example = None;
            for row in &table.rows {
                let Some(id) = row.values[index].as_id() else {
                    continue;
                };
                match target(schema, field, id) {
                    Target::Object(object) => {
                        let rows = known[object].as_ref();
                        if rows.is_some_and(|rows| !rows.contains(&id)) {
                            unread += 1;
                            example.get_or_insert((row.line, id, object));
                        }
                    }
                    Target::Elsewhere => {}
                    Target::None(problem) => problems.push(LoadError::new(
                        &table.file,
                        Some(row.line),
                        Some(&field.name),
                        problem,
                    )),
                }
            }
            // Users that no file has are made up: every row has an owner.
            let example = example.filter(|(_, _, object)| schema.objects[*object].name != "User");
            if let Some((line, id, object)) = example {
                notices.push(format!(
                    "{}: {unread} rows name in {} a record that is not in {}.csv, as row {line} does with {}: they count as records that the integration user cannot read",
                    table.file,
                    field.name,
                    schema.objects[object].name,
                    id.as_str()
                ));
            }
        }
    }
}

/// Where a reference leads.
enum Target {
    /// To a row of an object.
    Object(usize),
    /// To something of which no folder has a file.
    Elsewhere,
    /// To what the field cannot point to; what is wrong.
    None(String),
}

fn target(schema: &Schema, field: &Field, id: SalesforceId) -> Target {
    let objects: Vec<usize> = field
        .references
        .iter()
        .filter_map(|name| schema.object_index(name))
        .collect();
    let of_prefix = objects
        .iter()
        .find(|object| schema.objects[**object].key_prefix == id.key_prefix());
    if let Some(object) = of_prefix {
        return Target::Object(*object);
    }
    let is_group = field.references.iter().any(|name| name == "Group");
    let others = objects.len() + usize::from(is_group) < field.references.len();
    // A custom lookup leads to whatever its ids are of.
    if others || objects.is_empty() || field.custom || is_group && id.key_prefix() == "00G" {
        return Target::Elsewhere;
    }
    let expected: Vec<_> = objects
        .iter()
        .map(|object| &schema.objects[*object])
        .map(|object| format!("{} ({})", object.name, object.key_prefix))
        .collect();
    Target::None(format!(
        "{} is the id of another kind of record; it should name a row of {}",
        id.as_str(),
        expected.join(" or ")
    ))
}
