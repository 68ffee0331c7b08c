//! The problems of a member: the field, a code for machines, and a sentence.

use std::fmt;

use serde::Serialize;

/// The code of a wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WrongCode {
    /// The kind of member has no such field.
    UnknownField,
    /// The field is missing.
    Required,
    /// The value has another JSON type.
    WrongType,
    /// The value is none that the field takes.
    InvalidValue,
    /// The value is too long, or has too many parts.
    TooLong,
    /// The value stands twice.
    Duplicate,
    /// The value names what is not there.
    NotFound,
    /// The value names a Group of another kind.
    OtherKind,
    /// The value cannot change while others depend on it.
    InUse,
}

impl WrongCode {
    /// Returns `true` if the form is wrong rather than a value in it.
    #[must_use]
    pub fn is_of_form(self) -> bool {
        matches!(self, Self::UnknownField | Self::Required | Self::WrongType)
    }
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongField {
    /// The field.
    pub field: String,
    /// The code.
    pub code: WrongCode,
    /// The problem and its remedy.
    pub message: String,
}

impl WrongField {
    /// A wrong field.
    pub fn new(field: &str, code: WrongCode, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for WrongField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}
