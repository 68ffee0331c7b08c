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
    desk::Desk,
    life::codes,
    portal::{folder, lead, record_id},
};

/// A Lead of the portal whose description and title are about to be written to a Salesforce Lead. The description
/// becomes a Deal's notes, which the Opportunity has a field for; the title has no field there.
async fn pending() -> (Desk, RecordId) {
    let desk = Desk::start(&folder(1, 3)).await;
    desk.world
        .set(|settings| {
            let row = |channeltivity: &str, salesforce: &str| MappingRow {
                channeltivity: channeltivity.into(),
                salesforce: FieldPath::parse(salesforce).unwrap(),
                on_create: Flow::Both,
                on_update: Flow::Both,
                values: std::collections::BTreeMap::new(),
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
    desk.world.full().await;
    let record = record_id(RecordKind::Lead, "of-lead");
    desk.put(
        &record,
        json!({ "notes": "call back", "title": "Chief Buyer" }),
    )
    .await;
    let link = desk.link(&record, lead(1), "channeltivity").await;
    assert_eq!(
        (link.status, &link.body["status"]),
        (201, &json!("pending"))
    );
    (desk, record)
}

impl Desk {
    /// The number of writes in the outbox.
    async fn outbox(&self) -> usize {
        self.world.store.outbox().await.unwrap().requests.len()
    }
}

async fn convert(desk: &Desk) -> SalesforceId {
    let order = json!({ "lead": lead(1), "opportunity": true });
    let answer = desk.world.admin("convert", order).await;
    SalesforceId::parse(answer["opportunity"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_write_on_its_way_goes_to_the_opportunity_that_the_lead_became_and_the_rest_is_named() {
    for pushed_before_the_run in [false, true] {
        for schedule in ["hourly", "daily"] {
            let (desk, record) = pending().await;
            let target = convert(&desk).await;
            if pushed_before_the_run {
                assert_eq!(desk.push().await, (1, 0));
                assert_eq!(desk.status(&record).await, Some(LinkStatus::Pending));
            }

            let run = desk.world.scheduled(schedule).await;

            let said = desk.said(run.id, lead(1)).await;
            assert_eq!(codes(&said), [Code::LinkMoved, Code::WriteDropped]);
            assert!(said[1].message.contains("(Title)"), "{}", said[1].message);
            assert!(
                said[1].message.contains(target.as_str()),
                "{}",
                said[1].message
            );
            assert_eq!(desk.status(&record).await, Some(LinkStatus::Pending));
            desk.assert_whole().await;
            desk.push().await;
            desk.world.hourly().await;
            desk.push().await;

            let row = desk.row(target, &["Notes__c", "Sync__c"]).await;
            assert_eq!(row.text("Notes__c"), Some("call back"));
            assert!(row.is_checked("Sync__c"));
            let link = desk.record(&record).await.link.unwrap();
            assert_eq!(
                (link.status, link.salesforce_id),
                (LinkStatus::Synced, target)
            );
            desk.world.hourly().await;
            let record = desk.record(&record).await;
            assert_eq!(record.link.unwrap().status, LinkStatus::Synced);
            assert_eq!(record.fields["notes"], "call back");
            assert_eq!((desk.push().await, desk.outbox().await), ((0, 0), 0));
        }
    }
}

#[tokio::test]
async fn a_write_on_its_way_to_a_lead_that_has_no_opportunity_is_named_field_by_field() {
    let (desk, record) = pending().await;
    let order = json!({ "lead": lead(1), "opportunity": false });
    desk.world.admin("convert", order).await;
    desk.push().await;

    let run = desk.world.hourly().await;

    let said = desk.said(run.id, lead(1)).await;
    assert_eq!(codes(&said), [Code::LinkDisconnected, Code::WriteDropped]);
    for field in ["Title", "Description"] {
        assert!(said[1].message.contains(field), "{}", said[1].message);
    }
    assert_eq!(desk.status(&record).await, Some(LinkStatus::Disconnected));
    assert_eq!(desk.claim(lead(1)).await.unwrap().pending, None);
    assert_eq!(desk.outbox().await, 0);
    desk.assert_whole().await;
}

#[tokio::test]
async fn a_write_on_its_way_to_a_lead_that_is_deleted_or_merged_is_named() {
    for call in ["delete", "merge"] {
        for run_first in [false, true] {
            let (desk, _) = pending().await;
            let order = match call {
                "delete" => json!({ "object": "Lead", "id": lead(1) }),
                _ => json!({ "object": "Lead", "winner": lead(2), "losers": [lead(1)] }),
            };
            desk.world.admin(call, order).await;
            if run_first {
                desk.world.hourly().await;
            }

            desk.push().await;

            let said = desk.message(Code::WriteRefused).await;
            assert!(
                said.contains("Title") && said.contains("Description"),
                "{said}"
            );
            assert_eq!(desk.claim(lead(1)).await.unwrap().pending, None);
            desk.assert_whole().await;
        }
    }
}

#[tokio::test]
async fn a_link_that_moved_sets_the_sync_flag_of_its_opportunity_and_is_not_paused() {
    let desk = Desk::start(&folder(1, 3)).await;
    let record = record_id(RecordKind::Lead, "of-lead");
    desk.put(&record, json!({})).await;
    desk.link(&record, lead(1), "salesforce").await;
    desk.push().await;
    desk.world.full().await;
    let target = convert(&desk).await;

    desk.world.hourly().await;
    desk.world.hourly().await;
    desk.push().await;
    desk.world.hourly().await;

    assert!(desk.row(target, &["Sync__c"]).await.is_checked("Sync__c"));
    assert_eq!(desk.status(&record).await, Some(LinkStatus::Synced));
    desk.assert_whole().await;
}
