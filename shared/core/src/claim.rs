//! The claim: one item per Salesforce record, shared by all kinds of records, which makes links one-to-one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    SalesforceId, SystemModstamp, base::Base, counted::CountedRuns, digest::Digest,
    record::RecordId,
};

/// The state of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimState {
    /// The Salesforce record belongs to [`Claim::record`].
    Live,
    /// The link was removed: imports leave the Salesforce record alone.
    Suppressed,
    /// An administrator allowed the import again. Only the epoch is still of use.
    Released,
}

/// The values that a link and the edits of its record have to write to Salesforce, kept with its claim until they are
/// delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingWrite {
    /// The id that tells this write from an earlier or later one of the same link.
    pub id: String,
    /// The fields that a confirmed link writes, with their values.
    pub fields: Map<String, Value>,
    /// The values of those fields that the preview showed, which reveal a user's newer edit.
    pub before: Map<String, Value>,
    /// The SystemModstamp up to which the values in Salesforce are known: whatever was edited there later is looked at
    /// before anything is written.
    pub seen: SystemModstamp,
    /// The record's fields whose present values are to be written because they were edited in Channeltivity. The
    /// claim's base has what was agreed on before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub edited: BTreeSet<String>,
}

impl PendingWrite {
    /// Returns `true` if a confirmed link has something to write: the link is Pending until that arrived, even while
    /// the Sync Flag is off, because the write may be what sets it.
    #[must_use]
    pub fn is_of_link(&self) -> bool {
        !self.fields.is_empty()
    }
}

/// A claim on a Salesforce record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The Salesforce record; part of the key in the store.
    #[serde(skip, default = "unset_id")]
    pub salesforce: SalesforceId,
    /// The state.
    pub state: ClaimState,
    /// The record that the Salesforce record belongs to, or belonged to last.
    pub record: RecordId,
    /// The number of unlinks; part of the id of an imported Deal.
    pub epoch: u32,
    /// The SystemModstamp of the Salesforce data last applied.
    pub stamp: SystemModstamp,
    /// The digest of the listed values that were last applied. None if they must be read again whatever the stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The number of changes of this item.
    pub version: u64,
    /// The runs that counted this Opportunity.
    #[serde(default)]
    pub counted: CountedRuns,
    /// The write that is on its way to Salesforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingWrite>,
    /// The values last agreed on, for the fields in which the record differs from them.
    #[serde(default, skip_serializing_if = "Base::is_empty")]
    pub base: Base,
    /// `true` on a live claim whose Salesforce record was gone when last read, so that its return is noticed whatever
    /// its stamp.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disconnected: bool,
    /// `true` on a suppressed claim if a run has seen the Import Flag off since the unlink, so that setting it again is
    /// a deliberate act.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub import_flag_was_off: bool,
    /// The unlink that suppressed a claim. None on a claim in another state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppression: Option<Box<Suppression>>,
}

/// The act by which a Salesforce record is left alone by imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The time of the act.
    pub at: Timestamp,
    /// The user.
    pub by: String,
}

/// A suppressed claim, as far as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The Salesforce record.
    pub salesforce: SalesforceId,
    /// The record that it was linked to.
    pub record: RecordId,
    /// The act that suppressed it.
    pub suppression: Suppression,
}

impl Claim {
    /// Returns `true` if a row with this stamp and digest brings nothing that was not applied. An older row never does.
    #[must_use]
    pub fn is_up_to(&self, stamp: SystemModstamp, digest: Option<Digest>) -> bool {
        stamp < self.stamp
            || (stamp == self.stamp && self.digest.is_some() && self.digest == digest)
    }
}

fn unset_id() -> SalesforceId {
    // Only a placeholder between reading the attributes and reading the key.
    SalesforceId::UNSET
}
