//! Salesforce record ids: 15 case-sensitive characters, or 18 with a checksum of the case.
//!
//! ```
//! use salesforce_id::SalesforceId;
//!
//! let id: SalesforceId = "006dM00000Mw7Vt".parse()?;
//! assert_eq!(id.as_str(), "006dM00000Mw7VtQAJ");
//! assert_eq!(id.key_prefix(), "006");
//! assert_eq!(SalesforceId::parse("006dM00000Mw7VtQAJ")?, id);
//! # Ok::<(), salesforce_id::InvalidId>(())
//! ```

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The three checksum characters are taken from this alphabet, one per group of five characters.
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// A checked Salesforce record id, kept in its 18-character form.
///
/// The 15- and the 18-character form of one record are equal; two ids that differ in case within the first
/// 15 characters are two records.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SalesforceId([u8; 18]);

/// The reason why a text is not a Salesforce id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not 15 or 18 ASCII letters and digits.
    #[error("{text:?} is not a Salesforce id: an id has 15 or 18 letters and digits")]
    Shape {
        /// The text, shortened.
        text: String,
    },
    /// The last three characters do not belong to the first fifteen.
    #[error(
        "{text:?} is not a Salesforce id: its last three characters do not match the first fifteen, so at least one character is wrong"
    )]
    Checksum {
        /// The text.
        text: String,
    },
}

impl SalesforceId {
    /// The id of no record, for values that are filled in from a key.
    pub const UNSET: Self = Self(*b"000000000000000AAA");

    /// Parses the 15- or 18-character form.
    ///
    /// The case of an 18-character id whose letters are all lower or all upper is restored from its checksum.
    /// Any other mismatch is refused: repairing it could turn a typing error into another record.
    ///
    /// # Errors
    /// [`InvalidId::Shape`] for the wrong length or characters, [`InvalidId::Checksum`] for a wrong checksum.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return Err(InvalidId::Shape {
                text: text.chars().take(40).collect(),
            });
        }
        let mut id = [0_u8; 18];
        id[..15].copy_from_slice(&bytes[..15]);
        let own = checksum(&id);
        if bytes.len() == 15 {
            id[15..].copy_from_slice(&own);
            return Ok(Self(id));
        }
        let mut given = [bytes[15], bytes[16], bytes[17]];
        if own == given {
            id[15..].copy_from_slice(&own);
            return Ok(Self(id));
        }
        given.make_ascii_uppercase();
        let first = &bytes[..15];
        let one_case =
            !first.iter().any(u8::is_ascii_lowercase) || !first.iter().any(u8::is_ascii_uppercase);
        match restore_case(&id, given) {
            Some(restored) if one_case => Ok(Self(restored)),
            // The checksum letters themselves carry no case: a lowered suffix is harmless.
            _ if own == given => {
                id[15..].copy_from_slice(&own);
                Ok(Self(id))
            }
            _ => Err(InvalidId::Checksum {
                text: text.to_owned(),
            }),
        }
    }

    /// Returns the 18-character form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters and digits get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the key prefix: the three characters that name the object.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        &self.as_str()[..3]
    }
}

fn checksum(id: &[u8; 18]) -> [u8; 3] {
    let mut out = [0_u8; 3];
    for (group, out) in id[..15].chunks(5).zip(&mut out) {
        let value = group
            .iter()
            .enumerate()
            .filter(|(_, c)| c.is_ascii_uppercase())
            .fold(0, |value, (at, _)| value | 1 << at);
        *out = CHECKSUM[value];
    }
    out
}

/// Sets the case of the first 15 characters as the checksum says; none if the checksum asks for an upper-case digit.
fn restore_case(id: &[u8; 18], given: [u8; 3]) -> Option<[u8; 18]> {
    let mut restored = *id;
    for (at, character) in restored[..15].iter_mut().enumerate() {
        let bits = CHECKSUM.iter().position(|c| *c == given[at / 5])?;
        if bits >> (at % 5) & 1 == 1 {
            if !character.is_ascii_alphabetic() {
                return None;
            }
            character.make_ascii_uppercase();
        } else {
            character.make_ascii_lowercase();
        }
    }
    restored[15..].copy_from_slice(&given);
    Some(restored)
}

impl FromStr for SalesforceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SalesforceId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<SalesforceId> for String {
    fn from(id: SalesforceId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifteen_character_form_is_kept_as_eighteen() {
        for (short, long) in [
            ("006dM00000Mw7Vt", "006dM00000Mw7VtQAJ"),
            ("00Q4S000002sSac", "00Q4S000002sSacUAE"),
            ("001D000000IRFma", "001D000000IRFmaIAH"),
            ("a1z9D000000ABTH", "a1z9D000000ABTHQA4"),
            ("01gRO0000016PIA", "01gRO0000016PIAYA2"),
        ] {
            assert_eq!(SalesforceId::parse(short).unwrap().as_str(), long);
            assert_eq!(SalesforceId::parse(short), SalesforceId::parse(long));
        }
    }

    #[test]
    fn ids_that_differ_only_in_case_are_two_records() {
        let one = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
        let other = SalesforceId::parse("006dM00000Mw7VT").unwrap();

        assert_ne!(one, other);
    }

    #[test]
    fn the_case_of_an_all_upper_or_all_lower_id_is_restored() {
        let id = SalesforceId::parse("006dM00000Mw7VtQAJ").unwrap();

        assert_eq!(SalesforceId::parse("006DM00000MW7VTQAJ").unwrap(), id);
        assert_eq!(SalesforceId::parse("006dm00000mw7vtqaj").unwrap(), id);
        assert_eq!(SalesforceId::parse("006dm00000mw7vtQAJ").unwrap(), id);
    }

    #[test]
    fn a_mixed_case_mismatch_is_refused() {
        assert!(matches!(
            SalesforceId::parse("006dM00000Mw7VTQAJ"),
            Err(InvalidId::Checksum { .. })
        ));
        assert!(matches!(
            SalesforceId::parse("006dM00000Mw7VtQAA"),
            Err(InvalidId::Checksum { .. })
        ));
    }

    #[test]
    fn other_lengths_and_characters_are_refused() {
        for text in [
            "",
            "006",
            "006dM00000Mw7VtQAJX",
            "006dM00000Mw7V-",
            "006dM00000Mw7Vt QA",
            "006dM00000Mw7Vé",
        ] {
            assert!(
                matches!(SalesforceId::parse(text), Err(InvalidId::Shape { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn the_key_prefix_is_the_first_three_characters() {
        let id = SalesforceId::parse("00Q4S000002sSac").unwrap();

        assert_eq!(id.key_prefix(), "00Q");
    }
}
