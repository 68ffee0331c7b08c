//! Changes by the portal's own screens, and their effect on the next run.

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, PARTNER, Product};

async fn codes(product: &Product) -> Vec<String> {
    let problems = product.get(ADMIN, "/problems").await.ok();
    let items = problems["items"].as_array().unwrap();
    let codes = items
        .iter()
        .flat_map(|item| item["codes"].as_array().unwrap());
    codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_activated_user_a_widened_group_and_a_revived_organization_let_their_deals_in() {
    let product = Product::imported().await;
    for (target, body) in [
        ("users/usr-dora", json!({ "status": "active" })),
        (
            "groups/grp-partner-marketing",
            json!({ "modules": ["mdf", "deal_registration"] }),
        ),
        ("organizations/org-lapsed", json!({ "status": "active" })),
    ] {
        product.local(Method::POST, target, Some(body)).await.ok();
    }

    let counts = product.run("hourly").await;

    assert_eq!(
        (&counts["imported"], &counts["failed"]),
        (&json!(3), &json!(27))
    );
    let codes = codes(&product).await;
    for mended in [
        "PARTNER_USER_DISABLED",
        "PARTNER_NO_DEAL_ACCESS",
        "PARTNER_USER_INACTIVE",
    ] {
        assert!(!codes.iter().any(|code| code == mended), "{mended}");
    }
}

#[tokio::test]
async fn a_changed_address_leads_to_the_user_and_the_former_one_nowhere() {
    let product = Product::imported().await;
    let body = json!({ "email": "someone.else@fjordpartners.example" });

    product
        .local(Method::POST, "users/usr-rosa", Some(body))
        .await
        .ok();

    let former = product
        .local(Method::GET, &format!("token?user={PARTNER}"), None)
        .await;
    assert_eq!(former.refusal(), (404, "USER_NOT_FOUND"));
    product.token("someone.else@fjordpartners.example").await;
    // The Opportunity that named an address which nobody had is imported.
    assert_eq!(product.run("hourly").await["imported"], 1);
}

#[tokio::test]
async fn an_invited_user_counts_once_the_account_is_activated() {
    let product = Product::imported().await;
    let mut body = json!({
        "name": "Someone Else", "email": "someone.else@fjordpartners.example", "type": "partner",
        "organization": "org-fjord", "groups": ["grp-partner-sales"],
    });

    product
        .local(Method::POST, "users/usr-else", Some(body.clone()))
        .await
        .ok();
    assert_eq!(product.run("hourly").await["imported"], 0);
    body["status"] = json!("active");
    product
        .local(Method::POST, "users/usr-else", Some(body))
        .await
        .ok();

    assert_eq!(product.run("hourly").await["imported"], 1);
}

#[tokio::test]
async fn a_second_user_of_an_address_makes_it_ambiguous_until_one_moves_on() {
    let product = Product::start(None).await;
    let email = |email: &str| Some(json!({ "email": email }));

    product
        .local(Method::POST, "users/usr-ben", email(PARTNER))
        .await
        .ok();
    let both = product
        .local(Method::GET, &format!("token?user={PARTNER}"), None)
        .await;
    product
        .local(
            Method::POST,
            "users/usr-ben",
            email("ben@fjordpartners.example"),
        )
        .await
        .ok();
    let one = product
        .local(Method::GET, &format!("token?user={PARTNER}"), None)
        .await;

    assert_eq!(both.refusal(), (409, "USER_AMBIGUOUS"));
    assert_eq!(one.ok()["user"], "usr-rosa");
}

#[tokio::test]
async fn what_is_unknown_or_malformed_is_refused_and_changes_nothing() {
    let product = Product::start(None).await;
    type Case = (Method, &'static str, Option<Value>, (u16, &'static str));
    let cases: [Case; 10] = [
        (
            Method::POST,
            "users/usr-nobody",
            Some(json!({})),
            (404, "USER_NOT_FOUND"),
        ),
        (
            Method::POST,
            "groups/grp-none",
            Some(json!({})),
            (404, "GROUP_NOT_FOUND"),
        ),
        (
            Method::POST,
            "organizations/org-none",
            Some(json!({})),
            (404, "ORGANIZATION_NOT_FOUND"),
        ),
        (
            Method::POST,
            "users/usr-rosa",
            Some(json!({ "state": "active" })),
            (400, "MALFORMED"),
        ),
        (
            Method::POST,
            "users/usr-rosa",
            Some(json!({ "status": "gone" })),
            (400, "MALFORMED"),
        ),
        (
            Method::POST,
            "users/usr-rosa",
            Some(json!({ "groups": ["grp-none"] })),
            (400, "MALFORMED"),
        ),
        (
            Method::POST,
            "users/usr-rosa",
            Some(json!({ "email": "rosa" })),
            (400, "MALFORMED"),
        ),
        (Method::POST, "users/usr-rosa", None, (400, "MALFORMED")),
        (
            Method::DELETE,
            "records/deals/deal-none",
            None,
            (404, "RECORD_NOT_FOUND"),
        ),
        (
            Method::DELETE,
            "records/quotes/quote-1",
            None,
            (404, "ROUTE_NOT_FOUND"),
        ),
    ];
    for (method, target, body, refusal) in cases {
        let answer = product.local(method, target, body).await;
        assert_eq!(answer.refusal(), refusal, "{target}");
    }
    product.token(PARTNER).await;
}

#[tokio::test]
async fn a_deal_that_is_deleted_in_the_portal_is_not_imported_again() {
    let product = Product::imported().await;
    let deals = product.get(ADMIN, "/deals").await.ok();
    let items = deals["items"].as_array().unwrap();
    let linked = items.iter().find(|deal| !deal["link"].is_null()).unwrap();
    let id = linked["id"].as_str().unwrap();

    let deleted = product
        .local(Method::DELETE, &format!("records/deals/{id}"), None)
        .await
        .ok();
    assert_eq!(deleted["suppressed"], linked["link"]["salesforce"]["id"]);
    let gone = product.get(ADMIN, &format!("/deals/{id}")).await;
    assert_eq!(gone.refusal(), (404, "RECORD_NOT_FOUND"));

    let counts = product.run("daily").await;
    assert_eq!(
        (
            &counts["imported"],
            &counts["unchanged"],
            &counts["suppressed"]
        ),
        (&json!(0), &json!(11), &json!(1))
    );
}

#[tokio::test]
async fn a_record_that_is_edited_in_the_portal_keeps_its_other_fields() {
    let product = Product::start(None).await;
    let target = "records/deals/deal-office-move";
    let body = json!({ "fields": { "devices": 3, "amount": null } });

    product.local(Method::POST, target, Some(body)).await.ok();

    let deal = product.get(ADMIN, "/deals/deal-office-move").await.ok();
    assert_eq!(deal["fields"]["devices"], 3);
    assert_eq!(deal["fields"].get("amount"), None);
    assert_eq!(deal["fields"]["stage"], "Proposal");
    let body = json!({ "fields": { "amount": "lots" } });
    let refused = product.local(Method::POST, target, Some(body)).await;
    assert_eq!(refused.refusal(), (422, "FIELDS_INVALID"));
}
