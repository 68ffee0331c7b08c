//! Settings are checked against the connected org, and the links of a replaced org are moved or cleared.

mod conflicts;
mod crashes;
mod holdings;
mod moves;
mod office;

use dealbridge_core::SalesforceId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Answer, INTERNAL, Product};

/// An org that is not the sample one.
const OTHER: &str = "00DdM0000000002UAA";

fn other() -> SalesforceId {
    SalesforceId::parse(OTHER).unwrap()
}

async fn settings(product: &Product, admin: &str) -> Value {
    product.get(admin, "/settings").await.ok()
}

fn org(settings: &Value) -> String {
    settings["organization_id"].as_str().unwrap().to_owned()
}

/// Every Deal: its id, its Salesforce record and the link's status.
async fn links(product: &Product) -> Vec<(String, String)> {
    let deals = product.get(ADMIN, "/deals?limit=200").await.ok();
    let mut links: Vec<(String, String)> = deals["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deal| {
            let id = deal["link"]["salesforce"]["id"].as_str();
            (
                deal["id"].as_str().unwrap().to_owned(),
                id.unwrap_or_default().to_owned(),
            )
        })
        .collect();
    links.sort();
    links
}

async fn replace(product: &Product, from: &str, to: &str, action: &str) -> Answer {
    replace_by(product, ADMIN, from, to, action).await
}

async fn replace_by(product: &Product, admin: &str, from: &str, to: &str, action: &str) -> Answer {
    let body = json!({ "from": from, "to": to, "action": action, "confirm": true });
    let target = "/settings/organization";
    product.call(admin, Method::POST, target, Some(body)).await
}

#[tokio::test]
async fn what_the_org_lacks_is_listed_by_row_and_a_fixed_value_for_it_is_refused() {
    let product = Product::start(None).await;
    let before = settings(&product, ADMIN).await;
    let mut rows = before.clone();
    rows["mappings"][4]["salesforce"] = "Nothing__c".into();
    rows["mappings"][6]["salesforce"] = "Account.Nothing__c".into();
    let mut fixed = before.clone();
    fixed["fixed_values"] = json!([{ "salesforce": "Nothing__c", "value": "x" }]);

    let stored = product.put_settings(&rows).await.ok();
    let refused = product.put_settings(&fixed).await;

    let places: Vec<&str> = stored["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["place"].as_str().unwrap())
        .filter(|place| *place != "mappings[5].salesforce")
        .collect();
    assert_eq!(places, ["mappings[4].salesforce", "mappings[6].salesforce"]);
    let problem = stored["warnings"][0]["problem"].as_str().unwrap();
    assert!(
        problem.contains("Salesforce has no Nothing__c on Opportunity"),
        "{problem}"
    );
    assert_eq!(refused.refusal(), (422, "SETTINGS_INVALID"));
    assert_eq!(
        refused.body["problems"][0]["place"],
        "fixed_values[0].salesforce"
    );
}

#[tokio::test]
async fn settings_of_another_org_than_the_connected_one_are_refused_with_both_ids() {
    let product = Product::start(None).await;
    let before = settings(&product, ADMIN).await;
    let mut wrong = before.clone();
    wrong["organization_id"] = OTHER.into();

    let answer = product.put_settings(&wrong).await;

    assert_eq!(answer.refusal(), (422, "SETTINGS_INVALID"));
    let problem = &answer.body["problems"][0];
    assert_eq!(problem["place"], "organization_id");
    let text = problem["problem"].as_str().unwrap();
    assert!(
        text.contains(OTHER) && text.contains(&org(&before)),
        "{text}"
    );
    assert_eq!(settings(&product, ADMIN).await, before);
}

#[tokio::test]
async fn settings_are_stored_with_a_warning_while_salesforce_does_not_answer() {
    let product = Product::start(None).await;
    let before = settings(&product, ADMIN).await;
    let order = json!({ "match": "/oauth2/token", "status": 400, "times": 9, "body": { "error": "invalid_grant", "error_description": "inactive user" } });
    product.org("fail", order).await;

    let answer = product.put_settings(&before).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["warnings"][0]["place"], "organization_id");
    assert_eq!(settings(&product, ADMIN).await, before);
}

#[tokio::test]
async fn a_refreshed_sandbox_s_links_move_and_nothing_is_imported_twice() {
    let product = Product::imported().await;
    let before = settings(&product, ADMIN).await;
    let (from, all) = (org(&before), links(&product).await);
    let is_linked = |(_, id): &&(String, String)| !id.is_empty();
    let count = all.iter().filter(is_linked).count();
    let (cut, cut_id) = all.iter().find(is_linked).unwrap().clone();
    let target = format!("/deals/{cut}/link?confirm=true");
    product
        .call(ADMIN, Method::DELETE, &target, None)
        .await
        .ok();
    let linked = links(&product).await;
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;

    let mut named = before.clone();
    named["organization_id"] = OTHER.into();
    let refused = product.put_settings(&named).await;
    assert_eq!(refused.refusal(), (409, "ORG_HAS_LINKS"));
    assert_eq!(refused.body["links"], count);
    assert_eq!(product.run("hourly").await["imported"], 0);
    assert_eq!(links(&product).await, linked);
    let said = "/integration-log?code=SF_ORG_CHANGED";
    let said = product.get(ADMIN, said).await.ok();
    let messages: Vec<&str> = said["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].contains(OTHER) && messages[0].contains(&from),
        "{messages:?}"
    );

    let moved = replace(&product, &from, OTHER, "move").await.ok();
    assert_eq!(
        (&moved["complete"], &moved["settled"]),
        (&json!(true), &json!(count))
    );
    let again = replace(&product, &from, OTHER, "move").await.ok();
    assert_eq!(
        (&again["complete"], &again["settled"]),
        (&json!(true), &json!(0))
    );

    assert_eq!(org(&settings(&product, ADMIN).await), OTHER);
    let counts = product.run("hourly").await;
    assert_eq!(
        (&counts["imported"], &counts["left"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(counts["suppressed"], 1);
    assert_eq!(links(&product).await, linked);
    let deal = product
        .get(ADMIN, &format!("/deals/{}", linked[1].0))
        .await
        .ok();
    assert_eq!(deal["history"][0]["action"], "move-org");
    assert_eq!(deal["history"][0]["by"], ADMIN);
    let allowed = format!("/suppressions/{cut_id}");
    product
        .call(ADMIN, Method::DELETE, &allowed, None)
        .await
        .ok();
    let counts = product.run("hourly").await;
    assert_eq!(counts["imported"], 1);
}

#[tokio::test]
async fn cleared_links_leave_the_records_and_the_new_org_s_are_imported() {
    let product = Product::imported().await;
    let from = org(&settings(&product, ADMIN).await);
    let before = links(&product).await;
    let linked = before.iter().filter(|(_, id)| !id.is_empty()).count();
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;

    let cleared = replace(&product, &from, OTHER, "clear").await.ok();

    assert_eq!(cleared["complete"], true);
    let after = links(&product).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|(_, id)| id.is_empty()), "{after:?}");
    let counts = product.run("hourly").await;
    assert_eq!(counts["imported"], linked);
    // The former org is connected again: its Deals' ids are taken, and its epochs continue.
    product
        .org("refresh", json!({ "organization_id": from }))
        .await;
    replace(&product, OTHER, &from, "clear").await.ok();
    let counts = product.run("hourly").await;
    assert_eq!(
        (&counts["imported"], &counts["left"]),
        (&json!(linked), &json!(0))
    );
}

#[tokio::test]
async fn an_org_s_links_are_replaced_only_as_is_meant_and_by_an_administrator() {
    let product = Product::imported().await;
    let before = settings(&product, ADMIN).await;
    let from = org(&before);
    let target = "/settings/organization";
    let body = json!({ "from": from, "to": OTHER, "action": "move" });

    let call = |user, body| product.call(user, Method::POST, target, Some(body));
    let unconfirmed = call(ADMIN, body.clone()).await;
    let mut confirmed = body.clone();
    confirmed["confirm"] = true.into();
    let not_connected = call(ADMIN, confirmed.clone()).await;
    let forbidden = call(INTERNAL, confirmed.clone()).await;
    let mut same = confirmed.clone();
    same["to"] = from.clone().into();
    let same = call(ADMIN, same).await;

    assert_eq!(unconfirmed.refusal(), (400, "NOT_CONFIRMED"));
    assert_eq!(not_connected.refusal(), (409, "SF_ORG_CHANGED"));
    assert_eq!(not_connected.body["connected"], from.as_str());
    assert_eq!(forbidden.refusal(), (403, "FORBIDDEN"));
    assert_eq!(same.status, 400);
    assert_eq!(settings(&product, ADMIN).await, before);
}

#[tokio::test]
async fn an_explanation_from_another_org_is_refused_with_both_ids() {
    let product = Product::imported().await;
    let from = org(&settings(&product, ADMIN).await);
    let all = links(&product).await;
    let (_, id) = all.iter().find(|(_, id)| !id.is_empty()).unwrap();
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;

    let answer = product
        .get(ADMIN, &format!("/opportunities/{id}/explanation"))
        .await;

    assert_eq!(answer.refusal(), (409, "SF_ORG_CHANGED"));
    assert_eq!(answer.body["settings"], from.as_str());
    assert_eq!(answer.body["connected"], OTHER);
}

#[tokio::test]
async fn a_cursor_of_another_list_or_of_other_filters_is_refused() {
    let product = Product::imported().await;
    let first = product.get(ADMIN, "/deals?limit=1").await.ok();
    let cursor = first["cursor"].as_str().unwrap();

    for (target, status) in [
        (format!("/deals?limit=2&cursor={cursor}"), 200),
        (format!("/deals?status=synced&cursor={cursor}"), 400),
        (format!("/leads?cursor={cursor}"), 400),
        (format!("/problems?cursor={cursor}"), 400),
        (format!("/integration-log?cursor={cursor}"), 400),
        (format!("/sync-runs?cursor={cursor}"), 400),
    ] {
        let answer = product.get(ADMIN, &target).await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        if status == 400 {
            assert_eq!(answer.body["code"], "CURSOR_INVALID");
        }
    }
}
