//! The import worker: a batch of import requests in, one answer per message out.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    Queue,
    budget::Purpose,
    import::{Import, Imported},
    link::push::enqueue,
    message::ImportRequest,
    ports::{Clock, Delivery, Portal},
};
use dealbridge_lambda::aws::{DynamoPortal, SqsWrites, Store};
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
pub struct ImportWorker {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Settings and people.
    pub portal: DynamoPortal,
    /// Links, records, open problems, runs.
    pub store: Store,
    /// The queue of writes to Salesforce.
    pub writes: SqsWrites,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Function for ImportWorker {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let batch = sqs::batch::<ImportRequest>(event)?;
        for finding in batch.unreadable(Queue::Imports) {
            self.store.log_action(&finding).await?;
        }
        let requests = batch.received.iter().map(|received| {
            // An Opportunity that was listed as fresh need not be so at a later delivery.
            let fresh = received.message.fresh && received.delivery == Delivery::First;
            ImportRequest {
                fresh,
                ..received.message.clone()
            }
        });
        // Nothing of a run that a person asked for is held back.
        let gate = if batch
            .received
            .iter()
            .any(|received| received.message.by_hand)
        {
            None
        } else {
            let budget = self.portal.settings().await?.api_budget;
            Some(calls::gate(&self.salesforce, &self.store, budget).await?)
        };
        let client = self.salesforce.for_purpose(Purpose::Import);
        let salesforce = invocation
            .salesforce(&client, &*self.clock)
            .within_budget(gate);
        let import = Import {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            clock: &*self.clock,
        };
        let Imported {
            dispositions,
            requests,
        } = import.batch(requests.collect(), invocation.deadline).await;
        enqueue(&self.writes, &requests).await;
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
