//! The fan-out: a schedule's tick or a sync request in, import requests out.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    Queue,
    budget::Purpose,
    call_ledger::warn_of_budget,
    fan_out::{FanOut, Listed},
    message::{Disposition, SyncRequest},
    ports::{Clock, Delivery, PortError, Portal},
    run::{Mode, RunId, Trigger},
    send::send_refused,
    tick::tick,
};
use dealbridge_lambda::aws::{DynamoPortal, SqsImports, SqsSyncRequests, SqsWrites, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Function, Invocation,
    calls::{self, Flush},
    sqs,
};
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

/// The use case over the function's adapters.
type ListingOf<'a> =
    FanOut<'a, SalesforceClient, DynamoPortal, Store, SqsImports, SqsSyncRequests, dyn Clock>;

/// An event of EventBridge Scheduler.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Schedule {
    Hourly,
    Daily,
}

impl Function for FanOutFunction {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let answer = self.list(event, invocation).await;
        calls::keep(&self.salesforce, &self.store, self.clock.now(), Flush::Now).await;
        answer
    }
}

impl FanOutFunction {
    /// The client of a run: one that no person asked for is held to the budget.
    async fn salesforce_of(
        &self,
        by_hand: bool,
        invocation: Invocation,
    ) -> Result<SalesforceClient, PortError> {
        let gate = if by_hand {
            None
        } else {
            let budget = self.portal.settings().await?.api_budget;
            Some(calls::gate(&self.salesforce, &self.store, budget).await?)
        };
        let client = self.salesforce.for_purpose(Purpose::List);
        Ok(invocation
            .salesforce(&client, &*self.clock)
            .within_budget(gate))
    }

    fn fan_out<'a>(&'a self, salesforce: &'a SalesforceClient) -> ListingOf<'a> {
        FanOut {
            salesforce,
            portal: &self.portal,
            store: &self.store,
            imports: &self.imports,
            sync_requests: &self.sync_requests,
            clock: &*self.clock,
        }
    }

    /// Warns of a budget that is nearly spent; the listing stands whatever becomes of the warning.
    async fn warn_of_budget(&self, run: Option<RunId>) {
        let Some(run) = run else { return };
        calls::keep(&self.salesforce, &self.store, self.clock.now(), Flush::Now).await;
        let warned = async {
            let settings = self.portal.settings().await?;
            warn_of_budget(&self.store, &settings, run).await
        };
        if let Err(error) = warned.await {
            warn!(error.detail = %error, "Could not look at the budget of Salesforce calls: {error}");
        }
    }

    async fn list(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        if let Some(schedule) = event.get("schedule") {
            let mode = match Schedule::deserialize(schedule)? {
                Schedule::Hourly => Mode::Incremental,
                Schedule::Daily => Mode::Full,
            };
            let salesforce = self.salesforce_of(false, invocation).await?;
            let fan_out = self.fan_out(&salesforce);
            let listed = tick(&fan_out, &self.writes, mode, invocation.deadline).await?;
            self.warn_of_budget(listed.run()).await;
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
            let salesforce = self.salesforce_of(request.by_hand, invocation).await?;
            let listed = self
                .fan_out(&salesforce)
                .work(request.run, received.delivery, invocation.deadline)
                .await;
            if let Ok(listed) = &listed {
                self.warn_of_budget(listed.run()).await;
            }
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
