//! Grouping the rows of a query and computing what is asked of each group.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::{filter::passes, order::order_values, path::value_at};
use crate::{
    soql::{
        plan::{Function, Grouping, Having, Plan, Source},
        view::View,
    },
    store::Row,
    value::{Value, Written},
};

/// Runs a grouped query: one JSON object per group.
pub(crate) fn groups(
    view: View<'_>,
    plan: &Plan,
    grouping: &Grouping,
    rows: &[usize],
) -> Vec<Json> {
    let table = view.store.table(plan.object);
    let mut order: Vec<Vec<&Row>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    if grouping.keys.is_empty() {
        order.push(Vec::new());
        places.insert(String::new(), 0);
    }
    for row in rows.iter().filter_map(|position| table.at(*position)) {
        let key: String = grouping
            .keys
            .iter()
            .map(|path| format!("{:?}\u{0}", value_at(view, path, row)).to_lowercase())
            .collect();
        let place = *places.entry(key).or_insert_with(|| {
            order.push(Vec::new());
            order.len() - 1
        });
        order[place].push(row);
    }
    let value = |source: &Source, group: &[&Row]| evaluate(view, grouping, source, group);
    order.retain(|group| {
        grouping
            .having
            .as_ref()
            .is_none_or(|having| holds(having, &|source| value(source, group)))
    });
    order.sort_by(|a, b| {
        grouping
            .order
            .iter()
            .map(|(source, descending, nulls_last)| {
                order_values(
                    &value(source, a),
                    &value(source, b),
                    *descending,
                    *nulls_last,
                )
            })
            .find(|found| found.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    order
        .iter()
        .skip(plan.offset)
        .take(plan.limit.unwrap_or(usize::MAX))
        .map(|group| {
            let mut row = Map::new();
            row.insert(
                "attributes".to_owned(),
                json!({ "type": "AggregateResult" }),
            );
            for column in &grouping.columns {
                let found = value(&column.source, group);
                let written = serde_json::to_value(Written(&found, column.kind));
                row.insert(column.name.clone(), written.unwrap_or_default());
            }
            Json::Object(row)
        })
        .collect()
}

fn holds(having: &Having, value: &dyn Fn(&Source) -> Value) -> bool {
    match having {
        Having::And(all) => all.iter().all(|inner| holds(inner, value)),
        Having::Or(any) => any.iter().any(|inner| holds(inner, value)),
        Having::Not(inner) => !holds(inner, value),
        Having::Test(source, test) => passes(test, &value(source)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no group has 2^53 rows")]
fn evaluate(view: View<'_>, grouping: &Grouping, source: &Source, group: &[&Row]) -> Value {
    let (function, path) = match source {
        Source::Key(key) => {
            return group.first().map_or(Value::Null, |row| {
                value_at(view, &grouping.keys[*key], row).clone()
            });
        }
        Source::Function(function, path) => (function, path),
    };
    let Some(path) = path else {
        return Value::Number(group.len() as f64);
    };
    let values: Vec<&Value> = group
        .iter()
        .map(|row| value_at(view, path, row))
        .filter(|value| !value.is_null())
        .collect();
    let sum = || {
        values
            .iter()
            .map(|value| {
                if let Value::Number(number) = value {
                    *number
                } else {
                    0.0
                }
            })
            .sum::<f64>()
    };
    match function {
        Function::Count => Value::Number(values.len() as f64),
        Function::CountDistinct => {
            let different: std::collections::HashSet<String> = values
                .iter()
                .map(|value| format!("{value:?}").to_lowercase())
                .collect();
            Value::Number(different.len() as f64)
        }
        Function::Sum if values.is_empty() => Value::Null,
        Function::Sum => Value::Number(sum()),
        Function::Average if values.is_empty() => Value::Null,
        Function::Average => Value::Number(sum() / values.len() as f64),
        Function::Least => values
            .into_iter()
            .min_by(|a, b| a.order(b))
            .cloned()
            .unwrap_or(Value::Null),
        Function::Greatest => values
            .into_iter()
            .max_by(|a, b| a.order(b))
            .cloned()
            .unwrap_or(Value::Null),
    }
}
