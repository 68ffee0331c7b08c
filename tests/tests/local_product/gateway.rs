//! The gateway in front of the functions behaves as API Gateway's HTTP APIs do.

use dealbridge_local::gateway::ApiRequest;
use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

async fn asked(product: &Product, request: ApiRequest) -> (u16, Value) {
    let token = product.token(ADMIN).await;
    let answer = product
        .server
        .answer(&request.bearer(&token), &product.address)
        .await;
    (answer.status, answer.to_json())
}

fn message(status: u16, text: &str) -> (u16, Value) {
    (status, json!({ "message": text }))
}

#[tokio::test]
async fn a_request_is_bounded_as_a_whole_and_in_its_parts() {
    let product = Product::start(None).await;
    let with_header =
        |length: usize| ApiRequest::new("GET", "/settings").with("x-padding", "x".repeat(length));
    let with_body = |length: usize| ApiRequest {
        body: vec![b'x'; length],
        ..ApiRequest::new("POST", "/sync-runs").with("content-type", "text/plain")
    };

    assert_eq!(asked(&product, with_header(8_000)).await.0, 200);
    let too_much = message(431, "Request Header Fields Too Large");
    assert_eq!(asked(&product, with_header(10_240)).await, too_much);
    let long = ApiRequest::new("GET", &format!("/settings?x={}", "x".repeat(10_240)));
    assert_eq!(asked(&product, long).await, too_much);

    // The function itself refuses the body.
    assert_eq!(asked(&product, with_body(5_000_000)).await.0, 400);
    let too_large = message(413, "Request Entity Too Large");
    // Lambda's limit is lower than the gateway's.
    assert_eq!(asked(&product, with_body(6_300_000)).await, too_large);
    assert_eq!(asked(&product, with_body(10_485_761)).await, too_large);
    // A body that is not text grows by a third on its way.
    let binary = ApiRequest {
        body: vec![0xff; 5_000_000],
        ..ApiRequest::new("POST", "/sync-runs")
    };
    assert_eq!(asked(&product, binary).await, too_large);
}

#[tokio::test]
async fn a_route_is_found_by_its_exact_method_and_path() {
    let product = Product::start(None).await;
    let not_found = message(404, "Not Found");

    for (method, target) in [
        ("HEAD", "/settings"),
        ("OPTIONS", "/settings"),
        ("PURGE", "/settings"),
        ("GET", "/settings/"),
        ("GET", "//settings"),
        ("PUT", "/Settings"),
        ("GET", "/"),
    ] {
        let answer = asked(&product, ApiRequest::new(method, target)).await;
        assert_eq!(answer, not_found, "{method} {target}");
    }
    for target in [
        "/settings",
        "/%73ettings",
        "/settings?",
        "/deals?status=&cursor=",
    ] {
        let answer = asked(&product, ApiRequest::new("GET", target)).await;
        assert_eq!(answer.0, 200, "{target}: {}", answer.1);
    }
}
