//! The fate of a link when its Salesforce record is edited, paused, deleted, merged, converted, hidden or purged.

use std::time::Duration;

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    claim::ClaimState,
    code::{Code, Level},
    entry::Entry,
    record::{LinkStatus, RecordId, RecordKind},
    run::{Run, RunId},
};
use dealbridge_tests::opportunity;
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{deal, folder, lead, record_id},
};

/// A Referral linked to an Opportunity that is not flagged for import, and a Lead linked to a Lead.
pub(crate) struct Pair {
    pub(crate) harness: LinkHarness,
    pub(crate) of_opportunity: RecordId,
    pub(crate) of_lead: RecordId,
}

impl Pair {
    pub(crate) async fn make() -> Self {
        let mut folder = folder(1, 4);
        folder.add(|opportunity| opportunity.with("Export__c", "false"));
        let harness = LinkHarness::start(&folder).await;
        let pair = Self {
            of_opportunity: record_id(RecordKind::Referral, "of-opportunity"),
            of_lead: record_id(RecordKind::Lead, "of-lead"),
            harness,
        };
        for (record, id) in pair.links() {
            pair.harness.put(record, json!({ "unmapped": true })).await;
            assert_eq!(
                pair.harness.link(record, id, "salesforce").await.status,
                201
            );
        }
        pair.harness.push().await;
        pair.harness.app.full().await;
        pair.harness.app.hourly().await;
        pair
    }

    pub(crate) fn links(&self) -> [(&RecordId, SalesforceId); 2] {
        [
            (&self.of_opportunity, opportunity(2)),
            (&self.of_lead, lead(1)),
        ]
    }

    pub(crate) async fn admin(&self, call: &str, id: SalesforceId) {
        let body = json!({ "object": SalesforceObject::of(&id).unwrap(), "id": id });
        self.harness.app.admin(call, body).await;
    }

    pub(crate) async fn edit(&self, id: SalesforceId, fields: Value) {
        let body =
            json!({ "object": SalesforceObject::of(&id).unwrap(), "id": id, "fields": fields });
        self.harness.app.admin("edit", body).await;
    }

    /// Runs an hourly run, after which the store is consistent.
    pub(crate) async fn hourly(&self) -> Run {
        let run = self.harness.app.hourly().await;
        self.harness.assert_whole().await;
        run
    }

    /// Runs the daily run.
    pub(crate) async fn daily(&self) -> Run {
        self.harness
            .app
            .clock
            .advance(Duration::from_secs(24 * 3_600));
        let run = self.harness.app.scheduled("daily").await;
        self.harness.assert_whole().await;
        run
    }

    /// Asserts status and reason of both links.
    pub(crate) async fn assert_statuses(&self, status: LinkStatus, reason: &str) {
        for (record, id) in self.links() {
            let link = self.harness.record(record).await.link.unwrap();
            assert_eq!(
                (link.status, link.salesforce_id),
                (status, id),
                "{record} {:?}",
                link.reason
            );
            let said = link.reason.unwrap_or_default();
            assert_eq!(said.is_empty(), reason.is_empty(), "{said}");
            assert!(said.contains(reason), "{said}");
        }
    }
}

impl LinkHarness {
    pub(crate) async fn assert_whole(&self) {
        assert_eq!(self.app.ledger().await.broken(), Vec::<String>::new());
    }

    /// The entries of a run about a Salesforce record.
    pub(crate) async fn said(&self, run: RunId, id: SalesforceId) -> Vec<Entry> {
        let log = self.app.ledger().await.log(run).into_iter();
        log.filter(|entry| entry.salesforce.as_ref().is_some_and(|(of, _)| *of == id))
            .collect()
    }
}

pub(crate) fn codes(entries: &[Entry]) -> Vec<Code> {
    entries.iter().map(|entry| entry.code).collect()
}

#[tokio::test]
async fn an_edit_reaches_the_linked_record_with_the_next_hourly_run_and_an_unchanged_one_costs_no_write()
 {
    let pair = Pair::make().await;
    pair.edit(
        opportunity(2),
        json!({ "Amount": 77, "StageName": "Qualification" }),
    )
    .await;
    pair.edit(lead(1), json!({ "Company": "Betasol AG", "Phone": "1" }))
        .await;

    let run = pair.hourly().await;

    assert_eq!((run.counts.updated, run.counts.failed), (2, 0));
    assert_eq!(
        pair.harness.record(&pair.of_opportunity).await.fields["amount"],
        77
    );
    let record = pair.harness.record(&pair.of_lead).await;
    assert_eq!(
        (&record.fields["company"], &record.fields["phone"]),
        (&json!("Betasol AG"), &json!("1"))
    );
    assert_eq!(record.fields["unmapped"], true);
    for (_, id) in pair.links() {
        assert_eq!(codes(&pair.harness.said(run.id, id).await), [Code::Updated]);
    }
    let versions = async || {
        let mut versions = Vec::new();
        for (record, id) in pair.links() {
            versions.push((
                pair.harness.record(record).await.version,
                pair.harness.claim(id).await.unwrap().version,
            ));
        }
        versions
    };
    let before = versions().await;
    let again = pair.hourly().await;
    assert_eq!((again.counts.updated, versions().await), (0, before));
}

#[tokio::test]
async fn a_cleared_sync_flag_pauses_the_link_and_a_set_one_resumes_it() {
    let pair = Pair::make().await;
    for (_, id) in pair.links() {
        pair.edit(id, json!({ "Sync__c": false })).await;
    }
    let paused = pair.hourly().await;
    pair.assert_statuses(LinkStatus::Paused, "Sync").await;
    pair.edit(opportunity(2), json!({ "Amount": 77 })).await;
    pair.edit(lead(1), json!({ "Company": "Betasol AG" })).await;
    pair.hourly().await;
    assert_eq!(
        pair.harness.record(&pair.of_opportunity).await.fields["amount"],
        1002
    );
    assert_eq!(
        pair.harness.record(&pair.of_lead).await.fields["company"],
        "Betasol 1"
    );
    for (_, id) in pair.links() {
        pair.edit(id, json!({ "Sync__c": true })).await;
    }

    let resumed = pair.hourly().await;

    pair.assert_statuses(LinkStatus::Synced, "").await;
    assert_eq!(
        pair.harness.record(&pair.of_opportunity).await.fields["amount"],
        77
    );
    assert_eq!(
        pair.harness.record(&pair.of_lead).await.fields["company"],
        "Betasol AG"
    );
    for (_, id) in pair.links() {
        assert_eq!(
            codes(&pair.harness.said(paused.id, id).await),
            [Code::LinkPaused]
        );
        let said = codes(&pair.harness.said(resumed.id, id).await);
        assert_eq!(said, [Code::LinkResumed, Code::Updated]);
    }
}

#[tokio::test]
async fn a_deleted_record_disconnects_its_link_and_an_undeleted_one_connects_it_again() {
    let pair = Pair::make().await;
    pair.harness.put(&deal("other"), json!({})).await;
    for (_, id) in pair.links() {
        pair.admin("delete", id).await;
    }
    let run = pair.hourly().await;
    pair.assert_statuses(LinkStatus::Disconnected, "was deleted")
        .await;
    for (_, id) in pair.links() {
        let said = pair.harness.said(run.id, id).await;
        assert_eq!(
            (codes(&said), said[0].level),
            (vec![Code::LinkDisconnected], Level::Warning)
        );
        // The id stays claimed.
        let other = pair.harness.preview(&deal("other"), id, "salesforce").await;
        assert_eq!(other.verdict(), (409, "ALREADY_LINKED_OTHER"));
    }
    let daily = pair.daily().await;
    assert_eq!((daily.counts.updated, daily.counts.failed), (0, 0));
    pair.assert_statuses(LinkStatus::Disconnected, "was deleted")
        .await;

    for (_, id) in pair.links() {
        pair.admin("undelete", id).await;
    }
    let back = pair.hourly().await;

    pair.assert_statuses(LinkStatus::Synced, "").await;
    for (_, id) in pair.links() {
        assert_eq!(
            codes(&pair.harness.said(back.id, id).await),
            [Code::LinkReconnected]
        );
    }
}

#[tokio::test]
async fn a_hidden_record_is_noticed_by_the_daily_run_and_so_is_its_return() {
    let pair = Pair::make().await;
    for (_, id) in pair.links() {
        pair.admin("hide", id).await;
    }
    pair.hourly().await;
    pair.assert_statuses(LinkStatus::Synced, "").await;
    pair.daily().await;
    pair.assert_statuses(LinkStatus::Disconnected, "hidden")
        .await;
    pair.daily().await;
    pair.assert_statuses(LinkStatus::Disconnected, "hidden")
        .await;

    for (_, id) in pair.links() {
        pair.admin("unhide", id).await;
    }
    pair.daily().await;

    pair.assert_statuses(LinkStatus::Synced, "").await;
}

#[tokio::test]
async fn a_purged_record_is_noticed_by_the_daily_run() {
    let pair = Pair::make().await;
    for (_, id) in pair.links() {
        pair.admin("delete", id).await;
        pair.admin("purge", id).await;
    }

    pair.daily().await;

    pair.assert_statuses(LinkStatus::Disconnected, "no longer exists")
        .await;
    for (record, id) in pair.links() {
        assert_eq!(pair.harness.unlink(record).await.status, 200);
        assert_eq!(
            pair.harness.claim(id).await.unwrap().state,
            ClaimState::Suppressed
        );
    }
    pair.daily().await;
}

#[tokio::test]
async fn the_import_flag_of_a_linked_opportunity_changes_nothing_of_its_link() {
    let pair = Pair::make().await;
    for flag in [true, false] {
        pair.edit(opportunity(2), json!({ "Export__c": flag }))
            .await;
        let run = pair.hourly().await;
        assert_eq!(run.counts.imported, 0);
        let link = pair
            .harness
            .record(&pair.of_opportunity)
            .await
            .link
            .unwrap();
        assert_eq!(
            (link.status, link.salesforce_id),
            (LinkStatus::Synced, opportunity(2))
        );
    }
}
