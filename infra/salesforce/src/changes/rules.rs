//! Asking an administrator's rules about a row that is about to be written.

use salesforce_id::SalesforceId;

use crate::{
    http::reply::ApiError,
    soql::{
        bind,
        error::SoqlError,
        plan::Filter,
        run,
        view::{Scope, Sight, View},
    },
    store::{Row, Store},
};

/// Binds a rule's condition to its object.
///
/// # Errors
/// The refusal of a query with this WHERE.
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

/// Returns whether a row meets a rule's condition. One that can no longer be bound, met by a changed folder, never holds.
fn holds(store: &Store, object: &str, text: &str, row: &Row) -> bool {
    condition(store, object, text).is_ok_and(|filter| run::accepts(system(store), &filter, row))
}

/// Refuses a row that the org's own rules forbid, in Salesforce's order: its integrity, its triggers, its validation.
///
/// # Errors
/// `FIELD_INTEGRITY_EXCEPTION`, `CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY`, `FIELD_CUSTOM_VALIDATION_EXCEPTION`.
pub(crate) fn obey(store: &Store, object: &str, row: &Row) -> Result<(), ApiError> {
    let meets = |of: &str, condition: &str| of == object && holds(store, object, condition, row);
    let mut integrity = store.setup.integrity_rules().iter();
    if let Some(rule) = integrity.find(|rule| meets(&rule.object, &rule.condition)) {
        let fields: Vec<&str> = rule.field.as_deref().into_iter().collect();
        let code = "FIELD_INTEGRITY_EXCEPTION";
        return Err(ApiError::new(400, code, &rule.message).about(&fields));
    }
    let mut triggers = store.setup.triggers().iter();
    if let Some(trigger) = triggers.find(|trigger| meets(&trigger.object, &trigger.condition)) {
        let name = &trigger.name;
        let message = format!(
            "{name}: execution of BeforeInsert\n\ncaused by: {}\n\nTrigger.{name}: line 1, column 1",
            trigger.exception
        );
        let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY";
        return Err(ApiError::new(400, code, message).about(&[]));
    }
    validate(store, object, row)
}

fn validate(store: &Store, object: &str, row: &Row) -> Result<(), ApiError> {
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

/// The user or queue to whom the assignment rule of an object gives a row to.
pub(crate) fn assigned(store: &Store, object: &str, row: &Row) -> Option<SalesforceId> {
    let rules = store.setup.assignment_rules();
    let rule = rules.iter().find(|rule| rule.object == object)?;
    let entry = rule.entries.iter().find(|entry| {
        let condition = entry.condition.as_deref();
        condition.is_none_or(|condition| holds(store, object, condition, row))
    })?;
    SalesforceId::parse(&entry.owner).ok()
}
