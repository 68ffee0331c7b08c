//! Sync Now of a linked record.

use dealbridge_core::{
    record::LinkStatus,
    settings::{SendMode, SendTarget},
};
use serde_json::json;

use crate::harness::{SendHarness, deal, whole};

/// A Deal that is linked to the Lead that it became.
async fn linked() -> (SendHarness, dealbridge_core::SalesforceId) {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness.push().await;
    let id = harness.linked(&deal("D-1")).await.unwrap();
    (harness, id)
}

#[tokio::test]
async fn what_was_edited_in_salesforce_is_there_at_once_and_no_run_is_needed() {
    let (harness, lead) = linked().await;
    let body = json!({ "object": "Lead", "id": lead, "fields": { "Company": "Acme & Co" } });
    harness.app.admin("edit", body).await;

    let task = harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));

    let task = harness.task(&task).await;
    assert_eq!(
        (&task["status"], &task["entries"][0]["code"]),
        (&json!("succeeded"), &json!("UPDATED")),
        "{task}"
    );
    let record = harness.record(&deal("D-1")).await;
    assert_eq!(record.fields["company"], "Acme & Co");
    // The runs count it as any other.
    let run = harness.app.hourly().await;
    assert_eq!((run.counts.updated, run.counts.failed), (0, 0));
    let task = harness.sync_now(&deal("D-1")).await;
    harness.push().await;
    assert_eq!(harness.task(&task).await["entries"][0]["code"], "UNCHANGED");
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_link_that_is_disconnected_says_why() {
    let (harness, lead) = linked().await;
    harness
        .app
        .admin("delete", json!({ "object": "Lead", "id": lead }))
        .await;

    let task = harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));
    for asked in 0..2 {
        let told = harness.task(&task).await;
        assert_eq!(told["status"], "failed", "{told}");
        assert_eq!(told["entries"][0]["code"], "LINK_DISCONNECTED");
        let message = told["entries"][0]["message"].as_str().unwrap();
        assert!(message.contains("was deleted"), "{asked}: {message}");
    }
    let status = harness.record(&deal("D-1")).await.link.unwrap().status;
    assert_eq!(status, LinkStatus::Disconnected);
}

#[tokio::test]
async fn while_salesforce_is_down_the_task_waits() {
    let (harness, _) = linked().await;
    let task = harness.sync_now(&deal("D-1")).await;
    harness
        .app
        .disturb(json!({ "match": "/query", "status": 503, "times": 50 }))
        .await;
    assert_eq!(harness.push().await, (0, 1));
    assert_eq!(harness.task(&task).await["status"], "queued");
    harness.app.calm().await;

    assert_eq!(harness.push_again().await, (1, 0));

    assert_eq!(harness.task(&task).await["status"], "succeeded");
}

#[tokio::test]
async fn while_the_budget_is_spent_sync_now_is_for_those_who_ask_for_it_all_the_same() {
    let harness = SendHarness::start(SendMode::Manual, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    // The run reads what the org allows.
    harness.app.hourly().await;
    let spent = |settings: &mut dealbridge_core::settings::Settings| {
        settings.api_budget.share = 0.0;
    };
    harness.app.set(spent).await;
    let sync = |body| harness.call("POST", "/deals/D-1/sync", body);

    for body in [None, Some(json!({})), Some(json!({ "overBudget": false }))] {
        let (status, problem) = sync(body).await;
        assert_eq!((status, &problem["code"]), (409, &json!("SF_BUDGET_SPENT")));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("\"overBudget\": true"), "{detail}");
    }
    assert_eq!(harness.push().await, (0, 0));
    let (status, task) = sync(Some(json!({ "overBudget": true }))).await;
    assert_eq!(status, 202, "{task}");
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.task(&task).await["status"], "succeeded");
    assert!(harness.linked(&deal("D-1")).await.is_some());
}
