//! Dead letters are shown with their reason, stay where they are, and can be discarded one by one.

use dealbridge_aws::{Endpoint, sdk_config};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, INTERNAL, Product};

/// Puts bodies into the dead-letter queue of imports.
async fn bury(product: &Product, bodies: &[&str]) {
    let queues = &product.app.queues;
    let config = sdk_config(&Endpoint::Local {
        url: queues.endpoint_url(),
    })
    .await;
    let client = aws_sdk_sqs::Client::new(&config);
    for body in bodies {
        client
            .send_message()
            .queue_url(queues.queue_url("imports-dlq"))
            .message_body(*body)
            .send()
            .await
            .unwrap();
    }
}

async fn letters(product: &Product) -> Vec<Value> {
    let queues = product.get(ADMIN, "/dead-letters").await.ok();
    let imports = queues["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["queue"] == "imports")
        .unwrap();
    let letters = imports["letters"].as_array().unwrap().clone();
    assert_eq!(imports["messages"], letters.len());
    assert_eq!(imports["inFlight"], 0);
    letters
}

const READABLE: &str = r#"{"version":1,"run":"run-00000001","org":"00DdM0000000001UAA","opportunity":"006dM0000000001QAA"}"#;

#[tokio::test]
async fn an_unreadable_message_is_shown_with_its_reason_and_a_look_loses_nothing() {
    let product = Product::start(None).await;
    let long = format!("{{\"version\":1,\"note\":\"{}\"}}", "so long ".repeat(90));
    bury(&product, &["not JSON", READABLE, &long]).await;

    let shown = letters(&product).await;
    let again = letters(&product).await;

    let of = |start: &str| {
        let found = shown
            .iter()
            .find(|one| one["start"].as_str().unwrap().starts_with(start));
        found.unwrap().clone()
    };
    let unreadable = of("not JSON");
    assert_eq!(unreadable["readable"], false);
    let reason = unreadable["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("it cannot be read: its body is not JSON"),
        "{reason}"
    );
    assert!(unreadable["ageSeconds"].as_i64().unwrap() < 600);
    assert!(unreadable["receiveCount"].as_u64().unwrap() >= 1);
    assert_eq!(of("{\"version\":1,\"run\"")["readable"], true);
    let start = of("{\"version\":1,\"note\"")["start"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(start.chars().count(), 200);
    let ids = |letters: &[Value]| {
        let mut ids: Vec<_> = letters.iter().map(|one| one["messageId"].clone()).collect();
        ids.sort_by_key(Value::to_string);
        ids
    };
    assert_eq!(ids(&again), ids(&shown));
    assert_eq!(shown.len(), 3);
}

#[tokio::test]
async fn one_letter_is_discarded_by_an_administrator_and_the_log_says_by_whom() {
    let product = Product::start(None).await;
    bury(&product, &["not JSON", READABLE]).await;
    let shown = letters(&product).await;
    let bad = shown.iter().find(|one| one["readable"] == false).unwrap();
    let id = bad["messageId"].as_str().unwrap();
    let target = format!("/dead-letters/imports/{id}");

    let forbidden = product.call(INTERNAL, Method::DELETE, &target, None).await;
    let discarded = product
        .call(ADMIN, Method::DELETE, &target, None)
        .await
        .ok();
    let again = product.call(ADMIN, Method::DELETE, &target, None).await;
    let unknown = "/dead-letters/exports/x";
    let unknown = product.call(ADMIN, Method::DELETE, unknown, None).await;

    assert_eq!(forbidden.refusal(), (403, "FORBIDDEN"));
    let answer =
        json!({ "queue": "imports", "messageId": id, "discarded": true, "start": "not JSON" });
    assert_eq!(discarded, answer);
    assert_eq!(again.refusal(), (404, "DEAD_LETTER_NOT_FOUND"));
    assert_eq!(unknown.status, 400);
    let left = letters(&product).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["readable"], true);
    let log = product
        .get(ADMIN, "/integration-log?code=DEAD_LETTER_DISCARDED")
        .await
        .ok();
    let message = log["items"][0]["message"].as_str().unwrap();
    assert!(
        message.contains(ADMIN) && message.contains("not JSON"),
        "{message}"
    );
}
