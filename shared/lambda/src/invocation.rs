//! One invocation of a function, regardless of where it runs: on Lambda, in the local product or in a test.

use std::{future::Future, time::Duration};

use dealbridge_core::ports::Clock;
use dealbridge_salesforce::SalesforceClient;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::{
    access::{Caller, Rights},
    clock::SystemClock,
    http::{Answer, Refusal, Request, Routes, respond},
    timeouts,
};

/// The context of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The time at which the function will be stopped, if anything stops it.
    pub deadline: Option<Timestamp>,
}

impl Invocation {
    /// Returns the time left until the deadline, if there is one.
    #[must_use]
    pub fn left(&self, clock: &dyn Clock) -> Option<Duration> {
        let left = self.deadline?.duration_since(clock.now());
        Some(Duration::try_from(left).unwrap_or_default())
    }

    /// Returns the Salesforce client for this invocation: every call ends early enough to report its result.
    #[must_use]
    pub fn salesforce(&self, client: &SalesforceClient, clock: &dyn Clock) -> SalesforceClient {
        match self.left(clock) {
            Some(left) => client.within(timeouts::salesforce(left)),
            None => client.clone(),
        }
    }
}

/// A function that takes an event and returns an answer, both as JSON.
pub trait Function: Send + Sync {
    /// Handles one event.
    ///
    /// # Errors
    /// Returns an error if the event is to be delivered again.
    fn handle(
        &self,
        event: Value,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Value, Error>> + Send;
}

/// A function behind the HTTP API, with the calls that it answers.
pub trait Api: Send + Sync {
    /// The calls of the function.
    type Call: Copy + Send + Sync + 'static;

    /// The routes of its calls.
    const ROUTES: Routes<Self::Call>;

    /// The rights of callers.
    fn rights(&self) -> &Rights;

    /// Answers a call whose caller has been authorized.
    ///
    /// # Errors
    /// Returns the refusal to answer with.
    fn answer(
        &self,
        call: Self::Call,
        request: &Request,
        caller: &Caller,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Answer, Refusal>> + Send;
}

impl<A: Api> Function for A {
    async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event)?;
        Ok(respond(called(self, &request, invocation).await))
    }
}

/// Answers a request of a caller who may make that call.
async fn called<A: Api>(
    api: &A,
    request: &Request,
    invocation: Invocation,
) -> Result<Answer, Refusal> {
    // An unknown call is told before the token is looked at.
    A::ROUTES.find(request)?;
    let caller = api.rights().caller(request.token()?).await?;
    answer_to(api, request, &caller, invocation).await
}

/// Answers a request of a caller who is known already, if the caller may make that call.
///
/// # Errors
/// Returns the refusal to answer with.
pub async fn answer_to<A: Api>(
    api: &A,
    request: &Request,
    caller: &Caller,
    invocation: Invocation,
) -> Result<Answer, Refusal> {
    let route = A::ROUTES.find(request)?;
    route.admit(caller)?;
    api.answer(route.call, request, caller, invocation).await
}

/// Handles one event. A call of the HTTP API is answered before its time is up, whatever the function waits for.
///
/// # Errors
/// Returns an error if the event is to be delivered again.
pub async fn handle<F: Function>(
    function: &F,
    event: Value,
    invocation: Invocation,
    clock: &dyn Clock,
) -> Result<Value, Error> {
    let is_call = event.get("requestContext").is_some();
    // Type-erased: the state of a whole import is large, and the runtime's own futures wrap it many times over.
    let handling: BoxFuture<'_, Result<Value, Error>> =
        Box::pin(function.handle(event, invocation));
    match invocation.left(clock) {
        Some(left) if is_call => tokio::time::timeout(timeouts::answer(left), handling)
            .await
            .unwrap_or_else(|_| Ok(respond(Err(Refusal::late())))),
        _ => handling.await,
    }
}

/// Serves a function on Lambda's Runtime API.
///
/// # Errors
/// Returns an error if the Runtime API cannot be reached.
pub async fn run<F: Function>(function: F) -> Result<(), Error> {
    let function = &function;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = i64::try_from(event.context.deadline)
            .ok()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        let invocation = Invocation { deadline };
        handle(function, event.payload, invocation, &SystemClock).await
    }))
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;

    /// A function that never answers.
    struct Hung;

    impl Function for Hung {
        async fn handle(&self, _: Value, _: Invocation) -> Result<Value, Error> {
            std::future::pending().await
        }
    }

    fn with(seconds: i64) -> Invocation {
        let deadline = SystemClock.now() + jiff::SignedDuration::from_secs(seconds);
        Invocation {
            deadline: Some(deadline),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_answered_before_its_time_is_over_whatever_the_function_waits_for() {
        let began = Instant::now();
        let call = json!({ "requestContext": { "http": { "method": "GET" } } });

        let answer = handle(&Hung, call, with(25), &SystemClock).await.unwrap();

        assert!(began.elapsed() < Duration::from_secs(25));
        assert_eq!(
            (&answer["statusCode"], &answer["headers"]["retry-after"]),
            (&json!(503), &json!("5"))
        );
        assert!(answer["body"].as_str().unwrap().contains("\"UNAVAILABLE\""));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_has_all_of_its_time() {
        let batch = handle(&Hung, json!({ "Records": [] }), with(60), &SystemClock);

        let outcome = tokio::time::timeout(Duration::from_secs(60), batch).await;

        assert!(outcome.is_err());
    }
}
