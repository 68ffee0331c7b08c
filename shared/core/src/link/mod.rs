//! Linking a record to an existing Salesforce record by hand, unlinking it, allowing its import again, and delivering
//! the values that a link writes to Salesforce.

pub mod allow;
pub(crate) mod carry;
pub mod confirm;
pub mod edit;
pub(crate) mod join;
pub mod plan;
pub mod preview;
pub mod push;
pub mod store;
pub mod token;
pub mod unlink;

use std::sync::Arc;

pub use crate::mapping::Master;
use crate::{
    SalesforceId, SalesforceObject,
    claim::{Claim, ClaimState},
    ports::PortError,
    read::Columns,
    record::{Record, RecordId},
    record_url::{self, ConnectedOrg, RecordUrl, RecordUrlError},
    salesforce::{FieldPath, Row, Salesforce, SalesforceError},
    settings::Settings,
};
pub use plan::{FieldPreview, Taken};

/// The reason why a link, an unlink or a preview is refused. Nothing was written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The record does not exist.
    #[error("there is no {0}")]
    RecordNotFound(RecordId),
    /// The pasted text names no Lead or Opportunity of the connected org.
    #[error(transparent)]
    Url(#[from] RecordUrlError),
    /// The Salesforce record does not exist in the org, or is hidden from the integration user.
    #[error(
        "{object} {id} does not exist in the connected Salesforce org, or the integration user cannot see it: check the URL, or share the record with the integration user"
    )]
    SalesforceNotFound {
        /// The object.
        object: SalesforceObject,
        /// The id.
        id: SalesforceId,
    },
    /// The Salesforce record is in the recycle bin.
    #[error(
        "{object} {id} is deleted in Salesforce: restore it from the recycle bin, or link to another record"
    )]
    SalesforceDeleted {
        /// The object.
        object: SalesforceObject,
        /// The id.
        id: SalesforceId,
    },
    /// The Lead was merged into another one.
    #[error("Lead {id} was merged into Lead {survivor}: link to the survivor")]
    LeadMerged {
        /// The Lead.
        id: SalesforceId,
        /// The Lead that survives the merge.
        survivor: SalesforceId,
    },
    /// The Lead was converted.
    #[error("{}", converted(*.id, *.opportunity))]
    LeadConverted {
        /// The Lead.
        id: SalesforceId,
        /// The Opportunity that it became, if any.
        opportunity: Option<SalesforceId>,
    },
    /// This record is linked to another Salesforce record.
    #[error(
        "the {record} is already linked to the Salesforce {object} {salesforce}: unlink it first"
    )]
    LinkedHere {
        /// This record.
        record: RecordId,
        /// The object it is linked to.
        object: SalesforceObject,
        /// The Salesforce record it is linked to.
        salesforce: SalesforceId,
    },
    /// The Salesforce record belongs to another record.
    #[error(
        "the Salesforce record {salesforce} is already linked to the {holder}: unlink that one first"
    )]
    LinkedOther {
        /// The Salesforce record.
        salesforce: SalesforceId,
        /// The record it belongs to.
        holder: RecordId,
    },
    /// Something changed since the preview, or the preview was for something else or too long ago.
    #[error("the preview is out of date ({0}): preview again, look at the values, and confirm")]
    PreviewStale(&'static str),
    /// The values do not fit into the record, or into the claim that keeps them until they are written to Salesforce.
    #[error(
        "the values that this link brings to the {record} add up to {size}, but a record holds at most 400 KB; the largest are {largest}: shorten them, or remove their rows from the mapping"
    )]
    TooLarge {
        /// The record.
        record: RecordId,
        /// The size of all values.
        size: String,
        /// The largest values, with their sizes.
        largest: String,
    },
    /// The record is not linked.
    #[error("the {0} is not linked")]
    NotLinked(RecordId),
    /// The claims are being moved from one org to another.
    #[error(
        "the links are being moved to another Salesforce org or cleared: wait until that has ended, then unlink the {0}"
    )]
    OrgChanging(RecordId),
    /// The Salesforce record is not suppressed.
    #[error("{0} is not suppressed: there is nothing to allow")]
    NotSuppressed(SalesforceId),
}

fn converted(id: SalesforceId, opportunity: Option<SalesforceId>) -> String {
    match opportunity {
        Some(opportunity) => format!(
            "Lead {id} was converted to the Opportunity {opportunity}: link to that Opportunity"
        ),
        None => format!(
            "Lead {id} was converted without an Opportunity: link to the Opportunity it belongs to, by that one's URL"
        ),
    }
}

/// The reason why a use case stops: a refusal, or a fault that may pass.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LinkError {
    /// A refusal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A fault of the store or a queue.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A Salesforce fault.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
}

/// The use cases of links, over their ports.
pub struct Links<'a, F, P, S, Q, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings.
    pub portal: &'a P,
    /// Records, claims, receipts, audit rows.
    pub store: &'a S,
    /// The queue of writes to Salesforce.
    pub writes: &'a Q,
    /// The time.
    pub clock: &'a C,
    /// Signs preview tokens.
    pub tokens: &'a token::PreviewTokens,
    /// The connected org's address.
    pub instance_url: &'a str,
}

/// The use cases that remove links: they leave Salesforce as it is and never call it.
pub struct Unlinks<'a, P, S, C: ?Sized> {
    /// Settings.
    pub portal: &'a P,
    /// Records, claims, receipts, audit rows.
    pub store: &'a S,
    /// The time.
    pub clock: &'a C,
    /// The connected org's address.
    pub instance_url: &'a str,
}

/// Both sides of a link as they are at this moment.
pub(crate) struct LinkContext {
    pub(crate) settings: Arc<Settings>,
    pub(crate) org: ConnectedOrg,
    pub(crate) record: Record,
    pub(crate) claim: Option<Claim>,
    pub(crate) target: RecordUrl,
}

impl LinkContext {
    /// Refuses if either side is linked: a link that was made meanwhile is the better answer than any other.
    pub(crate) fn refuse_if_linked(&self) -> Result<(), Refusal> {
        if let Some(link) = &self.record.link {
            return Err(Refusal::LinkedHere {
                record: self.record.id.clone(),
                object: link.object,
                salesforce: link.salesforce_id,
            });
        }
        if let Some(claim) = self
            .claim
            .as_ref()
            .filter(|claim| claim.state == ClaimState::Live)
        {
            return Err(Refusal::LinkedOther {
                salesforce: claim.salesforce,
                holder: claim.record.clone(),
            });
        }
        Ok(())
    }

    /// Returns `true` if the very link that is asked for exists.
    pub(crate) fn is_this_link(&self) -> bool {
        self.record
            .link
            .as_ref()
            .is_some_and(|link| link.salesforce_id == self.target.id)
    }
}

/// Returns the connected org, which pasted URLs are compared with and whose URLs are shown.
///
/// # Errors
/// Returns an error if the address is not a valid instance URL.
pub fn connected_org(
    instance_url: &str,
    settings: &Settings,
) -> Result<ConnectedOrg, SalesforceError> {
    ConnectedOrg::new(instance_url, Some(&settings.my_domain)).map_err(|error| {
        SalesforceError::NotConfigured {
            detail: error.to_string(),
        }
    })
}

/// Reads a Salesforce record for a link, and refuses one that cannot be linked.
pub(crate) async fn read_target<F: Salesforce>(
    salesforce: &F,
    target: RecordUrl,
    settings: &Settings,
) -> Result<Row, LinkError> {
    let RecordUrl { object, id } = target;
    let mut fields = plan::fields_to_read(settings, object);
    fields.extend(more_fields(object));
    let row = read_one(salesforce, object, id, fields).await?;
    let row = row.ok_or(Refusal::SalesforceNotFound { object, id })?;
    let id_at = |name: &str| {
        row.text(name)
            .and_then(|text| SalesforceId::parse(text).ok())
    };
    if row.is_checked("IsDeleted") {
        return Err(match id_at("MasterRecordId") {
            Some(survivor) => Refusal::LeadMerged { id, survivor },
            None => Refusal::SalesforceDeleted { object, id },
        }
        .into());
    }
    if row.is_checked("IsConverted") {
        return Err(Refusal::LeadConverted {
            id,
            opportunity: id_at("ConvertedOpportunityId"),
        }
        .into());
    }
    Ok(row)
}

/// Returns the fields that identify a record and show its fate, beside the mapped fields.
pub(crate) fn more_fields(object: SalesforceObject) -> Vec<FieldPath> {
    let names = object.described_by();
    names
        .iter()
        .filter_map(|name| FieldPath::parse(name).ok())
        .collect()
}

/// Reads one record, leaving out fields that the org lacks or hides.
pub(crate) async fn read_one<F: Salesforce>(
    salesforce: &F,
    object: SalesforceObject,
    id: SalesforceId,
    fields: Vec<FieldPath>,
) -> Result<Option<Row>, SalesforceError> {
    let mut columns = Columns::new(object.api_name(), Vec::new(), fields);
    loop {
        match salesforce.records(object, &[id], &columns.asked()).await {
            Ok(rows) => return Ok(columns.settle(rows).pop()),
            Err(error) => columns.go_without(salesforce, error).await?,
        }
    }
}

/// A Salesforce record as an answer names it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SalesforceRecord {
    /// The object.
    pub object: SalesforceObject,
    /// The 18-character id.
    pub id: SalesforceId,
    /// The name.
    pub name: String,
    /// The URL of its page in Salesforce.
    pub url: String,
}

impl SalesforceRecord {
    /// Creates the description of a record of the connected org.
    #[must_use]
    pub fn new(org: &ConnectedOrg, object: SalesforceObject, id: SalesforceId, name: &str) -> Self {
        Self {
            object,
            id,
            name: name.to_owned(),
            url: record_url::url_of(org, object, id),
        }
    }
}
