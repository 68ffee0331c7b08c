//! Inspecting the product with clients that know nothing of it.

use dealbridge_aws::{Endpoint, sdk_config};
use dealbridge_salesforce::{Connection, Credentials, SalesforceClient, Timeouts, http_client};
use reqwest::Method;
use serde_json::json;

use crate::product::{ADMIN, Call, Product};

#[tokio::test]
async fn the_endpoints_lead_to_the_database_the_queues_and_the_org() {
    let product = Product::imported().await;
    let endpoints = product.local(Method::GET, "endpoints", None).await.ok();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    assert_eq!(text(&endpoints["api"]), product.address);
    assert_eq!(
        endpoints["credentials"],
        json!({ "accessKeyId": "local", "secretAccessKey": "local", "region": "us-east-1" })
    );

    let dynamodb = sdk_config(&Endpoint::Local {
        url: text(&endpoints["dynamodb"]),
    })
    .await;
    let tables = aws_sdk_dynamodb::Client::new(&dynamodb)
        .list_tables()
        .send()
        .await
        .unwrap();
    let mut names = tables.table_names().to_vec();
    names.sort();
    assert_eq!(names, ["Links", "Log", "Records"]);

    let sqs = sdk_config(&Endpoint::Local {
        url: text(&endpoints["sqs"]),
    })
    .await;
    let queues = aws_sdk_sqs::Client::new(&sqs)
        .list_queues()
        .send()
        .await
        .unwrap();
    assert_eq!(queues.queue_urls().len(), 6);

    let salesforce = &endpoints["salesforce"];
    let client = SalesforceClient::new(
        Connection::parse(&text(&salesforce["instanceUrl"])).unwrap(),
        Credentials::ClientCredentials {
            client_id: text(&salesforce["clientId"]),
            client_secret: text(&salesforce["clientSecret"]),
        },
        http_client(Timeouts::default()).unwrap(),
        std::sync::Arc::new(|| dealbridge_core::ports::Clock::now(&dealbridge_lambda::SystemClock)),
    )
    .unwrap();
    let opportunity = dealbridge_core::SalesforceId::parse("006aP00000008G0").unwrap();
    let rows = dealbridge_core::salesforce::Salesforce::opportunities(&client, &[opportunity], &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn who_is_not_active_or_not_known_gets_no_token() {
    let product = Product::start(None).await;

    for (query, refusal) in [
        ("user=nobody@alderpeak.example", (404, "USER_NOT_FOUND")),
        (
            "user=cleo.contact@meridianworks.example",
            (404, "USER_NOT_FOUND"),
        ),
        ("user=greg.sloane@alderpeak.example", (403, "FORBIDDEN")),
        ("user=pia.novak@meridianworks.example", (403, "FORBIDDEN")),
        (
            "user=ivo.hartmann@lapsedpartner.example",
            (403, "FORBIDDEN"),
        ),
        ("user=office@meridianworks.example", (409, "USER_AMBIGUOUS")),
        ("user=nobody", (400, "MALFORMED")),
        ("", (400, "MALFORMED")),
        ("client=console", (400, "MALFORMED")),
        (
            "client=portal&user=esme.rowan@alderpeak.example",
            (400, "MALFORMED"),
        ),
        (
            "user=esme.rowan@alderpeak.example&expires_in=soon",
            (400, "MALFORMED"),
        ),
        (
            "user=esme.rowan@alderpeak.example&admin=true",
            (400, "MALFORMED"),
        ),
    ] {
        let answer = product
            .local(Method::GET, &format!("token?{query}"), None)
            .await;
        assert_eq!(answer.refusal(), refusal, "{query}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn an_address_is_found_whatever_its_case_and_says_who_it_is() {
    let product = Product::start(None).await;

    let answer = product
        .local(Method::GET, "token?user=Esme.Rowan@Alderpeak.example", None)
        .await
        .ok();

    assert_eq!(answer["user"], "usr-esme");
    assert_eq!(
        answer["groups"],
        json!(["grp-admins", product.app.template.admins.0])
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_by_the_gateway() {
    let product = Product::start(None).await;
    let token = product.token(ADMIN).await;

    let answer = product
        .send(Call {
            method: Method::PUT,
            target: "/settings".to_owned(),
            token: Some(token),
            body: Some(json!("x".repeat(10 * 1_024 * 1_024))),
        })
        .await;

    assert_eq!(
        (answer.status, answer.body),
        (413, json!({ "message": "Request Entity Too Large" }))
    );
}
