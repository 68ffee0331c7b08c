//! An org that does not respond: the caller hears of it from the function, before the gateway gives up on the function.

use std::time::Duration;

use dealbridge_local::LocalProduct;
use reqwest::Method;
use serde_json::json;

use crate::product::{ADMIN, Product, options};

/// A product whose functions have a few seconds, in the same proportions as in the template.
async fn in_a_hurry() -> Product {
    let mut app = LocalProduct::start(&options(None)).await.unwrap();
    for timeout in app.template.timeouts.values_mut() {
        *timeout = Duration::from_secs(4);
    }
    Product::over(app).await
}

#[tokio::test]
async fn a_hung_salesforce_is_told_with_its_code_and_when_to_ask_again() {
    let product = in_a_hurry().await;
    let hang = json!({ "match": "/query", "mode": "hang", "times": 1_000 });
    product.org("fail", hang).await;
    let url = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";
    let preview = json!({ "salesforceUrl": url, "master": "salesforce" });
    let explanation = "/explanations?opportunity=006aP00000008G0QAI";

    let (explained, previewed) = tokio::join!(
        product.get(ADMIN, explanation),
        product.call(
            ADMIN,
            Method::POST,
            "/leads/lead-quayside/link/preview",
            Some(preview)
        ),
    );

    for answer in [explained, previewed] {
        assert_eq!(answer.refusal(), (503, "SF_UNAVAILABLE"), "{answer:?}");
        assert_eq!(answer.headers["retry-after"], "30");
    }
}

#[tokio::test]
async fn a_field_that_salesforce_lacks_is_a_conflict_and_not_an_outage() {
    let product = Product::start(None).await;
    let missing = json!({
        "match": "/query",
        "status": 400,
        "body": [{
            "message": "\nSELECT Product__c FROM Opportunity\n ^\nERROR at Row:1:Column:8\nNo such column 'Product__c' on entity 'Opportunity'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
            "errorCode": "INVALID_FIELD",
        }],
        "times": 1_000,
    });
    product.org("fail", missing).await;

    let answer = product
        .get(ADMIN, "/explanations?opportunity=006aP00000008G0QAI")
        .await;

    assert_eq!(answer.refusal(), (409, "SF_FIELD_MISSING"), "{answer:?}");
    assert_eq!(answer.headers.get("retry-after"), None);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("Product__c"), "{detail}");
}
