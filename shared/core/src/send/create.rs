//! Carrying out a create: reads the record as it is, has Salesforce create it once, links it, or says why not.

use super::{
    attempt::{Attempted, Made},
    store::{Assignees, SendStore},
    trigger,
    work::{Again, Create, digest},
};
use crate::{
    change::{Expected, Write},
    claim::{Claim, ClaimState},
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::store::{Committed, LinkChange, Outbox},
    message::{CreateRequest, Disposition, PushRequest},
    ports::{Clock, Portal},
    record::Record,
    salesforce::{Salesforce, SalesforceError},
    send_problem::SendProblem,
    settings::Settings,
    task::TaskState,
};

/// The most times that one delivery decides again because something changed under it.
const MAX_ATTEMPTS: usize = 6;

/// Returns `true` if the record still carries the create that a request names.
fn is_current(record: &Record, request: &CreateRequest) -> bool {
    let creating = record.creating.as_ref();
    record.link.is_none() && creating.is_some_and(|creating| creating.id == request.create)
}

impl<F: Salesforce, P: Portal, S: SendStore, U: Assignees, C: Clock + ?Sized>
    Create<'_, F, P, S, U, C>
{
    /// Carries out a create. Safe to repeat, at the same time or days later: the Salesforce record is made once, and
    /// what is not to be created any more is left alone.
    pub async fn deliver(&self, request: &CreateRequest) -> Disposition {
        match self.try_deliver(request).await {
            Ok(()) => Disposition::Done,
            Err(Again::Salesforce(error @ SalesforceError::OrgChanged { .. })) => {
                tracing::error!(record.id = %request.record, error.code = error.code(), "Left the creation of the {} to the next run: {error}", request.record);
                Disposition::Done
            }
            Err(error) => {
                tracing::warn!(record.id = %request.record, error.detail = %error, "Could not create the {} in Salesforce, it goes back to the queue: {error}", request.record);
                Disposition::Retry
            }
        }
    }

    async fn try_deliver(&self, request: &CreateRequest) -> Result<(), Again> {
        let settings = self.portal.settings().await?;
        for _ in 0..MAX_ATTEMPTS {
            let record = self.store.record(&request.record).await?;
            let Some(record) = record.filter(|record| is_current(record, request)) else {
                return self.drop_stale(request, &settings).await;
            };
            if !settings.send.of(record.id.kind()).is_on() {
                if self.switched_off(request, record, &settings).await? == Committed::Yes {
                    return self.drop_stale(request, &settings).await;
                }
                continue;
            }
            match self.attempt(record, &settings).await? {
                Attempted::Changed => {}
                Attempted::Made(made) => return self.link(request, *made, &settings).await,
                Attempted::Refused {
                    name,
                    findings,
                    seen,
                } => {
                    let about = (&*name, seen);
                    return self.refuse(request, about, findings, &settings).await;
                }
            }
        }
        Err(Again::Busy)
    }

    async fn switched_off(
        &self,
        request: &CreateRequest,
        record: Record,
        settings: &Settings,
    ) -> Result<Committed, Again> {
        let mut next = record.clone();
        next.version += 1;
        next.creating = None;
        let findings = vec![Finding::new(Code::SendSwitchedOff)];
        let mut writes = vec![Write::Record(
            Box::new(next),
            Expected::Version(record.version),
        )];
        writes.extend(trigger::forget(&record));
        writes.extend(
            self.task(&record, TaskState::Failed, &findings, None)
                .await?,
        );
        let change = LinkChange {
            writes,
            line: LogLine {
                salesforce: None,
                name: String::new(),
                entity: Some(request.record.clone()),
                findings,
            },
            ..LinkChange::empty(settings.organization_id)
        };
        Ok(self.store.commit_link(&change).await?)
    }

    /// Opens or renews the send problem of the record in the version that was refused.
    async fn refuse(
        &self,
        request: &CreateRequest,
        (name, seen): (&str, u64),
        findings: Vec<Finding>,
        settings: &Settings,
    ) -> Result<(), Again> {
        for _ in 0..MAX_ATTEMPTS {
            let record = self.store.record(&request.record).await?;
            let Some(record) = record.filter(|record| is_current(record, request)) else {
                return self.drop_stale(request, settings).await;
            };
            if record.version != seen {
                // An edit may have mended it.
                return Err(Again::Busy);
            }
            let earlier = self.store.send_problem(&request.record).await?;
            let problem = SendProblem::met(
                earlier.as_ref(),
                name,
                findings.clone(),
                (request, digest(settings)),
                self.clock.now(),
            );
            let is_known = earlier.as_ref().is_some_and(|earlier| {
                earlier.findings == findings && earlier.create == request.create
            });
            let known = Expected::of(earlier.map(|earlier| earlier.version));
            let mut writes = vec![Write::SendProblem(problem, known)];
            // The note of a create that was refused before went then: one that is there is a newer create's.
            let mut outbox = Outbox::Keep;
            if let Some(creating) = record.creating.clone().filter(|creating| !creating.refused) {
                let mut next = record.clone();
                next.version += 1;
                next.creating = Some(crate::record::Creating {
                    refused: true,
                    has_problem: true,
                    ..creating
                });
                writes.push(Write::Record(
                    Box::new(next),
                    Expected::Version(record.version),
                ));
                outbox = Outbox::Remove(PushRequest::Create(request.clone()).note());
            }
            writes.extend(
                self.task(&record, TaskState::Failed, &findings, None)
                    .await?,
            );
            let change = LinkChange {
                writes,
                line: LogLine {
                    salesforce: None,
                    name: name.to_owned(),
                    entity: Some(request.record.clone()),
                    findings: if is_known {
                        Vec::new()
                    } else {
                        findings.clone()
                    },
                },
                outbox,
                ..LinkChange::empty(settings.organization_id)
            };
            if self.store.commit_link(&change).await? == Committed::Yes {
                return Ok(());
            }
        }
        Err(Again::Busy)
    }

    /// Links the record to what Salesforce made of it, in one transaction with the log entry.
    async fn link(
        &self,
        request: &CreateRequest,
        made: Made,
        settings: &Settings,
    ) -> Result<(), Again> {
        let org = settings.organization_id;
        let mut known = (!made.is_found).then(|| (made.record.clone(), None, None));
        for _ in 0..MAX_ATTEMPTS {
            let (record, claim, problem) = match known.take() {
                Some(known) => known,
                None => {
                    // The record first: the claim of a link that it shows is there by then.
                    let record = self.store.record(&request.record).await?;
                    let claim = self.store.claim(org, made.id).await?;
                    let Some(record) = record.filter(|record| is_current(record, request)) else {
                        return self.not_linked(request, &made, settings).await;
                    };
                    let problem = self.store.problem(org, made.id).await?;
                    (record, claim, problem)
                }
            };
            if claim.as_ref().is_some_and(|claim| {
                claim.state == ClaimState::Live && claim.record == request.record
            }) {
                // Another delivery has linked it since the record was read.
                continue;
            }
            if let Some(claim) = claim
                .as_ref()
                .filter(|claim| claim.state != ClaimState::Released)
            {
                let finding = taken(&made, claim);
                let about = (made.draft.name.as_str(), record.version);
                return self.refuse(request, about, vec![finding], settings).await;
            }
            let mut change = self.linked(&record, &made, (claim, problem), settings);
            let findings = &change.line.findings;
            let task = self
                .task(&record, TaskState::Succeeded, findings, Some(&made))
                .await?;
            change.writes.extend(task);
            if self.store.commit_link(&change).await? == Committed::Yes {
                // Outside of the transaction, at half the cost: a note that is left names a create that came to its
                // end.
                let done = PushRequest::Create(request.clone());
                return Ok(self.store.forget(&done).await?);
            }
        }
        Err(Again::Busy)
    }

    /// Returns the write that ends the task of the Sync Now that asked for this create.
    pub(super) async fn task(
        &self,
        record: &Record,
        state: TaskState,
        findings: &[Finding],
        made: Option<&Made>,
    ) -> Result<Vec<Write>, Again> {
        let creating = record.creating.as_ref();
        let Some(id) = creating.and_then(|creating| creating.task.as_deref()) else {
            return Ok(Vec::new());
        };
        let Some(task) = self.store.task(id).await? else {
            return Ok(Vec::new());
        };
        let ended = task
            .ended(state, findings.to_vec(), self.clock.now())
            .about(
                made.map(|made| made.id),
                made.map_or("", |made| made.draft.name.as_str()),
            );
        Ok(vec![Write::Task(Box::new(ended))])
    }
}

/// Returns the finding that the record which has this External Id is, or was, another link's.
fn taken(made: &Made, claim: &Claim) -> Finding {
    let how = match claim.state {
        ClaimState::Suppressed => "was unlinked from",
        ClaimState::Live | ClaimState::Released => "is linked to",
    };
    Finding::new(Code::SfExternalIdTaken)
        .value(made.record.external_id())
        .other(format!(
            "the {} {}, which {how} the {}",
            made.object, made.id, claim.record
        ))
}
