//! The import: reads a batch of Opportunities as they are in Salesforce, decides, and commits.

pub(crate) mod conversion;
mod deal;
#[cfg(test)]
mod edits;
mod foreign;
mod known;
mod left_out;
mod outcome;
pub(crate) mod read;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::{
    SalesforceId, SalesforceObject,
    change::{Change, ItemKey, Settled, Write},
    code::Code,
    decide, fault,
    finding::Finding,
    message::{Disposition, ImportRequest, PushRequest},
    ports::{ClaimStore, Clock, Consistency, ImportStore, PortError, Portal, RunStore},
    run::RunId,
    salesforce::{Salesforce, SalesforceError},
    settings::Settings,
};
use read::Rows;
use state::Pending;

/// The most times that a batch is decided again because something changed under it, before the rest goes back to the
/// queue.
const MAX_ATTEMPTS: usize = 6;

/// The time before the function's deadline from which no further round is begun: one round of writes fits into it.
const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(8);

/// The reason why a round stopped before it wrote anything.
#[derive(Debug)]
pub(crate) enum Stop {
    Port(PortError),
    Fault(SalesforceError),
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<SalesforceError> for Stop {
    fn from(error: SalesforceError) -> Self {
        Self::Fault(error)
    }
}

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// One disposition per request, in order.
    pub dispositions: Vec<Disposition>,
    /// The requests to Salesforce that were put into the outbox.
    pub requests: Vec<PushRequest>,
}

/// The part of a batch that is done.
#[derive(Debug, Default)]
struct Progress {
    settled: Vec<(RunId, SalesforceId)>,
    requests: Vec<PushRequest>,
}

/// The use case, over its ports.
#[derive(Debug)]
pub struct Import<'a, F, P, S, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings and people.
    pub portal: &'a P,
    /// Links, records, problems, runs.
    pub store: &'a S,
    /// The time.
    pub clock: &'a C,
}

impl<F: Salesforce, P: Portal, S: ImportStore + ClaimStore + RunStore, C: Clock + ?Sized>
    Import<'_, F, P, S, C>
{
    /// Imports a batch.
    ///
    /// Safe to repeat with any of the requests, at the same time or days later: each Opportunity is linked at most once
    /// and counts once per run. Costs one Salesforce query per 200 requests.
    pub async fn batch(
        &self,
        requests: Vec<ImportRequest>,
        deadline: Option<Timestamp>,
    ) -> Imported {
        let mut dispositions = vec![Disposition::Retry; requests.len()];
        // The same Opportunity twice in one batch is one piece of work per run.
        let mut positions: HashMap<(RunId, SalesforceId), Vec<usize>> =
            HashMap::with_capacity(requests.len());
        let mut unique = Vec::with_capacity(requests.len());
        for (at, request) in requests.into_iter().enumerate() {
            let places = positions
                .entry((request.run, request.opportunity))
                .or_default();
            places.push(at);
            if places.len() == 1 {
                unique.push(request);
            }
        }
        let mut done = |run: RunId, opportunity: SalesforceId| {
            for at in positions.get(&(run, opportunity)).into_iter().flatten() {
                dispositions[*at] = Disposition::Done;
            }
        };
        let mut progress = Progress::default();
        match self.settle(unique, deadline, &mut progress).await {
            Ok(()) => progress
                .settled
                .into_iter()
                .for_each(|(run, opportunity)| done(run, opportunity)),
            Err(error) => {
                warn!(error.detail = %error, "Could not finish a batch of imports, it goes back to the queue: {error}");
            }
        }
        Imported {
            dispositions,
            requests: progress.requests,
        }
    }

    /// Works until every request is settled, the rounds are used up or the deadline is near.
    async fn settle(
        &self,
        requests: Vec<ImportRequest>,
        deadline: Option<Timestamp>,
        progress: &mut Progress,
    ) -> Result<(), PortError> {
        let settings = self.portal.settings().await?;
        // A message of an org that was connected before says nothing about this one.
        let (requests, foreign): (Vec<ImportRequest>, Vec<ImportRequest>) = requests
            .into_iter()
            .partition(|request| request.org == settings.organization_id);
        progress.settled = self
            .settle_foreign(foreign, settings.organization_id)
            .await?;
        if requests.is_empty() {
            return Ok(());
        }
        self.settle_own(requests, &settings, deadline, progress)
            .await
    }

    /// Does the same as [`Self::settle`], for requests of the org that the settings name.
    async fn settle_own(
        &self,
        requests: Vec<ImportRequest>,
        settings: &Settings,
        deadline: Option<Timestamp>,
        progress: &mut Progress,
    ) -> Result<(), PortError> {
        let runs: HashSet<RunId> = requests.iter().map(|request| request.run).collect();
        if !settings.enabled {
            let finding = Finding::new(Code::IntegrationDisabled);
            return self
                .leave_to_next_run(requests, settings.organization_id, &finding, progress)
                .await;
        }
        if let Some(run) = runs.iter().max() {
            self.salesforce.schema().begin(*run, self.clock.now());
        }
        let rows = match self.read(&requests, settings).await {
            Ok(rows) => rows,
            Err(error) => {
                let finding = fault::finding_by_setting(&error, settings);
                return self
                    .leave_to_next_run(requests, settings.organization_id, &finding, progress)
                    .await;
            }
        };
        for (key, finding) in rows.left_out(settings) {
            for run in &runs {
                self.store.note(*run, &key, &finding).await?;
            }
        }
        let mut pending = self.pending(requests, settings.organization_id).await?;
        // A refused change was decided from something out of date: it is read again with the latest consistency.
        for consistency in std::iter::once(Consistency::Eventual)
            .chain(std::iter::repeat_n(Consistency::Strong, MAX_ATTEMPTS - 1))
        {
            let late = deadline.is_some_and(|deadline| {
                self.clock
                    .now()
                    .saturating_add(DEADLINE_MARGIN)
                    .is_ok_and(|end| end > deadline)
            });
            if pending.is_empty() || late {
                break;
            }
            let requests: Vec<ImportRequest> =
                pending.iter().map(|item| item.request.clone()).collect();
            let round = self.round(pending, &rows, settings, consistency, progress);
            pending = match round.await {
                Ok(again) => again,
                Err(Stop::Port(error)) => return Err(error),
                Err(Stop::Fault(error)) => {
                    let finding = fault::finding_by_setting(&error, settings);
                    return self
                        .leave_to_next_run(requests, settings.organization_id, &finding, progress)
                        .await;
                }
            };
        }
        if !pending.is_empty() {
            info!(
                import.left = pending.len(),
                "{} requests go back to the queue",
                pending.len()
            );
        }
        Ok(())
    }

    /// Reads from the org that the settings name, and from no other.
    async fn read(
        &self,
        requests: &[ImportRequest],
        settings: &Settings,
    ) -> Result<Rows, SalesforceError> {
        let salesforce = self.salesforce.of(settings.organization_id).await?;
        read::rows(&salesforce, requests, settings, self.clock.now()).await
    }

    /// Reads what is not known, decides each request, commits. Those that met a change by others are returned for the
    /// next round.
    async fn round(
        &self,
        mut pending: Vec<Pending>,
        rows: &Rows,
        settings: &Settings,
        consistency: Consistency,
        progress: &mut Progress,
    ) -> Result<Vec<Pending>, Stop> {
        let directory = self.portal.directory(&rows.emails(settings)).await?;
        self.verify_claims(&mut pending, rows, &directory, settings)
            .await?;
        self.read_known(&mut pending, rows, settings.organization_id, consistency)
            .await?;
        self.decide_all(&mut pending, rows, &directory, settings)
            .await?;
        let targets = self.move_targets(&pending, settings).await?;
        let now = self.clock.now();
        let mut by_run: BTreeMap<RunId, (Vec<Change>, Vec<Pending>)> = BTreeMap::new();
        let mut again = Vec::new();
        // A converted Lead's link goes before the import of the Opportunity that it became. A transaction takes each
        // item once, so the second change of one item waits for the next round, which sees the result of the first.
        let is_lead = |item: &Pending| {
            SalesforceObject::of(&item.request.opportunity) == Some(SalesforceObject::Lead)
        };
        let may_meet = pending.iter().any(is_lead) || !targets.is_empty();
        pending.sort_by_key(|item| !is_lead(item));
        let mut touched: HashSet<ItemKey> = HashSet::new();
        for mut item in pending {
            let known = item.known.clone().unwrap_or_default();
            let facts = known.facts(item.request.opportunity, rows, &directory);
            let target = item.move_target().and_then(|id| targets.get(&id));
            let decision = item
                .decision
                .take()
                .unwrap_or_else(|| decide::decide(&facts, settings));
            let change = outcome::change(
                &item.request,
                &facts,
                (&known, target),
                decision,
                settings,
                now,
            );
            match change {
                None => progress
                    .settled
                    .push((item.request.run, item.request.opportunity)),
                Some(change) if may_meet && !all_new(&change, &mut touched) => {
                    again.push(item.again())
                }
                Some(change) => {
                    let (changes, items) = by_run.entry(item.request.run).or_default();
                    changes.push(change);
                    items.push(item);
                }
            }
        }
        for (run, (changes, items)) in by_run {
            let results = self
                .store
                .commit(settings.organization_id, run, &changes)
                .await?;
            for ((item, result), change) in items.into_iter().zip(results).zip(&changes) {
                let opportunity = item.request.opportunity;
                match result {
                    Settled::Done => {
                        progress.settled.push((run, opportunity));
                        progress.requests.extend(change.requests().cloned());
                    }
                    Settled::Conflict(holder) if holder.counts_in(run, opportunity) => {
                        progress.settled.push((run, opportunity))
                    }
                    Settled::Conflict(_) => again.push(item.again()),
                    Settled::Impossible(detail) => {
                        let decision = outcome::impossible(change, &detail, settings);
                        again.push(item.again_as(decision));
                    }
                }
            }
        }
        Ok(again)
    }

    /// Handles a fault that is not a record's: each record is noted for the next run, and each run gets one task-level
    /// entry.
    async fn leave_to_next_run(
        &self,
        requests: Vec<ImportRequest>,
        org: SalesforceId,
        finding: &Finding,
        progress: &mut Progress,
    ) -> Result<(), PortError> {
        // The notes go first: once a run has ended, everything left of it is noted.
        let records: BTreeSet<SalesforceId> =
            requests.iter().map(|request| request.opportunity).collect();
        let records: Vec<SalesforceId> = records.into_iter().collect();
        self.store.leave_to_next_run(org, &records).await?;
        let runs: BTreeSet<RunId> = requests.iter().map(|request| request.run).collect();
        for run in runs {
            self.store.fail(run, finding).await?;
        }
        warn!(
            error.code = finding.code.as_str(),
            import.left = requests.len(),
            "Left {} Opportunities to the next run: {}",
            requests.len(),
            finding.sentences("the run").0
        );
        progress.settled.extend(
            requests
                .into_iter()
                .map(|request| (request.run, request.opportunity)),
        );
        Ok(())
    }
}

/// Adds the items that a change writes to those touched; `true` if no change before it writes one of them.
fn all_new(change: &Change, touched: &mut HashSet<ItemKey>) -> bool {
    let keys: Vec<ItemKey> = change.writes.iter().map(Write::key).collect();
    let all_new = keys.iter().all(|key| !touched.contains(key));
    if all_new {
        touched.extend(keys);
    }
    all_new
}

impl crate::change::CurrentItems {
    /// Returns `true` if this run had counted the Opportunity: then another delivery of the same message has done the
    /// work.
    fn counts_in(&self, run: RunId, opportunity: SalesforceId) -> bool {
        let claim = self
            .claim
            .as_ref()
            .filter(|claim| claim.salesforce == opportunity);
        let problem = self
            .problem
            .as_ref()
            .filter(|problem| problem.opportunity == opportunity);
        claim.is_some_and(|claim| claim.counted.contains(run))
            || problem.is_some_and(|problem| problem.counted.contains(run))
    }
}
