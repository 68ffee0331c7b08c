//! Values from the cells of an export.

use jiff::civil;

use crate::{
    schema::FieldType,
    value::{Value, parse_date, parse_datetime, start_of},
};

/// The weekly export's way to write an empty lookup.
const NO_RECORD: &str = "000000000000000AAA";

/// Returns whether a cell is an export's way to write an empty lookup: an id of zeros, perhaps after a key prefix.
pub(super) fn is_empty_lookup(cell: &str) -> bool {
    let cell = cell.trim();
    matches!(cell.len(), 15 | 18)
        && cell.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && cell.bytes().take(15).skip(3).all(|byte| byte == b'0')
}

/// Reads a cell for a field of this type.
///
/// # Errors
/// The expected value, to be read after "should be".
pub(super) fn read(kind: FieldType, cell: &str) -> Result<Value, &'static str> {
    if kind.is_text() {
        // An empty custom lookup of which nobody says that it is one.
        return Ok(if cell == NO_RECORD {
            Value::Null
        } else {
            Value::text(cell)
        });
    }
    let cell = cell.trim();
    match kind {
        _ if cell.is_empty() => Ok(Value::Null),
        FieldType::Reference if is_empty_lookup(cell) => Ok(Value::Null),
        FieldType::Boolean => match cell {
            "1.0" => Ok(Value::Bool(true)),
            "0.0" => Ok(Value::Bool(false)),
            cell => Value::from_cell(kind, cell),
        },
        FieldType::Date => day(cell)
            .map(Value::Date)
            .ok_or("a date such as 2026-01-31"),
        FieldType::DateTime => match parse_date(cell) {
            Some(day) => Ok(Value::DateTime(start_of(day))),
            None => Value::from_cell(kind, cell),
        },
        kind => Value::from_cell(kind, cell),
    }
}

/// A day, or midnight of one in any form of a point in time: exports write days so too.
fn day(cell: &str) -> Option<civil::Date> {
    if let Some(day) = parse_date(cell) {
        return Some(day);
    }
    let (day, time) = cell.split_at_checked(10)?;
    let is_midnight = time
        .strip_prefix(['T', ' '])
        .is_some_and(|time| time.starts_with("00:00"));
    let seconds = time.get(6..).unwrap_or_default();
    let is_whole = seconds.is_empty() || seconds.starts_with(":00");
    (is_midnight && is_whole && parse_datetime(cell).is_some())
        .then(|| parse_date(day))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_lookup_is_an_id_of_zeros_after_any_key_prefix() {
        for cell in [
            NO_RECORD,
            "000000000000000",
            "001000000000000AAA",
            "00Q000000000000EAA",
        ] {
            assert_eq!(read(FieldType::Reference, cell), Ok(Value::Null), "{cell}");
        }
        assert!(!is_empty_lookup("001hT0000000137QAA"));
        assert!(!is_empty_lookup("0000"));
    }

    #[test]
    fn text_is_never_anything_else_than_it_was() {
        for cell in [
            "4500012345",
            "1E5",
            "007",
            "4.50",
            "-0",
            "2024",
            "90071992547409931",
            "true",
            " a ",
            "000000000000000",
        ] {
            assert_eq!(read(FieldType::String, cell), Ok(Value::text(cell)));
        }
        assert_eq!(read(FieldType::String, NO_RECORD), Ok(Value::Null));
    }

    #[test]
    fn days_points_in_time_and_checkboxes_are_read_in_every_form_an_export_has() {
        let day = civil::date(2023, 5, 1);
        for cell in [
            "2023-05-01",
            "2023-05-01 00:00:00",
            "2023-05-01T00:00:00.000Z",
            "2023-05-01T00:00:00.000+0000",
            "2023-05-01T00:00:00.000+0200",
        ] {
            assert_eq!(read(FieldType::Date, cell), Ok(Value::Date(day)), "{cell}");
        }
        let moment = start_of(day) + 10 * 3600 + 11 * 60 + 12;
        for cell in [
            "2023-05-01 10:11:12",
            "2023-05-01T10:11:12.000Z",
            "2023-05-01T10:11:12.000+0000",
            "2023-05-01T12:11:12+02:00",
        ] {
            let read = read(FieldType::DateTime, cell);
            assert_eq!(read, Ok(Value::DateTime(moment)), "{cell}");
        }
        for (cell, expected) in [("1", true), ("TRUE", true), ("1.0", true), ("0", false)] {
            assert_eq!(read(FieldType::Boolean, cell), Ok(Value::Bool(expected)));
        }
        assert_eq!(read(FieldType::Boolean, " "), Ok(Value::Null));
        assert!(read(FieldType::Date, "2023-05-01 10:11:12").is_err());
        assert!(read(FieldType::Date, "2023-05-01 00:00:12").is_err());
        assert!(read(FieldType::Boolean, "yes").is_err());
    }
}
