//! Deal fields: their types, and the values that fit them (behaviour, section 3).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::{Email, Stamp};

/// The type of a Channeltivity field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// A number.
    Number,
    /// An amount of money.
    Currency,
    /// A percentage, 50 for 50 %.
    Percent,
    /// A calendar date without a time zone.
    Date,
    /// An instant.
    #[serde(alias = "date_time")]
    Datetime,
    /// Yes or no.
    Checkbox,
    /// One of a list.
    Picklist,
    /// Some of a list; their order does not matter.
    MultiPicklist,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Url,
}

impl FieldType {
    /// What the type takes, for a sentence.
    #[must_use]
    pub fn takes(self) -> &'static str {
        match self {
            Self::Text | Self::LongText => "text",
            Self::Number => "a number",
            Self::Currency => "an amount",
            Self::Percent => "a percentage",
            Self::Date => "a date such as 2026-01-31",
            Self::Datetime => "a date and time such as 2026-01-31T23:01:01Z",
            Self::Checkbox => "true or false",
            Self::Picklist => "one of its values",
            Self::MultiPicklist => "some of its values, separated by semicolons",
            Self::Email => "an e-mail address",
            Self::Phone => "a telephone number",
            Self::Url => "a web address",
        }
    }
}

/// A field of a Channeltivity record, as the settings declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in mappings and in the API.
    pub name: String,
    /// Its label; derived from the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a record cannot be without it.
    #[serde(default)]
    pub required: bool,
    /// The values of a picklist; any value fits when the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The greatest number of characters of a text; no bound when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
}

impl Field {
    /// The label: as declared, or the name in words (`close_date` reads `Close date`).
    #[must_use]
    pub fn label(&self) -> String {
        self.label.clone().unwrap_or_else(|| {
            let words = self.name.replace('_', " ");
            let mut characters = words.chars();
            characters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(characters).collect()
            })
        })
    }

    /// Fits a JSON value to this field. Blank (null, empty, white space) is [`None`]; 0 and false are values.
    ///
    /// # Errors
    /// When the value is of another type, or not in a picklist's values.
    pub fn fit(&self, value: &Value) -> Result<Option<FieldValue>, Misfit> {
        if is_blank(value) {
            return Ok(None);
        }
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return Err(Misfit::Type),
        };
        let number = || {
            text.parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .ok_or(Misfit::Type)
        };
        let fitted = match self.kind {
            FieldType::Text | FieldType::LongText | FieldType::Phone => FieldValue::Text(text),
            FieldType::Number | FieldType::Currency | FieldType::Percent if value.is_boolean() => {
                return Err(Misfit::Type);
            }
            FieldType::Number | FieldType::Currency | FieldType::Percent => {
                FieldValue::Number(number()?)
            }
            FieldType::Date => FieldValue::Date(parse_date(&text).ok_or(Misfit::Type)?),
            FieldType::Datetime => {
                FieldValue::Datetime(Stamp::parse(&text).map_err(|_| Misfit::Type)?)
            }
            FieldType::Checkbox if text.eq_ignore_ascii_case("true") => FieldValue::Checkbox(true),
            FieldType::Checkbox if text.eq_ignore_ascii_case("false") => {
                FieldValue::Checkbox(false)
            }
            FieldType::Checkbox => return Err(Misfit::Type),
            FieldType::Picklist => FieldValue::Text(self.known(&text)?),
            FieldType::MultiPicklist => {
                let mut choices = text
                    .split(';')
                    .map(str::trim)
                    .filter(|choice| !choice.is_empty())
                    .map(|choice| self.known(choice))
                    .collect::<Result<Vec<_>, _>>()?;
                choices.sort();
                choices.dedup();
                FieldValue::Choices(choices)
            }
            FieldType::Email => FieldValue::Text(
                Email::parse(&text)
                    .map_err(|_| Misfit::Type)?
                    .as_str()
                    .to_owned(),
            ),
            // Salesforce takes addresses without a scheme: only what cannot be one is refused.
            FieldType::Url
                if text.contains(char::is_whitespace) || !text.contains(['.', ':', '/']) =>
            {
                return Err(Misfit::Type);
            }
            FieldType::Url => FieldValue::Text(text),
        };
        match (&fitted, self.max_length) {
            (FieldValue::Text(text), Some(max)) if text.chars().count() > max => {
                Err(Misfit::Length { max })
            }
            _ => Ok(Some(fitted)),
        }
    }

    fn known(&self, value: &str) -> Result<String, Misfit> {
        if self.values.is_empty() || self.values.iter().any(|known| known == value) {
            Ok(value.to_owned())
        } else {
            Err(Misfit::Unknown {
                value: value.to_owned(),
            })
        }
    }
}

/// A date as it is written; of a datetime, its date part as written: no time zone shifts it.
fn parse_date(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(10)?;
    if !rest.is_empty() && Stamp::parse(text).is_err() {
        return None;
    }
    date.parse().ok()
}

/// Null, empty or white space.
#[must_use]
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A value as a sentence shows it: without JSON's quotes, and not endless.
#[must_use]
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    if text.chars().count() > 120 {
        text.chars().take(117).chain("...".chars()).collect()
    } else {
        text
    }
}

/// Why a value does not fit a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It is of another type.
    Type,
    /// It is longer than the field.
    Length {
        /// The field's greatest length in characters.
        max: usize,
    },
    /// It is none of the picklist's values.
    Unknown {
        /// The value that is not in the list.
        value: String,
    },
}

/// A value that fits its field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A checkbox.
    Checkbox(bool),
    /// A number, an amount, a percentage.
    Number(f64),
    /// A date.
    Date(Date),
    /// An instant.
    Datetime(Stamp),
    /// Text, a picklist's choice, an address.
    Text(String),
    /// A multi-picklist's choices, sorted.
    Choices(Vec<String>),
}

/// A whole amount reads `1054`, not `1054.0`.
fn json_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within 2^53, so it is an i64 exactly"
    )]
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

impl FieldValue {
    /// The value as JSON, in the portal's API and store and as Salesforce takes it: a multi-picklist is joined by semicolons.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Checkbox(on) => Value::Bool(*on),
            Self::Number(number) => json_number(*number),
            Self::Date(date) => Value::String(date.to_string()),
            Self::Datetime(at) => Value::String(at.to_string()),
            Self::Text(text) => Value::String(text.clone()),
            Self::Choices(choices) => Value::String(choices.join(";")),
        }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.to_json()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(kind: FieldType) -> Field {
        Field {
            name: "close_date".into(),
            label: None,
            kind,
            required: false,
            values: vec![],
            max_length: None,
        }
    }

    fn fitted(kind: FieldType, value: Value) -> Result<Value, Misfit> {
        field(kind)
            .fit(&value)
            .map(|value| value.map_or(Value::Null, |value| value.to_json()))
    }

    #[test]
    fn blank_is_null_empty_or_white_space_and_zero_and_false_are_values() {
        for blank in [json!(null), json!(""), json!("  \t")] {
            assert_eq!(field(FieldType::Number).fit(&blank), Ok(None));
        }
        assert_eq!(fitted(FieldType::Number, json!(0.0)), Ok(json!(0)));
        assert_eq!(fitted(FieldType::Checkbox, json!(false)), Ok(json!(false)));
    }

    #[test]
    fn numbers_come_as_doubles_or_numeric_text() {
        assert_eq!(fitted(FieldType::Currency, json!(1054.0)), Ok(json!(1054)));
        assert_eq!(
            fitted(FieldType::Currency, json!("1054.25")),
            Ok(json!(1054.25))
        );
        assert_eq!(fitted(FieldType::Percent, json!("ten")), Err(Misfit::Type));
        assert_eq!(fitted(FieldType::Number, json!("NaN")), Err(Misfit::Type));
        assert_eq!(fitted(FieldType::Number, json!(true)), Err(Misfit::Type));
    }

    #[test]
    fn no_time_zone_shifts_a_date() {
        assert_eq!(
            fitted(FieldType::Date, json!("2026-03-01")),
            Ok(json!("2026-03-01"))
        );
        assert_eq!(
            fitted(FieldType::Date, json!("2026-03-01T23:59:59.000+0000")),
            Ok(json!("2026-03-01"))
        );
        assert_eq!(
            fitted(FieldType::Date, json!("2026-03-01T00:30:00.000+1400")),
            Ok(json!("2026-03-01"))
        );
        assert_eq!(
            fitted(FieldType::Date, json!("2026-02-30")),
            Err(Misfit::Type)
        );
        assert_eq!(fitted(FieldType::Date, json!("March")), Err(Misfit::Type));
    }

    #[test]
    fn a_picklist_takes_its_values_and_a_multi_picklist_any_order_of_them() {
        let mut field = field(FieldType::MultiPicklist);
        field.values = vec!["a".into(), "b".into(), "c".into()];

        assert_eq!(field.fit(&json!("c;a")), field.fit(&json!("a; c;a")));
        assert_eq!(
            field.fit(&json!("a;x")),
            Err(Misfit::Unknown { value: "x".into() })
        );
        field.kind = FieldType::Picklist;
        assert_eq!(
            field.fit(&json!("a;c")),
            Err(Misfit::Unknown {
                value: "a;c".into()
            })
        );
    }

    #[test]
    fn text_longer_than_the_field_does_not_fit() {
        let mut field = field(FieldType::Text);
        field.max_length = Some(3);

        assert_eq!(
            field.fit(&json!("äöü")),
            Ok(Some(FieldValue::Text("äöü".into())))
        );
        assert_eq!(field.fit(&json!("äöüß")), Err(Misfit::Length { max: 3 }));
    }

    #[test]
    fn addresses_of_either_kind_are_checked() {
        assert_eq!(
            fitted(FieldType::Email, json!(" Ann@X.example ")),
            Ok(json!("ann@x.example"))
        );
        assert_eq!(fitted(FieldType::Email, json!("ann")), Err(Misfit::Type));
        assert_eq!(
            fitted(FieldType::Url, json!("www.x.example")),
            Ok(json!("www.x.example"))
        );
        assert_eq!(
            fitted(FieldType::Url, json!("no address")),
            Err(Misfit::Type)
        );
    }

    #[test]
    fn a_label_is_the_name_in_words_unless_declared() {
        assert_eq!(field(FieldType::Date).label(), "Close date");
    }
}
