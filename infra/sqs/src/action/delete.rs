//! Deleting, one message or a batch.

use serde::Deserialize;

use crate::action::Nothing;
use crate::action::batch::{self, BatchAnswer, BatchEntry, DoneEntry};
use crate::change::Change;
use crate::clock::Moment;
use crate::error::QueueError;
use crate::queue::QueueId;
use crate::receipt::Receipt;
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteMessage {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteMessageBatch {
    queue_url: Option<String>,
    entries: Option<Vec<DeleteEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteEntry {
    id: Option<String>,
    receipt_handle: Option<String>,
}

impl BatchEntry for DeleteEntry {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

pub(crate) fn one(
    state: &mut State,
    _now: Moment,
    request: DeleteMessage,
) -> Result<Nothing, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?.record.id;
    let change = decide(state, queue, request.receipt_handle.as_deref())?;
    state.commit(change.into_iter().collect())?;
    Ok(Nothing {})
}

pub(crate) fn batch(
    state: &mut State,
    _now: Moment,
    request: DeleteMessageBatch,
) -> Result<BatchAnswer<DoneEntry>, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?.record.id;
    let mut answer = BatchAnswer::default();
    let mut changes = Vec::new();
    for (id, entry) in batch::check(request.entries)? {
        match decide(state, queue, entry.receipt_handle.as_deref()) {
            Ok(change) => {
                changes.extend(change);
                answer.succeed(DoneEntry { id });
            }
            Err(error) => answer.fail(&id, &error),
        }
    }
    state.commit(changes)?;
    Ok(answer)
}

/// A handle of an earlier delivery succeeds and deletes nothing, as the original documents it; so
/// does the handle of a message that is gone.
fn decide(
    state: &State,
    queue: QueueId,
    handle: Option<&str>,
) -> Result<Option<Change>, QueueError> {
    let handle = handle.ok_or_else(|| QueueError::missing("ReceiptHandle"))?;
    let receipt = Receipt::decode(handle, queue)?;
    let is_latest = state.queue(queue)?.entry(receipt.key).is_some_and(|entry| {
        entry.message.id == receipt.message && entry.delivery.receive_count == receipt.delivery
    });
    Ok(is_latest.then_some(Change::Gone {
        queue,
        key: receipt.key,
    }))
}
