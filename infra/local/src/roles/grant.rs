//! Grants: actions on resources.

use std::collections::{BTreeMap, BTreeSet};

/// An action on a table, an index, a queue or a log group, by the name that it has on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The resource, such as `Log` or `imports-dlq`.
    pub resource: String,
}

impl Grant {
    /// An action on a resource.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
        }
    }

    /// The resource as IAM names it.
    pub(super) fn arn(&self) -> String {
        let place = "us-east-1:000000000000";
        match self.action.split_once(':') {
            Some(("dynamodb", _)) => format!("arn:aws:dynamodb:{place}:table/{}", self.resource),
            Some((service, _)) => format!("arn:aws:{service}:{place}:{}", self.resource),
            None => self.resource.clone(),
        }
    }
}

/// The grants of each function, by its name.
pub type Grants = BTreeMap<String, BTreeSet<Grant>>;
