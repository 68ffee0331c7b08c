//! A tick of a schedule: pending writes are sent again, and a run begins.

use jiff::Timestamp;
use tracing::warn;

use crate::{
    code::Code,
    fan_out::{FanOut, Listed},
    finding::Finding,
    link::{push, store::PushQueue},
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, PortError, Portal, RunStore, SyncRequestQueue,
    },
    run::Mode,
    salesforce::Salesforce,
    send::{self, SendStore},
};

/// The key of the finding that pending writes could not be sent, in a run's log.
const OUTBOX: &str = "OUTBOX";

/// Sends the pending writes that a crash between a link and its queue left, or an outage held up, then starts a run of
/// that mode.
///
/// Writes that cannot be sent do not keep a run from listing: its log reports them, and the next tick sends them.
///
/// # Errors
/// Returns an error if the store or the queue of imports cannot be reached: the delivery is to be repeated.
pub async fn tick<F, P, S, Q, R, C, W>(
    fan_out: &FanOut<'_, F, P, S, Q, R, C>,
    writes: &W,
    mode: Mode,
    deadline: Option<Timestamp>,
) -> Result<Listed, PortError>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore + SendStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
    W: PushQueue,
{
    let sent = send_again(fan_out, writes, mode).await;
    let listed = fan_out.tick(mode, deadline).await?;
    if let Err(error) = sent {
        warn!(error.detail = %error, "Could not send pending writes to their queue: {error}");
        if let Some(run) = listed.run() {
            let finding = Finding::new(Code::WritesNotSent).value(error.to_string());
            RunStore::note(fan_out.store, run, OUTBOX, &finding).await?;
        }
    }
    Ok(listed)
}

/// Sends what is still to be delivered, and what Salesforce refused and is worth another try.
async fn send_again<F, P, S, Q, R, C, W>(
    fan_out: &FanOut<'_, F, P, S, Q, R, C>,
    writes: &W,
    mode: Mode,
) -> Result<(), PortError>
where
    F: Salesforce,
    P: Portal,
    S: SendStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
    W: PushQueue,
{
    push::send_outbox(fan_out.store, writes).await?;
    send::send_refused(fan_out.portal, fan_out.store, writes, mode).await?;
    Ok(())
}
