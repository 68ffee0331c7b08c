//! The triggers that have a record created in Salesforce, and the records that they create.

use dealbridge_core::{
    SalesforceObject,
    record::LinkStatus,
    settings::{SendMode, SendTarget},
};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole};

#[tokio::test]
async fn a_submitted_deal_becomes_a_lead_and_is_linked_to_it() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;

    harness.submit(whole("D-17")).await;
    let (_, shown) = harness.call("GET", "/deals/D-17", None).await;
    assert_eq!(shown["salesforce"], json!({ "status": "creating" }));
    assert_eq!(harness.push().await, (1, 0));

    let id = harness.linked(&deal("D-17")).await.unwrap();
    let row = harness
        .row(id, &["Name", "Company", "Sync__c", EXTERNAL_ID])
        .await;
    assert_eq!(
        (
            row.text("Name"),
            row.text("Company"),
            row.is_checked("Sync__c")
        ),
        (Some("Ann Roe"), Some("Acme"), true)
    );
    assert_eq!(row.text(EXTERNAL_ID), Some("deal:D-17"));
    let record = harness.record(&deal("D-17")).await;
    let link = record.link.unwrap();
    assert_eq!((link.status, record.creating), (LinkStatus::Synced, None));
    assert_eq!(harness.actions().await, ["SENT"]);
    assert_eq!(harness.outbox().await, 0);
    // The next run reads it, and finds nothing to change.
    let run = harness.app.hourly().await;
    assert_eq!(run.counts.failed, 0);
    assert_eq!(harness.linked(&deal("D-17")).await, Some(id));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn where_leads_have_no_sync_flag_it_is_left_out_and_asked_for_once() {
    let harness = SendHarness::without_flag(SendMode::OnSubmit, SendTarget::Lead).await;
    for id in ["d-1", "d-2", "d-3"] {
        harness.submit(whole(id)).await;
    }

    assert_eq!(harness.push().await, (3, 0));

    assert_eq!(harness.actions().await, ["SENT"; 3]);
    let usage = harness.app.salesforce.usage();
    assert_eq!((usage.upsert, usage.describe), (4, 1));
}

#[tokio::test]
async fn a_deal_is_sent_when_its_status_becomes_one_of_those_named_and_not_before() {
    let harness = SendHarness::start(SendMode::OnStatus, SendTarget::Lead).await;
    harness
        .send_deals(|send| send.statuses = vec!["Approved".to_owned()])
        .await;

    harness.submit(whole("D-1")).await;
    assert_eq!(harness.push().await, (0, 0));
    harness
        .edit(&deal("D-1"), |record| {
            record.registration_status = Some("Approved".to_owned());
        })
        .await;
    assert_eq!(harness.push().await, (1, 0));

    assert!(harness.linked(&deal("D-1")).await.is_some());
}

#[tokio::test]
async fn in_the_manual_mode_sync_now_creates_it_and_its_task_tells() {
    let harness = SendHarness::start(SendMode::Manual, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    assert_eq!(harness.push().await, (0, 0));

    let task = harness.sync_now(&deal("D-1")).await;
    assert_eq!(task["status"], "queued");
    assert_eq!(harness.push().await, (1, 0));

    let task = harness.task(&task).await;
    assert_eq!(task["status"], "succeeded", "{task}");
    assert_eq!(task["entries"][0]["code"], "SENT");
    let id = harness.linked(&deal("D-1")).await.unwrap();
    assert_eq!(task["salesforce"]["id"], id.as_str());
}

#[tokio::test]
async fn where_sending_is_off_sync_now_says_so() {
    let harness = SendHarness::start(SendMode::Off, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;

    let (status, body) = harness.call("POST", "/deals/D-1/sync", None).await;
    assert_eq!((status, &body["code"]), (409, &json!("SEND_OFF")));
    let (status, body) = harness.call("POST", "/deals/D-2/sync", None).await;
    assert_eq!((status, &body["code"]), (404, &json!("RECORD_NOT_FOUND")));
    let (status, body) = harness.call("GET", "/tasks/task-1", None).await;
    assert_eq!((status, &body["code"]), (404, &json!("TASK_NOT_FOUND")));
}

#[tokio::test]
async fn what_is_switched_off_before_its_turn_is_not_created() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness.send_deals(|send| send.mode = SendMode::Off).await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.record(&deal("D-1")).await.creating, None);
    assert_eq!(harness.actions().await, ["SEND_SWITCHED_OFF"]);
    assert_eq!(harness.created(SalesforceObject::Lead).await, []);
}

#[tokio::test]
async fn a_submission_whose_message_was_lost_goes_with_the_next_run() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit_unsent(whole("D-1")).await;
    assert_eq!(harness.push().await, (0, 0));

    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));

    assert!(harness.linked(&deal("D-1")).await.is_some());
}

#[tokio::test]
async fn the_assigned_internal_user_owns_the_lead_if_exactly_one_user_of_the_org_has_the_address() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.map_owner().await;
    let mut unknown = whole("D-1");
    unknown
        .fields
        .insert("assigned".to_owned(), json!("usr-admin"));

    harness.submit(unknown).await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.codes(&deal("D-1")).await, ["OWNER_NOT_FOUND"]);
    let user = harness
        .create_row(
            "User",
            json!({ "Username": "ada@acme.example", "LastName": "Admin", "Alias": "ada", "Email": "ADMIN@internal.example", "IsActive": true }),
        )
        .await;
    let task = harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.task(&task).await["status"], "succeeded");
    let id = harness.linked(&deal("D-1")).await.unwrap();
    let row = harness.row(id, &["OwnerId"]).await;
    assert_eq!(row.text("OwnerId"), Some(user.as_str()));
}

#[tokio::test]
async fn the_org_s_assignment_rule_owns_a_lead_that_is_created_by_it_and_no_other_write_asks_for_it()
 {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    let user = async |name: &str| {
        let email = format!("{name}@acme.example");
        let fields = json!({ "Username": email, "LastName": name, "Alias": name, "Email": email, "IsActive": true });
        harness.create_row("User", fields).await
    };
    let (by_rule, by_hand) = (user("rule").await, user("hand").await);
    let rule = json!({ "object": "Lead", "entries": [{ "owner": by_rule }] });
    harness.app.admin("assignment", rule).await;
    let owner = async |id| {
        let row = harness.row(id, &["OwnerId"]).await;
        row.text("OwnerId").unwrap().to_owned()
    };

    harness.submit(whole("d-1")).await;
    assert_eq!(harness.push().await, (1, 0));
    let left = harness.linked(&deal("d-1")).await.unwrap();
    assert_ne!(owner(left).await, by_rule.as_str());

    harness.send_deals(|send| send.assignment_rule = true).await;
    harness.submit(whole("d-2")).await;
    assert_eq!(harness.push().await, (1, 0));
    let assigned = harness.linked(&deal("d-2")).await.unwrap();
    assert_eq!(owner(assigned).await, by_rule.as_str());

    // Somebody takes it over. What an edit writes afterwards leaves it to them.
    let taken = json!({ "object": "Lead", "id": assigned, "fields": { "OwnerId": by_hand } });
    harness.app.admin("edit", taken).await;
    harness.app.hourly().await;
    let patch = json!({ "fields": { "company": "Acme & Co" } });
    let (status, body) = harness.call("PATCH", "/deals/d-2", Some(patch)).await;
    assert_eq!(status, 200, "{body}");
    while harness.push().await != (0, 0) {}
    let row = harness.row(assigned, &["Company"]).await;
    assert_eq!(row.text("Company"), Some("Acme & Co"));
    assert_eq!(owner(assigned).await, by_hand.as_str());
}
