//! Looking after links that the listing of Opportunities does not show: linked Leads, and what is gone or no longer flagged.

use super::{FanOut, Step, Stop, page::Candidates, pages::Pages, query::Query};
use crate::{
    SalesforceId, SalesforceObject, Stamp,
    claim::{Claim, ClaimState},
    digest::Digested,
    fault,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Place, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    read::Columns,
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
        let digested = Digested::of(settings, SalesforceObject::Lead);
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
        let query = Query::new(self.salesforce, listing, &[], digested.fields());
        let mut pages = Pages::new(self.salesforce, query, self.clock.now(), None);
        while pages.has_more() {
            let rows = match pages.step().await {
                Err(error) if error.hides(SalesforceObject::Lead) => {
                    return self.say_hidden_leads(progress).await;
                }
                rows => rows?,
            };
            let rows: Vec<(SalesforceId, Stamp, &Row)> = rows
                .iter()
                .filter_map(|row| Some((row.id()?, row.stamp()?, row)))
                .collect();
            let ids: Vec<SalesforceId> = rows.iter().map(|(id, ..)| *id).collect();
            let Some((last, stamp, _)) = rows.last() else {
                continue;
            };
            let place = Place::Leads(*stamp, *last);
            let claims = self.store.claims(org, &ids).await?;
            let changed = rows.iter().filter(|(id, stamp, row)| {
                claims.get(id).is_some_and(|claim| {
                    let is_gone = row.is_checked("IsDeleted") && !claim.disconnected;
                    let is_known = claim.is_up_to(*stamp, Some(digested.digest(row))) && !is_gone;
                    claim.state == ClaimState::Live
                        && !is_known
                        && !claim.counted.contains(progress.run)
                        // Those were enqueued first of all.
                        && !candidates.problems().contains(id)
                })
            });
            let step = Step {
                work: changed.map(|(id, ..)| (*id, false)).collect(),
                ..Step::at(place)
            };
            self.enqueue(progress, org, step).await?;
        }
        Ok(())
    }

    /// Without access to Leads their links are left as they are: Opportunities are imported all the same.
    async fn say_hidden_leads(&self, progress: &Progress) -> Result<(), Stop> {
        let (key, finding) = fault::hidden_leads();
        Ok(self.store.note(progress.run, &key, &finding).await?)
    }

    /// A full run also looks at linked records that the listing did not show: no longer flagged, deleted, hidden, purged.
    pub(super) async fn check_unlisted_links(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
    ) -> Result<(), Stop> {
        let org = settings.organization_id;
        let after = match progress.place {
            Place::Links(id) => Some(id),
            _ => None,
        };
        // By id, Opportunities come before Leads: one place tells how far both were looked at.
        for object in [SalesforceObject::Opportunity, SalesforceObject::Lead] {
            let digested = Digested::of(settings, object);
            let own = digested
                .fields()
                .iter()
                .filter(|path| !path.is_parent_path());
            let mut columns = Columns::new(object.api_name(), Vec::new(), own.cloned());
            columns.recall(self.salesforce);
            let unlisted = candidates.unlisted(object);
            let mut unlisted: Vec<&Claim> = unlisted
                .filter(|claim| Some(claim.salesforce) > after)
                .collect();
            unlisted.sort_unstable_by_key(|claim| claim.salesforce);
            for claims in unlisted.chunks(LINKS) {
                let ids: Vec<SalesforceId> = claims.iter().map(|claim| claim.salesforce).collect();
                let Some(last) = ids.last() else { continue };
                let mut step = Step::at(Place::Links(*last));
                let rows = self.retrieve_around_missing(object, &ids, &mut columns);
                let rows = match rows.await {
                    Err(error) if object == SalesforceObject::Lead && error.hides(object) => {
                        return self.say_hidden_leads(progress).await;
                    }
                    rows => rows?,
                };
                for (claim, row) in claims.iter().zip(rows) {
                    if is_as_before(claim, row.as_ref(), &digested) {
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

fn is_as_before(claim: &Claim, row: Option<&Row>, digested: &Digested) -> bool {
    let is_known = match row {
        Some(row) => {
            let digest = digested.digest(row);
            // What is read by id shows no parents.
            let known = claim.digest.filter(|known| known.has_own_values_of(digest));
            let stamp = row.stamp();
            !claim.disconnected && stamp.is_some_and(|stamp| claim.is_up_to(stamp, known))
        }
        None => claim.disconnected,
    };
    claim.state == ClaimState::Live && is_known
}
