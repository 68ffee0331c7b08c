//! Moving the messages of a dead-letter queue back, or elsewhere.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::queues::sources;
use crate::change::Change;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::message::Message;
use crate::move_task::{MoveStatus, MoveTask, TaskHandle};
use crate::queue::{Delivery, MessageKey, Origin, Queue};
use crate::state::State;

/// The messages that one step moves when no rate is asked for; others get their turn in between.
const MAX_STEP_MESSAGES: usize = 500;
const MAX_MESSAGES_PER_SECOND: i64 = 500;
const MAX_LISTED_TASKS: i64 = 10;
const NO_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";
const NO_SOURCE: &str = "CouldNotDetermineMessageSource";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartedTask {
    task_handle: String,
}

/// Notes a task down and gives it, for its steps to be taken.
pub(crate) fn start(
    state: &mut State,
    now: Moment,
    request: StartMessageMoveTask,
) -> Result<(MoveTask, StartedTask), QueueError> {
    let source_arn = request
        .source_arn
        .ok_or_else(|| QueueError::missing("SourceArn"))?;
    let source = existing(state, &source_arn, "SourceArn")?.record.id;
    if sources(state, &source_arn).next().is_none() {
        return Err(invalid(
            "Source queue must be configured as a Dead Letter Queue.",
        ));
    }
    if let Some(destination) = &request.destination_arn {
        existing(state, destination, "DestinationArn")?;
        if *destination == source_arn {
            return Err(invalid(
                "Source queue arn and destination queue arn must differ.",
            ));
        }
    }
    let is_running =
        |task: &MoveTask| task.source_arn == source_arn && task.status == MoveStatus::Running;
    if state.tasks.iter().any(is_running) {
        return Err(invalid(
            "There is already a task running. Only one active task is allowed for a source queue \
             arn at a given time.",
        ));
    }
    let rate = match request.max_number_of_messages_per_second {
        None => None,
        Some(rate) if (1..=MAX_MESSAGES_PER_SECOND).contains(&rate) => u32::try_from(rate).ok(),
        Some(rate) => {
            return Err(QueueError::parameter(
                rate,
                "MaxNumberOfMessagesPerSecond",
                "Must be between 1 and 500, if provided.",
            ));
        }
    };
    state.settle(source, now)?;
    let task = MoveTask {
        id: state.fresh_uuid(),
        destination_arn: request.destination_arn,
        rate,
        status: MoveStatus::Running,
        moved: 0,
        to_move: state.queue(source)?.counts().visible as u64,
        started_millis: now.as_millis(),
        failure: None,
        source_arn,
    };
    state.commit(vec![Change::Task(task.clone())])?;
    let task_handle = handle_of(&task);
    Ok((task, StartedTask { task_handle }))
}

fn handle_of(task: &MoveTask) -> String {
    TaskHandle {
        task_id: task.id,
        source_arn: task.source_arn.clone(),
    }
    .encode()
}

fn existing<'a>(state: &'a State, arn: &str, parameter: &str) -> Result<&'a Queue, QueueError> {
    state.by_arn(arn).ok_or_else(|| {
        QueueError::new(
            ErrorKind::ResourceNotFound,
            format!("The resource that you specified for the {parameter} parameter doesn't exist."),
        )
    })
}

fn invalid(message: &str) -> QueueError {
    QueueError::new(ErrorKind::InvalidParameterValue, message)
}

/// The rest of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    More,
    Last,
}

/// Moves the next messages of a task; its count and its status change with them.
pub(crate) fn step(state: &mut State, now: Moment, task: &MoveTask) -> Result<Step, QueueError> {
    let Some(mut task) = state
        .tasks
        .iter()
        .find(|known| known.id == task.id)
        .cloned()
    else {
        return Ok(Step::Last);
    };
    if task.status != MoveStatus::Running {
        return Ok(Step::Last);
    }
    let mut changes = Vec::new();
    match state.by_arn(&task.source_arn).map(|queue| queue.record.id) {
        None => fail(&mut task, NO_QUEUE),
        Some(source) => {
            state.settle(source, now)?;
            let left = usize::try_from(task.to_move.saturating_sub(task.moved))
                .unwrap_or(MAX_STEP_MESSAGES);
            let most = task
                .rate
                .map_or(MAX_STEP_MESSAGES, |rate| rate as usize)
                .min(left);
            let picked: Vec<(MessageKey, Arc<Message>)> = state
                .queue(source)?
                .ready()
                .take(most)
                .map(|(key, entry)| (key, Arc::clone(&entry.message)))
                .collect();
            // Nothing left to take, because all is moved or others have received it.
            if picked.is_empty() {
                task.status = MoveStatus::Completed;
            }
            for (key, message) in picked {
                match send_back(state, now, &task, &message) {
                    Err(reason) => {
                        fail(&mut task, reason);
                        break;
                    }
                    Ok(arrival) => {
                        changes.push(Change::Gone { queue: source, key });
                        changes.push(arrival);
                        task.moved += 1;
                    }
                }
            }
            if task.moved >= task.to_move && task.status == MoveStatus::Running {
                task.status = MoveStatus::Completed;
            }
        }
    }
    let step = match task.status {
        MoveStatus::Running => Step::More,
        _ => Step::Last,
    };
    changes.push(Change::Task(task));
    state.commit(changes)?;
    Ok(step)
}

fn fail(task: &mut MoveTask, reason: &str) {
    task.status = MoveStatus::Failed;
    task.failure = Some(reason.to_owned());
}

/// The arrival of a moved message: a message anew, with an id, a time and counts of its own.
fn send_back(
    state: &mut State,
    now: Moment,
    task: &MoveTask,
    message: &Message,
) -> Result<Change, &'static str> {
    let destination = match (&task.destination_arn, &message.source_arn) {
        (Some(arn), _) | (None, Some(arn)) => arn,
        (None, None) => return Err(NO_SOURCE),
    };
    let queue = state.by_arn(destination).ok_or(NO_QUEUE)?.record.id;
    Ok(Change::Arrived {
        queue,
        key: state.fresh_key(),
        message: Arc::new(Message {
            id: state.fresh_uuid(),
            body: message.body.clone(),
            body_md5: message.body_md5.clone(),
            extras: message.extras.clone(),
            sent_at: now,
            source_arn: None,
        }),
        delivery: Delivery {
            available_at: now,
            receive_count: 0,
            first_received_at: None,
            origin: Origin::Sent,
        },
        at: now,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaskList {
    results: Vec<ListedTask>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedTask {
    /// Only while there is something to cancel.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: MoveStatus,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    started_timestamp: i64,
}

/// The tasks of a source queue, newest first.
pub(crate) fn list(
    state: &mut State,
    _now: Moment,
    request: ListMessageMoveTasks,
) -> Result<TaskList, QueueError> {
    let source_arn = request
        .source_arn
        .ok_or_else(|| QueueError::missing("SourceArn"))?;
    existing(state, &source_arn, "SourceArn")?;
    let most = request.max_results.unwrap_or(1);
    if !(1..=MAX_LISTED_TASKS).contains(&most) {
        return Err(QueueError::parameter(
            most,
            "MaxResults",
            "Must be between 1 and 10, if provided.",
        ));
    }
    let results = state
        .tasks
        .iter()
        .rev()
        .filter(|task| task.source_arn == source_arn)
        .take(usize::try_from(most).unwrap_or(1))
        .map(|task| ListedTask {
            task_handle: (task.status == MoveStatus::Running).then(|| handle_of(task)),
            status: task.status,
            source_arn: task.source_arn.clone(),
            destination_arn: task.destination_arn.clone(),
            max_number_of_messages_per_second: task.rate,
            approximate_number_of_messages_moved: task.moved,
            approximate_number_of_messages_to_move: task.to_move,
            failure_reason: task.failure.clone(),
            started_timestamp: task.started_millis,
        })
        .collect();
    Ok(TaskList { results })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelledTask {
    approximate_number_of_messages_moved: u64,
}

/// Cancels a running task; what it has moved stays moved.
pub(crate) fn cancel(
    state: &mut State,
    _now: Moment,
    request: CancelMessageMoveTask,
) -> Result<CancelledTask, QueueError> {
    let text = request
        .task_handle
        .ok_or_else(|| QueueError::missing("TaskHandle"))?;
    let handle = TaskHandle::decode(&text)?;
    existing(state, &handle.source_arn, "SourceArn")?;
    let mut task = state
        .tasks
        .iter()
        .find(|task| task.id == handle.task_id && task.status == MoveStatus::Running)
        .cloned()
        .ok_or_else(|| QueueError::new(ErrorKind::ResourceNotFound, "Task does not exist."))?;
    task.status = MoveStatus::Cancelled;
    let moved = task.moved;
    state.commit(vec![Change::Task(task)])?;
    Ok(CancelledTask {
        approximate_number_of_messages_moved: moved,
    })
}
