//! Answers and error bodies.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::soql::error::SoqlError;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// Headers beside those that every answer has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self {
                status,
                headers: Vec::new(),
                body,
            },
            Err(error) => ApiError::new(500, "UNKNOWN_EXCEPTION", error.to_string()).into(),
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same with a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as JSON; null for none.
    pub(crate) fn to_json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns whether the call did what it was asked to.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer to a path that is not there and to a row that is gone or hidden.
    pub(crate) fn not_found() -> Self {
        // The recorded body has its keys in this order.
        Self::json(
            404,
            &json!([{ "errorCode": "NOT_FOUND", "message": "The requested resource does not exist" }]),
        )
    }

    /// The answer to a method that a resource does not know.
    pub(crate) fn method_not_allowed(method: &str, allowed: &str) -> Self {
        ApiError::new(
            405,
            "METHOD_NOT_ALLOWED",
            format!("HTTP Method '{method}' not allowed. Allowed are {allowed}"),
        )
        .into()
    }

    /// The answer to a token that is unknown or has expired.
    pub(crate) fn session_expired() -> Self {
        ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid").into()
    }
}

/// One error with Salesforce's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The status it has outside collections.
    pub(crate) status: u16,
    /// The code.
    pub(crate) code: &'static str,
    /// The text.
    pub(crate) message: String,
    /// The fields it is about; nothing where Salesforce leaves the key out.
    pub(crate) fields: Option<Vec<String>>,
    /// A further key of its body. Boxed, for most errors have none.
    pub(crate) detail: Option<Box<(&'static str, Json)>>,
}

impl ApiError {
    /// An error that names no fields.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: None,
            detail: None,
        }
    }

    /// A refused call on the admin API, in Salesforce's envelope.
    pub(crate) fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "INVALID_ADMIN_CALL", message)
    }

    /// The same about these fields.
    #[must_use]
    pub(crate) fn about(mut self, fields: &[&str]) -> Self {
        self.fields = Some(fields.iter().map(|field| (*field).to_owned()).collect());
        self
    }

    /// The same with a further key of its body.
    #[must_use]
    pub(crate) fn with(mut self, key: &'static str, value: Json) -> Self {
        self.detail = Some(Box::new((key, value)));
        self
    }

    /// As a row of a collection's answer has it.
    pub(crate) fn in_collection(&self) -> Json {
        json!({ "statusCode": self.code, "message": self.message, "fields": self.fields.clone().unwrap_or_default() })
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        let mut body = json!({ "message": error.message, "errorCode": error.code });
        if let Some(fields) = &error.fields {
            body["fields"] = json!(fields);
        }
        if let Some(detail) = error.detail {
            let (key, value) = *detail;
            body[key] = value;
        }
        Self::json(error.status, &[body])
    }
}

impl From<SoqlError> for Reply {
    fn from(error: SoqlError) -> Self {
        ApiError::new(400, error.code, error.message).into()
    }
}
