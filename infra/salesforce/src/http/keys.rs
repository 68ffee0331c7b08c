//! Rows by external id: `sobjects/<Object>/<Field>/<value>`.

use axum::http::Method;
use salesforce_id::SalesforceId;
use serde_json::json;

use super::{
    call::{Call, Caller},
    reply::{ApiError, Reply},
    rows,
};
use crate::{
    changes::{self, Author, Body},
    soql::view::{Scope, View},
    store::Store,
    value::Value,
};

/// The API version from which the answer to an upsert names the row that it changed.
const NAMES_UPDATED: u16 = 46;

/// The answer to a key field that is none, and to an id that is none.
pub(crate) fn unknown_key(name: &str) -> ApiError {
    let message = format!("Provided external ID field does not exist or is not accessible: {name}");
    ApiError::new(404, "NOT_FOUND", message)
}

fn missing() -> ApiError {
    ApiError::new(404, "NOT_FOUND", "The requested resource does not exist")
}

/// A field and the value by which a row is named.
type Key<'a> = (&'a str, &'a str);

/// Finds rows by a field that serves as a key.
///
/// # Errors
/// `NOT_FOUND` for a field that does not.
fn find(
    store: &Store,
    object: usize,
    (field, value): Key<'_>,
) -> Result<Vec<SalesforceId>, ApiError> {
    let schema = store.object(object);
    let view = View::of_api(store, Scope::Live);
    let index = view
        .field(object, field)
        .filter(|index| schema.fields[*index].external_id || schema.fields[*index].name == "Id")
        .ok_or_else(|| unknown_key(field))?;
    let wanted = Value::from_cell(schema.fields[index].kind, value).unwrap_or(Value::Null);
    if let Value::Id(id) = wanted {
        return Ok(store
            .live(object, id)
            .map(|row| row.id)
            .into_iter()
            .collect());
    }
    let rows = store.table(object).iter().map(|(_, row)| row);
    let by_case = schema.fields[index].case_sensitive;
    let is_it = |value: &Value| !wanted.is_null() && value.is_same_key(&wanted, by_case);
    Ok(rows
        .filter(|row| view.sees(row) && is_it(&row.values[index]))
        .map(|row| row.id)
        .collect())
}

/// The effect of an upsert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upserted {
    /// There was no such row.
    Created(SalesforceId),
    /// There was one.
    Updated(SalesforceId),
}

/// Creates a row, or changes the one that has this key.
///
/// # Errors
/// As create and update; `DUPLICATE_EXTERNAL_ID` with several matches.
pub(crate) fn upsert(
    store: &mut Store,
    author: Author,
    object: usize,
    key: Key<'_>,
    fields: &Body,
) -> Result<Upserted, ApiError> {
    let mut found = find(store, object, key)?;
    // An upsert does not reach a converted lead, and its key stays taken.
    let schema = store.object(object);
    let is_converted = |id: &SalesforceId| {
        let row = store.table(object).get(*id);
        row.is_some_and(|row| changes::is_converted(schema, row))
    };
    found.retain(|id| !is_converted(id));
    match found.as_slice() {
        [] if key.0.eq_ignore_ascii_case("Id") => Err(missing()),
        [] => {
            let mut fields = fields.clone();
            fields.insert(key.0.to_owned(), json!(key.1));
            changes::create(store, author, object, &fields).map(Upserted::Created)
        }
        [id] => {
            changes::update(store, author, object, *id, fields).map(|()| Upserted::Updated(*id))
        }
        _ => Err(ApiError::new(
            300,
            "DUPLICATE_EXTERNAL_ID",
            format!(
                "more than one record found for external id field: [{}]",
                key.0
            ),
        )),
    }
}

/// Answers a call on a row named by a key.
pub(crate) fn answer(caller: Caller<'_>, object: usize, key: Key<'_>) -> Reply {
    let Caller { engine, call, user } = caller;
    let found = find(&engine.read(), object, key);
    let found = match found {
        Ok(found) if found.len() > 1 => return several(call, &found),
        Ok(found) => found.first().copied(),
        Err(error) => return error.into(),
    };
    match (&call.method, found) {
        (&Method::GET | &Method::HEAD, Some(id)) => rows::read::read(engine, call, object, id),
        (&Method::DELETE, Some(id)) => {
            let deleted = engine.change(|store| {
                let author = Author::api(store, user, call.rules());
                changes::delete(store, author, object, id)
            });
            deleted.map_or_else(Reply::from, |()| Reply::empty(204))
        }
        (&Method::PATCH, Some(_)) => patch(caller, object, key),
        (&Method::PATCH, None) if call.parameter("updateOnly") != Some("true") => {
            patch(caller, object, key)
        }
        (&Method::GET | &Method::HEAD | &Method::DELETE | &Method::PATCH, None) => {
            Reply::not_found()
        }
        _ => Reply::method_not_allowed(call.method.as_str(), "DELETE,GET,HEAD,PATCH"),
    }
}

/// Several rows have the key: their addresses.
fn several(call: &Call, found: &[SalesforceId]) -> Reply {
    let object = call.path.get(4).map(String::as_str).unwrap_or_default();
    let url = |id: &SalesforceId| {
        format!(
            "/services/data/v{}/sobjects/{object}/{}",
            call.version,
            id.as_str()
        )
    };
    Reply::json(300, &found.iter().map(url).collect::<Vec<_>>())
}

fn patch(caller: Caller<'_>, object: usize, key: Key<'_>) -> Reply {
    let Caller { engine, call, user } = caller;
    let fields = match rows::write::body(call) {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    if fields.keys().any(|name| name.eq_ignore_ascii_case(key.0)) {
        let message = format!(
            "The {} field should not be specified in the sobject data.",
            key.0
        );
        return ApiError::new(400, "INVALID_FIELD", message).into();
    }
    let upserted = engine.change(|store| {
        let author = Author::api(store, user, call.rules());
        upsert(store, author, object, key, &fields)
    });
    let (id, created) = match upserted {
        Ok(Upserted::Created(id)) => (id, true),
        Ok(Upserted::Updated(_)) if call.major_version() < NAMES_UPDATED => {
            return Reply::empty(204);
        }
        Ok(Upserted::Updated(id)) => (id, false),
        Err(error) => return error.into(),
    };
    let body = json!({ "id": id.as_str(), "success": true, "errors": [], "created": created });
    let mut reply = rows::write::created_reply(engine, call, object, id, body);
    reply.status = if created { 201 } else { 200 };
    reply
}
