//! Date literals such as `TODAY` and `LAST_N_DAYS:7`, as ranges of days.

use jiff::{Span, civil::Date};

use crate::value::quarter_of;

/// Literals without a number.
const PLAIN: [&str; 20] = [
    "YESTERDAY",
    "TODAY",
    "TOMORROW",
    "LAST_WEEK",
    "THIS_WEEK",
    "NEXT_WEEK",
    "LAST_MONTH",
    "THIS_MONTH",
    "NEXT_MONTH",
    "LAST_90_DAYS",
    "NEXT_90_DAYS",
    "THIS_QUARTER",
    "LAST_QUARTER",
    "NEXT_QUARTER",
    "THIS_YEAR",
    "LAST_YEAR",
    "NEXT_YEAR",
    "THIS_FISCAL_QUARTER",
    "LAST_FISCAL_QUARTER",
    "NEXT_FISCAL_QUARTER",
];

/// Literals with a number after a colon.
const NUMBERED: [&str; 14] = [
    "LAST_N_DAYS",
    "NEXT_N_DAYS",
    "N_DAYS_AGO",
    "LAST_N_WEEKS",
    "NEXT_N_WEEKS",
    "N_WEEKS_AGO",
    "LAST_N_MONTHS",
    "NEXT_N_MONTHS",
    "N_MONTHS_AGO",
    "LAST_N_QUARTERS",
    "NEXT_N_QUARTERS",
    "LAST_N_YEARS",
    "NEXT_N_YEARS",
    "N_YEARS_AGO",
];

/// Returns whether this word, in capitals, is a date literal.
pub(crate) fn is_named(word: &str) -> bool {
    PLAIN.contains(&word) || NUMBERED.contains(&word)
}

/// Returns whether it needs a number.
pub(crate) fn takes_number(word: &str) -> bool {
    NUMBERED.contains(&word)
}

/// A period's length; weeks begin on Sunday, fiscal years in January.
#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    fn of(word: &str) -> Self {
        if word.contains("DAY") || word == "TOMORROW" {
            Self::Day
        } else if word.contains("WEEK") {
            Self::Week
        } else if word.contains("MONTH") {
            Self::Month
        } else if word.contains("QUARTER") {
            Self::Quarter
        } else {
            Self::Year
        }
    }

    /// The first day of the period that holds this day.
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => move_days(day, -i64::from(day.weekday().to_sunday_zero_offset())),
            Self::Month => day.first_of_month(),
            Self::Quarter => {
                let month = (quarter_of(day) - 1) * 3 + 1;
                Date::new(day.year(), month, 1).unwrap_or(day)
            }
            Self::Year => day.first_of_year(),
        }
    }

    /// The first day of a period before or after the one that begins on this day.
    fn shift(self, start: Date, count: i64) -> Date {
        let moved = match self {
            Self::Day => return move_days(start, count),
            Self::Week => return move_days(start, count.saturating_mul(7)),
            Self::Month => Span::new().try_months(count),
            Self::Quarter => Span::new().try_months(count.saturating_mul(3)),
            Self::Year => Span::new().try_years(count),
        };
        moved
            .ok()
            .and_then(|span| start.checked_add(span).ok())
            .unwrap_or(if count < 0 { Date::MIN } else { Date::MAX })
    }
}

fn move_days(day: Date, count: i64) -> Date {
    Span::new()
        .try_days(count)
        .ok()
        .and_then(|span| day.checked_add(span).ok())
        .unwrap_or(if count < 0 { Date::MIN } else { Date::MAX })
}

/// The days a literal stands for: from the first up to, and without, the second.
pub(crate) fn range(word: &str, number: Option<u32>, today: Date) -> (Date, Date) {
    let period = Period::of(word);
    let this = period.start(today);
    let number = i64::from(number.unwrap_or(0));
    let between = |from: i64, to: i64| (period.shift(this, from), period.shift(this, to));
    match word {
        "YESTERDAY" => between(-1, 0),
        "TOMORROW" => between(1, 2),
        "LAST_90_DAYS" => between(-90, 1),
        "NEXT_90_DAYS" => between(1, 91),
        "LAST_N_DAYS" => between(-number, 1),
        _ if word.ends_with("_AGO") => between(-number, 1 - number),
        _ if word.starts_with("LAST_N_") => between(-number, 0),
        _ if word.starts_with("NEXT_N_") => between(1, number.saturating_add(1)),
        _ if word.starts_with("LAST_") => between(-1, 0),
        _ if word.starts_with("NEXT_") => between(1, 2),
        _ => between(0, 1),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn literals_are_ranges_of_whole_days() {
        // A Saturday.
        let today = date(2026, 11, 21);

        let expected = [
            ("TODAY", None, date(2026, 11, 21), date(2026, 11, 22)),
            ("YESTERDAY", None, date(2026, 11, 20), date(2026, 11, 21)),
            ("THIS_WEEK", None, date(2026, 11, 15), date(2026, 11, 22)),
            ("LAST_WEEK", None, date(2026, 11, 8), date(2026, 11, 15)),
            ("NEXT_MONTH", None, date(2026, 12, 1), date(2027, 1, 1)),
            ("THIS_QUARTER", None, date(2026, 10, 1), date(2027, 1, 1)),
            (
                "LAST_FISCAL_QUARTER",
                None,
                date(2026, 7, 1),
                date(2026, 10, 1),
            ),
            ("LAST_YEAR", None, date(2025, 1, 1), date(2026, 1, 1)),
            (
                "LAST_N_DAYS",
                Some(7),
                date(2026, 11, 14),
                date(2026, 11, 22),
            ),
            (
                "NEXT_N_DAYS",
                Some(7),
                date(2026, 11, 22),
                date(2026, 11, 29),
            ),
            (
                "LAST_N_MONTHS",
                Some(2),
                date(2026, 9, 1),
                date(2026, 11, 1),
            ),
            (
                "N_DAYS_AGO",
                Some(3),
                date(2026, 11, 18),
                date(2026, 11, 19),
            ),
        ];

        for (word, number, from, to) in expected {
            assert_eq!(range(word, number, today), (from, to), "{word}");
        }
    }

    #[test]
    fn absurd_numbers_end_at_the_calendars_edge() {
        for word in NUMBERED {
            let (from, to) = range(word, Some(u32::MAX), date(2026, 1, 1));
            assert!(from <= to, "{word}");
        }
    }
}
