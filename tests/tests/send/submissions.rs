//! Records as their submissions and edits write them, whatever the portal would make of their values.

use dealbridge_core::{
    change::{Expected, Write},
    link::store::{Audit, Committed, LinkChange, LinkStore, Outbox, PushQueue},
    message::PushRequest,
    record::{Record, RecordId},
    send,
};

use crate::harness::SendHarness;

impl SendHarness {
    /// Writes a record as its submission does: with what it asks for in the outbox and in the queue.
    pub(crate) async fn submit(&self, mut record: Record) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let request = send::on_submit(&settings, &mut record);
        self.write(record, Expected::Absent, request).await;
    }

    /// Writes a record as its submission does when the queue cannot be reached.
    pub(crate) async fn submit_unsent(&self, mut record: Record) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let request = send::on_submit(&settings, &mut record);
        self.commit(record, Expected::Absent, request.as_ref())
            .await;
    }

    /// Edits a record as the portal does.
    pub(crate) async fn edit(&self, id: &RecordId, change: impl FnOnce(&mut Record)) {
        let (_, settings) = self.app.portal.versioned_settings().await.unwrap();
        let before = self.record(id).await;
        let mut record = before.clone();
        record.version += 1;
        change(&mut record);
        send::remember(&settings, &before, &mut record);
        let status = before.registration_status.as_deref();
        let request = send::on_status(&settings, &mut record, status)
            .or_else(|| send::on_edit(&settings, &mut record));
        self.write(record, Expected::Version(before.version), request)
            .await;
    }

    async fn write(&self, record: Record, expected: Expected, request: Option<PushRequest>) {
        self.commit(record, expected, request.as_ref()).await;
        if let Some(request) = request {
            let writes = self.app.writes_of("records");
            writes.send(&[request]).await.unwrap();
        }
    }

    async fn commit(&self, record: Record, expected: Expected, request: Option<&PushRequest>) {
        let change = LinkChange {
            audit: Some(Audit {
                record: record.id.clone(),
                action: "create",
                by: "usr-partner-active".to_owned(),
                salesforce: None,
                details: String::new(),
                earlier: Vec::new(),
            }),
            writes: vec![Write::Record(Box::new(record), expected)],
            outbox: request.cloned().map_or(Outbox::Keep, Outbox::Add),
            ..LinkChange::empty(self.app.organization())
        };
        let committed = self.app.store.commit_link(&change).await.unwrap();
        assert_eq!(committed, Committed::Yes);
    }
}
