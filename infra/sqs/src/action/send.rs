//! Sending, one message or a batch.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::batch::{self, BatchAnswer, BatchEntry};
use crate::attributes::{MAX_DELAY_SECONDS, MAX_MESSAGE_BYTES};
use crate::change::Change;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::message::{
    Extras, Message, MessageAttributes, attributes_md5, body_md5, check_attributes, check_body,
    size, take_trace_header, trace_header_md5,
};
use crate::queue::{Delivery, Origin, QueueId};
use crate::state::State;

const MAX_GROUP_CHARS: usize = 128;

/// A message to send: by itself, with its queue, or as an entry of a batch, with its id.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMessage {
    queue_url: Option<String>,
    id: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<MessageAttributes>,
    message_system_attributes: Option<MessageAttributes>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMessageBatch {
    queue_url: Option<String>,
    entries: Option<Vec<SendMessage>>,
}

impl BatchEntry for SendMessage {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    /// Of the entry, in a batch.
    #[serde(rename = "Id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "MessageId")]
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    body_md5: String,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    attributes_md5: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    system_attributes_md5: Option<String>,
}

/// The demands of a queue on a message, and the attributes it gives to it.
struct Terms {
    queue: QueueId,
    delay_seconds: u32,
    maximum_size: u32,
    now: Moment,
}

impl Terms {
    fn of(state: &State, url: Option<&str>, now: Moment) -> Result<Self, QueueError> {
        let record = &state.by_url(url)?.record;
        Ok(Self {
            queue: record.id,
            delay_seconds: record.attributes.delay_seconds,
            maximum_size: record.attributes.maximum_size,
            now,
        })
    }
}

pub(crate) fn one(
    state: &mut State,
    now: Moment,
    request: SendMessage,
) -> Result<Sent, QueueError> {
    let terms = Terms::of(state, request.queue_url.as_deref(), now)?;
    let (change, sent) = accept(state, &terms, request)?;
    state.settle(terms.queue, now)?;
    state.commit(vec![change])?;
    Ok(sent)
}

pub(crate) fn batch(
    state: &mut State,
    now: Moment,
    request: SendMessageBatch,
) -> Result<BatchAnswer<Sent>, QueueError> {
    let terms = Terms::of(state, request.queue_url.as_deref(), now)?;
    let entries = batch::check(request.entries)?;
    let total: usize = entries.iter().map(|(_, entry)| entry.size()).sum();
    if total > MAX_MESSAGE_BYTES as usize {
        return Err(QueueError::new(
            ErrorKind::BatchRequestTooLong,
            format!(
                "Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes. You have sent {total} \
                 bytes."
            ),
        ));
    }
    let mut answer = BatchAnswer::default();
    let mut changes = Vec::with_capacity(entries.len());
    for (id, entry) in entries {
        match accept(state, &terms, entry) {
            Ok((change, sent)) => {
                changes.push(change);
                answer.succeed(sent);
            }
            Err(error) => answer.fail(&id, &error),
        }
    }
    state.settle(terms.queue, now)?;
    state.commit(changes)?;
    Ok(answer)
}

impl SendMessage {
    fn size(&self) -> usize {
        let none = MessageAttributes::new();
        size(
            self.message_body.as_deref().unwrap_or_default(),
            self.message_attributes.as_ref().unwrap_or(&none),
        )
    }
}

/// Decides about one message: what would change, and what its sender would be told.
fn accept(
    state: &mut State,
    terms: &Terms,
    content: SendMessage,
) -> Result<(Change, Sent), QueueError> {
    let size = content.size();
    let body = content.message_body.unwrap_or_default();
    check_body(&body)?;
    let attributes = content.message_attributes.unwrap_or_default();
    check_attributes(&attributes)?;
    if size > terms.maximum_size as usize {
        return Err(QueueError::new(
            ErrorKind::InvalidParameterValue,
            format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
                terms.maximum_size
            ),
        ));
    }
    if let Some(id) = content.message_deduplication_id {
        return Err(QueueError::parameter(
            id,
            "MessageDeduplicationId",
            "The request include parameter that is not valid for this queue type.",
        ));
    }
    let extras = Extras {
        attributes,
        trace_header: take_trace_header(content.message_system_attributes)?,
        group: group(content.message_group_id)?,
    };
    let delay_seconds = delay(content.delay_seconds)?.unwrap_or(terms.delay_seconds);
    let message = Arc::new(Message {
        id: state.fresh_uuid(),
        body_md5: body_md5(&body),
        body,
        extras,
        sent_at: terms.now,
        source_arn: None,
    });
    let sent = Sent {
        id: content.id,
        message_id: message.id.to_string(),
        body_md5: message.body_md5.clone(),
        attributes_md5: attributes_md5(&message.extras.attributes),
        system_attributes_md5: trace_header_md5(&message.extras),
    };
    let change = Change::Arrived {
        queue: terms.queue,
        key: state.fresh_key(),
        message,
        delivery: Delivery {
            available_at: terms.now.after_seconds(delay_seconds),
            receive_count: 0,
            first_received_at: None,
            origin: Origin::Sent,
        },
        at: terms.now,
    };
    Ok((change, sent))
}

fn delay(seconds: Option<i64>) -> Result<Option<u32>, QueueError> {
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= MAX_DELAY_SECONDS)
        .map(Some)
        .ok_or_else(|| {
            QueueError::parameter(
                seconds,
                "DelaySeconds",
                "DelaySeconds must be >= 0 and <= 900.",
            )
        })
}

/// Standard queues take a group for fair sharing; it has no effect here beyond being told again.
fn group(id: Option<String>) -> Result<Option<String>, QueueError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let well_formed =
        (1..=MAX_GROUP_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if well_formed {
        return Ok(Some(id));
    }
    Err(QueueError::parameter(
        id,
        "MessageGroupId",
        "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ))
}
