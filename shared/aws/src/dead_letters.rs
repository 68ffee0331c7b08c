//! Dead-letter queues: counting, reading, discarding and redriving their messages.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    error::DisplayErrorContext,
    operation::start_message_move_task::StartMessageMoveTaskError,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
        QueueAttributeName,
    },
};
use dealbridge_core::ports::PortError;
use jiff::Timestamp;

/// The most messages that one `ReceiveMessage` returns.
const AT_ONCE: i32 = 10;
/// Visibility timeout of messages that are being read, in case the read never ends.
const HIDDEN_SECONDS: i32 = 20;
/// Empty responses in a row after which a queue counts as read: each `ReceiveMessage` samples only some of SQS's
/// servers.
const EMPTY: usize = 2;
/// `ReceiveMessage` requests of one search for a message.
const REQUESTS: usize = 60;

/// A dead-letter queue.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// The message counts of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// The queue's ARN.
    pub arn: String,
    /// Messages that can be replayed.
    pub messages: u64,
    /// Messages that somebody has received and not deleted.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
}

/// A message of a dead-letter queue, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The message id that SQS assigned.
    pub id: String,
    /// The time at which it was first sent, to the source queue.
    pub sent_at: Option<Timestamp>,
    /// The number of times it was received, this one included.
    pub receives: u32,
    /// Its body.
    pub body: String,
}

/// The latest message move task (redrive) of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTask {
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED` or `FAILED`.
    pub status: String,
    /// The number of messages moved.
    pub moved: u64,
    /// The number of messages to move, as far as it was known at the start.
    pub total: Option<u64>,
    /// The reason for a failure.
    pub failure: Option<String>,
}

impl MoveTask {
    /// Returns `true` until the task has ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "RUNNING" | "CANCELLING")
    }
}

/// The result of starting a move task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveStarted {
    /// It is started.
    Yes,
    /// Another one is running.
    UnderWay,
}

impl DeadLetterQueue {
    /// The queue at this URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Counts the messages of the queue. The counts are approximate while messages come and go.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer.
    pub async fn look(&self) -> Result<DeadLetters, PortError> {
        let operation = "GetQueueAttributes";
        let (arn, messages, in_flight, delayed) = (
            QueueAttributeName::QueueArn,
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        );
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(arn.clone())
            .attribute_names(messages.clone())
            .attribute_names(in_flight.clone())
            .attribute_names(delayed.clone())
            .send()
            .await
            .map_err(|error| port_error(operation, &error))?;
        let text = |name: &QueueAttributeName| {
            let attributes = answer.attributes.as_ref();
            attributes.and_then(|attributes| attributes.get(name))
        };
        let count = |name| text(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let missing = || PortError {
            operation: operation.to_owned(),
            detail: "the answer has no QueueArn".to_owned(),
        };
        Ok(DeadLetters {
            arn: text(&arn).cloned().ok_or_else(missing)?,
            messages: count(&messages),
            in_flight: count(&in_flight),
            delayed: count(&delayed),
        })
    }

    /// Reads the first so many messages of the queue, oldest first. They stay in the queue: each is hidden from other
    /// receivers only while it is read, and its receive count grows by one.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer.
    pub async fn letters(&self, most: usize) -> Result<Vec<Letter>, PortError> {
        let held = self.hold(|held| held.len() >= most).await?;
        self.release(held.values()).await?;
        let mut letters: Vec<Letter> = held.values().map(letter).collect();
        letters.sort_by(|one, other| (one.sent_at, &one.id).cmp(&(other.sent_at, &other.id)));
        letters.truncate(most);
        Ok(letters)
    }

    /// Deletes one message for good. Returns `None` if the queue does not hold it, or if another receiver has it.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer.
    pub async fn discard(&self, id: &str) -> Result<Option<Letter>, PortError> {
        let mut held = self.hold(|held| held.contains_key(id)).await?;
        let found = held.remove(id);
        self.release(held.values()).await?;
        let Some(message) = found else {
            return Ok(None);
        };
        self.client
            .delete_message()
            .queue_url(&self.url)
            .set_receipt_handle(message.receipt_handle.clone())
            .send()
            .await
            .map_err(|error| port_error("DeleteMessage", &error))?;
        Ok(Some(letter(&message)))
    }

    /// Receives until there is enough or nothing left. The messages must be released afterwards.
    async fn hold(
        &self,
        is_enough: impl Fn(&BTreeMap<String, Message>) -> bool,
    ) -> Result<BTreeMap<String, Message>, PortError> {
        let mut held = BTreeMap::new();
        let mut empty = 0;
        for _ in 0..REQUESTS {
            if is_enough(&held) || empty == EMPTY {
                break;
            }
            let received = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(AT_ONCE)
                .visibility_timeout(HIDDEN_SECONDS)
                .wait_time_seconds(0)
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
                .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
                .send()
                .await;
            let messages = match received {
                Ok(answer) => answer.messages.unwrap_or_default(),
                Err(error) => {
                    let error = port_error("ReceiveMessage", &error);
                    // If this fails too, the messages become visible by themselves.
                    let _ = self.release(held.values()).await;
                    return Err(error);
                }
            };
            empty = if messages.is_empty() { empty + 1 } else { 0 };
            for message in messages {
                held.insert(message.message_id.clone().unwrap_or_default(), message);
            }
        }
        Ok(held)
    }

    /// Makes the messages visible to other receivers at once.
    async fn release(&self, held: impl Iterator<Item = &Message>) -> Result<(), PortError> {
        let messages: Vec<&Message> = held.collect();
        for chunk in messages.chunks(10) {
            let entries = chunk
                .iter()
                .enumerate()
                .map(|(at, message)| {
                    ChangeMessageVisibilityBatchRequestEntry::builder()
                        .id(at.to_string())
                        .set_receipt_handle(message.receipt_handle.clone())
                        .visibility_timeout(0)
                        .build()
                })
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| port_error("ChangeMessageVisibilityBatch", &error))?;
            self.client
                .change_message_visibility_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| port_error("ChangeMessageVisibilityBatch", &error))?;
        }
        Ok(())
    }

    /// Returns the latest move task of the queue, if SQS remembers one.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer.
    pub async fn latest_move(&self, arn: &str) -> Result<Option<MoveTask>, PortError> {
        let answer = self
            .client
            .list_message_move_tasks()
            .source_arn(arn)
            .max_results(1)
            .send()
            .await
            .map_err(|error| port_error("ListMessageMoveTasks", &error))?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(answer.results().first().map(|task| MoveTask {
            status: task.status().unwrap_or_default().to_owned(),
            moved: count(task.approximate_number_of_messages_moved()),
            total: task.approximate_number_of_messages_to_move().map(count),
            failure: task.failure_reason().map(str::to_owned),
        }))
    }

    /// Starts moving every message back to the source queue.
    ///
    /// # Errors
    /// Returns an error if SQS does not answer, or refuses for another reason than a running task.
    pub async fn start_move(&self, arn: &str) -> Result<MoveStarted, PortError> {
        let sent = self
            .client
            .start_message_move_task()
            .source_arn(arn)
            // Explicit, since SQS does not know the source of a message that somebody sent to the dead-letter queue
            // directly.
            .set_destination_arn(source_of(arn))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(MoveStarted::Yes),
            Err(error) => match error.as_service_error() {
                // SQS has one code for everything that it does not support; only the message tells that a task is
                // running.
                Some(StartMessageMoveTaskError::UnsupportedOperation(_)) => {
                    match self.latest_move(arn).await? {
                        Some(task) if task.is_active() => Ok(MoveStarted::UnderWay),
                        _ => Err(port_error("StartMessageMoveTask", &error)),
                    }
                }
                _ => Err(port_error("StartMessageMoveTask", &error)),
            },
        }
    }
}

fn letter(message: &Message) -> Letter {
    let attribute = |name: &MessageSystemAttributeName| {
        let attributes = message.attributes.as_ref();
        attributes.and_then(|attributes| attributes.get(name))
    };
    let sent = attribute(&MessageSystemAttributeName::SentTimestamp);
    let receives = attribute(&MessageSystemAttributeName::ApproximateReceiveCount);
    Letter {
        id: message.message_id.clone().unwrap_or_default(),
        sent_at: sent
            .and_then(|text| text.parse().ok())
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        receives: receives.and_then(|text| text.parse().ok()).unwrap_or(0),
        body: message.body.clone().unwrap_or_default(),
    }
}

/// The source queue of a dead-letter queue, derived from its name as template.yaml forms it.
fn source_of(arn: &str) -> Option<String> {
    arn.strip_suffix("-dlq").map(str::to_owned)
}

fn port_error(operation: &str, error: &dyn std::error::Error) -> PortError {
    PortError {
        operation: operation.to_owned(),
        detail: DisplayErrorContext(error).to_string(),
    }
}
