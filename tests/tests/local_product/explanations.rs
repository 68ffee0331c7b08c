//! Explanations, by each URL at which they can be requested.

use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

#[tokio::test]
async fn an_explanation_takes_an_id_or_an_address_in_the_query_and_an_id_in_the_path() {
    let product = Product::start(None).await;
    let id = "006aP00000008G0QAI";
    let url =
        format!("https://alderpeak.lightning.force.com/lightning/r/Opportunity/{id}/view?x=1");
    let encoded: String = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let explained = async |target: &str| product.get(ADMIN, target).await;

    let by_id = explained(&format!("/explanations?opportunity={id}"))
        .await
        .ok();
    assert_eq!(by_id["opportunity"]["id"], id);
    let by_url = explained(&format!("/explanations?opportunity={encoded}")).await;
    assert_eq!(by_url.ok(), by_id);
    let by_path = explained(&format!("/opportunities/{id}/explanation")).await;
    assert_eq!(by_path.ok(), by_id);

    // The gateway decodes the path before it routes, as in the cloud.
    let in_the_path = explained(&format!("/opportunities/{encoded}/explanation")).await;
    assert_eq!(
        (in_the_path.status, &in_the_path.body),
        (404, &json!({ "message": "Not Found" }))
    );
    let nothing = explained("/explanations?opportunity=").await;
    assert_eq!(nothing.refusal(), (400, "MALFORMED"));
    assert_ne!(nothing.body["detail"], Value::Null);
}
