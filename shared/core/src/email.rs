//! Email addresses, compared as people read them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::value::{composed, is_invisible};

/// An email address: nothing around or hidden in it, lower case, with one `@` between a local part and a domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// A text that is not an email address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid email address: write it as name@company.example")]
pub struct InvalidEmail {
    /// The text, shortened.
    pub text: String,
}

impl Email {
    /// Parses an address. Only shapes that no mail system accepts are rejected; the address need not exist.
    ///
    /// Characters that cannot be seen (zero-width spaces, soft hyphens, directional marks, no-break spaces), which
    /// copying from web pages and chats brings along, are left out. An international domain is the same in Unicode and
    /// in Punycode.
    ///
    /// # Errors
    /// Returns an error if there is not exactly one `@` with something sensible on both sides, or there is a blank or
    /// control character inside.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let trimmed = visible.trim();
        let invalid = || InvalidEmail {
            text: trimmed.chars().take(80).collect(),
        };
        let (local, domain) = trimmed.split_once('@').ok_or_else(invalid)?;
        let local = composed(local).to_lowercase();
        let (ascii, domain) = domain_forms(domain).ok_or_else(invalid)?;
        let domain_ok = ascii.contains('.')
            && ascii.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            });
        let local_ok = !local.is_empty()
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c));
        // RFC 5321 4.5.3.1: 64 octets for the local part, 254 for the whole path.
        if !domain_ok || !local_ok || local.len() > 64 || local.len() + 1 + ascii.len() > 254 {
            return Err(invalid());
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// Returns the address as it is compared: without invisible characters, in lower case, an international domain in
    /// Unicode.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the address as mail systems send it: an international domain in Punycode.
    #[must_use]
    pub fn to_ascii_domain(&self) -> String {
        let forms = |(local, domain): (&str, &str)| Some((local.to_owned(), domain_forms(domain)?));
        match self.0.split_once('@').and_then(forms) {
            Some((local, (ascii, _))) => format!("{local}@{ascii}"),
            None => self.0.clone(),
        }
    }
}

/// Returns a domain as mail systems send it and as people read it. A label that only looks like Punycode stays as it
/// is.
fn domain_forms(domain: &str) -> Option<(String, String)> {
    let lower = domain.to_lowercase();
    let Ok(ascii) = idna::domain_to_ascii(&lower) else {
        return lower.is_ascii().then(|| (lower.clone(), lower));
    };
    let (unicode, _) = idna::domain_to_unicode(&ascii);
    // A form that does not lead back names another domain: then only the form that is sent can be trusted.
    let leads_back = idna::domain_to_ascii(&unicode).is_ok_and(|back| back == ascii);
    let read = if leads_back { unicode } else { ascii.clone() };
    Some((ascii, read))
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
    fn what_cannot_be_seen_is_no_part_of_an_address() {
        let right = Email::parse("ann.lee@partners.example").unwrap();
        for hidden in [
            '\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{200e}', '\u{200f}',
            '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{2060}', '\u{a0}', '\u{202f}',
        ] {
            for text in [
                format!("{hidden}ann.lee@partners.example{hidden}"),
                format!(" {hidden} ann.lee@partners.example"),
                format!("ann{hidden}.lee@partners.example"),
                format!("ann.lee{hidden}@{hidden}partners.example"),
                format!("ann.lee@part{hidden}ners.example"),
            ] {
                assert_eq!(
                    Email::parse(&text).as_ref(),
                    Ok(&right),
                    "{}",
                    text.escape_unicode()
                );
            }
        }
        assert!(Email::parse("\u{200b}\u{feff}").is_err());
    }

    #[test]
    fn an_international_domain_is_one_in_unicode_and_in_punycode() {
        for (one, other) in [
            ("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@B\u{dc}CHER.example", "Ann@XN--BCHER-KVA.EXAMPLE"),
            ("ann@bu\u{308}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@\u{4f8b}\u{5b50}.example", "ann@xn--fsqu00a.example"),
            ("ann@fa\u{df}.example", "ann@xn--fa-hia.example"),
            ("jose\u{301}@x.example", "jos\u{e9}@x.example"),
        ] {
            let parse = |text: &str| Email::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parse(one), parse(other), "{one} {other}");
            let again = parse(parse(one).as_str());
            assert_eq!(again, parse(one), "{one}");
        }
        let devanagari = "ann@\u{915}\u{94d}\u{937}.example";
        assert_eq!(Email::parse(devanagari).unwrap().as_str(), devanagari);
        assert_eq!(
            Email::parse("ann@xn--bcher-kva.example").unwrap().as_str(),
            "ann@b\u{fc}cher.example"
        );
        assert_ne!(
            Email::parse("ann@b\u{fc}cher.example"),
            Email::parse("ann@bucher.example")
        );
        assert_eq!(
            Email::parse("ann@xn--0.example").unwrap().as_str(),
            "ann@xn--0.example"
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
            "ann@x_y.example",
            "ann@b\u{fc} cher.example",
            "ann@\u{fc}",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }
}
