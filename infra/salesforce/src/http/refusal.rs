//! Refused logins, as OAuth words them.

use serde_json::json;

use super::reply::Reply;

/// The body of a refused login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The OAuth error.
    pub(crate) error: &'static str,
    /// Its description.
    pub(crate) description: &'static str,
}

impl Refusal {
    /// `invalid_grant` with a description.
    pub(crate) const fn grant(description: &'static str) -> Self {
        Self {
            error: "invalid_grant",
            description,
        }
    }
}

/// A client id that the org does not know.
pub(crate) const UNKNOWN_CLIENT: Refusal = Refusal {
    error: "invalid_client_id",
    description: "client identifier invalid",
};
/// A wrong client secret.
pub(crate) const WRONG_SECRET: Refusal = Refusal {
    error: "invalid_client",
    description: "invalid client credentials",
};
/// A grant type that the org does not know.
pub(crate) const UNSUPPORTED: Refusal = Refusal {
    error: "unsupported_grant_type",
    description: "grant type not supported",
};

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::json(
            400,
            &json!({ "error": refusal.error, "error_description": refusal.description }),
        )
    }
}
