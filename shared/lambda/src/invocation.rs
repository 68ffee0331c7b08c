//! One invocation of a function, wherever it runs: Lambda's main, the local product and the tests are three small callers.

use std::future::Future;

use futures::future::BoxFuture;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

/// What a function is told beside its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// When the function will be stopped; none where nothing stops it.
    pub deadline: Option<Timestamp>,
}

/// A function: an event in, an answer out, both JSON.
pub trait Function: Send + Sync {
    /// Handles one event.
    ///
    /// # Errors
    /// When the event is to be delivered again.
    fn handle(
        &self,
        event: Value,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Value, Error>> + Send;
}

/// Serves a function on Lambda's Runtime API.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn run<F: Function>(function: F) -> Result<(), Error> {
    let function = &function;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = i64::try_from(event.context.deadline)
            .ok()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        // Type-erased: the state of a whole import is large, and the runtime's own futures wrap it many times over.
        let handling: BoxFuture<'_, Result<Value, Error>> =
            Box::pin(function.handle(event.payload, Invocation { deadline }));
        handling.await
    }))
    .await
}
