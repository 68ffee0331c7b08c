//! Deal fields: their types, and the values that fit them.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Email, SystemModstamp,
    decimal::Decimal,
    value::{choices, reads_as, same_choices, same_text, text_of},
};

pub use crate::value::{is_blank, shown};

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
    /// An email address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Url,
}

impl FieldType {
    /// Returns the maximum length in characters if the field declares none: no value of a Salesforce field of this kind
    /// is longer. A long text area has at most 131,072 characters, a multi-select picklist 4,099.
    #[must_use]
    pub fn longest(self) -> usize {
        match self {
            Self::LongText => 131_072,
            Self::Text => 32_000,
            _ => 4_099,
        }
    }

    /// Returns the values that the type takes, in words for a sentence.
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
            Self::Email => "an email address",
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
    /// `true` if a record must have a value here.
    #[serde(default)]
    pub required: bool,
    /// The values of a picklist; any value fits when the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The maximum length of a text in characters; the type's when absent ([`FieldType::longest`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
}

impl Field {
    /// Returns the label: as declared, or the name in words (`close_date` reads `Close date`).
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
    /// Returns a [`Misfit`] if the value is of another type, or not in a picklist's values.
    pub fn fit(&self, value: &Value) -> Result<Option<FieldValue>, Misfit> {
        if is_blank(value) {
            return Ok(None);
        }
        let text = text_of(value).ok_or(Misfit::Type)?.into_owned();
        let number = || Decimal::parse(&text).ok_or(Misfit::Type);
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
                FieldValue::Datetime(SystemModstamp::parse(&text).map_err(|_| Misfit::Type)?)
            }
            FieldType::Checkbox if text.eq_ignore_ascii_case("true") => FieldValue::Checkbox(true),
            FieldType::Checkbox if text.eq_ignore_ascii_case("false") => {
                FieldValue::Checkbox(false)
            }
            FieldType::Checkbox => return Err(Misfit::Type),
            FieldType::Picklist => FieldValue::Text(self.known(&text, value)?),
            FieldType::MultiPicklist => {
                let mut known = choices(&text)
                    .map(|choice| self.known(choice, value))
                    .collect::<Result<Vec<_>, _>>()?;
                known.sort();
                known.dedup();
                if known.is_empty() {
                    return Ok(None);
                }
                FieldValue::Choices(known)
            }
            FieldType::Email => FieldValue::Text(
                Email::parse(&text)
                    .map_err(|_| Misfit::Type)?
                    .as_str()
                    .to_owned(),
            ),
            // Salesforce takes addresses without a scheme: only text that cannot be an address is rejected.
            FieldType::Url
                if text.contains(char::is_whitespace) || !text.contains(['.', ':', '/']) =>
            {
                return Err(Misfit::Type);
            }
            FieldType::Url => FieldValue::Text(text),
        };
        let length = match &fitted {
            FieldValue::Text(text) => text.chars().count(),
            FieldValue::Choices(choices) => choices
                .iter()
                .map(|choice| choice.chars().count() + 1)
                .sum(),
            _ => 0,
        };
        let max = self.max_length.unwrap_or_else(|| self.kind.longest());
        if length > max && (self.max_length.is_none() || matches!(fitted, FieldValue::Text(_))) {
            return Err(Misfit::Length {
                max,
                length,
                is_declared: self.max_length.is_some(),
            });
        }
        Ok(Some(fitted))
    }

    /// Returns the declared value that a choice matches for a person; the choice itself if no values are declared.
    fn known(&self, choice: &str, of: &Value) -> Result<String, Misfit> {
        if self.values.is_empty() {
            return Ok(choice.to_owned());
        }
        let is_it = |known: &&String| match of {
            Value::String(_) => same_text(known, choice),
            number => reads_as(known, number),
        };
        let exact = self.values.iter().find(|known| *known == choice);
        let declared = exact.or_else(|| self.values.iter().find(is_it));
        declared.cloned().ok_or_else(|| Misfit::Unknown {
            value: choice.to_owned(),
        })
    }

    /// Returns `true` if two values are equal to this field: 1054 and 1054.0, choices in another order, accents
    /// composed or not. A value that does not fit the field equals no other.
    #[must_use]
    pub fn same(&self, one: &Value, other: &Value) -> bool {
        match (self.fit(one), self.fit(other)) {
            (Ok(Some(FieldValue::Text(one))), Ok(Some(FieldValue::Text(other)))) => {
                same_text(&one, &other)
            }
            (Ok(Some(FieldValue::Choices(one))), Ok(Some(FieldValue::Choices(other)))) => {
                same_choices(&one, &other)
            }
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
    }
}

/// Parses a date as it is written; of a datetime, its date part as written: no time zone shifts it.
fn parse_date(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(10)?;
    if !rest.is_empty() && SystemModstamp::parse(text).is_err() {
        return None;
    }
    date.parse().ok()
}

/// The reason why a value does not fit a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The value is of another type.
    Type,
    /// The value is longer than the field.
    Length {
        /// The field's maximum length in characters.
        max: usize,
        /// The value's length in characters.
        length: usize,
        /// `true` if the settings declare the maximum; otherwise it is the type's.
        is_declared: bool,
    },
    /// The value is not one of the picklist's.
    Unknown {
        /// The value that is not in the list.
        value: String,
    },
}

impl Misfit {
    /// Returns `true` if the value is longer than its type takes, in a field that declares no maximum of its own.
    #[must_use]
    pub fn is_beyond_any_text(&self) -> bool {
        matches!(
            self,
            Self::Length {
                is_declared: false,
                ..
            }
        )
    }
}

/// A value that fits its field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A checkbox.
    Checkbox(bool),
    /// A number, an amount, a percentage.
    Number(Decimal),
    /// A date.
    Date(Date),
    /// An instant.
    Datetime(SystemModstamp),
    /// Text, a picklist's choice, an address.
    Text(String),
    /// A multi-picklist's choices, sorted.
    Choices(Vec<String>),
}

impl FieldValue {
    /// Returns the value as JSON, as the portal's API, the store and Salesforce take it: the choices of a
    /// multi-picklist are joined by semicolons.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Checkbox(on) => Value::Bool(*on),
            Self::Number(number) => number.to_json(),
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
mod tests;
