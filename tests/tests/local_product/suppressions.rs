//! The list of what imports leave alone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

/// The ids of linked Deals, each with its Opportunity.
async fn linked(product: &Product) -> Vec<(String, String)> {
    let deals = product.get(ADMIN, "/deals?limit=200").await.ok();
    let deals = deals["items"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let linked = deals.iter().filter(|deal| !deal["link"].is_null());
    linked
        .map(|deal| (text(&deal["id"]), text(&deal["link"]["salesforce"]["id"])))
        .collect()
}

async fn delete(product: &Product, target: &str) -> Value {
    let answer = product.call(ADMIN, Method::DELETE, target, None).await;
    answer.ok()
}

async fn listed(product: &Product) -> Vec<String> {
    let page = product.get(ADMIN, "/suppressions").await.ok();
    let items = page["items"].as_array().unwrap();
    let ids = items.iter().map(|item| item["salesforce"]["id"].as_str());
    ids.map(|id| id.unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_unlinked_is_listed_newest_first_until_its_import_is_allowed_or_it_is_linked() {
    let product = Product::imported().await;
    let deals = linked(&product).await;
    assert!(listed(&product).await.is_empty());
    for (deal, _) in &deals[..2] {
        delete(&product, &format!("/deals/{deal}/link?confirm=true")).await;
    }
    delete(&product, &format!("/deals/{}?unlink=true", deals[2].0)).await;

    let page = product.get(ADMIN, "/suppressions?limit=2").await.ok();
    let [deleted, unlinked] = page["items"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    assert_eq!(deleted["salesforce"]["id"], deals[2].1.as_str());
    assert_eq!(
        deleted["record"],
        json!({ "kind": "deal", "id": deals[2].0 })
    );
    assert_eq!(deleted["recordExists"], false);
    assert_eq!(unlinked["salesforce"]["id"], deals[1].1.as_str());
    assert_eq!(unlinked["by"], ADMIN);
    assert!(unlinked["salesforce"]["name"].is_string(), "{unlinked}");
    assert!(deleted["since"].as_str() >= unlinked["since"].as_str());
    let next = format!(
        "/suppressions?limit=2&cursor={}",
        page["cursor"].as_str().unwrap()
    );
    let last = product.get(ADMIN, &next).await.ok();
    assert_eq!(last["items"][0]["salesforce"]["id"], deals[0].1.as_str());
    assert_eq!(
        (last["items"].as_array().unwrap().len(), &last["cursor"]),
        (1, &Value::Null)
    );

    // Runs leave the list as it is.
    product.run("daily").await;
    assert_eq!(listed(&product).await.len(), 3);

    delete(&product, &format!("/suppressions/{}", deals[2].1)).await;
    let (deal, opportunity) = &deals[1];
    let choice = json!({ "salesforceUrl": opportunity, "master": "salesforce" });
    let preview = format!("/deals/{deal}/link/preview");
    let preview = product.call(ADMIN, Method::POST, &preview, Some(choice.clone()));
    let mut confirm = choice;
    confirm["previewToken"] = preview.await.ok()["previewToken"].clone();
    confirm["confirm"] = json!(true);
    let link = format!("/deals/{deal}/link");
    product
        .call(ADMIN, Method::PUT, &link, Some(confirm))
        .await
        .ok();

    assert_eq!(listed(&product).await, [deals[0].1.clone()]);
}

#[tokio::test]
async fn an_unlinked_lead_is_not_listed_for_no_import_would_take_it() {
    let product = Product::start(None).await;
    let url = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";
    let choice = json!({ "salesforceUrl": url, "master": "salesforce" });
    let preview = "/leads/lead-quayside/link/preview";
    let preview = product.call(ADMIN, Method::POST, preview, Some(choice.clone()));
    let mut confirm = choice;
    confirm["previewToken"] = preview.await.ok()["previewToken"].clone();
    confirm["confirm"] = json!(true);
    let link = "/leads/lead-quayside/link";
    product
        .call(ADMIN, Method::PUT, link, Some(confirm))
        .await
        .ok();

    delete(&product, "/leads/lead-quayside/link?confirm=true").await;

    assert!(listed(&product).await.is_empty());
}
