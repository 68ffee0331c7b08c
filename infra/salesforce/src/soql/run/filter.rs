//! Asking conditions of rows.

use super::path::value_at;
use crate::{
    soql::{
        plan::{Filter, Test, Wildcard},
        tree::Comparison,
        view::View,
    },
    store::Row,
    value::{Value, compare_text},
};

/// Returns whether a row meets the condition.
pub(crate) fn accepts(view: View<'_>, filter: &Filter, row: &Row) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|filter| accepts(view, filter, row)),
        Filter::Or(any) => any.iter().any(|filter| accepts(view, filter, row)),
        Filter::Not(inner) => !accepts(view, inner, row),
        Filter::Field(path, test) => passes(test, value_at(view, path, row)),
    }
}

/// Returns whether a value passes.
pub(crate) fn passes(test: &Test, value: &Value) -> bool {
    match test {
        Test::Compare(Comparison::Equal, Value::Null) => value.is_null(),
        Test::Compare(Comparison::NotEqual, Value::Null) => !value.is_null(),
        Test::Compare(operator, other) => {
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
        Test::Range(operator, from, to) => {
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
        Test::Among(members) => match value {
            Value::Null => members.null,
            Value::Id(id) => members.ids.contains(id),
            Value::Text(text) => members.texts.contains(&text.to_lowercase()),
            other => members.others.iter().any(|test| passes(test, other)),
        },
        Test::Like(pattern) => value.as_text().is_some_and(|text| matches(pattern, text)),
        Test::Includes(sets) => value.as_text().is_some_and(|text| {
            let held: Vec<String> = text.split(';').map(str::to_lowercase).collect();
            sets.iter()
                .any(|set| set.iter().all(|wanted| held.contains(wanted)))
        }),
        Test::Never => false,
    }
}

/// Returns whether a text fits a pattern, without regard to case.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soql::plan::pattern;

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
