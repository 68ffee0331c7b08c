//! Runs, entries, open problems and explanations, over HTTP.

mod csv;
mod entries;
mod explanation;
mod filter;
mod problems;
mod runs;
mod stream;

use std::sync::Arc;

use dealbridge_core::{
    code::{Code, Level},
    pasted::ConnectedOrg,
    ports::{Clock, Portal},
    settings::Settings,
};
use dealbridge_lambda::aws::{DynamoPortal, Store};
use dealbridge_lambda::salesforce::SalesforceClient;
use dealbridge_lambda::{
    Function, Invocation,
    access::Groups,
    http::{self, Answer, Idempotency, Query, Refusal, Request, body},
};
use lambda_runtime::Error;
use serde_json::Value;

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 7] = [
    ("GET", "/sync-runs"),
    ("GET", "/sync-runs/{id}"),
    ("GET", "/integration-log"),
    ("GET", "/problems"),
    ("POST", "/problems/clear"),
    ("GET", "/explanations"),
    ("GET", "/opportunities/{idOrUrl}/explanation"),
];

/// The function with its adapters.
pub struct IntegrationLog {
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// Its address.
    pub salesforce_url: String,
    /// Settings and people.
    pub portal: DynamoPortal,
    /// The log.
    pub store: Store,
    /// Who is who.
    pub groups: Groups,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Function for IntegrationLog {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        Ok(http::respond(self.route(&request, invocation).await))
    }
}

impl IntegrationLog {
    async fn route(&self, request: &Request, invocation: Invocation) -> Result<Answer, Refusal> {
        let route = request.route();
        if !ROUTES.contains(&route) {
            return Err(request.unknown_route(&ROUTES));
        }
        let caller = request.require_admin()?;
        match route.1 {
            "/sync-runs" => self.runs(request).await,
            "/sync-runs/{id}" => self.run(request).await,
            "/integration-log" => self.entries(request).await,
            "/problems" => self.problems(request).await,
            "/problems/clear" => {
                request.query(&[])?;
                let idempotency = Idempotency::of(request, caller)?;
                let work = self.clear_problems(request, caller, invocation.deadline);
                http::once(&self.store, idempotency, work).await
            }
            _ => self.explanation(request, invocation).await,
        }
    }

    /// The settings, and the org that links lead to.
    async fn org(&self) -> Result<(Arc<Settings>, ConnectedOrg), Refusal> {
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.salesforce_url, &settings.my_domain)?;
        Ok((settings, org))
    }
}

/// The parameter `limit`: how many items a page holds.
fn limit(query: &Query, default: usize, most: usize) -> Result<usize, Refusal> {
    let limit = query.value("limit", |text| {
        text.parse::<usize>()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| format!("{text:?} is no number from 1 to {most}"))
    })?;
    Ok(limit.unwrap_or(default))
}

/// The parameter `code`.
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
