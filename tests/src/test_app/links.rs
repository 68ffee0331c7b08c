//! Links and records as tests of linking and of sending look at them, and the deliveries to Salesforce.

use std::{sync::Arc, time::Duration};

use dealbridge_aws::{DynamoPortal, keys, log::Order};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    claim::Claim,
    entry::Entry,
    link::store::LinkStore,
    ports::Clock,
    record::{Record, RecordId},
    salesforce::{FieldPath, Row, Salesforce},
};
use dealbridge_lambda::Function;
use push_worker::PushWorker;

use super::{TestApp, UNLIMITED, WRITES};

/// The time after which messages that went back are visible again.
const VISIBLE_AGAIN: Duration = Duration::from_secs(900);

impl TestApp {
    /// The function that delivers requests to Salesforce, over a clock of its own.
    #[must_use]
    pub fn push_worker(&self, clock: Arc<dyn Clock>) -> PushWorker {
        PushWorker {
            salesforce: self.salesforce.clone(),
            portal: DynamoPortal::new(self.store_of("push-worker")),
            store: self.store_of("push-worker"),
            clock,
        }
    }

    /// Delivers the visible requests to Salesforce. Returns the numbers of those that were done and that went back.
    pub async fn push(&self, worker: &PushWorker) -> (usize, usize) {
        let delivery = self.receive(WRITES, 100).await;
        if delivery.messages.is_empty() {
            return (0, 0);
        }
        let answer = worker.handle(delivery.event(), UNLIMITED).await.unwrap();
        let done = delivery.done(&answer);
        self.delete(WRITES, &done).await;
        let left = delivery.messages.len() - done.messages.len();
        (done.messages.len(), left)
    }

    /// Advances the clock until requests that went back are visible again, and delivers them.
    pub async fn push_again(&self, worker: &PushWorker) -> (usize, usize) {
        self.clock.advance(VISIBLE_AGAIN);
        self.push(worker).await
    }

    /// A record.
    pub async fn record(&self, id: &RecordId) -> Record {
        LinkStore::record(&self.store, id).await.unwrap().unwrap()
    }

    /// A claim.
    pub async fn claim(&self, id: SalesforceId) -> Option<Claim> {
        let org = self.organization();
        self.store.claim(org, id).await.unwrap()
    }

    /// These fields of a Salesforce record.
    pub async fn row(&self, id: SalesforceId, fields: &[&str]) -> Row {
        let fields: Vec<FieldPath> = fields
            .iter()
            .map(|field| FieldPath::parse(field).unwrap())
            .collect();
        let object = SalesforceObject::of(&id).unwrap();
        let rows = self.salesforce.records(object, &[id], &fields).await;
        rows.unwrap().pop().unwrap()
    }

    /// The logged actions of people and of the push worker in this month, oldest first.
    pub async fn actions(&self) -> Vec<Entry> {
        let partition = keys::actions(self.clock.now());
        let order = Order::OldestFirst;
        let slice = self.store.entries_from(&partition, order, None, 1_000);
        let batches = slice.await.unwrap().items;
        batches
            .iter()
            .flat_map(|batch| batch.unpack("actions"))
            .collect()
    }
}
