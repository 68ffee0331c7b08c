//! The HTTP API's gateway: routes, JWT authorizer and Lambda invocations as API Gateway does them.
//!
//! Routes, scopes and timeouts are those of `template.yaml`. Beside them, `/local/…` answers for what runs outside the
//! deployment: signing in, the portal's own screens, schedules ([`crate::hooks`]).

mod answer;
mod event;
mod serve;
pub mod token;

use std::sync::Arc;

use dealbridge_core::ports::Clock;
use dealbridge_lambda::SystemClock;
use tracing::error;

pub use self::{answer::ApiAnswer, serve::listen};
use self::{
    event::{Authorized, event},
    token::{Rejected, Tokens},
};
use crate::{error::LocalError, functions::InvokeError, hooks, template, world::World};

/// An HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: String,
    /// The path as it came, percent-encoded.
    pub path: String,
    /// The query string as it came, without its question mark.
    pub query: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ApiRequest {
    /// A request without headers or body. The target is path and query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Self::default()
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.with("content-type", "application/json")
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The gateway of a running world.
pub struct Gateway {
    /// What it stands before.
    pub world: Arc<World>,
    /// The keys of its tokens.
    pub tokens: Tokens,
}

impl Gateway {
    /// The gateway of a world, with its tokens' key.
    ///
    /// # Errors
    /// When the data directory's key cannot be used.
    pub fn new(world: Arc<World>) -> Result<Self, LocalError> {
        let tokens = Tokens::open(world.data_directory())?;
        Ok(Self { world, tokens })
    }

    /// Answers a request; `address` is where the gateway is reached.
    pub async fn answer(&self, request: &ApiRequest, address: &str) -> ApiAnswer {
        if request.path.starts_with("/local/") {
            return hooks::answer(self, request, address).await;
        }
        let routes = &self.world.template.routes;
        let Some((route, variables)) = template::find(routes, &request.method, &request.path)
        else {
            return ApiAnswer::message(404, "Not Found");
        };
        let now = SystemClock.now();
        let wanted = route.scopes.join(" ");
        let verified = bearer(request).and_then(|token| self.tokens.verify(token, now));
        let claims = match verified {
            Ok(claims) => claims,
            Err(Rejected(why)) => {
                let why = format!(
                    "Bearer scope=\"{wanted}\" error=\"invalid_token\" error_description=\"{why}\""
                );
                return ApiAnswer::message(401, "Unauthorized").with("www-authenticate", why);
            }
        };
        let given = token::scopes(&claims);
        let scopes: Vec<&str> = route
            .scopes
            .iter()
            .filter(|scope| given.contains(scope))
            .map(String::as_str)
            .collect();
        if scopes.is_empty() && !route.scopes.is_empty() {
            let why = format!("Bearer scope=\"{wanted}\" error=\"insufficient_scope\"");
            return ApiAnswer::message(403, "Forbidden").with("www-authenticate", why);
        }
        let call = Authorized {
            route,
            variables,
            claims: &claims,
            scopes,
        };
        self.invoke(&route.function, event(request, &call, now))
            .await
    }

    async fn invoke(&self, function: &str, event: serde_json::Value) -> ApiAnswer {
        let failed = || ApiAnswer::message(500, "Internal Server Error");
        let Some(invoker) = self.world.invoker(function) else {
            error!("There is no function {function}, which template.yaml names");
            return failed();
        };
        match invoker
            .call(event, self.world.template.timeout(function))
            .await
        {
            Ok(answer) => ApiAnswer::of_function(&answer).unwrap_or_else(|| {
                error!("{function} gave an answer that API Gateway could not read");
                failed()
            }),
            Err(problem @ InvokeError::TimedOut { .. }) => {
                error!("{problem}");
                ApiAnswer::message(503, "Service Unavailable")
            }
            Err(problem) => {
                error!("{problem}");
                failed()
            }
        }
    }
}

/// The token of the request: with the word Bearer before it, or alone.
fn bearer(request: &ApiRequest) -> Result<&str, Rejected> {
    let header = request
        .header("authorization")
        .map(str::trim)
        .filter(|header| !header.is_empty())
        .ok_or(Rejected("the token is missing"))?;
    Ok(match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header,
    })
}
