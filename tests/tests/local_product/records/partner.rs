//! A partner's day.

use serde_json::{Value, json};

use super::{COLLEAGUE, Client, OTHER_PARTNER, WITHOUT_MODULE, acts, code, fields, text};
use crate::product::{ADMIN, DISTRIBUTOR, PARTNER, Product};

#[tokio::test]
async fn a_partner_submits_a_deal_edits_it_and_sees_it_with_the_colleagues_alone() {
    let product = Product::start(None).await;
    let rosa = Client::of(&product, PARTNER).await;
    let body = json!({ "fields": fields("Ilex - roof"), "endUser": { "company": "Ilex", "lastName": "Lee" } });

    let made = rosa.post("/deals", &body).await;
    assert_eq!(made.status(), 201, "{made:?}");
    let deal = made.ok();
    let target = made.header("location").to_owned();
    assert_eq!(
        (&deal["owner"], &deal["organization"]),
        (&json!("usr-rosa"), &json!("org-fjord"))
    );
    assert_eq!(deal["registrationStatus"], "Submitted");

    // A colleague goes on with it.
    let ben = Client::of(&product, COLLEAGUE).await;
    let edited = ben
        .patch(&target, 1, &json!({ "fields": { "amount": 9 } }))
        .await;
    assert_eq!(edited.ok()["fields"]["amount"], 9);
    let seen = rosa.get(&target).await.ok();
    let history = seen["history"].as_array().unwrap();
    let told: Vec<(String, String)> = history
        .iter()
        .map(|act| (text(&act["action"]), text(&act["by"])))
        .collect();
    assert_eq!(
        told,
        [
            ("edit".to_owned(), COLLEAGUE.to_owned()),
            ("create".to_owned(), PARTNER.to_owned())
        ]
    );
    assert_eq!(acts(&product, &target).await, told);

    for stranger in [OTHER_PARTNER, DISTRIBUTOR] {
        let stranger = Client::of(&product, stranger).await;
        assert_eq!(
            stranger.get(&target).await.refusal(),
            code(404, "RECORD_NOT_FOUND")
        );
        let edit = stranger
            .patch(&target, 2, &json!({ "fields": { "amount": 1 } }))
            .await;
        // As for a Deal that does not exist, in each word but the id.
        let nothing = stranger
            .patch(
                "/deals/no-such-deal",
                2,
                &json!({ "fields": { "amount": 1 } }),
            )
            .await;
        assert_eq!(edit.refusal(), nothing.refusal());
        let id = text(&deal["id"]);
        assert_eq!(
            text(&edit.body()["detail"]).replace(&id, "no-such-deal"),
            text(&nothing.body()["detail"])
        );
        assert_eq!(stranger.ids("/deals?q=Ilex").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_partner_changes_neither_step_nor_owner_nor_link() {
    let product = Product::start(None).await;
    let rosa = Client::of(&product, PARTNER).await;
    let target = "/deals/deal-office-move";

    for (member, value) in [
        ("registrationStatus", json!("Approved")),
        ("owner", json!("usr-ben")),
        ("owner", json!("usr-rosa")),
        ("link", Value::Null),
    ] {
        let mut body = json!({ "fields": { "amount": 1 } });
        body[member] = value;
        let refused = rosa.patch(target, 1, &body).await;
        assert_eq!(refused.refusal(), code(403, "FORBIDDEN"), "{member}");
        assert_eq!(refused.body()["field"], member);
    }
    for (member, value) in [
        ("registrationStatus", json!("Approved")),
        ("owner", json!("usr-ben")),
        ("link", json!({})),
    ] {
        let mut body = json!({ "fields": fields("A") });
        body[member] = value;
        let refused = rosa.post("/deals", &body).await;
        assert_eq!(refused.refusal(), code(403, "FORBIDDEN"), "{member}");
    }
    assert_eq!(
        Client::of(&product, ADMIN).await.get(target).await.ok()["version"],
        1
    );
    // The own id may be named: it is what it would be.
    let body = json!({ "owner": "usr-rosa", "fields": fields("A") });
    assert_eq!(rosa.post("/deals", &body).await.status(), 201);
}

#[tokio::test]
async fn what_a_partner_may_not_do_is_refused_with_the_reason() {
    let product = Product::start(None).await;
    let rosa = Client::of(&product, PARTNER).await;
    let noor = Client::of(&product, WITHOUT_MODULE).await;

    let lead = json!({ "fields": { "last_name": "Lee", "company": "Acme" } });
    assert_eq!(
        rosa.post("/leads", &lead).await.refusal(),
        code(403, "FORBIDDEN")
    );
    for refused in [
        noor.post("/deals", &json!({ "fields": fields("A") })).await,
        noor.get("/deals").await,
        noor.get("/deals/deal-office-move").await,
        noor.patch("/deals/deal-office-move", 1, &json!({})).await,
    ] {
        assert_eq!(refused.refusal(), code(403, "FORBIDDEN"));
        let detail = text(&refused.body()["detail"]);
        assert!(detail.contains("Deal Registration"), "{detail}");
    }
    // An id that another Organization uses is taken, and nothing of it is told.
    let taken = rosa
        .post("/deals", &json!({ "id": "D-9", "fields": fields("A") }))
        .await;
    assert_eq!(taken.status(), 201);
    let mila = Client::of(&product, OTHER_PARTNER).await;
    let refused = mila
        .post("/deals", &json!({ "id": "D-9", "fields": fields("A") }))
        .await;
    assert_eq!(refused.refusal(), code(409, "RECORD_EXISTS"));
    assert!(!refused.body().to_string().contains("rosa"));
}
