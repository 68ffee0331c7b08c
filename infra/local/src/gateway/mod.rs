//! The HTTP API's gateway: routes, JWT authorizer and Lambda invocations as API Gateway does them.
//!
//! Routes, scopes and timeouts are those of `template.yaml`.

mod answer;
mod event;
mod request;
pub mod token;

use std::{sync::Arc, time::Duration};

use dealbridge_core::ports::Clock;
use dealbridge_lambda::SystemClock;
use tracing::error;

pub use self::{answer::ApiAnswer, request::ApiRequest};
use self::{
    event::{Authorized, Call, event},
    token::{Rejected, Tokens},
};
use crate::{functions::InvokeError, product::LocalProduct, template};

/// The longest that API Gateway waits for a function (AWS: Quotas for configuring and running an HTTP API).
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest event or answer of an invocation whose caller waits, as JSON (AWS: Lambda quotas).
const MAX_PAYLOAD_BYTES: usize = 6_291_556;
/// The most that request line and header values have together.
const MAX_HEAD_BYTES: usize = 10_240;
/// The largest body of a request.
pub(crate) const MAX_BODY_BYTES: usize = 10 * 1_024 * 1_024;

/// The gateway of a running product.
pub struct Gateway {
    product: Arc<LocalProduct>,
    tokens: Arc<Tokens>,
}

impl Gateway {
    /// The gateway of a product; the keys are those of its tokens.
    #[must_use]
    pub fn new(product: Arc<LocalProduct>, tokens: Arc<Tokens>) -> Self {
        Self { product, tokens }
    }

    /// Answers a request.
    pub async fn answer(&self, request: &ApiRequest) -> ApiAnswer {
        if request.head_bytes() > MAX_HEAD_BYTES {
            return ApiAnswer::message(431, "Request Header Fields Too Large");
        }
        if request.body.len() > MAX_BODY_BYTES {
            return ApiAnswer::too_large();
        }
        let routes = &self.product.template.routes;
        let path = request.decoded_path();
        let Some((route, variables)) = template::find(routes, &request.method, &path) else {
            return ApiAnswer::message(404, "Not Found");
        };
        let now = SystemClock.now();
        if route.authorizer == template::Authorizer::None {
            let call = Call {
                route,
                variables,
                authorized: None,
            };
            let event = event(request, &call, now);
            return self.invoke(&route.function, event).await;
        }
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
        let call = Call {
            route,
            variables,
            authorized: Some(Authorized {
                claims: &claims,
                scopes,
            }),
        };
        self.invoke(&route.function, event(request, &call, now))
            .await
    }

    async fn invoke(&self, function: &str, event: serde_json::Value) -> ApiAnswer {
        let Some(invoker) = self.product.invoker(function) else {
            error!("There is no function {function}, which template.yaml names");
            return ApiAnswer::message(500, "Internal Server Error");
        };
        if size(&event) > MAX_PAYLOAD_BYTES {
            return ApiAnswer::too_large();
        }
        let timeout = self.product.template.timeout(function);
        let outcome = invoker.call(event, timeout.min(INTEGRATION_TIMEOUT)).await;
        answer_of(function, outcome)
    }
}

/// The answer for the outcome of an invocation.
fn answer_of(function: &str, outcome: Result<serde_json::Value, InvokeError>) -> ApiAnswer {
    let failed = || ApiAnswer::message(500, "Internal Server Error");
    match outcome {
        Ok(answer) if size(&answer) > MAX_PAYLOAD_BYTES => {
            error!("{function} gave an answer of more than {MAX_PAYLOAD_BYTES} bytes");
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
            answered(Ok(body(MAX_PAYLOAD_BYTES - around))),
            (200, Value::Null)
        );
        assert_eq!(answered(Ok(body(MAX_PAYLOAD_BYTES - around + 1))), error);
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
}
