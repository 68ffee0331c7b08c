//! A test app whose org has the External Id, with the functions that records pass on their way to Salesforce.

use std::{collections::BTreeMap, future::Future, sync::Arc, task::Poll};

use dealbridge_aws::DynamoPortal;
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    claim::Claim,
    entry::Entry,
    field::{Field, FieldType},
    link::store::LinkStore,
    mapping::{Flow, MappingRow},
    ports::Clock,
    record::{Record, RecordId, RecordKind},
    salesforce::{FieldPath, Row, Salesforce},
    send::SendStore,
    send_problem::SendProblem,
    settings::{SendMode, SendTarget, Sending},
};
use dealbridge_lambda::Function;
use dealbridge_salesforce::RetryPolicy;
use dealbridge_tests::{
    LinkFunctions, OrgFolder, TestApp,
    caller::Caller,
    event::event,
    reply::Reply,
    test_app::{UNLIMITED, WRITES, event_of},
};
use integration_log::IntegrationLog;
use push_worker::PushWorker;
use records::Records;
use serde_json::{Value, json};

/// The field by which created records are found again.
pub(crate) const EXTERNAL_ID: &str = "Channeltivity_Id__c";

/// A test app with the functions on the way of a record to Salesforce.
pub(crate) struct SendHarness {
    /// The test app.
    pub(crate) app: TestApp,
    /// Creates records in Salesforce.
    pub(crate) push: Arc<PushWorker>,
    records: Records,
    log: IntegrationLog,
    links: LinkFunctions,
}

/// The id of a Deal.
pub(crate) fn deal(id: &str) -> RecordId {
    RecordId::new(RecordKind::Deal, id).unwrap()
}

/// A Deal with everything that a Lead needs.
pub(crate) fn whole(id: &str) -> Record {
    with_fields(
        id,
        json!({ "name": "Solar roof", "last_name": "Roe", "first_name": "Ann", "company": "Acme" }),
    )
}

/// A Deal with everything that a Lead and an Opportunity need, of the end user with that address.
pub(crate) fn with_end_user(id: &str, email: &str) -> Record {
    let mut record = whole(id);
    record
        .fields
        .insert("end_user.email".to_owned(), json!(email));
    record
}

/// A Deal with these fields.
pub(crate) fn with_fields(id: &str, fields: Value) -> Record {
    let Value::Object(fields) = fields else {
        unreachable!("fields are an object")
    };
    Record {
        fields,
        owner: Some("usr-partner-active".to_owned()),
        organization: Some("org-partner".to_owned()),
        registration_status: Some("Submitted".to_owned()),
        ..Record::new(deal(id))
    }
}

impl SendHarness {
    /// Starts an app that sends Deals in a mode.
    pub(crate) async fn start(mode: SendMode, target: SendTarget) -> Self {
        let harness = Self::without_flag(mode, target).await;
        let flag = json!({ "object": "Lead", "name": "Sync__c", "type": "boolean" });
        harness.app.admin("field", flag).await;
        harness
    }

    /// Starts the same app over an org whose Leads have no Sync Flag.
    pub(crate) async fn without_flag(mode: SendMode, target: SendTarget) -> Self {
        let app = TestApp::start(&OrgFolder::importable(1)).await;
        for object in ["Lead", "Opportunity"] {
            let field = json!({
                "object": object, "name": EXTERNAL_ID, "type": "string", "externalId": true, "unique": true,
                "caseSensitive": true,
            });
            app.admin("field", field).await;
        }
        let harness = Self::over(app).await;
        harness
            .send_deals(|send| (send.mode, send.target) = (mode, target))
            .await;
        harness
    }

    async fn over(app: TestApp) -> Self {
        let clock = || -> Arc<dyn Clock> { Arc::new(app.clock.clone()) };
        let records = Records {
            store: app.store_of("records"),
            portal: DynamoPortal::new(app.store_of("records")),
            writes: app.writes_of("records"),
            ids: Arc::new(dealbridge_lambda::UlidIds),
            clock: clock(),
            instance_url: app.org.instance_url().to_owned(),
            rights: app.rights(&app.store_of("records")),
        };
        let log = IntegrationLog {
            salesforce: app.salesforce.clone(),
            instance_url: app.org.instance_url().to_owned(),
            portal: DynamoPortal::new(app.store_of("integration-log")),
            store: app.store_of("integration-log"),
            rights: app.rights(&app.store_of("integration-log")),
            clock: clock(),
        };
        Self {
            push: Arc::new(app.push_worker(clock())),
            records,
            log,
            links: LinkFunctions::over(&app, &clock()),
            app,
        }
    }

    /// Has the worker's client send each request by this policy.
    pub(crate) fn without_client_retries(&mut self, policy: RetryPolicy) {
        let push = PushWorker {
            salesforce: self.app.salesforce.clone().with_retry_policy(policy),
            ..self.app.push_worker(Arc::new(self.app.clock.clone()))
        };
        self.push = Arc::new(push);
    }

    /// Returns the Contact Roles of an Opportunity: Contact, and whether it is the primary one.
    pub(crate) async fn roles(&self, id: SalesforceId) -> Vec<(SalesforceId, bool)> {
        let fields = ["ContactId", "IsPrimary"];
        let fields: Vec<FieldPath> = fields
            .iter()
            .map(|field| FieldPath::parse(&format!("OpportunityContactRoles.{field}")).unwrap())
            .collect();
        let rows = self.app.salesforce.opportunities(&[id], &fields).await;
        let row = rows.unwrap().pop().unwrap();
        let roles = row.get("OpportunityContactRoles").unwrap()["records"].clone();
        let roles = roles.as_array().cloned().unwrap_or_default();
        roles
            .iter()
            .map(|role| {
                let contact = role["ContactId"].as_str().unwrap();
                let is_primary = role["IsPrimary"].as_bool().unwrap();
                (SalesforceId::parse(contact).unwrap(), is_primary)
            })
            .collect()
    }

    /// Returns the message that waits in the queue, and leaves it there.
    pub(crate) async fn message(&self) -> String {
        let delivery = self.app.receive(WRITES, 1).await;
        delivery.messages[0].body().unwrap().to_owned()
    }

    /// Hands a message over to the worker beside the queue, which is done with it.
    pub(crate) async fn hand_over(&self, message: &str) {
        let event = event_of(&[message.to_owned()]);
        let answer = self.push.handle(event, UNLIMITED).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }

    /// Changes the External Id of Leads in the org.
    pub(crate) async fn external_id(&self, mut change: Value) {
        change["object"] = "Lead".into();
        change["name"] = EXTERNAL_ID.into();
        self.app.admin("field", change).await;
    }

    /// Delivers, and acts when Salesforce has created the record and the worker has not heard of it yet.
    pub(crate) async fn between(&self, act: impl AsyncFnOnce()) {
        let written = || self.app.org.counters()["write"];
        let before = written();
        let mut delivery = std::pin::pin!(self.push());
        let ended = std::future::poll_fn(|context| {
            if written() > before {
                return Poll::Ready(None);
            }
            delivery.as_mut().poll(context).map(Some)
        });
        assert_eq!(ended.await, None);
        act().await;
        assert_eq!(delivery.await, (1, 0));
    }

    /// Maps the field `assigned` to the owner of a Lead.
    pub(crate) async fn map_owner(&self) {
        self.app
            .set(|settings| {
                settings.lead_fields.push(Field {
                    name: "assigned".to_owned(),
                    label: None,
                    kind: FieldType::Text,
                    required: false,
                    values: Vec::new(),
                    max_length: None,
                });
                settings.lead_mappings.push(MappingRow {
                    channeltivity: "assigned".to_owned(),
                    salesforce: FieldPath::parse("OwnerId").unwrap(),
                    on_create: Flow::ToSalesforce,
                    on_update: Flow::None,
                    values: BTreeMap::new(),
                    conflicts: None,
                });
            })
            .await;
    }

    /// Changes how Deals are sent.
    pub(crate) async fn send_deals(&self, change: impl FnOnce(&mut Sending) + Send) {
        self.app
            .set(|settings| change(&mut settings.send.deal))
            .await;
    }

    /// Returns the number of requests in the outbox.
    pub(crate) async fn outbox(&self) -> usize {
        self.app.store.outbox().await.unwrap().requests.len()
    }

    /// Deletes a record that is not linked, as the portal does.
    pub(crate) async fn delete(&self, id: &RecordId) {
        let path = format!("/{}/{}", id.kind().collection(), id.id());
        let (status, body) = self.call("DELETE", &path, None).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Delivers the visible requests to Salesforce. Returns the numbers of those that were done and that go back.
    pub(crate) async fn push(&self) -> (usize, usize) {
        self.app.push(&self.push).await
    }

    /// Advances the clock until requests that went back are visible again, and delivers them.
    pub(crate) async fn push_again(&self) -> (usize, usize) {
        self.app.push_again(&self.push).await
    }

    /// Returns a record.
    pub(crate) async fn record(&self, id: &RecordId) -> Record {
        self.app.record(id).await
    }

    /// Returns the Salesforce record that a record is linked to.
    pub(crate) async fn linked(&self, id: &RecordId) -> Option<SalesforceId> {
        self.record(id).await.link.map(|link| link.salesforce_id)
    }

    /// Returns a claim.
    pub(crate) async fn claim(&self, id: SalesforceId) -> Option<Claim> {
        self.app.claim(id).await
    }

    /// Returns these fields of a Salesforce record.
    pub(crate) async fn row(&self, id: SalesforceId, fields: &[&str]) -> Row {
        self.app.row(id, fields).await
    }

    /// Returns the rows of an object that carry an External Id, deleted ones too: id and External Id.
    pub(crate) async fn created(&self, object: SalesforceObject) -> Vec<(SalesforceId, String)> {
        use dealbridge_core::salesforce::{Deleted, Listing};

        let listing = Listing {
            object,
            fields: vec![FieldPath::parse(EXTERNAL_ID).unwrap()],
            flag: None,
            since: None,
            before: None,
            after: None,
            up_to: None,
            deleted: Deleted::Included,
        };
        let mut page = self.app.salesforce.list(&listing).await.unwrap();
        let mut rows = page.rows;
        while let Some(next) = &page.next {
            page = self.app.salesforce.next(next).await.unwrap();
            rows.append(&mut page.rows.clone());
        }
        let key = |row: &Row| Some((row.id()?, row.text(EXTERNAL_ID)?.to_owned()));
        rows.iter().filter_map(key).collect()
    }

    /// Returns the open send problem of a record.
    pub(crate) async fn problem(&self, id: &RecordId) -> Option<SendProblem> {
        self.app.store.send_problem(id).await.unwrap()
    }

    /// Returns the codes of a record's open send problem.
    pub(crate) async fn codes(&self, id: &RecordId) -> Vec<&'static str> {
        let problem = self.problem(id).await;
        let codes = problem.map(|problem| problem.codes()).unwrap_or_default();
        codes.into_iter().map(|code| code.as_str()).collect()
    }

    /// Returns the codes of the logged actions, oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let entries = self.entries().await.into_iter();
        entries
            .map(|entry| entry.code.as_str().to_owned())
            .collect()
    }

    /// Returns the logged actions, oldest first.
    pub(crate) async fn entries(&self) -> Vec<Entry> {
        self.app.actions().await
    }

    /// Calls the API: status and body. Deals are submitted, edited and deleted by the portal's own client, the rest is
    /// an administrator's.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u64, Value) {
        let mut event = event(method, path, "", body.as_ref());
        if method == "PATCH" {
            event["headers"]["if-match"] = "*".into();
        }
        let is_portal = method != "GET"
            && matches!(
                path.split('/').collect::<Vec<_>>()[..],
                [_, "deals"] | [_, "deals", _]
            );
        let caller = if is_portal {
            Caller::portal()
        } else {
            Caller::admin()
        };
        caller.sign(&mut event);
        let answer = if path.starts_with("/problems") {
            self.log.handle(event, UNLIMITED).await
        } else {
            self.records.handle(event, UNLIMITED).await
        };
        let reply = Reply::read(&answer.unwrap());
        (reply.status, reply.body)
    }

    /// Asks for a Sync Now, and returns its task.
    pub(crate) async fn sync_now(&self, id: &RecordId) -> Value {
        let path = format!("/{}/{}/sync", id.kind().collection(), id.id());
        let (status, body) = self.call("POST", &path, None).await;
        assert_eq!(status, 202, "{body}");
        body
    }

    /// Returns a task as it is now.
    pub(crate) async fn task(&self, task: &Value) -> Value {
        let path = format!("/tasks/{}", task["id"].as_str().unwrap());
        let (status, body) = self.call("GET", &path, None).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Links a record to a Salesforce record by hand, with Salesforce's values.
    pub(crate) async fn link_by_hand(&self, id: &RecordId, salesforce: SalesforceId) {
        let reply = self.links.link(id, salesforce, "salesforce").await;
        assert_eq!(reply.status, 201, "{}", reply.body);
    }

    /// Unlinks a record.
    pub(crate) async fn unlink(&self, id: &RecordId) {
        let reply = self.links.unlink(id).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// Creates a row in the org, as a user would.
    pub(crate) async fn create_row(&self, object: &str, fields: Value) -> SalesforceId {
        let body = json!({ "object": object, "fields": fields });
        let created = self.app.admin("create", body).await;
        SalesforceId::parse(created["id"].as_str().unwrap()).unwrap()
    }
}
