//! Sync Now of a linked record: what is due to Salesforce is delivered, and what Salesforce has is read, at once.
//!
//! It goes the way of an import of that one record, with a store that commits each change as an act of its own instead
//! of as the outcome of a run.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::store::SendStore;
use crate::{
    SalesforceId,
    change::{Change, Expected, Settled, Write},
    claim::Claim,
    code::Code,
    counted::CountedRuns,
    entry::LogLine,
    finding::Finding,
    import::{Import, Imported},
    link::{
        edit,
        push::Push,
        store::{Committed, LinkChange, Outbox},
    },
    message::{Disposition, ImportRequest, PushRequest, SyncNowRequest, VERSION, WriteRequest},
    ports::{
        Acquisition, Checkpoint, ClaimStore, Clock, Consistency, Delivery, ImportStore, Lease,
        PortError, Portal, Progress, RunStore, Started, StoredStates, Watermark,
    },
    problem::OpenProblem,
    record::{Link, LinkStatus, Record, RecordId},
    run::{Mode, Run, RunId, Trigger},
    salesforce::Salesforce,
    settings::Settings,
    task::{Task, TaskState},
};

/// The place of a run in the import's requests. No run has this number, and no item keeps it.
const NO_RUN: u32 = u32::MAX;

/// The use case, over its ports.
pub struct SyncNow<'a, F, P, S, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings and people.
    pub portal: &'a P,
    /// Records, claims, tasks.
    pub store: &'a S,
    /// The time.
    pub clock: &'a C,
}

/// The state of a record after its two sides were brought up to date.
enum Synced {
    /// Salesforce cannot be asked now.
    Later,
    /// It came to its end with these findings.
    Ended(TaskState, Vec<Finding>),
}

impl<F: Salesforce, P: Portal, S: SendStore + ImportStore + ClaimStore, C: Clock + ?Sized>
    SyncNow<'_, F, P, S, C>
{
    /// Carries out a Sync Now. Safe to repeat.
    pub async fn deliver(&self, request: &SyncNowRequest) -> Disposition {
        match self.try_deliver(request).await {
            Ok(disposition) => disposition,
            Err(error) => {
                tracing::warn!(record.id = %request.record, error.detail = %error, "Could not sync the {}, it goes back to the queue: {error}", request.record);
                Disposition::Retry
            }
        }
    }

    async fn try_deliver(&self, request: &SyncNowRequest) -> Result<Disposition, PortError> {
        let note = PushRequest::Sync(request.clone());
        let task = self.store.task(&request.task).await?;
        let Some(task) = task.filter(|task| task.state == TaskState::Queued) else {
            self.store.forget(&note).await?;
            return Ok(Disposition::Done);
        };
        let record = self.store.record(&request.record).await?;
        let link = record.as_ref().and_then(|record| record.link.clone());
        let (state, findings, link) = match link {
            None => (
                TaskState::Failed,
                vec![Finding::new(Code::SyncNotLinked)],
                None,
            ),
            Some(link) => match self.both_ways(&request.record, &link).await? {
                Synced::Later => return Ok(Disposition::Retry),
                Synced::Ended(state, findings) => (state, findings, Some(link)),
            },
        };
        let name = link
            .as_ref()
            .and_then(|link| link.name.clone())
            .unwrap_or_default();
        let ended = Task::ended(task, state, findings, self.clock.now())
            .about(link.map(|link| link.salesforce_id), &name);
        let org = self.portal.settings().await?.organization_id;
        let change = LinkChange {
            writes: vec![Write::Task(Box::new(ended))],
            outbox: Outbox::Remove(note.note()),
            ..LinkChange::empty(org)
        };
        self.store.commit_link(&change).await?;
        Ok(Disposition::Done)
    }

    async fn both_ways(&self, record: &RecordId, link: &Link) -> Result<Synced, PortError> {
        let settings = self.portal.settings().await?;
        if self.push_due(record, link.salesforce_id).await? == Disposition::Retry {
            return Ok(Synced::Later);
        }
        let alone = Alone {
            store: self.store,
            said: Mutex::new(Said::default()),
        };
        let import = Import {
            salesforce: self.salesforce,
            portal: self.portal,
            store: &alone,
            clock: self.clock,
        };
        let request = ImportRequest {
            version: VERSION,
            run: RunId::new(NO_RUN),
            org: settings.organization_id,
            opportunity: link.salesforce_id,
            fresh: false,
            by_hand: true,
        };
        // What it puts into the outbox is delivered below.
        let Imported { dispositions, .. } = import.batch(vec![request], None).await;
        let said = alone
            .said
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = said.fault {
            return Ok(match fault.code {
                Code::SfUnavailable | Code::SfRequestLimit => Synced::Later,
                _ => Synced::Ended(TaskState::Failed, vec![fault]),
            });
        }
        if dispositions != [Disposition::Done] {
            return Ok(Synced::Later);
        }
        // What the two sides owe each other now goes to Salesforce at once, with what it refused before.
        self.send_again(record, &settings).await?;
        let after = self.store.record(record).await?;
        let Some(now) = after.and_then(|record| record.link) else {
            return Ok(Synced::Ended(
                TaskState::Failed,
                vec![Finding::new(Code::SyncNotLinked)],
            ));
        };
        if self.push_due(record, now.salesforce_id).await? == Disposition::Retry {
            return Ok(Synced::Later);
        }
        let mut findings = said.findings;
        if now.status == LinkStatus::Disconnected && findings.is_empty() {
            let why = now.reason.unwrap_or_default();
            let finding = Finding::new(Code::LinkDisconnected).value(why);
            findings.push(finding.other(record.to_string()));
        }
        if findings.is_empty() {
            findings.push(Finding::new(Code::Unchanged).other(record.to_string()));
        }
        let is_well = now.status != LinkStatus::Disconnected
            && !findings
                .iter()
                .any(|finding| finding.level() == crate::code::Level::Error);
        let state = if is_well {
            TaskState::Succeeded
        } else {
            TaskState::Failed
        };
        Ok(Synced::Ended(state, findings))
    }

    /// Has the edited values that Salesforce refused before go along once more. If somebody changes the record or its
    /// claim meanwhile, that change has them sent, or the next Sync Now.
    async fn send_again(&self, id: &RecordId, settings: &Settings) -> Result<(), PortError> {
        let org = settings.organization_id;
        let Some(record) = self.store.record(id).await? else {
            return Ok(());
        };
        let Some(link) = &record.link else {
            return Ok(());
        };
        let Some(claim) = self.store.claim(org, link.salesforce_id).await? else {
            return Ok(());
        };
        let mut next = record.clone();
        next.version += 1;
        let again = edit::send_again(settings, &next, &claim);
        let Some(again) = again.filter(|again| matches!(again.outbox, Outbox::Add(_))) else {
            return Ok(());
        };
        if let Some(link) = &mut next.link {
            link.status = again.status;
        }
        let change = LinkChange {
            writes: vec![
                Write::Record(Box::new(next), Expected::Version(record.version)),
                Write::Claim(again.claim, Expected::Version(claim.version)),
            ],
            outbox: again.outbox,
            ..LinkChange::empty(org)
        };
        self.store.commit_link(&change).await?;
        Ok(())
    }

    /// Delivers the write that a claim carries, if there is one.
    async fn push_due(
        &self,
        record: &RecordId,
        salesforce: SalesforceId,
    ) -> Result<Disposition, PortError> {
        let org = self.portal.settings().await?.organization_id;
        let claim = self.store.claim(org, salesforce).await?;
        let Some(pending) = claim.and_then(|claim| claim.pending) else {
            return Ok(Disposition::Done);
        };
        let push = Push {
            salesforce: self.salesforce,
            portal: self.portal,
            store: self.store,
            clock: self.clock,
        };
        let write = WriteRequest {
            version: VERSION,
            org,
            salesforce,
            record: record.clone(),
            write: pending.id,
        };
        Ok(push.deliver(&write).await)
    }
}

/// The findings of an import about one record.
#[derive(Default)]
struct Said {
    findings: Vec<Finding>,
    fault: Option<Finding>,
}

/// The store of an import that belongs to no run.
struct Alone<'a, S> {
    store: &'a S,
    said: Mutex<Said>,
}

impl<S> Alone<'_, S> {
    fn say(&self, say: impl FnOnce(&mut Said)) {
        say(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Takes the run that is none out of what was counted. Runs that were to be kept elsewhere stay with their claim: the
/// next run moves them.
fn of_no_run(mut writes: Vec<Write>) -> Vec<Write> {
    let mut kept = CountedRuns::default();
    writes.retain(|write| match write {
        Write::CountedBefore(_, counted) => {
            kept = kept.and(counted);
            false
        }
        _ => true,
    });
    for write in &mut writes {
        let counted = match write {
            Write::Claim(claim, _) => {
                claim.counted = claim.counted.and(&kept);
                &mut claim.counted
            }
            Write::Problem(problem, _) => &mut problem.counted,
            _ => continue,
        };
        *counted = counted.without(RunId::new(NO_RUN));
    }
    writes
}

impl<S: SendStore + ImportStore> ImportStore for Alone<'_, S> {
    async fn known(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
        _: Consistency,
    ) -> Result<StoredStates, PortError> {
        self.store.known(org, ids, Consistency::Strong).await
    }

    async fn problems(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, OpenProblem>, PortError> {
        self.store.problems(org, ids).await
    }

    async fn counted_before(
        &self,
        _: SalesforceId,
        _: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, CountedRuns>, PortError> {
        Ok(HashMap::new())
    }

    async fn records(&self, ids: &[RecordId]) -> Result<HashMap<RecordId, Record>, PortError> {
        self.store.records(ids).await
    }

    /// The next scheduled run needs no note: the Sync Now itself is tried again.
    async fn leave_to_next_run(
        &self,
        _: SalesforceId,
        _: &[SalesforceId],
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn commit(
        &self,
        org: SalesforceId,
        _: RunId,
        changes: &[Change],
    ) -> Result<Vec<Settled>, PortError> {
        let mut settled = Vec::with_capacity(changes.len());
        for change in changes {
            if change.counts.unchanged > 0 && change.line.is_none() {
                settled.push(Settled::Done);
                continue;
            }
            let link_change = LinkChange {
                writes: of_no_run(change.writes.clone()),
                line: change.line.clone().unwrap_or(LogLine {
                    salesforce: None,
                    name: String::new(),
                    entity: None,
                    findings: Vec::new(),
                }),
                ..LinkChange::empty(org)
            };
            settled.push(match self.store.commit_link(&link_change).await? {
                Committed::Yes => {
                    let findings = change.line.iter().flat_map(|line| &line.findings);
                    self.say(|said| said.findings.extend(findings.cloned()));
                    Settled::Done
                }
                Committed::Refused => Settled::Conflict(Box::default()),
            });
        }
        Ok(settled)
    }
}

impl<S: ClaimStore> ClaimStore for Alone<'_, S> {
    async fn claims(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, Claim>, PortError> {
        self.store.claims(org, ids).await
    }

    async fn has_lead_links(&self) -> Result<bool, PortError> {
        self.store.has_lead_links().await
    }
}

/// An import that belongs to no run starts none and ends none; it tells what it met.
impl<S: Send + Sync> RunStore for Alone<'_, S> {
    async fn start(&self, _: Mode, _: Trigger, _: Option<RunId>) -> Result<Started, PortError> {
        Err(no_run())
    }

    async fn want_full(&self, _: RunId) -> Result<Lease, PortError> {
        Ok(Lease::Lost)
    }

    async fn take_up(&self, _: RunId, _: Delivery) -> Result<Acquisition, PortError> {
        Ok(Acquisition::AlreadyRunning)
    }

    async fn watermark(&self) -> Result<Watermark, PortError> {
        Ok(Watermark::default())
    }

    async fn checkpoint(&self, _: &Progress, _: &Checkpoint) -> Result<Lease, PortError> {
        Ok(Lease::Lost)
    }

    async fn release(&self, _: &Progress) -> Result<Lease, PortError> {
        Ok(Lease::Lost)
    }

    async fn finish_listing(
        &self,
        _: &Progress,
        _: &Watermark,
        _: &Watermark,
    ) -> Result<Lease, PortError> {
        Ok(Lease::Lost)
    }

    async fn fail(&self, _: RunId, finding: &Finding) -> Result<(), PortError> {
        self.say(|said| said.fault = Some(finding.clone()));
        Ok(())
    }

    async fn note(&self, _: RunId, _: &str, finding: &Finding) -> Result<(), PortError> {
        self.say(|said| said.findings.push(finding.clone()));
        Ok(())
    }

    async fn run(&self, _: RunId) -> Result<Option<Run>, PortError> {
        Ok(None)
    }
}

fn no_run() -> PortError {
    PortError {
        operation: "starting a run".to_owned(),
        detail: "a Sync Now belongs to none".to_owned(),
    }
}
