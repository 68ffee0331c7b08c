//! The rules of an org, as an administrator adds and removes them.

use std::sync::Arc;

use salesforce_id::SalesforceId;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::{
    changes::{named::object, rules::condition},
    engine::Engine,
    http::reply::ApiError,
    setup::rules::{AssignmentRule, DuplicateRule, IntegrityRule, Trigger, ValidationRule},
    store::Store,
};

/// A rule, or the order to forget all rules of its kind.
#[derive(Debug)]
pub(super) enum Order<T> {
    /// `{"reset": true}`
    Reset,
    /// The rule.
    Add(T),
}

/// Reads an order; what is wrong with a rule is said in the rule's terms.
///
/// # Errors
/// A sentence.
pub(super) fn order<T: DeserializeOwned>(body: &Json) -> Result<Order<T>, ApiError> {
    if body.get("reset").is_some() {
        return Ok(Order::Reset);
    }
    T::deserialize(body)
        .map(Order::Add)
        .map_err(|error| ApiError::refused(400, format!("the rule is not right: {error}")))
}

/// Adds a validation rule, or forgets all of them.
pub(super) fn validation(engine: &Engine, order: Order<ValidationRule>) -> Result<Json, ApiError> {
    engine.change(|store| {
        let Order::Add(mut rule) = order else {
            store.set_up(|setup| setup.forget_validation_rules());
            return Ok(json!({}));
        };
        rule.object = spelt(store, &rule.object)?;
        check(store, &rule.object, &rule.condition)?;
        if let Some(field) = &mut rule.field {
            *field = named(store, &rule.object, field)?;
        }
        store.set_up(|setup| setup.add_validation_rule(rule));
        Ok(json!({}))
    })
}

/// Sets the assignment rule of an object, or forgets all of them.
pub(super) fn assignment(engine: &Engine, order: Order<AssignmentRule>) -> Result<Json, ApiError> {
    engine.change(|store| {
        let Order::Add(mut rule) = order else {
            store.set_up(|setup| setup.forget_assignment_rules());
            return Ok(json!({}));
        };
        rule.object = spelt(store, &rule.object)?;
        if rule.object != "Lead" {
            let problem =
                "Salesforce has assignment rules for leads and cases, and this org has no cases";
            return Err(ApiError::refused(400, problem));
        }
        for entry in &rule.entries {
            if let Some(condition) = &entry.condition {
                check(store, &rule.object, condition)?;
            }
            let owner = SalesforceId::parse(&entry.owner).ok();
            if !owner.is_some_and(|owner| ["005", "00G"].contains(&owner.key_prefix())) {
                let problem = format!("{:?} is not the id of a user or a queue", entry.owner);
                return Err(ApiError::refused(400, problem));
            }
        }
        store.set_up(|setup| setup.set_assignment_rule(rule));
        Ok(json!({}))
    })
}

/// Adds a trigger that fails, or forgets all of them.
pub(super) fn trigger(engine: &Engine, order: Order<Trigger>) -> Result<Json, ApiError> {
    engine.change(|store| {
        let added = match order {
            Order::Reset => None,
            Order::Add(mut trigger) => {
                trigger.object = spelt(store, &trigger.object)?;
                check(store, &trigger.object, &trigger.condition)?;
                Some(trigger)
            }
        };
        store.set_up(|setup| setup.set_trigger(added));
        Ok(json!({}))
    })
}

/// Adds a combination of values that is not taken, or forgets all of them.
pub(super) fn integrity(engine: &Engine, order: Order<IntegrityRule>) -> Result<Json, ApiError> {
    engine.change(|store| {
        let added = match order {
            Order::Reset => None,
            Order::Add(mut rule) => {
                rule.object = spelt(store, &rule.object)?;
                check(store, &rule.object, &rule.condition)?;
                if let Some(field) = &mut rule.field {
                    *field = named(store, &rule.object, field)?;
                }
                Some(rule)
            }
        };
        store.set_up(|setup| setup.set_integrity_rule(added));
        Ok(json!({}))
    })
}

/// Adds a duplicate rule, or forgets all of them.
pub(super) fn duplicates(engine: &Engine, order: Order<DuplicateRule>) -> Result<Json, ApiError> {
    engine.change(|store| {
        let added = match order {
            Order::Reset => None,
            Order::Add(mut rule) => {
                rule.object = spelt(store, &rule.object)?;
                for matching in &mut rule.matches {
                    matching.object = spelt(store, &matching.object)?;
                    for (own, other) in &matching.fields {
                        named(store, &rule.object, own)?;
                        named(store, &matching.object, other)?;
                    }
                }
                Some(rule)
            }
        };
        store.set_up(|setup| setup.set_duplicate_rule(added));
        Ok(json!({}))
    })
}

/// The object's name as the schema spells it.
fn spelt(store: &Store, name: &str) -> Result<String, ApiError> {
    let at = object(store, name)?;
    Ok(store.object(at).name.clone())
}

fn named(store: &Store, object_name: &str, field: &str) -> Result<String, ApiError> {
    let schema = Arc::clone(&store.schema);
    let at = object(store, object_name)?;
    let schema = &schema.objects[at];
    match schema.field_index(field) {
        Some(index) => Ok(schema.fields[index].name.clone()),
        None => Err(ApiError::refused(
            400,
            format!("{object_name} has no field {field:?}; give its API name"),
        )),
    }
}

fn check(store: &Store, object: &str, text: &str) -> Result<(), ApiError> {
    match condition(store, object, text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let problem = format!("the condition is not right: {}", error.message.trim());
            Err(ApiError::refused(400, problem))
        }
    }
}
