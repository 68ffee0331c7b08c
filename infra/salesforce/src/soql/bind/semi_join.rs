//! `Id IN (SELECT …)`: what Salesforce allows of it, and the ids it stands for.

use super::{filter::filterable, inner, names::Binder};
use crate::{
    schema::Field,
    soql::{
        error::SoqlError,
        plan::{Filter, Members, Output, Plan, Slot, Test},
        run,
        tree::{Condition, Operand, Query},
    },
};

/// The most that a WHERE may have.
const MAX_SEMI_JOINS: usize = 2;

const TOO_MANY: &str = "Maximum 2 semi join sub-selects are allowed";
const IN_OR: &str = "Semi join sub-selects are not allowed with the 'OR' operator";
const BELOW: &str = "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.";
const NESTED: &str = "Nesting of semi join sub-selects is not supported";
const SAME_OBJECT: &str = "The inner and outer selects should not be on the same object type";

/// Refuses the semi-joins of a WHERE that Salesforce refuses for where they stand.
///
/// # Errors
/// `MALFORMED_QUERY`.
pub(super) fn check(binder: &Binder<'_>, filter: &Condition) -> Result<(), SoqlError> {
    let mut found = Vec::new();
    collect(filter, ClausePosition::Whole, &mut found);
    for (place, operand) in &found {
        let reason = match place {
            ClausePosition::Whole | ClausePosition::Top => continue,
            ClausePosition::InOr => IN_OR,
            ClausePosition::Below => BELOW,
        };
        return binder.refuse("MALFORMED_QUERY", operand.at(), reason);
    }
    match found.get(MAX_SEMI_JOINS) {
        Some((_, operand)) => binder.refuse("MALFORMED_QUERY", operand.at(), TOO_MANY),
        None => Ok(()),
    }
}

/// The place of a condition in a WHERE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClausePosition {
    /// It is the whole WHERE.
    Whole,
    /// It is one of those that all must hold.
    Top,
    /// One of the alternatives of the whole WHERE.
    InOr,
    /// In brackets, one of several alternatives.
    Below,
}

fn collect<'a>(
    condition: &'a Condition,
    place: ClausePosition,
    found: &mut Vec<(ClausePosition, &'a Operand)>,
) {
    match condition {
        Condition::And(all) => {
            let below = match place {
                ClausePosition::Whole => ClausePosition::Top,
                place => place,
            };
            for inner in all {
                collect(inner, below, found);
            }
        }
        Condition::Or(any) => {
            let below = match place {
                ClausePosition::Whole => ClausePosition::InOr,
                _ => ClausePosition::Below,
            };
            for inner in any {
                collect(inner, below, found);
            }
        }
        Condition::Not(inner) => collect(inner, place, found),
        Condition::InQuery(operand, _) => found.push((place, operand)),
        Condition::Compare(..) | Condition::In(..) | Condition::Includes(..) => {}
    }
}

/// The filter that a semi-join stands for: the inner query runs at once.
///
/// # Errors
/// `MALFORMED_QUERY` for what Salesforce does not join.
pub(super) fn bind(
    binder: &Binder<'_>,
    operand: &Operand,
    query: &Query,
) -> Result<Filter, SoqlError> {
    let refuse = |at: usize, reason: &str| binder.refuse("MALFORMED_QUERY", at, reason);
    let path = filterable(binder, operand)?;
    let left = binder.field(&path);
    if !left.kind.is_id() || !path.hops.is_empty() {
        let reason = format!(
            "The left operand field in the where expression for outer query should be an id field, cannot use: '{}'",
            left.name
        );
        return refuse(operand.at(), &reason);
    }
    if query.filter.as_ref().is_some_and(has_semi_join) {
        return refuse(query.from.at, NESTED);
    }
    let plan: Plan = inner(binder, query)?;
    if plan.object == binder.object {
        return refuse(query.from.at, SAME_OBJECT);
    }
    let schema = binder.schema(plan.object);
    let selected = match &plan.output {
        Output::Rows(shape) => match shape.slots.as_slice() {
            [Slot::Field(field)] => Some(*field),
            _ => None,
        },
        Output::Count | Output::Groups(_) => None,
    };
    let Some(field) = selected.filter(|field| schema.fields[*field].kind.is_id()) else {
        let name = selected.map_or("more than one field", |field| &schema.fields[field].name);
        let reason =
            format!("Semi join sub-selects can only query id fields, cannot use: '{name}'");
        return refuse(query.from.at, &reason);
    };
    let inner = &schema.fields[field];
    if !points_alike(binder, left, inner, plan.object) {
        let reason = format!(
            "The selected field '{}' in the subquery and the left operand field in the where expression in the outer query '{}' should point to the same object type",
            inner.name, left.name
        );
        return refuse(operand.at(), &reason);
    }
    let table = binder.view.store.table(plan.object);
    let ids = run::positions(binder.view, &plan)
        .into_iter()
        .filter_map(|position| table.at(position)?.values[field].as_id())
        .collect();
    Ok(Filter::Field(path, Test::Among(Members::of_ids(ids))))
}

fn has_semi_join(condition: &Condition) -> bool {
    let mut found = Vec::new();
    collect(condition, ClausePosition::Whole, &mut found);
    !found.is_empty()
}

/// Returns whether both fields hold ids of one object; a reference to several objects fits each of them.
fn points_alike(binder: &Binder<'_>, left: &Field, inner: &Field, of: usize) -> bool {
    let targets = |field: &Field, object: usize| {
        if field.references.is_empty() {
            vec![binder.schema(object).name.clone()]
        } else {
            field.references.clone()
        }
    };
    let inner = targets(inner, of);
    targets(left, binder.object)
        .iter()
        .any(|target| inner.contains(target))
}
