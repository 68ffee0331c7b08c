//! Creating and changing one row.

use salesforce_id::SalesforceId;
use serde_json::{Value as Json, json};

use super::read::{changed_since, stamp};
use crate::{
    changes::{self, Author, Body},
    engine::{Engine, parse_http_date},
    http::{
        call::{Call, Caller},
        reply::{ApiError, Reply},
    },
};

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

/// Answers the creation of a row.
pub(super) fn create(caller: Caller<'_>, object: usize) -> Reply {
    let Caller { engine, call, user } = caller;
    let fields = match body(call) {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let created = engine.change(|store| {
        let author = Author::api(store, user, call.rules());
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

/// Changes a row.
///
/// # Errors
/// The answer to a call that is refused.
pub(super) fn update(caller: Caller<'_>, object: usize, id: SalesforceId) -> Result<(), Reply> {
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
        let author = Author::api(store, user, call.rules());
        changes::update(store, author, object, id, &fields).map_err(Reply::from)
    })
}
