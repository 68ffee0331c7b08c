//! Changes of the queues: the store writes them down and the state follows them.

use std::sync::Arc;

use crate::clock::Moment;
use crate::message::Message;
use crate::move_task::MoveTask;
use crate::queue::{Delivery, MessageKey, QueueId, QueueRecord};

/// One step. A request is decided first, as a list of these; then it is stored, then done.
#[derive(Debug)]
pub(crate) enum Change {
    /// A queue was made, or its settings changed.
    Queue(QueueRecord),
    QueueGone(QueueId),
    Purged {
        queue: QueueId,
        at: Moment,
    },
    Arrived {
        queue: QueueId,
        key: MessageKey,
        message: Arc<Message>,
        delivery: Delivery,
        at: Moment,
    },
    Received {
        queue: QueueId,
        key: MessageKey,
        at: Moment,
        until: Moment,
    },
    /// A message in flight becomes visible at another time. Not stored: a restart makes every
    /// message visible, for whoever held it died with the process.
    Hidden {
        queue: QueueId,
        key: MessageKey,
        at: Moment,
        until: Moment,
    },
    Gone {
        queue: QueueId,
        key: MessageKey,
    },
    Task(MoveTask),
}

impl Change {
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self, Self::Hidden { .. })
    }
}
