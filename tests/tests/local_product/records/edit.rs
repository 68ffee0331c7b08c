//! Editing records.

use dealbridge_local::gateway::ApiRequest;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Client, acts, code, fields, text};
use crate::product::{INTERNAL, PARTNER, Product};

async fn submitted(product: &Product) -> Client<'_> {
    let portal = Client::portal(product).await;
    let body = json!({
        "id": "D-1", "owner": "usr-rosa", "fields": fields("A"), "endUser": { "company": "Acme", "phone": "1" },
    });
    portal.post("/deals", &body).await.ok();
    portal
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_clears_what_is_null() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    let body = json!({
        "fields": { "amount": 1500, "notes": "Call first" }, "endUser": { "phone": null, "lastName": "Lee" },
        "registrationStatus": "Approved",
    });

    let edited = portal.patch("/deals/D-1", 1, &body).await;

    assert_eq!(edited.header("etag"), "\"2\"");
    let deal = edited.ok();
    let mut expected = fields("A");
    expected["amount"] = json!(1500);
    expected["notes"] = json!("Call first");
    assert_eq!(deal["fields"], expected);
    assert_eq!(
        deal["endUser"],
        json!({ "company": "Acme", "lastName": "Lee", "firstName": null, "email": null, "phone": null })
    );
    assert_eq!(deal["registrationStatus"], "Approved");

    let cleared = portal
        .patch(
            "/deals/D-1",
            2,
            &json!({ "fields": { "notes": null, "amount": "" }, "endUser": null }),
        )
        .await;
    let deal = cleared.ok();
    assert_eq!(
        (&deal["fields"]["notes"], &deal["fields"]["amount"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(deal["endUser"], Value::Null);
    let history = portal.get("/deals/D-1").await.ok()["history"].clone();
    assert_eq!(
        history[1]["details"],
        "amount, notes, endUser, registrationStatus"
    );
}

#[tokio::test]
async fn a_history_has_every_act_however_many_there_are_and_after_a_deletion() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    for version in 1..=9 {
        let body = json!({ "fields": { "amount": version } });
        assert_eq!(
            portal.patch("/deals/D-1", version, &body).await.status(),
            200
        );
    }

    let mut told: Vec<String> = vec!["edit".to_owned(); 9];
    told.push("create".to_owned());
    let shown = async || -> Vec<String> {
        let acts = acts(&product, "/deals/D-1").await;
        acts.into_iter().map(|(action, _)| action).collect()
    };
    assert_eq!(shown().await, told);
    let stamps = portal.get("/deals/D-1").await.ok()["history"].clone();
    let stamps = stamps
        .as_array()
        .unwrap()
        .iter()
        .map(|act| text(&act["at"]));
    assert!(stamps.rev().is_sorted());

    let request = ApiRequest::new("DELETE", "/deals/D-1").with("if-match", "*");
    assert_eq!(portal.send(request).await.status(), 200);
    submitted(&product).await;

    told.splice(0..0, ["create".to_owned(), "delete".to_owned()]);
    assert_eq!(shown().await, told);
}

#[tokio::test]
async fn an_edit_says_which_version_it_changes() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    let body = json!({ "fields": { "amount": 1 } });
    let with = |tag: Option<&str>| {
        let request = ApiRequest::new("PATCH", "/deals/D-1").json(&body);
        match tag {
            Some(tag) => request.with("if-match", tag),
            None => request,
        }
    };

    assert_eq!(
        portal.send(with(None)).await.refusal(),
        code(428, "PRECONDITION_REQUIRED")
    );
    for tag in ["\"2\"", "2", "\"one\"", "W/\"1\""] {
        let stale = portal.send(with(Some(tag))).await;
        assert_eq!(stale.refusal(), code(412, "VERSION_CHANGED"), "{tag}");
        assert_eq!(stale.header("etag"), "\"1\"");
    }
    assert_eq!(
        portal.send(with(Some("\"1\""))).await.header("etag"),
        "\"2\""
    );
    assert_eq!(
        portal.patch("/deals/D-2", 1, &body).await.refusal(),
        code(404, "RECORD_NOT_FOUND")
    );
}

#[tokio::test]
async fn values_that_are_there_already_write_nothing() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    let same = json!({ "fields": { "amount": 1200.0, "stage": " Proposal" }, "endUser": {}, "owner": "usr-rosa" });

    let unchanged = portal.patch("/deals/D-1", 1, &same).await;

    assert_eq!(
        (unchanged.status(), unchanged.header("etag")),
        (200, "\"1\"")
    );
    assert_eq!(
        portal.patch("/deals/D-1", 1, &json!({})).await.status(),
        200
    );
    assert_eq!(acts(&product, "/deals/D-1").await.len(), 1);
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_wins_and_no_value_is_lost_unseen() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;

    let bodies: Vec<Value> = (1..=10)
        .map(|amount| json!({ "fields": { "amount": amount } }))
        .collect();
    let replies = join_all(
        bodies
            .iter()
            .map(|body| portal.patch("/deals/D-1", 1, body)),
    )
    .await;

    let won: Vec<&super::Reply> = replies
        .iter()
        .filter(|reply| reply.status() == 200)
        .collect();
    assert_eq!(won.len(), 1);
    assert!(
        replies
            .iter()
            .all(|reply| reply.status() == 200 || reply.refusal() == code(412, "VERSION_CHANGED"))
    );
    let deal = portal.get("/deals/D-1").await.ok();
    assert_eq!(deal["fields"]["amount"], won[0].ok()["fields"]["amount"]);
    assert_eq!(deal["version"], 2);
}

#[tokio::test]
async fn every_wrong_value_of_an_edit_is_named_and_nothing_is_written() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    let body = json!({
        "fields": { "name": null, "amount": "many", "notes": "a\u{0}" }, "owner": "usr-dora", "registrationStatus": "",
    });

    let refused = portal.patch("/deals/D-1", 1, &body).await;

    let errors = refused.errors();
    let errors: Vec<(&str, &str)> = errors
        .iter()
        .map(|(field, code)| (&**field, &**code))
        .collect();
    assert_eq!(
        errors,
        [
            ("amount", "VALUE_TYPE_INVALID"),
            ("notes", "CHARACTER_INVALID"),
            ("registrationStatus", "REQUIRED_FIELD_EMPTY"),
            ("name", "REQUIRED_FIELD_EMPTY"),
            ("owner", "OWNER_NOT_ACTIVE"),
        ]
    );
    assert_eq!(portal.get("/deals/D-1").await.ok()["version"], 1);
}

#[tokio::test]
async fn another_owner_brings_the_record_into_the_own_organization() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;

    let moved = portal
        .patch("/deals/D-1", 1, &json!({ "owner": "usr-mila" }))
        .await
        .ok();

    assert_eq!(
        (&moved["owner"], &moved["organization"], &moved["partner"]),
        (
            &json!("usr-mila"),
            &json!("org-meridian"),
            &json!("usr-mila")
        )
    );
    let former = Client::of(&product, PARTNER).await;
    assert_eq!(
        former.get("/deals/D-1").await.refusal(),
        code(404, "RECORD_NOT_FOUND")
    );
}

#[tokio::test]
async fn an_edit_under_an_idempotency_key_is_made_once() {
    let product = Product::start(None).await;
    let portal = submitted(&product).await;
    let body = json!({ "fields": { "amount": 7 } });
    let request = || {
        let request = ApiRequest::new("PATCH", "/deals/D-1").json(&body);
        request
            .with("if-match", "\"1\"")
            .with("idempotency-key", "k")
    };

    let replies = join_all((0..6).map(|_| portal.send(request()))).await;

    for reply in &replies {
        assert_eq!((reply.status(), reply.header("etag")), (200, "\"2\""));
        assert_eq!(reply.ok()["fields"]["amount"], 7);
    }
}

#[tokio::test]
async fn an_internal_user_without_the_module_of_the_kind_edits_nothing() {
    let product = Product::start(None).await;
    let felix = Client::of(&product, INTERNAL).await;
    let body = json!({ "fields": { "company": "X" } });

    let refused = felix.patch("/leads/lead-quayside", 1, &body).await;

    assert_eq!(refused.refusal(), code(403, "FORBIDDEN"));
    assert!(text(&refused.body()["detail"]).contains("Lead Distribution"));
    assert_eq!(felix.get("/leads/lead-quayside").await.status(), 200);
}
