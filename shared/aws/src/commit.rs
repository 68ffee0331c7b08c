//! Committing the changes of a batch: effects, one packed entry and one counter shard per transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use dealbridge_core::{
    SalesforceId,
    change::{Change, CurrentItems, Expected, Settled, Write},
    counted::CountedRuns,
    entry::LogBatch,
    ports::{Consistency, ImportStore, PortError, StoredStates},
    problem::OpenProblem,
    record::{Record, RecordId},
    run::{Counts, RunId},
};
use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::{
    item::{self, n, s},
    keys::{self, Attributes, EXPIRES_AT},
    size::{self, MAX_ITEM_BYTES, MAX_TRANSACTION_BYTES},
    store::Store,
    transaction::{self, Attempt, Committed, MAX_ACTIONS},
};

/// Actions of a transaction besides the changes: the packed entry and the counter.
const OVERHEAD: usize = 2;
/// Limit on the bytes of one transaction's changes; the rest is for the entry, the counter and what updates add.
const MAX_BYTES: usize = MAX_TRANSACTION_BYTES - 2 * MAX_ITEM_BYTES;
/// Transactions of one batch in flight at once.
const CONCURRENT: usize = 4;

impl ImportStore for Store {
    async fn known(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
        consistency: Consistency,
    ) -> Result<StoredStates, PortError> {
        let claims = ids
            .iter()
            .map(|id| (self.tables.links.clone(), keys::claim(org, *id)));
        let problems = ids
            .iter()
            .map(|id| (self.tables.log.clone(), keys::problem(org, *id)));
        let mut found = self
            .batch_get(claims.chain(problems).collect(), consistency)
            .await?;
        let mut known = StoredStates::default();
        for item in found.remove(&self.tables.links).unwrap_or_default() {
            let claim = item::claim(item)?;
            known.claims.insert(claim.salesforce, claim);
        }
        for item in found.remove(&self.tables.log).unwrap_or_default() {
            let problem = item::problem(item)?;
            known.problems.insert(problem.opportunity, problem);
        }
        Ok(known)
    }

    async fn leave_to_next_run(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<(), PortError> {
        let now = self.clock.now();
        for ids in ids.chunks(transaction::MAX_ACTIONS) {
            let notes = ids
                .iter()
                .map(|id| self.watch(org, &OpenProblem::watch(*id, "", now)))
                .collect::<Result<Vec<_>, _>>()?;
            self.transact(&format!("leave|{}", self.ids.next()), notes)
                .await?;
        }
        Ok(())
    }

    async fn problems(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, OpenProblem>, PortError> {
        let keys = ids
            .iter()
            .map(|id| (self.tables.log.clone(), keys::problem(org, *id)))
            .collect();
        let mut found = self.batch_get(keys, Consistency::Strong).await?;
        let items = found.remove(&self.tables.log).unwrap_or_default();
        items
            .into_iter()
            .map(|item| item::problem(item).map(|problem| (problem.opportunity, problem)))
            .collect()
    }

    async fn counted_before(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, CountedRuns>, PortError> {
        let keys = ids
            .iter()
            .map(|id| (self.tables.log.clone(), keys::counted_before(org, *id)))
            .collect();
        let mut found = self.batch_get(keys, Consistency::Strong).await?;
        let items = found.remove(&self.tables.log).unwrap_or_default();
        items.iter().map(item::counted_before).collect()
    }

    async fn records(&self, ids: &[RecordId]) -> Result<HashMap<RecordId, Record>, PortError> {
        let keys = ids
            .iter()
            .map(|id| (self.tables.records.clone(), keys::record(id)))
            .collect();
        let mut found = self.batch_get(keys, Consistency::Strong).await?;
        let items = found.remove(&self.tables.records).unwrap_or_default();
        items
            .into_iter()
            .map(|item| item::record(item).map(|record| (record.id.clone(), record)))
            .collect()
    }

    async fn commit(
        &self,
        org: SalesforceId,
        run: RunId,
        changes: &[Change],
    ) -> Result<Vec<Settled>, PortError> {
        let now = self.clock.now();
        let encoded = changes
            .iter()
            .map(|change| self.encoded(org, change, now))
            .collect::<Result<Vec<_>, _>>()?;
        let sizes: Vec<Size> = encoded.iter().map(|actions| Size::of(actions)).collect();
        let batch = Batch {
            run,
            changes,
            encoded,
        };
        let groups: Vec<Result<Vec<(usize, Settled)>, PortError>> = stream::iter(
            groups(&sizes)
                .into_iter()
                .map(|group| self.commit_parts(&batch, group)),
        )
        .buffer_unordered(CONCURRENT)
        .collect()
        .await;
        let mut settled: BTreeMap<usize, Settled> = BTreeMap::new();
        let mut failed = None;
        for group in groups {
            match group {
                Ok(group) => settled.extend(group),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            // A retry recognizes what was committed, and writes what was not.
            Some(error) => Err(error),
            None => Ok(settled.into_values().collect()),
        }
    }
}

/// Changes on their way into transactions.
struct Batch<'a> {
    run: RunId,
    changes: &'a [Change],
    /// The actions of each change.
    encoded: Vec<Vec<TransactWriteItem>>,
}

/// The share of a transaction's limits that a change takes.
#[derive(Clone, Copy)]
struct Size {
    actions: usize,
    bytes: usize,
}

impl Size {
    fn of(actions: &[TransactWriteItem]) -> Self {
        Self {
            actions: actions.len(),
            bytes: actions.iter().map(size::action).sum(),
        }
    }
}

/// The result of committing a group of changes.
enum Part {
    Settled(Vec<(usize, Settled)>),
    /// DynamoDB rejects these changes together and names none of them; what was settled before stays settled.
    Refused {
        group: Vec<usize>,
        settled: Vec<(usize, Settled)>,
        detail: String,
    },
}

/// Packs changes into transactions of similar size, within the limits on actions and bytes.
fn groups(sizes: &[Size]) -> Vec<Vec<usize>> {
    let total: usize = sizes.iter().map(|size| size.actions).sum();
    let most = MAX_ACTIONS - OVERHEAD;
    let count = total.div_ceil(most).max(1);
    let even = total.div_ceil(count);
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(count);
    let (mut actions, mut bytes) = (usize::MAX, 0);
    for (at, size) in sizes.iter().enumerate() {
        let full = actions.saturating_add(size.actions) > most
            || actions >= even
            || bytes + size.bytes > MAX_BYTES;
        match groups.last_mut() {
            Some(group) if !full => {
                group.push(at);
                actions += size.actions;
                bytes += size.bytes;
            }
            _ => {
                groups.push(vec![at]);
                (actions, bytes) = (size.actions, size.bytes);
            }
        }
    }
    groups
}

impl Store {
    /// Commits one group, halving it until the change that DynamoDB rejects is found.
    async fn commit_parts(
        &self,
        batch: &Batch<'_>,
        group: Vec<usize>,
    ) -> Result<Vec<(usize, Settled)>, PortError> {
        let mut all = Vec::with_capacity(group.len());
        let mut parts = vec![group];
        while let Some(part) = parts.pop() {
            match self.commit_group(batch, part).await? {
                Part::Settled(settled) => all.extend(settled),
                Part::Refused {
                    group,
                    settled,
                    detail,
                } => {
                    all.extend(settled);
                    match group.as_slice() {
                        [] => {}
                        [only] => all.push((*only, Settled::Impossible(detail))),
                        several => {
                            let (first, second) = several.split_at(several.len() / 2);
                            parts.extend([second.to_vec(), first.to_vec()]);
                        }
                    }
                }
            }
        }
        Ok(all)
    }

    fn encoded(
        &self,
        org: SalesforceId,
        change: &Change,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let writes = change.writes.iter();
        writes.map(|write| self.action(org, write, now)).collect()
    }

    /// Commits one group. Conflicting changes are taken out and the rest is retried, so that one does not hold up the
    /// others.
    async fn commit_group(
        &self,
        batch: &Batch<'_>,
        mut group: Vec<usize>,
    ) -> Result<Part, PortError> {
        let Batch {
            run,
            changes,
            encoded,
        } = batch;
        let mut settled = Vec::with_capacity(group.len());
        let entry_id = self.ids.next();
        let mut round = 0;
        while !group.is_empty() {
            let now = self.clock.now();
            let mut owners = Vec::with_capacity(MAX_ACTIONS);
            let mut actions = Vec::with_capacity(MAX_ACTIONS);
            for at in &group {
                owners.extend(std::iter::repeat_n(*at, encoded[*at].len()));
                actions.extend(encoded[*at].iter().cloned());
            }
            let counts: Counts = group.iter().map(|at| changes[*at].counts).sum();
            let lines: Vec<_> = group
                .iter()
                .filter_map(|at| changes[*at].line.clone())
                .collect();
            if !lines.is_empty() {
                let entry = LogBatch {
                    id: entry_id.clone(),
                    at: now,
                    counts,
                    lines,
                };
                actions.push(transaction::put_unconditional(
                    &self.tables.log,
                    item::packed_entry(*run, &entry)?,
                )?);
            }
            actions.push(self.count(*run, &entry_id, &counts, now)?);
            match self
                .attempt(&format!("{run}|{entry_id}|{round}"), actions)
                .await?
            {
                Attempt::Committed(Committed::Yes) => {
                    settled.extend(group.drain(..).map(|at| (at, Settled::Done)));
                }
                Attempt::Committed(Committed::Refused(reasons)) => {
                    let mut holders: HashMap<usize, CurrentItems> = HashMap::new();
                    for (position, item) in reasons {
                        // Neither the entry nor the counter has a condition.
                        let Some(at) = owners.get(position) else {
                            continue;
                        };
                        add_holder(holders.entry(*at).or_default(), item)?;
                    }
                    if holders.is_empty() {
                        // Only the items of changes carry conditions; a refusal that names none of them would be
                        // retried for ever.
                        let detail = "it was refused without naming an item".to_owned();
                        return Err(PortError {
                            operation: "TransactWriteItems".to_owned(),
                            detail,
                        });
                    }
                    group.retain(|at| !holders.contains_key(at));
                    settled.extend(
                        holders
                            .into_iter()
                            .map(|(at, holder)| (at, Settled::Conflict(Box::new(holder)))),
                    );
                }
                Attempt::Impossible { at, detail } => {
                    let named: HashSet<usize> = at
                        .iter()
                        .filter_map(|position| owners.get(*position).copied())
                        .collect();
                    if named.is_empty() {
                        return Ok(Part::Refused {
                            group,
                            settled,
                            detail,
                        });
                    }
                    group.retain(|at| !named.contains(at));
                    settled.extend(
                        named
                            .into_iter()
                            .map(|at| (at, Settled::Impossible(detail.clone()))),
                    );
                }
            }
            round += 1;
        }
        Ok(Part::Settled(settled))
    }

    pub(crate) fn action(
        &self,
        org: SalesforceId,
        write: &Write,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        match write {
            Write::Claim(claim, expected) => {
                transaction::put(&self.tables.links, item::claim_item(claim, org)?, *expected)
            }
            Write::Record(record, expected) => transaction::put(
                &self.tables.records,
                item::encode(record, keys::record(&record.id))?,
                *expected,
            ),
            Write::DeleteRecord(id, expected) => {
                transaction::delete(&self.tables.records, keys::record(id), *expected)
            }
            Write::Problem(problem, expected) => {
                let mut item = item::encode(problem, keys::problem(org, problem.opportunity))?;
                if problem.closed {
                    item.insert(EXPIRES_AT.to_owned(), item::expiry(now));
                }
                transaction::put(&self.tables.log, item, *expected)
            }
            Write::CloseProblem(id, expected) => {
                transaction::delete(&self.tables.log, keys::problem(org, *id), *expected)
            }
            Write::Outbox(request) => transaction::put_unconditional(
                &self.tables.log,
                item::encode(request, keys::outbox(&request.note()))?,
            ),
            Write::ClearOutbox(note) => {
                transaction::delete_unconditional(&self.tables.log, keys::outbox(note))
            }
            Write::Orphan(id) => {
                let mut item = keys::orphan(org, *id);
                item.insert(EXPIRES_AT.to_owned(), item::expiry(now));
                transaction::put(&self.tables.log, item, Expected::Absent)
            }
            Write::SendProblem(problem, expected) => transaction::put(
                &self.tables.log,
                item::encode(problem, keys::send_problem(&problem.record))?,
                *expected,
            ),
            Write::CloseSendProblem(record) => {
                transaction::delete_unconditional(&self.tables.log, keys::send_problem(record))
            }
            Write::Task(task) => {
                let mut item = item::encode(task, keys::task(&task.id))?;
                item.insert(EXPIRES_AT.to_owned(), item::expiry(now));
                transaction::put_unconditional(&self.tables.log, item)
            }
            Write::CountedBefore(id, counted) => self.add_counted_before(org, *id, counted, now),
        }
    }

    /// Adds runs to the set of a Salesforce record, which need not be read for that.
    fn add_counted_before(
        &self,
        org: SalesforceId,
        id: SalesforceId,
        counted: &CountedRuns,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let update = Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::counted_before(org, id)))
            .update_expression("SET #expires = :expires ADD #runs :runs")
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":expires", item::expiry(now))
            .expression_attribute_names("#runs", keys::RUNS)
            .expression_attribute_values(":runs", AttributeValue::Ss(counted.ranges().collect()));
        transaction::update(update)
    }

    /// Adds counts to one shard of the run's counter.
    pub(crate) fn count(
        &self,
        run: RunId,
        entry: &str,
        counts: &Counts,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let shard = entry.bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        }) % keys::COUNTER_SHARDS;
        let mut update = Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::counter(run, shard)))
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", s(now))
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":expires", item::expiry(now));
        let mut adds = Vec::new();
        for (name, count) in item::count_attributes(counts) {
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), n(count));
            adds.push(format!("#{name} :{name}"));
        }
        let set = "SET #at = :at, #expires = :expires";
        let expression = if adds.is_empty() {
            set.to_owned()
        } else {
            format!("{set} ADD {}", adds.join(", "))
        };
        transaction::update(update.update_expression(expression))
    }
}

/// Files the item that a condition met under its kind: claim, open problem or record.
fn add_holder(holder: &mut CurrentItems, item: Option<Attributes>) -> Result<(), PortError> {
    let Some(item) = item else { return Ok(()) };
    let pk = item::text(&item, keys::PK).unwrap_or_default();
    if keys::is_claim(pk) {
        holder.claim = Some(item::claim(item)?);
    } else if keys::is_problem(pk) {
        holder.problem = Some(item::problem(item)?);
    } else if item::record_id(pk).is_some() {
        holder.record = Some(item::record(item)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
