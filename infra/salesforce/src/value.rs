//! Typed field values, how they are read from text and JSON, and how they are written as JSON.

use std::{cmp::Ordering, sync::Arc};

use jiff::{Timestamp, civil};
use salesforce_id::SalesforceId;
use serde::ser::{Serialize, Serializer};

use crate::schema::FieldType;

/// One field of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// A checkbox.
    Bool(bool),
    /// A number of any kind; the field's type says how it is written.
    Number(f64),
    /// A text, a picklist value, an e-mail address.
    Text(Arc<str>),
    /// A day.
    Date(civil::Date),
    /// Seconds since 1970: Salesforce keeps no finer grain.
    DateTime(i64),
    /// The id of a row.
    Id(SalesforceId),
}

impl Value {
    /// A text value; the empty text is null, as in Salesforce.
    pub(crate) fn text(text: &str) -> Self {
        if text.is_empty() {
            Self::Null
        } else {
            Self::Text(Arc::from(text))
        }
    }

    /// Returns whether there is no value.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The id, if this is one.
    pub(crate) fn as_id(&self) -> Option<SalesforceId> {
        match self {
            Self::Id(id) => Some(*id),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether this is a ticked checkbox.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// Seconds since 1970, if this is a point in time.
    pub(crate) fn as_seconds(&self) -> Option<i64> {
        match self {
            Self::DateTime(seconds) => Some(*seconds),
            _ => None,
        }
    }

    /// Returns whether a key has the same value; `case_sensitive` tells texts apart by case.
    pub(crate) fn is_same_key(&self, other: &Self, case_sensitive: bool) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) if case_sensitive => a == b,
            _ => self.order(other).is_eq(),
        }
    }

    /// Order within one type; nulls first, texts without regard to case.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => compare_text(a, b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.cmp(b),
            (Self::Id(a), Self::Id(b)) => a.as_str().cmp(b.as_str()),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::Date(_) => 4,
            Self::DateTime(_) => 5,
            Self::Id(_) => 6,
        }
    }

    /// Reads what a CSV cell holds for a field of this type.
    ///
    /// # Errors
    /// The expected value, to be read after "should be".
    pub(crate) fn from_cell(kind: FieldType, cell: &str) -> Result<Self, &'static str> {
        if cell.is_empty() {
            return Ok(Self::Null);
        }
        match kind {
            FieldType::Boolean => match cell.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Self::Bool(true)),
                "false" | "0" => Ok(Self::Bool(false)),
                _ => Err("true or false"),
            },
            kind if kind.is_number() => match cell.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self::Number(number)),
                _ => Err("a number"),
            },
            FieldType::Date => parse_date(cell)
                .or_else(|| cell.strip_suffix(" 00:00:00").and_then(parse_date))
                .map(Self::Date)
                .ok_or("a date such as 2026-01-31"),
            FieldType::DateTime => parse_datetime(cell)
                .map(Self::DateTime)
                .ok_or("a date and time such as 2026-01-31T08:00:00.000+0000"),
            FieldType::Id | FieldType::Reference => SalesforceId::parse(cell)
                .map(Self::Id)
                .map_err(|_| "a Salesforce id of 15 or 18 characters with a right checksum"),
            _ => Ok(Self::Text(Arc::from(cell))),
        }
    }
}

/// Compares two texts without regard to case.
pub(crate) fn compare_text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let lower = |text: &str| {
            text.bytes()
                .map(|byte| byte.to_ascii_lowercase())
                .collect::<Vec<_>>()
        };
        lower(a).cmp(&lower(b))
    } else {
        a.to_lowercase().cmp(&b.to_lowercase())
    }
}

/// Reads `2026-01-31`.
pub(crate) fn parse_date(text: &str) -> Option<civil::Date> {
    if text.len() != 10 {
        return None;
    }
    text.parse().ok()
}

/// Reads the forms in which Salesforce writes and takes a point in time, to the second:
/// `2026-01-31T08:00:00.000+0000`, the same with `Z` or `+00:00`, and `2026-01-31 08:00:00`.
pub(crate) fn parse_datetime(text: &str) -> Option<i64> {
    if let Some(plain) = text.strip_suffix(".000+0000") {
        // The usual form by far: no general parser needed.
        return civil_seconds(plain);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_second());
    }
    // `+0200` at the end, without the colon that the standard form has.
    let split = text.len().checked_sub(2)?;
    if let (Some(head), Some(minutes)) = (text.get(..split), text.get(split..))
        && head.len() > 13
        && head
            .get(head.len() - 3..)
            .is_some_and(|offset| offset.starts_with(['+', '-']))
    {
        let standard = format!("{head}:{minutes}");
        return standard
            .parse::<Timestamp>()
            .ok()
            .map(|timestamp| timestamp.as_second());
    }
    civil_seconds(text)
}

fn civil_seconds(text: &str) -> Option<i64> {
    let local: civil::DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC
        .to_timestamp(local)
        .ok()
        .map(|timestamp| timestamp.as_second())
}

/// Writes seconds since 1970 as Salesforce does: `2026-01-31T08:00:00.000+0000`.
pub(crate) fn datetime_text(seconds: i64) -> String {
    let timestamp = Timestamp::from_second(seconds).unwrap_or_default();
    let mut text = timestamp.to_string();
    text.pop();
    text.push_str(".000+0000");
    text
}

/// The UTC day of a point in time.
pub(crate) fn day_of(seconds: i64) -> civil::Date {
    let timestamp = Timestamp::from_second(seconds).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(timestamp).date()
}

/// The first second of a UTC day.
pub(crate) fn start_of(day: civil::Date) -> i64 {
    jiff::tz::Offset::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .map(|timestamp| timestamp.as_second())
        .unwrap_or_default()
}

/// A value together with its field's type, written as Salesforce's JSON.
pub(crate) struct Written<'a>(pub(crate) &'a Value, pub(crate) FieldType);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "integer fields hold whole numbers only"
            )]
            Value::Number(value) if self.1 == FieldType::Int => {
                serializer.serialize_i64(*value as i64)
            }
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Date(date) => serializer.collect_str(date),
            Value::DateTime(seconds) => serializer.serialize_str(&datetime_text(*seconds)),
            Value::Id(id) => serializer.serialize_str(id.as_str()),
        }
    }
}

/// Returns whether Salesforce takes this text as an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && local.chars().all(allowed)
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || c == '.' || c == '-')
}

/// The quarter of a day, 1 to 4.
pub(crate) fn quarter_of(date: civil::Date) -> i8 {
    (date.month() + 2) / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_read_in_every_form_salesforce_takes() {
        let forms = [
            "2017-01-02T08:00:00.000+0000",
            "2017-01-02T08:00:00Z",
            "2017-01-02T08:00:00.000Z",
            "2017-01-02T10:00:00+02:00",
            "2017-01-02T10:00:00+0200",
            "2017-01-02 08:00:00",
        ];

        let read: Vec<_> = forms
            .iter()
            .map(|form| parse_datetime(form).map(datetime_text))
            .collect();

        assert_eq!(
            read,
            vec![Some("2017-01-02T08:00:00.000+0000".to_owned()); forms.len()]
        );
    }

    #[test]
    fn nonsense_is_no_point_in_time() {
        for text in [
            "",
            "yesterday",
            "2017-13-02T08:00:00Z",
            "2017-01-02T",
            "é+000",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }
}
