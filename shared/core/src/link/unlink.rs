//! Unlink: removes a link in one transaction, and has imports leave the Salesforce record alone.

use jiff::Timestamp;

use super::{
    LinkError, Refusal, SalesforceRecord, Unlinks, connected_org,
    store::{Audit, Committed, LinkChange, LinkStore, OrgChanges, Outbox, Receipted},
};
use crate::{
    SalesforceId, SalesforceObject,
    base::Base,
    change::{Expected, Write},
    claim::{Claim, ClaimState, Suppression},
    code::Code,
    counted::CountedRuns,
    entry::LogLine,
    finding::Finding,
    message::Note,
    organization::OrgChange,
    ports::{Clock, PortError, Portal},
    record::{Link, Record, RecordId},
};

/// The most times that an unlink is decided again because something changed under it.
const MAX_ATTEMPTS: usize = 6;

/// The result of an unlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlinked {
    /// The record, without its link.
    pub record: Record,
    /// The Salesforce record it was linked to.
    pub salesforce: SalesforceRecord,
}

impl Unlinked {
    /// Returns a sentence that tells the administrator what imports do from here on.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (record, salesforce) = (&self.record.id, &self.salesforce);
        let apart = format!(
            "The {record} and {} {} are no longer linked; both keep their values.",
            salesforce.object, salesforce.id
        );
        if salesforce.object.is_imported() {
            format!(
                "{apart} Imports leave {} alone until it is linked again, its import is allowed, or its export flag is \
                 cleared and set again after the {record} is gone.",
                salesforce.id
            )
        } else {
            // Nothing would bring it back by itself.
            format!("{apart} Each can be linked to another record, or to the same one again.")
        }
    }
}

/// The fate of the record when its link is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It stays, and can be linked again.
    Unlink,
    /// It is deleted.
    Delete,
}

/// Returns the entry of the end of a link, which says what imports do if they would do something.
fn entry(object: SalesforceObject, (ending, user): (Ending, &str)) -> Finding {
    let imports = if object.is_imported() {
        "; imports leave the Opportunity alone until its import is allowed"
    } else {
        ""
    };
    match ending {
        Ending::Unlink => Finding::new(Code::Unlinked).value(imports),
        Ending::Delete => {
            let mut finding = Finding::new(Code::LinkedRecordDeleted).value(user);
            imports.clone_into(&mut finding.context.field);
            finding
        }
    }
}

impl<P: Portal, S: LinkStore, C: Clock + ?Sized> Unlinks<'_, P, S, C> {
    /// Unlinks a record. With `version`, only the link that the caller has seen: a newer one of the same pair stays.
    ///
    /// # Errors
    /// Returns a refusal (nothing was written), or a fault.
    pub async fn unlink(
        &self,
        id: &RecordId,
        version: Option<u64>,
        user: &str,
        receipt: impl Fn(&Unlinked) -> Option<Receipted> + Send,
    ) -> Result<Unlinked, LinkError> {
        self.end(id, version, (Ending::Unlink, user), receipt).await
    }

    /// Removes the link of a record as [`Self::unlink`] does, and the record too if that is how it ends. `ending` comes
    /// with the user who does it.
    ///
    /// # Errors
    /// As [`Self::unlink`].
    pub async fn end(
        &self,
        id: &RecordId,
        version: Option<u64>,
        (ending, user): (Ending, &str),
        receipt: impl Fn(&Unlinked) -> Option<Receipted> + Send,
    ) -> Result<Unlinked, LinkError> {
        let settings = self.portal.settings().await?;
        let org = connected_org(self.instance_url, &settings)?;
        let suppression = Suppression {
            at: self.clock.now(),
            by: user.to_owned(),
        };
        let mut seen = None;
        let mut unclaimed = None;
        for _ in 0..MAX_ATTEMPTS {
            let record = self
                .store
                .record(id)
                .await?
                .ok_or_else(|| Refusal::RecordNotFound(id.clone()))?;
            let link = record
                .link
                .clone()
                .ok_or_else(|| Refusal::NotLinked(id.clone()))?;
            // The link that was there when the call began is removed; a link that replaced it is somebody's newer
            // decision.
            let since = linked_version(&record);
            if *seen.get_or_insert(since) != since && version.is_none() {
                return Err(
                    Refusal::PreviewStale("the record was linked again in the meantime").into(),
                );
            }
            if version.is_some_and(|version| version != record.version) {
                return Err(Refusal::PreviewStale("the record changed since it was read").into());
            }
            let claim = self
                .store
                .claim(settings.organization_id, link.salesforce_id)
                .await?;
            let is_its = |claim: &Claim| claim.state == ClaimState::Live && claim.record == *id;
            let cut = match claim {
                Some(claim) if is_its(&claim) => Cut {
                    org: settings.organization_id,
                    claim: Some((
                        suppressed(&claim, &suppression),
                        Expected::Version(claim.version),
                    )),
                    has_pending: claim.pending.is_some(),
                    stray: None,
                },
                // The record was unlinked between the two reads.
                _ if unclaimed.replace(record.version) != Some(record.version) => continue,
                claim => {
                    let here = (settings.organization_id, claim);
                    self.stray(&record, &link, here, &suppression).await?
                }
            };
            let mut next = record.clone();
            next.version += 1;
            next.link = None;
            next.life += 1;
            let name = record
                .salesforce_name(&settings)
                .unwrap_or_default()
                .to_owned();
            let salesforce = SalesforceRecord::new(&org, link.object, link.salesforce_id, &name);
            let unlinked = Unlinked {
                record: next.clone(),
                salesforce,
            };
            let seen_record = Expected::Version(record.version);
            let change = LinkChange {
                org: cut.org,
                writes: std::iter::once(match ending {
                    Ending::Unlink => Write::Record(Box::new(next), seen_record),
                    Ending::Delete => Write::DeleteRecord(id.clone(), seen_record),
                })
                .chain(
                    cut.claim
                        .map(|(claim, expected)| Write::Claim(claim, expected)),
                )
                .collect(),
                audit: Some(Audit {
                    record: id.clone(),
                    action: match ending {
                        Ending::Unlink => "unlink",
                        Ending::Delete => "delete",
                    },
                    by: user.to_owned(),
                    salesforce: Some(link.salesforce_id),
                    details: if cut.org == settings.organization_id {
                        "the Salesforce record is suppressed".to_owned()
                    } else {
                        format!("its claim was one of the org {}", cut.org)
                    },
                    earlier: record.acts.clone(),
                }),
                line: LogLine {
                    salesforce: Some(link.salesforce_id),
                    name,
                    entity: Some(id.clone()),
                    findings: vec![entry(link.object, (ending, user)).other(id.to_string())],
                },
                outbox: if cut.has_pending {
                    Outbox::Remove(Note::Write(link.salesforce_id))
                } else {
                    Outbox::Keep
                },
                watch: None,
                links_lead: false,
                receipt: receipt(&unlinked),
            };
            let committed = match cut.stray {
                None => self.store.commit_link(&change).await?,
                Some(seen) => self.store.commit_stray(&change, seen).await?,
            };
            if committed == Committed::Yes {
                return Ok(unlinked);
            }
        }
        Err(PortError {
            operation: format!("unlinking the {id}"),
            detail: "it kept changing".to_owned(),
        }
        .into())
    }
}

/// Returns what tells one link of a record from a later one of the same pair: each unlink begins another life.
fn linked_version(record: &Record) -> (u32, Option<Timestamp>) {
    let linked_at = record.link.as_ref().map(|link| link.linked_at);
    (record.life, linked_at)
}

/// The writes that remove a link, beside the record's own.
struct Cut {
    /// The org of the claim.
    org: SalesforceId,
    /// The claim as it will be.
    claim: Option<(Claim, Expected)>,
    /// `true` if a write to Salesforce was on its way.
    has_pending: bool,
    /// The state of the org's changes before the search, for a record whose claim is not under the connected org.
    stray: Option<OrgChanges>,
}

/// Returns the claim as an unlink leaves it.
fn suppressed(claim: &Claim, suppression: &Suppression) -> Claim {
    Claim {
        state: ClaimState::Suppressed,
        epoch: claim.epoch + 1,
        version: claim.version + 1,
        pending: None,
        base: Base::default(),
        disconnected: false,
        import_flag_was_off: false,
        suppression: Some(Box::new(suppression.clone())),
        ..claim.clone()
    }
}

impl<P: Portal, S: LinkStore, C: Clock + ?Sized> Unlinks<'_, P, S, C> {
    /// Returns what to remove for a linked record whose claim is being moved from one org to another.
    async fn on_its_way(
        &self,
        record: &Record,
        link: &Link,
        (change, changes): (&OrgChange, OrgChanges),
        suppression: &Suppression,
    ) -> Result<Cut, LinkError> {
        // In the order of its way, so that it is not missed while it moves.
        for org in [change.from, change.to] {
            let claim = self.store.claim(org, link.salesforce_id).await?;
            let is_its =
                |claim: &Claim| claim.state == ClaimState::Live && claim.record == record.id;
            if let Some(claim) = claim.filter(is_its) {
                return Ok(Cut {
                    org,
                    claim: Some((
                        suppressed(&claim, suppression),
                        Expected::Version(claim.version),
                    )),
                    has_pending: claim.pending.is_some(),
                    stray: Some(changes),
                });
            }
        }
        Err(Refusal::OrgChanging(record.id.clone()).into())
    }

    /// Returns what to remove for a linked record that no claim of the connected org names: its claim is another org's,
    /// or there is none.
    async fn stray(
        &self,
        record: &Record,
        link: &Link,
        (org, here): (SalesforceId, Option<Claim>),
        suppression: &Suppression,
    ) -> Result<Cut, LinkError> {
        let changes = self.store.org_changes().await?;
        if let Some(change) = &changes.under_way {
            let under_way = (change, changes);
            return self.on_its_way(record, link, under_way, suppression).await;
        }
        let claims = self.store.live_claims_of(&record.id).await?;
        let elsewhere = claims
            .into_iter()
            .min_by_key(|(_, claim)| claim.salesforce != link.salesforce_id);
        if let Some((org, claim)) = elsewhere {
            return Ok(Cut {
                org,
                claim: Some((
                    suppressed(&claim, suppression),
                    Expected::Version(claim.version),
                )),
                has_pending: claim.pending.is_some(),
                stray: Some(changes),
            });
        }
        // Without a suppression the next run would import an Opportunity that was unlinked on purpose. Another record's
        // claim stays as it is.
        let claim = here.is_none().then(|| Claim {
            salesforce: link.salesforce_id,
            state: ClaimState::Suppressed,
            record: record.id.clone(),
            epoch: 1,
            stamp: link.stamp,
            digest: None,
            version: 1,
            counted: CountedRuns::default(),
            pending: None,
            base: Base::default(),
            disconnected: false,
            import_flag_was_off: false,
            suppression: Some(Box::new(suppression.clone())),
        });
        Ok(Cut {
            org,
            claim: claim.map(|claim| (claim, Expected::Absent)),
            has_pending: false,
            stray: Some(changes),
        })
    }
}
