//! Looking after links that the listing of Opportunities does not show: linked Leads, and what is gone or no longer flagged.

use std::collections::HashMap;

use super::{FanOut, Step, Stop, page::Candidates, pages::Pages};
use crate::{
    SalesforceId, SalesforceObject, Stamp,
    claim::{Claim, ClaimState},
    import,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Place, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    salesforce::{Deleted, Listing, Row, Salesforce},
    settings::Settings,
};

/// Links that are looked at together: what one call answers.
const LINKS: usize = 2_000;

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Leads are listed only where a record is linked to one, and only those that changed.
    pub(super) async fn list_leads(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
    ) -> Result<(), Stop> {
        let Some(since) = candidates.since(settings.overlap()) else {
            return Ok(());
        };
        let after = match progress.place {
            Place::Leads(stamp, id) => Some((stamp, id)),
            _ => None,
        };
        let org = settings.organization_id;
        let listing = Listing {
            object: SalesforceObject::Lead,
            fields: Vec::new(),
            flag: None,
            since: Some(since),
            before: None,
            after,
            up_to: None,
            deleted: Deleted::Included,
        };
        let mut pages = Pages::new(self.salesforce, listing, self.clock.now(), None);
        while pages.has_more() {
            let rows = match pages.step().await {
                Err(error) if error.hides(SalesforceObject::Lead) => {
                    return self.say_hidden_leads(progress).await;
                }
                rows => rows?,
            };
            let stamps: HashMap<SalesforceId, Stamp> = rows
                .iter()
                .filter_map(|row| Some((row.id()?, row.stamp()?)))
                .collect();
            let ids: Vec<SalesforceId> = rows.iter().filter_map(Row::id).collect();
            let Some((last, stamp)) = ids.last().and_then(|last| Some((last, stamps.get(last)?)))
            else {
                continue;
            };
            let claims = self.store.claims(org, &ids).await?;
            let changed = ids.iter().filter(|id| {
                // What has an open problem is enqueued already.
                !candidates.problems().contains(*id)
                    && claims.get(*id).is_some_and(|claim| {
                        claim.state == ClaimState::Live
                            && stamps.get(*id).is_some_and(|stamp| *stamp > claim.stamp)
                            && !claim.counted.contains(progress.run)
                    })
            });
            let step = Step {
                work: changed.map(|id| (*id, false)).collect(),
                ..Step::at(Place::Leads(*stamp, *last))
            };
            self.enqueue(progress, org, step).await?;
        }
        Ok(())
    }

    /// Without access to Leads their links are left as they are: Opportunities are imported all the same.
    async fn say_hidden_leads(&self, progress: &Progress) -> Result<(), Stop> {
        let (key, finding) = import::hidden_leads();
        Ok(self.store.note(progress.run, &key, &finding).await?)
    }

    /// A full run also looks at linked records that the listing did not show: no longer flagged, deleted, hidden, purged.
    pub(super) async fn check_unlisted_links(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let after = match progress.place {
            Place::Links(id) => Some(id),
            _ => None,
        };
        // By id, Opportunities come before Leads: one place tells how far both were looked at.
        for object in [SalesforceObject::Opportunity, SalesforceObject::Lead] {
            let unlisted = candidates.unlisted(object);
            let mut unlisted: Vec<&Claim> = unlisted
                .filter(|claim| Some(claim.salesforce) > after)
                .collect();
            unlisted.sort_unstable_by_key(|claim| claim.salesforce);
            for claims in unlisted.chunks(LINKS) {
                let ids: Vec<SalesforceId> = claims.iter().map(|claim| claim.salesforce).collect();
                let Some(last) = ids.last() else { continue };
                let mut step = Step::at(Place::Links(*last));
                let stamps = match self.salesforce.stamps(object, &ids).await {
                    Err(error) if object == SalesforceObject::Lead && error.hides(object) => {
                        return self.say_hidden_leads(progress).await;
                    }
                    stamps => stamps?,
                };
                for (claim, stamp) in claims.iter().zip(stamps) {
                    if is_as_before(claim, stamp) {
                        step.counts.listed += 1;
                        step.counts.unchanged += 1;
                    } else {
                        step.work.push((claim.salesforce, false));
                    }
                }
                self.enqueue(progress, org, step).await?;
            }
        }
        Ok(())
    }
}

fn is_as_before(claim: &Claim, stamp: Option<Stamp>) -> bool {
    let is_known = match stamp {
        Some(stamp) => stamp <= claim.stamp && !claim.disconnected,
        None => claim.disconnected,
    };
    claim.state == ClaimState::Live && is_known
}
