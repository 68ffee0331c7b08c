//! Sending to the queues.

use aws_config::SdkConfig;
use aws_sdk_sqs::{Client, error::DisplayErrorContext, types::SendMessageBatchRequestEntry};
use dealbridge_core::{
    message::{ImportRequest, SyncRequest},
    ports::{Backlog, ImportBacklog, ImportQueue, PortError, SyncRequestQueue},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::time::Duration;

use crate::{dead_letters::DeadLetterQueue, meter::Meter};

/// SQS's limit on messages per request.
const MAX_ENTRIES: usize = 10;
/// Requests in flight at once.
const CONCURRENT: usize = 8;
/// Attempts at messages that SQS did not accept.
const MAX_ATTEMPTS: u32 = 6;

/// An SQS client whose requests are counted.
#[must_use]
pub fn sqs_client(config: &SdkConfig, meter: Meter) -> Client {
    Client::from_conf(
        aws_sdk_sqs::config::Builder::from(config)
            .interceptor(meter)
            .build(),
    )
}

/// A queue to send messages to.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    url: String,
}

impl Sender {
    /// The queue at this URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends one message per value, ten per request.
    ///
    /// # Errors
    /// Returns an error if SQS has not accepted all of them after some retries. Others may have been sent.
    pub async fn send_all<T: Serialize + Sync>(&self, values: &[T]) -> Result<(), PortError> {
        let chunks: Vec<Result<Vec<SendMessageBatchRequestEntry>, PortError>> =
            values.chunks(MAX_ENTRIES).map(entries).collect();
        stream::iter(chunks)
            .map(|chunk| async { self.send_chunk(chunk?).await })
            .buffer_unordered(CONCURRENT)
            .try_collect::<()>()
            .await
    }

    /// Counts the messages of the queue: visible, in flight or delayed. The count is approximate while messages come
    /// and go.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer.
    pub async fn messages(&self) -> Result<u64, PortError> {
        let queue = DeadLetterQueue::new(self.client.clone(), self.url.clone());
        let held = queue.look().await?;
        Ok(held.messages + held.in_flight + held.delayed)
    }

    async fn send_chunk(
        &self,
        mut entries: Vec<SendMessageBatchRequestEntry>,
    ) -> Result<(), PortError> {
        let operation = "SendMessageBatch";
        let mut refusal = String::new();
        for round in 0..MAX_ATTEMPTS {
            let answer = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.clone()))
                .send()
                .await;
            let answer = answer.map_err(|error| PortError {
                operation: operation.to_owned(),
                detail: DisplayErrorContext(&error).to_string(),
            })?;
            // A response with status 200 may still name entries that failed.
            let failed = answer.failed();
            if failed.is_empty() {
                return Ok(());
            }
            refusal = failed
                .iter()
                .map(|entry| format!("{}: {}", entry.code(), entry.message().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join("; ");
            if failed.iter().any(|entry| entry.sender_fault()) {
                break;
            }
            entries.retain(|entry| failed.iter().any(|failed| failed.id() == entry.id()));
            tokio::time::sleep(Duration::from_millis(50 << round)).await;
        }
        Err(PortError {
            operation: operation.to_owned(),
            detail: format!("SQS did not take {} messages: {refusal}", entries.len()),
        })
    }
}

fn entries<T: Serialize>(values: &[T]) -> Result<Vec<SendMessageBatchRequestEntry>, PortError> {
    let entry = |(at, value): (usize, &T)| {
        let error = |detail: String| PortError {
            operation: "writing a message".to_owned(),
            detail,
        };
        let body = serde_json::to_string(value).map_err(|failure| error(failure.to_string()))?;
        SendMessageBatchRequestEntry::builder()
            .id(at.to_string())
            .message_body(body)
            .build()
            .map_err(|failure| error(failure.to_string()))
    };
    values.iter().enumerate().map(entry).collect()
}

/// The imports queue and its dead-letter queue, for counting their messages.
#[derive(Clone, Debug)]
pub struct SqsBacklog {
    queue: Sender,
    dead_letters: Sender,
}

impl SqsBacklog {
    /// The backlog of these two queues.
    #[must_use]
    pub fn new(queue: Sender, dead_letters: Sender) -> Self {
        Self {
            queue,
            dead_letters,
        }
    }
}

impl ImportBacklog for SqsBacklog {
    async fn backlog(&self) -> Result<Backlog, PortError> {
        Ok(Backlog {
            queued: self.queue.messages().await?,
            dead: self.dead_letters.messages().await?,
        })
    }
}

/// The imports queue.
#[derive(Clone, Debug)]
pub struct SqsImports(pub SqsBacklog);

impl ImportBacklog for SqsImports {
    async fn backlog(&self) -> Result<Backlog, PortError> {
        self.0.backlog().await
    }
}

impl ImportQueue for SqsImports {
    async fn send(&self, requests: &[ImportRequest]) -> Result<(), PortError> {
        self.0.queue.send_all(requests).await
    }
}

/// The sync-requests queue.
#[derive(Clone, Debug)]
pub struct SqsSyncRequests(pub Sender);

impl SyncRequestQueue for SqsSyncRequests {
    async fn send(&self, request: &SyncRequest) -> Result<(), PortError> {
        self.0.send_all(std::slice::from_ref(request)).await
    }
}
