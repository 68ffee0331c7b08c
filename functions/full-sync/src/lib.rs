//! Asking for a full run: `POST /sync-runs`.

use std::sync::Arc;

use dealbridge_core::{
    ports::Clock,
    run::DEAL_REGISTRATION,
    sync_request::{Requested, request_run},
};
use dealbridge_lambda::aws::{SqsSyncRequests, Store};
use dealbridge_lambda::{
    Function, Invocation,
    access::Groups,
    http::{self, Answer, Idempotency, Refusal, Request, body},
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::Value;

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 1] = [("POST", "/sync-runs")];

/// The function with its adapters.
pub struct FullSync {
    /// Runs and receipts.
    pub store: Store,
    /// The queue of sync requests.
    pub sync_requests: SqsSyncRequests,
    /// Who is who.
    pub groups: Groups,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartRun {
    integration: String,
}

impl Function for FullSync {
    async fn handle(&self, event: Value, _: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        Ok(http::respond(self.route(&request).await))
    }
}

impl FullSync {
    async fn route(&self, request: &Request) -> Result<Answer, Refusal> {
        match request.route() {
            ("POST", "/sync-runs") => {
                let caller = request.require_admin()?;
                request.query(&[])?;
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.start(request)).await
            }
            _ => Err(request.unknown_route(&ROUTES)),
        }
    }

    async fn start(&self, request: &Request) -> Result<Answer, Refusal> {
        let asked: StartRun = request.json()?;
        if asked.integration != DEAL_REGISTRATION {
            let detail = format!(
                "There is no integration {:?}; the one there is: {DEAL_REGISTRATION:?}.",
                asked.integration
            );
            return Err(Refusal::new(400, "INTEGRATION_UNKNOWN", detail));
        }
        let now = self.clock.now();
        match request_run(&self.store, &self.sync_requests, now).await? {
            Requested::Started(run) => Ok(Answer::json(202, &body::run(&run, now))?
                .header("location", format!("/sync-runs/{}", run.id))),
            Requested::Active(run) => Answer::json(200, &body::run(&run, now)),
        }
    }
}
