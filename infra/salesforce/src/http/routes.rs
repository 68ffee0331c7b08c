//! Which call goes where.

use std::sync::PoisonError;

use axum::http::Method;
use serde_json::{Map, Value as Json, json};

use super::{
    admin, bulk,
    call::{Call, Caller},
    collections, composite, login, page, query,
    reply::{ApiError, Reply},
    rows,
};
use crate::{counters::CallKind, engine::Engine, soql::view::Scope};

/// The API versions served: first and last.
const VERSIONS: (u16, u16) = (31, 68);
/// Winter '27, from which the names of the releases are counted back, three a year.
const LAST_RELEASE: (u16, u16) = (68, 27);

/// Counts a call.
pub(crate) fn count(engine: &Engine, call: &Call) {
    if let Some(kind) = kind(call) {
        engine.counters.count(kind);
    }
}

/// Answers a call that came over the wire.
pub(crate) fn answer(engine: &Engine, mut call: Call) -> Reply {
    count(engine, &call);
    let parts = call.parts();
    match parts.as_slice() {
        ["services", "oauth2", "token"] => login::token(engine, &call),
        ["services", "oauth2", "revoke"] => login::revoke(engine, &call),
        ["services", "oauth2", "userinfo"] | ["id", _, _] => {
            match login::authenticate(engine, &call) {
                Ok(user) => {
                    engine.counters.count(CallKind::Other);
                    login::user_info(engine, user)
                }
                Err(refusal) => refusal,
            }
        }
        ["services", "data"] => versions(),
        ["_org", path @ ..] => {
            let _shared = engine.gate.read().unwrap_or_else(PoisonError::into_inner);
            admin::answer(engine, &call, path)
        }
        ["services", "data", version, ..] => {
            let (version, is_compound) = (check_version(version), is_compound(&parts));
            match version {
                Ok(version) => call.version = version,
                Err(refusal) => return refusal,
            }
            let user = match login::authenticate(engine, &call) {
                Ok(user) => user,
                Err(refusal) => return refusal,
            };
            let allowed = engine.allowance.take();
            let reply = match allowed {
                Err(refusal) => refusal,
                Ok(()) if is_compound => {
                    let _alone = engine.gate.write().unwrap_or_else(PoisonError::into_inner);
                    resource(Caller {
                        engine,
                        call: &call,
                        user,
                    })
                }
                Ok(()) => {
                    let _shared = engine.gate.read().unwrap_or_else(PoisonError::into_inner);
                    resource(Caller {
                        engine,
                        call: &call,
                        user,
                    })
                }
            };
            reply.with("sforce-limit-info", engine.allowance.header())
        }
        ["lightning", "r", _, id, "view"] | ["lightning", "r", id, "view"] | [id]
            if call.method == Method::GET =>
        {
            page::answer(engine, id)
        }
        _ => Reply::not_found(),
    }
}

/// Answers a call on a resource below `/services/data/vXX.0`, from the wire or from a composite request.
pub(crate) fn resource(caller: Caller<'_>) -> Reply {
    let Caller { engine, call, .. } = caller;
    let parts = call.parts();
    let method = &call.method;
    match parts.get(3..).unwrap_or_default() {
        [] => resources(caller),
        ["query"] => query::first_page(engine, call, Scope::Live),
        ["queryAll"] => query::first_page(engine, call, Scope::All),
        ["query" | "queryAll", locator] => query::next_page(engine, call, locator),
        ["sobjects", path @ ..] => rows::answer(caller, path),
        ["composite", "sobjects", path @ ..] => collections::answer(caller, path),
        ["composite"] if method == Method::POST => composite::composite(caller, resource),
        ["composite", "batch"] if method == Method::POST => composite::batch(caller, resource),
        ["composite", "graph"] if method == Method::POST => composite::graph(caller, resource),
        ["composite"] | ["composite", "batch" | "graph"] => {
            Reply::method_not_allowed(method.as_str(), "POST")
        }
        ["limits"] => engine.allowance.answer(),
        ["jobs", path @ ..] => bulk::answer(caller, path),
        _ => Reply::not_found(),
    }
}

/// Returns whether a call runs others inside, which needs the org for itself.
fn is_compound(parts: &[&str]) -> bool {
    matches!(parts.get(3..), Some(["composite"] | ["composite", "graph"]))
}

/// The kind that a call is counted as.
fn kind(call: &Call) -> Option<CallKind> {
    let parts = call.parts();
    let rest = match parts.as_slice() {
        ["services", "oauth2", "token"] => return Some(CallKind::Token),
        ["services", "oauth2", "userinfo"] => return Some(CallKind::Other),
        ["services", "data", _, rest @ ..] => rest,
        // The list of versions asks for no session and costs no call.
        _ => return None,
    };
    let reads = call.method == Method::GET || call.method == Method::HEAD;
    Some(match rest {
        ["query"] => CallKind::Query,
        ["queryAll"] => CallKind::QueryAll,
        ["query" | "queryAll", _] => CallKind::QueryMore,
        ["sobjects"] | ["sobjects", _, "describe"] => CallKind::Describe,
        ["sobjects", _] if reads => CallKind::Describe,
        ["sobjects", ..] if reads => CallKind::Read,
        ["sobjects", ..] => CallKind::Write,
        ["composite", "sobjects", ..] if reads => CallKind::Retrieve,
        ["composite", "sobjects", _] if call.method == Method::POST => CallKind::Retrieve,
        ["composite", "sobjects", ..] => CallKind::Write,
        ["composite", ..] => CallKind::Composite,
        ["limits"] => CallKind::Limits,
        _ => CallKind::Other,
    })
}

fn check_version(text: &str) -> Result<String, Reply> {
    let number = text
        .strip_prefix('v')
        .and_then(|text| text.strip_suffix(".0"))
        .and_then(|number| number.parse::<u16>().ok());
    match number {
        Some(number) if (VERSIONS.0..=VERSIONS.1).contains(&number) => Ok(format!("{number}.0")),
        Some(number) if (1..VERSIONS.0).contains(&number) => {
            Err(ApiError::new(410, "GONE", "This version of the API has been retired.").into())
        }
        _ => Err(Reply::not_found()),
    }
}

fn versions() -> Reply {
    let list: Vec<Json> = (VERSIONS.0..=VERSIONS.1)
        .map(|version| {
            json!({
                "label": release(version),
                "url": format!("/services/data/v{version}.0"),
                "version": format!("{version}.0"),
            })
        })
        .collect();
    Reply::json(200, &list)
}

/// `Winter '27`: the season and year in which a version came out.
fn release(version: u16) -> String {
    let back = LAST_RELEASE.0 - version;
    // Backwards from a winter: summer and spring of the year before, then the winter before them.
    let (season, years) = match back % 3 {
        0 => ("Winter", back / 3),
        1 => ("Summer", back / 3 + 1),
        _ => ("Spring", back / 3 + 1),
    };
    let year = LAST_RELEASE.1 - years;
    // This one label is spelt with a curly quote.
    let quote = if version == 42 { '’' } else { '\'' };
    format!("{season} {quote}{year:02}")
}

fn resources(caller: Caller<'_>) -> Reply {
    let Caller { engine, call, user } = caller;
    let base = format!("/services/data/v{}", call.version);
    let mut resources = Map::new();
    for name in [
        "composite",
        "jobs",
        "limits",
        "query",
        "queryAll",
        "sobjects",
    ] {
        resources.insert(name.to_owned(), json!(format!("{base}/{name}")));
    }
    let identity = format!(
        "{}/id/{}/{}",
        engine.instance_url(),
        engine.organization().as_str(),
        user.as_str()
    );
    resources.insert("identity".to_owned(), json!(identity));
    Reply::json(200, &resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_as_salesforce_names_them() {
        let names: Vec<_> = [31, 42, 60, 66, 67, 68].into_iter().map(release).collect();

        assert_eq!(
            names,
            [
                "Summer '14",
                "Spring ’18",
                "Spring '24",
                "Spring '26",
                "Summer '26",
                "Winter '27"
            ]
        );
    }
}
