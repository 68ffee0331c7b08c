//! Runs: by the schedule, by hand, one at a time.

use reqwest::Method;
use serde_json::json;

use crate::product::{ADMIN, Product};

#[tokio::test]
async fn a_run_by_hand_is_answered_at_once_and_seen_to_its_end() {
    let product = Product::start(None).await;
    let body = json!({ "integration": "deal-registration" });

    let asked = product
        .call(ADMIN, Method::POST, "/sync-runs", Some(body))
        .await;
    assert_eq!(asked.status, 202);
    assert_eq!(asked.headers["location"], "/sync-runs/run-00000001");

    let settled = product.local(Method::POST, "settle", None).await.ok();
    let run = product.get(ADMIN, "/sync-runs/run-00000001").await.ok();
    assert_eq!(run["status"], "succeeded");
    assert_eq!(settled["run"], run);
    assert_eq!(
        (&run["counts"]["imported"], &run["counts"]["failed"]),
        (&json!(12), &json!(30))
    );
    let problems = product.get(ADMIN, "/problems").await.ok();
    assert_eq!(problems["items"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn asking_twice_gives_one_run_and_a_tick_during_it_does_nothing() {
    let product = Product::start(None).await;
    let ask = || {
        let body = json!({ "integration": "deal-registration" });
        product.call(ADMIN, Method::POST, "/sync-runs", Some(body))
    };

    let (first, second) = tokio::join!(ask(), ask());
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 202]);
    assert_eq!(first.body["id"], second.body["id"]);

    let tick = json!({ "schedule": "hourly" });
    let tick = product.local(Method::POST, "tick", Some(tick)).await.ok();
    assert_eq!(
        (&tick["outcome"], &tick["run"]["id"]),
        (&json!("active"), &json!("run-00000001"))
    );

    product.local(Method::POST, "settle", None).await.ok();
    let runs = product.get(ADMIN, "/sync-runs").await.ok();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn schedules_fire_the_runs_that_the_template_says() {
    let product = Product::imported().await;

    let hourly = product.run("hourly").await;
    assert_eq!(
        (&hourly["listed"], &hourly["failed"]),
        (&json!(30), &json!(30))
    );
    let daily = product.run("daily").await;
    assert_eq!(
        (&daily["listed"], &daily["unchanged"]),
        (&json!(42), &json!(12))
    );

    let runs = product.get(ADMIN, "/sync-runs").await.ok();
    let seen: Vec<(&str, &str)> = runs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            (
                run["mode"].as_str().unwrap(),
                run["trigger"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("full", "schedule"),
            ("incremental", "schedule"),
            ("full", "manual")
        ]
    );
    let unknown = json!({ "schedule": "weekly" });
    let unknown = product.local(Method::POST, "tick", Some(unknown)).await;
    assert_eq!(unknown.refusal(), (400, "MALFORMED"));
}

#[tokio::test]
async fn a_settle_that_cannot_wait_longer_says_so_and_one_before_any_run_has_none() {
    let product = Product::start(None).await;
    assert_eq!(
        product.local(Method::POST, "settle", None).await.ok(),
        json!({ "run": null })
    );

    let body = json!({ "integration": "deal-registration" });
    product
        .call(ADMIN, Method::POST, "/sync-runs", Some(body))
        .await
        .ok();
    let body = json!({ "timeoutSeconds": 0 });
    let refused = product.local(Method::POST, "settle", Some(body)).await;

    assert_eq!(refused.refusal(), (503, "NOT_SETTLED"));
}

#[tokio::test]
async fn a_switched_off_integration_refuses_a_run_by_hand_and_a_tick_does_nothing() {
    let product = Product::start(None).await;
    let (_, settings) = product.app.portal.versioned_settings().await.unwrap();
    let mut settings = (*settings).clone();
    settings.enabled = false;
    product
        .app
        .portal
        .put_settings(&settings, None)
        .await
        .unwrap();

    let body = json!({ "integration": "deal-registration" });
    let asked = product
        .call(ADMIN, Method::POST, "/sync-runs", Some(body))
        .await;
    let tick = json!({ "schedule": "daily" });
    let tick = product.local(Method::POST, "tick", Some(tick)).await.ok();

    assert_eq!(asked.refusal(), (409, "INTEGRATION_DISABLED"));
    assert_eq!(tick, json!({ "run": null, "outcome": "switched_off" }));
    let runs = product.get(ADMIN, "/sync-runs").await.ok();
    assert_eq!(runs["items"], json!([]));
}
