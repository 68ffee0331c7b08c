//! Edit: a merge patch of a record's values.

use super::{
    Author, MAX_ATTEMPTS, Refusal, Seen, Submission, Submissions, SubmitError, audit,
    kept_changing, owner,
    owner::Owners,
    refuse_too_large, refuse_wrong, reserved,
    values::{self, Stage, merged},
};
use crate::{
    change::{Expected, Write},
    link::{
        edit,
        store::{Committed, LinkChange, LinkStore, Outbox, Receipted},
    },
    message::PushRequest,
    ports::{Clock, Portal},
    record::{Record, RecordId},
    send,
};

/// The result of an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// The record.
    pub record: Record,
    /// `false` if it held all of the values already: then nothing was written.
    pub is_changed: bool,
    /// The request to Salesforce that the edit put into the outbox.
    pub request: Option<PushRequest>,
}

impl<P: Portal, S: LinkStore, O: Owners, C: Clock + ?Sized> Submissions<'_, P, S, O, C> {
    /// Edits a record in the version that the author has seen. Values that it holds already change nothing, and neither
    /// does a repeat.
    ///
    /// # Errors
    /// Returns a refusal (nothing was written), or a fault.
    pub async fn edit(
        &self,
        id: &RecordId,
        seen: Seen,
        values: &Submission,
        author: &Author,
        receipt: impl Fn(&Edited) -> Option<Receipted> + Send,
    ) -> Result<Edited, SubmitError> {
        let settings = self.portal.settings().await?;
        for _ in 0..MAX_ATTEMPTS {
            let record = self.visible(id, seen, author).await?;
            reserved::refuse_status(values, author)?;
            reserved::refuse_owner(values, author)?;
            let mut wrong = Vec::new();
            let mut next = merged(&record, values, &settings, Stage::Editing, &mut wrong);
            if let Some(value) = &values.owner {
                match owner::named(self.owners, id.kind(), value).await? {
                    Ok(owner) => owner::give(&mut next, &owner),
                    Err(invalid) => wrong.push(invalid),
                }
            }
            refuse_wrong(wrong)?;
            let changed = values::changed(&record, &next);
            if changed.is_empty() {
                return Ok(Edited {
                    record,
                    is_changed: false,
                    request: None,
                });
            }
            refuse_too_large(&next, &settings)?;
            next.version += 1;
            send::remember(&settings, &record, &mut next);
            let status = record.registration_status.as_deref();
            let mut request = send::on_status(&settings, &mut next, status)
                .or_else(|| send::on_edit(&settings, &mut next));
            // What goes to Salesforce is noted in the same transaction.
            let claim = match &record.link {
                Some(link) => {
                    let org = settings.organization_id;
                    self.store.claim(org, link.salesforce_id).await?
                }
                None => None,
            };
            let of_link = claim.and_then(|claim| {
                edit::edit(&settings, &record, &next, &claim)
                    .map(|of_link| (of_link, claim.version))
            });
            let mut writes = Vec::new();
            if let Some((of_link, version)) = of_link {
                if let Some(link) = &mut next.link {
                    link.status = of_link.status;
                }
                if let Outbox::Add(of_link) = of_link.outbox {
                    request = Some(of_link);
                }
                writes.push(Write::Claim(of_link.claim, Expected::Version(version)));
            }
            let edited = Edited {
                record: next.clone(),
                is_changed: true,
                request: request.clone(),
            };
            writes.push(Write::Record(
                Box::new(next),
                Expected::Version(record.version),
            ));
            let change = LinkChange {
                writes,
                audit: Some(audit(id, "edit", author, told(&changed))),
                outbox: request.map_or(Outbox::Keep, Outbox::Add),
                receipt: receipt(&edited),
                ..LinkChange::empty(settings.organization_id)
            };
            if self.store.commit_link(&change).await? == Committed::Yes {
                return Ok(edited);
            }
        }
        Err(kept_changing("editing", id).into())
    }

    /// Returns a record that the author may know of, in the version that the author has seen.
    ///
    /// # Errors
    /// Returns a refusal if there is none, or a fault.
    pub async fn visible(
        &self,
        id: &RecordId,
        seen: Seen,
        author: &Author,
    ) -> Result<Record, SubmitError> {
        let record = self.store.record(id).await?;
        let record = record
            .filter(|record| author.sees(record))
            .ok_or_else(|| Refusal::NotFound(id.clone()))?;
        if seen.is(record.version) {
            Ok(record)
        } else {
            Err(Refusal::Changed {
                record: id.clone(),
                version: record.version,
            }
            .into())
        }
    }
}

/// The most names that an audit row tells: it is read by people, and paid for by its bytes.
const TOLD: usize = 20;

fn told(changed: &[String]) -> String {
    let mut text = changed[..changed.len().min(TOLD)].join(", ");
    if changed.len() > TOLD {
        text.push_str(&format!(" and {} more", changed.len() - TOLD));
    }
    text
}
