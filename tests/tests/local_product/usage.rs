//! The calls of Salesforce as the API shows them, and acts of people that the budget has no room for.

use std::sync::Arc;

use dealbridge_local::{LocalProduct, Options, gateway::ApiRequest};
use dealbridge_tests::{
    OrgFolder,
    record_costs::{self, Cost},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, INTERNAL, Product, options};

/// Replaces the setting `api_budget`.
async fn set_budget(product: &Product, share: f64, reserve: u64) {
    let mut settings = product.get(ADMIN, "/settings").await.ok();
    settings["api_budget"] = json!({ "share": share, "reserve": reserve });
    let token = product.token(ADMIN).await;
    let request = ApiRequest::new("PUT", "/settings")
        .bearer(&token)
        .with("if-match", "*")
        .json(&settings);
    let answer = product.server.answer(&request, &product.address).await;
    assert_eq!(answer.status, 200, "{}", answer.to_json());
}

async fn start(product: &Product, body: Value) -> (u16, Value) {
    let answer = product
        .call(ADMIN, Method::POST, "/sync-runs", Some(body))
        .await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn usage_shows_a_day_of_calls_the_org_s_figure_and_what_a_full_run_takes() {
    let product = Product::imported().await;

    let usage = product.get(INTERNAL, "/usage").await.ok();

    // The check of the settings at the start is another client's.
    let org = product.app.salesforce.allowance().unwrap();
    assert_eq!(usage["org"]["used"], json!(org.used));
    assert_eq!(usage["org"]["allowed"], json!(org.allowed));
    let made = product.app.salesforce.usage();
    assert_eq!(usage["total"], json!(made.total() - made.token));
    assert_eq!(usage["calls"]["login"], json!(made.token));
    let by_hour = usage["hours"].as_array().unwrap().iter();
    let total: u64 = by_hour.map(|hour| hour["total"].as_u64().unwrap()).sum();
    assert_eq!(json!(total), usage["total"]);
    for purpose in ["list", "import", "describe"] {
        let calls = usage["calls"][purpose].as_u64();
        assert!(calls > Some(0), "{purpose}: {usage}");
    }
    assert_eq!(
        (&usage["budget"]["share"], &usage["budget"]["reserve"]),
        (&json!(0.5), &json!(1_000))
    );
    let limit = org.allowed / 2;
    assert_eq!(usage["budget"]["limit"], json!(limit));
    assert_eq!(usage["budget"]["left"], json!(limit - total));
    assert_eq!(usage["fullRun"]["listed"], json!(42));
    assert!(usage["fullRun"]["calls"].as_u64() > Some(1));
}

#[tokio::test]
async fn a_person_is_asked_before_the_budget_is_exceeded() {
    let product = Product::imported().await;
    set_budget(&product, 0.0, 0).await;
    let run = json!({ "integration": "deal-registration" });
    let url = json!({ "salesforceUrl": "00QaP000000033wUAA", "master": "salesforce" });
    let over = |mut body: Value| {
        body["overBudget"] = json!(true);
        body
    };
    let target = "/leads/lead-quayside/link/preview";
    let preview = |body: Value| product.call(INTERNAL, Method::POST, target, Some(body));

    let (refused, problem) = start(&product, run.clone()).await;
    let preview_refused = preview(url.clone()).await;
    let previewed = preview(over(url)).await;
    let (started, body) = start(&product, over(run)).await;
    let usage = product.get(ADMIN, "/usage").await.ok();

    assert_eq!(
        (refused, &problem["code"]),
        (409, &json!("SF_BUDGET_SPENT"))
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("\"overBudget\": true"), "{detail}");
    assert_eq!(preview_refused.refusal(), (409, "SF_BUDGET_SPENT"));
    assert_eq!(previewed.status, 200, "{previewed:?}");
    assert_eq!(started, 202, "{body}");
    assert_eq!(usage["budget"]["left"], json!(0));
    assert!(usage["budget"]["goesOn"].as_str().is_some(), "{usage}");
    product.local(Method::POST, "settle", None).await.ok();
    let settled = product.get(ADMIN, "/sync-runs").await.ok();
    assert_eq!(settled["items"][0]["status"], "succeeded");
}

#[tokio::test]
async fn a_submission_and_an_edit_cost_no_more_than_they_are_known_to() {
    let folder = OrgFolder::importable(1).write();
    let options = Options {
        org: folder.path().to_owned(),
        ..options(None)
    };
    let app = Arc::new(LocalProduct::start(&options).await.unwrap());

    let costs = record_costs::measure(&app, 2).await;

    let calls = |cost: &Cost| -> Vec<(String, f64)> {
        let calls = cost.calls.iter();
        calls.map(|(kind, count)| (kind.clone(), *count)).collect()
    };
    let of = |kind: &str| (kind.to_owned(), 1.0);
    let twice = |kind: &str| (kind.to_owned(), 2.0);
    assert_eq!(calls(&costs.kept), []);
    assert_eq!(calls(&costs.lead), [of("upsert")]);
    assert_eq!(calls(&costs.matching), [of("query"), of("upsert")]);
    assert_eq!(calls(&costs.edit), [of("update")]);
    assert_eq!(calls(&costs.early_edit), [of("query"), twice("update")]);
    for (act, cost, most) in [
        ("a submission that is not sent", &costs.kept, 2.0),
        ("an edit of an unlinked Deal", &costs.unlinked_edit, 3.0),
        ("a submission as a Lead", &costs.lead, 12.0),
        ("a submission with match_contact", &costs.matching, 12.0),
        ("an edit of a linked Deal", &costs.edit, 13.0),
        ("an edit that is looked at", &costs.early_edit, 13.0),
    ] {
        assert!(cost.write_units <= most, "{act}: {cost:?}");
    }
}
