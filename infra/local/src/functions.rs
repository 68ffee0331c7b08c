//! Lambda's part: an event and a deadline in, an answer out, both as JSON; invocations are counted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dealbridge_core::ports::Clock;
use dealbridge_lambda::{Function, Invocation, handle};
use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;
use tokio::task::JoinSet;

/// The invocations of each function.
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

/// Why an invocation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function failed or panicked.
    #[error("{function} failed: {detail}")]
    Failed {
        /// The function.
        function: &'static str,
        /// Its words.
        detail: String,
    },
    /// Its time was over.
    #[error("{function} did not answer within {seconds} s")]
    TimedOut {
        /// The function.
        function: &'static str,
        /// The time it had.
        seconds: u64,
    },
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
        let (function, of_calls) = (Arc::new(function), Arc::clone(&clock));
        let call: Call = Arc::new(move |event, invocation| {
            let (function, clock) = (Arc::clone(&function), Arc::clone(&of_calls));
            async move {
                handle(&*function, event, invocation, &*clock)
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

    /// Invokes the function. It is stopped when its time is over, or when nobody waits for it any more.
    ///
    /// # Errors
    /// The failure of the function, its panic, or the end of its time.
    pub async fn call(&self, event: Value, timeout: Duration) -> Result<Value, InvokeError> {
        let function = self.name;
        self.invocations.count(function);
        let failed = |detail: String| InvokeError::Failed { function, detail };
        let deadline = self.clock.now().checked_add(timeout).ok();
        // A task of its own turns a panic into a failure of this invocation alone.
        let mut task = JoinSet::new();
        task.spawn((self.call)(event, Invocation { deadline }));
        match tokio::time::timeout(timeout, task.join_next()).await {
            Ok(Some(Ok(answer))) => answer.map_err(failed),
            Ok(Some(Err(end))) => Err(failed(end.to_string())),
            Ok(None) => Err(failed("it ended without an answer".to_owned())),
            Err(_) => Err(InvokeError::TimedOut {
                function,
                seconds: timeout.as_secs(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use dealbridge_lambda::SystemClock;
    use serde_json::json;

    use super::*;

    struct Sample;

    impl Function for Sample {
        async fn handle(
            &self,
            event: Value,
            invocation: Invocation,
        ) -> Result<Value, lambda_runtime::Error> {
            assert!(event != json!("panic"), "as asked");
            match event.as_str() {
                Some("fail") => Err("as asked".into()),
                Some("hang") => std::future::pending().await,
                _ => Ok(json!({ "has_deadline": invocation.deadline.is_some() })),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_a_panic_and_a_timeout_are_failures_of_one_invocation() {
        let invocations = Invocations::default();
        let sample = Invoker::new("sample", Sample, Arc::new(SystemClock), invocations.clone());
        let call = async |event: &str| sample.call(json!(event), Duration::from_secs(3)).await;

        assert_eq!(call("go").await, Ok(json!({ "has_deadline": true })));
        assert_eq!(
            call("fail").await.unwrap_err().to_string(),
            "sample failed: as asked"
        );
        assert!(matches!(
            call("panic").await,
            Err(InvokeError::Failed { .. })
        ));
        assert_eq!(
            call("hang").await.unwrap_err().to_string(),
            "sample did not answer within 3 s"
        );
        assert_eq!(invocations.by_function(), BTreeMap::from([("sample", 4)]));
    }
}
