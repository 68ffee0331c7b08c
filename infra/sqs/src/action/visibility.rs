//! Changing how long a message in flight stays invisible, for one message or a batch.

use serde::Deserialize;

use crate::action::Nothing;
use crate::action::batch::{self, BatchAnswer, BatchEntry, DoneEntry};
use crate::action::receive::seconds;
use crate::attributes::MAX_VISIBILITY_SECONDS;
use crate::change::Change;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::queue::{MessageState, QueueId};
use crate::receipt::Receipt;
use crate::state::State;

/// A wish for one message: by itself, with its queue, or as an entry of a batch, with its id.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeMessageVisibility {
    queue_url: Option<String>,
    id: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeMessageVisibilityBatch {
    queue_url: Option<String>,
    entries: Option<Vec<ChangeMessageVisibility>>,
}

impl BatchEntry for ChangeMessageVisibility {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

pub(crate) fn one(
    state: &mut State,
    now: Moment,
    request: ChangeMessageVisibility,
) -> Result<Nothing, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?.record.id;
    state.settle(queue, now)?;
    let change = decide(state, now, queue, &request)?;
    state.commit(vec![change])?;
    Ok(Nothing {})
}

pub(crate) fn batch(
    state: &mut State,
    now: Moment,
    request: ChangeMessageVisibilityBatch,
) -> Result<BatchAnswer<DoneEntry>, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?.record.id;
    state.settle(queue, now)?;
    let mut answer = BatchAnswer::default();
    let mut changes = Vec::new();
    for (id, entry) in batch::check(request.entries)? {
        match decide(state, now, queue, &entry) {
            Ok(change) => {
                changes.push(change);
                answer.succeed(DoneEntry { id });
            }
            Err(error) => answer.fail(&id, &error),
        }
    }
    state.commit(changes)?;
    Ok(answer)
}

fn decide(
    state: &State,
    now: Moment,
    queue: QueueId,
    wish: &ChangeMessageVisibility,
) -> Result<Change, QueueError> {
    let handle = wish
        .receipt_handle
        .as_deref()
        .ok_or_else(|| QueueError::missing("ReceiptHandle"))?;
    let timeout = seconds(
        wish.visibility_timeout,
        "VisibilityTimeout",
        MAX_VISIBILITY_SECONDS,
    )?
    .ok_or_else(|| QueueError::missing("VisibilityTimeout"))?;
    let receipt = Receipt::decode(handle, queue)?;

    // A consumer that has lost the message must not stretch the hold of the one that has it.
    let entry = state
        .queue(queue)?
        .entry(receipt.key)
        .filter(|entry| {
            entry.message.id == receipt.message && entry.delivery.receive_count == receipt.delivery
        })
        .ok_or_else(|| {
            QueueError::parameter(
                handle,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.",
            )
        })?;
    let MessageState::InFlight { since, .. } = entry.place else {
        return Err(QueueError::new(
            ErrorKind::MessageNotInflight,
            "The message referred to isn't in flight.",
        ));
    };
    let until = now.after_seconds(timeout);
    if until > since.after_seconds(MAX_VISIBILITY_SECONDS) {
        return Err(QueueError::parameter(
            timeout,
            "VisibilityTimeout",
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
        ));
    }
    Ok(Change::Hidden {
        queue,
        key: receipt.key,
        at: now,
        until,
    })
}
