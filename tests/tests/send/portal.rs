//! The portal's own calls: a Deal that is submitted, edited and deleted by the API, on its way to Salesforce.

use dealbridge_core::settings::{SendMode, SendTarget};
use serde_json::{Value, json};

use crate::harness::{SendHarness, deal};

fn deal_of(id: &str, company: Value) -> Value {
    json!({
        "id": id,
        "fields": {
            "name": "Solar roof", "stage": "Prospecting", "close_date": "2027-01-31", "product": "Pro",
        },
        "endUser": { "company": company, "firstName": "Ann", "lastName": "Roe", "email": "roe@acme.example" },
    })
}

#[tokio::test]
async fn a_deal_that_is_submitted_by_the_api_becomes_a_lead_of_its_end_user() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;

    let body = deal_of("D-17", json!("Acme"));
    let (status, shown) = harness.call("POST", "/deals", Some(body.clone())).await;
    assert_eq!(
        (status, &shown["salesforce"]),
        (201, &json!({ "status": "creating" })),
        "{shown}"
    );
    let (status, _) = harness.call("POST", "/deals", Some(body)).await;
    assert_eq!(status, 200);
    assert_eq!(harness.push().await, (1, 0));

    let id = harness.linked(&deal("D-17")).await.unwrap();
    let row = harness.row(id, &["Name", "Company", "Email"]).await;
    assert_eq!(
        (row.text("Name"), row.text("Company"), row.text("Email")),
        (Some("Ann Roe"), Some("Acme"), Some("roe@acme.example"))
    );
}

#[tokio::test]
async fn an_edit_by_the_api_tries_again_what_was_refused_and_a_deletion_ends_its_problem() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    for id in ["D-1", "D-2"] {
        let (status, _) = harness
            .call("POST", "/deals", Some(deal_of(id, Value::Null)))
            .await;
        assert_eq!(status, 201);
    }
    assert_eq!(harness.push().await, (2, 0));
    for id in ["D-1", "D-2"] {
        assert_eq!(
            harness.codes(&deal(id)).await,
            ["SF_REQUIRED_FIELD_MISSING"]
        );
    }

    let patch = json!({ "endUser": { "company": "Acme" } });
    let (status, body) = harness.call("PATCH", "/deals/D-1", Some(patch)).await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = harness.call("DELETE", "/deals/D-2", None).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(harness.push().await, (1, 0));

    assert!(harness.linked(&deal("D-1")).await.is_some());
    for id in ["D-1", "D-2"] {
        assert_eq!(harness.codes(&deal(id)).await, Vec::<&str>::new());
    }
    // The next run looks for what the deleted one may have left in Salesforce: nothing.
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.outbox().await, 0);
    let said = harness.actions().await;
    assert!(
        !said.contains(&"CREATED_BUT_NOT_LINKED".to_owned()),
        "{said:?}"
    );
}
