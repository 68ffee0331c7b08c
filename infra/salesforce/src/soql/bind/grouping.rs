//! Binds `COUNT`, `SUM` and the like, with GROUP BY and HAVING.

use super::{literal::test, names::Binder};
use crate::{
    schema::{Field, FieldType, blank_field},
    soql::{
        error::SoqlError,
        plan::{Column, Function, Grouping, Having, Path, Source},
        tree::{Condition, FunctionCall, Item, Operand, Query},
    },
};

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
        let (source, kind) = source(&grouping.keys, binder, &operand)?;
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
        .map(|condition| having(&grouping.keys, binder, condition))
        .transpose()?;
    for sort in &tree.order_by {
        let (source, _) = source(&grouping.keys, binder, &sort.by)?;
        grouping
            .order
            .push((source, sort.descending, sort.nulls_last));
    }
    Ok(grouping)
}

fn function(name: &str) -> Option<Function> {
    match name.to_ascii_uppercase().as_str() {
        "COUNT" => Some(Function::Count),
        "COUNT_DISTINCT" => Some(Function::CountDistinct),
        "SUM" => Some(Function::Sum),
        "AVG" => Some(Function::Average),
        "MIN" => Some(Function::Least),
        "MAX" => Some(Function::Greatest),
        _ => None,
    }
}

fn source(
    keys: &[Path],
    binder: &Binder<'_>,
    operand: &Operand,
) -> Result<(Source, FieldType), SoqlError> {
    match operand {
        Operand::Field(name) => {
            let path = binder.path(name)?;
            let key = keys
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
        Operand::Aggregate(call) => call_of(binder, call),
    }
}

fn call_of(binder: &Binder<'_>, call: &FunctionCall) -> Result<(Source, FieldType), SoqlError> {
    let Some(function) = function(&call.function.text) else {
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

fn having(keys: &[Path], binder: &Binder<'_>, condition: &Condition) -> Result<Having, SoqlError> {
    let all = |inner: &[Condition]| {
        inner
            .iter()
            .map(|inner| having(keys, binder, inner))
            .collect::<Result<_, _>>()
    };
    match condition {
        Condition::And(inner) => Ok(Having::And(all(inner)?)),
        Condition::Or(inner) => Ok(Having::Or(all(inner)?)),
        Condition::Not(inner) => Ok(Having::Not(Box::new(having(keys, binder, inner)?))),
        Condition::Compare(operand, comparison, literal) => {
            let (source, kind) = source(keys, binder, operand)?;
            let field: Field = blank_field("expr", "expr", kind);
            let test = test(binder, &field, *comparison, literal)?;
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
