//! An administrator who links, unlinks and allows imports while runs are under way.

use std::sync::Arc;

use dealbridge_core::{SalesforceId, ports::Clock, record::RecordId};
use dealbridge_tests::{LinkFunctions, TestApp};
use push_worker::PushWorker;

/// The functions of links over an app.
pub(super) struct LinkHarness {
    functions: LinkFunctions,
    push: PushWorker,
}

impl LinkHarness {
    pub(super) fn over(app: &TestApp) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(app.clock.clone());
        Self {
            functions: LinkFunctions::over(app, &clock),
            push: app.push_worker(clock),
        }
    }

    /// Previews and confirms with Salesforce's values. Returns the last status.
    pub(super) async fn link(&self, record: &RecordId, id: SalesforceId) -> u64 {
        self.functions.link(record, id, "salesforce").await.status
    }

    /// Unlinks a record. Returns the status.
    pub(super) async fn unlink(&self, record: &RecordId) -> u64 {
        self.functions.unlink(record).await.status
    }

    /// Allows an import again. Returns the status.
    pub(super) async fn allow(&self, id: SalesforceId) -> u64 {
        self.functions.allow(id).await.status
    }

    /// Delivers waiting writes to Salesforce. Returns the number of messages.
    pub(super) async fn push(&self, app: &TestApp) -> usize {
        let (done, left) = app.push(&self.push).await;
        done + left
    }
}
