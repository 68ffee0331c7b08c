//! Validation and assignment rules.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, answer, lead, opportunity, user};

async fn patch_lead(org: &Org, number: u32, assign: Option<&str>, body: Value) -> Answer {
    let path = format!("{DATA}/sobjects/Lead/{}", lead(number));
    let mut request = org.request(Method::PATCH, &path).json(&body);
    if let Some(assign) = assign {
        request = request.header("Sforce-Auto-Assign", assign);
    }
    answer(request).await
}

async fn owner(org: &Org, number: u32) -> Value {
    org.row("Lead", &lead(number)).await["OwnerId"].clone()
}

#[tokio::test]
async fn an_assignment_rule_gives_a_written_lead_to_another_owner_unless_the_call_says_false() {
    let org = Org::small().await;
    let entries = json!([
        { "condition": "Company = 'Trees'", "owner": user(3) },
        { "condition": null, "owner": user(2) },
    ]);
    org.admin(
        "assignment",
        json!({ "object": "lead", "entries": entries }),
    )
    .await;
    let body = json!({ "Title": "Head" });

    let kept = patch_lead(&org, 1, Some("FALSE"), body.clone()).await;
    let owner_kept = owner(&org, 1).await;
    let given = patch_lead(&org, 1, None, body.clone()).await;
    patch_lead(&org, 3, Some("TRUE"), body).await;
    let created = org
        .post(
            &format!("{DATA}/sobjects/Lead"),
            json!({ "LastName": "x", "Company": "y" }),
        )
        .await;
    let id = created.body["id"].as_str().expect("an id").to_owned();
    let person = json!({ "object": "Lead", "id": lead(2), "fields": { "Title": "Head" } });
    org.admin("edit", person).await;

    assert_eq!((kept.status, given.status, created.status), (204, 204, 201));
    assert_eq!(owner_kept, json!(user(1)));
    assert_eq!(owner(&org, 1).await, json!(user(2)));
    assert_eq!(owner(&org, 2).await, json!(user(1)));
    assert_eq!(owner(&org, 3).await, json!(user(3)));
    assert_eq!(org.row("Lead", &id).await["OwnerId"], json!(user(2)));
}

#[tokio::test]
async fn collections_and_upserts_run_assignment_rules_too() {
    let org = Org::small().await;
    let entries = json!([{ "owner": user(2) }]);
    org.admin(
        "assignment",
        json!({ "object": "Lead", "entries": entries }),
    )
    .await;
    let record = json!({ "attributes": { "type": "Lead" }, "id": lead(1), "Title": "Head" });
    let send = |assign: &'static str| {
        let request = org
            .request(Method::PATCH, &format!("{DATA}/composite/sobjects"))
            .json(&json!({ "records": [record.clone()] }));
        answer(request.header("Sforce-Auto-Assign", assign))
    };

    send("false").await;
    let kept = owner(&org, 1).await;
    send("TRUE").await;
    let given = owner(&org, 1).await;
    org.admin("assignment", json!({ "reset": true })).await;
    let body = json!({ "OwnerId": user(1) });
    patch_lead(&org, 1, None, body).await;

    assert_eq!((kept, given), (json!(user(1)), json!(user(2))));
    assert_eq!(owner(&org, 1).await, json!(user(1)));
}

#[tokio::test]
async fn a_validation_rule_refuses_with_the_administrator_s_words() {
    let org = Org::small().await;
    let rule = json!({
        "object": "Opportunity",
        "condition": "Amount > 500 AND Account.Name = 'Acme' AND NextStep = null",
        "message": "A large deal needs a next step.",
        "field": "nextstep",
    });
    org.admin("validation", rule).await;
    let path = format!("{DATA}/sobjects/Opportunity/{}", opportunity(2));

    let refused = org.patch(&path, json!({ "Amount": 900 })).await;
    let fine = org
        .patch(&path, json!({ "Amount": 900, "NextStep": "call" }))
        .await;
    let person =
        json!({ "object": "Opportunity", "id": opportunity(1), "fields": { "Amount": 600 } });
    let by_a_person = org.post("/_org/edit", person.clone()).await;
    org.admin("validation", json!({ "reset": true })).await;
    org.admin("edit", person).await;

    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body,
        json!([{
            "message": "A large deal needs a next step.",
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["NextStep"],
        }])
    );
    assert_eq!(fine.status, 204);
    assert_eq!(
        (by_a_person.status, by_a_person.code()),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    );
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_when_it_is_added() {
    let org = Org::small().await;
    let validation = |condition: &str| json!({ "object": "Lead", "condition": condition, "message": "no", "field": null });

    for (call, rule, told) in [
        (
            "validation",
            validation("Nope = 1"),
            "No such column 'Nope'",
        ),
        ("validation", validation("LastName"), "unexpected token"),
        ("validation", json!({ "object": "Lead" }), "condition"),
        (
            "assignment",
            json!({ "object": "Account", "entries": [] }),
            "leads and cases",
        ),
        (
            "assignment",
            json!({ "object": "Lead", "entries": [{ "owner": "Ada" }] }),
            "not the id of a user or a queue",
        ),
    ] {
        let refused = org.post(&format!("/_org/{call}"), rule).await;
        let message = refused.body[0]["message"].as_str().unwrap_or_default();
        assert_eq!(refused.status, 400, "{call}");
        assert!(message.contains(told), "{call}: {message}");
    }
}
