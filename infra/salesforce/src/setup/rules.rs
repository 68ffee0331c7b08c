//! Validation and assignment rules: conditions on a row about to be written, in the words of a WHERE.

use salesforce_id::SalesforceId;
use serde::{Deserialize, Serialize};

use crate::{
    http::reply::ApiError,
    soql::{
        bind,
        error::SoqlError,
        filter::Filter,
        plan::{Scope, Sight, View},
    },
    store::{Row, Store},
};

/// Refuses rows of an object that meet a condition, with the administrator's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidationRule {
    /// The object.
    pub(crate) object: String,
    /// Which rows are wrong, such as `Amount > 100 AND NextStep = null`.
    pub(crate) condition: String,
    /// What the person who wrote the row reads.
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

/// Binds a rule's condition to its object.
///
/// # Errors
/// What a query with this WHERE would be refused with.
pub(crate) fn condition(store: &Store, object: &str, text: &str) -> Result<Filter, SoqlError> {
    let query = format!("SELECT Id FROM {object} WHERE {text}");
    let plan = bind::plan(system(store), &query)?;
    plan.filter
        .ok_or_else(|| SoqlError::plain("MALFORMED_QUERY", "the condition is empty"))
}

fn system(store: &Store) -> View<'_> {
    View {
        store,
        scope: Scope::All,
        sight: Sight::System,
    }
}

/// Whether a row meets a rule's condition. One that can no longer be bound, met by a changed folder, never holds.
fn holds(store: &Store, object: &str, text: &str, row: &Row) -> bool {
    condition(store, object, text).is_ok_and(|filter| filter.accepts(system(store), row))
}

/// Refuses a row that a validation rule forbids.
///
/// # Errors
/// `FIELD_CUSTOM_VALIDATION_EXCEPTION` with the administrator's words.
pub(crate) fn validate(store: &Store, object: &str, row: &Row) -> Result<(), ApiError> {
    let broken = store
        .setup
        .validation_rules()
        .iter()
        .find(|rule| rule.object == object && holds(store, object, &rule.condition, row));
    match broken {
        None => Ok(()),
        Some(rule) => {
            let code = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
            let fields: Vec<&str> = rule.field.as_deref().into_iter().collect();
            Err(ApiError::new(400, code, &rule.message).about(&fields))
        }
    }
}

/// Whom the assignment rule of an object gives a row to.
pub(crate) fn assigned(store: &Store, object: &str, row: &Row) -> Option<SalesforceId> {
    let rules = store.setup.assignment_rules();
    let rule = rules.iter().find(|rule| rule.object == object)?;
    let entry = rule.entries.iter().find(|entry| {
        let condition = entry.condition.as_deref();
        condition.is_none_or(|condition| holds(store, object, condition, row))
    })?;
    SalesforceId::parse(&entry.owner).ok()
}
