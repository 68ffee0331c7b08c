//! The outbox: sends every request that is still to be delivered.

use crate::{
    SalesforceId,
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::store::{LinkStore, PushQueue},
    message::PushRequest,
    ports::PortError,
};

/// Enqueues requests that a transaction has put into the outbox. The next scheduled run sends what cannot be enqueued.
pub async fn enqueue<Q: PushQueue>(queue: &Q, requests: &[PushRequest]) {
    if requests.is_empty() {
        return;
    }
    if let Err(error) = queue.send(requests).await {
        tracing::warn!(error.detail = %error, "Could not enqueue {} requests to Salesforce, the next run will: {error}", requests.len());
    }
}

/// Sends every request that is still to be delivered: those left by a crash between transaction and queue, or held up by
/// an outage. A note that cannot be read is set aside, with an entry in the log; the others are sent all the same.
///
/// # Errors
/// Returns an error if the store or the queue cannot be reached.
pub async fn send_outbox<S: LinkStore, Q: PushQueue>(
    store: &S,
    queue: &Q,
) -> Result<usize, PortError> {
    let notes = store.outbox().await?;
    for (key, why) in &notes.unreadable {
        let mut finding = Finding::new(Code::OutboxNoteUnreadable).value(why.clone());
        finding.context.field.clone_from(key);
        let line = LogLine {
            salesforce: SalesforceId::parse(key).ok(),
            name: String::new(),
            entity: None,
            findings: vec![finding],
        };
        store.set_aside(key, &line).await?;
    }
    if !notes.requests.is_empty() {
        queue.send(&notes.requests).await?;
    }
    Ok(notes.requests.len())
}
