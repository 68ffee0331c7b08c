//! Salesforce's SystemModstamp: an instant with a precision of one second.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A SystemModstamp. Orders as time does; equal stamps are common (bulk edits), so nothing may rely on their being
/// unique.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SystemModstamp(i64);

/// A text that is not a Salesforce datetime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a Salesforce datetime: expected the form 2026-01-31T23:01:01.000+0000")]
pub struct InvalidStamp {
    /// The text, shortened.
    pub text: String,
}

impl SystemModstamp {
    /// Parses Salesforce's JSON form (`2026-05-01T07:25:37.000+0000`) or RFC 3339.
    ///
    /// # Errors
    /// Returns an error if the text is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidStamp> {
        Timestamp::from_str(text.trim())
            .map(|at| Self(at.as_second()))
            .map_err(|_| InvalidStamp {
                text: text.chars().take(40).collect(),
            })
    }

    /// Creates the stamp of that Unix second.
    #[must_use]
    pub fn from_second(second: i64) -> Self {
        Self(second)
    }

    /// Returns the seconds since the Unix epoch.
    #[must_use]
    pub fn as_second(self) -> i64 {
        self.0
    }

    /// Returns the stamp that lies `by` earlier.
    #[must_use]
    pub fn earlier(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_sub(by.as_secs()))
    }
}

impl fmt::Display for SystemModstamp {
    /// Formats the stamp as RFC 3339 in UTC, which is also SOQL's dateTime literal: `2026-01-31T23:01:01Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for SystemModstamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for SystemModstamp {
    type Error = InvalidStamp;

    fn try_from(text: String) -> Result<Self, InvalidStamp> {
        Self::parse(&text)
    }
}

impl From<SystemModstamp> for String {
    fn from(stamp: SystemModstamp) -> Self {
        stamp.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salesforce_s_form_and_rfc_3339_are_the_same_instant() {
        let stamp = SystemModstamp::parse("2017-12-31T02:26:39.000+0000").unwrap();

        assert_eq!(
            stamp,
            SystemModstamp::parse("2017-12-31T02:26:39Z").unwrap()
        );
        assert_eq!(
            stamp,
            SystemModstamp::parse("2017-12-31T04:26:39+02:00").unwrap()
        );
        assert_eq!(stamp.to_string(), "2017-12-31T02:26:39Z");
    }

    #[test]
    fn a_date_alone_is_refused() {
        assert!(SystemModstamp::parse("2017-12-31").is_err());
        assert!(SystemModstamp::parse("").is_err());
    }
}
