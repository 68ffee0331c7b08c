//! The ports over a world: each call is a place where somebody else may act, and where an answer may be lost.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::FutureExt;
use jiff::Timestamp;
use rand::Rng;
use serde_json::{Map, Value};

use super::world::World;
use crate::{
    Email, SalesforceId, SalesforceObject, SystemModstamp,
    claim::Claim,
    entry::LogLine,
    link::{
        push::Push,
        store::{Committed, LinkChange, LinkStore, Notes, OrgChanges},
    },
    message::PushRequest,
    portal::Directory,
    ports::{Clock, PortError, Portal},
    problem::OpenProblem,
    record::{Record, RecordId},
    salesforce::{
        DescribedField, FieldPath, Listing, Locator, NewRecord, Page, Row, Salesforce,
        SalesforceError, UpdateOutcome, UpsertOutcome,
    },
    schema::Schema,
    settings::Settings,
};

#[derive(Clone)]
pub(super) struct Handle {
    world: Arc<Mutex<World>>,
    schema: Arc<Schema>,
}

impl Handle {
    pub(super) fn new(seed: u64, settings: &Arc<Settings>, is_told: bool) -> Self {
        let world = World::new(seed, Arc::clone(settings), is_told);
        Self {
            world: Arc::new(Mutex::new(world)),
            schema: Arc::default(),
        }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn chance(&self, percent: u32) -> bool {
        let mut world = self.world();
        !world.is_calm && world.seed.random_range(0..100) < percent
    }

    /// Lets somebody else act, now and then.
    fn interrupt(&self) {
        if self.world().depth < 3 && self.chance(25) {
            self.world().depth += 1;
            self.act();
            self.world().depth -= 1;
        }
    }

    /// Does one act of a user, a run or the push worker.
    pub(super) fn act(&self) {
        let act = self.world().seed.random_range(0..100);
        match act {
            0..25 => self.world().edit_there(),
            25..55 => self.world().edit_here(),
            55..60 => {
                let mut world = self.world();
                let row = world.row();
                world.tell(|_| "a run reads".to_owned());
                world.read = Some(row);
            }
            60..74 => self.world().run(),
            74..93 => self.deliver(),
            93..97 => {
                let mut world = self.world();
                let flag = world.row["Sync__c"] != true;
                world.tell(|_| format!("the Sync Flag becomes {flag}"));
                world.write_there(&serde_json::json!({ "Sync__c": flag }));
            }
            _ => {
                let mut world = self.world();
                let deleted = world.row["IsDeleted"] != true;
                world.tell(|_| format!("IsDeleted becomes {deleted}"));
                world.write_there(&serde_json::json!({ "IsDeleted": deleted }));
            }
        }
    }

    /// The push worker receives a message: the outbox's, or any that was sent before.
    pub(super) fn deliver(&self) {
        let request = {
            let mut world = self.world();
            let sent = world.messages.len();
            let at = (sent > 0).then(|| world.seed.random_range(0..sent));
            let is_old = !world.is_calm && world.seed.random_bool(0.2);
            match at.filter(|_| is_old) {
                Some(at) => Some(world.messages[at].clone()),
                None => world.outbox.clone(),
            }
        };
        let Some(request) = request else { return };
        self.world()
            .tell(|_| format!("the worker gets {}", request.write));
        let push = Push {
            salesforce: self,
            portal: self,
            store: self,
            clock: self,
        };
        let done = push.deliver(&request).now_or_never().unwrap();
        self.world()
            .tell(|_| format!("the worker is done with {}: {done:?}", request.write));
    }
}

fn cut() -> SalesforceError {
    SalesforceError::Unavailable {
        detail: "the answer is lost".into(),
    }
}

impl Salesforce for Handle {
    async fn of(&self, _: SalesforceId) -> Result<Self, SalesforceError> {
        Ok(self.clone())
    }

    async fn list(&self, _: &Listing) -> Result<Page, SalesforceError> {
        unreachable!()
    }

    async fn next(&self, _: &Locator) -> Result<Page, SalesforceError> {
        unreachable!()
    }

    async fn opportunities(
        &self,
        _: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        unreachable!()
    }

    async fn records(
        &self,
        _: SalesforceObject,
        _: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Row>, SalesforceError> {
        self.interrupt();
        let row = self.world().row();
        self.interrupt();
        if self.chance(5) {
            return Err(cut());
        }
        Ok(vec![row])
    }

    async fn converted_leads(&self, _: &[SalesforceId]) -> Result<Vec<Row>, SalesforceError> {
        unreachable!()
    }

    async fn retrieve(
        &self,
        _: SalesforceObject,
        _: &[SalesforceId],
        _: &[FieldPath],
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        unreachable!()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn describe(&self, _: &str) -> Result<Vec<DescribedField>, SalesforceError> {
        unreachable!()
    }

    async fn upsert(
        &self,
        _: SalesforceObject,
        _: &NewRecord<'_>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        unreachable!()
    }

    async fn upsert_opportunity(
        &self,
        _: &NewRecord<'_>,
        _: SalesforceId,
    ) -> Result<UpsertOutcome, SalesforceError> {
        unreachable!()
    }

    async fn contacts_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        unreachable!()
    }

    async fn users_by_email(&self, _: &Email) -> Result<Vec<Row>, SalesforceError> {
        unreachable!()
    }

    async fn update(
        &self,
        _: SalesforceObject,
        _: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        self.interrupt();
        if self.chance(8) {
            return Err(cut());
        }
        {
            let mut world = self.world();
            if world.row["IsDeleted"] == true {
                return Ok(UpdateOutcome::Gone);
            }
            if unless_changed_since.is_some_and(|seen| world.stamp() > seen) {
                return Ok(UpdateOutcome::ChangedSince);
            }
            let is_refused =
                |value: &&Value| value.as_str().is_some_and(|text| text.ends_with('!'));
            if let Some((name, _)) = fields.iter().find(|(_, value)| is_refused(value)) {
                return Ok(UpdateOutcome::Refused {
                    code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".into(),
                    message: "no exclamation".into(),
                    fields: vec![name.clone()],
                });
            }
            world.tell(|_| format!("Salesforce takes {}", Value::Object(fields.clone())));
            if world.row["Sync__c"] != true {
                world
                    .wrong
                    .push("a value was written while the link was paused".to_owned());
            }
            world.write_there(&Value::Object(fields.clone()));
        }
        self.interrupt();
        if self.chance(8) {
            return Err(cut());
        }
        Ok(UpdateOutcome::Written)
    }
}

impl LinkStore for Handle {
    async fn record(&self, _: &RecordId) -> Result<Option<Record>, PortError> {
        self.interrupt();
        Ok(Some(self.world().record.clone()))
    }

    async fn claim(&self, _: SalesforceId, _: SalesforceId) -> Result<Option<Claim>, PortError> {
        self.interrupt();
        Ok(Some(self.world().claim.clone()))
    }

    async fn live_claims_of(&self, _: &RecordId) -> Result<Vec<(SalesforceId, Claim)>, PortError> {
        unreachable!()
    }

    async fn org_changes(&self) -> Result<OrgChanges, PortError> {
        unreachable!()
    }

    async fn commit_stray(&self, _: &LinkChange, _: OrgChanges) -> Result<Committed, PortError> {
        unreachable!()
    }

    async fn problem(
        &self,
        _: SalesforceId,
        _: SalesforceId,
    ) -> Result<Option<OpenProblem>, PortError> {
        unreachable!()
    }

    async fn commit_link(&self, change: &LinkChange) -> Result<Committed, PortError> {
        self.interrupt();
        if self.chance(5) {
            return Err(PortError {
                operation: "commit".into(),
                detail: "the worker dies".into(),
            });
        }
        let mut world = self.world();
        if !world.write(&change.writes) {
            return Ok(Committed::Refused);
        }
        world.take_outbox(change.outbox.clone());
        world.enter(change.line.findings.clone());
        Ok(Committed::Yes)
    }

    async fn forget(&self, request: &PushRequest) -> Result<(), PortError> {
        let mut world = self.world();
        world.outbox.take_if(|note| note.write == request.id());
        Ok(())
    }

    async fn refuse_push(&self, _: &PushRequest, _: &LogLine) -> Result<(), PortError> {
        unreachable!()
    }

    async fn outbox(&self) -> Result<Notes, PortError> {
        unreachable!()
    }

    async fn set_aside(&self, _: &str, _: &LogLine) -> Result<(), PortError> {
        unreachable!()
    }
}

impl Portal for Handle {
    async fn settings(&self) -> Result<Arc<Settings>, PortError> {
        Ok(Arc::clone(&self.world().settings))
    }

    async fn directory(&self, _: &HashSet<Email>) -> Result<Directory, PortError> {
        unreachable!()
    }
}

impl Clock for Handle {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}
