//! Starting a full run: `POST /sync-runs`.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    code::{Code, Context},
    ports::{Clock, Portal},
    run::{DEAL_REGISTRATION, RunId, RunStatus},
    sync_request::{Requested, RunRequests},
};
use dealbridge_lambda::aws::{DynamoPortal, SqsBacklog, SqsSyncRequests, Store};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    calls,
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
    /// Start it even if the budget of calls has no room for it.
    #[serde(default, rename = "overBudget")]
    over_budget: bool,
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
    /// Returns `true` while a run is active: asking for one answers with that, and costs no call.
    async fn is_active(&self) -> Result<bool, Refusal> {
        let now = self.clock.now();
        let latest = self.store.latest_run().await?;
        let run = self.store.runs(&[RunId::new(latest)]).await?.pop();
        Ok(
            run.is_some_and(|run| {
                matches!(run.status(now), RunStatus::Queued | RunStatus::Running)
            }),
        )
    }

    /// Refuses a full run that the budget of calls has no room for.
    async fn ask_for_room(&self) -> Result<(), Refusal> {
        let settings = self.portal.settings().await?;
        if !settings.enabled {
            return Ok(());
        }
        let full = calls::full_run(&self.store).await?;
        let estimate = full.map_or(1, |full| full.calls);
        calls::ask_for_room(
            &self.store,
            settings.api_budget,
            (estimate, false),
            self.clock.now(),
        )
        .await
    }

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
        if !asked.over_budget && !self.is_active().await? {
            self.ask_for_room().await?;
        }
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
