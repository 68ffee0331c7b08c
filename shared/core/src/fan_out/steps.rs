//! The steps of a listing: the result of each check of some records is saved as a checkpoint, and then enqueued.

use jiff::Timestamp;

use super::{DEADLINE_MARGIN, FanOut, Listed, Stop};
use crate::{
    SalesforceId, SystemModstamp,
    entry::LogLine,
    message::{ImportRequest, SyncRequest, VERSION},
    ports::{
        Checkpoint, ClaimStore, Clock, ImportQueue, Lease, ListingPosition, ListingStore, Portal,
        Progress, RunStore, SyncRequestQueue,
    },
    run::{Counts, Trigger},
    salesforce::Salesforce,
};

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Hands the listing over to another invocation.
    pub(super) async fn go_on_later(&self, progress: &Progress) -> Result<Listed, Stop> {
        if self.store.release(progress).await? == Lease::Lost {
            return Err(Stop::Lost);
        }
        let request = SyncRequest {
            version: VERSION,
            run: progress.run,
            trigger: Trigger::Schedule,
            by_hand: progress.trigger == Trigger::Manual,
        };
        self.sync_requests.send(&request).await?;
        Ok(Listed::Continued(progress.run))
    }

    /// Sends the messages that an earlier attempt counted as listed and may not have enqueued: a duplicate counts once
    /// all the same.
    pub(super) async fn send_unsent(
        &self,
        progress: &mut Progress,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let unsent = std::mem::take(&mut progress.unsent);
        let work = unsent.into_iter().map(|id| (id, false));
        self.send(progress, org, work).await
    }

    async fn send(
        &self,
        progress: &Progress,
        org: SalesforceId,
        work: impl IntoIterator<Item = (SalesforceId, bool)>,
    ) -> Result<(), Stop> {
        let request = |(opportunity, fresh)| ImportRequest {
            version: VERSION,
            run: progress.run,
            org,
            opportunity,
            fresh,
            by_hand: progress.trigger == Trigger::Manual,
        };
        let requests: Vec<ImportRequest> = work.into_iter().map(request).collect();
        if !requests.is_empty() {
            self.imports.send(&requests).await?;
        }
        Ok(())
    }

    /// Saves the checkpoint first, with the records that are about to be enqueued: a crash in between loses no message,
    /// because the next attempt sends them again, and no message is processed before it is counted as listed.
    pub(super) async fn enqueue(
        &self,
        progress: &mut Progress,
        org: SalesforceId,
        mut step: Step,
    ) -> Result<(), Stop> {
        let mut counts = step.counts;
        counts.listed += step.work.len() as u64;
        // Only the listing itself saves its position if nothing was found: the other steps are repeated as cheaply.
        let moves = step.place != progress.place
            && matches!(step.place, ListingPosition::Opportunities(..));
        if counts == Counts::default() && !moves {
            return Ok(());
        }
        step.counts = counts;
        self.checkpoint(progress, &step).await?;
        self.send(progress, org, step.work).await
    }

    /// Returns `true` if the deadline is near and the listing is to be handed over. Its position is saved then, even if
    /// nothing was found up to there.
    pub(super) async fn is_handed_over(
        &self,
        progress: &mut Progress,
        place: Option<ListingPosition>,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        if !self.is_late(deadline) {
            return Ok(false);
        }
        if let Some(place) = place.filter(|place| *place != progress.place) {
            self.checkpoint(progress, &Step::at(place)).await?;
        }
        Ok(true)
    }

    async fn checkpoint(&self, progress: &mut Progress, step: &Step) -> Result<(), Stop> {
        let checkpoint = Checkpoint {
            place: step.place,
            newest: step.newest.or(progress.newest),
            work: step.work.iter().map(|(id, _)| *id).collect(),
            counts: step.counts,
            lines: step.lines.clone(),
        };
        if self.store.checkpoint(progress, &checkpoint).await? == Lease::Lost {
            return Err(Stop::Lost);
        }
        progress.checkpoints += 1;
        progress.place = checkpoint.place;
        progress.newest = checkpoint.newest;
        Ok(())
    }

    /// Returns `true` if nothing further is to be begun.
    pub(super) fn is_late(&self, deadline: Option<Timestamp>) -> bool {
        let end = self.clock.now().saturating_add(DEADLINE_MARGIN);
        deadline.is_some_and(|deadline| end.is_ok_and(|end| end > deadline))
    }
}

/// The result of checking some records.
pub(super) struct Step {
    pub(super) place: ListingPosition,
    pub(super) newest: Option<SystemModstamp>,
    /// The records that need a message, each with a flag that tells if it is fresh.
    pub(super) work: Vec<(SalesforceId, bool)>,
    pub(super) counts: Counts,
    pub(super) lines: Vec<LogLine>,
}

impl Step {
    pub(super) fn at(place: ListingPosition) -> Self {
        Self {
            place,
            newest: None,
            work: Vec::new(),
            counts: Counts::default(),
            lines: Vec::new(),
        }
    }
}
