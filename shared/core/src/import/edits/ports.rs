//! The ports over a model: each call is a place where somebody else may act, and where an answer may be lost.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::FutureExt;
use jiff::Timestamp;
use rand::Rng;
use serde_json::{Map, Value};

use super::model::Model;
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
        DescribedField, ExternalId, FieldPath, Listing, Locator, NewRecord, Page, Row, Salesforce,
        SalesforceError, UpdateOutcome, UpsertOutcome,
    },
    schema::Schema,
    settings::Settings,
};

#[derive(Clone)]
pub(super) struct Handle {
    model: Arc<Mutex<Model>>,
    schema: Arc<Schema>,
}

impl Handle {
    pub(super) fn new(seed: u64, settings: &Arc<Settings>, is_told: bool) -> Self {
        let model = Model::new(seed, Arc::clone(settings), is_told);
        Self {
            model: Arc::new(Mutex::new(model)),
            schema: Arc::default(),
        }
    }

    pub(super) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap()
    }

    fn chance(&self, percent: u32) -> bool {
        let mut model = self.model();
        !model.is_calm && model.seed.random_range(0..100) < percent
    }

    /// Lets somebody else act, now and then.
    fn interrupt(&self) {
        if self.model().depth < 3 && self.chance(25) {
            self.model().depth += 1;
            self.act();
            self.model().depth -= 1;
        }
    }

    /// Does one act of a user, a run or the push worker.
    pub(super) fn act(&self) {
        let act = self.model().seed.random_range(0..100);
        match act {
            0..25 => self.model().edit_there(),
            25..55 => self.model().edit_here(),
            55..60 => {
                let mut model = self.model();
                let row = model.row();
                model.tell(|_| "a run reads".to_owned());
                model.read = Some(row);
            }
            60..74 => self.model().run(),
            74..93 => self.deliver(),
            93..97 => {
                let mut model = self.model();
                let flag = model.row["Sync__c"] != true;
                model.tell(|_| format!("the Sync Flag becomes {flag}"));
                model.write_there(&serde_json::json!({ "Sync__c": flag }));
            }
            _ => {
                let mut model = self.model();
                let deleted = model.row["IsDeleted"] != true;
                model.tell(|_| format!("IsDeleted becomes {deleted}"));
                model.write_there(&serde_json::json!({ "IsDeleted": deleted }));
            }
        }
    }

    /// The push worker receives a message: the outbox's, or any that was sent before.
    pub(super) fn deliver(&self) {
        let request = {
            let mut model = self.model();
            let sent = model.messages.len();
            let at = (sent > 0).then(|| model.seed.random_range(0..sent));
            let is_old = !model.is_calm && model.seed.random_bool(0.2);
            match at.filter(|_| is_old) {
                Some(at) => Some(model.messages[at].clone()),
                None => model.outbox.clone(),
            }
        };
        let Some(request) = request else { return };
        self.model()
            .tell(|_| format!("the worker gets {}", request.write));
        let push = Push {
            salesforce: self,
            portal: self,
            store: self,
            clock: self,
        };
        let done = push.deliver(&request).now_or_never().unwrap();
        self.model()
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
        let row = self.model().row();
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

    async fn by_external_id(
        &self,
        _: SalesforceObject,
        _: &ExternalId,
    ) -> Result<Vec<Row>, SalesforceError> {
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
            let mut model = self.model();
            if model.row["IsDeleted"] == true {
                return Ok(UpdateOutcome::Gone);
            }
            if unless_changed_since.is_some_and(|seen| model.stamp() > seen) {
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
            model.tell(|_| format!("Salesforce takes {}", Value::Object(fields.clone())));
            if model.row["Sync__c"] != true {
                model
                    .wrong
                    .push("a value was written while the link was paused".to_owned());
            }
            model.write_there(&Value::Object(fields.clone()));
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
        Ok(Some(self.model().record.clone()))
    }

    async fn claim(&self, _: SalesforceId, _: SalesforceId) -> Result<Option<Claim>, PortError> {
        self.interrupt();
        Ok(Some(self.model().claim.clone()))
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
        let mut model = self.model();
        if !model.write(&change.writes) {
            return Ok(Committed::Refused);
        }
        model.take_outbox(change.outbox.clone());
        model.enter(change.line.findings.clone());
        model
            .acts
            .extend(change.audit.iter().map(|audit| audit.action));
        Ok(Committed::Yes)
    }

    async fn forget(&self, request: &PushRequest) -> Result<(), PortError> {
        let mut model = self.model();
        model.outbox.take_if(|note| note.write == request.id());
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
        Ok(Arc::clone(&self.model().settings))
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
