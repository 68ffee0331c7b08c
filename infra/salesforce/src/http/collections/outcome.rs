//! The outcome of one row of a collection.

use salesforce_id::SalesforceId;
use serde::Serialize;
use serde_json::Value as Json;

use crate::http::reply::ApiError;

/// The outcome of one row, in the shape and key order of a collection's answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    pub(super) success: bool,
    errors: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<bool>,
}

impl Outcome {
    /// A row that was written.
    pub(super) fn done(id: SalesforceId, created: Option<bool>) -> Self {
        Self {
            id: Some(id.as_str().to_owned()),
            success: true,
            errors: Vec::new(),
            created,
        }
    }

    /// A row that was refused.
    pub(super) fn failed(error: &ApiError) -> Self {
        Self {
            id: None,
            success: false,
            errors: vec![error.in_collection()],
            created: None,
        }
    }

    /// A good row beside a refused one of which all or none are written.
    pub(super) fn rolled_back() -> Self {
        Self::failed(
            &ApiError::new(
                400,
                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "Record rolled back because not all records were valid and the request was using AllOrNone header",
            )
            .about(&[]),
        )
    }
}
