//! Starting a run: by hand, answered at once and worked on through the queue, or by a schedule.

use jiff::{SignedDuration, Timestamp};

use crate::{
    code::Code,
    finding::Finding,
    message::{SyncRequest, VERSION},
    ports::{Clock, ImportBacklog, Lease, PortError, Portal, RunStore, Started, SyncRequestQueue},
    run::{Mode, Run, RunStatus, Trigger},
};

/// The time that a run must have stood still before an empty queue shows that its messages are lost: the counts of SQS
/// are exact a minute after the last message moved (AWS: GetQueueAttributes).
const QUIET: SignedDuration = SignedDuration::from_mins(2);

/// The answer to a request for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A run was started.
    Started(Run),
    /// A run was active already.
    Active(Run),
    /// The integration is switched off: nothing was started.
    SwitchedOff,
}

/// The use case of asking for runs, over its ports.
#[derive(Debug)]
pub struct RunRequests<'a, P, S, I, Q, C: ?Sized> {
    /// The settings.
    pub portal: &'a P,
    /// Runs.
    pub store: &'a S,
    /// The backlog that an active run waits for.
    pub backlog: &'a I,
    /// The queue of sync requests.
    pub sync_requests: &'a Q,
    /// The time.
    pub clock: &'a C,
}

impl<P: Portal, S: RunStore, I: ImportBacklog, Q: SyncRequestQueue, C: Clock + ?Sized>
    RunRequests<'_, P, S, I, Q, C>
{
    /// Asks for a full run.
    ///
    /// Safe to repeat: while a run is active, it is the answer. Its request is sent again if no function has acquired
    /// it, because the first caller may have died between starting it and sending.
    ///
    /// # Errors
    /// Returns an error if the store or the queue cannot be reached. A started run stays, and the repeat sends its
    /// request.
    pub async fn ask(&self) -> Result<Requested, PortError> {
        if !self.portal.settings().await?.enabled {
            return Ok(Requested::SwitchedOff);
        }
        let now = self.clock.now();
        let asked = (Mode::Full, Trigger::Manual);
        let (requested, run) = match start(self.store, self.backlog, asked, now).await? {
            Started::New(run) => (Requested::Started(run.clone()), run),
            Started::Active(run) => (Requested::Active(run.clone()), run),
        };
        if run.trigger == Trigger::Manual && run.status(now) == RunStatus::Queued {
            self.sync_requests
                .send(&SyncRequest {
                    version: VERSION,
                    run: run.id,
                    trigger: run.trigger,
                    by_hand: true,
                })
                .await?;
        }
        Ok(requested)
    }
}

/// Starts a run, unless one is active. A run that waits for messages which no queue holds any more is ended, and the
/// run that is started instead is a full one: it reads every record that the messages named.
pub(crate) async fn start<S: RunStore, I: ImportBacklog>(
    store: &S,
    waiting: &I,
    (mode, trigger): (Mode, Trigger),
    at: Timestamp,
) -> Result<Started, PortError> {
    let run = match store.start(mode, trigger, None).await? {
        Started::Active(run) if run.stands_still_for(at) >= Some(QUIET) => run,
        started => return Ok(started),
    };
    let backlog = waiting.backlog().await?;
    let dead = i64::try_from(backlog.dead).unwrap_or(i64::MAX);
    let lost = run.counts.left().saturating_sub(dead);
    if backlog.queued == 0 && lost > 0 {
        if store.want_full(run.id).await? == Lease::Held {
            let finding = Finding::new(Code::MessagesLost).value(lost.to_string());
            store.fail(run.id, &finding).await?;
        }
    } else if run.status(at) == RunStatus::Running {
        // Messages in the dead-letter queue can be seen there, and replayed.
        return Ok(Started::Active(run));
    }
    store.start(mode, trigger, Some(run.id)).await
}
