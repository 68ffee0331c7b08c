//! Validation and assignment rules: conditions in the words of a WHERE.

use serde::{Deserialize, Serialize};

/// Refuses rows of an object that meet a condition, with the administrator's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidationRule {
    /// The object.
    pub(crate) object: String,
    /// Which rows are wrong, such as `Amount > 100 AND NextStep = null`.
    pub(crate) condition: String,
    /// The text that the person who wrote the row reads.
    pub(crate) message: String,
    /// The field beside which they read it; without, at the top of the page.
    pub(crate) field: Option<String>,
}

/// Says who gets the rows of an object that are written through the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignmentRule {
    /// The object; Salesforce has such rules for leads and cases.
    pub(crate) object: String,
    /// Looked at in order; the first that fits gives the row to its owner.
    pub(crate) entries: Vec<AssignmentEntry>,
}

/// One entry of an assignment rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignmentEntry {
    /// Which rows; all of them without one.
    pub(crate) condition: Option<String>,
    /// The user or queue.
    pub(crate) owner: String,
}
