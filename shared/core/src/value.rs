//! JSON values as Salesforce and Channeltivity hold them: their form as text, and when two are the same.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;

use crate::{SystemModstamp, decimal::Decimal};

/// The most characters of a value that a sentence shows.
const MAX_SHOWN_CHARACTERS: usize = 200;

/// Returns `true` for null, empty or white space.
#[must_use]
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Returns a value as text: a number in its shortest plain form, a checkbox as `true` or `false`, a text without outer
/// white space. [`None`] for values without a text: null, lists, objects.
///
/// The one place where a value becomes text, so that fields, value maps and sentences agree.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.trim())),
        Value::Bool(on) => Some(Cow::Borrowed(if *on { "true" } else { "false" })),
        Value::Number(number) => Some(Cow::Owned(
            Decimal::of(number).map_or_else(|| number.to_string(), |number| number.to_string()),
        )),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns a value as a sentence shows it: without JSON's quotes, not too long, and with invisible characters named.
#[must_use]
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => text_of(other).unwrap_or_else(|| Cow::Owned(other.to_string())),
    };
    shortened(&text)
}

/// The longest name of a Salesforce record or Account that is kept.
pub const MAX_NAME_CHARACTERS: usize = 255;

/// Cuts the text to that many characters, with a mark if it is longer.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let kept = most.saturating_sub(3);
            text.chars().take(kept).chain("...".chars()).collect()
        }
    }
}

/// Returns a text as a sentence shows it.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_SHOWN_CHARACTERS));
    let mut characters = text.chars();
    for character in characters.by_ref().take(MAX_SHOWN_CHARACTERS) {
        if is_invisible(character) {
            out.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    if characters.next().is_some() {
        out.push_str("...");
    }
    out
}

/// Returns `true` for a character that takes no space on a screen, or that hides in another's: zero-width spaces and
/// joiners, soft hyphens, directional marks, byte order marks, no-break spaces.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00a0}' | '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202f}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns a text as it is compared: composed (NFC), so that `é` equals `e` with an accent of its own.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Returns `true` if two texts are one for a person: outer white space and the encoding of accents do not count.
#[must_use]
pub fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one == other || composed(one) == composed(other)
}

/// Returns `true` if a word of a picklist or a value map stands for a value: the same text, a number of the same value,
/// a checkbox in any case.
#[must_use]
pub fn reads_as(word: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => same_text(word, text),
        Value::Number(number) => {
            Decimal::parse(word.trim()).is_some_and(|word| Decimal::of(number) == Some(word))
        }
        Value::Bool(on) => word.trim().eq_ignore_ascii_case(&on.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Returns `true` if two lists hold the same choices, in any order.
#[must_use]
pub fn same_choices<T: AsRef<str>>(one: &[T], other: &[T]) -> bool {
    let sorted = |choices: &[T]| {
        let mut choices: Vec<String> = choices
            .iter()
            .map(|choice| composed(choice.as_ref()).into_owned())
            .collect();
        choices.sort();
        choices.dedup();
        choices
    };
    sorted(one) == sorted(other)
}

/// Returns the choices of a multi-picklist's value.
pub fn choices(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .map(str::trim)
        .filter(|choice| !choice.is_empty())
}

/// Returns `true` if two values are the same in whatever form Salesforce returns them: numbers by value, also in a
/// text, blank texts as null, instants in either form, choices in any order.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    fn list(text: &str) -> Vec<&str> {
        choices(text).collect()
    }
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            same_choices(&list(one), &list(other))
                || matches!((SystemModstamp::parse(one), SystemModstamp::parse(other)), (Ok(one), Ok(other)) if one == other)
        }
        (Value::Number(one), Value::Number(other)) => {
            match (Decimal::of(one), Decimal::of(other)) {
                (Some(one), Some(other)) => one == other,
                _ => one == other,
            }
        }
        // A number or a checkbox in a text field.
        (Value::String(text), value @ (Value::Number(_) | Value::Bool(_)))
        | (value @ (Value::Number(_) | Value::Bool(_)), Value::String(text)) => {
            reads_as(text, value)
        }
        _ => one == other || (is_blank(one) && is_blank(other)),
    }
}

/// Returns a number in its shortest form; any other value as it is.
#[must_use]
pub fn plain(value: Value) -> Value {
    match &value {
        Value::Number(number) => Decimal::of(number).map_or(value, |number| number.to_json()),
        _ => value,
    }
}

/// Converts a value to the JSON type of the Salesforce field, as the present value shows it: a number or a checkbox
/// goes into a text as it reads, and a text that reads as one goes into a number or a checkbox.
#[must_use]
pub fn in_type_of(value: Value, there: &Value) -> Value {
    match (&value, there) {
        (Value::Number(_) | Value::Bool(_), Value::String(_)) => {
            text_of(&value).map_or(Value::Null, |text| Value::String(text.into_owned()))
        }
        (Value::String(text), Value::Number(_)) => match Decimal::parse(text.trim()) {
            Some(number) => number.to_json(),
            None => value,
        },
        (Value::String(text), Value::Bool(_)) if text.trim().eq_ignore_ascii_case("true") => {
            Value::Bool(true)
        }
        (Value::String(text), Value::Bool(_)) if text.trim().eq_ignore_ascii_case("false") => {
            Value::Bool(false)
        }
        _ => value,
    }
}

/// Converts a value to the other JSON type that can hold it, if Salesforce says that it cannot read the present one:
/// `Cannot deserialize instance of string from VALUE_NUMBER value 25`.
#[must_use]
pub fn in_other_type(value: &Value, refusal: &str) -> Option<Value> {
    match value {
        Value::Number(_) if refusal.contains("from VALUE_NUMBER") => {
            text_of(value).map(|text| Value::String(text.into_owned()))
        }
        Value::Bool(_)
            if refusal.contains("from VALUE_TRUE") || refusal.contains("from VALUE_FALSE") =>
        {
            text_of(value).map(|text| Value::String(text.into_owned()))
        }
        Value::String(text) if refusal.contains("from VALUE_STRING") => {
            Decimal::parse(text.trim()).map(|number| number.to_json())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_the_same_in_whatever_form_salesforce_answers_them() {
        for (one, other) in [
            (json!(5), json!(5.0)),
            (json!(-0.0), json!(0)),
            (json!(null), json!(" ")),
            (json!(" Won"), json!("Won")),
            (json!("12"), json!(12)),
            (json!("12.50"), json!(12.5)),
            (json!("1.6147805824397E13"), json!(16_147_805_824_397_i64)),
            (json!("A;B"), json!("B; A")),
            (json!("Ne\u{301}gociation"), json!("N\u{e9}gociation")),
            (json!("True"), json!(true)),
            (
                json!("2026-05-01T07:25:37Z"),
                json!("2026-05-01T07:25:37.000+0000"),
            ),
        ] {
            assert!(same(&one, &other), "{one} {other}");
            assert!(same(&other, &one), "{other} {one}");
        }
        for (one, other) in [
            (json!(5), json!(5.01)),
            (json!(0.1), json!(0.100_000_000_000_000_02)),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992_i64),
            ),
            (json!(0), json!(null)),
            (json!("a dozen"), json!(12)),
            (json!(false), json!(null)),
            (json!("A"), json!("a")),
            (json!("2026-05-01"), json!("2026-05-02")),
            (json!("yes"), json!(true)),
        ] {
            assert!(!same(&one, &other), "{one} {other}");
        }
    }

    #[test]
    fn a_sentence_shows_values_plainly_and_names_what_cannot_be_seen() {
        assert_eq!(shown(&json!(25.0)), "25");
        assert_eq!(shown(&json!(1.614_780_582_439_7e13)), "16147805824397");
        assert_eq!(shown(&json!(false)), "false");
        assert_eq!(shown(&json!(null)), "");
        assert_eq!(
            shown(&json!("ann\u{200b}@x\u{ad}.example")),
            "ann<U+200B>@x<U+00AD>.example"
        );
        assert_eq!(
            shown(&json!("é".repeat(250))),
            format!("{}...", "é".repeat(200))
        );
    }

    #[test]
    fn a_value_goes_to_salesforce_in_the_type_of_the_field_there() {
        for (value, there, right) in [
            (json!(25), json!("old"), json!("25")),
            (json!(1e20), json!("old"), json!("100000000000000000000")),
            (json!(true), json!("no"), json!("true")),
            (json!("25"), json!(4.0), json!(25)),
            (json!(" 2.50 "), json!(4.0), json!(2.5)),
            (json!("False"), json!(true), json!(false)),
            (json!("many"), json!(4.0), json!("many")),
            (json!(25), json!(null), json!(25)),
            (json!("25"), json!("x"), json!("25")),
            (json!(null), json!("x"), json!(null)),
        ] {
            assert_eq!(in_type_of(value.clone(), &there), right, "{value} {there}");
        }
    }

    #[test]
    fn a_value_that_salesforce_cannot_read_goes_in_its_other_type() {
        let number = "Cannot deserialize instance of string from VALUE_NUMBER value 25 or request may be missing a required field";
        let text = "Cannot deserialize instance of double from VALUE_STRING value 2.50 or request may be missing a required field";

        assert_eq!(in_other_type(&json!(25.0), number), Some(json!("25")));
        assert_eq!(in_other_type(&json!("2.50"), text), Some(json!(2.5)));
        for (value, refusal) in [
            (json!("25"), number),
            (json!(25), text),
            (json!("many"), text),
            (json!(true), text),
            (json!(25), "too small"),
        ] {
            assert_eq!(in_other_type(&value, refusal), None, "{value}");
        }
    }
}
