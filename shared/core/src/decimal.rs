//! Decimal numbers: the value of a text or a JSON number, digit by digit.

use std::fmt;

use serde_json::{Number, Value};

/// The most digits of a stored number (AWS: `DynamoDB` naming rules and data types, Number).
const MAX_DIGITS: usize = 38;
/// The power of ten that every stored number is below; its negative is the smallest magnitude.
const GREATEST_POWER: i64 = 126;
const SMALLEST_POWER: i64 = -129;

/// A decimal number of at most 38 significant digits. It keeps each of them, and equal values are equal however they
/// are written: `25`, `25.0` and `2.5E1` are one. It is displayed in the shortest plain form: no exponent and no
/// superfluous zeros.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    is_negative: bool,
    /// The digits without zeros at either end; empty for 0.
    digits: String,
    /// The position of the decimal point, counted from the first digit: 0.digits × 10^point.
    point: i64,
}

impl Decimal {
    /// Parses a number as JSON, CSV files and people write it: sign, digits, a decimal point, an exponent. Group
    /// separators and decimal commas are rejected, because a comma could be either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !are_digits(whole) || !are_digits(fraction)
        {
            return None;
        }
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                is_negative: false,
                digits,
                point: 0,
            });
        }
        let point = i64::try_from(whole.len()).ok()? - leading + exponent;
        let is_storable =
            digits.len() <= MAX_DIGITS && (SMALLEST_POWER..=GREATEST_POWER).contains(&point);
        is_storable.then_some(Self {
            is_negative,
            digits,
            point,
        })
    }

    /// Returns the value of a JSON number; [`None`] if it is beyond what can be stored.
    #[must_use]
    pub fn of(number: &Number) -> Option<Self> {
        Self::parse(&number.to_string())
    }

    /// Returns the number as JSON: a whole one as an integer, another as a double if a double holds every digit of it,
    /// else as text in its plain form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let text = self.to_string();
        if let Ok(whole) = text.parse::<i64>() {
            return Value::from(whole);
        }
        if let Ok(whole) = text.parse::<u64>() {
            return Value::from(whole);
        }
        let double = text.parse().ok().and_then(Number::from_f64);
        match double.filter(|double| Self::of(double).as_ref() == Some(self)) {
            Some(double) => Value::Number(double),
            None => Value::String(text),
        }
    }
}

/// Parses an exponent. A huge one is capped: no number with it can be stored.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits
        .parse::<i64>()
        .map_or(1 << 40, |size| size.min(1 << 40));
    Some(if text.starts_with('-') { -size } else { size })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits, point, .. } = self;
        if digits.is_empty() {
            return f.write_str("0");
        }
        if self.is_negative {
            f.write_str("-")?;
        }
        match usize::try_from(*point) {
            Err(_) | Ok(0) => {
                let noughts = usize::try_from(point.unsigned_abs()).unwrap_or_default();
                write!(f, "0.{:0<noughts$}{digits}", "")
            }
            Ok(point) => match digits.split_at_checked(point) {
                Some((whole, "")) => f.write_str(whole),
                Some((whole, fraction)) => write!(f, "{whole}.{fraction}"),
                None => write!(f, "{digits:0<point$}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> Option<String> {
        Decimal::parse(text).map(|number| number.to_string())
    }

    #[test]
    fn a_number_reads_in_its_shortest_plain_form() {
        for (text, right) in [
            ("25.0", "25"),
            ("-25.50", "-25.5"),
            ("0.1", "0.1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+5", "5"),
            ("007", "7"),
            ("-0", "0"),
            ("-0.0e5", "0"),
            ("0E-400", "0"),
            ("1.6147805824397E13", "16147805824397"),
            ("1E5", "100000"),
            ("1.2345e2", "123.45"),
            ("1.5E-7", "0.00000015"),
            ("1000000000000000000000", "1000000000000000000000"),
            ("123456789012345678.9", "123456789012345678.9"),
            ("100", "100"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(right), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_beyond_any_stored_one_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "ten",
            "NaN",
            "inf",
            "0x10",
            "1 000",
            "1,000",
            "1.054,25",
            "1.000.000",
            "--1",
            "1e127",
            "1e-131",
            "1e99999999999999999999",
            "٣",
            "1234567890123456789012345678901234567890.5",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn every_double_keeps_all_its_digits_through_text_and_json() {
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..20_000 {
            let double = f64::from_bits(random.random());
            let magnitude = double.abs().log10();
            if !double.is_finite() || !(-129.0..125.0).contains(&magnitude) {
                continue;
            }
            let number = Number::from_f64(double).unwrap();
            let text = Decimal::of(&number).unwrap().to_string();

            assert_eq!(text.parse::<f64>().unwrap().to_bits(), double.to_bits());
            assert!(
                !text.contains(['e', 'E']) && !text.starts_with('.'),
                "{text}"
            );
            let json = Decimal::parse(&text).unwrap().to_json();
            assert_eq!(json.as_f64().map(f64::to_bits), Some(double.to_bits()));
        }
    }

    #[test]
    fn every_decimal_of_an_amount_reads_back_as_it_was_written() {
        let mut random = StdRng::seed_from_u64(11);
        for _ in 0..20_000 {
            let places: u32 = random.random_range(0..=18);
            let scaled = random.random_range(0..10_i64.pow(18));
            let (whole, fraction) = (scaled / 10_i64.pow(places), scaled % 10_i64.pow(places));
            let width = usize::try_from(places).unwrap();
            let padded = format!("{fraction:0width$}");
            let trimmed = padded.trim_end_matches('0');
            let sign = if random.random() && scaled > 0 {
                "-"
            } else {
                ""
            };
            let right = if trimmed.is_empty() {
                format!("{sign}{whole}")
            } else {
                format!("{sign}{whole}.{trimmed}")
            };

            assert_eq!(
                plain(&format!("{sign}{whole}.{padded}0")),
                Some(right.clone())
            );
            let json = Decimal::parse(&right).unwrap().to_json();
            let back = match json {
                Value::Number(number) => Decimal::of(&number).unwrap().to_string(),
                Value::String(text) => text,
                other => panic!("{other}"),
            };
            assert_eq!(back, right);
        }
    }

    #[test]
    fn a_number_is_json_s_number_where_that_loses_nothing() {
        let json = |text: &str| Decimal::parse(text).unwrap().to_json();

        assert_eq!(json("1054.0"), json!(1054));
        assert_eq!(json("-0.0"), json!(0));
        assert_eq!(json("0.1"), json!(0.1));
        assert_eq!(json("9007199254740993"), json!(9_007_199_254_740_993_i64));
        assert_eq!(json("18446744073709551615"), json!(u64::MAX));
        assert_eq!(json("1e20"), json!(1e20));
        assert_eq!(json("1234567890123456.78"), json!("1234567890123456.78"));
    }
}
