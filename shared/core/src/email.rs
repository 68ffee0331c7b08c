//! E-mail addresses, compared trimmed and case-insensitively.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An e-mail address: trimmed, lower case, with one `@` between a local part and a domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an e-mail address: write it as name@company.example")]
pub struct InvalidEmail {
    /// The text, shortened.
    pub text: String,
}

impl Email {
    /// Parses an address. Whether it exists is not asked: only shapes that no mail system accepts are refused.
    ///
    /// # Errors
    /// When there is not exactly one `@` with something sensible on both sides, or a blank or control character inside.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let trimmed = text.trim();
        let invalid = || InvalidEmail {
            text: trimmed.chars().take(80).collect(),
        };
        let (local, domain) = trimmed.split_once('@').ok_or_else(invalid)?;
        let domain_ok = !domain.is_empty()
            && domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        let local_ok = !local.is_empty()
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c));
        // RFC 5321 4.5.3.1: 64 octets for the local part, 254 for the whole path.
        if !domain_ok || !local_ok || local.len() > 64 || trimmed.len() > 254 {
            return Err(invalid());
        }
        Ok(Self(trimmed.to_lowercase()))
    }

    /// The address as it is compared: trimmed and in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_trimmed_and_in_any_case() {
        assert_eq!(
            Email::parse("  Ann.Lee@Partners.Example ").unwrap(),
            Email::parse("ann.lee@partners.example").unwrap()
        );
    }

    #[test]
    fn what_no_mail_system_accepts_is_refused() {
        for text in [
            "",
            "ann",
            "ann@",
            "@x.example",
            "ann lee@x.example",
            "ann@x",
            "a@b@c.example",
            "ann@x..example",
            "ann@-x.example",
            ".a@x.example",
            "a,b@x.example",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }
}
