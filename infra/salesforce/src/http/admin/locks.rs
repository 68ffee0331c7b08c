//! Rows that another transaction holds.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    changes::named::{object, row},
    engine::Engine,
    http::reply::ApiError,
    store::Lock,
};

/// An order to hold a row, or all rows of an object, against the next writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    object: String,
    id: Option<String>,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Holds the row; zero times lets all rows go.
pub(super) fn set(engine: &Engine, order: &Order) -> Result<Json, ApiError> {
    engine.change(|store| {
        if order.times == 0 {
            store.locks.clear();
            return Ok(json!({}));
        }
        let object = object(store, &order.object)?;
        let held = order
            .id
            .as_deref()
            .map(|id| row(store, object, id))
            .transpose()?;
        store.locks.push(Lock {
            object,
            row: held,
            times: order.times,
        });
        Ok(json!({}))
    })
}
