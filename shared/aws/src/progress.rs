//! The listing of a run: acquiring it, its checkpoints, its end, and the watermark that it leaves.

use crate::{
    item::{self, n, number, s},
    keys::{self, EXPIRES_AT},
    run_item::{PART, RELEASED, lease_end, part_text, place_text, watermark_item},
    store::Store,
    transaction::{self, Committed},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update, builders::UpdateBuilder};
use dealbridge_core::{
    SalesforceId,
    change::Expected,
    entry::LogBatch,
    ports::{Acquisition, Checkpoint, Delivery, Lease, PortError, Progress, Watermark},
    run::{Counts, RunId},
};

impl Store {
    pub(crate) async fn take_up_run(
        &self,
        run: RunId,
        delivery: Delivery,
    ) -> Result<Acquisition, PortError> {
        let now = self.clock.now();
        let Some(leased) = self.leased(run).await? else {
            return Ok(Acquisition::AlreadyRunning);
        };
        let ended = leased.run.listed_at.is_some() || leased.run.failed_at.is_some();
        let held = leased.run.taken_up && leased.until > now && !leased.released;
        let busy = held && delivery == Delivery::First;
        if ended || busy {
            return Ok(Acquisition::AlreadyRunning);
        }
        let update = self
            .run_update(run, "SET #attempt = :next, #until = :until, #taken = :yes REMOVE #released")
            // The checkpoints are compared too: the progress that was read must be the one that is acquired.
            .condition_expression("#attempt = :attempt AND #checkpoints = :checkpoints AND attribute_not_exists(#failed)")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#checkpoints", "checkpoints")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#taken", "taken_up")
            .expression_attribute_names("#released", RELEASED)
            .expression_attribute_names("#failed", "failed_at")
            .expression_attribute_values(":attempt", n(leased.attempt))
            .expression_attribute_values(":checkpoints", n(leased.progress.checkpoints))
            .expression_attribute_values(":next", n(leased.attempt + 1))
            .expression_attribute_values(":until", s(lease_end(now)))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        let token = format!("take-up|{run}|{}", self.ids.next());
        let actions = vec![transaction::update(update)?];
        if let Committed::Refused(_) = self.transact(&token, actions).await? {
            return Ok(Acquisition::AlreadyRunning);
        }
        let mut progress = Progress {
            attempt: leased.attempt + 1,
            ..leased.progress
        };
        if progress.checkpoints > 0 {
            progress.unsent = self.unsent(&progress).await?;
        }
        Ok(Acquisition::Acquired(progress))
    }

    /// The ids that the last checkpoint was about to enqueue. An item of an earlier checkpoint is ignored.
    async fn unsent(&self, progress: &Progress) -> Result<Vec<SalesforceId>, PortError> {
        let item = self
            .get(&self.tables.log, keys::unsent(progress.run))
            .await?;
        let item = item.filter(|item| number(item, "checkpoint") == Some(progress.checkpoints));
        let ids = item.as_ref().map(|item| item::packed_ids(item, "ids"));
        ids.unwrap_or(Ok(Vec::new()))
    }

    pub(crate) async fn keep_checkpoint(
        &self,
        progress: &Progress,
        checkpoint: &Checkpoint,
    ) -> Result<Lease, PortError> {
        let now = self.clock.now();
        let run = progress.run;
        let mut set = vec!["#checkpoints = :next", "#until = :until", "#place = :place"];
        let mut update = ours(self, progress)
            .expression_attribute_values(":next", n(progress.checkpoints + 1))
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", s(lease_end(now)))
            .expression_attribute_names("#place", "place")
            .expression_attribute_values(":place", s(place_text(checkpoint.place)));
        if let Some(newest) = checkpoint.newest {
            set.push("#newest = :newest");
            update = update
                .expression_attribute_names("#newest", "newest")
                .expression_attribute_values(":newest", s(newest));
        }
        if let Some(part) = progress.part {
            set.push("#part = :part");
            update = update
                .expression_attribute_names("#part", PART)
                .expression_attribute_values(":part", s(part_text(part)));
        }
        let mut actions = vec![transaction::update(
            update.update_expression(format!("SET {}", set.join(", "))),
        )?];
        if !checkpoint.work.is_empty() {
            let mut item = keys::unsent(run);
            item.insert("checkpoint".to_owned(), n(progress.checkpoints + 1));
            item.insert("ids".to_owned(), item::pack_ids(&checkpoint.work)?);
            item.insert(EXPIRES_AT.to_owned(), item::expiry(now));
            actions.push(transaction::put_unconditional(&self.tables.log, item)?);
        }
        let entry = self.ids.next();
        if !checkpoint.lines.is_empty() {
            let packed = LogBatch {
                id: entry.clone(),
                at: now,
                counts: checkpoint.counts,
                lines: checkpoint.lines.clone(),
            };
            actions.push(transaction::put_unconditional(
                &self.tables.log,
                item::packed_entry(run, &packed)?,
            )?);
        }
        if checkpoint.counts != Counts::default() {
            actions.push(self.count(run, &entry, &checkpoint.counts, now)?);
        }
        self.keep(&format!("checkpoint|{run}|{entry}"), actions)
            .await
    }

    pub(crate) async fn let_go(&self, progress: &Progress) -> Result<Lease, PortError> {
        // The lease goes on until the next invocation acquires it, so that to a tick in between the run is as active as
        // before.
        let update = ours(self, progress)
            .update_expression("SET #until = :until, #released = :yes, #part = :part")
            .expression_attribute_names("#part", PART)
            .expression_attribute_values(
                ":part",
                progress
                    .part
                    .map_or(AttributeValue::Null(true), |part| s(part_text(part))),
            )
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#released", RELEASED)
            .expression_attribute_values(":until", s(lease_end(self.clock.now())))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        let actions = vec![
            transaction::update(update)?,
            transaction::delete_unconditional(&self.tables.log, keys::unsent(progress.run))?,
        ];
        let token = format!("release|{}|{}", progress.run, self.ids.next());
        self.keep(&token, actions).await
    }

    pub(crate) async fn end_listing(
        &self,
        progress: &Progress,
        found: &Watermark,
        watermark: &Watermark,
    ) -> Result<Lease, PortError> {
        let now = self.clock.now();
        let listed = || {
            let update = ours(self, progress)
                .expression_attribute_names("#listed", "listed_at")
                .expression_attribute_values(":now", s(now))
                .update_expression("SET #listed = :now");
            transaction::update(update)
        };
        let id = self.ids.next();
        let token = |what: &str| format!("{what}|{}|{id}", progress.run);
        if (watermark.stamp, &watermark.recent, watermark.org)
            != (found.stamp, &found.recent, found.org)
        {
            let expected = Expected::of(found.left_by.map(|run| u64::from(run.number())));
            let item = watermark_item(watermark, progress.run);
            let put = transaction::put(&self.tables.log, item, expected)?;
            match self
                .transact(&token("finish"), vec![listed()?, put])
                .await?
            {
                Committed::Yes => return Ok(Lease::Held),
                Committed::Refused(refused) if refused.iter().any(|(at, _)| *at == 0) => {
                    return Ok(Lease::Lost);
                }
                // Only the watermark differs from the one that was read: it is left as it is.
                Committed::Refused(_) => {}
            }
        }
        self.keep(&token("finish-without-watermark"), vec![listed()?])
            .await
    }

    async fn keep(&self, token: &str, actions: Vec<TransactWriteItem>) -> Result<Lease, PortError> {
        Ok(match self.transact(token, actions).await? {
            Committed::Yes => Lease::Held,
            Committed::Refused(_) => Lease::Lost,
        })
    }
}

/// An update on the condition that this invocation still holds the run at its last checkpoint.
fn ours(store: &Store, progress: &Progress) -> UpdateBuilder {
    Update::builder()
        .table_name(&store.tables.log)
        .set_key(Some(keys::run(progress.run)))
        .condition_expression(
            "#attempt = :attempt AND #checkpoints = :checkpoints AND attribute_not_exists(#failed)",
        )
        .expression_attribute_names("#attempt", "attempt")
        .expression_attribute_names("#checkpoints", "checkpoints")
        .expression_attribute_names("#failed", "failed_at")
        .expression_attribute_values(":attempt", n(progress.attempt))
        .expression_attribute_values(":checkpoints", n(progress.checkpoints))
}
