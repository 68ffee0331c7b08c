//! The failure of a request that got no whole answer.

use std::error::Error;

/// The error of a response that did not come, or not to its end.
#[derive(Debug)]
pub(crate) struct TransportError {
    pub(crate) detail: String,
    /// `true` if Salesforce may have carried the request out.
    pub(crate) may_have_arrived: bool,
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let may_have_arrived = !error.is_connect() && !error.is_builder();
        let detail = if error.is_timeout() {
            "no answer in time".to_owned()
        } else if error.is_body() || error.is_decode() {
            "the answer breaks off".to_owned()
        } else {
            // The innermost cause is the most precise, and never holds the URL with its query.
            let mut cause: &dyn Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            if error.source().is_some() {
                format!("the connection failed: {cause}")
            } else {
                "the connection failed".to_owned()
            }
        };
        Self {
            detail,
            may_have_arrived,
        }
    }
}
