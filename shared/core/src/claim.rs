//! The claim: one item per Salesforce record, shared by all kinds of records, which makes links one-to-one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{SalesforceId, Stamp, counted::Counted, digest::Digest, record::RecordId};

/// Whether a claim joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimState {
    /// The Salesforce record belongs to [`Claim::record`].
    Live,
    /// It was unlinked: imports leave it alone.
    Suppressed,
    /// An administrator allowed its import again. Only the epoch is still of use.
    Released,
}

/// What must go to Salesforce because of a link, kept with it until it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingWrite {
    /// Tells this write from an earlier or later one of the same link.
    pub id: String,
    /// Fields and values.
    pub fields: Map<String, Value>,
    /// The values that the preview showed, to tell a user's newer edit.
    pub before: Map<String, Value>,
    /// The stamp that the confirmed preview saw: a later edit in Salesforce is not overwritten.
    pub seen: Stamp,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The Salesforce record; part of the key in the store.
    #[serde(skip, default = "unset_id")]
    pub salesforce: SalesforceId,
    /// Whether it joins.
    pub state: ClaimState,
    /// The record it belongs to, or belonged to last.
    pub record: RecordId,
    /// Counts the unlinks; part of the id of an imported Deal.
    pub epoch: u32,
    /// The SystemModstamp of the Salesforce data last applied.
    pub stamp: Stamp,
    /// The values that a listing shows of it, as they were last applied. None where they are to be read again whatever the stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Counts the changes of this item.
    pub version: u64,
    /// The runs that counted this Opportunity.
    #[serde(default)]
    pub counted: Counted,
    /// A write that is on its way to Salesforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingWrite>,
    /// On a live claim: the Salesforce record was gone when last looked at, so that its coming back is noticed whatever its stamp.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disconnected: bool,
    /// On a suppressed claim: a run has seen the Import Flag off since the unlink, so that setting it again is a deliberate act.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub import_flag_was_off: bool,
}

impl Claim {
    /// Whether a row of that stamp and digest brings nothing that was not applied. An older row never does.
    #[must_use]
    pub fn is_up_to(&self, stamp: Stamp, digest: Option<Digest>) -> bool {
        stamp < self.stamp
            || (stamp == self.stamp && self.digest.is_some() && self.digest == digest)
    }
}

fn unset_id() -> SalesforceId {
    // Only a placeholder between reading the attributes and reading the key.
    SalesforceId::UNSET
}
