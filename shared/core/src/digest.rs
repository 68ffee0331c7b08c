//! Digests: the listed values of a record, in twelve bytes. Salesforce stamps whole seconds, and an edit of a parent
//! does not move the stamp of its children: equal stamps do not prove that rows are equal.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    SalesforceObject, SystemModstamp,
    field::FieldType,
    mapping::ObjectMapping,
    salesforce::{FieldPath, Row},
    settings::Settings,
};

/// The most characters of the fields' names together: a listing's URL has room for them beside its conditions.
const MAX_NAMES_CHARACTERS: usize = 6_000;

/// A digest of a row's values: those of the record's own fields, and those that are read through its parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    own: u64,
    parents: u32,
}

/// A text that is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest: a digest has 24 hexadecimal digits")]
pub struct InvalidDigest(String);

impl Digest {
    /// Returns `true` if the record's own fields are the same, whatever its parents say.
    #[must_use]
    pub fn has_own_values_of(self, other: Self) -> bool {
        self.own == other.own
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:08x}", self.own, self.parents)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let parsed = || {
            let (own, parents) = text.split_at_checked(16)?;
            Some(Self {
                own: u64::from_str_radix(own, 16).ok()?,
                parents: u32::from_str_radix(parents, 16).ok()?,
            })
        };
        parsed()
            .filter(|_| text.len() == 24)
            .ok_or_else(|| InvalidDigest(text.to_owned()))
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// The fields that the digests of an object's rows are made of.
#[derive(Clone, Debug)]
pub struct Digested {
    fields: Vec<FieldPath>,
    /// The bytes that begin every digest, so that other mappings give other digests and their rows are read again.
    seed: Vec<u8>,
    /// `true` if every value that comes to Channeltivity on update is among the fields.
    is_whole: bool,
    overlap: SignedDuration,
}

impl Digested {
    /// Returns the fields whose values come to Channeltivity on update, and those that a link's status follows. Long
    /// text is left out: Salesforce returns fewer rows per page when asked for it.
    #[must_use]
    pub fn of(settings: &Settings, object: SalesforceObject) -> Self {
        let follows = match object.status_field() {
            Some(name) => FieldPath::parse(name),
            None => Ok(settings.fields.sync_flag.clone()),
        };
        let mut digested = Self {
            fields: follows.into_iter().collect(),
            seed: Vec::new(),
            is_whole: true,
            overlap: settings.overlap(),
        };
        let ObjectMapping { fields, rows, .. } = settings.mapping(object);
        let mut length = 0;
        for row in rows
            .iter()
            .filter(|row| row.on_update.reaches_channeltivity())
        {
            let Some(field) = fields.iter().find(|field| field.name == row.channeltivity) else {
                continue;
            };
            let how = (row, field.kind, &field.values, field.max_length);
            digested
                .seed
                .extend(serde_json::to_vec(&how).unwrap_or_default());
            let path = &row.salesforce;
            length += path.as_str().len() + 2;
            if field.kind == FieldType::LongText || length > MAX_NAMES_CHARACTERS {
                digested.is_whole = false;
            } else if !digested
                .fields
                .iter()
                .any(|known| known.as_str().eq_ignore_ascii_case(path.as_str()))
            {
                digested.fields.push(path.clone());
            }
        }
        let is_of_account =
            |path: &FieldPath| path.as_str().to_ascii_lowercase().starts_with("account.");
        if digested.fields.iter().any(is_of_account) {
            // A deleted Account reads as null, in a listing as in a read by id.
            digested
                .fields
                .extend(FieldPath::parse("Account.IsDeleted"));
        }
        digested
    }

    /// Returns the fields to read.
    #[must_use]
    pub fn fields(&self) -> &[FieldPath] {
        &self.fields
    }

    /// Returns the digest of a row. A field that was not read is distinguished from one that is null.
    #[must_use]
    pub fn digest(&self, row: &Row) -> Digest {
        let mut own = Sha256::new_with_prefix(&self.seed);
        let mut parents = Sha256::new();
        for path in &self.fields {
            let part = if path.is_parent_path() {
                &mut parents
            } else {
                &mut own
            };
            part.update(path.as_str());
            match row.get(path.as_str()) {
                None => part.update([0]),
                // The same number gives the same digest, however Salesforce writes it.
                Some(Value::Number(number)) => {
                    part.update([1]);
                    part.update(number.as_f64().unwrap_or_default().to_be_bytes());
                }
                Some(value) => {
                    part.update([2]);
                    part.update(serde_json::to_vec(value).unwrap_or_default());
                    part.update([0]);
                }
            }
        }
        let number = |digest: &[u8]| {
            digest
                .iter()
                .take(8)
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let parents = number(&parents.finalize()) >> 32;
        Digest {
            own: number(&own.finalize()),
            parents: u32::try_from(parents).unwrap_or_default(),
        }
    }

    /// Returns the digest that vouches for a row which was read at this time; none if it cannot. A value that it does
    /// not cover may change within the second of the row's stamp, after the row was read.
    #[must_use]
    pub fn vouch(&self, row: &Row, read_at: Timestamp) -> Option<Digest> {
        self.is_settled(row.stamp()?, read_at)
            .then(|| self.digest(row))
    }

    /// Returns `true` if nothing that a digest does not cover can still change under this stamp. Transactions that
    /// stamp before they commit are waited for as the listing waits for them. A stamp that lies far ahead does not tell
    /// when it was made.
    #[must_use]
    pub fn is_settled(&self, stamp: SystemModstamp, read_at: Timestamp) -> bool {
        let age = read_at.as_second().saturating_sub(stamp.as_second());
        self.is_whole || age.abs() > self.overlap.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    fn row(fields: Value) -> Row {
        serde_json::from_value(fields).unwrap()
    }

    fn digest(settings: &Settings, fields: Value) -> Digest {
        Digested::of(settings, SalesforceObject::Opportunity).digest(&row(fields))
    }

    /// Returns the standard settings, with the name fed by the Account's.
    fn with_parent() -> Settings {
        let mut settings = settings();
        settings.mappings[0].salesforce = FieldPath::parse("Account.Name").unwrap();
        settings
    }

    #[test]
    fn any_value_that_comes_on_update_and_the_sync_flag_make_another_digest_and_nothing_else_does()
    {
        let settings = settings();
        let base = json!({ "Name": "Acme", "StageName": "Won", "Amount": 7.0, "CloseDate": "2026-01-01", "Sync__c": true });
        let with = |name: &str, value: Value| {
            let mut fields = base.clone();
            fields[name] = value;
            digest(&settings, fields)
        };
        let same = digest(&settings, base.clone());

        for (name, value) in [
            ("Name", json!("Acme 2")),
            ("Amount", json!(null)),
            ("StageName", json!("Lost")),
            ("Sync__c", json!(false)),
        ] {
            assert_ne!(with(name, value), same, "{name}");
        }
        assert_eq!(with("Amount", json!(7)), same);
        assert_eq!(with("CloseDate", json!("2027-01-01")), same);
        assert_eq!(with("Description", json!("called")), same);
    }

    #[test]
    fn a_parent_s_value_is_told_from_the_record_s_own() {
        let settings = with_parent();
        let of = |name: &str, amount: i64| {
            digest(
                &settings,
                json!({ "Account": { "Name": name }, "Amount": amount }),
            )
        };

        assert_ne!(of("Acme", 1), of("Betasol", 1));
        assert!(of("Acme", 1).has_own_values_of(of("Betasol", 1)));
        assert!(!of("Acme", 1).has_own_values_of(of("Acme", 2)));
    }

    #[test]
    fn a_hidden_field_is_not_a_blank_one_and_another_mapping_makes_another_digest() {
        let settings = settings();
        let blank = digest(&settings, json!({ "Amount": null }));
        assert_ne!(digest(&settings, json!({})), blank);

        let mut other = settings.clone();
        other.mappings[1].values.clear();
        assert_ne!(digest(&other, json!({ "Amount": null })), blank);
    }

    #[test]
    fn long_text_is_not_read_and_a_row_that_was_read_too_soon_is_not_vouched_for() {
        let mut settings = settings();
        let stamped = row(json!({ "SystemModstamp": "2026-01-01T00:00:00Z" }));
        let at = |second: i64| {
            let stamp = SystemModstamp::parse("2026-01-01T00:00:00Z").unwrap();
            Timestamp::from_second(stamp.as_second() + second).unwrap()
        };
        let vouched = |settings: &Settings, second| {
            Digested::of(settings, SalesforceObject::Opportunity)
                .vouch(&stamped, at(second))
                .is_some()
        };
        assert!(vouched(&settings, 0));

        settings.deal_fields[2].kind = FieldType::LongText;

        let digested = Digested::of(&settings, SalesforceObject::Opportunity);
        assert!(
            !digested
                .fields()
                .iter()
                .any(|path| path.as_str() == "Amount")
        );
        assert!(!vouched(&settings, 0) && !vouched(&settings, 600));
        assert!(vouched(&settings, 601) && vouched(&settings, -601));
    }

    #[test]
    fn a_wide_mapping_is_digested_as_far_as_an_address_has_room() {
        let mut settings = settings();
        for number in 0..400 {
            let mut field = settings.deal_fields[0].clone();
            field.name = format!("field_{number}");
            let mut row = settings.mappings[0].clone();
            row.channeltivity.clone_from(&field.name);
            row.salesforce =
                FieldPath::parse(&format!("Channeltivity_Custom_Field_{number}__c")).unwrap();
            settings.deal_fields.push(field);
            settings.mappings.push(row);
        }

        let digested = Digested::of(&settings, SalesforceObject::Opportunity);

        let length: usize = digested
            .fields()
            .iter()
            .map(|path| path.as_str().len() + 2)
            .sum();
        assert!(length < 6_100, "{length}");
        assert!(!digested.is_whole);
    }

    #[test]
    fn a_digest_reads_back_as_it_was_written() {
        let digest = Digest {
            own: 7,
            parents: u32::MAX,
        };

        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in [
            "",
            "7",
            "0000000000000007fffffffff",
            "000000000000000gffffffff",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
