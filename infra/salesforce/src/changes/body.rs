//! The fields of a request's body.

use serde_json::{Map, Value as Json};

/// The fields of a request's body.
pub(crate) type Body = Map<String, Json>;

/// The fields of a body; `attributes` only says what it is.
pub(super) fn given(body: &Body) -> impl Iterator<Item = (&String, &Json)> {
    body.iter().filter(|(name, _)| *name != "attributes")
}

/// Returns whether a body gives a field, whatever the case of its name.
pub(super) fn names(body: &Body, field: &str) -> bool {
    body.keys().any(|name| name.eq_ignore_ascii_case(field))
}
