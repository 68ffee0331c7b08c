//! A link that is made, whoever makes it: what the record and the claim carry of it, and what is still to be written.

use jiff::Timestamp;

use super::store::Outbox;
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    base::Base,
    change::{Expected, Write},
    claim::{Claim, ClaimState, PendingWrite},
    counted::CountedRuns,
    digest::Digest,
    message::{PushRequest, VERSION, WriteRequest},
    problem::OpenProblem,
    record::{Link, LinkStatus, Record},
};

/// A link that is to be made of a record and a Salesforce record.
pub(crate) struct Join<'a> {
    /// The record as it is, without a link.
    pub(crate) record: &'a Record,
    /// The claim of the Salesforce record, if there is one.
    pub(crate) claim: Option<&'a Claim>,
    /// Its open problem, if there is one.
    pub(crate) problem: Option<&'a OpenProblem>,
    /// The Salesforce organization.
    pub(crate) org: SalesforceId,
    /// The Salesforce record.
    pub(crate) salesforce: SalesforceId,
    /// Its object.
    pub(crate) object: SalesforceObject,
    /// Its name.
    pub(crate) name: &'a str,
    /// The stamp of its data that the record has by then.
    pub(crate) stamp: SystemModstamp,
    /// The digest of that data.
    pub(crate) digest: Option<Digest>,
    /// The values that are still to be written to Salesforce.
    pub(crate) pending: Option<PendingWrite>,
    /// The values that both sides agree on.
    pub(crate) base: Base,
    /// The user, or the integration.
    pub(crate) by: &'a str,
    /// The time.
    pub(crate) at: Timestamp,
}

/// The parts of a link that is made.
pub(crate) struct Joined {
    /// The link as the record carries it.
    pub(crate) link: Link,
    /// The write of the claim.
    pub(crate) claim: Write,
    /// The request to Salesforce.
    pub(crate) outbox: Outbox,
}

impl Join<'_> {
    /// Returns the parts of the link. Runs that have counted the Salesforce record move to the claim: a message of
    /// theirs that comes again must not count again.
    pub(crate) fn parts(self) -> Joined {
        let link = Link {
            salesforce_id: self.salesforce,
            object: self.object,
            status: if self.pending.is_some() {
                LinkStatus::Pending
            } else {
                LinkStatus::Synced
            },
            reason: None,
            name: Some(self.name.to_owned()),
            linked_at: self.at,
            linked_by: self.by.to_owned(),
            stamp: self.stamp,
        };
        let outbox = self.pending.as_ref().map_or(Outbox::Keep, |pending| {
            Outbox::Add(PushRequest::Write(WriteRequest {
                version: VERSION,
                org: self.org,
                salesforce: self.salesforce,
                record: self.record.id.clone(),
                write: pending.id.clone(),
            }))
        });
        let earlier = self.claim;
        let claim = Claim {
            salesforce: self.salesforce,
            state: ClaimState::Live,
            record: self.record.id.clone(),
            epoch: earlier.map_or(0, |claim| claim.epoch),
            stamp: self.stamp,
            digest: self.digest,
            version: earlier.map_or(0, |claim| claim.version) + 1,
            counted: earlier
                .map(|claim| &claim.counted)
                .into_iter()
                .chain(self.problem.map(|problem| &problem.counted))
                .fold(CountedRuns::default(), |all, counted| all.and(counted)),
            pending: self.pending,
            base: self.base,
            disconnected: false,
            import_flag_was_off: false,
            suppression: None,
        };
        Joined {
            link,
            claim: Write::Claim(claim, Expected::of(earlier.map(|claim| claim.version))),
            outbox,
        }
    }
}
