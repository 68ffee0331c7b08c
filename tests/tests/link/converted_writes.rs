//! Pending writes of a link whose Lead is converted, deleted or merged.

use dealbridge_core::{
    SalesforceId,
    code::Code,
    link::store::LinkStore,
    mapping::{Flow, MappingRow},
    record::{LinkStatus, RecordId, RecordKind},
    salesforce::FieldPath,
};
use serde_json::json;

use crate::{
    harness::LinkHarness,
    life::codes,
    portal::{folder, lead, record_id},
};

/// A Lead of the portal whose description and title are about to be written to a Salesforce Lead. The description
/// becomes a Deal's notes, which the Opportunity has a field for; the title has no field there.
async fn pending() -> (LinkHarness, RecordId) {
    let harness = LinkHarness::start(&folder(1, 3)).await;
    harness
        .app
        .set(|settings| {
            let row = |channeltivity: &str, salesforce: &str| MappingRow {
                channeltivity: channeltivity.into(),
                salesforce: FieldPath::parse(salesforce).unwrap(),
                on_create: Flow::Both,
                on_update: Flow::Both,
                values: std::collections::BTreeMap::new(),
                conflicts: None,
            };
            let mut notes = settings.lead_fields[0].clone();
            notes.name = "notes".into();
            settings.lead_fields.push(notes);
            settings
                .lead_mappings
                .retain(|row| row.channeltivity != "description");
            settings.lead_mappings.push(row("notes", "Description"));
            for mapping in &mut settings.mappings {
                if mapping.channeltivity == "notes" {
                    *mapping = row("notes", "Notes__c");
                }
            }
        })
        .await;
    harness.app.full().await;
    let record = record_id(RecordKind::Lead, "of-lead");
    harness
        .put(
            &record,
            json!({ "notes": "call back", "title": "Chief Buyer" }),
        )
        .await;
    let link = harness.link(&record, lead(1), "channeltivity").await;
    assert_eq!(
        (link.status, &link.body["status"]),
        (201, &json!("pending"))
    );
    (harness, record)
}

impl LinkHarness {
    /// The number of writes in the outbox.
    async fn outbox(&self) -> usize {
        self.app.store.outbox().await.unwrap().requests.len()
    }
}

async fn convert(harness: &LinkHarness) -> SalesforceId {
    let order = json!({ "lead": lead(1), "opportunity": true });
    let answer = harness.app.admin("convert", order).await;
    SalesforceId::parse(answer["opportunity"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_write_on_its_way_goes_to_the_opportunity_that_the_lead_became_and_the_rest_is_named() {
    for pushed_before_the_run in [false, true] {
        for schedule in ["hourly", "daily"] {
            let (harness, record) = pending().await;
            let target = convert(&harness).await;
            if pushed_before_the_run {
                assert_eq!(harness.push().await, (1, 0));
                assert_eq!(harness.status(&record).await, Some(LinkStatus::Pending));
            }

            let run = harness.app.scheduled(schedule).await;

            let said = harness.said(run.id, lead(1)).await;
            assert_eq!(codes(&said), [Code::LinkMoved, Code::WriteDropped]);
            assert!(said[1].message.contains("(Title)"), "{}", said[1].message);
            assert!(
                said[1].message.contains(target.as_str()),
                "{}",
                said[1].message
            );
            assert_eq!(harness.status(&record).await, Some(LinkStatus::Pending));
            harness.assert_whole().await;
            harness.push().await;
            harness.app.hourly().await;
            harness.push().await;

            let row = harness.row(target, &["Notes__c", "Sync__c"]).await;
            assert_eq!(row.text("Notes__c"), Some("call back"));
            assert!(row.is_checked("Sync__c"));
            let link = harness.record(&record).await.link.unwrap();
            assert_eq!(
                (link.status, link.salesforce_id),
                (LinkStatus::Synced, target)
            );
            harness.app.hourly().await;
            let record = harness.record(&record).await;
            assert_eq!(record.link.unwrap().status, LinkStatus::Synced);
            assert_eq!(record.fields["notes"], "call back");
            assert_eq!((harness.push().await, harness.outbox().await), ((0, 0), 0));
        }
    }
}

#[tokio::test]
async fn a_write_on_its_way_to_a_lead_that_has_no_opportunity_is_named_field_by_field() {
    let (harness, record) = pending().await;
    let order = json!({ "lead": lead(1), "opportunity": false });
    harness.app.admin("convert", order).await;
    harness.push().await;

    let run = harness.app.hourly().await;

    let said = harness.said(run.id, lead(1)).await;
    assert_eq!(codes(&said), [Code::LinkDisconnected, Code::WriteDropped]);
    for field in ["Title", "Description"] {
        assert!(said[1].message.contains(field), "{}", said[1].message);
    }
    assert_eq!(
        harness.status(&record).await,
        Some(LinkStatus::Disconnected)
    );
    assert_eq!(harness.claim(lead(1)).await.unwrap().pending, None);
    assert_eq!(harness.outbox().await, 0);
    harness.assert_whole().await;
}

#[tokio::test]
async fn a_write_on_its_way_to_a_lead_that_is_deleted_or_merged_is_named() {
    for call in ["delete", "merge"] {
        for run_first in [false, true] {
            let (harness, _) = pending().await;
            let order = match call {
                "delete" => json!({ "object": "Lead", "id": lead(1) }),
                _ => json!({ "object": "Lead", "winner": lead(2), "losers": [lead(1)] }),
            };
            harness.app.admin(call, order).await;
            if run_first {
                harness.app.hourly().await;
            }

            harness.push().await;

            let said = harness.message(Code::WriteRefused).await;
            assert!(
                said.contains("Title") && said.contains("Description"),
                "{said}"
            );
            assert_eq!(harness.claim(lead(1)).await.unwrap().pending, None);
            harness.assert_whole().await;
        }
    }
}

#[tokio::test]
async fn a_link_that_moved_sets_the_sync_flag_of_its_opportunity_and_is_not_paused() {
    let harness = LinkHarness::start(&folder(1, 3)).await;
    let record = record_id(RecordKind::Lead, "of-lead");
    harness.put(&record, json!({})).await;
    harness.link(&record, lead(1), "salesforce").await;
    harness.push().await;
    harness.app.full().await;
    let target = convert(&harness).await;

    harness.app.hourly().await;
    harness.app.hourly().await;
    harness.push().await;
    harness.app.hourly().await;

    assert!(
        harness
            .row(target, &["Sync__c"])
            .await
            .is_checked("Sync__c")
    );
    assert_eq!(harness.status(&record).await, Some(LinkStatus::Synced));
    harness.assert_whole().await;
}

#[tokio::test]
async fn what_a_link_that_moved_writes_is_delivered_without_a_further_run() {
    let (harness, record) = pending().await;
    harness.push().await;
    let target = convert(&harness).await;

    harness.app.hourly().await;
    assert_eq!(harness.status(&record).await, Some(LinkStatus::Pending));
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.status(&record).await, Some(LinkStatus::Synced));
    assert!(
        harness
            .row(target, &["Sync__c"])
            .await
            .is_checked("Sync__c")
    );
    assert_eq!(harness.outbox().await, 0);
}
