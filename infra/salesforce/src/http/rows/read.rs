//! Reading one row, and the fields that are read of it.

use salesforce_id::SalesforceId;

use crate::{
    engine::{Engine, http_date, parse_http_date},
    http::{
        call::Call,
        reply::{ApiError, Reply},
    },
    soql::{
        plan::{Shape, Slot},
        view::{Scope, View},
        write::{ALL_FIT, Record},
    },
    store::{Row, Store},
};

/// A shape with every field of an object that the API user may see.
pub(crate) fn whole(store: &Store, object: usize) -> Shape {
    let view = View::of_api(store, Scope::Live);
    Shape {
        object,
        slots: (0..store.object(object).fields.len())
            .filter(|field| view.shows(object, *field))
            .map(Slot::Field)
            .collect(),
    }
}

/// A shape with the fields a caller lists.
///
/// # Errors
/// `INVALID_FIELD`.
pub(crate) fn listed(store: &Store, object: usize, fields: &[&str]) -> Result<Shape, ApiError> {
    let schema = store.object(object);
    let view = View::of_api(store, Scope::Live);
    let mut slots = Vec::new();
    for name in fields
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
    {
        let index = view.field(object, name).ok_or_else(|| {
            ApiError::new(
                400,
                "INVALID_FIELD",
                format!("No such column '{name}' on sobject of type {}", schema.name),
            )
        })?;
        if !slots
            .iter()
            .any(|slot| matches!(slot, Slot::Field(known) if *known == index))
        {
            slots.push(Slot::Field(index));
        }
    }
    Ok(Shape { object, slots })
}

/// The stamp of a row.
pub(super) fn stamp(store: &Store, object: usize, row: &Row) -> i64 {
    row.values[store.object(object).system.modstamp]
        .as_seconds()
        .unwrap_or_default()
}

/// Answers the read of one row.
pub(crate) fn read(engine: &Engine, call: &Call, object: usize, id: SalesforceId) -> Reply {
    let store = engine.read();
    let Some(row) = store.live(object, id) else {
        return Reply::not_found();
    };
    let stamp = stamp(&store, object, row);
    let date = |name| call.header(name).and_then(parse_http_date);
    if date("if-modified-since").is_some_and(|since| stamp <= since) {
        return Reply::empty(304).with("last-modified", http_date(stamp));
    }
    if date("if-unmodified-since").is_some_and(|since| stamp > since) {
        return changed_since();
    }
    let shape = match call.parameter("fields") {
        Some(fields) => match listed(&store, object, &fields.split(',').collect::<Vec<_>>()) {
            Ok(shape) => shape,
            Err(error) => return error.into(),
        },
        None => whole(&store, object),
    };
    let view = View::of_api(&store, Scope::Live);
    Reply::json(
        200,
        &Record {
            view,
            shape: &shape,
            row,
            version: &call.version,
            more: ALL_FIT,
        },
    )
    .with("last-modified", http_date(stamp))
}

/// The refusal of a condition that the row has changed since.
pub(super) fn changed_since() -> Reply {
    ApiError::new(
        412,
        "PRECONDITION_FAILED",
        "The entity was modified after the date of the If-Unmodified-Since header",
    )
    .into()
}
