//! Receiving: what is handed out, hidden, or given up to the dead-letter queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::attributes::{MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS};
use crate::change::Change;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::message::{AttributeValue, Message, attributes_md5};
use crate::queue::{Delivery, Entry, MessageKey, Origin, Queue, QueueId};
use crate::receipt::Receipt;
use crate::state::State;

const MAX_MESSAGES: i64 = 10;
/// Who all messages here are said to come from.
const SENDER: &str = "AIDALOCALSENDER000000";
const SYSTEM_ATTRIBUTES: [&str; 8] = [
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "All",
];
/// Names that exist, and have no value on a standard queue.
const FIFO_ATTRIBUTES: [&str; 2] = ["MessageDeduplicationId", "SequenceNumber"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveMessage {
    queue_url: Option<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Received {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<ReceivedMessage>,
}

impl Received {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

#[derive(Debug, Serialize)]
struct ReceivedMessage {
    #[serde(rename = "MessageId")]
    message_id: String,
    #[serde(rename = "ReceiptHandle")]
    receipt_handle: String,
    #[serde(rename = "Body", serialize_with = "body")]
    message: Arc<Message>,
    #[serde(rename = "MD5OfBody")]
    body_md5: String,
    #[serde(rename = "Attributes", skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(
        rename = "MessageAttributes",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    message_attributes: BTreeMap<String, AttributeValue>,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    message_attributes_md5: Option<String>,
}

fn body<S: serde::Serializer>(message: &Arc<Message>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&message.body)
}

/// A receive request that has been checked against its queue.
pub(crate) struct Reception {
    pub(crate) queue: QueueId,
    pub(crate) wait_seconds: u32,
    most: usize,
    visibility_seconds: u32,
    attributes: Vec<String>,
    message_attributes: Vec<String>,
}

impl Reception {
    pub(crate) fn check(state: &State, request: ReceiveMessage) -> Result<Self, QueueError> {
        let record = &state.by_url(request.queue_url.as_deref())?.record;
        let settings = &record.attributes;
        let most = request.max_number_of_messages.unwrap_or(1);
        if !(1..=MAX_MESSAGES).contains(&most) {
            return Err(QueueError::parameter(
                most,
                "MaxNumberOfMessages",
                "Must be between 1 and 10, if provided.",
            ));
        }
        let mut attributes = request.attribute_names;
        attributes.extend(request.message_system_attribute_names);
        if let Some(unknown) = attributes.iter().find(|name| {
            !SYSTEM_ATTRIBUTES.contains(&name.as_str()) && !FIFO_ATTRIBUTES.contains(&name.as_str())
        }) {
            return Err(QueueError::new(
                ErrorKind::InvalidAttributeName,
                format!("Unknown Attribute {unknown}."),
            ));
        }
        Ok(Self {
            queue: record.id,
            wait_seconds: seconds(
                request.wait_time_seconds,
                "WaitTimeSeconds",
                MAX_WAIT_SECONDS,
            )?
            .unwrap_or(settings.wait_seconds),
            most: usize::try_from(most).unwrap_or(1),
            visibility_seconds: seconds(
                request.visibility_timeout,
                "VisibilityTimeout",
                MAX_VISIBILITY_SECONDS,
            )?
            .unwrap_or(settings.visibility_seconds),
            attributes,
            message_attributes: request.message_attribute_names,
        })
    }
}

pub(crate) fn seconds(
    value: Option<i64>,
    parameter: &str,
    most: u32,
) -> Result<Option<u32>, QueueError> {
    let Some(value) = value else {
        return Ok(None);
    };
    u32::try_from(value)
        .ok()
        .filter(|seconds| *seconds <= most)
        .map(Some)
        .ok_or_else(|| {
            QueueError::parameter(
                value,
                parameter,
                &format!("Must be >= 0 and <= {most}, if provided."),
            )
        })
}

/// The fate of the ready messages that one receive looks at.
#[derive(Default)]
struct Picked {
    deliver: Vec<MessageKey>,
    give_up: Vec<GivenUp>,
}

/// A message that has been received as often as its queue allows.
struct GivenUp {
    key: MessageKey,
    message: Arc<Message>,
    delivery: Delivery,
}

/// Hands out what is ready as of `now`; nothing ready is an empty answer.
pub(crate) fn take(
    state: &mut State,
    now: Moment,
    want: &Reception,
) -> Result<Received, QueueError> {
    state.settle(want.queue, now)?;
    let queue = state.queue(want.queue)?;
    if queue.counts().in_flight >= state.in_flight_limit {
        return Err(QueueError::new(
            ErrorKind::OverLimit,
            format!(
                "Too many messages in flight: {} of at most {}.",
                queue.counts().in_flight,
                state.in_flight_limit
            ),
        ));
    }
    let source_arn = state.identity.arn(&queue.record.name);
    let dead_letters = queue.record.attributes.redrive.as_ref().and_then(|policy| {
        let target = state.by_arn(&policy.dead_letter_target_arn)?;
        Some((target.record.id, policy.max_receive_count))
    });
    let picked = pick(queue, want.most, dead_letters.map(|(_, limit)| limit));

    let mut changes = Vec::with_capacity(picked.deliver.len());
    if let Some((target, _)) = dead_letters {
        for given_up in picked.give_up {
            changes.push(Change::Gone {
                queue: want.queue,
                key: given_up.key,
            });
            changes.push(bury(state, now, target, &source_arn, given_up));
        }
    }
    for key in &picked.deliver {
        changes.extend(duplicate(state, now, want.queue, *key));
        changes.push(Change::Received {
            queue: want.queue,
            key: *key,
            at: now,
            until: now.after_seconds(want.visibility_seconds),
        });
    }
    state.commit(changes)?;

    let queue = state.queue(want.queue)?;
    let messages = picked
        .deliver
        .into_iter()
        .filter_map(|key| Some(describe(want, key, queue.entry(key)?)))
        .collect();
    Ok(Received { messages })
}

fn pick(queue: &Queue, most: usize, limit: Option<u32>) -> Picked {
    let mut picked = Picked::default();
    for (key, entry) in queue.ready() {
        if picked.deliver.len() == most {
            break;
        }
        if limit.is_some_and(|limit| entry.delivery.receive_count >= limit) {
            picked.give_up.push(GivenUp {
                key,
                message: Arc::clone(&entry.message),
                delivery: entry.delivery,
            });
        } else {
            picked.deliver.push(key);
        }
    }
    picked
}

/// The arrival in the dead-letter queue. Id, time of sending and counts stay as they were.
fn bury(
    state: &mut State,
    now: Moment,
    target: QueueId,
    source_arn: &str,
    given_up: GivenUp,
) -> Change {
    let message = &given_up.message;
    Change::Arrived {
        queue: target,
        key: state.fresh_key(),
        message: Arc::new(Message {
            id: message.id,
            body: message.body.clone(),
            body_md5: message.body_md5.clone(),
            extras: message.extras.clone(),
            sent_at: message.sent_at,
            source_arn: Some(source_arn.to_owned()),
        }),
        delivery: Delivery {
            available_at: now,
            ..given_up.delivery
        },
        at: now,
    }
}

/// The second copy of a message, when disorder calls for one.
fn duplicate(state: &mut State, now: Moment, queue: QueueId, key: MessageKey) -> Option<Change> {
    let entry = state.queue(queue).ok()?.entry(key)?;
    if entry.delivery.origin == Origin::Copy {
        return None;
    }
    let (message, delivery) = (Arc::clone(&entry.message), entry.delivery);
    let after = state.duplicate()?;
    Some(Change::Arrived {
        queue,
        key: state.fresh_key(),
        message,
        delivery: Delivery {
            available_at: now.after_seconds(after),
            origin: Origin::Copy,
            ..delivery
        },
        at: now,
    })
}

fn describe(want: &Reception, key: MessageKey, entry: &Entry) -> ReceivedMessage {
    let message = &entry.message;
    let message_attributes: BTreeMap<String, AttributeValue> = match want.message_attributes.len() {
        0 => BTreeMap::new(),
        _ => message
            .extras
            .attributes
            .iter()
            .filter(|(name, _)| {
                want.message_attributes
                    .iter()
                    .any(|filter| matches(filter, name))
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    };
    ReceivedMessage {
        message_id: message.id.to_string(),
        receipt_handle: Receipt {
            queue: want.queue,
            key,
            message: message.id,
            delivery: entry.delivery.receive_count,
        }
        .encode(),
        body_md5: message.body_md5.clone(),
        attributes: system_attributes(&want.attributes, entry),
        message_attributes_md5: attributes_md5(&message_attributes),
        message_attributes,
        message: Arc::clone(message),
    }
}

fn system_attributes(wanted: &[String], entry: &Entry) -> BTreeMap<&'static str, String> {
    let (message, delivery) = (&entry.message, &entry.delivery);
    let value = |name: &str| match name {
        "ApproximateFirstReceiveTimestamp" => delivery
            .first_received_at
            .map(|at| at.as_millis().to_string()),
        "ApproximateReceiveCount" => Some(delivery.receive_count.to_string()),
        "AWSTraceHeader" => message.extras.trace_header.clone(),
        "DeadLetterQueueSourceArn" => message.source_arn.clone(),
        "MessageGroupId" => message.extras.group.clone(),
        "SenderId" => Some(SENDER.to_owned()),
        "SentTimestamp" => Some(message.sent_at.as_millis().to_string()),
        _ => None,
    };
    let all = wanted.iter().any(|name| name == "All");
    SYSTEM_ATTRIBUTES
        .into_iter()
        .filter(|name| all || wanted.iter().any(|wanted| wanted == name))
        .filter_map(|name| Some((name, value(name)?)))
        .collect()
}

/// Returns whether a filter such as `All`, `.*`, `prefix.*` or a whole name lets a name through.
fn matches(filter: &str, name: &str) -> bool {
    match (filter, filter.strip_suffix(".*")) {
        ("All" | ".*", _) => true,
        (_, Some(prefix)) => name.starts_with(prefix),
        (whole, None) => whole == name,
    }
}
