//! Binds WHERE: conditions on fields with typed values.

use super::{literal::test, names::Binder, semi_join};
use crate::{
    schema::FieldType,
    soql::{
        error::SoqlError,
        plan::{Filter, Members, Path, Test},
        tree::{Comparison, Condition, LiteralValue, Operand},
    },
    value::Value,
};

/// Binds a condition.
///
/// # Errors
/// `INVALID_FIELD` for unknown or unfilterable fields and values of the wrong type.
pub(crate) fn bind(binder: &Binder<'_>, condition: &Condition) -> Result<Filter, SoqlError> {
    match condition {
        Condition::And(all) => Ok(Filter::And(
            all.iter()
                .map(|inner| bind(binder, inner))
                .collect::<Result<_, _>>()?,
        )),
        Condition::Or(any) => Ok(Filter::Or(
            any.iter()
                .map(|inner| bind(binder, inner))
                .collect::<Result<_, _>>()?,
        )),
        Condition::Not(inner) => Ok(Filter::Not(Box::new(bind(binder, inner)?))),
        Condition::Compare(operand, comparison, literal) => {
            let path = filterable(binder, operand)?;
            let test = test(binder, binder.field(&path), *comparison, literal)?;
            Ok(Filter::Field(path, test))
        }
        Condition::In(operand, literals) => {
            let path = filterable(binder, operand)?;
            let mut members = Members::default();
            for literal in literals {
                match test(binder, binder.field(&path), Comparison::Equal, literal)? {
                    Test::Compare(_, Value::Null) => members.null = true,
                    Test::Compare(_, Value::Id(id)) => {
                        members.ids.insert(id);
                    }
                    Test::Compare(_, Value::Text(text)) => {
                        members.texts.insert(text.to_lowercase());
                    }
                    other => members.others.push(other),
                }
            }
            Ok(Filter::Field(path, Test::Among(members)))
        }
        Condition::InQuery(operand, query) => semi_join::bind(binder, operand, query),
        Condition::Includes(operand, literals) => {
            let path = filterable(binder, operand)?;
            let sets = literals.iter().filter_map(|literal| match &literal.value {
                LiteralValue::Text(text, _) => {
                    Some(text.split(';').map(str::to_lowercase).collect())
                }
                _ => None,
            });
            Ok(Filter::Field(path, Test::Includes(sets.collect())))
        }
    }
}

/// The path of a field that WHERE may name.
///
/// # Errors
/// `INVALID_FIELD` for one that is not there or cannot be filtered by.
pub(super) fn filterable(binder: &Binder<'_>, operand: &Operand) -> Result<Path, SoqlError> {
    let Operand::Field(name) = operand else {
        return binder.refuse(
            "MALFORMED_QUERY",
            operand.at(),
            "Grouped field should not be aggregated in WHERE",
        );
    };
    let path = binder.path(name)?;
    let field = binder.field(&path);
    if !field.filterable || field.kind == FieldType::Address {
        let reason = format!("field '{}' can not be filtered in a query call", field.name);
        return binder.refuse("INVALID_FIELD", name.at, &reason);
    }
    Ok(path)
}
