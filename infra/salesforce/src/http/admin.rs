//! The admin API under `/_org/`: what people do in Salesforce's own screens, and what goes wrong on the way.

mod access;
mod clock;
mod fields;
mod locks;
mod record_types;
mod refresh;
mod rules;

use axum::http::Method;
use salesforce_id::SalesforceId;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, json};

use super::{
    call::Call,
    reply::{ApiError, Reply},
};
use crate::{
    changes::{
        self, Author, conversion, merge,
        named::{object, row},
    },
    engine::{Engine, locked},
    faults::Fault,
    store::{Row, Store},
    value::datetime_text,
};

/// Answers a call on the admin API; `path` is what follows `/_org/`.
pub(crate) fn answer(engine: &Engine, call: &Call, path: &[&str]) -> Reply {
    let [name] = path else { return unknown(path) };
    let is_read = call.method == Method::GET;
    if *name == "fls" && call.method == Method::DELETE {
        let done = access::set(engine, &access::Access::all());
        return done.map_or_else(Reply::from, |body| Reply::json(200, &body));
    }
    if !is_read && call.method != Method::POST {
        return Reply::method_not_allowed(call.method.as_str(), "POST");
    }
    let done = match (*name, is_read) {
        ("stats", true) => Ok(stats(engine)),
        ("now", true) => Ok(json!({ "now": datetime_text(engine.read().now()) })),
        (_, true) => return Reply::method_not_allowed("GET", "POST"),
        ("stats", false) => reset_stats(engine, call),
        ("edit", _) => edit(engine, call),
        ("create", _) => create(engine, call),
        ("delete", _) => on_row(engine, call, changes::delete),
        ("undelete", _) => on_row(engine, call, changes::undelete),
        ("purge", _) => on_row(engine, call, changes::purge),
        ("hide", _) => on_row(engine, call, |store, _, object, id| {
            mark(store, object, id, |row| row.hidden = true)
        }),
        ("unhide", _) => on_row(engine, call, |store, _, object, id| {
            mark(store, object, id, |row| row.hidden = false)
        }),
        ("late", _) => late(engine, call),
        ("tick", _) => tick(engine, call),
        ("clock", _) => parse(call).and_then(|order| clock::set(engine, &order)),
        ("validation", _) => parse(call)
            .and_then(|body: Json| rules::order(&body))
            .and_then(|order| rules::validation(engine, order)),
        ("assignment", _) => parse(call)
            .and_then(|body: Json| rules::order(&body))
            .and_then(|order| rules::assignment(engine, order)),
        ("trigger", _) => parse(call)
            .and_then(|body: Json| rules::order(&body))
            .and_then(|order| rules::trigger(engine, order)),
        ("integrity", _) => parse(call)
            .and_then(|body: Json| rules::order(&body))
            .and_then(|order| rules::integrity(engine, order)),
        ("duplicates", _) => parse(call)
            .and_then(|body: Json| rules::order(&body))
            .and_then(|order| rules::duplicates(engine, order)),
        ("field", _) => parse(call).and_then(|change| fields::set(engine, change)),
        ("recordtype", _) => parse(call).and_then(|order| record_types::add(engine, &order)),
        ("lock", _) => parse(call).and_then(|order| locks::set(engine, &order)),
        ("fls", _) => parse(call).and_then(|order| access::set(engine, &order)),
        ("convert", _) => parse(call).and_then(|order| {
            change(engine, |store, author| {
                conversion::convert(store, author, &order)
            })
        }),
        ("merge", _) => parse(call)
            .and_then(|order| change(engine, |store, author| merge::merge(store, author, &order))),
        ("refresh", _) => parse(call).and_then(|order| refresh::refresh(engine, &order)),
        ("expire", _) => expire(engine, call),
        ("fail", _) => fail(engine, call),
        ("limit", _) => limit(engine, call),
        ("reset", _) => {
            engine.reset();
            Ok(json!({}))
        }
        _ => return unknown(path),
    };
    match done {
        Ok(body) => Reply::json(200, &body),
        Err(problem) => problem.into(),
    }
}

fn unknown(path: &[&str]) -> Reply {
    ApiError::refused(
        404,
        format!("there is no admin call /_org/{}", path.join("/")),
    )
    .into()
}

fn parse<T: DeserializeOwned>(call: &Call) -> Result<T, ApiError> {
    let body = if call.body.iter().all(u8::is_ascii_whitespace) {
        b"{}".as_slice()
    } else {
        &call.body
    };
    let name = call.path.last().map(String::as_str).unwrap_or_default();
    serde_json::from_slice(body).map_err(|error| {
        ApiError::refused(
            400,
            format!("the body of /_org/{name} is not right: {error}"),
        )
    })
}

/// Makes a change as a person who sees everything.
fn change(
    engine: &Engine,
    change: impl FnOnce(&mut Store, Author) -> Result<Json, ApiError>,
) -> Result<Json, ApiError> {
    let person = engine.person;
    engine.change(|store| {
        let author = Author::person(store, person);
        change(store, author)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    object: String,
    id: String,
    fields: Map<String, Json>,
}

fn edit(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Edit = parse(call)?;
    change(engine, |store, author| {
        let object = object(store, &order.object)?;
        let id = row(store, object, &order.id)?;
        changes::update(store, author, object, id, &order.fields)?;
        Ok(done(id, author))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    object: String,
    fields: Map<String, Json>,
}

fn create(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Create = parse(call)?;
    change(engine, |store, author| {
        let object = object(store, &order.object)?;
        let id = changes::create(store, author, object, &order.fields)?;
        Ok(done(id, author))
    })
}

fn done(id: SalesforceId, author: Author) -> Json {
    json!({ "id": id.as_str(), "stamp": datetime_text(author.stamp) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneRow {
    object: String,
    id: String,
}

fn on_row(
    engine: &Engine,
    call: &Call,
    act: impl FnOnce(&mut Store, Author, usize, SalesforceId) -> Result<(), ApiError>,
) -> Result<Json, ApiError> {
    let order: OneRow = parse(call)?;
    change(engine, |store, author| {
        let object = object(store, &order.object)?;
        let id = row(store, object, &order.id)?;
        act(store, author, object, id)?;
        Ok(done(id, author))
    })
}

/// Changes how a row is seen; no stamp moves.
fn mark(
    store: &mut Store,
    object: usize,
    id: SalesforceId,
    mark: impl FnOnce(&mut Row),
) -> Result<(), ApiError> {
    if let Some(row) = store.table(object).get(id) {
        let mut row = Row::clone(row);
        mark(&mut row);
        store.put(object, row);
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Late {
    object: String,
    id: String,
    seconds: u32,
}

/// The row goes out of sight and comes back with its old stamp once the org's clock has moved on.
fn late(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Late = parse(call)?;
    engine.change(|store| {
        let object = object(store, &order.object)?;
        let id = row(store, object, &order.id)?;
        let until = store.now() + i64::from(order.seconds);
        mark(store, object, id, |row| row.late_until = Some(until))?;
        Ok(json!({ "id": id.as_str(), "visibleFrom": datetime_text(until) }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    seconds: u32,
}

fn tick(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Tick = parse(call)?;
    engine.change(|store| {
        store.time.advance(i64::from(order.seconds));
        Ok(json!({ "now": datetime_text(store.now()) }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
struct Expire {
    what: Expired,
    #[serde(default)]
    with_locators: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expired {
    Sessions,
    Locators,
}

fn expire(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Expire = parse(call)?;
    match order.what {
        Expired::Sessions => {
            locked(&engine.sessions).clear();
            if order.with_locators {
                locked(&engine.cursors).orphan();
            }
        }
        Expired::Locators => locked(&engine.cursors).clear(),
    }
    Ok(json!({}))
}

fn fail(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let fault: Fault = parse(call)?;
    if let Some(problem) = fault.problem() {
        return Err(ApiError::refused(
            400,
            format!("the body of /_org/fail is not right: {problem}"),
        ));
    }
    let mut faults = locked(&engine.faults);
    if fault.is_clear() {
        faults.clear();
    } else {
        faults.add(fault);
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
struct Limit {
    remaining: Option<u64>,
    /// The most rows that a query may find before it is given up.
    query_rows: Option<u64>,
    /// The most rows of a page.
    page_rows: Option<usize>,
}

fn limit(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Limit = parse(call)?;
    match order.remaining {
        Some(remaining) => engine.allowance.set(remaining),
        None => engine.allowance.refill(),
    }
    engine
        .allowance
        .set_query_rows(order.query_rows.unwrap_or(u64::MAX));
    engine
        .allowance
        .set_page_rows(order.page_rows.unwrap_or(usize::MAX));
    Ok(json!({}))
}

fn stats(engine: &Engine) -> Json {
    json!(engine.counters.snapshot())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stats {
    #[serde(default)]
    reset: bool,
}

/// Answers with the counts and, if asked, begins again at nothing.
fn reset_stats(engine: &Engine, call: &Call) -> Result<Json, ApiError> {
    let order: Stats = parse(call)?;
    let counts = stats(engine);
    if order.reset {
        engine.counters.clear();
    }
    Ok(counts)
}
