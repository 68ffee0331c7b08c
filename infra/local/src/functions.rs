//! Lambda's part: an event and a deadline in, an answer out, both as JSON; invocations are counted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dealbridge_core::ports::Clock;
use dealbridge_lambda::{Function, Invocation};
use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;

/// How often each function was invoked.
#[derive(Clone, Debug, Default)]
pub struct Invocations(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Invocations {
    fn count(&self, name: &'static str) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default() += 1;
    }

    /// The counts so far.
    #[must_use]
    pub fn by_function(&self) -> BTreeMap<&'static str, u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

type Call =
    Arc<dyn Fn(Value, Invocation) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// One function, ready to be invoked.
#[derive(Clone)]
pub struct Invoker {
    name: &'static str,
    call: Call,
    clock: Arc<dyn Clock>,
    invocations: Invocations,
}

impl Invoker {
    /// Makes a function invokable under its name.
    pub fn new<F: Function + 'static>(
        name: &'static str,
        function: F,
        clock: Arc<dyn Clock>,
        invocations: Invocations,
    ) -> Self {
        let function = Arc::new(function);
        let call: Call = Arc::new(move |event, invocation| {
            let function = Arc::clone(&function);
            async move {
                function
                    .handle(event, invocation)
                    .await
                    .map_err(|error| error.to_string())
            }
            .boxed()
        });
        Self {
            name,
            call,
            clock,
            invocations,
        }
    }

    /// Invokes the function. It is stopped when its time is over, as Lambda would.
    ///
    /// # Errors
    /// What the function failed with, that it panicked, or that its time was over.
    pub async fn call(&self, event: Value, timeout: Duration) -> Result<Value, String> {
        self.invocations.count(self.name);
        let deadline = self.clock.now().checked_add(timeout).ok();
        let task = tokio::spawn((self.call)(event, Invocation { deadline }));
        let abort = task.abort_handle();
        match tokio::time::timeout(timeout, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => Err(format!("{} ended without an answer: {failure}", self.name)),
            Err(_) => {
                abort.abort();
                Err(format!(
                    "{} did not answer within {} s",
                    self.name,
                    timeout.as_secs()
                ))
            }
        }
    }
}
