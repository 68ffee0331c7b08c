//! Deleting, restoring and purging rows.

use std::sync::Arc;

use salesforce_id::SalesforceId;

use super::{
    author::Author,
    effects,
    row::{is_writable, not_allowed, present, touch},
};
use crate::{
    http::reply::ApiError,
    store::{Deletion, Row, Store},
    value::Value,
};

/// Puts a row and what belongs to it into the recycle bin.
///
/// # Errors
/// `ENTITY_IS_DELETED`, `NOT_FOUND`.
pub(crate) fn delete(
    store: &mut Store,
    author: Author,
    object: usize,
    id: SalesforceId,
) -> Result<(), ApiError> {
    present(store, author, object, id)?;
    let schema = Arc::clone(&store.schema);
    if !is_writable(&schema.objects[object]) || schema.objects[object].name == "User" {
        return Err(not_allowed(&schema.objects[object]));
    }
    bury(store, author, object, id);
    if schema.objects[object].name == "OpportunityContactRole" {
        // A role that is deleted by itself leaves no row in the bin.
        store.remove(object, id);
    }
    Ok(())
}

/// Marks a row and its children as deleted.
pub(crate) fn bury(store: &mut Store, author: Author, object: usize, id: SalesforceId) {
    let schema = Arc::clone(&store.schema);
    let schema_of = &schema.objects[object];
    let Some(row) = store.table(object).get(id).filter(|row| !row.is_deleted()) else {
        return;
    };
    let mut row = Row::clone(row);
    row.deleted_at = Some(author.stamp);
    if let Some(index) = schema_of.system.is_deleted {
        row.values[index] = Value::Bool(true);
    }
    touch(schema_of, &mut row, author);
    store.put(object, row);
    store.deletions.push(Deletion {
        object,
        id,
        at: author.stamp,
    });
    mirror(store, object, id);
    for (child, field) in cascades(store, object) {
        for id in children(store, child, field, id) {
            bury(store, author, child, id);
        }
    }
}

/// A role that goes or comes back changes the contact of its Opportunity.
fn mirror(store: &mut Store, object: usize, id: SalesforceId) {
    let schema = store.object(object);
    if schema.name != "OpportunityContactRole" {
        return;
    }
    let parent = schema.field_index("OpportunityId");
    let opportunity = parent.and_then(|parent| store.table(object).get(id)?.values[parent].as_id());
    if let Some(opportunity) = opportunity {
        effects::mirror_primary(store, opportunity);
    }
}

/// Takes a row and what was deleted with it out of the recycle bin.
///
/// # Errors
/// `NOT_FOUND` for a row that is not in it.
pub(crate) fn undelete(
    store: &mut Store,
    author: Author,
    object: usize,
    id: SalesforceId,
) -> Result<(), ApiError> {
    let deleted_at = store.table(object).get(id).and_then(|row| row.deleted_at);
    let Some(deleted_at) = deleted_at else {
        return Err(ApiError::new(
            404,
            "NOT_FOUND",
            format!("{} is not in the recycle bin", id.as_str()),
        ));
    };
    restore(store, author, object, id, deleted_at);
    Ok(())
}

fn restore(store: &mut Store, author: Author, object: usize, id: SalesforceId, deleted_at: i64) {
    let schema = Arc::clone(&store.schema);
    let schema_of = &schema.objects[object];
    let Some(row) = store
        .table(object)
        .get(id)
        .filter(|row| row.deleted_at == Some(deleted_at))
    else {
        return;
    };
    let mut row = Row::clone(row);
    row.deleted_at = None;
    if let Some(index) = schema_of.system.is_deleted {
        row.values[index] = Value::Bool(false);
    }
    touch(schema_of, &mut row, author);
    store.put(object, row);
    store
        .deletions
        .retain(|gone| gone.object != object || gone.id != id);
    mirror(store, object, id);
    for (child, field) in cascades(store, object) {
        for id in children(store, child, field, id) {
            restore(store, author, child, id, deleted_at);
        }
    }
}

/// Takes a row away for good, out of the recycle bin too.
///
/// # Errors
/// `NOT_FOUND` for a row that does not exist.
pub(crate) fn purge(
    store: &mut Store,
    author: Author,
    object: usize,
    id: SalesforceId,
) -> Result<(), ApiError> {
    if store.table(object).get(id).is_none() {
        return Err(ApiError::new(
            404,
            "NOT_FOUND",
            format!("{} does not exist", id.as_str()),
        ));
    }
    bury(store, author, object, id);
    wipe(store, object, id);
    Ok(())
}

fn wipe(store: &mut Store, object: usize, id: SalesforceId) {
    for (child, field) in cascades(store, object) {
        for id in children(store, child, field, id) {
            wipe(store, child, id);
        }
    }
    store.remove(object, id);
}

/// Objects and reference fields of the children that go with a row.
fn cascades(store: &Store, object: usize) -> Vec<(usize, usize)> {
    let children = store
        .object(object)
        .children
        .iter()
        .filter(|child| child.cascade);
    children
        .filter_map(|child| {
            let object = store.schema.object_index(&child.object)?;
            Some((object, store.object(object).field_index(&child.field)?))
        })
        .collect()
}

fn children(store: &Store, object: usize, field: usize, parent: SalesforceId) -> Vec<SalesforceId> {
    let table = store.table(object);
    table
        .referring(field, parent)
        .iter()
        .filter_map(|position| table.at(*position))
        .map(|row| row.id)
        .collect()
}
