//! The queues with their dead-letter queues, set up as the template says.

use sqs_server::{QueueError, QueueHandle, QueueOptions, QueueServer};

use crate::{data::DataDirectory, error::LocalError, roles::Roles, template::QueueSetup};

/// SQS's bound on `maxReceiveCount`.
const MAX_RECEIVES: u64 = 1_000;

/// Serves the queues: in a file below the data directory, or in memory.
///
/// # Errors
/// When the directory cannot be used.
pub async fn start(
    data: Option<&DataDirectory>,
    setups: &[QueueSetup],
    roles: &Roles,
) -> Result<QueueHandle, LocalError> {
    let options = QueueOptions {
        directory: data.map(|data| data.path().join("queues")),
        policy: Some(roles.of_queues()),
        ..QueueOptions::default()
    };
    let queues = QueueServer::start(options)
        .await
        .map_err(|error| LocalError::chain(&error))?;
    // What a killed process held in flight was received once for nothing, through no fault of the message.
    let interruptions = data.map_or(0, DataDirectory::interruptions);
    for setup in setups {
        set_up(&queues, setup, interruptions).map_err(|error| LocalError::chain(&error))?;
    }
    Ok(queues)
}

fn set_up(queues: &QueueHandle, setup: &QueueSetup, interruptions: u64) -> Result<(), QueueError> {
    let dead_letters = setup.queue.dead_letter_queue();
    let retention = setup.dead_letter_retention_seconds.to_string();
    queues.ensure_queue(dead_letters, &[("MessageRetentionPeriod", &retention)])?;
    let receives = (setup.max_receive_count + interruptions).min(MAX_RECEIVES);
    let redrive = format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{receives}}}"#,
        queues.queue_arn(dead_letters),
    );
    queues.ensure_queue(
        setup.queue.name(),
        &[
            ("VisibilityTimeout", &setup.visibility_seconds.to_string()),
            (
                "MessageRetentionPeriod",
                &setup.retention_seconds.to_string(),
            ),
            ("RedrivePolicy", &redrive),
        ],
    )?;
    Ok(())
}

/// Returns whether no queue holds a message in any state; dead letters do not count.
#[must_use]
pub fn are_empty(queues: &QueueHandle, setups: &[QueueSetup]) -> bool {
    let counts = queues.all_counts();
    setups.iter().all(|setup| {
        counts
            .get(setup.queue.name())
            .is_none_or(|counts| counts.total() == 0)
    })
}
