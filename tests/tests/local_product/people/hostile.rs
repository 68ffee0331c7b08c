//! Requests that no portal should send: every wrong field is named, nothing is written, nothing breaks.

use dealbridge_local::gateway::ApiRequest;
use serde_json::{Value, json};

use super::{Portal, user, with};
use crate::product::Product;

#[tokio::test]
async fn one_refusal_names_every_wrong_field() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let form = json!({ "name": 7, "email": "rosa", "type": "vendor", "groups": "grp-a", "rank": 1, "status": "gone" });

    let malformed = portal.put("/users/usr-una", &form).await;
    assert_eq!(malformed.refusal(), (400, "MALFORMED"));
    assert_eq!(
        malformed.wrong(),
        [
            ("name", "WRONG_TYPE"),
            ("email", "INVALID_VALUE"),
            ("type", "INVALID_VALUE"),
            ("organization", "REQUIRED"),
            ("groups", "WRONG_TYPE"),
            ("status", "INVALID_VALUE"),
            ("rank", "UNKNOWN_FIELD"),
        ]
    );

    let una = user("una@fjordpartners.example");
    let wrong = with(&una, "organization", json!("org-none"));
    let wrong = with(&wrong, "name", json!("\u{0}"));
    let wrong = with(
        &wrong,
        "groups",
        json!(["grp-none", "grp-admins", "grp-partner-sales", "grp-none"]),
    );
    let invalid = portal.put("/users/usr-una", &wrong).await;
    assert_eq!(invalid.refusal(), (422, "FIELDS_INVALID"));
    assert_eq!(
        invalid.wrong(),
        [
            ("name", "INVALID_VALUE"),
            ("organization", "NOT_FOUND"),
            ("groups", "NOT_FOUND"),
            ("groups", "OTHER_KIND"),
            ("groups", "DUPLICATE"),
        ]
    );
    assert_eq!(portal.get("/users/usr-una").await.status, 404);

    let module = json!({ "name": "G", "type": "partner", "modules": ["deals"] });
    let refused = portal.put("/groups/grp-una", &module).await;
    assert_eq!(
        (refused.refusal(), refused.wrong()),
        ((422, "FIELDS_INVALID"), vec![("modules", "NOT_FOUND")])
    );
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_or_not_there() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let una = user("una@fjordpartners.example");
    let long = "x".repeat(65);

    for id in [
        "a%20b",
        "a%2Fb",
        "%00",
        "a%23EMAIL",
        "%F0%9F%92%A9",
        "'%20OR%201",
        &long,
    ] {
        let target = format!("/users/{id}");
        let refused = portal.put(&target, &una).await;
        assert!(matches!(refused.status, 404 | 422), "{id}: {refused:?}");
        assert_eq!(portal.get(&target).await.status, 404, "{id}");
        assert_eq!(portal.delete(&target).await.status, 404, "{id}");
    }
    let other = portal
        .put("/users/usr-una", &with(&una, "id", json!("usr-esme")))
        .await;
    assert_eq!(
        (other.status, other.wrong()),
        (422, vec![("id", "INVALID_VALUE")])
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_and_changes_nothing() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let before = portal.get("/users/usr-rosa").await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));

    for body in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        &deep,
        "{\"name\":\"\\ud800\"}",
    ] {
        let mut request = ApiRequest::new("PUT", "/users/usr-rosa");
        request.body = body.as_bytes().to_vec();
        let refused = portal
            .send(request.with("content-type", "application/json"))
            .await;
        assert_eq!(refused.refusal(), (400, "MALFORMED"), "{body:.20}");
    }
    for (field, value) in [
        ("groups", json!(vec!["grp-partner-sales"; 10_000])),
        (
            "groups",
            Value::from((0..41).map(|at| format!("grp-{at}")).collect::<Vec<_>>()),
        ),
        ("name", json!("x".repeat(1_000_000))),
        ("name", json!("   ")),
        ("organization", json!("x".repeat(1_000_000))),
        ("email", json!(format!("{}@fjord.example", "x".repeat(300)))),
        ("email", json!("a@b.example\nBcc: c@d.example")),
    ] {
        let form = with(&user("una@fjordpartners.example"), field, value);
        let refused = portal.put("/users/usr-rosa", &form).await;
        assert_eq!(
            refused.refusal(),
            (422, "FIELDS_INVALID"),
            "{field}: {refused:?}"
        );
        assert_eq!(refused.wrong()[0].0, field);
        assert!(refused.body.to_string().len() < 4_000, "{field}");
    }
    assert_eq!(portal.get("/users/usr-rosa").await, before);
}
