//! Runs: one at a time, with lease, progress, watermark and counts.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update, builders::UpdateBuilder};
use dealbridge_core::{
    change::Expected,
    code::Code,
    entry::{LogBatch, LogLine},
    finding::Finding,
    ports::{
        Acquisition, Checkpoint, Consistency, Delivery, Lease, PortError, Progress, RunStore,
        Started, Watermark,
    },
    run::{Counts, Mode, Run, RunId, RunStatus, Trigger},
};
use jiff::Timestamp;

use crate::{
    item::{self, n, number, s, text},
    keys::{self, SK, VERSION},
    run_item::{Leased, new_run, read_run, read_watermark},
    store::Store,
    transaction::{self, Committed},
};

/// Attempts at winning a race for the lease.
const MAX_ATTEMPTS: usize = 8;

/// Full runs that follow each other at most to meet one request. From then on an incremental one goes between two: what
/// keeps full runs from their end keeps no change back.
const FULL_IN_A_ROW: u32 = 2;

/// Consequence of a request for a full run for the next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FullNeed {
    /// A full run ended well since.
    Met,
    /// It is to be a full one.
    Full,
    /// It is another's turn first.
    Later,
}

impl FullNeed {
    /// Follows from the run during which it was requested, and the latest run.
    fn of(since: u32, previous: Option<&Run>, now: Timestamp) -> Self {
        let Some(previous) = previous else {
            return Self::Full;
        };
        let tries = previous.id.number().saturating_sub(since);
        let was_full = tries > 0 && previous.mode == Mode::Full;
        if was_full && previous.status(now) == RunStatus::Succeeded {
            Self::Met
        } else if was_full && tries >= FULL_IN_A_ROW {
            Self::Later
        } else {
            Self::Full
        }
    }
}

impl RunStore for Store {
    async fn start(
        &self,
        mode: Mode,
        trigger: Trigger,
        passed_by: Option<RunId>,
    ) -> Result<Started, PortError> {
        for _ in 0..MAX_ATTEMPTS {
            let now = self.clock.now();
            let lease = self.get(&self.tables.log, keys::lease()).await?;
            let latest: u32 = lease
                .as_ref()
                .and_then(|item| number(item, "run"))
                .unwrap_or(0);
            let wanted: Option<u32> = lease
                .as_ref()
                .and_then(|item| number(item, keys::FULL_WANTED));
            let previous = if latest > 0 {
                self.leased(RunId::new(latest)).await?
            } else {
                None
            };
            if let Some(leased) = &previous {
                match leased.run.status(now) {
                    RunStatus::Queued | RunStatus::Running
                        if leased.run.listed_at.is_none() && leased.until <= now =>
                    {
                        self.fail(leased.run.id, &Finding::new(Code::RunInterrupted))
                            .await?;
                    }
                    RunStatus::Queued | RunStatus::Running => {
                        return Ok(Started::Active(leased.run.clone()));
                    }
                    RunStatus::Failed
                        if leased.run.waits_for_messages() && passed_by != Some(leased.run.id) =>
                    {
                        return Ok(Started::Active(leased.run.clone()));
                    }
                    RunStatus::Succeeded | RunStatus::Failed => {}
                }
            }
            let id = RunId::new(latest + 1);
            let previous = previous.map(|leased| leased.run);
            let need = wanted.map(|since| FullNeed::of(since, previous.as_ref(), now));
            let run = Run {
                id,
                mode: match need {
                    Some(FullNeed::Full) => Mode::Full,
                    _ => mode,
                },
                trigger,
                started_at: now,
                taken_up: false,
                listed_at: None,
                failed_at: None,
                last_counted_at: None,
                counts: Counts::default(),
            };
            let is_met = need == Some(FullNeed::Met);
            let lease = self.next_lease(lease.is_some().then_some(latest), id, wanted, is_met)?;
            let actions = vec![
                lease,
                transaction::put(&self.tables.log, new_run(&run), Expected::Absent)?,
            ];
            match self
                .transact(&format!("start|{id}|{}", self.ids.next()), actions)
                .await?
            {
                Committed::Yes => return Ok(Started::New(run)),
                // Another caller was faster: the next attempt returns their run.
                Committed::Refused(_) => {}
            }
        }
        Err(PortError {
            operation: "starting a run".to_owned(),
            detail: "the lease kept changing hands".to_owned(),
        })
    }

    async fn want_full(&self, active: RunId) -> Result<Lease, PortError> {
        let update = Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::lease()))
            .update_expression("SET #full = :active")
            .condition_expression("#run = :active")
            .expression_attribute_names("#full", keys::FULL_WANTED)
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":active", n(active.number()));
        let token = format!("want-full|{active}|{}", self.ids.next());
        let actions = vec![transaction::update(update)?];
        Ok(match self.transact(&token, actions).await? {
            Committed::Yes => Lease::Held,
            Committed::Refused(_) => Lease::Lost,
        })
    }

    async fn take_up(&self, run: RunId, delivery: Delivery) -> Result<Acquisition, PortError> {
        self.take_up_run(run, delivery).await
    }

    async fn watermark(&self) -> Result<Watermark, PortError> {
        let item = self.get(&self.tables.log, keys::watermark()).await?;
        Ok(item.as_ref().map(read_watermark).unwrap_or_default())
    }

    async fn checkpoint(
        &self,
        progress: &Progress,
        checkpoint: &Checkpoint,
    ) -> Result<Lease, PortError> {
        self.keep_checkpoint(progress, checkpoint).await
    }

    async fn release(&self, progress: &Progress) -> Result<Lease, PortError> {
        self.let_go(progress).await
    }

    async fn finish_listing(
        &self,
        progress: &Progress,
        found: &Watermark,
        watermark: &Watermark,
    ) -> Result<Lease, PortError> {
        self.end_listing(progress, found, watermark).await
    }

    async fn fail(&self, run: RunId, finding: &Finding) -> Result<(), PortError> {
        let now = self.clock.now();
        let update = self
            .run_update(run, "SET #failed = :now")
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#failed)")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_names("#failed", "failed_at")
            .expression_attribute_values(":now", s(now));
        let line = LogLine {
            salesforce: None,
            name: String::new(),
            entity: None,
            findings: vec![finding.clone()],
        };
        let entry = LogBatch {
            id: self.ids.next(),
            at: now,
            counts: Counts::default(),
            lines: vec![line],
        };
        let actions = vec![
            transaction::update(update)?,
            transaction::put_unconditional(&self.tables.log, item::packed_entry(run, &entry)?)?,
        ];
        let said = finding.sentences("the run").0;
        if matches!(
            finding.code,
            Code::IntegrationDisabled | Code::SfBudgetSpent
        ) {
            // An administrator's own doing, or settings: nobody has to be woken.
            tracing::warn!(run.id = %run, error.code = finding.code.as_str(), "Run {run} ended early: {said}");
        } else {
            // The alarm on failed runs counts this event (template.yaml, RunFailed).
            tracing::error!(event = "run_failed", run.id = %run, error.code = finding.code.as_str(), "Run {run} failed: {said}");
        }
        // Refused means that the run has failed before and says why.
        self.transact(&format!("fail|{}", entry.id), actions)
            .await
            .map(|_| ())
    }

    async fn note(&self, run: RunId, key: &str, finding: &Finding) -> Result<(), PortError> {
        let line = LogLine {
            salesforce: None,
            name: String::new(),
            entity: None,
            findings: vec![finding.clone()],
        };
        let entry = LogBatch {
            id: format!("NOTE-{key}"),
            at: self.clock.now(),
            counts: Counts::default(),
            lines: vec![line],
        };
        let action = transaction::put(
            &self.tables.log,
            item::packed_entry(run, &entry)?,
            Expected::Absent,
        )?;
        self.transact(&format!("note|{}", self.ids.next()), vec![action])
            .await
            .map(|_| ())
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, PortError> {
        Ok(self.leased(run).await?.map(|leased| leased.run))
    }
}

impl Store {
    /// Returns the number of the latest run; zero before the first.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn latest_run(&self) -> Result<u32, PortError> {
        let lease = self.get(&self.tables.log, keys::lease()).await?;
        Ok(lease
            .as_ref()
            .and_then(|item| number(item, "run"))
            .unwrap_or(0))
    }

    /// Returns runs with their counts, by id: one `BatchGetItem` per eleven runs, whatever their size. Unknown runs are
    /// left out.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn runs(&self, ids: &[RunId]) -> Result<Vec<Run>, PortError> {
        let mut runs: Vec<Run> = self
            .leased_runs(ids)
            .await?
            .into_iter()
            .map(|leased| leased.run)
            .collect();
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.id));
        Ok(runs)
    }

    /// Ends the lease of a run whose process is known to be dead, so that the next run need not wait for it to expire.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn expire_lease(&self) -> Result<(), PortError> {
        let latest = self.latest_run().await?;
        if latest == 0 {
            return Ok(());
        }
        let update = self
            .run_update(RunId::new(latest), "SET #until = :start")
            .condition_expression("attribute_exists(#until)")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":start", s(Timestamp::UNIX_EPOCH));
        self.transact(
            &format!("expire|{}", self.ids.next()),
            vec![transaction::update(update)?],
        )
        .await
        .map(|_| ())
    }

    /// Hands the lease over to the next run, on the condition that it is as it was read: a request for a full run that
    /// came meanwhile is not lost. One that is met is taken out.
    fn next_lease(
        &self,
        latest: Option<u32>,
        next: RunId,
        wanted: Option<u32>,
        is_met: bool,
    ) -> Result<TransactWriteItem, PortError> {
        let update = Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::lease()))
            .update_expression(if is_met {
                "SET #run = :next, #version = :next REMOVE #full"
            } else {
                "SET #run = :next, #version = :next"
            })
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":next", n(next.number()));
        let Some(latest) = latest else {
            return transaction::update(
                update
                    .condition_expression("attribute_not_exists(#pk)")
                    .expression_attribute_names("#pk", keys::PK),
            );
        };
        let update = update
            .expression_attribute_names("#full", keys::FULL_WANTED)
            .expression_attribute_values(":latest", n(latest));
        transaction::update(match wanted {
            None => {
                update.condition_expression("#version = :latest AND attribute_not_exists(#full)")
            }
            Some(since) => update
                .condition_expression("#version = :latest AND #full = :since")
                .expression_attribute_values(":since", n(since)),
        })
    }

    pub(crate) fn run_update(&self, run: RunId, expression: &str) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::run(run)))
            .update_expression(expression)
    }

    pub(crate) async fn leased(&self, run: RunId) -> Result<Option<Leased>, PortError> {
        Ok(self.leased_runs(&[run]).await?.pop())
    }

    async fn leased_runs(&self, ids: &[RunId]) -> Result<Vec<Leased>, PortError> {
        let table = &self.tables.log;
        let keys_of = |id: &RunId| {
            let id = *id;
            std::iter::once(keys::run(id))
                .chain((0..keys::COUNTER_SHARDS).map(move |shard| keys::counter(id, shard)))
        };
        let wanted = ids
            .iter()
            .flat_map(keys_of)
            .map(|key| (table.clone(), key))
            .collect();
        let items = self
            .batch_get(wanted, Consistency::Strong)
            .await?
            .remove(table)
            .unwrap_or_default();
        let mut runs = Vec::with_capacity(ids.len());
        for id in ids {
            let partition = keys::run_partition(*id);
            let mine = items
                .iter()
                .filter(|item| text(item, keys::PK) == Some(&partition));
            let mut leased = None;
            let mut counts = Counts::default();
            let mut last_counted_at = None;
            for item in mine {
                if text(item, SK) == Some(keys::RUN) {
                    leased = Some(read_run(*id, item)?);
                } else {
                    counts += item::counts(item);
                    last_counted_at = last_counted_at.max(item::instant(item, "at"));
                }
            }
            if let Some(mut leased) = leased {
                (leased.run.counts, leased.run.last_counted_at) = (counts, last_counted_at);
                runs.push(leased);
            }
        }
        Ok(runs)
    }
}
