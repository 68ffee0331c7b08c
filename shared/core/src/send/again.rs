//! Trying again what Salesforce refused.

use super::{store::SendStore, work::digest};
use crate::{
    link::store::PushQueue,
    message::{CreateRequest, PushRequest, VERSION},
    ports::{PortError, Portal},
    run::Mode,
};

/// Sends the creates that were refused: with a full run all of them, with an hourly one those that were refused under
/// other settings. Returns their number.
///
/// # Errors
/// Returns an error if the store or the queue cannot be reached.
pub async fn send_refused<P: Portal, S: SendStore, Q: PushQueue>(
    portal: &P,
    store: &S,
    queue: &Q,
    mode: Mode,
) -> Result<usize, PortError> {
    let problems = store.send_problems().await?;
    if problems.is_empty() {
        return Ok(0);
    }
    let present = digest(&*portal.settings().await?);
    let requests: Vec<PushRequest> = problems
        .into_iter()
        .filter(|problem| mode == Mode::Full || problem.settings != present)
        .map(|problem| {
            PushRequest::Create(CreateRequest {
                version: VERSION,
                record: problem.record,
                life: problem.life,
                create: problem.create,
            })
        })
        .collect();
    if !requests.is_empty() {
        queue.send(&requests).await?;
    }
    Ok(requests.len())
}
