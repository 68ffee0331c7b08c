//! The settings of sending: whether and as what the portal's records are created in Salesforce.

use serde::{Deserialize, Serialize};

use crate::{SalesforceId, SalesforceObject, record::RecordKind, salesforce::FieldPath};

/// The settings of sending, by kind of record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SendSettings {
    /// Deals.
    #[serde(skip_serializing_if = "is_default")]
    pub deal: Sending,
    /// Referrals.
    #[serde(skip_serializing_if = "is_default")]
    pub referral: Sending,
    /// Leads.
    #[serde(skip_serializing_if = "is_default")]
    pub lead: Sending,
}

impl SendSettings {
    /// Returns the settings of one kind.
    #[must_use]
    pub fn of(&self, kind: RecordKind) -> &Sending {
        match kind {
            RecordKind::Deal => &self.deal,
            RecordKind::Referral => &self.referral,
            RecordKind::Lead => &self.lead,
        }
    }

    /// Returns the settings of every kind.
    pub fn all(&self) -> impl Iterator<Item = (RecordKind, &Sending)> {
        RecordKind::ALL
            .into_iter()
            .map(|kind| (kind, self.of(kind)))
    }
}

/// The act that has a record created in Salesforce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendMode {
    /// None: records are only linked by hand.
    #[default]
    Off,
    /// Sync Now.
    Manual,
    /// Its creation in the portal.
    OnSubmit,
    /// Its registration status becoming one of [`Sending::statuses`].
    OnStatus,
}

/// The Salesforce object that a record becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendTarget {
    /// A Lead.
    #[default]
    Lead,
    /// An Opportunity if exactly one Contact with an Account has the end user's email address; a Lead otherwise.
    MatchContact,
}

/// The settings of sending for one kind of record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sending {
    /// The act that has a record created.
    pub mode: SendMode,
    /// The registration statuses that have it created, in the mode `on_status`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<String>,
    /// The object that it becomes.
    pub target: SendTarget,
    /// The record type of a Lead; the integration user's default when absent.
    pub lead_record_type: Option<SalesforceId>,
    /// The record type of an Opportunity; the integration user's default when absent.
    pub opportunity_record_type: Option<SalesforceId>,
    /// The stage of an Opportunity whose mapping brings none.
    pub opportunity_stage: String,
    /// The days from its creation to the close date of an Opportunity whose mapping brings none.
    pub opportunity_close_days: u16,
    /// `true` if the org's assignment rules choose the owner of a Lead that is created.
    pub assignment_rule: bool,
    /// `true` if a record is created though a duplicate rule warns of others like it.
    pub allow_duplicates: bool,
    /// The External Id field of the target objects by which a repeated create finds what it created.
    pub external_id: FieldPath,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            mode: SendMode::Off,
            statuses: Vec::new(),
            target: SendTarget::Lead,
            lead_record_type: None,
            opportunity_record_type: None,
            opportunity_stage: "Qualification".to_owned(),
            opportunity_close_days: 90,
            assignment_rule: false,
            allow_duplicates: false,
            external_id: FieldPath::channeltivity_id(),
        }
    }
}

impl Sending {
    /// Returns the objects that a record may become.
    #[must_use]
    pub fn objects(&self) -> &'static [SalesforceObject] {
        match self.target {
            SendTarget::Lead => &[SalesforceObject::Lead],
            SendTarget::MatchContact => &[SalesforceObject::Lead, SalesforceObject::Opportunity],
        }
    }

    /// Returns `true` unless records are only linked by hand.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mode != SendMode::Off
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(super) fn is_default_send(settings: &SendSettings) -> bool {
    is_default(settings)
}
