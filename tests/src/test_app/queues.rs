//! Receiving, delivering and deleting messages step by step.

use std::{collections::HashSet, sync::Arc};

use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    SendMessageBatchRequestEntry,
};
use dealbridge_core::message::ImportRequest;
use dealbridge_lambda::Function;
use serde_json::{Value, json};
use sqs_server::{QueueHandle, QueueOptions, QueueServer};

use super::{IMPORTS, SYNC_REQUESTS, TestApp, UNLIMITED, VISIBILITY, WRITES};
use crate::clock::TestClock;

/// The largest batch of imports, as template.yaml has it.
pub(super) const BATCH: usize = 200;

/// Messages that were received together, hidden from others until they are deleted or their visibility timeout passes.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The messages.
    pub messages: Vec<Message>,
}

impl Delivery {
    /// The event that Lambda makes of them.
    #[must_use]
    pub fn event(&self) -> Value {
        let record = |message: &Message| {
            let attributes = message.attributes().into_iter().flatten();
            let attributes: serde_json::Map<String, Value> = attributes
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect();
            json!({
                "messageId": message.message_id(),
                "receiptHandle": message.receipt_handle(),
                "body": message.body(),
                "attributes": attributes,
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "awsRegion": "us-east-1",
            })
        };
        json!({ "Records": self.messages.iter().map(record).collect::<Vec<_>>() })
    }

    /// The messages that a function's answer does not report as failed.
    #[must_use]
    pub fn done(&self, answer: &Value) -> Self {
        let failures = answer["batchItemFailures"].as_array().unwrap().iter();
        let failed: HashSet<&str> = failures
            .map(|failure| failure["itemIdentifier"].as_str().unwrap())
            .collect();
        let messages = self.messages.iter();
        Self {
            messages: messages
                .filter(|message| !failed.contains(message.message_id().unwrap()))
                .cloned()
                .collect(),
        }
    }
}

/// Starts the queues, each with its dead-letter queue.
pub(super) async fn start(clock: &TestClock) -> QueueHandle {
    let options = QueueOptions {
        clock: Arc::new(clock.for_queues()),
        seed: Some(1),
        ..QueueOptions::default()
    };
    let queues = QueueServer::start(options).await.unwrap();
    for name in [SYNC_REQUESTS, IMPORTS, WRITES] {
        let dead_letters = format!("{name}-dlq");
        queues
            .ensure_queue(&dead_letters, &[("MessageRetentionPeriod", "1209600")])
            .unwrap();
        let redrive =
            json!({ "deadLetterTargetArn": queues.queue_arn(&dead_letters), "maxReceiveCount": 5 });
        let visibility = VISIBILITY.as_secs().to_string();
        let attributes = [
            ("VisibilityTimeout", visibility.as_str()),
            ("RedrivePolicy", &redrive.to_string()),
        ];
        queues.ensure_queue(name, &attributes).unwrap();
    }
    queues
}

/// An event of these bodies, each at its first delivery.
#[must_use]
pub fn event_of(bodies: &[String]) -> Value {
    let record = |(at, body): (usize, &String)| json!({ "messageId": format!("m{at}"), "body": body, "attributes": { "ApproximateReceiveCount": "1" } });
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

impl TestApp {
    /// Receives at most that many messages.
    pub async fn receive(&self, queue: &str, most: usize) -> Delivery {
        let mut delivery = Delivery::default();
        while delivery.messages.len() < most {
            let room = i32::try_from((most - delivery.messages.len()).min(10)).unwrap();
            let answer = self
                .hands
                .receive_message()
                .queue_url(self.queues.queue_url(queue))
                .max_number_of_messages(room)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await
                .unwrap();
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            delivery.messages.extend(messages);
        }
        delivery
    }

    /// Deletes messages that were received.
    pub async fn delete(&self, queue: &str, delivery: &Delivery) {
        for chunk in delivery.messages.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(at, message)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(message.receipt_handle().unwrap())
                    .build()
                    .unwrap()
            });
            let answer = self
                .hands
                .delete_message_batch()
                .queue_url(self.queues.queue_url(queue))
                .set_entries(Some(entries.collect()))
                .send()
                .await
                .unwrap();
            assert!(answer.failed().is_empty(), "{:?}", answer.failed());
        }
    }

    /// Sends bodies to a queue, whatever they contain.
    pub async fn send(&self, queue: &str, bodies: &[String]) {
        for chunk in bodies.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(at, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .message_body(body)
                    .build()
                    .unwrap()
            });
            let answer = self
                .hands
                .send_message_batch()
                .queue_url(self.queues.queue_url(queue))
                .set_entries(Some(entries.collect()))
                .send()
                .await
                .unwrap();
            assert!(answer.failed().is_empty(), "{:?}", answer.failed());
        }
    }

    /// Sends import requests to their queue.
    pub async fn send_requests(&self, requests: &[ImportRequest]) {
        let bodies: Vec<String> = requests
            .iter()
            .map(|request| serde_json::to_string(request).unwrap())
            .collect();
        self.send(IMPORTS, &bodies).await;
    }

    /// Returns the answer of the function behind a queue to an event.
    pub async fn answer(&self, queue: &str, event: Value) -> Value {
        let answer = if queue == IMPORTS {
            self.worker.handle(event, UNLIMITED).await
        } else {
            self.fan_out.handle(event, UNLIMITED).await
        };
        answer.unwrap()
    }

    /// Hands a delivery to the function behind its queue, and deletes the messages that did not fail. Returns the
    /// number of those that failed.
    pub async fn work(&self, queue: &str, delivery: &Delivery) -> usize {
        let answer = self.answer(queue, delivery.event()).await;
        let done = delivery.done(&answer);
        self.delete(queue, &done).await;
        delivery.messages.len() - done.messages.len()
    }

    /// Delivers the visible messages of both queues until there are none. Failed ones stay hidden until time passes.
    pub async fn deliver_all(&self) {
        loop {
            let request = self.receive(SYNC_REQUESTS, 1).await;
            if !request.messages.is_empty() {
                self.work(SYNC_REQUESTS, &request).await;
                continue;
            }
            let imports = self.receive(IMPORTS, self.batch).await;
            if imports.messages.is_empty() {
                return;
            }
            self.work(IMPORTS, &imports).await;
        }
    }

    /// Advances the clock until failed messages are visible again, and delivers them.
    pub async fn deliver_again(&self) {
        self.clock.advance(VISIBILITY);
        self.deliver_all().await;
    }

    /// The number of messages in a queue, visible or not.
    #[must_use]
    pub fn waiting(&self, queue: &str) -> u64 {
        self.queues
            .counts(queue)
            .map_or(0, |counts| u64::try_from(counts.total()).unwrap())
    }
}
