//! The fan-out: lists a run's candidates page by page and enqueues one message for each that needs work.

mod check;
mod links;
mod listing;
mod page;
mod pages;
mod query;
mod steps;
mod window;

use jiff::{SignedDuration, Timestamp};
use tracing::info;

use crate::{
    code::Code,
    fault,
    finding::Finding,
    ports::{
        Acquisition, ClaimStore, Clock, Delivery, ImportQueue, Lease, ListingPosition,
        ListingStore, PortError, Portal, Progress, RunStore, Started, SyncRequestQueue, Watermark,
    },
    run::{Mode, Run, RunId, Trigger},
    salesforce::{Salesforce, SalesforceError},
    settings::Settings,
    sync_request,
};
use page::Candidates;

/// The number of fingerprints of recent rows that the watermark keeps; further rows are looked up again.
const RECENT: usize = 20_000;

/// The time before the function's deadline in which nothing further is begun: a call of Salesforce with all of its
/// retries, and the work after it, end before the deadline. `dealbridge_lambda::timeouts` bounds the two, and its test
/// holds them to this.
pub const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(210);

/// The use case, over its ports.
#[derive(Debug)]
pub struct FanOut<'a, F, P, S, Q, R, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings and people.
    pub portal: &'a P,
    /// Runs, claims and open problems.
    pub store: &'a S,
    /// The queue of import requests.
    pub imports: &'a Q,
    /// The queue of sync requests, for a listing that outlasts one invocation.
    pub sync_requests: &'a R,
    /// The time.
    pub clock: &'a C,
}

/// The result of working on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Everything is listed and enqueued, or the run failed and says why.
    Finished(RunId),
    /// The function's time is nearly used up: a sync request continues the run in another invocation.
    Continued(RunId),
    /// Nothing to do: another run or attempt is active, or the run has ended.
    AlreadyRunning(RunId),
    /// Nothing to do: the integration is switched off.
    SwitchedOff,
}

impl Listed {
    /// Returns the run; [`None`] if none was wanted.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        match self {
            Self::Finished(run) | Self::Continued(run) | Self::AlreadyRunning(run) => Some(*run),
            Self::SwitchedOff => None,
        }
    }
}

/// The reason why a listing stopped.
enum Stop {
    Fault(Finding),
    Salesforce(SalesforceError),
    Port(PortError),
    Lost,
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<SalesforceError> for Stop {
    fn from(error: SalesforceError) -> Self {
        Self::Salesforce(error)
    }
}

impl<
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
> FanOut<'_, F, P, S, Q, R, C>
{
    /// Handles a schedule's tick: starts a run and lists it, unless one is active or the integration is switched off.
    ///
    /// If a run is active, a daily tick makes the run after it a full one.
    ///
    /// # Errors
    /// Returns an error if the store or the queue cannot be reached: the delivery is to be repeated.
    pub async fn tick(
        &self,
        asked: Mode,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, PortError> {
        let settings = self.portal.settings().await?;
        if !settings.enabled {
            info!("The integration is switched off, nothing to do");
            return Ok(Listed::SwitchedOff);
        }
        // Without a watermark an incremental run cannot know where to begin.
        let watermark = self.store.watermark().await?.of(settings.organization_id);
        let mode = if watermark.stamp.is_none() {
            Mode::Full
        } else {
            asked
        };
        loop {
            let started = sync_request::start(
                self.store,
                self.imports,
                (mode, Trigger::Schedule),
                self.clock.now(),
            );
            return match started.await? {
                // A tick that died right after it had started its run left it for this one.
                Started::Active(run) if !run.taken_up && run.trigger == Trigger::Schedule => {
                    self.work_by(run.id, Delivery::First, deadline, &settings)
                        .await
                }
                Started::Active(run) => {
                    let is_this_audit = run.mode == Mode::Full && run.trigger == Trigger::Schedule;
                    if asked == Mode::Full
                        && !is_this_audit
                        && self.store.want_full(run.id).await? == Lease::Lost
                    {
                        // In the meantime, another run has replaced that one.
                        continue;
                    }
                    Ok(Listed::AlreadyRunning(run.id))
                }
                Started::New(Run { id, .. }) => {
                    self.work_by(id, Delivery::First, deadline, &settings).await
                }
            };
        }
    }

    /// Works on a run: lists from its last position to the end.
    ///
    /// Safe to repeat: messages that were enqueued before a crash may be enqueued again, and count once all the same.
    ///
    /// # Errors
    /// Returns an error if the store or the queue cannot be reached: the delivery is to be repeated.
    pub async fn work(
        &self,
        run: RunId,
        delivery: Delivery,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, PortError> {
        let settings = self.portal.settings().await?;
        self.work_by(run, delivery, deadline, &settings).await
    }

    async fn work_by(
        &self,
        run: RunId,
        delivery: Delivery,
        deadline: Option<Timestamp>,
        settings: &Settings,
    ) -> Result<Listed, PortError> {
        let mut progress = match self.store.take_up(run, delivery).await? {
            Acquisition::Acquired(progress) => progress,
            Acquisition::AlreadyRunning => return Ok(Listed::AlreadyRunning(run)),
        };
        match self.list(&mut progress, settings, deadline).await {
            Ok(listed) => Ok(listed),
            Err(Stop::Lost) => Ok(Listed::AlreadyRunning(run)),
            Err(Stop::Port(error)) => Err(error),
            Err(Stop::Fault(finding)) => {
                // A full run that the budget ended is made up for by the next one.
                if finding.code == Code::SfBudgetSpent && progress.mode == Mode::Full {
                    self.store.want_full(run).await?;
                }
                self.store.fail(run, &finding).await?;
                Ok(Listed::Finished(run))
            }
            Err(Stop::Salesforce(error)) => {
                self.store.fail(run, &fault::finding(&error)).await?;
                Ok(Listed::Finished(run))
            }
        }
    }

    async fn list(
        &self,
        progress: &mut Progress,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, Stop> {
        let listed = self.list_by(settings, progress, deadline).await;
        listed.map_err(|stop| match stop {
            Stop::Salesforce(error) => Stop::Fault(fault::finding_by_setting(&error, settings)),
            stop => stop,
        })
    }

    async fn list_by(
        &self,
        settings: &Settings,
        progress: &mut Progress,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, Stop> {
        if !settings.enabled {
            return Err(Stop::Fault(Finding::new(Code::IntegrationDisabled)));
        }
        let org = settings.organization_id;
        let salesforce = self.salesforce.of(org).await?;
        let fan_out = FanOut {
            salesforce: &salesforce,
            ..*self
        };
        fan_out.list_org(progress, settings, deadline).await
    }

    async fn list_org(
        &self,
        progress: &mut Progress,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, Stop> {
        let org = settings.organization_id;
        self.salesforce
            .schema()
            .begin(progress.run, self.clock.now());
        if progress.mode == Mode::Full && progress.place == ListingPosition::Problems(None) {
            self.check_fields(progress, settings).await?;
        }
        let found = self.store.watermark().await?;
        let known = found.of(org);
        let watermark = if progress.mode == Mode::Full {
            Watermark::default()
        } else {
            known.clone()
        };
        let problems = self.store.open_problems(org).await?;
        let mut candidates = Candidates::new(
            progress.run,
            settings,
            watermark,
            problems,
            self.clock.now(),
        );
        if progress.mode == Mode::Full {
            candidates.know_all(self.store.all_claims(org).await?);
        }
        // If an earlier attempt began the listing, this one sees only the rest.
        let is_rest = !matches!(progress.place, ListingPosition::Problems(_));
        self.send_unsent(progress, org).await?;
        if !self
            .enqueue_problems(progress, &candidates, org, deadline)
            .await?
            || !self
                .list_opportunities(progress, &mut candidates, settings, deadline)
                .await?
        {
            return self.go_on_later(progress).await;
        }
        // A run that lists everything moves the watermark as well, though its rows may be older.
        let mut newest = progress.newest.max(known.stamp);
        if newest.is_none()
            && matches!(
                progress.place,
                ListingPosition::Problems(_) | ListingPosition::Opportunities(..)
            )
        {
            newest = self.newest_of_all(settings, deadline).await?;
            if newest.is_some() {
                // Records that were flagged in the meantime are before that watermark.
                progress.place = ListingPosition::Problems(None);
                if !self
                    .list_opportunities(progress, &mut candidates, settings, deadline)
                    .await?
                {
                    return self.go_on_later(progress).await;
                }
                newest = newest.max(progress.newest);
            }
        }
        let is_done = if progress.mode == Mode::Full {
            let seen_until = newest.filter(|_| is_rest);
            self.check_unlisted_links(progress, &candidates, settings, seen_until, deadline)
                .await?
        } else if self.store.has_lead_links().await? {
            self.list_leads(progress, &candidates, settings, deadline)
                .await?
        } else {
            true
        };
        if !is_done {
            return self.go_on_later(progress).await;
        }
        let mut watermark = candidates.next_watermark(newest, settings.overlap(), RECENT);
        watermark.org = Some(org);
        match self
            .store
            .finish_listing(progress, &found, &watermark)
            .await?
        {
            Lease::Held => Ok(Listed::Finished(progress.run)),
            Lease::Lost => Err(Stop::Lost),
        }
    }
}
