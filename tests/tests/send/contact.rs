//! A record whose end user is a customer's contact becomes an Opportunity; any other a Lead, and an entry says why.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    record::Record,
    settings::{SendMode, SendTarget},
};
use dealbridge_tests::{account, contact};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, with_end_user};

async fn start() -> SendHarness {
    SendHarness::start(SendMode::OnSubmit, SendTarget::MatchContact).await
}

fn submitted(id: &str, email: &str) -> Record {
    with_end_user(id, email)
}

async fn contact_with(
    harness: &SendHarness,
    email: &str,
    account: Option<SalesforceId>,
) -> SalesforceId {
    let fields = json!({ "LastName": "Roe", "Email": email, "AccountId": account });
    harness.create_row("Contact", fields).await
}

#[tokio::test]
async fn one_contact_makes_it_an_opportunity_of_the_account_with_its_primary_contact_role() {
    let harness = start().await;
    let roe = contact_with(&harness, "ROE@acme.example", Some(account(1))).await;

    harness.submit(submitted("D-1", "roe@acme.example")).await;
    assert_eq!(harness.push().await, (1, 0));

    let id = harness.linked(&deal("D-1")).await.unwrap();
    assert_eq!(
        SalesforceObject::of(&id),
        Some(SalesforceObject::Opportunity)
    );
    let fields = [
        "Name",
        "AccountId",
        "StageName",
        "CloseDate",
        "Sync__c",
        "Export__c",
        EXTERNAL_ID,
    ];
    let row = harness.row(id, &fields).await;
    assert_eq!(row.text("Name"), Some("Solar roof"));
    assert_eq!(row.text("AccountId"), Some(account(1).as_str()));
    assert_eq!(row.text("StageName"), Some("Qualification"));
    assert!(row.text("CloseDate").is_some());
    assert_eq!(row.text(EXTERNAL_ID), Some("deal:D-1"));
    assert!(row.is_checked("Sync__c") && !row.is_checked("Export__c"));
    let roles = harness.roles(id).await;
    assert_eq!(roles, [(roe, true)]);
    assert_eq!(harness.actions().await, ["SENT"]);
    assert_eq!(harness.created(SalesforceObject::Lead).await, []);
    // It is not imported: the Export flag is off.
    harness.app.hourly().await;
    assert_eq!(harness.linked(&deal("D-1")).await, Some(id));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn none_several_or_one_without_an_account_make_it_a_lead_and_the_entry_says_which() {
    let harness = start().await;
    let alone = contact_with(&harness, "alone@acme.example", None).await;
    let twins = [
        contact_with(&harness, "twin@acme.example", Some(account(1))).await,
        contact_with(&harness, "twin@acme.example", Some(account(1))).await,
    ];
    let gone = contact_with(&harness, "gone@acme.example", Some(account(1))).await;
    let body = json!({ "object": "Contact", "id": gone });
    harness.app.admin("delete", body).await;

    for (id, email, says) in [
        (
            "D-1",
            "nobody@acme.example",
            "no Contact has the email address nobody@acme.example".to_owned(),
        ),
        (
            "D-2",
            "alone@acme.example",
            format!("the Contact {alone} with the email address alone@acme.example has no Account"),
        ),
        ("D-3", "twin@acme.example", format!("Contact {}", twins[0])),
        (
            "D-4",
            "gone@acme.example",
            "no Contact has the email address".to_owned(),
        ),
    ] {
        harness.submit(submitted(id, email)).await;
        assert_eq!(harness.push().await, (1, 0));

        let linked = harness.linked(&deal(id)).await.unwrap();
        assert_eq!(
            SalesforceObject::of(&linked),
            Some(SalesforceObject::Lead),
            "{id}"
        );
        let entries = harness.entries().await;
        let entry = entries.last().unwrap();
        assert_eq!(entry.code.as_str(), "SENT_AS_LEAD");
        assert!(entry.message.contains(&says), "{}", entry.message);
    }
    assert_ne!(contact(1), twins[0]);
}

#[tokio::test]
async fn a_contact_that_appears_after_a_lost_answer_does_not_make_a_second_record() {
    let harness = start().await;
    harness.submit(submitted("D-1", "late@acme.example")).await;
    // The org creates the Lead, and every answer of it is lost.
    harness
        .app
        .disturb(json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;
    contact_with(&harness, "late@acme.example", Some(account(1))).await;

    assert_eq!(harness.push_again().await, (1, 0));

    let leads = harness.created(SalesforceObject::Lead).await;
    assert_eq!(leads.len(), 1);
    assert_eq!(harness.created(SalesforceObject::Opportunity).await, []);
    assert_eq!(harness.linked(&deal("D-1")).await, Some(leads[0].0));
}

#[tokio::test]
async fn an_opportunity_costs_three_calls_with_its_owner_and_a_lost_answer_finds_it_again() {
    let harness = start().await;
    contact_with(&harness, "roe@acme.example", Some(account(1))).await;
    harness.submit(submitted("D-1", "roe@acme.example")).await;
    harness
        .app
        .disturb(json!({ "match": "/composite", "mode": "cut", "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;

    assert_eq!(harness.push_again().await, (1, 0));

    let opportunities = harness.created(SalesforceObject::Opportunity).await;
    assert_eq!(opportunities.len(), 1);
    assert_eq!(harness.roles(opportunities[0].0).await.len(), 1);
    assert_eq!(harness.linked(&deal("D-1")).await, Some(opportunities[0].0));
}
