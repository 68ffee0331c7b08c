//! The ports of the store, the queues and the portal over the world.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    judge::Writer,
    set_up::{directory, partner},
    spoiling::Spoiling,
    world::{Handle, Message, World},
};
use crate::{
    Email, SalesforceId,
    change::{Change, Expected, Settled, Write},
    claim::Claim,
    counted::CountedRuns,
    entry::LogLine,
    finding::Finding,
    link::store::{Committed, LinkChange, LinkStore, Notes, OrgChanges, Outbox, PushQueue},
    message::PushRequest,
    portal::{Directory, ResolvedUser},
    ports::{
        Acquisition, Checkpoint, ClaimStore, Clock, Consistency, Delivery, ImportStore, Lease,
        PortError, Portal, Progress, RunStore, Started, StoredStates, Watermark,
    },
    problem::OpenProblem,
    record::{Record, RecordId},
    run::{Mode, Run, RunId, Trigger},
    send::{Assignees, SendStore},
    send_problem::SendProblem,
    settings::Settings,
    submit::{Endings, Owners},
    task::Task,
};

fn committed(is_committed: bool) -> Committed {
    if is_committed {
        Committed::Yes
    } else {
        Committed::Refused
    }
}

impl LinkStore for Handle {
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, PortError> {
        self.store(|world| world.items.records.get(id).cloned())
            .await
    }

    async fn claim(&self, _: SalesforceId, id: SalesforceId) -> Result<Option<Claim>, PortError> {
        self.store(|world| world.items.claims.get(&id).cloned())
            .await
    }

    async fn live_claims_of(
        &self,
        record: &RecordId,
    ) -> Result<Vec<(SalesforceId, Claim)>, PortError> {
        let is_its = |claim: &&Claim| super::judge::is_live(claim) && claim.record == *record;
        self.store(|world| {
            let org = world.settings.organization_id;
            let claims = world.items.claims.values().filter(is_its);
            claims.map(|claim| (org, claim.clone())).collect()
        })
        .await
    }

    async fn org_changes(&self) -> Result<OrgChanges, PortError> {
        Ok(OrgChanges {
            version: 0,
            under_way: None,
        })
    }

    async fn commit_stray(
        &self,
        change: &LinkChange,
        _: OrgChanges,
    ) -> Result<Committed, PortError> {
        self.commit_link(change).await
    }

    async fn problem(
        &self,
        _: SalesforceId,
        id: SalesforceId,
    ) -> Result<Option<OpenProblem>, PortError> {
        self.store(|world| world.items.problems.get(&id).cloned())
            .await
    }

    async fn commit_link(&self, change: &LinkChange) -> Result<Committed, PortError> {
        self.store(|world| committed(world.commit_link(change)))
            .await
    }

    async fn forget(&self, request: &PushRequest) -> Result<(), PortError> {
        self.store(|world| {
            world.judge.is_due = true;
            world.items.forget(request);
        })
        .await
    }

    async fn refuse_push(&self, request: &PushRequest, line: &LogLine) -> Result<(), PortError> {
        self.store(|world| {
            world.judge.is_due = true;
            world.items.forget(request);
            world.enter(line);
        })
        .await
    }

    async fn outbox(&self) -> Result<Notes, PortError> {
        let requests = self.store(|world| world.items.outbox.clone()).await?;
        Ok(Notes {
            requests,
            unreadable: Vec::new(),
        })
    }

    async fn set_aside(&self, _: &str, _: &LogLine) -> Result<(), PortError> {
        unreachable!("every note can be read")
    }
}

impl SendStore for Handle {
    async fn send_problem(&self, record: &RecordId) -> Result<Option<SendProblem>, PortError> {
        self.store(|world| world.items.send_problems.get(record).cloned())
            .await
    }

    async fn send_problems(&self) -> Result<Vec<SendProblem>, PortError> {
        self.store(|world| world.items.send_problems.values().cloned().collect())
            .await
    }

    async fn replace_record(&self, record: &Record, seen: u64) -> Result<Committed, PortError> {
        self.store(|world| {
            let mut next = record.clone();
            if world.spoiling == Some(Spoiling::ChoiceForgotten)
                && let Some(creating) = &mut next.creating
            {
                creating.target = None;
            }
            let write = Write::Record(Box::new(next), Expected::Version(seen));
            let by = (Writer::Integration, None);
            committed(world.commit(&[write], &Outbox::Keep, by, None).is_ok())
        })
        .await
    }

    async fn is_noted(&self, request: &PushRequest) -> Result<bool, PortError> {
        let is_it = |held: &PushRequest| held.note() == request.note() && held.id() == request.id();
        self.store(|world| world.items.outbox.iter().any(is_it))
            .await
    }

    fn next_id(&self) -> String {
        self.world().next_id()
    }

    async fn task(&self, id: &str) -> Result<Option<Task>, PortError> {
        self.store(|world| world.items.tasks.get(id).cloned()).await
    }
}

impl ImportStore for Handle {
    async fn known(
        &self,
        _: SalesforceId,
        ids: &[SalesforceId],
        _: Consistency,
    ) -> Result<StoredStates, PortError> {
        self.store(|world| StoredStates {
            claims: some(ids, |id| world.items.claims.get(id).cloned()),
            problems: some(ids, |id| world.items.problems.get(id).cloned()),
        })
        .await
    }

    async fn problems(
        &self,
        _: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, OpenProblem>, PortError> {
        self.store(|world| some(ids, |id| world.items.problems.get(id).cloned()))
            .await
    }

    async fn counted_before(
        &self,
        _: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, CountedRuns>, PortError> {
        self.store(|world| some(ids, |id| world.items.counted_before.get(id).cloned()))
            .await
    }

    async fn records(&self, ids: &[RecordId]) -> Result<HashMap<RecordId, Record>, PortError> {
        self.store(|world| {
            let found = ids.iter().filter_map(|id| world.items.records.get(id));
            found
                .map(|record| (record.id.clone(), record.clone()))
                .collect()
        })
        .await
    }

    async fn leave_to_next_run(
        &self,
        _: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<(), PortError> {
        self.store(|world| {
            let now = world.now();
            for id in ids {
                world.items.watch(*id, now);
            }
        })
        .await
    }

    async fn commit(
        &self,
        _: SalesforceId,
        _: RunId,
        changes: &[Change],
    ) -> Result<Vec<Settled>, PortError> {
        self.store(|world| {
            changes
                .iter()
                .map(|change| settled(world, change))
                .collect()
        })
        .await
    }
}

fn settled(world: &mut World, change: &Change) -> Settled {
    let by = (Writer::Integration, None);
    match world.commit(&change.writes, &Outbox::Keep, by, change.line.as_ref()) {
        Ok(()) => {
            world.updated += change.counts.updated;
            Settled::Done
        }
        Err(unexpected) => Settled::Conflict(Box::new(world.items.current(&unexpected))),
    }
}

fn some<T>(
    ids: &[SalesforceId],
    find: impl Fn(&SalesforceId) -> Option<T>,
) -> HashMap<SalesforceId, T> {
    ids.iter().filter_map(|id| Some((*id, find(id)?))).collect()
}

impl ClaimStore for Handle {
    async fn claims(
        &self,
        _: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, Claim>, PortError> {
        self.store(|world| some(ids, |id| world.items.claims.get(id).cloned()))
            .await
    }

    async fn has_lead_links(&self) -> Result<bool, PortError> {
        self.store(|world| world.items.has_lead_links).await
    }
}

/// Runs are numbers here: what is listed for each is said by [`super::acts`].
impl RunStore for Handle {
    async fn start(&self, _: Mode, _: Trigger, _: Option<RunId>) -> Result<Started, PortError> {
        unreachable!("no run is started by a use case")
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

    async fn fail(&self, _: RunId, _: &Finding) -> Result<(), PortError> {
        self.store(|_| ()).await
    }

    async fn note(&self, _: RunId, _: &str, _: &Finding) -> Result<(), PortError> {
        self.store(|_| ()).await
    }

    async fn run(&self, _: RunId) -> Result<Option<Run>, PortError> {
        Ok(None)
    }
}

impl PushQueue for Handle {
    async fn send(&self, requests: &[PushRequest]) -> Result<(), PortError> {
        self.store(|world| {
            for request in requests {
                world.send(Message::Push(request.clone()));
            }
        })
        .await
    }
}

impl Portal for Handle {
    async fn settings(&self) -> Result<Arc<Settings>, PortError> {
        Ok(Arc::clone(&self.world().settings))
    }

    async fn directory(&self, _: &HashSet<Email>) -> Result<Directory, PortError> {
        Ok(directory())
    }
}

impl Owners for Handle {
    async fn owner(&self, _: &str) -> Result<Option<ResolvedUser>, PortError> {
        Ok(Some(partner()))
    }

    async fn with_address(&self, _: &Email) -> Result<Vec<ResolvedUser>, PortError> {
        Ok(vec![partner()])
    }
}

impl Assignees for Handle {
    async fn address_of(&self, _: &str) -> Result<Option<Email>, PortError> {
        Ok(None)
    }
}

impl Endings for Handle {
    async fn endings(&self, id: &RecordId) -> Result<u32, PortError> {
        self.store(|world| world.items.endings.get(id).copied().unwrap_or_default())
            .await
    }
}

impl Clock for Handle {
    fn now(&self) -> Timestamp {
        self.world().now()
    }
}
