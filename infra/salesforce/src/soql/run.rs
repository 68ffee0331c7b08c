//! Runs a bound query: which rows, in which order. Indexes are used where the condition names ids.

mod filter;
mod grouping;
mod order;
mod path;

use std::cmp::Ordering;

use salesforce_id::SalesforceId;

pub(crate) use filter::accepts;
pub(crate) use grouping::groups;
use order::order_values;
use path::value_at;

use super::{
    plan::{Filter, Plan, Shape, Slot, Sort, Test},
    tree::Comparison,
    view::View,
};
use crate::{
    store::{Row, Table},
    value::Value,
};

/// The positions of the rows a query finds, in its order, after OFFSET and LIMIT.
pub(crate) fn positions(view: View<'_>, plan: &Plan) -> Vec<usize> {
    let table = view.store.table(plan.object);
    let id_field = view.store.object(plan.object).system.id;
    let candidates = plan
        .filter
        .as_ref()
        .and_then(|filter| candidates(table, id_field, filter));
    let found = match candidates {
        Some(positions) => keep(view, plan, positions.into_iter()),
        None => keep(view, plan, table.iter().map(|(position, _)| position)),
    };
    cut(plan, sort(view, plan, found))
}

/// The positions of the children of one row.
pub(crate) fn children(
    view: View<'_>,
    plan: &Plan,
    field: usize,
    parent: SalesforceId,
) -> Vec<usize> {
    let table = view.store.table(plan.object);
    let found = keep(view, plan, table.referring(field, parent).iter().copied());
    cut(plan, sort(view, plan, found))
}

fn keep(view: View<'_>, plan: &Plan, candidates: impl Iterator<Item = usize>) -> Vec<usize> {
    let table = view.store.table(plan.object);
    candidates
        .filter(|position| {
            table.at(*position).is_some_and(|row| {
                view.sees(row)
                    && plan
                        .filter
                        .as_ref()
                        .is_none_or(|filter| accepts(view, filter, row))
            })
        })
        .collect()
}

/// Positions among which all rows that meet the condition are, if an index can say so.
fn candidates(table: &Table, id_field: usize, filter: &Filter) -> Option<Vec<usize>> {
    filter.conjuncts().iter().find_map(|conjunct| {
        let Filter::Field(path, test) = conjunct else {
            return None;
        };
        if !path.hops.is_empty() {
            return None;
        }
        let ids: Vec<SalesforceId> = match test {
            Test::Compare(Comparison::Equal, Value::Id(id)) => vec![*id],
            Test::Among(members) if members.is_ids_only() => members.ids.iter().copied().collect(),
            _ => return None,
        };
        let mut positions: Vec<usize> = if path.field == id_field {
            ids.iter().filter_map(|id| table.position(*id)).collect()
        } else if table.is_indexed(path.field) {
            ids.iter()
                .flat_map(|id| table.referring(path.field, *id))
                .copied()
                .collect()
        } else {
            return None;
        };
        positions.sort_unstable();
        Some(positions)
    })
}

fn sort(view: View<'_>, plan: &Plan, found: Vec<usize>) -> Vec<usize> {
    if plan.order.is_empty() {
        return found;
    }
    let table = view.store.table(plan.object);
    // The keys are looked up once: a path may climb through several rows.
    let mut keyed: Vec<(Vec<&Value>, usize)> = found
        .into_iter()
        .filter_map(|position| {
            let row: &Row = table.at(position)?;
            Some((
                plan.order
                    .iter()
                    .map(|sort| value_at(view, &sort.path, row))
                    .collect(),
                position,
            ))
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| {
        plan.order
            .iter()
            .zip(a.iter().zip(b))
            .map(|(sort, (a, b))| compare(sort, a, b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    keyed.into_iter().map(|(_, position)| position).collect()
}

fn compare(sort: &Sort, a: &Value, b: &Value) -> Ordering {
    order_values(a, b, sort.descending, sort.nulls_last)
}

fn cut(plan: &Plan, found: Vec<usize>) -> Vec<usize> {
    found
        .into_iter()
        .skip(plan.offset)
        .take(plan.limit.unwrap_or(usize::MAX))
        .collect()
}

/// Counts the rows of child subqueries that a row brings along, of each at most a page; they count towards the row's page.
pub(crate) fn count_children(view: View<'_>, shape: &Shape, row: &Row, page: usize) -> usize {
    shape
        .slots
        .iter()
        .map(|slot| match slot {
            Slot::Children { field, plan, .. } => {
                children(view, plan, *field, row.id).len().min(page)
            }
            _ => 0,
        })
        .sum()
}
