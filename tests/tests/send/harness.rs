//! A test app whose org has the External Id, with the functions that records pass on their way to Salesforce.

use std::{collections::BTreeMap, future::Future, sync::Arc, task::Poll};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_aws::{DynamoPortal, keys, transaction};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    change::{Expected, Write},
    claim::Claim,
    entry::Entry,
    field::{Field, FieldType},
    link::store::{Audit, Committed, LinkChange, LinkStore, Outbox, PushQueue},
    mapping::{Flow, MappingRow},
    message::PushRequest,
    record::{Record, RecordId, RecordKind},
    salesforce::{FieldPath, Row, Salesforce},
    send::{self, SendStore},
    send_problem::SendProblem,
    settings::{SendMode, SendTarget, Sending},
};
use dealbridge_lambda::Function;
use dealbridge_salesforce::RetryPolicy;
use dealbridge_tests::{
    OrgFolder, TestApp,
    people::address,
    test_app::{UNLIMITED, WRITES},
};
use integration_log::IntegrationLog;
use push_worker::PushWorker;
use records::Records;
use serde_json::{Map, Value, json};
use unlink::UnlinkFunction;

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
    unlink: UnlinkFunction,
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
        let clock = || Arc::new(app.clock.clone());
        let push = PushWorker {
            salesforce: app.salesforce.clone(),
            portal: DynamoPortal::new(app.store_of("push-worker")),
            store: app.store_of("push-worker"),
            clock: clock(),
        };
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
        let unlink = UnlinkFunction {
            portal: DynamoPortal::new(app.store_of("unlink")),
            store: app.store_of("unlink"),
            clock: clock(),
            instance_url: app.org.instance_url().to_owned(),
            rights: app.rights(&app.store_of("unlink")),
        };
        Self {
            push: Arc::new(push),
            records,
            log,
            unlink,
            app,
        }
    }

    /// Has the worker's client send each request by this policy.
    pub(crate) fn without_client_retries(&mut self, policy: RetryPolicy) {
        let push = PushWorker {
            salesforce: self.app.salesforce.clone().with_retry_policy(policy),
            portal: DynamoPortal::new(self.app.store_of("push-worker")),
            store: self.app.store_of("push-worker"),
            clock: Arc::new(self.app.clock.clone()),
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

    /// Delivers while the record is deleted between Salesforce's answer and the link.
    pub(crate) async fn delete_before_the_link(&self, id: &RecordId) {
        self.between(async || self.delete(id).await).await;
    }

    /// Delivers while the record's company is edited between Salesforce's answer and the link.
    pub(crate) async fn edit_before_the_link(&self, id: &RecordId) {
        let edit = async || {
            self.edit(id, |record| {
                record
                    .fields
                    .insert("company".to_owned(), json!("Acme & Co"));
            })
            .await;
        };
        self.between(edit).await;
    }

    /// Delivers, and acts when Salesforce has created the record and the worker has not heard of it yet.
    async fn between(&self, act: impl AsyncFnOnce()) {
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

    /// Writes a record as its submission does: with what it asks for in the outbox and in the queue.
    pub(crate) async fn submit(&self, mut record: Record) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let request = send::on_submit(&settings, &mut record);
        self.write(record, Expected::Absent, request).await;
    }

    /// Writes a record as its submission does when the queue cannot be reached.
    pub(crate) async fn submit_unsent(&self, mut record: Record) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let request = send::on_submit(&settings, &mut record);
        self.commit(record, Expected::Absent, request.as_ref())
            .await;
    }

    /// Returns the number of requests in the outbox.
    pub(crate) async fn outbox(&self) -> usize {
        self.app.store.outbox().await.unwrap().requests.len()
    }

    /// Edits a record as the portal does.
    pub(crate) async fn edit(&self, id: &RecordId, change: impl FnOnce(&mut Record)) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let before = self.record(id).await;
        let mut record = before.clone();
        record.version += 1;
        change(&mut record);
        let status = before.registration_status.as_deref();
        let request = send::on_status(&settings, &mut record, status)
            .or_else(|| send::on_edit(&settings, &mut record));
        self.write(record, Expected::Version(before.version), request)
            .await;
    }

    /// Deletes a record as the portal does.
    pub(crate) async fn delete(&self, id: &RecordId) {
        let record = self.record(id).await;
        let store = &self.app.store;
        let table = &store.tables().records;
        let delete = transaction::delete_unconditional(table, keys::record(id)).unwrap();
        let token = format!("delete|{id}");
        store.transact(&token, vec![delete]).await.unwrap();
        let change = LinkChange {
            writes: send::forget(&record),
            ..LinkChange::empty(self.app.organization())
        };
        if !change.writes.is_empty() {
            store.commit_link(&change).await.unwrap();
        }
    }

    async fn write(&self, record: Record, expected: Expected, request: Option<PushRequest>) {
        self.commit(record, expected, request.as_ref()).await;
        if let Some(request) = request {
            let writes = self.app.writes_of("records");
            writes.send(&[request]).await.unwrap();
        }
    }

    async fn commit(&self, record: Record, expected: Expected, request: Option<&PushRequest>) {
        let change = LinkChange {
            audit: Some(Audit {
                record: record.id.clone(),
                action: "create",
                by: "usr-partner-active".to_owned(),
                salesforce: None,
                details: String::new(),
            }),
            writes: vec![Write::Record(Box::new(record), expected)],
            outbox: request.cloned().map_or(Outbox::Keep, Outbox::Add),
            ..LinkChange::empty(self.app.organization())
        };
        let committed = self.app.store.commit_link(&change).await.unwrap();
        assert_eq!(committed, Committed::Yes);
    }

    /// Delivers the visible requests to Salesforce. Returns the numbers of those that were done and that go back.
    pub(crate) async fn push(&self) -> (usize, usize) {
        let delivery = self.app.receive(WRITES, 100).await;
        if delivery.messages.is_empty() {
            return (0, 0);
        }
        let answer = self.push.handle(delivery.event(), UNLIMITED).await.unwrap();
        let done = delivery.done(&answer);
        self.app.delete(WRITES, &done).await;
        let left = delivery.messages.len() - done.messages.len();
        (done.messages.len(), left)
    }

    /// Advances the clock until requests that went back are visible again, and delivers them.
    pub(crate) async fn push_again(&self) -> (usize, usize) {
        let visibility = std::time::Duration::from_secs(900);
        self.app.clock.advance(visibility);
        self.push().await
    }

    /// Returns a record.
    pub(crate) async fn record(&self, id: &RecordId) -> Record {
        LinkStore::record(&self.app.store, id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Returns the Salesforce record that a record is linked to.
    pub(crate) async fn linked(&self, id: &RecordId) -> Option<SalesforceId> {
        self.record(id).await.link.map(|link| link.salesforce_id)
    }

    /// Returns a claim.
    pub(crate) async fn claim(&self, id: SalesforceId) -> Option<Claim> {
        let org = self.app.organization();
        self.app.store.claim(org, id).await.unwrap()
    }

    /// Returns these fields of a Salesforce record.
    pub(crate) async fn row(&self, id: SalesforceId, fields: &[&str]) -> Row {
        let fields: Vec<FieldPath> = fields
            .iter()
            .map(|field| FieldPath::parse(field).unwrap())
            .collect();
        let object = SalesforceObject::of(&id).unwrap();
        let rows = self.app.salesforce.records(object, &[id], &fields).await;
        rows.unwrap().pop().unwrap()
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
        use dealbridge_core::ports::Clock;

        let partition = keys::actions(self.app.clock.now());
        let order = dealbridge_aws::log::Order::OldestFirst;
        let slice = self
            .app
            .store
            .entries_from(&partition, order, None, 1_000)
            .await
            .unwrap();
        let batches = slice.items.iter();
        batches.flat_map(|batch| batch.unpack("actions")).collect()
    }

    /// Calls the API as an administrator: status and body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u64, Value) {
        let event = event(method, path, body.as_ref());
        let answer = if path.starts_with("/problems") {
            self.log.handle(event, UNLIMITED).await
        } else if path.ends_with("/link") {
            self.unlink.handle(event, UNLIMITED).await
        } else {
            self.records.handle(event, UNLIMITED).await
        };
        let answer = answer.unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), body)
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

    /// Unlinks a record.
    pub(crate) async fn unlink(&self, id: &RecordId) {
        let path = format!("/{}/{}/link", id.kind().collection(), id.id());
        let (status, body) = self.call("DELETE", &path, None).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Creates a row in the org, as a user would.
    pub(crate) async fn create_row(&self, object: &str, fields: Value) -> SalesforceId {
        let body = json!({ "object": object, "fields": fields });
        let created = self.app.admin("create", body).await;
        SalesforceId::parse(created["id"].as_str().unwrap()).unwrap()
    }
}

/// An event of API Gateway, of an administrator.
fn event(method: &str, path: &str, body: Option<&Value>) -> Value {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let mut parameters = Map::new();
    let route = match parts[..] {
        ["problems"] => "/problems".to_owned(),
        [kind] => {
            parameters.insert("kind".to_owned(), kind.into());
            "/{kind}".to_owned()
        }
        ["problems", "clear"] => "/problems/clear".to_owned(),
        ["tasks", id] => {
            parameters.insert("id".to_owned(), id.into());
            "/tasks/{id}".to_owned()
        }
        [kind, id, ref rest @ ..] => {
            parameters.insert("kind".to_owned(), kind.into());
            parameters.insert("id".to_owned(), id.into());
            let rest: String = rest.iter().map(|part| format!("/{part}")).collect();
            format!("/{{kind}}/{{id}}{rest}")
        }
        [] => unreachable!("a path has parts"),
    };
    let is_unlink = method == "DELETE" && path.ends_with("/link");
    let query = if is_unlink { "confirm=true" } else { "" };
    let email = address("internal", "admin");
    // Records are submitted, edited and deleted by the portal's own client.
    let is_portal = !is_unlink && method != "GET" && matches!(parts[..], ["deals"] | ["deals", _]);
    let admin = json!({ "sub": "usr-admin", "email": email, "cognito:groups": ["administrators"] });
    let portal = json!({ "sub": "portal", "scope": "portal/write" });
    let claims = if is_portal { portal.clone() } else { admin };
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let bearer = format!("Bearer e30.{payload}.c2ln");
    let mut headers = json!({ "content-type": "application/json", "authorization": bearer });
    if method == "PATCH" {
        headers["if-match"] = "*".into();
    }
    let verified = if is_portal {
        portal
    } else {
        json!({ "sub": "usr-admin", "email": email, "cognito:groups": "[administrators]" })
    };
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "http": { "method": method, "path": path },
            "stage": "$default",
            "authorizer": { "jwt": { "claims": verified, "scopes": null } },
        },
        "pathParameters": parameters,
        "body": body.map(ToString::to_string),
        "isBase64Encoded": false,
    })
}
