//! The notations of the form: value maps, a line each, and fixed values.

use serde_json::{Map, Value};

/// A value map as lines: `Closed Won = Won`. A side that could be misread is written as a JSON string.
pub(super) fn of_map(pairs: &Map<String, Value>) -> String {
    let lines = pairs
        .iter()
        .map(|(from, to)| format!("{} = {}", side(from), side(to.as_str().unwrap_or_default())));
    lines.collect::<Vec<_>>().join("\n")
}

fn side(text: &str) -> String {
    let is_plain = text.trim() == text
        && !text.is_empty()
        && !text.contains(['=', '\n', '\r'])
        && !text.starts_with('"');
    if is_plain {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// Reads a value map.
///
/// # Errors
/// Returns which line cannot be read.
pub(super) fn map(text: &str) -> Result<Map<String, Value>, String> {
    let mut pairs = Map::new();
    let lines = text.lines().enumerate();
    for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |why: &str| format!("line {}: {why}", at + 1);
        let (from, rest) = read(line.trim(), '=')
            .ok_or_else(|| wrong("write Salesforce's value, an equals sign, and Channeltivity's value, such as Closed Won = Won"))?;
        let to = read(rest.trim(), '\n').map_or(String::new(), |(to, _)| to);
        if pairs.insert(from.clone(), to.into()).is_some() {
            return Err(wrong(&format!("{from:?} is mapped twice: keep one line")));
        }
    }
    Ok(pairs)
}

/// Reads a text up to a sign, or a JSON string before it.
fn read(text: &str, until: char) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
        if let Some(Ok(string)) = strings.next() {
            let rest = text[strings.byte_offset()..].trim_start();
            let rest = rest.strip_prefix(until).or(rest.is_empty().then_some(""));
            return rest.map(|rest| (string, rest));
        }
    }
    match text.split_once(until) {
        Some((from, rest)) => Some((from.trim().to_owned(), rest)),
        None if until == '\n' => Some((text.to_owned(), "")),
        None => None,
    }
}

/// A fixed value: a number, `true` and `false` are what they look like, anything else is a text.
pub(super) fn scalar(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::String(_))) => value,
        _ => text.into(),
    }
}

/// A fixed text, in quotation marks if it looks like something else.
pub(super) fn of_text(text: &str) -> String {
    if scalar(text) == *text && text.trim() == text {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_map_reads_back_whatever_its_values_are() {
        for pairs in [
            json!({ "Closed Won": "Won", "Closed Lost": "Lost" }),
            json!({ "a = b": "c=d", " x": "y ", "\"q\"": "", "2": "two\nlines" }),
        ] {
            let Value::Object(pairs) = pairs else {
                unreachable!()
            };
            let text = of_map(&pairs);

            assert_eq!(map(&text), Ok(pairs), "{text}");
        }
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        assert!(map("a = b\nnothing").unwrap_err().starts_with("line 2"));
        assert!(
            map("a = b\n\na = c")
                .unwrap_err()
                .contains("line 3: \"a\" is mapped twice")
        );
    }

    #[test]
    fn a_fixed_value_is_what_it_looks_like_and_reads_back() {
        for (text, value) in [
            ("Partner", json!("Partner")),
            ("12", json!(12)),
            ("true", json!(true)),
            ("\"12\"", json!("12")),
        ] {
            assert_eq!(scalar(text), value);
        }
        for text in ["12", "true", "Partner", " x", "\"q\"", "null"] {
            assert_eq!(scalar(&of_text(text)), json!(text));
        }
    }
}
