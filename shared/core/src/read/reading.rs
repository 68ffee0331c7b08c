//! The reading of a row at a path: a value, hidden, or not read.

use serde_json::Value;

use super::trace;
use crate::salesforce::{FieldPath, Row, field};

/// The reading of a row at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// The value; null if it is blank, or if there is no parent.
    Value(&'a Value),
    /// A parent on the way is set and cannot be read: it is deleted, or hidden from the integration user.
    Hidden(HiddenParent<'a>),
    /// The path was not read: the org has no such field, or hides it.
    NotRead,
}

/// A parent record that a lookup names and that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenParent<'a> {
    /// The path of the relationship, e.g. `Account` of `Account.Name`.
    pub relationship: &'a str,
    /// The parent's id.
    pub id: &'a str,
}

impl std::fmt::Display for HiddenParent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the record {} that {} names is deleted or hidden from the integration user",
            self.id, self.relationship
        )
    }
}

impl Row {
    /// Returns the reading at a path.
    #[must_use]
    pub fn reading<'a>(&'a self, path: &'a FieldPath) -> Reading<'a> {
        let text = path.as_str();
        let mut map = &self.0;
        let mut start = 0;
        while let Some(length) = text[start..].find('.') {
            let part = &text[start..start + length];
            match field(map, part) {
                None => return Reading::NotRead,
                Some(Value::Object(parent)) => map = parent,
                Some(_) => {
                    let lookup = field(map, &trace::lookup(part)).and_then(Value::as_str);
                    return match lookup.filter(|id| !id.is_empty()) {
                        Some(id) => Reading::Hidden(HiddenParent {
                            relationship: &text[..start + length],
                            id,
                        }),
                        None => Reading::Value(&Value::Null),
                    };
                }
            }
            start += length + 1;
        }
        field(map, &text[start..]).map_or(Reading::NotRead, Reading::Value)
    }
}
