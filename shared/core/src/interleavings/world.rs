//! The world of a history: store, org and queue, and the places where others act, answers are lost and processes die.

use std::{
    fmt::Write as _,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard},
    task::Poll,
};

use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value};

use super::{
    items::{Items, named_twice},
    judge::{Judge, Side, Writer},
    org::Org,
    spoiling::Spoiling,
};
use crate::{
    SalesforceId,
    change::{ItemKey, Write},
    code::Code,
    entry::LogLine,
    link::store::{LinkChange, Outbox},
    message::{ImportRequest, PushRequest},
    ports::PortError,
    salesforce::SalesforceError,
    schema::Schema,
    settings::Settings,
};

/// A message of one of the queues.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Message {
    Push(PushRequest),
    Import(ImportRequest),
}

/// Everything outside of the use cases.
pub(super) struct World {
    pub(super) seed: StdRng,
    pub(super) settings: Arc<Settings>,
    pub(super) spoiling: Option<Spoiling>,
    pub(super) items: Items,
    pub(super) org: Org,
    /// Messages that are still to be delivered.
    pub(super) waiting: Vec<Message>,
    /// Every message that was ever sent: any may come again.
    pub(super) sent: Vec<Message>,
    pub(super) judge: Judge,
    /// `true` when nothing fails any more.
    pub(super) is_calm: bool,
    /// The Salesforce records that runs counted as updated.
    pub(super) updated: u64,
    pub(super) runs: u32,
    ids: u32,
    story: Option<String>,
}

/// The world, in the hands of each use case.
#[derive(Clone)]
pub(super) struct Handle {
    world: Arc<Mutex<World>>,
    schema: Arc<Schema>,
}

impl Handle {
    pub(super) fn new(
        seed: u64,
        settings: &Arc<Settings>,
        spoiling: Option<Spoiling>,
        is_told: bool,
    ) -> Self {
        let world = World {
            seed: StdRng::seed_from_u64(seed),
            settings: Arc::clone(settings),
            spoiling,
            items: Items::default(),
            org: Org::new(),
            waiting: Vec::new(),
            sent: Vec::new(),
            judge: Judge::default(),
            is_calm: false,
            updated: 0,
            runs: 0,
            ids: 0,
            story: is_told.then(String::new),
        };
        Self {
            world: Arc::new(Mutex::new(world)),
            schema: Arc::default(),
        }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Lets others act.
    pub(super) async fn pause(&self) {
        let mut was_paused = false;
        poll_fn(|_| {
            if mem::replace(&mut was_paused, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Asks the store, whose answer may be lost, or which may not be there.
    pub(super) async fn store<T>(
        &self,
        effect: impl FnOnce(&mut World) -> T + Send,
    ) -> Result<T, PortError> {
        self.pause().await;
        let mut world = self.world();
        let lost = || PortError {
            operation: "the store".to_owned(),
            detail: "no answer".to_owned(),
        };
        if world.chance(1) {
            return Err(lost());
        }
        let answer = effect(&mut world);
        if world.chance(1) {
            Err(lost())
        } else {
            Ok(answer)
        }
    }

    /// Asks Salesforce, whose answer may be lost, or which may not be there.
    pub(super) async fn ask<T>(
        &self,
        effect: impl FnOnce(&mut World) -> T + Send,
    ) -> Result<T, SalesforceError> {
        self.pause().await;
        let mut world = self.world();
        let lost = || SalesforceError::Unavailable {
            detail: "no answer".to_owned(),
        };
        if world.chance(3) {
            return Err(lost());
        }
        let answer = effect(&mut world);
        if world.chance(6) {
            world.tell(|| "Salesforce's answer is lost".to_owned());
            return Err(lost());
        }
        Ok(answer)
    }
}

impl World {
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        !self.is_calm && self.seed.random_range(0..100) < percent
    }

    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            // Writing to a String cannot fail.
            let _ = writeln!(story, "{}", text());
        }
    }

    pub(super) fn story(&self) -> &str {
        self.story.as_deref().unwrap_or_default()
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.org.second).unwrap()
    }

    pub(super) fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("I{:06}", self.ids)
    }

    /// Returns a number below a limit.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.seed.random_range(0..limit)
    }

    /// Returns one of several; none of none.
    pub(super) fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() {
            return None;
        }
        let at = self.below(all.len());
        Some(all[at].clone())
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: Message) {
        self.waiting.push(message.clone());
        self.sent.push(message);
    }

    /// Sets fields in Salesforce.
    pub(super) fn set_there(
        &mut self,
        id: SalesforceId,
        fields: &Map<String, Value>,
        writer: Writer,
    ) {
        self.tell(|| format!("{writer:?} sets {id}: {}", Value::Object(fields.clone())));
        if let Some(stored) = self.org.rows.get(&id) {
            let is_linked = self
                .items
                .claims
                .get(&id)
                .is_some_and(super::judge::is_live);
            self.judge
                .written_there(id, stored, fields, (writer, is_linked));
        }
        self.org.set(id, fields);
    }

    /// Commits a change of a link: all of it, or nothing.
    pub(super) fn commit_link(&mut self, change: &LinkChange) -> bool {
        let mut change = change.clone();
        if let Some(spoiling) = self.spoiling {
            self.spoil(spoiling, &mut change);
        }
        let action = change.audit.as_ref().map(|audit| audit.action);
        let writer = match action {
            Some("create" | "edit") => Writer::User,
            Some("link") => Writer::Link,
            _ => Writer::Integration,
        };
        if self
            .commit(
                &change.writes,
                &change.outbox,
                (writer, action),
                Some(&change.line),
            )
            .is_err()
        {
            return false;
        }
        if let Some(audit) = &change.audit {
            if matches!(audit.action, "unlink" | "delete") {
                *self.items.endings.entry(audit.record.clone()).or_default() += 1;
                self.judge.ended(Side::Here(audit.record.clone()));
                if let Some(id) = audit.salesforce {
                    self.judge.ended(Side::There(id));
                }
            }
            if audit.action == "link" {
                self.judge.ended(Side::Here(audit.record.clone()));
                self.judge.ended(Side::There(audit.salesforce.unwrap()));
            }
        }
        if let Some(problem) = &change.watch {
            let now = self.now();
            self.items.watch(problem.opportunity, now);
        }
        self.items.has_lead_links |= change.links_lead;
        true
    }

    /// Commits writes: all of them, or none. Returns the items that are not as expected.
    pub(super) fn commit(
        &mut self,
        writes: &[Write],
        outbox: &Outbox,
        (writer, action): (Writer, Option<&'static str>),
        line: Option<&LogLine>,
    ) -> Result<(), Vec<ItemKey>> {
        self.judge.wrong.extend(named_twice(writes, outbox));
        let unexpected = self.items.unexpected(writes, self.spoiling);
        if !unexpected.is_empty() {
            return Err(unexpected);
        }
        self.judge.is_due = true;
        let name = action.unwrap_or("commit");
        for write in writes {
            self.tell(|| format!("  {name}: {}", shown(write)));
            match write {
                Write::Record(next, _) => {
                    let before = self.items.records.get(&next.id);
                    self.judge.written_here(before, next, writer);
                }
                Write::Claim(next, _) => {
                    let before = self.items.claims.get(&next.salesforce);
                    self.judge.claim_written(before, next, (action, line));
                }
                _ => {}
            }
            self.items.put(write.clone());
        }
        self.items.send(outbox.clone());
        if let Some(line) = line.filter(|line| !line.findings.is_empty()) {
            self.enter(line);
        }
        if action == Some("write-delivered") {
            self.judge.delivered(&self.items, writes);
        }
        Ok(())
    }

    /// Enters a line into the log.
    pub(super) fn enter(&mut self, line: &LogLine) {
        let untold =
            (self.spoiling == Some(Spoiling::ConflictUntold)).then_some(Code::ConflictResolved);
        for finding in line
            .findings
            .iter()
            .filter(|finding| Some(finding.code) != untold)
        {
            self.tell(|| format!("  entry {}: {}", finding.code, finding.sentences("it").0));
            if finding.code == Code::Sent
                && let (Some(id), Some(record)) = (line.salesforce, &line.entity)
            {
                self.judge.made(id, &self.items.records[record], &self.org);
            }
            self.judge.entered(line.entity.as_ref(), finding);
        }
    }

    /// Has a change be what a product with that defect makes of it.
    fn spoil(&mut self, spoiling: Spoiling, change: &mut LinkChange) {
        let action = change.audit.as_ref().map(|audit| audit.action);
        match spoiling {
            Spoiling::BaseKept if action == Some("write-delivered") => {
                for write in &mut change.writes {
                    if let Write::Claim(claim, _) = write
                        && let Some(held) = self.items.claims.get(&claim.salesforce)
                    {
                        claim.base = held.base.clone();
                    }
                }
            }
            Spoiling::Unsuppressed if action == Some("unlink") => {
                for write in &mut change.writes {
                    if let Write::Claim(claim, _) = write {
                        claim.state = crate::claim::ClaimState::Released;
                    }
                }
            }
            _ => {}
        }
    }
}

fn shown(write: &Write) -> String {
    match write {
        Write::Record(record, expected) => {
            let link = record
                .link
                .as_ref()
                .map(|link| (link.salesforce_id, link.status));
            let fields = Value::Object(record.fields.clone());
            let creating = &record.creating;
            format!(
                "{} {expected:?} life {} {fields} {link:?} {creating:?}",
                record.id, record.life
            )
        }
        Write::Claim(claim, expected) => {
            let pending = claim
                .pending
                .as_ref()
                .map(|write| (&write.id, &write.edited, &write.fields));
            let base = serde_json::to_string(&claim.base).unwrap_or_default();
            format!(
                "{} {expected:?} {:?} of {} {pending:?} {base}",
                claim.salesforce, claim.state, claim.record
            )
        }
        Write::Problem(problem, _) => {
            format!("problem {} {:?}", problem.opportunity, problem.codes())
        }
        Write::SendProblem(problem, _) => {
            format!("send problem {} {:?}", problem.record, problem.codes())
        }
        write => format!("{:?}", write.key()),
    }
}
