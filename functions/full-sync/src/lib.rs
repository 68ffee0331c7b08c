//! Asking for a full run: `POST /sync-runs`.

use std::sync::Arc;

use dealbridge_core::{
    code::{Code, Context},
    ports::Clock,
    run::DEAL_REGISTRATION,
    sync_request::{Requested, RunRequests},
};
use dealbridge_lambda::aws::{DynamoPortal, SqsBacklog, SqsSyncRequests, Store};
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
    /// Settings.
    pub portal: DynamoPortal,
    /// What an active run waits for.
    pub backlog: SqsBacklog,
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
        let requests = RunRequests {
            portal: &self.portal,
            store: &self.store,
            backlog: &self.backlog,
            sync_requests: &self.sync_requests,
            clock: &*self.clock,
        };
        match requests.ask().await? {
            Requested::Started(run) => Ok(Answer::json(202, &body::run(&run, now))?
                .header("location", format!("/sync-runs/{}", run.id))),
            Requested::Active(run) => Answer::json(200, &body::run(&run, now)),
            Requested::SwitchedOff => {
                let (code, nothing) = (Code::IntegrationDisabled, Context::default());
                let detail = format!("{} {}", code.message(&nothing), code.suggestion(&nothing));
                Err(Refusal::new(409, code.as_str(), detail))
            }
        }
    }
}
