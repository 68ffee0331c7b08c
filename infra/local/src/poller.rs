//! Lambda's event source mapping for SQS: gathers a batch, invokes the function, deletes what it did not give back.

use std::{collections::HashSet, sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use tracing::warn;

use crate::{functions::Invoker, template::QueueSetup};

/// SQS's bound on messages per request.
const MAX_RECEIVED_MESSAGES: usize = 10;
/// The longest that SQS lets a receive wait.
const LONG_POLL_SECONDS: i32 = 20;

/// One queue's consumer.
pub struct Poller {
    /// The client.
    pub client: Client,
    /// The queue.
    pub url: String,
    /// The queue's ARN, as events name it.
    pub arn: String,
    /// Batch size, window, concurrency, timeout.
    pub setup: QueueSetup,
    /// The function.
    pub invoker: Invoker,
}

impl Poller {
    /// Polls until the task is dropped, which also stops what it invoked.
    pub async fn run(self) {
        let poller = Arc::new(self);
        let permits = Arc::new(Semaphore::new(poller.setup.concurrency));
        let mut invoked = JoinSet::new();
        loop {
            // A batch is gathered only when a function is free for it: messages must not wait in flight.
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            let batch = poller.gather().await;
            let poller = Arc::clone(&poller);
            while invoked.try_join_next().is_some() {}
            invoked.spawn(async move {
                poller.invoke(batch).await;
                drop(permit);
            });
        }
    }

    /// Receives until the batch is full, or the window after its first message has passed.
    async fn gather(&self) -> Vec<Message> {
        let mut batch: Vec<Message> = Vec::new();
        let mut window_ends: Option<Instant> = None;
        loop {
            let wait = match window_ends {
                None => LONG_POLL_SECONDS,
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return batch;
                    }
                    // Receives wait whole seconds; the window may be overrun by less than one.
                    i32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(LONG_POLL_SECONDS)
                }
            };
            match self
                .receive(self.setup.batch_size - batch.len(), wait)
                .await
            {
                Ok(messages) => batch.extend(messages),
                Err(problem) => {
                    warn!("Could not receive from {}: {problem}", self.setup.queue);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            if batch.len() >= self.setup.batch_size
                || (!batch.is_empty() && self.setup.window_seconds == 0)
            {
                return batch;
            }
            if window_ends.is_none() && !batch.is_empty() {
                window_ends = Some(Instant::now() + Duration::from_secs(self.setup.window_seconds));
            }
        }
    }

    async fn receive(&self, room: usize, wait_seconds: i32) -> Result<Vec<Message>, String> {
        let most = i32::try_from(room.min(MAX_RECEIVED_MESSAGES)).unwrap_or(1);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(most)
            .wait_time_seconds(wait_seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        answer
            .map(|answer| answer.messages.unwrap_or_default())
            .map_err(|error| aws_sdk_sqs::error::DisplayErrorContext(&error).to_string())
    }

    async fn invoke(&self, batch: Vec<Message>) {
        let event = json!({ "Records": batch.iter().map(|message| self.record(message)).collect::<Vec<_>>() });
        // A function that fails, or whose answer cannot be read, gives back the whole batch.
        let failures = match self
            .invoker
            .call(event, Duration::from_secs(self.setup.timeout_seconds))
            .await
        {
            Ok(answer) => failures(&answer),
            Err(problem) => {
                warn!(
                    "The function behind {} failed, its batch of {} goes back: {problem}",
                    self.setup.queue,
                    batch.len()
                );
                None
            }
        };
        let Some(failures) = failures else { return };
        let done: Vec<&Message> = batch
            .iter()
            .filter(|message| !failures.contains(message.message_id().unwrap_or_default()))
            .collect();
        stream::iter(done.chunks(MAX_RECEIVED_MESSAGES).map(<[&Message]>::to_vec))
            .for_each_concurrent(4, |chunk| self.delete(chunk))
            .await;
    }

    fn record(&self, message: &Message) -> Value {
        let attributes = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str())));
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes.collect::<serde_json::Map<_, _>>(),
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": dealbridge_aws::config::LOCAL_REGION,
        })
    }

    async fn delete(&self, messages: Vec<&Message>) {
        let entry = |(at, message): (usize, &&Message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
                .ok()
        };
        let entries: Vec<_> = messages.iter().enumerate().filter_map(entry).collect();
        // A message that is not deleted is delivered again, and its repeat changes nothing.
        if let Err(error) = self
            .client
            .delete_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
        {
            warn!(
                "Could not delete messages from {}: {}",
                self.setup.queue,
                aws_sdk_sqs::error::DisplayErrorContext(&error)
            );
        }
    }
}

/// The ids that the function gives back. An answer in any other form counts as a failure of the whole batch, as in Lambda.
fn failures(answer: &Value) -> Option<HashSet<String>> {
    let failures = answer.get("batchItemFailures")?.as_array()?;
    failures
        .iter()
        .map(|failure| {
            failure
                .get("itemIdentifier")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .collect()
}
