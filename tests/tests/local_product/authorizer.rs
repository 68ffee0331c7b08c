//! Tokens: what the gateway refuses, and which group the functions take for the administrators'.

use dealbridge_local::{
    gateway::token::{Subject, Tokens},
    template::Authorizer,
};
use reqwest::Method;
use serde_json::json;

use crate::product::{ADMIN, Answer, Call, Product};

/// Every call of the API, with values for its variables. The console asks for a session instead of a token.
fn calls(product: &Product) -> Vec<Call> {
    let call = |route: &dealbridge_local::template::Route| Call {
        method: Method::from_bytes(route.method.as_bytes()).unwrap(),
        target: route
            .path
            .replace("{kind}", "deals")
            .replace("{id}", "deal-office-move")
            .replace("{idOrUrl}", "006aP00000008G0")
            .replace("{salesforceId}", "006aP00000008G0"),
        token: None,
        body: (route.method == "POST" || route.method == "PUT").then(|| json!({})),
    };
    let routes = product.app.template.routes.iter();
    let of_tokens = routes.filter(|route| route.authorizer == Authorizer::Token);
    of_tokens.map(call).collect()
}

async fn answers(product: &Product, token: Option<&str>) -> Vec<(Call, Answer)> {
    let mut answers = Vec::new();
    for call in calls(product) {
        let call = Call {
            token: token.map(str::to_owned),
            ..call
        };
        answers.push((call.clone(), product.send(call).await));
    }
    assert!(answers.len() > 15);
    answers
}

#[tokio::test]
async fn every_call_refuses_a_missing_expired_foreign_or_damaged_token() {
    let product = Product::start(None).await;
    let expired = product.token_with(ADMIN, "&expires_in=-1").await;
    let good = product.token(ADMIN).await;
    let subject = Subject {
        id: "usr-esme".into(),
        email: ADMIN.into(),
        groups: vec!["administrators".into()],
    };
    let now = jiff::Timestamp::from_second(4_000_000_000).unwrap();
    let scopes = product.app.template.scopes();
    let foreign = Tokens::open(None)
        .and_then(|tokens| tokens.sign(&subject, &scopes, now, 60))
        .unwrap();
    let damaged = format!("{}x", &good[..good.len() - 2]);

    for token in [
        None,
        Some(expired.as_str()),
        Some(&foreign),
        Some(&damaged),
        Some("a.b.c"),
    ] {
        for (call, answer) in answers(&product, token).await {
            assert_eq!(answer.status, 401, "{call:?}");
            assert_eq!(answer.body, json!({ "message": "Unauthorized" }));
            let why = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(why.contains("error=\"invalid_token\""), "{why}");
        }
    }
}

#[tokio::test]
async fn every_call_refuses_a_token_without_one_of_its_scopes() {
    let product = Product::start(None).await;
    let unscoped = product
        .token_with(ADMIN, "&scope=dealbridge/none%20openid")
        .await;

    for (call, answer) in answers(&product, Some(&unscoped)).await {
        assert_eq!(answer.status, 403, "{call:?}");
        assert_eq!(answer.body, json!({ "message": "Forbidden" }));
    }

    let reads = product
        .token_with(ADMIN, "&scope=dealbridge/runs.read")
        .await;
    for (call, answer) in answers(&product, Some(&reads)).await {
        let is_read = |of: &str| call.method == Method::GET && call.target.starts_with(of);
        let is_run_read = is_read("/sync-runs") || is_read("/usage");
        assert_eq!(
            answer.body == json!({ "message": "Forbidden" }),
            !is_run_read,
            "{call:?}"
        );
    }
}

fn is_for_internal_users(call: &Call) -> bool {
    let is_link = call.target.contains("/link");
    let of_records = ["/deals", "/tasks", "/record-kinds"];
    let is_record = of_records.iter().any(|of| call.target.starts_with(of));
    call.target.starts_with("/usage") || is_record && !(is_link && call.method == Method::DELETE)
}

#[tokio::test]
async fn a_group_that_only_looks_like_the_administrators_makes_nobody_one() {
    let product = Product::start(None).await;
    let scopes = product.app.template.scopes();
    let lookalikes = [
        "non-administrators",
        "administrators others",
        "[administrators]",
        "Administrators",
    ];
    let subject = Subject {
        id: "usr-esme".into(),
        email: ADMIN.into(),
        groups: lookalikes.map(str::to_owned).to_vec(),
    };
    let now = dealbridge_core::ports::Clock::now(&dealbridge_lambda::SystemClock);
    let token = product
        .server
        .tokens
        .sign(&subject, &scopes, now, 60)
        .unwrap();

    for (call, answer) in answers(&product, Some(&token)).await {
        assert_eq!(
            answer.refusal() == (403, "FORBIDDEN"),
            !is_for_internal_users(&call),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn what_no_route_has_is_not_found_with_and_without_a_token() {
    let product = Product::start(None).await;
    let token = product.token(ADMIN).await;

    for (method, target) in [
        (Method::PATCH, "/settings"),
        (Method::GET, "/"),
        (Method::GET, "/a/b/c/d"),
    ] {
        for token in [None, Some(token.clone())] {
            let call = Call {
                method: method.clone(),
                target: target.to_owned(),
                token,
                body: None,
            };
            let answer = product.send(call).await;
            assert_eq!(
                (answer.status, &answer.body),
                (404, &json!({ "message": "Not Found" }))
            );
        }
    }
}
