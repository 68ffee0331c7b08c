//! Asking for a run by hand: answered at once, worked on through the queue.

use crate::{
    message::{SyncRequest, VERSION},
    ports::{PortError, RunStore, Started, SyncRequestQueue},
    run::{Mode, Run, RunStatus, Trigger},
};

/// What asking for a run answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A run was started.
    Started(Run),
    /// One was active already.
    Active(Run),
}

/// Asks for a full run.
///
/// Safe to repeat: while a run is active, it is the answer. Its request is sent again if no function has taken it up,
/// for the first asker may have died between starting it and sending.
///
/// # Errors
/// When the store or the queue cannot be reached. A started run stays, and the repeat sends its request.
pub async fn request_run<S: RunStore, Q: SyncRequestQueue>(
    store: &S,
    queue: &Q,
    at: jiff::Timestamp,
) -> Result<Requested, PortError> {
    let (requested, run) = match store.start(Mode::Full, Trigger::Manual).await? {
        Started::New(run) => (Requested::Started(run.clone()), run),
        Started::Active(run) => (Requested::Active(run.clone()), run),
    };
    if run.trigger == Trigger::Manual && run.status(at) == RunStatus::Queued {
        queue
            .send(&SyncRequest {
                version: VERSION,
                run: run.id,
                trigger: run.trigger,
            })
            .await?;
    }
    Ok(requested)
}
