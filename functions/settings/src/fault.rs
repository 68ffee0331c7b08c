//! Faults of Salesforce within an answer that is none.

use dealbridge_core::{fault, salesforce::SalesforceError};
use serde_json::{Value, json};

/// A fault with its code, in the words of the Integration Log.
pub(crate) fn told(error: &SalesforceError) -> Value {
    let finding = fault::finding(error);
    let (message, suggestion) = finding.sentences("the connection");
    json!({ "code": finding.code, "message": message, "suggestion": suggestion })
}
