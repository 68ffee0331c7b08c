//! Receipts: what a write answered, so that its repeat under the same `Idempotency-Key` gets the same answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names one act of one caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptKey {
    /// The caller's subject: keys of two callers never meet.
    pub caller: String,
    /// The caller's own text.
    pub key: String,
}

/// What was asked under a key, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// A digest of the request: the same key with another request is refused.
    pub request: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers, by lower-case name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The answer's body.
    pub body: Value,
}
