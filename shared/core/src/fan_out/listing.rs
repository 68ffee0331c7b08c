//! Listing Opportunities: open problems first, then page by page what changed, or everything.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{FanOut, Step, Stop, check, page::Candidates, pages::Pages, query::Query};
use crate::{
    SalesforceId, SalesforceObject, Stamp,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Place, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    run::Mode,
    salesforce::{Deleted, Listing, Row, Salesforce},
    settings::Settings,
};

/// How long before the function's deadline no further page is begun.
const RESERVE: SignedDuration = SignedDuration::from_secs(60);

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
        let mut query = self.opportunities(progress, candidates, settings);
        match progress.place {
            Place::Problems(_) => {}
            Place::Opportunities(..) => self.pass_over(progress, candidates, query.clone()).await?,
            Place::Leads(..) | Place::Links(_) => {
                self.pass_over(progress, candidates, query).await?;
                return Ok(true);
            }
        }
        if let Place::Opportunities(stamp, id) = progress.place {
            query.listing.after = Some((stamp, id));
        }
        let mut pages = self.pages(progress, query);
        loop {
            let rows = pages.step().await?;
            progress.part_seconds = pages.seconds();
            if let Some(finding) = check::wrong_flag(settings, &rows) {
                return Err(Stop::Fault(finding));
            }
            self.take_page(progress, candidates, org, &rows).await?;
            if !pages.has_more() {
                return Ok(true);
            }
            if self.is_late(deadline) {
                return Ok(false);
            }
        }
    }

    /// The newest stamp of any Opportunity: how far a run can see that found none of its own. One call in all but the
    /// largest orgs.
    pub(super) async fn newest_of_all(&self, settings: &Settings) -> Result<Option<Stamp>, Stop> {
        let listing = Listing {
            object: SalesforceObject::Opportunity,
            fields: Vec::new(),
            flag: None,
            since: None,
            before: None,
            after: None,
            up_to: None,
            deleted: Deleted::Included,
        };
        let flag = [settings.fields.import_flag.clone()];
        let query = Query::new(self.salesforce, listing, &flag, &[]);
        let mut pages = Pages::new(self.salesforce, query, self.clock.now(), None);
        while pages.has_more() {
            let rows = pages.step().await?;
            if let Some(newest) = rows.iter().find_map(Row::stamp) {
                return Ok(Some(newest));
            }
        }
        Ok(None)
    }

    fn pages(&self, progress: &Progress, query: Query) -> Pages<'_, F> {
        Pages::new(
            self.salesforce,
            query,
            self.clock.now(),
            progress.part_seconds,
        )
    }

    fn opportunities(
        &self,
        progress: &Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
    ) -> Query {
        let import_flag = &settings.fields.import_flag;
        let listing = Listing {
            object: SalesforceObject::Opportunity,
            fields: Vec::new(),
            flag: (progress.mode == Mode::Full).then(|| import_flag.clone()),
            since: candidates.since(settings.overlap()),
            before: None,
            after: None,
            up_to: None,
            deleted: Deleted::Included,
        };
        let flags = [settings.fields.sync_flag.clone(), import_flag.clone()];
        Query::new(
            self.salesforce,
            listing,
            &flags,
            candidates.digested().fields(),
        )
    }

    fn is_late(&self, deadline: Option<Timestamp>) -> bool {
        let end = self.clock.now().saturating_add(RESERVE);
        deadline.is_some_and(|deadline| end.is_ok_and(|end| end > deadline))
    }

    /// Reads again what an attempt before has dealt with, so that a full run knows which links the listing showed.
    async fn pass_over(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        query: Query,
    ) -> Result<(), Stop> {
        if progress.mode != Mode::Full {
            return Ok(());
        }
        let until = match progress.place {
            Place::Opportunities(stamp, id) => Some((stamp, id)),
            _ => None,
        };
        let mut pages = self.pages(progress, query);
        loop {
            let rows = pages.step().await?;
            progress.part_seconds = pages.seconds();
            if !candidates.pass_over(&rows, until) || !pages.has_more() {
                return Ok(());
            }
        }
    }

    async fn take_page(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        org: SalesforceId,
        rows: &[Row],
    ) -> Result<(), Stop> {
        let unknown = candidates.ids_to_look_up(rows);
        let claims = if unknown.is_empty() {
            HashMap::new()
        } else {
            self.store.claims(org, &unknown).await?
        };
        candidates.know(claims);
        let taken = candidates.take(rows);
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
