//! Asking for a Sync Now: an unlinked record is created in Salesforce, a linked one brought up to date on both sides.

use super::{store::SendStore, trigger};
use crate::{
    change::{Expected, Write},
    link::{
        push,
        store::{Audit, Committed, LinkChange, Outbox, PushQueue, Receipted},
    },
    message::{PushRequest, SyncNowRequest, VERSION},
    ports::{Clock, PortError, Portal},
    record::{Record, RecordId},
    task::Task,
};

/// The most times that a request is decided again because something changed under it.
const MAX_ATTEMPTS: usize = 6;

/// The use case, over its ports.
pub struct AskSync<'a, P, S, Q, C: ?Sized> {
    /// Settings.
    pub portal: &'a P,
    /// Records and tasks.
    pub store: &'a S,
    /// The queue of requests to Salesforce.
    pub writes: &'a Q,
    /// The time.
    pub clock: &'a C,
}

/// The reason why there is nothing to sync.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoSync {
    /// The record does not exist.
    #[error("there is no {0}")]
    RecordNotFound(RecordId),
    /// The record is not linked, and records of its kind are not sent.
    #[error(
        "the {0} is not linked, and the settings do not have records of its kind created in Salesforce: link it to a Salesforce record, or switch sending on"
    )]
    Off(RecordId),
    /// A fault of the store.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl<P: Portal, S: SendStore, Q: PushQueue, C: Clock + ?Sized> AskSync<'_, P, S, Q, C> {
    /// Asks for a record's Sync Now, and returns its task.
    ///
    /// # Errors
    /// Returns the reason why there is nothing to sync, or a fault.
    pub async fn ask(
        &self,
        id: &RecordId,
        by: &str,
        receipt: impl Fn(&Task) -> Option<Receipted> + Send,
    ) -> Result<Task, NoSync> {
        let settings = self.portal.settings().await?;
        for _ in 0..MAX_ATTEMPTS {
            let record = self.store.record(id).await?;
            let record = record.ok_or_else(|| NoSync::RecordNotFound(id.clone()))?;
            let task = Task::queued(
                &format!("task-{}", self.store.next_id()),
                id,
                by,
                self.clock.now(),
            );
            let mut writes = vec![Write::Task(Box::new(task.clone()))];
            let request = if record.link.is_some() {
                PushRequest::Sync(SyncNowRequest {
                    version: VERSION,
                    record: id.clone(),
                    task: task.id.clone(),
                })
            } else {
                let mut next = Record {
                    version: record.version + 1,
                    ..record.clone()
                };
                let request = trigger::sync_now(&settings, &mut next, &task.id)
                    .ok_or_else(|| NoSync::Off(id.clone()))?;
                let seen = Expected::Version(record.version);
                writes.push(Write::Record(Box::new(next), seen));
                request
            };
            let change = LinkChange {
                writes,
                audit: Some(Audit {
                    record: id.clone(),
                    action: "sync-now",
                    by: by.to_owned(),
                    salesforce: record.link.as_ref().map(|link| link.salesforce_id),
                    details: task.id.clone(),
                    earlier: Vec::new(),
                }),
                outbox: Outbox::Add(request.clone()),
                receipt: receipt(&task),
                ..LinkChange::empty(settings.organization_id)
            };
            if self.store.commit_link(&change).await? == Committed::Yes {
                push::enqueue(self.writes, &[request]).await;
                return Ok(task);
            }
        }
        Err(PortError {
            operation: format!("asking for the Sync Now of the {id}"),
            detail: "it kept changing".to_owned(),
        }
        .into())
    }
}
