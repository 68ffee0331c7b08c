//! The HTTP API's gateway: routes, JWT authorizer and Lambda invocations as API Gateway does them.
//!
//! Routes, scopes and timeouts are those of `template.yaml`. Beside them, `/local/…` answers for what runs outside the
//! deployment: signing in, the portal's own screens, schedules ([`crate::hooks`]).

mod answer;
mod event;
mod serve;
pub mod token;

use std::{sync::Arc, time::Duration};

use dealbridge_core::ports::Clock;
use dealbridge_lambda::SystemClock;
use tracing::error;

pub use self::{answer::ApiAnswer, serve::listen};
use self::{
    event::{Authorized, event},
    token::{Rejected, Tokens},
};
use crate::{error::LocalError, functions::InvokeError, hooks, template, world::World};

/// The longest that API Gateway waits for a function (AWS: Quotas for configuring and running an HTTP API).
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest event or answer of an invocation whose caller waits, as JSON (AWS: Lambda quotas).
const LARGEST_PAYLOAD: usize = 6_291_556;
/// The most that request line and header values have together.
const LARGEST_HEAD: usize = 10_240;
/// The largest body of a request.
const LARGEST_BODY: usize = 10 * 1_024 * 1_024;

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

    /// The path that routes are looked up by and that functions get: decoded, up to a question mark that was encoded in it.
    #[must_use]
    pub fn decoded_path(&self) -> String {
        let path = percent_encoding::percent_decode_str(&self.path).decode_utf8_lossy();
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// The size of request line and header values.
    fn head(&self) -> usize {
        let line = self.method.len() + self.path.len() + self.query.len() + " ? HTTP/1.1".len();
        self.headers
            .iter()
            .fold(line, |size, (_, value)| size + value.len())
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
        if request.head() > LARGEST_HEAD {
            return ApiAnswer::message(431, "Request Header Fields Too Large");
        }
        if request.body.len() > LARGEST_BODY {
            return too_large();
        }
        let routes = &self.world.template.routes;
        let path = request.decoded_path();
        let Some((route, variables)) = template::find(routes, &request.method, &path) else {
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
        let Some(invoker) = self.world.invoker(function) else {
            error!("There is no function {function}, which template.yaml names");
            return ApiAnswer::message(500, "Internal Server Error");
        };
        if size(&event) > LARGEST_PAYLOAD {
            return too_large();
        }
        let timeout = self.world.template.timeout(function);
        let outcome = invoker.call(event, timeout.min(INTEGRATION_TIMEOUT)).await;
        answer_of(function, outcome)
    }
}

/// What the caller gets for what came of an invocation.
fn answer_of(function: &str, outcome: Result<serde_json::Value, InvokeError>) -> ApiAnswer {
    let failed = || ApiAnswer::message(500, "Internal Server Error");
    match outcome {
        Ok(answer) if size(&answer) > LARGEST_PAYLOAD => {
            error!("{function} gave an answer of more than {LARGEST_PAYLOAD} bytes");
            failed()
        }
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

fn too_large() -> ApiAnswer {
    ApiAnswer::message(413, "Request Entity Too Large")
}

/// The size of an event or an answer on its way.
fn size(value: &serde_json::Value) -> usize {
    value.to_string().len()
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answered(outcome: Result<Value, InvokeError>) -> (u16, Value) {
        let answer = answer_of("sample", outcome);
        (answer.status, answer.to_json()["message"].clone())
    }

    #[test]
    fn an_answer_that_is_too_large_late_or_wrong_is_the_gateway_s_own() {
        let body = |length: usize| json!({ "statusCode": 200, "body": "x".repeat(length) });
        let around = body(0).to_string().len();
        let error = (500, json!("Internal Server Error"));

        assert_eq!(
            answered(Ok(body(LARGEST_PAYLOAD - around))),
            (200, Value::Null)
        );
        assert_eq!(answered(Ok(body(LARGEST_PAYLOAD - around + 1))), error);
        assert_eq!(answered(Ok(json!({ "statusCode": "none" }))), error);
        let failed = InvokeError::Failed {
            function: "sample",
            detail: "as asked".to_owned(),
        };
        assert_eq!(answered(Err(failed)), error);
        let late = InvokeError::TimedOut {
            function: "sample",
            seconds: 25,
        };
        assert_eq!(answered(Err(late)), (503, json!("Service Unavailable")));
    }

    #[test]
    fn a_path_is_decoded_up_to_a_question_mark_that_was_encoded_in_it() {
        let decoded = |path: &str| ApiRequest::new("GET", path).decoded_path();

        assert_eq!(decoded("/deals/a%20b%2Fc"), "/deals/a b/c");
        assert_eq!(decoded("/deals/a%3Fb/link"), "/deals/a");
        assert_eq!(decoded("/deals/%252F"), "/deals/%2F");
    }
}
