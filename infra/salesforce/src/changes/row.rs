//! Rows that can be changed, and the stamps of a change.

use std::sync::Arc;

use salesforce_id::SalesforceId;

use super::author::Author;
use crate::{
    http::reply::ApiError,
    rules::{self, Fields},
    schema::ObjectSchema,
    store::{Row, Store},
    value::Value,
};

/// A row that can be changed.
///
/// # Errors
/// `ENTITY_IS_DELETED` for one in the bin, `NOT_FOUND` for one that is not there or not visible.
pub(crate) fn present(
    store: &Store,
    author: Author,
    object: usize,
    id: SalesforceId,
) -> Result<Arc<Row>, ApiError> {
    match store.table(object).get(id) {
        Some(row) if !author.sees_hidden && !row.is_visible(store.now()) => Err(missing()),
        Some(row) if row.is_deleted() => {
            Err(ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted").about(&[]))
        }
        Some(row) => Ok(Arc::clone(row)),
        None if store
            .deletions
            .iter()
            .any(|gone| gone.object == object && gone.id == id) =>
        {
            Err(ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted").about(&[]))
        }
        None => Err(missing()),
    }
}

fn missing() -> ApiError {
    ApiError::new(404, "NOT_FOUND", "The requested resource does not exist")
}

/// The refusal to write rows of an object.
pub(super) fn not_allowed(schema: &ObjectSchema) -> ApiError {
    ApiError::new(
        403,
        "INSUFFICIENT_ACCESS_OR_READONLY",
        format!(
            "entity type {} does not support create, update or delete",
            schema.name
        ),
    )
    .about(&[])
}

/// Returns whether rows of the object can be written at all.
pub(crate) fn is_writable(schema: &ObjectSchema) -> bool {
    !matches!(
        schema.name.as_str(),
        "OpportunityStage" | "LeadStatus" | "Organization" | "RecordType" | "Profile" | "UserRole"
    )
}

/// Stamps a row as changed.
pub(crate) fn touch(schema: &ObjectSchema, row: &mut Row, author: Author) {
    let system = schema.system;
    row.values[system.modified_date] = Value::DateTime(author.stamp);
    row.values[system.modstamp] = Value::DateTime(author.stamp);
    row.values[system.modified_by] = Value::Id(author.user);
}

/// Sets fields of a row that only Salesforce itself can set, and stamps it.
pub(crate) fn set(
    store: &mut Store,
    author: Author,
    object: usize,
    row: &Row,
    values: &[(&str, Value)],
) {
    let schema = Arc::clone(&store.schema);
    let schema = &schema.objects[object];
    let mut row = row.clone();
    let mut fields = Fields::new(schema, &mut row.values);
    for (name, value) in values {
        fields.set(name, value.clone());
    }
    touch(schema, &mut row, author);
    rules::derive(schema, &mut row.values);
    store.put(object, row);
}
