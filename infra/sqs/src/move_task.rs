//! A task that moves the messages of a dead-letter queue away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{ErrorKind, QueueError};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MoveStatus {
    Running,
    Completed,
    Cancelled,
    Failed,
}

/// A task as kept on disk and in memory; one that a restart interrupts goes on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct MoveTask {
    pub(crate) id: Uuid,
    pub(crate) source_arn: String,
    pub(crate) destination_arn: Option<String>,
    pub(crate) rate: Option<u32>,
    pub(crate) status: MoveStatus,
    pub(crate) moved: u64,
    pub(crate) to_move: u64,
    pub(crate) started_millis: i64,
    pub(crate) failure: Option<String>,
}

/// The handle by which a caller cancels a task.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskHandle {
    pub(crate) task_id: Uuid,
    pub(crate) source_arn: String,
}

impl TaskHandle {
    pub(crate) fn encode(&self) -> String {
        BASE64.encode(serde_json::json!(self).to_string())
    }

    pub(crate) fn decode(text: &str) -> Result<Self, QueueError> {
        BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                QueueError::new(
                    ErrorKind::InvalidParameterValue,
                    "Value for parameter TaskHandle is invalid.",
                )
            })
    }
}
