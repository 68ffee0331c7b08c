//! The fan-out: a schedule's tick or a sync request in, import requests out.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    Queue,
    fan_out::{FanOut, Listed},
    message::{Disposition, SyncRequest},
    ports::{Clock, Delivery, PortError},
    run::{Mode, Trigger},
    send::send_refused,
    tick::tick,
};
use dealbridge_lambda::aws::{DynamoPortal, SqsImports, SqsSyncRequests, SqsWrites, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{Function, Invocation, sqs};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

pub use environment::Environment;

/// The function with its adapters.
pub struct FanOutFunction {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Settings and people.
    pub portal: DynamoPortal,
    /// Runs, claims, open problems.
    pub store: Store,
    /// The queue of import requests.
    pub imports: SqsImports,
    /// The queue of sync requests.
    pub sync_requests: SqsSyncRequests,
    /// The queue of writes to Salesforce.
    pub writes: SqsWrites,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// An event of EventBridge Scheduler.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Schedule {
    Hourly,
    Daily,
}

impl Function for FanOutFunction {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let salesforce = invocation.salesforce(&self.salesforce, &*self.clock);
        let fan_out = FanOut {
            salesforce: &salesforce,
            portal: &self.portal,
            store: &self.store,
            imports: &self.imports,
            sync_requests: &self.sync_requests,
            clock: &*self.clock,
        };
        if let Some(schedule) = event.get("schedule") {
            let mode = match Schedule::deserialize(schedule)? {
                Schedule::Hourly => Mode::Incremental,
                Schedule::Daily => Mode::Full,
            };
            let listed = tick(&fan_out, &self.writes, mode, invocation.deadline).await?;
            let run = listed.run().map(|run| run.to_string());
            return Ok(json!({ "run": run, "outcome": outcome(&listed) }));
        }
        let batch = sqs::batch::<SyncRequest>(event)?;
        for finding in batch.unreadable(Queue::SyncRequests) {
            self.store.log_action(&finding).await?;
        }
        let mut dispositions = Vec::with_capacity(batch.received.len());
        for received in &batch.received {
            let request = &received.message;
            // A run that somebody asked for is a full one, and tries again what Salesforce refused.
            if request.trigger == Trigger::Manual && received.delivery == Delivery::First {
                let again = send_refused(&self.portal, &self.store, &self.writes, Mode::Full).await;
                if let Err(error) = again {
                    warn!(error.detail = %error, "Could not try again what Salesforce refused: {error}");
                }
            }
            let listed = fan_out
                .work(received.message.run, received.delivery, invocation.deadline)
                .await;
            dispositions.push(disposition(&listed));
        }
        Ok(batch.response(&dispositions)?)
    }
}

fn outcome(listed: &Listed) -> &'static str {
    match listed {
        Listed::Finished(_) => "listed",
        Listed::Continued(_) => "continued",
        Listed::AlreadyRunning(_) => "active",
        Listed::SwitchedOff => "switched_off",
    }
}

fn disposition(listed: &Result<Listed, PortError>) -> Disposition {
    match listed {
        Ok(_) => Disposition::Done,
        Err(error) => {
            warn!(error.detail = %error, "Could not list a run, its request goes back to the queue: {error}");
            Disposition::Retry
        }
    }
}
