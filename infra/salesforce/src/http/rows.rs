//! Single rows: `sobjects/<Object>` and below.

use axum::http::Method;
use salesforce_id::SalesforceId;
use serde_json::{Value as Json, json};

use super::{
    call::{Call, Caller},
    describe,
    keys::{self, unknown_key},
    replication::{self, Log},
    reply::{ApiError, Reply},
};
use crate::{
    changes::{self, Author, Body},
    engine::{Engine, http_date, parse_http_date},
    soql::{
        plan::{Scope, Shape, Slot, View},
        write::{ALL_FIT, Record},
    },
    store::{Row, Store},
};

/// Answers a call on `sobjects/…`; `path` is what follows.
pub(crate) fn answer(caller: Caller<'_>, path: &[&str]) -> Reply {
    let Caller { engine, call, .. } = caller;
    let [name, rest @ ..] = path else {
        return describe::list(engine, call);
    };
    let Some(object) = engine.read().readable(name) else {
        return Reply::not_found();
    };
    let method = call.method.as_str();
    match (method, rest) {
        ("GET" | "HEAD", []) => describe::summary(engine, call, object),
        ("GET" | "HEAD", ["describe"]) => describe::object(engine, call, object),
        (_, ["describe"]) => Reply::method_not_allowed(method, "GET,HEAD"),
        ("POST", []) => create(caller, object),
        (_, []) => Reply::method_not_allowed(method, "GET,HEAD,POST"),
        ("GET", ["updated"]) => replication::answer(engine, call, object, Log::Updated),
        ("GET", ["deleted"]) => replication::answer(engine, call, object, Log::Deleted),
        (_, [id]) => by_id(caller, object, id),
        (_, [field, value]) => keys::answer(caller, object, (field, value)),
        _ => Reply::not_found(),
    }
}

fn by_id(caller: Caller<'_>, object: usize, id: &str) -> Reply {
    let Caller { engine, call, user } = caller;
    let Ok(id) = SalesforceId::parse(id) else {
        return unknown_key(id).into();
    };
    match call.method {
        Method::GET | Method::HEAD => read(engine, call, object, id),
        Method::PATCH => match update(caller, object, id) {
            Ok(()) => Reply::empty(204),
            Err(refusal) => refusal,
        },
        Method::DELETE => {
            let deleted = engine.change(|store| {
                let author = Author::api(store, user, call.assignment());
                changes::delete(store, author, object, id)
            });
            deleted.map_or_else(Reply::from, |()| Reply::empty(204))
        }
        _ => Reply::method_not_allowed(call.method.as_str(), "DELETE,GET,HEAD,PATCH"),
    }
}

/// The body as fields.
///
/// # Errors
/// `JSON_PARSER_ERROR`.
pub(crate) fn body(call: &Call) -> Result<Body, Reply> {
    match call.json()? {
        Json::Object(fields) => Ok(fields),
        _ => Err(ApiError::new(
            400,
            "JSON_PARSER_ERROR",
            "The HTTP entity body must be a JSON object",
        )
        .into()),
    }
}

fn create(caller: Caller<'_>, object: usize) -> Reply {
    let Caller { engine, call, user } = caller;
    let fields = match body(call) {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let created = engine.change(|store| {
        let author = Author::api(store, user, call.assignment());
        changes::create(store, author, object, &fields)
    });
    match created {
        Ok(id) => created_reply(
            engine,
            call,
            object,
            id,
            json!({ "id": id.as_str(), "success": true, "errors": [] }),
        ),
        Err(error) => error.into(),
    }
}

/// The answer to a created row.
pub(crate) fn created_reply(
    engine: &Engine,
    call: &Call,
    object: usize,
    id: SalesforceId,
    body: Json,
) -> Reply {
    let name = engine.read().object(object).name.clone();
    let location = format!(
        "/services/data/v{}/sobjects/{name}/{}",
        call.version,
        id.as_str()
    );
    Reply::json(201, &body).with("location", location)
}

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

fn stamp(store: &Store, object: usize, row: &Row) -> i64 {
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

fn changed_since() -> Reply {
    ApiError::new(
        412,
        "PRECONDITION_FAILED",
        "The entity was modified after the date of the If-Unmodified-Since header",
    )
    .into()
}

fn update(caller: Caller<'_>, object: usize, id: SalesforceId) -> Result<(), Reply> {
    let Caller { engine, call, user } = caller;
    let fields = body(call)?;
    if fields.keys().any(|name| name.eq_ignore_ascii_case("Id")) {
        return Err(ApiError::new(
            400,
            "INVALID_FIELD",
            "The Id field should not be specified in the sobject data.",
        )
        .into());
    }
    let unmodified_since = call.header("if-unmodified-since").and_then(parse_http_date);
    engine.change(|store| {
        if let (Some(since), Some(row)) = (unmodified_since, store.live(object, id))
            && stamp(store, object, row) > since
        {
            return Err(changed_since());
        }
        let author = Author::api(store, user, call.assignment());
        changes::update(store, author, object, id, &fields).map_err(Reply::from)
    })
}
