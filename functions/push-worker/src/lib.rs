//! The push worker: delivers the pending writes of links to Salesforce.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    Queue,
    budget::Purpose,
    link::push::Push,
    message::{Disposition, PushRequest},
    ports::Clock,
    send::{Create, SyncNow},
};
use dealbridge_lambda::aws::{DynamoPortal, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Function, Invocation,
    calls::{self, Flush},
    sqs,
};
use lambda_runtime::Error;
use serde_json::Value;

pub use environment::Environment;

/// The function with its adapters.
pub struct PushWorker {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Settings.
    pub portal: DynamoPortal,
    /// Records and claims.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The time before the deadline from which no further write is begun: enough for one write and some of its retries.
const DEADLINE_MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(35);

impl Function for PushWorker {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let batch = sqs::batch::<PushRequest>(event)?;
        for finding in batch.unreadable(Queue::SalesforceWrites) {
            self.store.log_action(&finding).await?;
        }
        let client = self.salesforce.for_purpose(Purpose::Push);
        let salesforce = invocation.salesforce(&client, &*self.clock);
        let push = Push {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            clock: &*self.clock,
        };
        let create = Create {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            people: &self.portal,
            clock: &*self.clock,
        };
        let sync = SyncNow {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            clock: &*self.clock,
        };
        let mut dispositions = Vec::with_capacity(batch.received.len());
        for received in &batch.received {
            let late = invocation.deadline.is_some_and(|deadline| {
                deadline.duration_since(self.clock.now()) < DEADLINE_MARGIN
            });
            let first = dispositions.is_empty();
            dispositions.push(if late && !first {
                Disposition::Retry
            } else {
                match &received.message {
                    PushRequest::Write(request) => push.deliver(request).await,
                    PushRequest::Create(request) => create.deliver(request).await,
                    PushRequest::Sync(request) => sync.deliver(request).await,
                }
            });
        }
        calls::keep(
            &self.salesforce,
            &self.store,
            self.clock.now(),
            Flush::WhenDue,
        )
        .await;
        Ok(batch.response(&dispositions)?)
    }
}
