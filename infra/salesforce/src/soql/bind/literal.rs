//! Binds literals: the test that compares a field with one.

use salesforce_id::SalesforceId;

use super::names::Binder;
use crate::{
    schema::{Field, FieldType},
    soql::{
        dates,
        error::SoqlError,
        plan::{Test, pattern},
        tree::{Comparison, Literal, LiteralValue},
    },
    value::{Value, day_of, start_of},
};

/// The test that compares a field with a literal.
///
/// # Errors
/// As Salesforce for a literal of the wrong type.
pub(crate) fn test(
    binder: &Binder<'_>,
    field: &Field,
    comparison: Comparison,
    literal: &Literal,
) -> Result<Test, SoqlError> {
    let wrong = |expected: &str| {
        let quotes = if expected == "string" {
            "should be enclosed in quotes"
        } else {
            "should not be enclosed in quotes"
        };
        let reason = format!(
            "value of filter criterion for field '{}' must be of type {expected} and {quotes}",
            field.name
        );
        binder.refuse("INVALID_FIELD", literal.at, &reason)
    };
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let kind = field.kind;
    if comparison == Comparison::Like {
        return match &literal.value {
            LiteralValue::Text(_, like) if kind.is_text() => Ok(Test::Like(pattern(like))),
            LiteralValue::Null => Ok(Test::Never),
            _ if kind.is_text() => wrong("string"),
            _ => binder.refuse(
                "INVALID_FIELD",
                literal.at,
                &format!("invalid operator on {} field", kind.name()),
            ),
        };
    }
    let value = match &literal.value {
        LiteralValue::Null if kind == FieldType::Boolean => Value::Bool(false),
        LiteralValue::Null if is_equality => Value::Null,
        LiteralValue::Null => return Ok(Test::Never),
        LiteralValue::Bool(value) if kind == FieldType::Boolean => Value::Bool(*value),
        LiteralValue::Number(number) if kind.is_number() => Value::Number(*number),
        LiteralValue::Date(date) if kind == FieldType::Date => Value::Date(*date),
        LiteralValue::DateTime(seconds) if kind == FieldType::DateTime => Value::DateTime(*seconds),
        LiteralValue::Named(word, number)
            if matches!(kind, FieldType::Date | FieldType::DateTime) =>
        {
            let (from, to) = dates::range(word, *number, day_of(binder.view.store.now()));
            return Ok(if kind == FieldType::Date {
                Test::Range(comparison, Value::Date(from), Value::Date(to))
            } else {
                Test::Range(
                    comparison,
                    Value::DateTime(start_of(from)),
                    Value::DateTime(start_of(to)),
                )
            });
        }
        LiteralValue::Text(text, _) if kind.is_id() && !text.is_empty() => {
            match SalesforceId::parse(text) {
                Ok(id) => Value::Id(id),
                Err(_) => {
                    let reason = format!("invalid ID field: {text}");
                    return binder.refuse("INVALID_QUERY_FILTER_OPERATOR", literal.at, &reason);
                }
            }
        }
        // The empty text is no value.
        LiteralValue::Text(text, _) if kind.is_text() || kind.is_id() => Value::text(text),
        _ if kind.is_text() || kind.is_id() => return wrong("string"),
        _ => {
            return wrong(match kind {
                FieldType::DateTime => "dateTime",
                other => other.name(),
            });
        }
    };
    Ok(Test::Compare(comparison, value))
}
