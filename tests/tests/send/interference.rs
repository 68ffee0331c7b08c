//! Someone edits, links, unlinks or deletes a record while it is being created.

use dealbridge_core::{
    SalesforceObject,
    code::Code,
    entry::Entry,
    record::{LinkStatus, Record},
    settings::{SendMode, SendTarget},
};
use dealbridge_tests::account;
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole, with_end_user};

#[tokio::test]
async fn what_was_created_for_a_record_that_is_gone_by_then_is_named_with_what_to_do() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    // The record goes between the call and the transaction.
    harness
        .between(async || harness.delete(&deal("D-1")).await)
        .await;

    let leads = harness.created(SalesforceObject::Lead).await;
    assert_eq!(leads.len(), 1);
    let entries = harness.entries().await;
    let entry = entries.last().unwrap();
    assert_eq!(entry.code.as_str(), "CREATED_BUT_NOT_LINKED");
    assert!(
        entry.message.contains(leads[0].0.as_str()),
        "{}",
        entry.message
    );
    assert!(entry.message.contains("deleted"), "{}", entry.message);
    assert_eq!(harness.claim(leads[0].0).await, None);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn an_edit_while_it_is_created_reaches_salesforce_afterwards() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness
        .between(async || {
            let edit = |record: &mut Record| {
                let company = json!("Acme & Co");
                record.fields.insert("company".to_owned(), company);
            };
            harness.edit(&deal("D-1"), edit).await;
        })
        .await;

    let id = harness.linked(&deal("D-1")).await.unwrap();
    let status = harness.record(&deal("D-1")).await.link.unwrap().status;
    assert_eq!(status, LinkStatus::Pending);
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));

    let row = harness.row(id, &["Company"]).await;
    assert_eq!(row.text("Company"), Some("Acme & Co"));
    let status = harness.record(&deal("D-1")).await.link.unwrap().status;
    assert_eq!(status, LinkStatus::Synced);
}

/// A harness with a Deal whose Lead was created, while the answer was lost.
async fn half_way() -> SendHarness {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness
        .app
        .disturb(json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;
    harness
}

/// Edits a Deal's name over the API.
async fn rename(harness: &SendHarness, id: &str, name: &str) {
    let body = json!({ "fields": { "name": name } });
    let (status, answer) = harness
        .call("PATCH", &format!("/deals/{id}"), Some(body))
        .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn an_edit_after_an_answer_was_lost_reaches_the_opportunity_that_is_found_again() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::MatchContact).await;
    let fields = json!({ "LastName": "Roe", "Email": "roe@acme.example", "AccountId": account(1) });
    harness.create_row("Contact", fields).await;
    harness
        .submit(with_end_user("D-1", "roe@acme.example"))
        .await;
    harness
        .app
        .disturb(json!({ "match": "/composite", "mode": "cut", "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;

    rename(&harness, "D-1", "Solar park").await;
    assert_eq!(harness.push_again().await, (1, 0));
    harness.app.hourly().await;
    harness.push().await;

    let id = harness.linked(&deal("D-1")).await.unwrap();
    assert_eq!(
        harness.created(SalesforceObject::Opportunity).await.len(),
        1
    );
    let row = harness.row(id, &["Name"]).await;
    assert_eq!(row.text("Name"), Some("Solar park"));
    let record = harness.record(&deal("D-1")).await;
    assert_eq!(record.fields["name"], "Solar park");
    assert_eq!(record.link.unwrap().status, LinkStatus::Synced);
}

#[tokio::test]
async fn an_edit_after_an_answer_was_lost_is_compared_with_what_the_converted_lead_became() {
    let harness = half_way().await;
    let (lead, _) = harness.created(SalesforceObject::Lead).await[0].clone();

    rename(&harness, "D-1", "Solar park").await;
    let body = json!({ "lead": lead, "opportunity": true });
    harness.app.admin("convert", body).await;
    assert_eq!(harness.push_again().await, (1, 0));
    harness.app.hourly().await;
    harness.push().await;

    let id = harness.linked(&deal("D-1")).await.unwrap();
    let name = harness
        .row(id, &["Name"])
        .await
        .text("Name")
        .map(str::to_owned);
    assert_eq!(
        harness.record(&deal("D-1")).await.fields["name"],
        name.unwrap()
    );
    let entries = harness.entries().await;
    let is_told = |entry: &Entry| {
        entry.code == Code::ConflictResolved && entry.message.contains("Solar park")
    };
    assert!(entries.iter().any(is_told), "{entries:#?}");
}

#[tokio::test]
async fn a_message_of_a_create_that_came_to_its_end_does_no_harm_days_later() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    let old = harness.message().await;
    harness.push_again().await;
    let first = harness.linked(&deal("D-1")).await;
    assert!(first.is_some());

    harness
        .app
        .send(
            dealbridge_tests::test_app::WRITES,
            std::slice::from_ref(&old),
        )
        .await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.linked(&deal("D-1")).await, first);
    harness.unlink(&deal("D-1")).await;
    harness
        .app
        .send(dealbridge_tests::test_app::WRITES, &[old])
        .await;
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.linked(&deal("D-1")).await, None);
    assert_eq!(harness.created(SalesforceObject::Lead).await.len(), 1);
}
