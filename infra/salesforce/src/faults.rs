//! Faults that the admin API orders: the next calls that match are answered wrongly, in half, or not at all.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::http::reply::{ApiError, Reply};

/// A way in which a call goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Another answer; the call does nothing.
    #[default]
    Answer,
    /// The call does its work, and half of the answer arrives.
    Cut,
    /// No answer ever; the call does nothing.
    Hang,
}

/// An order for faults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// A part of the path or query of the calls, as sent or decoded.
    #[serde(rename = "match", default)]
    wanted: String,
    /// The status of the answer.
    #[serde(default)]
    status: Option<u16>,
    /// Its body: JSON, or a text such as a page of HTML.
    #[serde(default)]
    body: Option<Json>,
    /// The number of calls.
    #[serde(default = "once")]
    times: u64,
    /// The matching calls that go well before.
    #[serde(default)]
    skip: u64,
    /// The way in which they go wrong.
    #[serde(default)]
    mode: Mode,
}

fn once() -> u64 {
    1
}

impl Fault {
    /// Returns whether the order is to forget all orders.
    pub(crate) fn is_clear(&self) -> bool {
        self.times == 0
    }

    /// The problem of the order, if there is one.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self.status {
            Some(status) if !(200..=599).contains(&status) => {
                Some("status must be from 200 to 599")
            }
            _ => None,
        }
    }

    /// The answer it orders, if it orders one.
    fn reply(&self) -> Option<Reply> {
        if self.status.is_none() && self.body.is_none() {
            return None;
        }
        let status = self.status.unwrap_or(200);
        Some(match &self.body {
            Some(Json::String(text)) => {
                let kind = if text.trim_start().starts_with('<') {
                    "text/html;charset=UTF-8"
                } else {
                    "application/json;charset=UTF-8"
                };
                let reply = Reply {
                    status,
                    headers: Vec::new(),
                    body: text.clone().into_bytes(),
                };
                reply.with("content-type", kind)
            }
            Some(body) => Reply::json(status, body),
            None => ApiError::new(
                status,
                code(status),
                "An unexpected error occurred. Please include this ErrorId if you contact support",
            )
            .into(),
        })
    }
}

fn code(status: u16) -> &'static str {
    match status {
        401 => "INVALID_SESSION_ID",
        403 => "REQUEST_LIMIT_EXCEEDED",
        404 => "NOT_FOUND",
        503 => "SERVER_UNAVAILABLE",
        _ => "UNKNOWN_EXCEPTION",
    }
}

/// The disturbance of one call.
#[derive(Clone, Debug)]
pub(crate) enum Disturbance {
    /// It gets this answer.
    Answer(Reply),
    /// It gets half of this answer, or of its own.
    Cut(Option<Reply>),
    /// It gets none.
    Hang,
}

/// The orders in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    orders: Vec<Fault>,
}

impl Faults {
    /// Adds an order.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.orders.push(fault);
    }

    /// Forgets all orders.
    pub(crate) fn clear(&mut self) {
        self.orders.clear();
    }

    /// The disturbance of a call on this path and query; uses up one time of the first order that matches.
    pub(crate) fn take(&mut self, target: &str) -> Option<Disturbance> {
        if self.orders.is_empty() {
            return None;
        }
        let plain = percent_decode_str(&target.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned();
        let place = self.orders.iter_mut().position(|order| {
            let is_wanted = target.contains(&order.wanted) || plain.contains(&order.wanted);
            if is_wanted && order.skip > 0 {
                order.skip -= 1;
                return false;
            }
            is_wanted
        })?;
        let order = &mut self.orders[place];
        order.times -= 1;
        let disturbance = match order.mode {
            Mode::Hang => Disturbance::Hang,
            Mode::Cut => Disturbance::Cut(order.reply()),
            Mode::Answer => Disturbance::Answer(order.reply().unwrap_or_else(|| {
                ApiError::new(500, code(500), "An unexpected error occurred").into()
            })),
        };
        if order.times == 0 {
            self.orders.remove(place);
        }
        Some(disturbance)
    }
}
