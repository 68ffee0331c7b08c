//! The record that a new Deal is stored as.

use jiff::Timestamp;

use crate::{
    SalesforceId, SalesforceObject,
    decide::NewDeal,
    record::{Link, LinkStatus, Record},
};

/// The `linked_by` of a link that the import makes.
const INTEGRATION: &str = "integration";

/// Returns the Deal with its link.
pub(super) fn deal_record(deal: NewDeal, opportunity: SalesforceId, now: Timestamp) -> Record {
    // The Opportunity's name is mostly a mapped field of the Deal already: kept once, the item stays within its first
    // kilobyte.
    let name = (!deal
        .fields
        .values()
        .any(|value| value.as_str() == Some(&deal.name)))
    .then_some(deal.name);
    Record {
        fields: deal.fields,
        owner: Some(deal.owner),
        organization: Some(deal.organization),
        partner: deal.partner,
        distributor: deal.distributor,
        account: Some(deal.account),
        contact: Some(deal.contact),
        registration_status: Some(deal.registration_status),
        link: Some(Link {
            salesforce_id: opportunity,
            object: SalesforceObject::Opportunity,
            status: LinkStatus::Synced,
            reason: None,
            name,
            linked_at: now,
            linked_by: INTEGRATION.to_owned(),
            stamp: deal.stamp,
        }),
        ..Record::new(deal.id)
    }
}
