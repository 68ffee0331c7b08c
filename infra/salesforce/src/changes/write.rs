//! Creating and changing rows.

use std::sync::Arc;

use salesforce_id::SalesforceId;

use super::{
    author::{Assignment, Author},
    body::{Body, given},
    check, duplicates, effects, locks,
    row::{is_writable, not_allowed, present, touch},
    rules::{assigned, obey},
};
use crate::{
    http::reply::ApiError,
    rules::{self, Draft, Fields},
    schema::ObjectSchema,
    store::{Row, Store},
    value::Value,
};

/// Creates a row.
///
/// # Errors
/// As Salesforce for unknown, missing, read-only and wrong fields.
pub(crate) fn create(
    store: &mut Store,
    author: Author,
    object: usize,
    body: &Body,
) -> Result<SalesforceId, ApiError> {
    let schema = Arc::clone(&store.schema);
    let schema = &schema.objects[object];
    if !is_writable(schema) {
        return Err(not_allowed(schema));
    }
    check::may_create(store, author, schema)?;
    let mut draft = Draft::new(schema);
    let setup = Arc::clone(&store.setup);
    let access = |field: &str| author.access(&setup, schema, field);
    for (name, json) in given(body) {
        let index = check::writable(schema, access, name, check::Operation::Create)?;
        draft.values[index] = check::value(store, author, schema, (&schema.fields[index], json))?;
    }
    rules::fill_defaults(schema, &mut draft.values, author.user);
    check::required(schema, &draft.values, None)?;
    check::unique(store, object, &draft.values, None, author)?;
    check::owner(store, schema, &draft.values, None)?;
    locks::take(store, object, None, &draft.values)?;
    let id = store.next_id(object);
    let system = schema.system;
    draft.values[system.id] = Value::Id(id);
    draft.values[system.created_date] = Value::DateTime(author.stamp);
    draft.values[system.created_by] = Value::Id(author.user);
    let mut row = Row {
        id,
        values: draft.values,
        hidden: false,
        late_until: None,
        deleted_at: None,
    };
    effects::before_create(store, schema, &mut row, body, author)?;
    touch(schema, &mut row, author);
    rules::derive(schema, &mut row.values);
    apply_rules(store, schema, &mut row, author)?;
    duplicates::refuse(store, schema, &row, author)?;
    store.put(object, row.clone());
    effects::after_create(store, schema, &row, author)?;
    Ok(id)
}

/// Changes a row.
///
/// # Errors
/// `ENTITY_IS_DELETED` and `NOT_FOUND` for rows that are not there, else as [`create`].
pub(crate) fn update(
    store: &mut Store,
    author: Author,
    object: usize,
    id: SalesforceId,
    body: &Body,
) -> Result<(), ApiError> {
    let before = present(store, author, object, id)?;
    let schema = Arc::clone(&store.schema);
    let schema = &schema.objects[object];
    if !is_writable(schema) {
        return Err(not_allowed(schema));
    }
    check::may_edit(store, author, schema)?;
    effects::refuse_converted(schema, &before)?;
    locks::take(store, object, Some(id), &[])?;
    let mut row = Row::clone(&before);
    let setup = Arc::clone(&store.setup);
    let access = |field: &str| author.access(&setup, schema, field);
    for (name, json) in given(body) {
        let index = check::writable(schema, access, name, check::Operation::Update)?;
        row.values[index] = check::value(store, author, schema, (&schema.fields[index], json))?;
    }
    check::required(schema, &row.values, Some(&before.values))?;
    check::unique(store, object, &row.values, Some(id), author)?;
    check::owner(store, schema, &row.values, Some(&before.values))?;
    effects::before_update(store, schema, &before, &mut row, body, author)?;
    touch(schema, &mut row, author);
    rules::derive(schema, &mut row.values);
    apply_rules(store, schema, &mut row, author)?;
    store.put(object, row.clone());
    effects::after_update(store, schema, &row, author);
    Ok(())
}

/// The administrator's rules, in Salesforce's order: triggers, validation, assignment.
fn apply_rules(
    store: &Store,
    schema: &ObjectSchema,
    row: &mut Row,
    author: Author,
) -> Result<(), ApiError> {
    obey(store, &schema.name, row)?;
    if author.rules.assignment == Assignment::Active
        && let Some(owner) = assigned(store, &schema.name, row)
    {
        Fields::new(schema, &mut row.values).set("OwnerId", Value::Id(owner));
    }
    Ok(())
}
