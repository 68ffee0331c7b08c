//! Setting and moving the org's clock.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    clock::OrgClock,
    engine::{Engine, locked},
    http::reply::ApiError,
    value::{datetime_text, parse_datetime},
};

/// An order to the clock; without anything it only says the time.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    now: Option<String>,
    advance: Option<u32>,
    step: Option<u32>,
    #[serde(default)]
    wall: bool,
}

/// Carries out an order; answers with the time after it.
pub(super) fn set(engine: &Engine, order: &Order) -> Result<Json, ApiError> {
    let now = match &order.now {
        Some(text) => Some(parse_datetime(text).ok_or_else(|| {
            let problem = "now must be a date and time such as 2026-01-31T08:00:00Z";
            ApiError::refused(400, problem)
        })?),
        None => None,
    };
    let done = engine.change(|store| {
        if order.wall {
            store.run_by(&OrgClock::wall());
        }
        if let Some(seconds) = order.step {
            store.time.step(seconds);
        }
        if let Some(now) = now {
            store.time.set(now);
        }
        if let Some(seconds) = order.advance {
            store.time.advance(i64::from(seconds));
        }
        Ok(json!({ "now": datetime_text(store.now()) }))
    });
    if order.now.is_some() || order.wall {
        // To set a clock is no time passing: no session ends by it.
        let now = engine.now();
        locked(&engine.sessions).date(now);
    }
    done
}
