//! `composite/sobjects`: many rows in one call.

mod outcome;

use axum::http::Method;
use outcome::Outcome;
use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::{
    call::{Call, Caller},
    keys::{self, Upserted},
    reply::{ApiError, Reply},
    rows,
};
use crate::{
    changes::{self, Author, Body},
    engine::Engine,
    soql::{
        view::{Scope, View},
        write::{ALL_FIT, Record},
    },
    store::Store,
};

/// The most rows a write takes.
const MAX_WRITTEN_ROWS: usize = 200;
/// The most rows a read takes.
const MAX_READ_ROWS: usize = 2_000;

/// Answers a call on `composite/sobjects/…`; `path` is what follows.
pub(crate) fn answer(caller: Caller<'_>, path: &[&str]) -> Reply {
    let Caller { engine, call, .. } = caller;
    let method = &call.method;
    match path {
        [] if *method == Method::POST => write(caller, &|store, author, record| {
            create(store, author, record)
        }),
        [] if *method == Method::PATCH => write(caller, &|store, author, record| {
            update(store, author, record)
        }),
        [] if *method == Method::DELETE => delete(caller),
        [] => Reply::method_not_allowed(method.as_str(), "DELETE,PATCH,POST"),
        [object] if *method == Method::GET || *method == Method::POST => {
            retrieve(engine, call, object)
        }
        [object, field] if *method == Method::PATCH => {
            let field = (*field).to_owned();
            let Some(object) = engine.read().readable(object) else {
                return Reply::not_found();
            };
            write(caller, &move |store, author, record| {
                upsert(store, author, object, &field, record)
            })
        }
        _ => Reply::not_found(),
    }
}

fn bad_request(code: &'static str, message: impl Into<String>) -> Reply {
    ApiError::new(400, code, message).into()
}

/// Rows by their ids, in the order asked for; null for those that are not there for the API user.
fn retrieve(engine: &Engine, call: &Call, object: &str) -> Reply {
    let Some(object) = engine.read().readable(object) else {
        return Reply::not_found();
    };
    let (ids, fields) = match lists(call) {
        Ok(lists) => lists,
        Err(refusal) => return refusal,
    };
    if ids.len() > MAX_READ_ROWS {
        return bad_request(
            "EXCEEDED_ID_LIMIT",
            format!(
                "record limit reached. cannot submit more than {MAX_READ_ROWS} records in this call"
            ),
        );
    }
    let store = engine.read();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let shape = match rows::read::listed(&store, object, &fields) {
        Ok(shape) => shape,
        Err(error) => return error.into(),
    };
    let view = View::of_api(&store, Scope::Live);
    let mut records = Vec::with_capacity(ids.len());
    for id in &ids {
        match SalesforceId::parse(id) {
            Ok(id) => records.push(store.live(object, id).map(|row| Record {
                view,
                shape: &shape,
                row,
                version: &call.version,
                more: ALL_FIT,
            })),
            Err(_) => return bad_request("MALFORMED_ID", format!("malformed id {id}")),
        }
    }
    Reply::json(200, &records)
}

fn lists(call: &Call) -> Result<(Vec<String>, Vec<String>), Reply> {
    let (ids, fields) = if call.method == Method::GET {
        let split = |name: &str| -> Vec<String> {
            let text = call.parameter(name).unwrap_or_default();
            text.split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect()
        };
        (split("ids"), split("fields"))
    } else {
        let body = call.json()?;
        let list = |name: &str| -> Vec<String> {
            let items = body
                .get(name)
                .and_then(Json::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        (list("ids"), list("fields"))
    };
    if ids.is_empty() || fields.is_empty() {
        let name = if ids.is_empty() { "ids" } else { "fields" };
        return Err(bad_request(
            "MISSING_ARGUMENT",
            format!("The {name} parameter is required"),
        ));
    }
    Ok((ids, fields))
}

/// Writes one row of a collection.
type WriteOne<'a> = &'a dyn Fn(&mut Store, Author, &Body) -> Result<Outcome, ApiError>;

fn write(caller: Caller<'_>, one: WriteOne<'_>) -> Reply {
    let Caller { call, .. } = caller;
    let body = match rows::write::body(call) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let all_or_none = body
        .get("allOrNone")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let Some(records) = body.get("records").and_then(Json::as_array) else {
        return bad_request("JSON_PARSER_ERROR", "The records list is missing");
    };
    if records.len() > MAX_WRITTEN_ROWS {
        return bad_request(
            "EXCEEDED_ID_LIMIT",
            format!(
                "record limit reached. cannot submit more than {MAX_WRITTEN_ROWS} records in this call"
            ),
        );
    }
    run(
        caller,
        all_or_none.into(),
        records,
        &|store, author, record| match record {
            Json::Object(record) => one(store, author, record),
            _ => Err(
                ApiError::new(400, "JSON_PARSER_ERROR", "each record must be an object").about(&[]),
            ),
        },
    )
}

/// The fate of good rows beside bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    EachAlone,
    AllOrNone,
}

impl From<bool> for Mode {
    fn from(all_or_none: bool) -> Self {
        if all_or_none {
            Self::AllOrNone
        } else {
            Self::EachAlone
        }
    }
}

fn run<T>(
    Caller { engine, call, user }: Caller<'_>,
    mode: Mode,
    items: &[T],
    one: &dyn Fn(&mut Store, Author, &T) -> Result<Outcome, ApiError>,
) -> Reply {
    let outcome: Result<Vec<Outcome>, Vec<Outcome>> = engine.change(|store| {
        let before = store.savepoint();
        let author = Author::api(store, user, call.rules());
        let outcomes: Vec<Outcome> = items
            .iter()
            .map(|item| {
                let savepoint = store.savepoint();
                one(store, author, item).unwrap_or_else(|error| {
                    store.rollback(&savepoint);
                    Outcome::failed(&error)
                })
            })
            .collect();
        let failed = outcomes.iter().filter(|outcome| !outcome.success).count();
        if failed > 0 && mode == Mode::AllOrNone {
            let rolled_back = outcomes
                .into_iter()
                .map(|outcome| {
                    if outcome.success {
                        Outcome::rolled_back()
                    } else {
                        outcome
                    }
                })
                .collect();
            return Err(rolled_back);
        }
        if failed == outcomes.len() {
            // Nothing changed: the clock stands still too.
            store.rollback(&before);
        }
        Ok(outcomes)
    });
    let (Ok(outcomes) | Err(outcomes)) = outcome;
    Reply::json(200, &outcomes)
}

/// The object a record names in its attributes.
fn object_of(store: &Store, record: &Body) -> Result<usize, ApiError> {
    let name = record
        .get("attributes")
        .and_then(|attributes| attributes.get("type")?.as_str())
        .unwrap_or_default();
    store.readable(name).ok_or_else(|| {
        ApiError::new(
            400,
            "INVALID_TYPE",
            format!("sObject type '{name}' is not supported."),
        )
        .about(&[])
    })
}

/// The id a record names, and the rest of it.
fn split_id(record: &Body) -> (Option<String>, Body) {
    let mut rest = record.clone();
    let key = rest
        .keys()
        .find(|key| key.eq_ignore_ascii_case("Id"))
        .cloned();
    let id = key
        .and_then(|key| rest.shift_remove(&key))
        .and_then(|id| id.as_str().map(str::to_owned));
    (id, rest)
}

fn create(store: &mut Store, author: Author, record: &Body) -> Result<Outcome, ApiError> {
    let object = object_of(store, record)?;
    changes::create(store, author, object, record).map(|id| Outcome::done(id, None))
}

fn update(store: &mut Store, author: Author, record: &Body) -> Result<Outcome, ApiError> {
    let object = object_of(store, record)?;
    let (id, rest) = split_id(record);
    let id = id.ok_or_else(|| {
        ApiError::new(
            400,
            "MISSING_ARGUMENT",
            "Id not specified in an update call",
        )
        .about(&[])
    })?;
    let id = SalesforceId::parse(&id).map_err(|_| {
        ApiError::new(400, "MALFORMED_ID", format!("malformed id {id}")).about(&["Id"])
    })?;
    changes::update(store, author, object, id, &rest).map_err(as_reference)?;
    Ok(Outcome::done(id, None))
}

/// A row that is not there is a bad reference in a collection.
fn as_reference(error: ApiError) -> ApiError {
    if error.code == "NOT_FOUND" {
        return ApiError::new(
            400,
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
        )
        .about(&[]);
    }
    error
}

fn upsert(
    store: &mut Store,
    author: Author,
    object: usize,
    field: &str,
    record: &Body,
) -> Result<Outcome, ApiError> {
    let key = record
        .keys()
        .find(|key| key.eq_ignore_ascii_case(field))
        .cloned();
    let mut rest = record.clone();
    let value = key.and_then(|key| rest.shift_remove(&key));
    let value = match &value {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => {
            return Err(
                ApiError::new(400, "MISSING_ARGUMENT", format!("{field} not specified")).about(&[]),
            );
        }
        Some(other) => other.to_string(),
    };
    let done = keys::upsert(store, author, object, (field, &value), &rest).map_err(as_reference)?;
    Ok(match done {
        Upserted::Created(id) => Outcome::done(id, Some(true)),
        Upserted::Updated(id) => Outcome::done(id, Some(false)),
    })
}

fn delete(caller: Caller<'_>) -> Reply {
    let Caller { call, .. } = caller;
    let ids: Vec<&str> = call
        .parameter("ids")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return bad_request("MISSING_ARGUMENT", "The ids parameter is required");
    }
    if ids.len() > MAX_WRITTEN_ROWS {
        return bad_request(
            "EXCEEDED_ID_LIMIT",
            format!(
                "record limit reached. cannot submit more than {MAX_WRITTEN_ROWS} records in this call"
            ),
        );
    }
    let all_or_none = call.parameter("allOrNone") == Some("true");
    run(caller, all_or_none.into(), &ids, &|store, author, id| {
        let id = SalesforceId::parse(id).map_err(|_| {
            ApiError::new(400, "MALFORMED_ID", format!("malformed id {id}")).about(&["Id"])
        })?;
        let object = store
            .schema
            .object_of_prefix(id.key_prefix())
            .ok_or_else(|| {
                ApiError::new(
                    400,
                    "INVALID_CROSS_REFERENCE_KEY",
                    "invalid cross reference id",
                )
                .about(&[])
            })?;
        changes::delete(store, author, object, id).map_err(as_reference)?;
        Ok(Outcome::done(id, None))
    })
}
