//! Single rows: `sobjects/<Object>` and below.

pub(crate) mod read;
pub(crate) mod write;

use axum::http::Method;
use salesforce_id::SalesforceId;

use super::{
    call::Caller,
    describe,
    keys::{self, unknown_key},
    replication::{self, Log},
    reply::Reply,
};
use crate::changes::{self, Author};

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
        ("POST", []) => write::create(caller, object),
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
        Method::GET | Method::HEAD => read::read(engine, call, object, id),
        Method::PATCH => match write::update(caller, object, id) {
            Ok(()) => Reply::empty(204),
            Err(refusal) => refusal,
        },
        Method::DELETE => {
            let deleted = engine.change(|store| {
                let author = Author::api(store, user, call.rules());
                changes::delete(store, author, object, id)
            });
            deleted.map_or_else(Reply::from, |()| Reply::empty(204))
        }
        _ => Reply::method_not_allowed(call.method.as_str(), "DELETE,GET,HEAD,PATCH"),
    }
}
