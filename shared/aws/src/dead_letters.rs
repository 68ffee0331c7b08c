//! Dead-letter queues: how many messages wait in one, and moving them back to where they came from.

use aws_sdk_sqs::{
    Client, error::DisplayErrorContext,
    operation::start_message_move_task::StartMessageMoveTaskError, types::QueueAttributeName,
};
use dealbridge_core::ports::PortError;

/// A dead-letter queue.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// What waits in a dead-letter queue.
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

/// The latest move of messages out of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTask {
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED` or `FAILED`.
    pub status: String,
    /// How many were moved.
    pub moved: u64,
    /// How many there were to move, as far as that was known at the start.
    pub total: Option<u64>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl MoveTask {
    /// Whether it has not come to its end.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "RUNNING" | "CANCELLING")
    }
}

/// What came of asking for a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveStarted {
    /// It has begun.
    Yes,
    /// One is under way already.
    UnderWay,
}

impl DeadLetterQueue {
    /// The queue at this URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// What waits in the queue. SQS counts approximately while messages come and go.
    ///
    /// # Errors
    /// When SQS does not answer.
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

    /// The latest move out of the queue, if SQS still knows of one.
    ///
    /// # Errors
    /// When SQS does not answer.
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

    /// Begins to move every message back to the queue whose dead letters these are.
    ///
    /// # Errors
    /// When SQS does not answer, or refuses for another reason than a move that is under way.
    pub async fn start_move(&self, arn: &str) -> Result<MoveStarted, PortError> {
        let sent = self
            .client
            .start_message_move_task()
            .source_arn(arn)
            // Named, for SQS does not know where a message came from that somebody put there by hand.
            .set_destination_arn(source_of(arn))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(MoveStarted::Yes),
            Err(error) => match error.as_service_error() {
                // SQS has one code for all that it will not do; who started the other task is in its words alone.
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

/// The queue whose dead letters a queue holds, by the names that both have (template.yaml).
fn source_of(arn: &str) -> Option<String> {
    arn.strip_suffix("-dlq").map(str::to_owned)
}

fn port_error(operation: &str, error: &dyn std::error::Error) -> PortError {
    PortError {
        operation: operation.to_owned(),
        detail: DisplayErrorContext(error).to_string(),
    }
}
