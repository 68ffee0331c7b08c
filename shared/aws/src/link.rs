//! Links: one transaction per change, with its audit row, its log entry, its outbox note and its receipt.

use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use dealbridge_core::{
    SalesforceId,
    claim::Claim,
    entry::{LogBatch, LogLine},
    link::store::{Committed, LinkChange, LinkStore, Notes, OrgChanges, Outbox, PushQueue},
    message::PushRequest,
    ports::PortError,
    problem::OpenProblem,
    record::{Record, RecordId},
    run::Counts,
};

use crate::{
    item::{self, n, s, text},
    keys::{self, Attributes, EXPIRES_AT, PK, SK, VERSION},
    partition::Partition,
    queue::Sender,
    store::{Store, port_error},
    transaction,
};

impl LinkStore for Store {
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, PortError> {
        self.get(&self.tables.records, keys::record(id))
            .await?
            .map(item::record)
            .transpose()
    }

    async fn claim(&self, org: SalesforceId, id: SalesforceId) -> Result<Option<Claim>, PortError> {
        self.get(&self.tables.links, keys::claim(org, id))
            .await?
            .map(item::claim)
            .transpose()
    }

    async fn live_claims_of(
        &self,
        record: &RecordId,
    ) -> Result<Vec<(SalesforceId, Claim)>, PortError> {
        self.live_claims_of(record).await
    }

    async fn org_changes(&self) -> Result<OrgChanges, PortError> {
        let latest = self.org_change().await?;
        Ok(OrgChanges {
            version: latest.as_ref().map_or(0, |state| state.version),
            under_way: latest
                .filter(|state| state.ended_at.is_none())
                .map(|state| state.change),
        })
    }

    async fn problem(
        &self,
        org: SalesforceId,
        id: SalesforceId,
    ) -> Result<Option<OpenProblem>, PortError> {
        self.get(&self.tables.log, keys::problem(org, id))
            .await?
            .map(item::problem)
            .transpose()
    }

    async fn commit_link(&self, change: &LinkChange) -> Result<Committed, PortError> {
        self.commit(change, None).await
    }

    async fn commit_stray(
        &self,
        change: &LinkChange,
        seen: OrgChanges,
    ) -> Result<Committed, PortError> {
        self.commit(change, Some(seen)).await
    }

    async fn forget(&self, request: &PushRequest) -> Result<(), PortError> {
        let deleted = self
            .dynamodb
            .delete_item()
            .table_name(&self.tables.log)
            .set_key(Some(keys::outbox(&request.note())))
            .condition_expression("#write = :write")
            .expression_attribute_names("#write", request.id_member())
            .expression_attribute_values(":write", s(request.id()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match deleted {
            Ok(answer) => {
                self.meter.wrote(answer.consumed_capacity.as_slice());
                Ok(())
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(port_error("DeleteItem of the outbox", error)),
        }
    }

    async fn refuse_push(&self, request: &PushRequest, line: &LogLine) -> Result<(), PortError> {
        let (id, entry) = self.action_line(line.clone())?;
        let of_this_write = Delete::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::outbox(&request.note())))
            .condition_expression("attribute_not_exists(#pk) OR #write = :write")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_names("#write", request.id_member())
            .expression_attribute_values(":write", s(request.id()))
            .build()
            .map_err(|error| port_error("building a Delete", error))?;
        let forget = TransactWriteItem::builder().delete(of_this_write).build();
        let token = format!("refuse-push|{id}");
        match self.transact(&token, vec![entry.clone(), forget]).await? {
            transaction::Committed::Yes => Ok(()),
            transaction::Committed::Refused(_) => self
                .transact(&format!("{token}|alone"), vec![entry])
                .await
                .map(|_| ()),
        }
    }

    async fn outbox(&self) -> Result<Notes, PortError> {
        let partition = Partition {
            key: keys::OUTBOX,
            prefix: None,
            attributes: &[],
        };
        let mut notes = Notes::default();
        for item in self.partition(&partition).await? {
            let key = text(&item, SK).unwrap_or_default().to_owned();
            match item::decode(item, "a note of the outbox") {
                Ok(request) => notes.requests.push(request),
                Err(error) => notes.unreadable.push((key, error.detail)),
            }
        }
        Ok(notes)
    }

    async fn set_aside(&self, key: &str, line: &LogLine) -> Result<(), PortError> {
        let now = self.clock.now();
        let log = &self.tables.log;
        let place = keys::outbox_note(key);
        let Some(mut note) = self.get(log, place.clone()).await? else {
            return Ok(());
        };
        note.insert(PK.to_owned(), s(keys::OUTBOX_ASIDE));
        let id = self.ids.next();
        let packed = LogBatch {
            id: id.clone(),
            at: now,
            counts: Counts::default(),
            lines: vec![line.clone()],
        };
        let actions = vec![
            transaction::put_unconditional(log, note)?,
            transaction::delete_unconditional(log, place)?,
            transaction::put_unconditional(
                log,
                item::packed_entry_at(keys::action(now, &id), &packed)?,
            )?,
        ];
        self.transact(&format!("aside|{id}"), actions)
            .await
            .map(|_| ())
    }
}

impl Store {
    /// Commits a change; with `seen`, only if no change of the connected org began or ended since.
    async fn commit(
        &self,
        change: &LinkChange,
        seen: Option<OrgChanges>,
    ) -> Result<Committed, PortError> {
        let now = self.clock.now();
        let id = self.ids.next();
        let mut change = change.clone();
        let row = change.tell(now);
        let mut actions = Vec::with_capacity(8);
        for write in &change.writes {
            actions.push(self.action(change.org, write, now)?);
        }
        let log = &self.tables.log;
        if let Some((record, row)) = &row {
            let item = item::encode(row, keys::audit(record, &id))?;
            actions.push(transaction::put_unconditional(log, item)?);
        }
        if !change.line.findings.is_empty() {
            let packed = LogBatch {
                id: id.clone(),
                at: now,
                counts: Counts::default(),
                lines: vec![change.line.clone()],
            };
            actions.push(transaction::put_unconditional(
                log,
                item::packed_entry_at(keys::action(now, &id), &packed)?,
            )?);
        }
        match &change.outbox {
            Outbox::Keep => {}
            Outbox::Add(request) => actions.push(transaction::put_unconditional(
                log,
                item::encode(request, keys::outbox(&request.note()))?,
            )?),
            Outbox::Remove(note) => {
                actions.push(transaction::delete_unconditional(log, keys::outbox(note))?)
            }
        }
        if let Some(problem) = &change.watch {
            actions.push(self.watch(change.org, problem)?);
        }
        // The note is never removed: a store that knows of it need not write it again.
        let notes_lead = change.links_lead && !self.lead_links.load(Ordering::Relaxed);
        if notes_lead {
            actions.push(transaction::put_unconditional(log, keys::lead_links())?);
        }
        if let Some((key, receipt)) = &change.receipt {
            actions.push(self.receipt_action(key, receipt)?);
        }
        if let Some(seen) = seen {
            actions.push(self.no_org_change_since(seen)?);
        }
        Ok(match self.transact(&format!("link|{id}"), actions).await? {
            transaction::Committed::Yes => {
                self.lead_links.fetch_or(notes_lead, Ordering::Relaxed);
                Committed::Yes
            }
            transaction::Committed::Refused(_) => Committed::Refused,
        })
    }

    fn no_org_change_since(&self, seen: OrgChanges) -> Result<TransactWriteItem, PortError> {
        let check = ConditionCheck::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::org_change()))
            .expression_attribute_names("#version", keys::VERSION);
        transaction::check(match seen.version {
            0 => check.condition_expression("attribute_not_exists(#version)"),
            version => check
                .condition_expression("#version = :seen")
                .expression_attribute_values(":seen", n(version)),
        })
    }

    /// Notes that the next run must look at an Opportunity. An open problem that exists keeps its content but gets
    /// another version, so that anyone who has read it decides again.
    pub(crate) fn watch(
        &self,
        org: SalesforceId,
        problem: &OpenProblem,
    ) -> Result<TransactWriteItem, PortError> {
        let mut update = Update::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::problem(org, problem.opportunity)));
        let mut sets = Vec::new();
        let attributes: Attributes = item::encode(problem, Attributes::new())?;
        let noted = attributes.into_iter().filter(|(name, _)| name != VERSION);
        for (at, (name, value)) in noted.enumerate() {
            update = update
                .expression_attribute_names(format!("#a{at}"), name)
                .expression_attribute_values(format!(":v{at}"), value);
            sets.push(format!("#a{at} = if_not_exists(#a{at}, :v{at})"));
        }
        // A closed problem is opened again.
        let update = update
            .expression_attribute_names("#closed", "closed")
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":none", n(0))
            .expression_attribute_values(":one", n(1))
            .update_expression(format!(
                "SET {}, #version = if_not_exists(#version, :none) + :one REMOVE #closed, #expires",
                sets.join(", ")
            ));
        transaction::update(update)
    }
}

/// The salesforce-writes queue.
#[derive(Clone, Debug)]
pub struct SqsWrites(pub Sender);

impl PushQueue for SqsWrites {
    async fn send(&self, requests: &[PushRequest]) -> Result<(), PortError> {
        self.0.send_all(requests).await
    }
}
