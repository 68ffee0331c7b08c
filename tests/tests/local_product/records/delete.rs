//! Deleting records.

use dealbridge_core::{
    link::store::LinkStore,
    record::{RecordId, RecordKind},
};
use dealbridge_local::gateway::ApiRequest;
use serde_json::{Value, json};

use super::{Client, code, fields, text};
use crate::product::{ADMIN, PARTNER, Product};

/// A Deal that an import made, with its Opportunity.
async fn imported(product: &Product) -> (String, String) {
    let admin = Client::of(product, ADMIN).await;
    let deals = admin.get("/deals?linked=true").await.ok();
    let deal = &deals["items"][0];
    (text(&deal["id"]), text(&deal["link"]["salesforce"]["id"]))
}

#[tokio::test]
async fn a_record_is_deleted_in_the_version_that_was_read() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({ "id": "D-1", "owner": "usr-rosa", "fields": fields("A") });
    portal.post("/deals", &body).await.ok();
    let delete = |tag: &str| ApiRequest::new("DELETE", "/deals/D-1").with("if-match", tag);

    assert_eq!(
        portal.send(delete("\"9\"")).await.refusal(),
        code(412, "VERSION_CHANGED")
    );
    let gone = portal.send(delete("\"1\"")).await.ok();

    assert_eq!(gone["record"], json!({ "kind": "deal", "id": "D-1" }));
    assert_eq!(
        (&gone["salesforce"], &gone["suppressed"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(
        portal.get("/deals/D-1").await.refusal(),
        code(404, "RECORD_NOT_FOUND")
    );
    assert_eq!(
        portal.delete("/deals/D-1").await.refusal(),
        code(404, "RECORD_NOT_FOUND")
    );
    // Its id is free again, and its history goes on.
    assert_eq!(portal.post("/deals", &body).await.status(), 201);
    let id = RecordId::new(RecordKind::Deal, "D-1").unwrap();
    let again = LinkStore::record(&product.app.store, &id).await.unwrap();
    // What the first one may have left in Salesforce is not this one's.
    assert_eq!(again.unwrap().life, 2);
    let acts = super::acts(&product, "/deals/D-1").await;
    let acts: Vec<&str> = acts.iter().map(|(act, _)| &**act).collect();
    assert_eq!(acts, ["create", "delete", "create"]);
}

#[tokio::test]
async fn a_linked_record_stays_unless_its_link_goes_with_it_and_is_not_imported_again() {
    let product = Product::imported().await;
    let admin = Client::of(&product, ADMIN).await;
    let (deal, opportunity) = imported(&product).await;
    let target = format!("/deals/{deal}");

    let refused = admin.delete(&target).await;
    assert_eq!(refused.refusal(), code(409, "UNLINK_FIRST"));
    assert_eq!(refused.body()["salesforce"]["id"], opportunity.as_str());
    assert_eq!(admin.get(&target).await.ok()["link"]["status"], "synced");

    let gone = admin.delete(&format!("{target}?unlink=true")).await.ok();
    assert_eq!(gone["salesforce"]["id"], opportunity.as_str());
    assert_eq!(gone["suppressed"], true);
    assert_eq!(
        admin.get(&target).await.refusal(),
        code(404, "RECORD_NOT_FOUND")
    );
    let entries = admin
        .get("/integration-log?code=LINKED_RECORD_DELETED")
        .await
        .ok();
    assert_eq!(entries["items"][0]["entity"]["id"], deal.as_str());
    assert_eq!(
        entries["items"][0]["salesforce"]["id"],
        opportunity.as_str()
    );

    let counts = product.run("daily").await;
    assert_eq!(
        (&counts["imported"], &counts["suppressed"]),
        (&json!(0), &json!(1))
    );
    // An administrator may let it in again: as another Deal.
    admin
        .delete(&format!("/suppressions/{opportunity}"))
        .await
        .ok();
    assert_eq!(product.run("hourly").await["imported"], 1);
    assert_eq!(admin.get(&target).await.status(), 404);
}

#[tokio::test]
async fn a_deletion_under_an_idempotency_key_gives_the_same_answer_again() {
    let product = Product::imported().await;
    let admin = Client::of(&product, ADMIN).await;
    let (deal, _) = imported(&product).await;
    let request = || {
        let target = format!("/deals/{deal}?unlink=true");
        ApiRequest::new("DELETE", &target).with("idempotency-key", "k")
    };

    let first = admin.send(request()).await;
    let again = admin.send(request()).await;

    assert_eq!((first.status(), first.body()), (200, again.body()));
    assert_eq!(again.status(), 200);
}

#[tokio::test]
async fn partners_delete_nothing() {
    let product = Product::start(None).await;
    let rosa = Client::of(&product, PARTNER).await;

    for id in ["deal-office-move", "no-such-deal"] {
        let refused = rosa.delete(&format!("/deals/{id}")).await;
        assert_eq!(refused.refusal(), code(403, "FORBIDDEN"));
    }
}
