//! Delete: a record goes. A linked one is unlinked by the same transaction, which suppresses its import.

use super::{
    Author, MAX_ATTEMPTS, Refusal, Seen, Submissions, SubmitError, audit, kept_changing,
    owner::Owners,
};
use crate::{
    change::{Expected, Write},
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::{
        self, LinkError, SalesforceRecord, Unlinks,
        store::{Audit, Committed, LinkChange, LinkStore, Outbox, Receipted},
        unlink::{Ending, Unlinked},
    },
    ports::{Clock, Portal},
    record::{Record, RecordId},
    send,
};

/// The result of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub struct Deleted {
    /// The record as it was, without its link.
    pub record: Record,
    /// The Salesforce record that it was linked to.
    pub salesforce: Option<SalesforceRecord>,
}

/// The fate of the link of a record that is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// A linked record stays.
    Refuse,
    /// The link is removed with the record.
    Unlink,
}

impl Deleted {
    /// Returns a sentence that tells what happened, and what imports do from here on.
    #[must_use]
    pub fn sentence(&self) -> String {
        let id = &self.record.id;
        match &self.salesforce {
            None => format!("The {id} is deleted."),
            Some(salesforce) if salesforce.object.is_imported() => format!(
                "The {id} is deleted, and its link to {} {} with it. Imports leave {} alone until its import is \
                 allowed, or its export flag is cleared and set again.",
                salesforce.object, salesforce.id, salesforce.id
            ),
            Some(salesforce) => format!(
                "The {id} is deleted, and its link to {} {} with it. That record stays as it is.",
                salesforce.object, salesforce.id
            ),
        }
    }
}

impl<P: Portal, S: LinkStore, O: Owners, C: Clock + ?Sized> Submissions<'_, P, S, O, C> {
    /// Deletes a record in the version that the author has seen.
    ///
    /// # Errors
    /// Returns a refusal (nothing was written), or a fault.
    pub async fn delete(
        &self,
        id: &RecordId,
        seen: Seen,
        linked: Linked,
        author: &Author,
        receipt: impl Fn(&Deleted) -> Option<Receipted> + Send + Sync,
    ) -> Result<Deleted, SubmitError> {
        for _ in 0..MAX_ATTEMPTS {
            let record = self.visible(id, seen, author).await?;
            let Some(link) = &record.link else {
                if let Some(deleted) = self.delete_unlinked(record, author, &receipt).await? {
                    return Ok(deleted);
                }
                continue;
            };
            if linked == Linked::Refuse {
                return Err(Refusal::UnlinkFirst {
                    record: id.clone(),
                    object: link.object,
                    salesforce: link.salesforce_id,
                }
                .into());
            }
            let unlinks = Unlinks {
                portal: self.portal,
                store: self.store,
                clock: self.clock,
                instance_url: self.instance_url,
            };
            let deleted = |unlinked: &Unlinked| Deleted {
                record: unlinked.record.clone(),
                salesforce: Some(unlinked.salesforce.clone()),
            };
            let ended = unlinks
                .end(
                    id,
                    Some(record.version),
                    (Ending::Delete, &author.by),
                    |unlinked| receipt(&deleted(unlinked)),
                )
                .await;
            match ended {
                Ok(unlinked) => return Ok(deleted(&unlinked)),
                // Somebody was faster: the next round sees how the record is then.
                Err(LinkError::Refused(
                    link::Refusal::NotLinked(_)
                    | link::Refusal::PreviewStale(_)
                    | link::Refusal::RecordNotFound(_),
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(kept_changing("deleting", id).into())
    }

    /// Deletes a record without a link; none if it changed meanwhile.
    async fn delete_unlinked(
        &self,
        record: Record,
        author: &Author,
        receipt: &(impl Fn(&Deleted) -> Option<Receipted> + Send + Sync),
    ) -> Result<Option<Deleted>, SubmitError> {
        let settings = self.portal.settings().await?;
        let id = record.id.clone();
        let expected = Expected::Version(record.version);
        let deleted = Deleted {
            record,
            salesforce: None,
        };
        let change = LinkChange {
            org: settings.organization_id,
            writes: std::iter::once(Write::DeleteRecord(id.clone(), expected))
                .chain(send::forget(&deleted.record))
                .collect(),
            audit: Some(Audit {
                earlier: deleted.record.acts.clone(),
                ..audit(&id, "delete", author, String::new())
            }),
            line: LogLine {
                salesforce: None,
                name: String::new(),
                entity: Some(id.clone()),
                findings: vec![
                    Finding::new(Code::RecordDeleted)
                        .value(&author.by)
                        .other(id.to_string()),
                ],
            },
            outbox: Outbox::Keep,
            watch: None,
            links_lead: false,
            receipt: receipt(&deleted),
        };
        let committed = self.store.commit_link(&change).await?;
        Ok((committed == Committed::Yes).then_some(deleted))
    }
}
