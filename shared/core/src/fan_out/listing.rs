//! Listing Opportunities: open problems first, then, page by page, those that changed, or all of them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{FanOut, Stop, check, page::Candidates, pages::Pages, query::Query, steps::Step};
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingPosition, ListingStore, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    run::Mode,
    salesforce::{Deleted, Listing, Row, Salesforce},
    settings::Settings,
};

/// The number of open problems that are enqueued between two checkpoints: their ids fit into one item.
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
    /// Enqueues every open problem, in every run, whatever its stamp: a correction may not touch the Opportunity.
    /// Returns `false` if the deadline came first.
    pub(super) async fn enqueue_problems(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        org: SalesforceId,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        let ListingPosition::Problems(after) = progress.place else {
            return Ok(true);
        };
        let open = candidates.problems().iter().copied();
        let mut ids: Vec<SalesforceId> = open.filter(|id| Some(*id) > after).collect();
        ids.sort_unstable();
        let mut chunks = ids.chunks(PROBLEMS).peekable();
        while let Some(ids) = chunks.next() {
            let step = Step {
                work: ids.iter().map(|id| (*id, false)).collect(),
                ..Step::at(ListingPosition::Problems(ids.last().copied()))
            };
            self.enqueue(progress, org, step).await?;
            if chunks.peek().is_some() && self.is_late(deadline) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lists Opportunities to the end. Returns `false` if the deadline came first.
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
            ListingPosition::Problems(_) => {}
            ListingPosition::Opportunities(stamp, id) => query.listing.after = Some((stamp, id)),
            ListingPosition::Leads(..) | ListingPosition::Links(_) => return Ok(true),
        }
        let mut pages = self.pages(progress, query);
        loop {
            let rows = pages.step().await?;
            progress.part = pages.size();
            if let Some(finding) = check::wrong_flag(settings, &rows) {
                return Err(Stop::Fault(finding));
            }
            self.take_page(progress, candidates, org, &rows).await?;
            if !pages.has_more() {
                return Ok(true);
            }
            let place = pages.place();
            let place = place.map(|(stamp, id)| ListingPosition::Opportunities(stamp, id));
            if self.is_handed_over(progress, place, deadline).await? {
                return Ok(false);
            }
        }
    }

    /// Returns the newest stamp of any Opportunity: the watermark of a run that found none of its own. One call in all
    /// but the largest orgs; [`None`] also if the deadline came first.
    pub(super) async fn newest_of_all(
        &self,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<Option<SystemModstamp>, Stop> {
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
        while pages.has_more() && !self.is_late(deadline) {
            let rows = pages.step().await?;
            if let Some(newest) = rows.iter().find_map(Row::stamp) {
                return Ok(Some(newest));
            }
        }
        Ok(None)
    }

    fn pages(&self, progress: &Progress, query: Query) -> Pages<'_, F> {
        Pages::new(self.salesforce, query, self.clock.now(), progress.part)
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
            place: ListingPosition::Opportunities(stamp, id),
            // Newest first: the first page has the newest stamp that the run can see.
            newest: progress.newest.or(taken.newest),
            work: taken.work,
            counts: taken.counts,
            lines: taken.lines,
        };
        self.enqueue(progress, org, step).await
    }
}
