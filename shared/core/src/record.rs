//! Channeltivity's linkable records (Deal, Lead, Referral) and their link to Salesforce.

mod act;
mod name;
mod values;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    SalesforceId, SalesforceObject, SystemModstamp, base::Base, end_user::SubmittedEndUser,
};

pub use act::{Act, AuditRow, history};

/// The kind of a linkable record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// A Deal Registration.
    Deal,
    /// A Lead.
    Lead,
    /// A Referral.
    Referral,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Deal, Self::Lead, Self::Referral];

    /// Returns the kind in the singular, as in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Lead => "lead",
            Self::Referral => "referral",
        }
    }

    /// Returns the kind's collection in the API.
    #[must_use]
    pub fn collection(self) -> &'static str {
        match self {
            Self::Deal => "deals",
            Self::Lead => "leads",
            Self::Referral => "referrals",
        }
    }

    /// Returns the kind as a sentence names it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Deal => "Deal",
            Self::Lead => "Lead",
            Self::Referral => "Referral",
        }
    }
}

/// The id of a linkable record: its kind, and an id that is unique within the kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    kind: RecordKind,
    id: String,
}

/// A text that is not a record id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a record id: an id has 1 to 64 letters, digits, '-', '_' or '.'")]
pub struct InvalidRecordId {
    /// The text, shortened.
    pub text: String,
}

/// Returns `true` for a text that can be an id within its kind: it stands in keys and paths.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl RecordId {
    /// Checks an id from outside.
    ///
    /// # Errors
    /// Returns an error if it is empty, too long, or holds characters that do not belong in keys and paths.
    pub fn new(kind: RecordKind, id: &str) -> Result<Self, InvalidRecordId> {
        if is_id(id) {
            Ok(Self {
                kind,
                id: id.to_owned(),
            })
        } else {
            Err(InvalidRecordId {
                text: id.chars().take(80).collect(),
            })
        }
    }

    /// Returns the id of the Deal that the import makes of an Opportunity in one epoch of its claim.
    ///
    /// It depends on nothing else, so a repeated import can never make a second Deal.
    #[must_use]
    pub fn of_imported_deal(org: SalesforceId, opportunity: SalesforceId, epoch: u32) -> Self {
        let digest = Sha256::digest(format!("{org}|{opportunity}|{epoch}"));
        let id = digest[..10]
            .iter()
            .fold("deal-".to_owned(), |mut id, byte| {
                use fmt::Write as _;
                // Writing to a String cannot fail.
                let _ = write!(id, "{byte:02x}");
                id
            });
        Self {
            kind: RecordKind::Deal,
            id,
        }
    }

    /// Returns the placeholder for the id of a record that has none yet. Nothing is stored under it.
    pub(crate) fn unnamed(kind: RecordKind) -> Self {
        Self {
            kind,
            id: String::new(),
        }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        self.kind
    }

    /// Returns the record as sentences name it, with its name if there is one: `Deal "Acme" (D-17)`.
    #[must_use]
    pub fn label(&self, name: &str) -> String {
        if name.is_empty() {
            self.to_string()
        } else {
            format!("{} \"{name}\" ({})", self.kind.label(), self.id)
        }
    }

    /// Returns the External Id of the record's Salesforce side in one of its lives: `deal:D-17`, in the second one
    /// `deal:D-17#2`.
    #[must_use]
    pub fn external_id(&self, life: u32) -> String {
        let (kind, id) = (self.kind.as_str(), &self.id);
        match life {
            1 => format!("{kind}:{id}"),
            life => format!("{kind}:{id}#{life}"),
        }
    }

    /// Returns `true` if another record's id can differ from it by case alone, and be the one without upper-case letters.
    pub(crate) fn has_upper_case(&self) -> bool {
        self.id.chars().any(|c| c.is_ascii_uppercase())
    }

    /// Returns the id within its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for RecordId {
    /// Formats the id as a sentence names it: `Deal deal-12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.label(), self.id)
    }
}

impl Serialize for RecordId {
    /// Serializes the id as it is stored: `deal/deal-12`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.kind.as_str(), self.id))
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, InvalidRecordId> {
        let invalid = || InvalidRecordId {
            text: text.chars().take(80).collect(),
        };
        let (kind, id) = text.split_once('/').ok_or_else(invalid)?;
        let kind = RecordKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or_else(invalid)?;
        Self::new(kind, id)
    }
}

/// The status of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// Both sides are joined and nothing is on its way.
    Synced,
    /// A write to Salesforce is on its way.
    Pending,
    /// The Sync Flag is off in Salesforce.
    Paused,
    /// The Salesforce record is deleted, merged away, converted without an Opportunity, hidden or purged.
    Disconnected,
}

/// The link of a record to Salesforce, as the record carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The Salesforce record.
    pub salesforce_id: SalesforceId,
    /// Its object.
    #[serde(rename = "salesforce_object")]
    pub object: SalesforceObject,
    /// Its status.
    #[serde(rename = "link_status")]
    pub status: LinkStatus,
    /// The reason why it is paused or disconnected.
    #[serde(
        rename = "link_reason",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub reason: Option<String>,
    /// The name of the Salesforce record when last read.
    #[serde(
        rename = "salesforce_name",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The time of linking.
    pub linked_at: jiff::Timestamp,
    /// The user's id, or the integration.
    pub linked_by: String,
    /// The SystemModstamp of the Salesforce data last applied. It never goes back.
    pub stamp: SystemModstamp,
}

/// A Salesforce Account or Contact, kept as it was when the Deal was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndUser {
    /// Its Salesforce id.
    pub id: SalesforceId,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A Contact's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A Deal, Lead or Referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id; part of the key in the store.
    #[serde(skip, default = "unset_id")]
    pub id: RecordId,
    /// The number of its changes.
    pub version: u64,
    /// Its mapped and other fields, by name.
    pub fields: Map<String, Value>,
    /// The user that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The owner's Organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// A Deal's Partner User.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// A Deal's Distributor User.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributor: Option<String>,
    /// A Deal's end-user Account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<EndUser>,
    /// A Deal's end-user Contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<EndUser>,
    /// The end user of a record that was submitted in the portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<SubmittedEndUser>,
    /// A Deal's step in its registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_status: Option<String>,
    /// Its link.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// The number of the life that it leads at Salesforce: each unlink ends one.
    #[serde(default = "first_life", skip_serializing_if = "is_first_life")]
    pub life: u32,
    /// The create that is on its way to Salesforce, of an unlinked record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creating: Option<Creating>,
    /// The latest acts on it, oldest first, which no audit row tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
    /// The latest life in which Salesforce was asked to create it. It outlives `creating`, which can be withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempted: Option<u32>,
}

/// The creation of a record's Salesforce side, from its trigger until it is linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creating {
    /// The id that tells it from an earlier or later one.
    pub id: String,
    /// The target, once it is known: a repeat must not choose another object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<CreateTarget>,
    /// The task of the Sync Now that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `true` if Salesforce refused it, so that it is tried again only for a reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// `true` if the record has an open send problem.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_problem: bool,
    /// The values that an attempt may have brought to Salesforce, for the fields that were edited since the first
    /// trigger.
    #[serde(default, skip_serializing_if = "Base::is_empty")]
    pub edited: Base,
}

/// The Salesforce record that a record becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreateTarget {
    /// A Lead.
    Lead {
        /// The reason why it is not an Opportunity, where it could have been one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// An Opportunity of this Account, with this Contact in its Primary Contact Role.
    Opportunity {
        /// The Account.
        account: SalesforceId,
        /// The Contact.
        contact: SalesforceId,
    },
}

pub(crate) fn first_life() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_first_life(life: &u32) -> bool {
    *life == 1
}

impl Record {
    /// Creates a record in its first version, with nothing but an id.
    #[must_use]
    pub fn new(id: RecordId) -> Self {
        Self {
            id,
            version: 1,
            fields: Map::new(),
            owner: None,
            organization: None,
            partner: None,
            distributor: None,
            account: None,
            contact: None,
            end_user: None,
            registration_status: None,
            link: None,
            life: 1,
            creating: None,
            acts: Vec::new(),
            attempted: None,
        }
    }

    /// Returns the id of the write to Salesforce that the change to this version makes: `D-17-3`, in the record's second
    /// life `D-17#2-3`. A record that is submitted again after its deletion begins with the first version again.
    pub(crate) fn write_id(&self, version: u64) -> String {
        let id = self.id.id();
        match self.life {
            1 => format!("{id}-{version}"),
            life => format!("{id}#{life}-{version}"),
        }
    }

    /// Returns `true` if an attempt at creating it in its present life may have made a Salesforce record.
    pub(crate) fn is_attempted(&self) -> bool {
        self.attempted == Some(self.life)
    }

    /// Returns the External Id of its Salesforce side.
    #[must_use]
    pub fn external_id(&self) -> String {
        self.id.external_id(self.life)
    }
}

fn unset_id() -> RecordId {
    RecordId::unnamed(RecordKind::Deal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SalesforceId {
        SalesforceId::parse(text).unwrap()
    }

    #[test]
    fn the_id_of_an_imported_deal_depends_on_org_opportunity_and_epoch_alone() {
        let (org, opportunity) = (id("00DbY000000001F"), id("006dM00000Mw7Vt"));
        let first = RecordId::of_imported_deal(org, opportunity, 0);

        assert_eq!(first, RecordId::of_imported_deal(org, opportunity, 0));
        assert_ne!(first, RecordId::of_imported_deal(org, opportunity, 1));
        assert_ne!(
            first,
            RecordId::of_imported_deal(org, id("006dM00000Mw7VT"), 0)
        );
        assert_eq!(RecordId::new(RecordKind::Deal, first.id()), Ok(first));
    }

    #[test]
    fn a_record_id_reads_back_as_it_was_written() {
        let id = RecordId::new(RecordKind::Referral, "ref_1.a-b").unwrap();

        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"referral/ref_1.a-b\""
        );
        assert_eq!("referral/ref_1.a-b".parse(), Ok(id));
        assert!("quote/1".parse::<RecordId>().is_err());
        assert!(RecordId::new(RecordKind::Deal, "a/b").is_err());
        assert!(RecordId::new(RecordKind::Deal, "").is_err());
    }

    #[test]
    fn a_record_without_a_link_reads_back_without_one() {
        let record = Record::new(unset_id());
        let stored = serde_json::to_value(&record).unwrap();

        assert_eq!(stored, serde_json::json!({ "version": 1, "fields": {} }));
        let back: Record = serde_json::from_value(stored).unwrap();
        assert_eq!(back, record);
    }
}
