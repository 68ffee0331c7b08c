//! Rules of an org that refuse and assign rows: conditions in the words of a WHERE.

use std::collections::BTreeMap;

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

/// An Apex trigger that fails on rows of an object that meet a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trigger {
    /// The object.
    pub(crate) object: String,
    /// The rows on which it fails.
    pub(crate) condition: String,
    /// Its name.
    pub(crate) name: String,
    /// The exception that it ends with.
    #[serde(default = "null_pointer")]
    pub(crate) exception: String,
}

fn null_pointer() -> String {
    "System.NullPointerException: Attempt to de-reference a null object".to_owned()
}

/// A combination of values that the platform itself does not take, such as a state that is not of the country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntegrityRule {
    /// The object.
    pub(crate) object: String,
    /// The rows that are wrong.
    pub(crate) condition: String,
    /// The text of the refusal.
    pub(crate) message: String,
    /// The field that it names.
    pub(crate) field: Option<String>,
}

/// Refuses rows that are created through the API and are much like one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateRule {
    /// The object of the rows that are created.
    pub(crate) object: String,
    /// Its name.
    pub(crate) name: String,
    /// Its part where the call says that duplicates may be saved.
    #[serde(default)]
    pub(crate) action: DuplicateAction,
    /// Its words; Salesforce's own without.
    pub(crate) message: Option<String>,
    /// The objects that are looked through.
    pub(crate) matches: Vec<Matching>,
}

/// The part of a duplicate rule where the call says that duplicates may be saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DuplicateAction {
    /// It refuses all the same.
    #[default]
    Block,
    /// It lets them pass.
    Alert,
}

/// The comparison of a row with those of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matching {
    /// The object.
    pub(crate) object: String,
    /// Fields of the row, each with the field that has the same value; all of them must.
    pub(crate) fields: BTreeMap<String, String>,
}
