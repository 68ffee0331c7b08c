//! The data directory keeps the state over a restart.

use dealbridge_core::{run::RunStatus, sync_request::Requested};
use reqwest::Method;
use serde_json::json;

use crate::product::{ADMIN, Call, Product};

#[tokio::test]
async fn a_restart_finds_records_problems_tokens_people_and_the_org_as_they_were() {
    let data = tempfile::tempdir().unwrap();
    let at = || Some(data.path().to_owned());
    let first = Product::start(at()).await;
    first.app.full_run().await.unwrap();
    let token = first.token(ADMIN).await;
    let body = json!({ "status": "active" });
    first
        .local(Method::POST, "users/usr-dora", Some(body))
        .await
        .ok();
    let edit = json!({ "object": "Opportunity", "id": "006aP00000008G0QAI", "fields": { "Amount": 77_000 } });
    first
        .app
        .org
        .as_ref()
        .unwrap()
        .admin("edit", &edit)
        .unwrap();
    first.stop().await;

    let second = Product::start(at()).await;
    let call = Call {
        method: Method::GET,
        target: "/sync-runs".to_owned(),
        token: Some(token),
        body: None,
    };
    let runs = second.send(call).await.ok();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);

    // The user was activated and the Opportunity edited before the restart, and both count after it.
    let counts = second.run("hourly").await;
    assert_eq!(
        (&counts["imported"], &counts["updated"]),
        (&json!(1), &json!(1))
    );
    second.stop().await;
}

#[tokio::test]
async fn a_run_that_was_stopped_in_the_middle_is_made_whole_after_the_restart() {
    let data = tempfile::tempdir().unwrap();
    let at = || Some(data.path().to_owned());
    let first = Product::start(at()).await;
    let Requested::Started(interrupted) = first.app.request_run().await.unwrap() else {
        panic!("a run was active before there was one");
    };
    first.stop().await;

    let second = Product::start(at()).await;
    let report = second.app.full_run().await.unwrap();

    assert_eq!(report.status, RunStatus::Succeeded);
    assert!(report.run.id > interrupted.id);
    let counts = report.run.counts;
    assert_eq!(
        (counts.imported + counts.unchanged, counts.failed),
        (12, 30)
    );
    let (interrupted, _) = second.app.status(interrupted.id).await.unwrap();
    assert!(interrupted.failed_at.is_some() || interrupted.listed_at.is_some());
    second.stop().await;
}
