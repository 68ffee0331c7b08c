//! Linking and unlinking through the gateway.

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, INTERNAL, Product};

const LEAD: &str = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";

async fn linked(product: &Product) -> Value {
    let choice = json!({ "salesforceUrl": LEAD, "master": "salesforce" });
    let target = "/leads/lead-quayside/link/preview";
    let preview = product
        .call(INTERNAL, Method::POST, target, Some(choice.clone()))
        .await
        .ok();
    let mut confirm = choice;
    confirm["previewToken"] = preview["previewToken"].clone();
    confirm["confirm"] = json!(true);
    let target = "/leads/lead-quayside/link";
    let answer = product
        .call(INTERNAL, Method::PUT, target, Some(confirm))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_lead_is_linked_by_an_internal_user_and_unlinked_by_an_administrator_alone() {
    let product = Product::start(None).await;

    let link = linked(&product).await;
    assert_eq!(link["salesforce"]["id"], "00QaP000000033wUAA");
    assert_eq!(link["linkedBy"], INTERNAL);

    let unlink = "/leads/lead-quayside/link?confirm=true";
    let refused = product.call(INTERNAL, Method::DELETE, unlink, None).await;
    assert_eq!(refused.refusal(), (403, "FORBIDDEN"));
    product.call(ADMIN, Method::DELETE, unlink, None).await.ok();
    let lead = product.get(INTERNAL, "/leads/lead-quayside").await.ok();
    assert_eq!(lead["link"], Value::Null);
    let acts: Vec<_> = lead["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| (act["action"].as_str().unwrap(), act["by"].as_str().unwrap()))
        .collect();
    assert_eq!(acts, [("unlink", ADMIN), ("link", INTERNAL)]);
}

#[tokio::test]
async fn what_a_link_writes_to_salesforce_arrives_through_its_queue() {
    let product = Product::start(None).await;
    let url = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP0000000349UAA/view";
    let choice = json!({ "salesforceUrl": url, "master": "channeltivity" });
    let target = "/leads/lead-zelenka/link/preview";
    let preview = product
        .call(ADMIN, Method::POST, target, Some(choice.clone()))
        .await
        .ok();
    let mut confirm = choice;
    confirm["previewToken"] = preview["previewToken"].clone();
    confirm["confirm"] = json!(true);

    product
        .call(
            ADMIN,
            Method::PUT,
            "/leads/lead-zelenka/link",
            Some(confirm),
        )
        .await
        .ok();
    product.local(Method::POST, "settle", None).await.ok();

    let lead = product.get(ADMIN, "/leads/lead-zelenka").await.ok();
    assert_eq!(lead["link"]["status"], "synced");
    assert_eq!(
        product
            .app
            .queues
            .counts("salesforce-writes")
            .unwrap()
            .total(),
        0
    );
}

#[tokio::test]
async fn a_pasted_url_is_read_without_a_call_of_salesforce() {
    let product = Product::imported().await;
    let calls = || product.app.salesforce.usage().total();
    let check = async |url: &str| {
        let body = Some(json!({ "salesforceUrl": url }));
        let target = "/leads/lead-quayside/link/check";
        product.call(INTERNAL, Method::POST, target, body).await
    };
    let before = calls();

    let named = check(LEAD).await.ok();
    let account = check(&LEAD.replace("Lead/00Q", "Account/001")).await;
    let elsewhere = check("https://other.lightning.force.com/00QaP000000033wUAA").await;
    let taken = check("006aP00000008G0").await;

    let url = format!(
        "{}/lightning/r/Lead/00QaP000000033wUAA/view",
        product.app.instance_url()
    );
    let expected =
        json!({ "object": "Lead", "id": "00QaP000000033wUAA", "name": null, "url": url });
    assert_eq!(named["salesforce"], expected);
    assert_eq!(account.refusal().0, 422);
    assert_eq!(elsewhere.refusal(), (422, "URL_OTHER_ORG"));
    assert_eq!(taken.refusal(), (409, "ALREADY_LINKED_OTHER"));
    assert_eq!(taken.body["record"]["kind"], "deal");
    assert_eq!(calls(), before);
}
