//! Starting a full run: `POST /sync-runs`.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    code::{Code, Context},
    ports::Clock,
    run::DEAL_REGISTRATION,
    sync_request::{Requested, RunRequests},
};
use dealbridge_lambda::aws::{DynamoPortal, SqsBacklog, SqsSyncRequests, Store};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{self, Answer, Idempotency, Method, ProblemCode, Refusal, Request, Route, Routes, body},
};
use serde::Deserialize;

pub use environment::Environment;

/// The function with its adapters.
pub struct FullSync {
    /// Runs and receipts.
    pub store: Store,
    /// Settings.
    pub portal: DynamoPortal,
    /// The messages that an active run waits for.
    pub backlog: SqsBacklog,
    /// The queue of sync requests.
    pub sync_requests: SqsSyncRequests,
    /// The rights of callers.
    pub rights: Rights,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartRun {
    integration: String,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Starts a full run.
    Start,
}

impl Api for FullSync {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[Route::admin(Method::Post, "/sync-runs", Call::Start)]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        match call {
            Call::Start => {
                request.query(&[])?;
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.start(request)).await
            }
        }
    }
}

impl FullSync {
    async fn start(&self, request: &Request) -> Result<Answer, Refusal> {
        let asked: StartRun = request.json()?;
        if asked.integration != DEAL_REGISTRATION {
            let detail = format!(
                "There is no integration {:?}; the one there is: {DEAL_REGISTRATION:?}.",
                asked.integration
            );
            return Err(Refusal::new(ProblemCode::IntegrationUnknown, detail));
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
                Err(Refusal::logged(409, code, detail))
            }
        }
    }
}
