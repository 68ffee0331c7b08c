//! Runs: one at a time, their lease, their progress, their mark, their counts.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update, builders::UpdateBuilder};
use dealbridge_core::{
    Stamp,
    change::Expected,
    code::Code,
    entry::{Line, PackedEntry},
    finding::Finding,
    ports::{Checkpoint, Delivery, Kept, Mark, PortError, Progress, RunStore, Started, TakenUp},
    run::{Counts, Mode, Run, RunId, RunStatus, Trigger},
};
use jiff::Timestamp;

use crate::{
    batch::Consistency,
    item::{self, n, number, s, text},
    keys::{self, SK, VERSION},
    run_item::{Leased, lease_end, mark_item, new_run, read_run},
    store::Store,
    transaction::{self, Committed},
};

/// Who wins a race for the lease is decided in one of these rounds.
const ROUNDS: usize = 8;

impl RunStore for Store {
    async fn start(&self, mode: Mode, trigger: Trigger) -> Result<Started, PortError> {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let lease = self.get(&self.tables.log, keys::lease()).await?;
            let latest: u32 = lease
                .as_ref()
                .and_then(|item| number(item, "run"))
                .unwrap_or(0);
            let previous = if latest > 0 {
                self.leased(RunId::new(latest)).await?
            } else {
                None
            };
            if let Some(leased) = previous {
                match leased.run.status(now) {
                    RunStatus::Queued | RunStatus::Running
                        if leased.run.listed_at.is_none() && leased.until <= now =>
                    {
                        self.fail(leased.run.id, &Finding::new(Code::RunInterrupted))
                            .await?;
                    }
                    RunStatus::Queued | RunStatus::Running => {
                        return Ok(Started::Active(leased.run));
                    }
                    RunStatus::Succeeded | RunStatus::Failed => {}
                }
            }
            let id = RunId::new(latest + 1);
            let run = Run {
                id,
                mode,
                trigger,
                started_at: now,
                taken_up: false,
                listed_at: None,
                failed_at: None,
                last_counted_at: None,
                counts: Counts::default(),
            };
            let mut next = keys::lease();
            next.insert("run".to_owned(), n(id.number()));
            next.insert(VERSION.to_owned(), n(id.number()));
            let expected = if lease.is_some() {
                Expected::Version(u64::from(latest))
            } else {
                Expected::Absent
            };
            let actions = vec![
                transaction::put(&self.tables.log, next, expected)?,
                transaction::put(&self.tables.log, new_run(&run), Expected::Absent)?,
            ];
            match self
                .transact(&format!("start|{id}|{}", self.ids.next()), actions)
                .await?
            {
                Committed::Yes => return Ok(Started::New(run)),
                // Somebody else was faster: the next round answers with their run.
                Committed::Refused(_) => {}
            }
        }
        Err(PortError {
            operation: "starting a run".to_owned(),
            detail: "the lease changed hands again and again".to_owned(),
        })
    }

    async fn take_up(&self, run: RunId, delivery: Delivery) -> Result<TakenUp, PortError> {
        let now = self.clock.now();
        let Some(leased) = self.leased(run).await? else {
            return Ok(TakenUp::NotOurs);
        };
        let ended = leased.run.listed_at.is_some() || leased.run.failed_at.is_some();
        let busy = leased.run.taken_up && leased.until > now && delivery == Delivery::First;
        if ended || busy {
            return Ok(TakenUp::NotOurs);
        }
        let update = self
            .run_update(run, "SET #attempt = :next, #until = :until, #taken = :yes")
            .condition_expression("#attempt = :attempt AND attribute_not_exists(#failed)")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#taken", "taken_up")
            .expression_attribute_names("#failed", "failed_at")
            .expression_attribute_values(":attempt", n(leased.attempt))
            .expression_attribute_values(":next", n(leased.attempt + 1))
            .expression_attribute_values(":until", s(lease_end(now)))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        let token = format!("take-up|{run}|{}", self.ids.next());
        match self
            .transact(&token, vec![transaction::update(update)?])
            .await?
        {
            Committed::Yes => Ok(TakenUp::Go(Progress {
                attempt: leased.attempt + 1,
                ..leased.progress
            })),
            Committed::Refused(_) => Ok(TakenUp::NotOurs),
        }
    }

    async fn mark(&self) -> Result<Mark, PortError> {
        let Some(item) = self.get(&self.tables.log, keys::mark()).await? else {
            return Ok(Mark::default());
        };
        let recent = item
            .get("recent")
            .and_then(|value| value.as_b().ok())
            .map(|blob| {
                blob.as_ref()
                    .chunks_exact(8)
                    .map(|bytes| {
                        bytes
                            .iter()
                            .fold(0, |number, byte| number << 8 | u64::from(*byte))
                    })
                    .collect::<HashSet<u64>>()
            });
        Ok(Mark {
            stamp: text(&item, "stamp").and_then(|stamp| Stamp::parse(stamp).ok()),
            recent: recent.unwrap_or_default(),
        })
    }

    async fn checkpoint(
        &self,
        progress: &Progress,
        checkpoint: &Checkpoint,
    ) -> Result<Kept, PortError> {
        let now = self.clock.now();
        let run = progress.run;
        let mut set = vec!["#checkpoints = :next", "#until = :until"];
        let mut update = self
            .ours(progress)
            .expression_attribute_values(":next", n(progress.checkpoints + 1));
        update = update
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", s(lease_end(now)));
        if let Some((stamp, id)) = checkpoint.after {
            set.push("#after = :after");
            update = update
                .expression_attribute_names("#after", "after")
                .expression_attribute_values(":after", s(format!("{stamp}|{id}")));
        }
        if let Some(newest) = checkpoint.newest {
            set.push("#newest = :newest");
            update = update
                .expression_attribute_names("#newest", "newest")
                .expression_attribute_values(":newest", s(newest));
        }
        let mut actions = vec![transaction::update(
            update.update_expression(format!("SET {}", set.join(", "))),
        )?];
        let entry = self.ids.next();
        if !checkpoint.lines.is_empty() {
            let packed = PackedEntry {
                id: entry.clone(),
                at: now,
                counts: checkpoint.counts,
                lines: checkpoint.lines.clone(),
            };
            actions.push(transaction::put_anyway(
                &self.tables.log,
                item::packed_entry(run, &packed)?,
            )?);
        }
        if checkpoint.counts != Counts::default() {
            actions.push(self.count(run, &entry, &checkpoint.counts, now)?);
        }
        self.keep(format!("checkpoint|{run}|{entry}"), actions)
            .await
    }

    async fn release(&self, progress: &Progress) -> Result<Kept, PortError> {
        let update = self
            .ours(progress)
            .update_expression("SET #until = :start")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":start", s(Timestamp::UNIX_EPOCH));
        let token = format!("release|{}|{}", progress.run, self.ids.next());
        self.keep(token, vec![transaction::update(update)?]).await
    }

    async fn finish_listing(&self, progress: &Progress, mark: &Mark) -> Result<Kept, PortError> {
        let now = self.clock.now();
        let update = self
            .ours(progress)
            .expression_attribute_names("#listed", "listed_at")
            .expression_attribute_values(":now", s(now));
        let mut actions = vec![transaction::update(
            update.update_expression("SET #listed = :now"),
        )?];
        if *mark != self.mark().await? {
            actions.push(transaction::put_anyway(&self.tables.log, mark_item(mark))?);
        }
        self.keep(
            format!("finish|{}|{}", progress.run, self.ids.next()),
            actions,
        )
        .await
    }

    async fn fail(&self, run: RunId, finding: &Finding) -> Result<(), PortError> {
        let now = self.clock.now();
        let update = self
            .run_update(run, "SET #failed = :now")
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#failed)")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_names("#failed", "failed_at")
            .expression_attribute_values(":now", s(now));
        let line = Line {
            salesforce: None,
            name: String::new(),
            entity: None,
            findings: vec![finding.clone()],
        };
        let entry = PackedEntry {
            id: self.ids.next(),
            at: now,
            counts: Counts::default(),
            lines: vec![line],
        };
        let actions = vec![
            transaction::update(update)?,
            transaction::put_anyway(&self.tables.log, item::packed_entry(run, &entry)?)?,
            // Without a mark the next run lists everything: whatever this one left behind is found again.
            transaction::delete_anyway(&self.tables.log, keys::mark())?,
        ];
        // The alarm on failed runs counts this event (template.yaml, RunFailed).
        tracing::error!(event = "run_failed", run.id = %run, error.code = finding.code.as_str(), "Run {run} failed: {}", finding.sentences("the run").0);
        // Refused: the run has failed before, and says why.
        self.transact(&format!("fail|{}", entry.id), actions)
            .await
            .map(|_| ())
    }

    async fn note(&self, run: RunId, key: &str, finding: &Finding) -> Result<(), PortError> {
        let line = Line {
            salesforce: None,
            name: String::new(),
            entity: None,
            findings: vec![finding.clone()],
        };
        let entry = PackedEntry {
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
    /// The number of the latest run; zero before the first.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn latest_run(&self) -> Result<u32, PortError> {
        let lease = self.get(&self.tables.log, keys::lease()).await?;
        Ok(lease
            .as_ref()
            .and_then(|item| number(item, "run"))
            .unwrap_or(0))
    }

    /// Runs with their counts, by id: one BatchGetItem per eleven runs, however much they did. Unknown ones are left out.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
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

    /// Ends the lease of a run whose process is known to be dead, so that the next one does not wait for it to expire.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
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

    fn run_update(&self, run: RunId, expression: &str) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::run(run)))
            .update_expression(expression)
    }

    /// An update of a run that is still ours and where we left it.
    fn ours(&self, progress: &Progress) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::run(progress.run)))
            .condition_expression("#attempt = :attempt AND #checkpoints = :checkpoints AND attribute_not_exists(#failed)")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#checkpoints", "checkpoints")
            .expression_attribute_names("#failed", "failed_at")
            .expression_attribute_values(":attempt", n(progress.attempt))
            .expression_attribute_values(":checkpoints", n(progress.checkpoints))
    }

    async fn keep(
        &self,
        token: String,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Kept, PortError> {
        Ok(match self.transact(&token, actions).await? {
            Committed::Yes => Kept::Yes,
            Committed::Refused(_) => Kept::Lost,
        })
    }

    async fn leased(&self, run: RunId) -> Result<Option<Leased>, PortError> {
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
                if text(item, SK) == Some("RUN") {
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
