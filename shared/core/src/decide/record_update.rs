//! The changes that a Salesforce record brings to the record that it is linked to.

use serde_json::{Map, Value};

use crate::{
    SystemModstamp, base::Base, claim::PendingWrite, digest::Digest, finding::Finding,
    record::LinkStatus,
};

/// The changes of a linked record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordUpdate {
    /// The changed fields with their future values; null clears one.
    pub fields: Map<String, Value>,
    /// The future status of the link.
    pub status: LinkStatus,
    /// The reason why it is paused or disconnected.
    pub reason: Option<String>,
    /// The Salesforce record's name.
    pub name: Option<String>,
    /// The stamp that is applied with this update.
    pub stamp: SystemModstamp,
    /// The digest that is applied with this update.
    pub digest: Option<Digest>,
    /// The findings for the log.
    pub findings: Vec<Finding>,
    /// `true` if anything but the stamp changes.
    pub is_change: bool,
    /// The values last agreed on, as they are after this update.
    pub base: Base,
    /// The write to Salesforce that is due after this update.
    pub pending: Option<PendingWrite>,
}
