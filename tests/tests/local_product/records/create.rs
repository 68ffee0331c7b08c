//! Submitting records.

use dealbridge_local::gateway::ApiRequest;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Client, acts, code, fields, text};
use crate::product::{INTERNAL, Product};

#[tokio::test]
async fn the_portal_submits_a_deal_of_a_partner_under_its_own_id() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({
        "id": "D-17", "owner": "usr-rosa", "fields": fields("Ilex - roof"),
        "endUser": { "company": "Ilex Robotics", "firstName": "Ann", "lastName": "Lee", "email": "Ann.Lee@ilex.example", "phone": "+49 30 1" },
    });

    let made = portal.post("/deals", &body).await;

    assert_eq!(made.status(), 201, "{made:?}");
    assert_eq!(made.header("location"), "/deals/D-17");
    assert_eq!(made.header("etag"), "\"1\"");
    let shown = portal.get("/deals/D-17").await;
    assert_eq!(shown.header("etag"), "\"1\"");
    let deal = shown.ok();
    for (member, value) in [
        ("owner", json!("usr-rosa")),
        ("organization", json!("org-fjord")),
        ("partner", json!("usr-rosa")),
        ("distributor", Value::Null),
        ("registrationStatus", json!("Submitted")),
        ("fields", fields("Ilex - roof")),
        ("link", Value::Null),
        ("version", json!(1)),
    ] {
        assert_eq!(deal[member], value, "{member}");
    }
    assert_eq!(deal["endUser"]["email"], "ann.lee@ilex.example");
    assert_eq!(deal["endUser"]["lastName"], "Lee");
    let by = acts(&product, "/deals/D-17").await;
    assert_eq!(by.len(), 1);
    assert_eq!(by[0].0, "create");
}

#[tokio::test]
async fn an_internal_user_of_the_module_submits_for_a_partner_and_an_id_is_made() {
    let product = Product::start(None).await;
    let felix = Client::of(&product, INTERNAL).await;
    let body =
        json!({ "owner": "usr-dirk", "fields": fields("A"), "registrationStatus": "Approved" });

    let made = felix.post("/deals", &body).await;

    let deal = made.ok();
    let target = format!("/deals/{}", text(&deal["id"]));
    assert_eq!(made.header("location"), target);
    assert_eq!(deal["registrationStatus"], "Approved");
    assert_eq!(
        (&deal["distributor"], &deal["partner"]),
        (&json!("usr-dirk"), &Value::Null)
    );
    assert_eq!(
        acts(&product, &target).await,
        [("create".to_owned(), INTERNAL.to_owned())]
    );
}

#[tokio::test]
async fn a_repeat_is_the_same_record_and_another_content_is_refused() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({ "id": "D-1", "owner": "usr-rosa", "fields": fields("A") });
    assert_eq!(portal.post("/deals", &body).await.status(), 201);

    let again = portal.post("/deals", &body).await;
    assert_eq!(
        (again.status(), again.ok()["version"].clone()),
        (200, json!(1))
    );

    for (member, value) in [
        ("fields", fields("B")),
        ("owner", json!("usr-ben")),
        ("endUser", json!({ "company": "C" })),
        ("registrationStatus", json!("Approved")),
    ] {
        let mut other = body.clone();
        other[member] = value;
        let refused = portal.post("/deals", &other).await;
        assert_eq!(refused.refusal(), code(409, "RECORD_EXISTS"), "{member}");
    }
    // An id counts within its kind.
    let lead = json!({ "id": "D-1", "fields": { "last_name": "Lee", "company": "Acme" } });
    assert_eq!(portal.post("/leads", &lead).await.status(), 201);
    assert_eq!(acts(&product, "/deals/D-1").await.len(), 1);
}

#[tokio::test]
async fn twenty_submissions_at_once_make_one_record() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({ "id": "D-1", "owner": "usr-rosa", "fields": fields("A") });

    let replies = join_all((0..20).map(|_| portal.post("/deals", &body))).await;

    let mut statuses: Vec<u16> = replies.iter().map(super::Reply::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0..19], [200; 19]);
    assert_eq!(statuses[19], 201);
    assert_eq!(acts(&product, "/deals/D-1").await.len(), 1);
}

#[tokio::test]
async fn a_request_under_an_idempotency_key_makes_one_record_however_often_it_comes() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({ "owner": "usr-rosa", "fields": fields("A") });
    let request = |key: &str, body: &Value| {
        ApiRequest::new("POST", "/deals")
            .json(body)
            .with("idempotency-key", key)
    };

    let replies = join_all((0..8).map(|_| portal.send(request("k", &body)))).await;

    let ids: Vec<String> = replies
        .iter()
        .map(|reply| text(&reply.ok()["id"]))
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert!(replies.iter().all(|reply| reply.status() == 201));
    let mut other = body.clone();
    other["fields"]["name"] = "B".into();
    let refused = portal.send(request("k", &other)).await;
    assert_eq!(refused.refusal(), code(422, "IDEMPOTENCY_KEY_REUSED"));
    let another = portal.send(request("l", &body)).await;
    assert_ne!(text(&another.ok()["id"]), ids[0]);
}

#[tokio::test]
async fn every_wrong_value_of_a_submission_is_named_in_one_refusal() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({
        "id": "D 1", "owner": "usr-nobody",
        "fields": { "name": "n".repeat(121), "stage": "Gone", "amount": [], "close_date": "soon", "produkt": "Gateway S" },
        "endUser": { "email": "nobody", "fax": "1" },
        "registrationStatus": 5,
    });

    let refused = portal.post("/deals", &body).await;

    let errors = refused.errors();
    let errors: Vec<(&str, &str)> = errors
        .iter()
        .map(|(field, code)| (&**field, &**code))
        .collect();
    assert_eq!(
        errors,
        [
            ("id", "VALUE_TYPE_INVALID"),
            ("name", "VALUE_TOO_LONG"),
            ("stage", "PICKLIST_VALUE_UNKNOWN"),
            ("amount", "VALUE_TYPE_INVALID"),
            ("close_date", "VALUE_TYPE_INVALID"),
            ("produkt", "FIELD_UNKNOWN"),
            ("endUser.email", "VALUE_TYPE_INVALID"),
            ("endUser.fax", "FIELD_UNKNOWN"),
            ("registrationStatus", "VALUE_TYPE_INVALID"),
            ("product", "REQUIRED_FIELD_EMPTY"),
            ("owner", "OWNER_NOT_FOUND"),
        ]
    );
}

#[tokio::test]
async fn the_owner_is_an_active_user_with_the_module() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;

    for (owner, wrong) in [
        (json!("usr-dora"), "OWNER_NOT_ACTIVE"),
        (json!("usr-pia"), "OWNER_NOT_ACTIVE"),
        (json!("usr-ivo"), "OWNER_NOT_ACTIVE"),
        (json!("usr-noor"), "OWNER_NO_ACCESS"),
        (json!("org-fjord"), "OWNER_NOT_FOUND"),
        (json!(" "), "REQUIRED_FIELD_EMPTY"),
        (Value::Null, "REQUIRED_FIELD_EMPTY"),
        (json!(17), "VALUE_TYPE_INVALID"),
    ] {
        let body = json!({ "owner": owner, "fields": fields("A") });
        let refused = portal.post("/deals", &body).await;
        assert_eq!(
            refused.errors(),
            [("owner".to_owned(), wrong.to_owned())],
            "{owner}"
        );
        assert!(refused.body()["detail"].as_str().unwrap().contains("owner"));
    }
}

#[tokio::test]
async fn bodies_that_are_no_record_are_refused_with_a_reason() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for (body, said) in [
        (String::new(), "no body"),
        ("[]".to_owned(), "not a list"),
        (
            r#"{"fields":{"name":"A","name":"B"}}"#.to_owned(),
            "duplicate key \"name\"",
        ),
        (
            r#"{"fields":{},"fields":{}}"#.to_owned(),
            "duplicate field `fields`",
        ),
        (
            r#"{"endUser":{"email":"a@b.example","email":null}}"#.to_owned(),
            "duplicate key \"email\"",
        ),
        (r#"{"fields":[]}"#.to_owned(), "an object"),
        (r#"{"field":{}}"#.to_owned(), "unknown field `field`"),
        (
            format!(r#"{{"fields":{{"name":{deep}}}}}"#),
            "recursion limit",
        ),
        (
            r#"{"fields":{"amount":1e999}}"#.to_owned(),
            "number out of range",
        ),
        (r#"{"fields":{}}trailing"#.to_owned(), "trailing characters"),
        (r#"{"link":null}"#.to_owned(), "link"),
        ("\u{0}".to_owned(), "expected value"),
    ] {
        let mut request = ApiRequest::new("POST", "/deals");
        request.body = body.clone().into_bytes();
        let refused = portal.send(request).await;
        assert_eq!(refused.refusal(), code(400, "MALFORMED"), "{body}");
        let detail = text(&refused.body()["detail"]);
        assert!(detail.contains(said), "{body}: {detail}");
    }
}

#[tokio::test]
async fn values_beyond_a_field_and_beyond_a_record_are_refused_by_size() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let mut body = json!({ "owner": "usr-rosa", "fields": fields("A") });
    body["fields"]["notes"] = "n".repeat(1_000_000).into();
    let refused = portal.post("/deals", &body).await;
    assert_eq!(
        refused.errors(),
        [("notes".to_owned(), "VALUE_TOO_LONG".to_owned())]
    );

    // Three bytes each, within the length of the field and beyond what a record holds together with another.
    body["fields"]["notes"] = "€".repeat(131_000).into();
    body["fields"]["description"] = "d".repeat(60_000).into();
    let refused = portal.post("/deals", &body).await;
    assert_eq!(refused.refusal(), code(422, "DEAL_TOO_LARGE"));
    assert!(text(&refused.body()["detail"]).contains("Notes"));

    let many: Value = (0..5_000)
        .map(|at| (format!("f{at}"), json!(1)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let refused = portal
        .post("/deals", &json!({ "owner": "usr-rosa", "fields": many }))
        .await;
    assert_eq!(refused.errors().len(), 100);
}
