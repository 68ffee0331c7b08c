//! What was found about one Opportunity: codes with what their sentences name.

use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    code::{Code, Context, Level},
};

/// One code with its context. The record's label is filled in when the sentence is made, for it is the same for all findings of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code.
    #[serde(rename = "c")]
    pub code: Code,
    /// Field, value and the like.
    #[serde(flatten)]
    pub context: Context,
    /// Raw Salesforce code, ids: for support.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl Finding {
    /// A finding that names nothing beyond the record.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            context: Context::default(),
            details: None,
        }
    }

    /// With the field's label and API name.
    #[must_use]
    pub fn field(mut self, label: &str, api_name: &str) -> Self {
        self.context.field = format!("{label} ({api_name})");
        self
    }

    /// With the value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.context.value = value.into();
        self
    }

    /// With the other party.
    #[must_use]
    pub fn other(mut self, other: impl Into<String>) -> Self {
        self.context.other = other.into();
        self
    }

    /// With details.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// The level of its code.
    #[must_use]
    pub fn level(&self) -> Level {
        self.code.level()
    }

    /// What is wrong and what to do, for the record of that label.
    #[must_use]
    pub fn sentences(&self, record: &str) -> (String, String) {
        let context = Context {
            record: record.to_owned(),
            ..self.context.clone()
        };
        (self.code.message(&context), self.code.suggestion(&context))
    }
}

/// A Salesforce record as sentences name it.
#[must_use]
pub fn label(object: &str, id: SalesforceId, name: &str) -> String {
    if name.is_empty() {
        format!("{object} {id}")
    } else {
        format!("{object} \"{name}\" ({id})")
    }
}
