//! The fan-out: lists a run's candidates page by page and enqueues one message for each that needs work.

mod page;

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::{
    SalesforceId, SalesforceObject,
    claim::{Claim, ClaimState},
    code::Code,
    finding::Finding,
    import,
    message::{ImportRequest, SyncRequest, VERSION},
    ports::{
        Checkpoint, Clock, Delivery, ImportQueue, Kept, ListingStore, Mark, PortError, Portal,
        Progress, RunStore, Started, SyncRequestQueue, TakenUp,
    },
    run::{Counts, Mode, Run, RunId, Trigger},
    salesforce::{Deleted, FieldPath, Listing, Page, Salesforce, SalesforceError},
    settings::Settings,
};
use page::Candidates;

/// How long before the function's deadline no further page is begun.
const RESERVE: SignedDuration = SignedDuration::from_secs(60);

/// How often a run starts its listing again because its locator expired.
const RESTARTS: usize = 5;

/// How many fingerprints of recent rows the mark keeps; rows beyond are looked up again.
const RECENT: usize = 20_000;

/// The use case, over its ports.
#[derive(Debug)]
pub struct FanOut<'a, F, P, S, Q, R, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings and people.
    pub portal: &'a P,
    /// Runs, claims and problems.
    pub store: &'a S,
    /// The queue of import requests.
    pub imports: &'a Q,
    /// The queue of sync requests, for a listing that outlasts one invocation.
    pub sync_requests: &'a R,
    /// The time.
    pub clock: &'a C,
}

/// What came of working on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Everything is listed and enqueued, or the run failed and says why.
    Finished(RunId),
    /// The function's time is nearly used up: a sync request goes on with the run in another invocation.
    Continued(RunId),
    /// Nothing to do: another run or attempt is active, or the run has ended.
    NotOurs(RunId),
}

/// Why a listing stopped.
enum Stop {
    Fault(Finding),
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
        Self::Fault(import::fault(&error))
    }
}

impl<
    F: Salesforce,
    P: Portal,
    S: RunStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
> FanOut<'_, F, P, S, Q, R, C>
{
    /// A schedule's tick: starts a run and lists it, unless one is active.
    ///
    /// # Errors
    /// When the store or the queue cannot be reached: the delivery is to be repeated.
    pub async fn tick(&self, mode: Mode, deadline: Option<Timestamp>) -> Result<Listed, PortError> {
        // Without a mark nothing tells what an incremental run would have to read.
        let mode = if self.store.mark().await?.stamp.is_none() {
            Mode::Full
        } else {
            mode
        };
        match self.store.start(mode, Trigger::Schedule).await? {
            Started::Active(run) => Ok(Listed::NotOurs(run.id)),
            Started::New(Run { id, .. }) => self.work(id, Delivery::First, deadline).await,
        }
    }

    /// Works on a run: lists from where it stands to its end.
    ///
    /// Safe to repeat: what was enqueued before a crash may be enqueued again, and counts once all the same.
    ///
    /// # Errors
    /// When the store or the queue cannot be reached: the delivery is to be repeated.
    pub async fn work(
        &self,
        run: RunId,
        delivery: Delivery,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, PortError> {
        let mut progress = match self.store.take_up(run, delivery).await? {
            TakenUp::Go(progress) => progress,
            TakenUp::NotOurs => return Ok(Listed::NotOurs(run)),
        };
        match self.list(&mut progress, deadline).await {
            Ok(listed) => Ok(listed),
            Err(Stop::Lost) => Ok(Listed::NotOurs(run)),
            Err(Stop::Port(error)) => Err(error),
            Err(Stop::Fault(finding)) => {
                self.store.fail(run, &finding).await?;
                Ok(Listed::Finished(run))
            }
        }
    }

    async fn list(
        &self,
        progress: &mut Progress,
        deadline: Option<Timestamp>,
    ) -> Result<Listed, Stop> {
        let settings = self.portal.settings().await?;
        if !settings.enabled {
            return Err(Stop::Fault(Finding::new(Code::IntegrationDisabled)));
        }
        let org = settings.organization_id;
        let mark = if progress.mode == Mode::Full {
            Mark::default()
        } else {
            self.store.mark().await?
        };
        let problems = self.store.open_problems(org).await?;
        let mut candidates = Candidates::new(progress.run, &settings, mark, problems);
        if progress.mode == Mode::Full {
            candidates.know_all(self.store.all_claims(org).await?);
        }
        if progress.checkpoints == 0 {
            self.enqueue_problems(progress, &candidates, org).await?;
        }
        let newest_read = self
            .list_opportunities(progress, &mut candidates, &settings, deadline)
            .await?;
        if !newest_read {
            self.store.release(progress).await?;
            let trigger = Trigger::Schedule;
            self.sync_requests
                .send(&SyncRequest {
                    version: VERSION,
                    run: progress.run,
                    trigger,
                })
                .await?;
            return Ok(Listed::Continued(progress.run));
        }
        if self.store.has_lead_links().await? && progress.mode == Mode::Incremental {
            self.list_leads(progress, &mut candidates, org).await?;
        }
        if progress.mode == Mode::Full {
            self.check_unlisted_links(progress, &candidates, org)
                .await?;
        }
        let mark = candidates.next_mark(progress.newest, settings.overlap(), RECENT);
        match self.store.finish_listing(progress, &mark).await? {
            Kept::Yes => Ok(Listed::Finished(progress.run)),
            Kept::Lost => Err(Stop::Lost),
        }
    }

    /// Open problems are looked at by every run, whatever their stamp: what mends them may not touch the Opportunity.
    async fn enqueue_problems(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let mut ids: Vec<SalesforceId> = candidates.problems().iter().copied().collect();
        ids.sort_unstable();
        self.enqueue(
            progress,
            org,
            ids.into_iter().map(|id| (id, false)).collect(),
            Checkpoint::default(),
        )
        .await
    }

    /// Lists Opportunities to the end. Answers false when the deadline came first.
    async fn list_opportunities(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        let names = &settings.fields;
        let mut restarts = 0;
        'listing: loop {
            let listing = Listing {
                object: SalesforceObject::Opportunity,
                fields: vec![names.sync_flag.clone(), names.import_flag.clone()],
                flag: (progress.mode == Mode::Full).then(|| names.import_flag.clone()),
                since: candidates.since(settings.overlap()),
                after: progress.after,
                deleted: Deleted::Included,
            };
            let mut page = self.salesforce.list(&listing).await?;
            loop {
                self.take_page(progress, candidates, settings.organization_id, &page)
                    .await?;
                let Some(next) = page.next.take() else {
                    return Ok(true);
                };
                if deadline.is_some_and(|deadline| {
                    self.clock
                        .now()
                        .saturating_add(RESERVE)
                        .is_ok_and(|end| end > deadline)
                }) {
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
        let newest = progress.newest.or(taken.newest);
        let checkpoint = Checkpoint {
            after: taken.last.or(progress.after),
            newest,
            counts: taken.counts,
            lines: taken.lines,
        };
        self.enqueue(progress, org, taken.work, checkpoint).await
    }

    /// Leads are listed only where a record is linked to one, and only those that changed.
    async fn list_leads(
        &self,
        progress: &mut Progress,
        candidates: &mut Candidates<'_>,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let Some(since) = candidates.since(SignedDuration::ZERO) else {
            return Ok(());
        };
        let overlap = self.portal.settings().await?.overlap();
        let listing = Listing {
            object: SalesforceObject::Lead,
            fields: Vec::<FieldPath>::new(),
            flag: None,
            since: Some(since.earlier(overlap)),
            after: None,
            deleted: Deleted::Included,
        };
        let mut page = self.salesforce.list(&listing).await?;
        loop {
            let ids: Vec<SalesforceId> = page
                .rows
                .iter()
                .filter_map(crate::salesforce::Row::id)
                .collect();
            let claims = if ids.is_empty() {
                HashMap::new()
            } else {
                self.store.claims(org, &ids).await?
            };
            let changed = page.rows.iter().filter_map(|row| {
                let claim = claims.get(&row.id()?)?;
                (claim.state == ClaimState::Live
                    && row.stamp()? > claim.stamp
                    && !claim.counted.contains(progress.run))
                .then_some((claim.salesforce, false))
            });
            let checkpoint = Checkpoint {
                after: progress.after,
                newest: progress.newest,
                ..Checkpoint::default()
            };
            self.enqueue(progress, org, changed.collect(), checkpoint)
                .await?;
            let Some(next) = page.next.take() else {
                return Ok(());
            };
            page = self.salesforce.next(&next).await?;
        }
    }

    /// A full run also looks at linked records that the listing did not show: no longer flagged, deleted, hidden, purged.
    async fn check_unlisted_links(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        for object in [SalesforceObject::Opportunity, SalesforceObject::Lead] {
            let mut unlisted: Vec<&Claim> = candidates.unlisted(object).collect();
            unlisted.sort_unstable_by_key(|claim| claim.salesforce);
            for claims in unlisted.chunks(2_000) {
                let ids: Vec<SalesforceId> = claims.iter().map(|claim| claim.salesforce).collect();
                let stamps = self.salesforce.stamps(object, &ids).await?;
                let mut work = Vec::new();
                let mut counts = Counts::default();
                for (claim, stamp) in claims.iter().zip(stamps) {
                    let as_before = match stamp {
                        Some(stamp) => stamp <= claim.stamp && !claim.disconnected,
                        None => claim.disconnected,
                    };
                    let unchanged = claim.state == ClaimState::Live && as_before;
                    if unchanged {
                        counts.listed += 1;
                        counts.unchanged += 1;
                    } else {
                        work.push((claim.salesforce, false));
                    }
                }
                let checkpoint = Checkpoint {
                    after: progress.after,
                    newest: progress.newest,
                    counts,
                    lines: Vec::new(),
                };
                self.enqueue(progress, org, work, checkpoint).await?;
            }
        }
        Ok(())
    }

    /// Enqueues first and keeps the checkpoint after: a crash in between repeats messages, never loses one.
    async fn enqueue(
        &self,
        progress: &mut Progress,
        org: SalesforceId,
        work: Vec<(SalesforceId, bool)>,
        mut checkpoint: Checkpoint,
    ) -> Result<(), Stop> {
        let requests: Vec<ImportRequest> = work
            .into_iter()
            .map(|(opportunity, fresh)| ImportRequest {
                version: VERSION,
                run: progress.run,
                org,
                opportunity,
                fresh,
            })
            .collect();
        if !requests.is_empty() {
            self.imports.send(&requests).await?;
        }
        checkpoint.counts.listed += requests.len() as u64;
        let moves = checkpoint.counts != Counts::default() || checkpoint.after != progress.after;
        if !moves {
            return Ok(());
        }
        match self.store.checkpoint(progress, &checkpoint).await? {
            Kept::Lost => Err(Stop::Lost),
            Kept::Yes => {
                progress.checkpoints += 1;
                progress.after = checkpoint.after;
                progress.newest = checkpoint.newest;
                Ok(())
            }
        }
    }
}

/// A set of Opportunities.
pub(crate) type Ids = HashSet<SalesforceId>;
