//! The fan-out: a schedule's tick or a sync request in, import requests out.

use std::sync::Arc;

use dealbridge_core::{
    fan_out::{FanOut, Listed},
    import::Disposition,
    link::push,
    message::SyncRequest,
    ports::{Clock, PortError},
    run::Mode,
};
use dealbridge_lambda::aws::{DynamoPortal, SqsImports, SqsSyncRequests, SqsWrites, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{Function, Invocation, sqs};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

/// The function with its adapters.
pub struct FanOutFunction {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Settings and people.
    pub portal: DynamoPortal,
    /// Runs, claims, problems.
    pub store: Store,
    /// The queue of import requests.
    pub imports: SqsImports,
    /// The queue of sync requests.
    pub sync_requests: SqsSyncRequests,
    /// The queue of writes to Salesforce.
    pub writes: SqsWrites,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What EventBridge Scheduler sends.
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
            // What a crash between a link and its queue left, or an outage held up, is sent again each hour.
            push::send_outbox(&self.store, &self.writes).await?;
            let (run, outcome) = outcome(fan_out.tick(mode, invocation.deadline).await?);
            return Ok(json!({ "run": run, "outcome": outcome }));
        }
        let batch = sqs::batch::<SyncRequest>(event)?;
        for finding in batch.unreadable("sync-requests") {
            self.store.log_action(&finding).await?;
        }
        let mut dispositions = Vec::with_capacity(batch.received.len());
        for received in &batch.received {
            let listed = fan_out
                .work(received.message.run, received.delivery, invocation.deadline)
                .await;
            dispositions.push(disposition(&listed));
        }
        Ok(batch.response(&dispositions)?)
    }
}

fn outcome(listed: Listed) -> (String, &'static str) {
    match listed {
        Listed::Finished(run) => (run.to_string(), "listed"),
        Listed::Continued(run) => (run.to_string(), "continued"),
        Listed::NotOurs(run) => (run.to_string(), "active"),
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
