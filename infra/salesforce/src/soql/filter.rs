//! WHERE: conditions bound to fields with typed values, and whether a row meets them.

use std::collections::HashSet;

use salesforce_id::SalesforceId;

use super::{
    bind::Binder,
    dates,
    error::SoqlError,
    plan::{Path, View},
    semi_join,
    tree::{Comparison, Condition, Literal, LiteralValue, Operand},
};
use crate::{
    schema::{Field, FieldType},
    store::Row,
    value::{Value, compare_text, day_of, start_of},
};

/// A condition that can be asked of a row.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A test of one field.
    Field(Path, Test),
}

/// A test of one value.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// A comparison; rows without a value pass only "not equal".
    Compare(Comparison, Value),
    /// A comparison with a range of which the second value is the end.
    Range(Comparison, Value, Value),
    /// One of these.
    Among(Members),
    /// A text with wildcards.
    Like(Vec<Wildcard>),
    /// A multi-select picklist that holds one of these sets.
    Includes(Vec<Vec<String>>),
    /// Nothing passes.
    Never,
}

/// The values of an IN list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// The ids.
    pub(crate) ids: HashSet<SalesforceId>,
    texts: HashSet<String>,
    others: Vec<Test>,
    null: bool,
}

impl Members {
    /// These ids.
    pub(crate) fn of_ids(ids: HashSet<SalesforceId>) -> Self {
        Self {
            ids,
            ..Self::default()
        }
    }

    /// Whether only ids can pass.
    pub(crate) fn is_ids_only(&self) -> bool {
        self.texts.is_empty() && self.others.is_empty() && !self.null
    }
}

/// One element of a LIKE pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wildcard {
    /// `%`
    Any,
    /// `_`
    One,
    /// A character, in lower case.
    Exactly(char),
}

impl Filter {
    /// Whether a row meets the condition.
    pub(crate) fn accepts(&self, view: View<'_>, row: &Row) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.accepts(view, row)),
            Self::Or(any) => any.iter().any(|filter| filter.accepts(view, row)),
            Self::Not(inner) => !inner.accepts(view, row),
            Self::Field(path, test) => test.accepts(path.value(view, row)),
        }
    }

    /// The conditions that all must hold.
    pub(crate) fn conjuncts(&self) -> &[Filter] {
        match self {
            Self::And(all) => all,
            one => std::slice::from_ref(one),
        }
    }
}

impl Test {
    /// Whether a value passes.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Compare(Comparison::Equal, Value::Null) => value.is_null(),
            Self::Compare(Comparison::NotEqual, Value::Null) => !value.is_null(),
            Self::Compare(operator, other) => {
                if value.is_null() {
                    return *operator == Comparison::NotEqual;
                }
                let order = match (value, other) {
                    (Value::Text(a), Value::Text(b))
                        if a.len() == b.len() && a.eq_ignore_ascii_case(b) =>
                    {
                        std::cmp::Ordering::Equal
                    }
                    (Value::Text(a), Value::Text(b)) => compare_text(a, b),
                    _ => value.order(other),
                };
                match operator {
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                    Comparison::Like => false,
                }
            }
            Self::Range(operator, from, to) => {
                if value.is_null() {
                    return *operator == Comparison::NotEqual;
                }
                let (from, to) = (value.order(from), value.order(to));
                match operator {
                    Comparison::Equal => from.is_ge() && to.is_lt(),
                    Comparison::NotEqual => from.is_lt() || to.is_ge(),
                    Comparison::Less => from.is_lt(),
                    Comparison::LessOrEqual => to.is_lt(),
                    Comparison::Greater => to.is_ge(),
                    Comparison::GreaterOrEqual => from.is_ge(),
                    Comparison::Like => false,
                }
            }
            Self::Among(members) => match value {
                Value::Null => members.null,
                Value::Id(id) => members.ids.contains(id),
                Value::Text(text) => members.texts.contains(&text.to_lowercase()),
                other => members.others.iter().any(|test| test.accepts(other)),
            },
            Self::Like(pattern) => value.as_text().is_some_and(|text| matches(pattern, text)),
            Self::Includes(sets) => value.as_text().is_some_and(|text| {
                let held: Vec<String> = text.split(';').map(str::to_lowercase).collect();
                sets.iter()
                    .any(|set| set.iter().all(|wanted| held.contains(wanted)))
            }),
            Self::Never => false,
        }
    }
}

/// Whether a text fits a pattern, without regard to case.
fn matches(pattern: &[Wildcard], text: &str) -> bool {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when a later character does not fit: after the last `%`.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some(Wildcard::Any) => {
                p += 1;
                retry = Some((p, t));
                continue;
            }
            Some(Wildcard::One) if t < text.len() => {
                p += 1;
                t += 1;
                continue;
            }
            Some(Wildcard::Exactly(c)) if text.get(t) == Some(c) => {
                p += 1;
                t += 1;
                continue;
            }
            None if t == text.len() => return true,
            _ => {}
        }
        match retry {
            Some((after, from)) if from < text.len() => {
                retry = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

fn pattern(like: &str) -> Vec<Wildcard> {
    let mut pattern = Vec::new();
    let mut chars = like.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => pattern.push(Wildcard::Any),
            '_' => pattern.push(Wildcard::One),
            '\\' => pattern.extend(
                chars
                    .next()
                    .into_iter()
                    .flat_map(char::to_lowercase)
                    .map(Wildcard::Exactly),
            ),
            c => pattern.extend(c.to_lowercase().map(Wildcard::Exactly)),
        }
    }
    pattern
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_both_wildcards_their_escapes_and_no_case() {
        let cases = [
            ("acme%", "ACME Corp", true),
            ("%corp", "Acme Corp", true),
            ("%m%c%", "Acme Corp", true),
            ("a_me", "Acme", true),
            ("a_me", "Ame", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("", "x", false),
            ("%", "", true),
            ("ÄCME%", "äcme gmbh", true),
        ];

        for (like, text, expected) in cases {
            assert_eq!(matches(&pattern(like), text), expected, "{like} on {text}");
        }
    }
}
