//! A record has one Salesforce record in each of its lives.

use dealbridge_core::{
    SalesforceObject,
    settings::{SendMode, SendTarget},
};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole};

#[tokio::test]
async fn after_an_unlink_sync_now_makes_a_second_record_and_no_second_link() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-17")).await;
    harness.push().await;
    let first = harness.linked(&deal("D-17")).await.unwrap();

    harness.unlink(&deal("D-17")).await;
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (0, 0));
    assert_eq!(harness.linked(&deal("D-17")).await, None);
    harness.sync_now(&deal("D-17")).await;
    assert_eq!(harness.push().await, (1, 0));

    let second = harness.linked(&deal("D-17")).await.unwrap();
    assert_ne!(first, second);
    let row = harness.row(second, &[EXTERNAL_ID]).await;
    assert_eq!(row.text(EXTERNAL_ID), Some("deal:D-17#2"));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lead_that_was_converted_before_it_was_linked_is_followed_to_its_opportunity() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness
        .app
        .disturb(json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;
    let (lead, _) = harness.created(SalesforceObject::Lead).await[0].clone();
    let body = json!({ "lead": lead, "opportunity": true });
    harness.app.admin("convert", body).await;

    assert_eq!(harness.push_again().await, (1, 0));

    let linked = harness.linked(&deal("D-1")).await.unwrap();
    assert_eq!(
        SalesforceObject::of(&linked),
        Some(SalesforceObject::Opportunity)
    );
    let entries = harness.entries().await;
    assert!(
        entries[0].message.contains(lead.as_str()),
        "{}",
        entries[0].message
    );
    harness.app.hourly().await;
    harness.push().await;
    assert!(
        harness
            .row(linked, &["Sync__c"])
            .await
            .is_checked("Sync__c")
    );
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lead_that_was_converted_without_an_opportunity_is_reported_and_no_second_one_is_made() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness
        .app
        .disturb(json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 }))
        .await;
    harness.push().await;
    harness.app.calm().await;
    let (lead, _) = harness.created(SalesforceObject::Lead).await[0].clone();
    let body = json!({ "lead": lead, "opportunity": false });
    harness.app.admin("convert", body).await;

    assert_eq!(harness.push_again().await, (1, 0));

    assert_eq!(harness.codes(&deal("D-1")).await, ["SF_EXTERNAL_ID_TAKEN"]);
    assert_eq!(harness.created(SalesforceObject::Lead).await.len(), 1);
}

#[tokio::test]
async fn a_salesforce_record_that_belongs_to_another_record_is_reported_and_not_taken() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness.push().await;
    let lead = harness.linked(&deal("D-1")).await.unwrap();
    // Somebody gives the Lead the External Id of another record.
    let body = json!({ "object": "Lead", "id": lead, "fields": { EXTERNAL_ID: "deal:D-2" } });
    harness.app.admin("edit", body).await;

    harness.submit(whole("D-2")).await;
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.codes(&deal("D-2")).await, ["SF_EXTERNAL_ID_TAKEN"]);
    assert_eq!(harness.linked(&deal("D-1")).await, Some(lead));
    // Mending the cause alone brings it through.
    let body = json!({ "object": "Lead", "id": lead, "fields": { EXTERNAL_ID: "deal:D-1" } });
    harness.app.admin("edit", body).await;
    harness.app.scheduled("daily").await;
    harness.push().await;
    let own = harness.linked(&deal("D-2")).await.unwrap();
    assert_ne!(own, lead);
}
