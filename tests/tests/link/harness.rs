//! A harness for links: their functions over a test app, and calls as they come through API Gateway.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{Store, item, keys};
use dealbridge_core::{
    SalesforceId,
    claim::Claim,
    ports::Clock,
    record::{LinkStatus, Record, RecordId},
    salesforce::Row,
};
use dealbridge_tests::{LinkFunctions, OrgFolder, TestApp, TestClock};
use jiff::{SignedDuration, Timestamp};
use push_worker::PushWorker;

use crate::dump::Dump;

/// A test app with the functions of links.
pub(crate) struct LinkHarness {
    /// The test app.
    pub(crate) app: TestApp,
    functions: LinkFunctions,
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

impl Deref for LinkHarness {
    type Target = LinkFunctions;

    fn deref(&self) -> &LinkFunctions {
        &self.functions
    }
}

impl LinkHarness {
    /// Starts a test app and the functions.
    pub(crate) async fn start(folder: &OrgFolder) -> Self {
        Self::over(TestApp::start(folder).await).await
    }

    /// Starts the functions over a test app.
    pub(crate) async fn over(app: TestApp) -> Self {
        let clock = clock(&app);
        Self {
            functions: LinkFunctions::over(&app, &clock),
            push: Arc::new(app.push_worker(clock)),
            app,
        }
    }

    /// Delivers the visible messages in the queue of writes. Returns the numbers of those that succeeded and failed.
    pub(crate) async fn push(&self) -> (usize, usize) {
        self.app.push(&self.push).await
    }

    /// Makes failed messages visible again, and delivers them.
    pub(crate) async fn push_again(&self) -> (usize, usize) {
        self.app.push_again(&self.push).await
    }

    /// Returns a record.
    pub(crate) async fn record(&self, id: &RecordId) -> Record {
        self.app.record(id).await
    }

    /// Returns a link's status.
    pub(crate) async fn status(&self, id: &RecordId) -> Option<LinkStatus> {
        self.record(id).await.link.map(|link| link.status)
    }

    /// Returns a claim.
    pub(crate) async fn claim(&self, id: SalesforceId) -> Option<Claim> {
        self.app.claim(id).await
    }

    /// Returns these fields of a Salesforce record.
    pub(crate) async fn row(&self, id: SalesforceId, fields: &[&str]) -> Row {
        self.app.row(id, fields).await
    }

    /// Returns the acts on a record, newest first.
    pub(crate) async fn history(&self, id: &RecordId) -> Vec<String> {
        let record = self.record(id).await;
        let acts = self.app.store.history(&record, 100).await.unwrap();
        acts.into_iter().map(|act| act.action).collect()
    }

    /// Returns the audit rows of a record, oldest first: action and user.
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
        let entries = self.app.actions().await.into_iter();
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
        let entries = self.app.actions().await.into_iter();
        entries
            .map(|entry| (entry.code.as_str().to_owned(), entry.message))
            .collect()
    }
}

fn clock(app: &TestApp) -> Arc<dyn Clock> {
    Arc::new(MovingClock(app.clock.clone(), AtomicI64::new(0)))
}

/// Link and unlink, each over a store of its own.
pub(crate) fn functions(app: &TestApp, of_link: Store, of_unlink: Store) -> LinkFunctions {
    LinkFunctions::with_stores(app, &clock(app), of_link, of_unlink)
}
