//! Creating and changing rows: one path for REST and for the administration hooks.

mod check;
mod effects;
mod removal;

use std::sync::Arc;

use salesforce_id::SalesforceId;
use serde_json::{Map, Value as Json};

pub(crate) use effects::add_primary_role;
pub(crate) use removal::{delete, purge, undelete};

use crate::{
    http::reply::ApiError,
    rules::{self, Draft, Fields},
    schema::ObjectSchema,
    setup::{self, FieldAccess, Setup},
    store::{Row, Store},
    value::Value,
};

/// The fields of a request's body.
pub(crate) type Body = Map<String, Json>;

/// Who makes a change, and when: all rows that one request touches carry one stamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    /// The user.
    pub(crate) user: SalesforceId,
    /// Seconds since 1970.
    pub(crate) stamp: i64,
    /// Whether rows that are hidden from the API user are there for this one.
    pub(crate) sees_hidden: bool,
    /// Whether assignment rules run.
    pub(crate) assignment: Assignment,
}

/// Whether assignment rules say who owns a row that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// They do: what REST does unless it is told otherwise.
    Active,
    /// They do not.
    Off,
}

impl Author {
    /// The API user at the next moment of the org's clock.
    pub(crate) fn api(store: &mut Store, user: SalesforceId, assignment: Assignment) -> Self {
        Self {
            user,
            stamp: store.time.stamp(),
            sees_hidden: false,
            assignment,
        }
    }

    /// What the author may do with a field.
    fn access(self, setup: &Setup, object: &ObjectSchema, field: &str) -> FieldAccess {
        if self.sees_hidden {
            FieldAccess::Edit
        } else {
            setup.access(object, field)
        }
    }

    /// A person at the next moment of the org's clock, who sees every row.
    pub(crate) fn person(store: &mut Store, user: SalesforceId) -> Self {
        Self {
            user,
            stamp: store.time.stamp(),
            sees_hidden: true,
            assignment: Assignment::Off,
        }
    }
}

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
    let mut draft = Draft::new(schema);
    let setup = Arc::clone(&store.setup);
    let access = |field: &str| author.access(&setup, schema, field);
    for (name, json) in given(body) {
        let index = check::writable(schema, access, name, check::Operation::Create)?;
        draft.values[index] = check::value(store, author, &schema.fields[index], json)?;
    }
    rules::fill_defaults(schema, &mut draft.values, author.user);
    check::required(schema, &draft.values, None)?;
    check::unique(store, object, &draft.values, None)?;
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
    effects::refuse_converted(schema, &before)?;
    let mut row = Row::clone(&before);
    let setup = Arc::clone(&store.setup);
    let access = |field: &str| author.access(&setup, schema, field);
    for (name, json) in given(body) {
        let index = check::writable(schema, access, name, check::Operation::Update)?;
        row.values[index] = check::value(store, author, &schema.fields[index], json)?;
    }
    check::required(schema, &row.values, Some(&before.values))?;
    check::unique(store, object, &row.values, Some(id))?;
    effects::before_update(store, schema, &before, &mut row, body, author)?;
    touch(schema, &mut row, author);
    rules::derive(schema, &mut row.values);
    apply_rules(store, schema, &mut row, author)?;
    store.put(object, row.clone());
    effects::after_update(store, schema, &row, author);
    Ok(())
}

/// The administrator's rules, in Salesforce's order: validation, then assignment.
fn apply_rules(
    store: &Store,
    schema: &ObjectSchema,
    row: &mut Row,
    author: Author,
) -> Result<(), ApiError> {
    setup::rules::validate(store, &schema.name, row)?;
    if author.assignment == Assignment::Active
        && let Some(owner) = setup::rules::assigned(store, &schema.name, row)
    {
        Fields::new(schema, &mut row.values).set("OwnerId", Value::Id(owner));
    }
    Ok(())
}

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

fn not_allowed(schema: &ObjectSchema) -> ApiError {
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

/// Whether rows of the object can be written at all.
pub(crate) fn is_writable(schema: &ObjectSchema) -> bool {
    !matches!(
        schema.name.as_str(),
        "OpportunityStage" | "LeadStatus" | "Organization" | "RecordType" | "Profile" | "UserRole"
    )
}

/// The fields of a body; `attributes` only says what it is.
fn given(body: &Body) -> impl Iterator<Item = (&String, &Json)> {
    body.iter().filter(|(name, _)| *name != "attributes")
}

/// The value a body gives for a field, whatever the case of its name.
fn names(body: &Body, field: &str) -> bool {
    body.keys().any(|name| name.eq_ignore_ascii_case(field))
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
