//! Listing Opportunities: open problems first, then page by page what changed, or everything.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{FanOut, Step, Stop, check, page::Candidates};
use crate::{
    SalesforceId, SalesforceObject,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Place, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    run::Mode,
    salesforce::{Deleted, Listing, Page, Salesforce, SalesforceError},
    settings::Settings,
};

/// How long before the function's deadline no further page is begun.
const RESERVE: SignedDuration = SignedDuration::from_secs(60);

/// How often a run starts its listing again because its locator expired.
const RESTARTS: usize = 5;

/// How many open problems are enqueued between two checkpoints: their ids fit into one item.
const PROBLEMS: usize = 4_000;

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Open problems are looked at by every run, whatever their stamp: what mends them may not touch the Opportunity.
    pub(super) async fn enqueue_problems(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let Place::Problems(after) = progress.place else {
            return Ok(());
        };
        let open = candidates.problems().iter().copied();
        let mut ids: Vec<SalesforceId> = open.filter(|id| Some(*id) > after).collect();
        ids.sort_unstable();
        for ids in ids.chunks(PROBLEMS) {
            let step = Step {
                work: ids.iter().map(|id| (*id, false)).collect(),
                ..Step::at(Place::Problems(ids.last().copied()))
            };
            self.enqueue(progress, org, step).await?;
        }
        Ok(())
    }

    /// Lists Opportunities to the end. Answers false when the deadline came first.
    pub(super) async fn list_opportunities(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        let org = settings.organization_id;
        let mut listing = self.opportunities(progress, candidates, settings);
        match progress.place {
            Place::Problems(_) => {}
            Place::Opportunities(..) => self.pass_over(progress, candidates, &listing).await?,
            Place::Leads(..) | Place::Links(_) => {
                self.pass_over(progress, candidates, &listing).await?;
                return Ok(true);
            }
        }
        let mut restarts = 0;
        'listing: loop {
            if let Place::Opportunities(stamp, id) = progress.place {
                listing.after = Some((stamp, id));
            }
            let mut page = self.salesforce.list(&listing).await?;
            loop {
                if let Some(finding) = check::wrong_flag(settings, &page.rows) {
                    return Err(Stop::Fault(finding));
                }
                self.take_page(progress, candidates, org, &page).await?;
                let Some(next) = page.next.take() else {
                    return Ok(true);
                };
                if self.is_late(deadline) {
                    return Ok(false);
                }
                page = match self.salesforce.next(&next).await {
                    Ok(page) => page,
                    // The listing goes on behind the last row that was dealt with.
                    Err(SalesforceError::LocatorExpired) if restarts < RESTARTS => {
                        restarts += 1;
                        continue 'listing;
                    }
                    Err(error) => return Err(error.into()),
                };
            }
        }
    }

    fn opportunities(
        &self,
        progress: &Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
    ) -> Listing {
        let names = &settings.fields;
        Listing {
            object: SalesforceObject::Opportunity,
            fields: vec![names.sync_flag.clone(), names.import_flag.clone()],
            flag: (progress.mode == Mode::Full).then(|| names.import_flag.clone()),
            since: candidates.since(settings.overlap()),
            after: None,
            deleted: Deleted::Included,
        }
    }

    fn is_late(&self, deadline: Option<Timestamp>) -> bool {
        let end = self.clock.now().saturating_add(RESERVE);
        deadline.is_some_and(|deadline| end.is_ok_and(|end| end > deadline))
    }

    /// Reads again what an attempt before has dealt with, so that a full run knows which links the listing showed.
    async fn pass_over(
        &self,
        progress: &Progress,
        candidates: &mut Candidates<'_>,
        listing: &Listing,
    ) -> Result<(), Stop> {
        if progress.mode != Mode::Full {
            return Ok(());
        }
        let until = match progress.place {
            Place::Opportunities(stamp, id) => Some((stamp, id)),
            _ => None,
        };
        let mut restarts = 0;
        'listing: loop {
            let mut page = self.salesforce.list(listing).await?;
            while candidates.pass_over(&page.rows, until) {
                let Some(next) = page.next.take() else {
                    return Ok(());
                };
                page = match self.salesforce.next(&next).await {
                    Ok(page) => page,
                    Err(SalesforceError::LocatorExpired) if restarts < RESTARTS => {
                        restarts += 1;
                        continue 'listing;
                    }
                    Err(error) => return Err(error.into()),
                };
            }
            return Ok(());
        }
    }

    async fn take_page(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        org: SalesforceId,
        page: &Page,
    ) -> Result<(), Stop> {
        let unknown = candidates.ids_to_look_up(&page.rows);
        let claims = if unknown.is_empty() {
            HashMap::new()
        } else {
            self.store.claims(org, &unknown).await?
        };
        candidates.know(claims);
        let taken = candidates.take(&page.rows);
        let Some((stamp, id)) = taken.last else {
            return Ok(());
        };
        let step = Step {
            place: Place::Opportunities(stamp, id),
            // Newest first: the first page shows how far the run can see.
            newest: progress.newest.or(taken.newest),
            work: taken.work,
            counts: taken.counts,
            lines: taken.lines,
        };
        self.enqueue(progress, org, step).await
    }
}
