//! `COUNT`, `SUM` and the like, with GROUP BY and HAVING.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::{
    bind::Binder,
    error::SoqlError,
    filter::{self, Test},
    plan::{Path, Plan, View},
    run::order_values,
    tree::{Call, Condition, Item, Operand, Query},
};
use crate::{
    schema::{Field, FieldType, blank_field},
    store::Row,
    value::{Value, Written},
};

/// A function over a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Count,
    CountDistinct,
    Sum,
    Average,
    Least,
    Greatest,
}

impl Function {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "COUNT" => Some(Self::Count),
            "COUNT_DISTINCT" => Some(Self::CountDistinct),
            "SUM" => Some(Self::Sum),
            "AVG" => Some(Self::Average),
            "MIN" => Some(Self::Least),
            "MAX" => Some(Self::Greatest),
            _ => None,
        }
    }
}

/// Where a result's value comes from.
#[derive(Clone, Debug)]
enum Source {
    /// A field by which rows are grouped.
    Key(usize),
    /// A function of the group's rows.
    Function(Function, Option<Path>),
}

/// A condition on groups.
#[derive(Clone, Debug)]
enum Having {
    And(Vec<Having>),
    Or(Vec<Having>),
    Not(Box<Having>),
    Test(Source, Test),
}

/// One member of a group's answer.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The alias, the grouped field, or `expr0`.
    pub(crate) name: String,
    /// What it is: the grouped field, or the function of a field.
    pub(crate) shown: String,
    /// What kind of value it holds.
    pub(crate) kind: FieldType,
    source: Source,
}

impl Column {
    /// Whether it is computed of the group's rows.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self.source, Source::Function(..))
    }
}

/// What a grouped query answers.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    keys: Vec<Path>,
    columns: Vec<Column>,
    having: Option<Having>,
    order: Vec<(Source, bool, bool)>,
}

/// Binds the SELECT list, GROUP BY, HAVING and ORDER BY of a grouped query.
///
/// # Errors
/// As Salesforce for fields that are not grouped.
pub(crate) fn bind(binder: &Binder<'_>, tree: &Query) -> Result<Grouping, SoqlError> {
    let keys: Vec<Path> = tree
        .group_by
        .iter()
        .map(|name| binder.path(name))
        .collect::<Result<_, _>>()?;
    let mut grouping = Grouping {
        keys,
        columns: Vec::new(),
        having: None,
        order: Vec::new(),
    };
    let mut unnamed = 0;
    for item in &tree.select {
        let (operand, alias) = match item {
            Item::Field(name, alias) => (Operand::Field(name.clone()), alias),
            Item::Aggregate(call, alias) => (Operand::Aggregate(call.clone()), alias),
            Item::CountAll(name) | Item::Fields(name) => {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    name.at,
                    "Grouped query can not use COUNT() or FIELDS()",
                );
            }
            Item::Children(query) => {
                return binder.refuse(
                    "MALFORMED_QUERY",
                    query.from.at,
                    "Grouped query can not have a subquery",
                );
            }
        };
        let (source, kind) = grouping.source(binder, &operand)?;
        let name = match (alias, &source) {
            (Some(alias), _) => alias.text.clone(),
            (None, Source::Key(key)) => binder.field(&grouping.keys[*key]).name.clone(),
            (None, Source::Function(..)) => {
                unnamed += 1;
                format!("expr{}", unnamed - 1)
            }
        };
        let shown = match &operand {
            Operand::Field(_) => name.clone(),
            Operand::Aggregate(call) => {
                let of = call.field.as_ref().map_or("", |field| &field.text);
                format!("{}({of})", call.function.text.to_lowercase())
            }
        };
        grouping.columns.push(Column {
            name,
            shown,
            kind,
            source,
        });
    }
    grouping.having = tree
        .having
        .as_ref()
        .map(|having| grouping.having(binder, having))
        .transpose()?;
    for sort in &tree.order_by {
        let (source, _) = grouping.source(binder, &sort.by)?;
        grouping
            .order
            .push((source, sort.descending, sort.nulls_last));
    }
    Ok(grouping)
}

impl Grouping {
    /// The members of each group's answer.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn source(
        &self,
        binder: &Binder<'_>,
        operand: &Operand,
    ) -> Result<(Source, FieldType), SoqlError> {
        match operand {
            Operand::Field(name) => {
                let path = binder.path(name)?;
                let key = self
                    .keys
                    .iter()
                    .position(|key| key.field == path.field && key.hops == path.hops);
                match key {
                    Some(key) => Ok((Source::Key(key), binder.field(&path).kind)),
                    None => binder.refuse(
                        "MALFORMED_QUERY",
                        name.at,
                        &format!(
                            "Field must be grouped or aggregated: {}",
                            binder.field(&path).name
                        ),
                    ),
                }
            }
            Operand::Aggregate(call) => Self::function(binder, call),
        }
    }

    fn function(binder: &Binder<'_>, call: &Call) -> Result<(Source, FieldType), SoqlError> {
        let Some(function) = Function::parse(&call.function.text) else {
            let reason = format!("unexpected token: '{}'", call.function.text);
            return binder.refuse("MALFORMED_QUERY", call.function.at, &reason);
        };
        let path = call
            .field
            .as_ref()
            .map(|name| binder.path(name))
            .transpose()?;
        let kind = path.as_ref().map(|path| binder.field(path).kind);
        let fits = match (function, kind) {
            (Function::Count, _) | (Function::CountDistinct, Some(_)) => true,
            (Function::Sum | Function::Average, Some(kind)) => kind.is_number(),
            (Function::Least | Function::Greatest, Some(kind)) => kind != FieldType::Boolean,
            _ => false,
        };
        if !fits {
            let reason = format!(
                "field does not support aggregate operator {}",
                call.function.text.to_ascii_uppercase()
            );
            return binder.refuse("MALFORMED_QUERY", call.function.at, &reason);
        }
        let result = match (function, kind) {
            (Function::Least | Function::Greatest | Function::Sum, Some(kind)) => kind,
            (Function::Average, _) => FieldType::Double,
            _ => FieldType::Int,
        };
        Ok((Source::Function(function, path), result))
    }

    fn having(&self, binder: &Binder<'_>, condition: &Condition) -> Result<Having, SoqlError> {
        let all = |inner: &[Condition]| {
            inner
                .iter()
                .map(|inner| self.having(binder, inner))
                .collect::<Result<_, _>>()
        };
        match condition {
            Condition::And(inner) => Ok(Having::And(all(inner)?)),
            Condition::Or(inner) => Ok(Having::Or(all(inner)?)),
            Condition::Not(inner) => Ok(Having::Not(Box::new(self.having(binder, inner)?))),
            Condition::Compare(operand, comparison, literal) => {
                let (source, kind) = self.source(binder, operand)?;
                let field: Field = blank_field("expr", "expr", kind);
                let test = filter::test(binder, &field, *comparison, literal)?;
                Ok(Having::Test(source, test))
            }
            Condition::In(operand, _)
            | Condition::InQuery(operand, _)
            | Condition::Includes(operand, _) => binder.refuse(
                "MALFORMED_QUERY",
                operand.at(),
                "HAVING compares with one value at a time",
            ),
        }
    }
}

/// Runs a grouped query: one JSON object per group.
pub(crate) fn run(view: View<'_>, plan: &Plan, grouping: &Grouping, rows: &[usize]) -> Vec<Json> {
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
            .map(|path| format!("{:?}\u{0}", path.value(view, row)).to_lowercase())
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
        Having::Test(source, test) => test.accepts(&value(source)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no group has 2^53 rows")]
fn evaluate(view: View<'_>, grouping: &Grouping, source: &Source, group: &[&Row]) -> Value {
    let (function, path) = match source {
        Source::Key(key) => {
            return group.first().map_or(Value::Null, |row| {
                grouping.keys[*key].value(view, row).clone()
            });
        }
        Source::Function(function, path) => (function, path),
    };
    let Some(path) = path else {
        return Value::Number(group.len() as f64);
    };
    let values: Vec<&Value> = group
        .iter()
        .map(|row| path.value(view, row))
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
