//! A harness for links: their functions over a test app, and calls as they come through API Gateway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{Store, item, keys};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    claim::Claim,
    entry::Entry,
    link::{store::LinkStore, token::PreviewTokens},
    ports::Clock,
    record::{LinkStatus, Record, RecordId},
    salesforce::{FieldPath, Row, Salesforce},
};
use dealbridge_lambda::Function;
use dealbridge_tests::{
    OrgFolder, TestApp, TestClock,
    test_app::{UNLIMITED, WRITES},
};
use jiff::{SignedDuration, Timestamp};
use link::LinkFunction;
use push_worker::PushWorker;
use serde_json::{Value, json};
use unlink::UnlinkFunction;

use crate::{
    caller::Caller,
    dump::Dump,
    event::{allow_event, confirm_event, preview_event, unlink_event, url},
    reply::Reply,
};

/// A test app with the functions of links.
pub(crate) struct LinkHarness {
    /// The test app.
    pub(crate) app: TestApp,
    /// Preview and confirm.
    pub(crate) link: Arc<LinkFunction>,
    /// Unlink and allow import.
    pub(crate) unlink: Arc<UnlinkFunction>,
    /// Delivers writes.
    pub(crate) push: Arc<PushWorker>,
}

/// The test app's clock, a microsecond later at each reading: two acts never have the same time.
#[derive(Debug)]
struct MovingClock(TestClock, AtomicI64);

impl Clock for MovingClock {
    fn now(&self) -> Timestamp {
        let looks = self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now() + SignedDuration::from_micros(looks)
    }
}

impl LinkHarness {
    /// Starts a test app and the functions.
    pub(crate) async fn start(folder: &OrgFolder) -> Self {
        Self::over(TestApp::start(folder).await).await
    }

    /// Starts the functions over a test app.
    pub(crate) async fn over(app: TestApp) -> Self {
        let (link, unlink) = functions(&app, app.store_of("link"), app.store_of("unlink"));
        let clock = clock(&app);
        let push = PushWorker {
            salesforce: app.salesforce.clone(),
            portal: dealbridge_aws::DynamoPortal::new(app.store_of("push-worker")),
            store: app.store_of("push-worker"),
            clock,
        };
        Self {
            link: Arc::new(link),
            unlink: Arc::new(unlink),
            push: Arc::new(push),
            app,
        }
    }

    /// Sends an event to the function behind its route.
    pub(crate) async fn call(&self, who: &Caller, mut event: Value) -> Reply {
        who.sign(&mut event);
        let answer = if event["requestContext"]["http"]["method"] == "DELETE" {
            self.unlink.handle(event, UNLIMITED).await
        } else {
            self.link.handle(event, UNLIMITED).await
        };
        Reply::read(&answer.unwrap())
    }

    /// Previews as an administrator.
    pub(crate) async fn preview(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master });
        self.call(&Caller::admin(), preview_event(record, &body))
            .await
    }

    /// Confirms as an administrator.
    pub(crate) async fn confirm(
        &self,
        record: &RecordId,
        id: SalesforceId,
        master: &str,
        token: &str,
    ) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master, "previewToken": token, "confirm": true });
        self.call(&Caller::admin(), confirm_event(record, &body))
            .await
    }

    /// Previews and confirms as an administrator.
    pub(crate) async fn link(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let preview = self.preview(record, id, master).await;
        if preview.status != 200 {
            return preview;
        }
        self.confirm(record, id, master, &preview.token()).await
    }

    /// Unlinks as an administrator.
    pub(crate) async fn unlink(&self, record: &RecordId) -> Reply {
        self.call(&Caller::admin(), unlink_event(record)).await
    }

    /// Allows an import as an administrator.
    pub(crate) async fn allow(&self, id: SalesforceId) -> Reply {
        self.call(&Caller::admin(), allow_event(id)).await
    }

    /// Delivers the visible messages in the queue of writes. Returns the numbers of those that succeeded and failed.
    pub(crate) async fn push(&self) -> (usize, usize) {
        let delivery = self.app.receive(WRITES, 100).await;
        if delivery.messages.is_empty() {
            return (0, 0);
        }
        let answer = self.push.handle(delivery.event(), UNLIMITED).await.unwrap();
        let done = delivery.done(&answer);
        self.app.delete(WRITES, &done).await;
        (
            done.messages.len(),
            delivery.messages.len() - done.messages.len(),
        )
    }

    /// Makes failed messages visible again, and delivers them.
    pub(crate) async fn push_again(&self) -> (usize, usize) {
        self.app.clock.advance(Duration::from_secs(900));
        self.push().await
    }

    /// Returns a record.
    pub(crate) async fn record(&self, id: &RecordId) -> Record {
        LinkStore::record(&self.app.store, id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Returns a link's status.
    pub(crate) async fn status(&self, id: &RecordId) -> Option<LinkStatus> {
        self.record(id).await.link.map(|link| link.status)
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
        let object: SalesforceObject = SalesforceObject::of(&id).unwrap();
        let rows = self.app.salesforce.records(object, &[id], &fields).await;
        rows.unwrap().pop().unwrap()
    }

    /// Returns the acts on a record, oldest first: action and user.
    pub(crate) async fn audit(&self, id: &RecordId) -> Vec<(String, String)> {
        let store = &self.app.store;
        let answer = store
            .client()
            .query()
            .table_name(&store.tables().log)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::audit_partition(id)))
            .send()
            .await
            .unwrap();
        let of = |item: &keys::Attributes, name| item::text(item, name).unwrap().to_owned();
        let items = answer.items.unwrap_or_default();
        items
            .iter()
            .map(|item| (of(item, "action"), of(item, "by")))
            .collect()
    }

    /// Dumps the three tables.
    pub(crate) async fn dump(&self) -> Dump {
        Dump::of(&self.app.store).await
    }

    /// Asserts that nothing in the tables differs from an earlier dump.
    pub(crate) async fn assert_untouched_since(&self, before: &Dump) {
        let differences = before.differences(&self.dump().await);
        assert_eq!(differences, Vec::<String>::new());
    }

    /// Returns the logged actions of administrators and the push worker, oldest first: code and Salesforce record.
    pub(crate) async fn actions(&self) -> Vec<(String, String)> {
        let entries = self.entries().await.into_iter();
        entries
            .map(|entry| {
                let id = entry
                    .salesforce
                    .map_or_else(String::new, |(id, _)| id.to_string());
                (entry.code.as_str().to_owned(), id)
            })
            .collect()
    }

    /// Returns the same actions as code and message.
    pub(crate) async fn messages(&self) -> Vec<(String, String)> {
        let entries = self.entries().await.into_iter();
        entries
            .map(|entry| (entry.code.as_str().to_owned(), entry.message))
            .collect()
    }

    async fn entries(&self) -> Vec<Entry> {
        let store = &self.app.store;
        let partition = keys::actions(self.app.clock.now());
        let answer = store
            .client()
            .query()
            .table_name(&store.tables().log)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .send()
            .await
            .unwrap();
        let items = answer.items.unwrap_or_default();
        items
            .iter()
            .flat_map(|item| item::unpack(item).unwrap().unpack("actions"))
            .collect()
    }
}

fn clock(app: &TestApp) -> Arc<dyn Clock> {
    Arc::new(MovingClock(app.clock.clone(), AtomicI64::new(0)))
}

/// Link and unlink, each over a store of its own.
pub(crate) fn functions(
    app: &TestApp,
    of_link: Store,
    of_unlink: Store,
) -> (LinkFunction, UnlinkFunction) {
    let clock = clock(app);
    let of_link_s_callers = app.rights(&of_link);
    let of_unlink_s_callers = app.rights(&of_unlink);
    let link = LinkFunction {
        salesforce: app.salesforce.clone(),
        portal: dealbridge_aws::DynamoPortal::new(of_link.clone()),
        store: of_link,
        writes: app.writes_of("link"),
        clock: Arc::clone(&clock),
        tokens: Arc::new(PreviewTokens::new(b"a key of thirty-two random bytes").unwrap()),
        instance_url: app.org.instance_url().to_owned(),
        rights: of_link_s_callers,
    };
    let unlink = UnlinkFunction {
        portal: dealbridge_aws::DynamoPortal::new(of_unlink.clone()),
        store: of_unlink,
        clock,
        instance_url: app.org.instance_url().to_owned(),
        rights: of_unlink_s_callers,
    };
    (link, unlink)
}
