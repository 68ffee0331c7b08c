//! Receipts: the answers of writes, so that a repeat under the same `Idempotency-Key` gets the same answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key of one act of one caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptKey {
    /// The caller's subject: keys of two callers never meet.
    pub caller: String,
    /// The caller's own text.
    pub key: String,
}

/// A request under a key, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// A digest of the request: another request with the same key is refused.
    pub request: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers, by lower-case name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The answer's body.
    pub body: Value,
}
