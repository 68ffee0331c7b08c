//! SQS batches: each message is decoded, and succeeds or fails, by itself.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use dealbridge_core::{
    Queue,
    code::Code,
    finding::Finding,
    message::{self, Disposition},
    ports::Delivery,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::error;

/// A message with its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<T> {
    /// The message id that SQS assigned.
    pub id: String,
    /// The message.
    pub message: T,
    /// `First`, or `Repeated` if the queue has delivered it before.
    pub delivery: Delivery,
}

/// A batch, with the readable messages apart from the others.
#[derive(Debug)]
pub struct Batch<T> {
    /// The readable messages.
    pub received: Vec<Received<T>>,
    unreadable: Vec<Unreadable>,
}

/// A message that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    id: String,
    problem: String,
    delivery: Delivery,
}

/// Decodes each message of an event by itself: one bad body must not fail the others.
///
/// An unreadable message goes back to the queue and ends up in the dead-letter queue, where it can be seen.
///
/// # Errors
/// Returns an error if the event is not an SQS event.
pub fn batch<T: DeserializeOwned>(event: Value) -> Result<Batch<T>, serde_json::Error> {
    let event: SqsEvent = serde_json::from_value(event)?;
    let mut batch = Batch {
        received: Vec::with_capacity(event.records.len()),
        unreadable: Vec::new(),
    };
    for record in event.records {
        let id = record.message_id.clone().unwrap_or_default();
        match decode(record.body.as_deref()) {
            Ok(message) => batch.received.push(Received {
                id,
                message,
                delivery: delivery(&record),
            }),
            Err(problem) => {
                // The alarm on unreadable messages counts this event (template.yaml, MessagesUnreadable).
                error!(
                    event = "message_unreadable",
                    message.id = id,
                    "Could not read message {id}: {problem}"
                );
                batch.unreadable.push(Unreadable {
                    id,
                    problem,
                    delivery: delivery(&record),
                });
            }
        }
    }
    Ok(batch)
}

/// Decodes a message's body.
///
/// # Errors
/// Returns the reason why it cannot be decoded.
pub fn decode<T: DeserializeOwned>(body: Option<&str>) -> Result<T, String> {
    let body = body.ok_or("it has no body")?;
    let value: Value =
        serde_json::from_str(body).map_err(|error| format!("its body is not JSON: {error}"))?;
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(message::VERSION) => {}
        Some(version) => {
            return Err(format!(
                "its version is {version}, and this function reads version {}",
                message::VERSION
            ));
        }
        None => return Err("it has no version".to_owned()),
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn delivery(record: &SqsMessage) -> Delivery {
    match record
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse::<u32>().ok())
    {
        Some(0 | 1) | None => Delivery::First,
        Some(_) => Delivery::Repeated,
    }
}

impl<T> Batch<T> {
    /// The Integration Log's findings about unreadable messages: each at its first delivery, so that nobody has to wait
    /// for the dead-letter queue to hear of it.
    #[must_use]
    pub fn unreadable(&self, queue: Queue) -> Vec<Finding> {
        self.unreadable
            .iter()
            .filter(|message| message.delivery == Delivery::First)
            .map(|message| {
                let mut finding = Finding::new(Code::MessageUnreadable)
                    .value(format!("{}.", message.problem))
                    .details(format!("message {}", message.id));
                finding.context.field = queue.to_string();
                finding
            })
            .collect()
    }

    /// The partial batch response. It is typed, since an empty one would tell Lambda to delete the whole batch.
    ///
    /// # Errors
    /// Never returns an error in practice: the type can always be serialized.
    pub fn response(self, dispositions: &[Disposition]) -> Result<Value, serde_json::Error> {
        let retried = self
            .received
            .into_iter()
            .zip(dispositions)
            .filter(|(_, disposition)| **disposition == Disposition::Retry);
        let failures = self
            .unreadable
            .into_iter()
            .map(|message| message.id)
            .chain(retried.map(|(received, _)| received.id))
            .map(|item_identifier| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = item_identifier;
                failure
            });
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures.collect();
        serde_json::to_value(response)
    }
}

#[cfg(test)]
mod tests {
    use dealbridge_core::message::SyncRequest;
    use serde_json::json;

    use super::*;

    fn event(bodies: &[&str]) -> Value {
        let record = |(at, body): (usize, &&str)| json!({ "messageId": format!("m{at}"), "body": body, "attributes": { "ApproximateReceiveCount": (at + 1).to_string() } });
        json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
    }

    const GOOD: &str = r#"{"version":1,"run":"run-00000001","trigger":"manual"}"#;

    #[test]
    fn one_unreadable_message_fails_alone() {
        let bodies = [
            GOOD,
            "{",
            r#"{"version":2,"run":"run-00000001","trigger":"manual"}"#,
            r#"{"run":"x"}"#,
            GOOD,
        ];
        let batch = batch::<SyncRequest>(event(&bodies)).unwrap();

        assert_eq!(batch.received.len(), 2);
        assert_eq!(
            batch
                .received
                .iter()
                .map(|received| received.delivery)
                .collect::<Vec<_>>(),
            [Delivery::First, Delivery::Repeated]
        );
        let response = batch
            .response(&[Disposition::Done, Disposition::Retry])
            .unwrap();
        let failures: Vec<&str> = response["batchItemFailures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().unwrap())
            .collect();
        assert_eq!(failures, ["m1", "m2", "m3", "m4"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_at_its_first_delivery_alone() {
        let bodies = ["{", GOOD, r#"{"version":7}"#];
        let batch = batch::<SyncRequest>(event(&bodies)).unwrap();

        let said = batch.unreadable(Queue::SyncRequests);

        assert_eq!(said.len(), 1);
        let (message, suggestion) = said[0].sentences("");
        assert!(
            message.starts_with(
                "A message of the queue sync-requests cannot be read: its body is not JSON: "
            ),
            "{message}"
        );
        assert!(suggestion.contains("GET /dead-letters"));
        assert_eq!(said[0].details.as_deref(), Some("message m0"));
    }

    #[test]
    fn a_batch_without_failures_answers_with_an_empty_list_and_not_with_nothing() {
        let response = batch::<SyncRequest>(event(&[GOOD]))
            .unwrap()
            .response(&[Disposition::Done])
            .unwrap();

        assert_eq!(response, json!({ "batchItemFailures": [] }));
    }
}
