//! Sending requests: each is counted and ended by its deadline.

mod error;

use dealbridge_core::{budget::Purpose, salesforce::SalesforceError};
pub(crate) use error::TransportError;
use reqwest::RequestBuilder;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::Answer,
    api_usage::{CallKind, Counters},
    clock::Clock,
    gate::CallGate,
    retry::{Jitter, RetryPolicy},
};

/// The client and the bounds with which every request is sent.
#[derive(Clone, Copy)]
pub(crate) struct Transport<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) counters: &'a Counters,
    pub(crate) policy: RetryPolicy,
    /// The moment at which whoever waits for the call gives up.
    pub(crate) until: Option<Instant>,
    pub(crate) jitter: &'a Jitter,
    /// The purpose that the calls are counted under.
    pub(crate) purpose: Purpose,
    /// The budget that the calls are held to.
    pub(crate) gate: Option<&'a CallGate>,
    pub(crate) clock: &'a Clock,
}

impl Transport<'_> {
    /// Lets a call pass, unless the budget leaves none.
    pub(crate) fn pass(&self) -> Result<(), SalesforceError> {
        match self.gate {
            Some(gate) => gate.pass(self.counters.allowance(), (self.clock)()),
            None => Ok(()),
        }
    }

    /// Sends one request, counts it, and reads its response to the end.
    pub(crate) async fn send(
        &self,
        kind: CallKind,
        request: RequestBuilder,
        deadline: Instant,
    ) -> Result<Answer, TransportError> {
        self.counters.count(kind, self.purpose, (self.clock)());
        let started = Instant::now();
        let exchange = async { Answer::read(request.send().await?).await };
        let outcome = timeout_at(deadline, exchange).await.unwrap_or_else(|_| {
            Err(TransportError {
                detail: "no answer in time".to_owned(),
                may_have_arrived: true,
            })
        });
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(answer) => {
                tracing::debug!(
                    salesforce.call = kind.name(),
                    http.status = answer.status,
                    duration_ms,
                    "Called Salesforce"
                );
                if let Some(limit) = answer.limit {
                    self.counters.saw_limit(limit, (self.clock)());
                }
            }
            Err(error) => tracing::debug!(
                salesforce.call = kind.name(),
                duration_ms,
                error = error.detail,
                "Called Salesforce in vain"
            ),
        }
        outcome
    }
}
