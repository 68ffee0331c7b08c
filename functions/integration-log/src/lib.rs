//! Runs, entries, open problems and explanations, over HTTP.

mod csv;
mod entries;
mod environment;
mod explanation;
mod filter;
mod problems;
mod runs;
mod stream;
mod usage;

use std::sync::Arc;

use dealbridge_core::{
    code::{Code, Level},
    ports::{Clock, Portal},
    record_url::ConnectedOrg,
    settings::Settings,
};
use dealbridge_lambda::aws::{DynamoPortal, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{self, Answer, Idempotency, Method, Query, Refusal, Request, Route, Routes, body},
};

pub use environment::Environment;

/// The function with its adapters.
pub struct IntegrationLog {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// The URL of the connected org.
    pub instance_url: String,
    /// Settings and people.
    pub portal: DynamoPortal,
    /// The log.
    pub store: Store,
    /// The rights of callers.
    pub rights: Rights,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Lists runs.
    Runs,
    /// Shows one run.
    Run,
    /// Lists entries.
    Entries,
    /// Lists open problems.
    Problems,
    /// Acknowledges open problems.
    ClearProblems,
    /// Explains the Opportunity that the query names.
    Explanation,
    /// Explains the Opportunity that the path names.
    ExplanationByPath,
    /// Shows the calls of Salesforce and their budget.
    Usage,
}

impl Api for IntegrationLog {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Get, "/sync-runs", Call::Runs),
        Route::admin(Method::Get, "/sync-runs/{id}", Call::Run),
        Route::admin(Method::Get, "/integration-log", Call::Entries),
        Route::admin(Method::Get, "/problems", Call::Problems),
        Route::admin(Method::Post, "/problems/clear", Call::ClearProblems),
        Route::admin(Method::Get, "/explanations", Call::Explanation),
        Route::admin(
            Method::Get,
            "/opportunities/{idOrUrl}/explanation",
            Call::ExplanationByPath,
        ),
        Route::internal(Method::Get, "/usage", Call::Usage),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        match call {
            Call::Runs => self.runs(request).await,
            Call::Run => self.run(request).await,
            Call::Entries => self.entries(request).await,
            Call::Problems => self.problems(request).await,
            Call::ClearProblems => {
                request.query(&[])?;
                let idempotency = Idempotency::of(request, caller)?;
                let work = self.clear_problems(request, caller, invocation.deadline);
                http::once(&self.store, idempotency, work).await
            }
            Call::Explanation => self.explanation_by_query(request, invocation).await,
            Call::ExplanationByPath => self.explanation_by_path(request, invocation).await,
            Call::Usage => self.usage(request).await,
        }
    }
}

impl IntegrationLog {
    /// The settings, and the org whose records the answers link to.
    async fn org(&self) -> Result<(Arc<Settings>, ConnectedOrg), Refusal> {
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.instance_url, &settings.my_domain)?;
        Ok((settings, org))
    }
}

/// Parses the parameter `code`.
fn code(query: &Query) -> Result<Option<Code>, Refusal> {
    query.value("code", parse_code)
}

fn parse_code(text: &str) -> Result<Code, String> {
    Code::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        format!(
            "{text:?} is not a code of the Integration Log; the codes are {}",
            known.join(", ")
        )
    })
}

fn parse_level(text: &str) -> Result<Level, String> {
    match text {
        "error" => Ok(Level::Error),
        "warning" => Ok(Level::Warning),
        "info" => Ok(Level::Info),
        other => Err(format!(
            "{other:?} is not a level; the levels are error, warning, info"
        )),
    }
}
