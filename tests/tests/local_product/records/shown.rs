//! The texts that a record's reader is told beside its values: its kind, its people, what Salesforce refused.

use dealbridge_local::gateway::ApiRequest;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, code, fields};
use crate::product::{ADMIN, INTERNAL, PARTNER, Product};

#[tokio::test]
async fn a_kind_of_record_is_described_by_the_settings() {
    let product = Product::start(None).await;
    let internal = Client::of(&product, INTERNAL).await;

    let deals = internal.get("/record-kinds/deals").await.ok();
    let leads = internal.get("/record-kinds/leads").await.ok();

    let fields = deals["fields"].as_array().unwrap();
    assert_eq!(
        fields[1],
        json!({
            "name": "stage", "label": "Stage", "type": "picklist", "required": true,
            "values": ["Qualified", "Proposal", "Negotiation", "Won", "Lost"], "maxLength": null, "isOwn": true,
        })
    );
    // A Deal may be linked to a Lead: that one's fields are its own, too, but need no value.
    let company = fields
        .iter()
        .find(|field| field["name"] == "company")
        .unwrap();
    assert_eq!(
        (&company["isOwn"], &company["required"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(leads["fields"][0]["isOwn"], true);
    assert_eq!(
        (
            &deals["registrationStatus"],
            &deals["isSent"],
            &deals["linkRequiresAdmin"]
        ),
        (&json!("Submitted"), &json!(false), &json!(false))
    );
    let partner = Client::of(&product, PARTNER).await;
    let seen = partner.get("/record-kinds/deals").await.ok();
    assert_eq!(seen["fields"], deals["fields"]);
    assert_eq!(
        (seen.get("isSent"), seen.get("linkRequiresAdmin")),
        (None, None)
    );
    let unknown = internal.get("/record-kinds/orders").await;
    assert_eq!(unknown.refusal(), code(404, "ROUTE_NOT_FOUND"));
}

#[tokio::test]
async fn internal_users_read_the_people_of_records_by_name() {
    let product = Product::start(None).await;
    let portal = Client::portal(&product).await;
    let body = json!({ "id": "D-1", "owner": "usr-rosa", "fields": fields("Ilex - roof") });
    assert_eq!(portal.post("/deals", &body).await.status(), 201);
    let internal = Client::of(&product, INTERNAL).await;

    let listed = internal.get("/deals?q=ilex").await.ok()["items"][0].clone();
    let one = internal.get("/deals/D-1").await.ok();

    let rosa = json!({ "id": "usr-rosa", "name": "Rosa Lindqvist", "email": PARTNER });
    for record in [listed, one] {
        assert_eq!(record["name"], "Ilex - roof");
        assert_eq!(
            record["people"],
            json!({
                "owner": rosa,
                "organization": { "id": "org-fjord", "name": "Fjord Partners", "email": null },
                "partner": rosa,
                "distributor": null,
            })
        );
    }
    for other in [portal, Client::of(&product, PARTNER).await] {
        let record = other.get("/deals/D-1").await.ok();
        assert_eq!((record.get("name"), record.get("people")), (None, None));
    }
}

#[tokio::test]
async fn an_owner_is_named_by_the_address_as_well() {
    let product = Product::start(None).await;
    let admin = Client::of(&product, ADMIN).await;
    let post = async |owner: &str| {
        let body = json!({ "id": "D-1", "owner": owner, "fields": fields("A") });
        admin.post("/deals", &body).await
    };

    for nobody in ["nobody@fjordpartners.example", "@", "usr-rosa@"] {
        let refused = post(nobody).await;
        let wrong = ("owner".to_owned(), "OWNER_NOT_FOUND".to_owned());
        assert_eq!(refused.errors(), [wrong], "{nobody}");
    }
    let made = post(" Rosa.Lindqvist@fjordpartners.example ").await;

    assert_eq!(made.ok()["owner"], "usr-rosa");
    let ids = async |query: &str| admin.ids(&format!("/deals?{query}")).await;
    let rosas = ids("owner=usr-rosa").await;
    assert!(rosas.contains(&"D-1".to_owned()), "{rosas:?}");
    assert_eq!(
        ids("owner=ROSA.lindqvist%40fjordpartners.example").await,
        rosas
    );
    assert_eq!(
        ids("owner=nobody%40fjordpartners.example").await,
        Vec::<String>::new()
    );
    let refused = admin.get("/deals?owner=rosa%40").await;
    assert_eq!(refused.refusal(), code(400, "MALFORMED"));
}

#[tokio::test]
async fn a_record_that_salesforce_did_not_get_says_why() {
    let product = Product::start(None).await;
    let admin = Client::of(&product, ADMIN).await;
    let mut settings = admin.get("/settings").await.ok();
    settings["send"] = json!({ "deal": { "mode": "manual", "target": "lead" } });
    let put = ApiRequest::new("PUT", "/settings").with("if-match", "*");
    assert_eq!(admin.send(put.json(&settings)).await.status(), 200);
    let internal = Client::of(&product, INTERNAL).await;
    let before = internal.get("/deals/deal-office-move").await.ok();
    assert_eq!(before["sendProblem"], Value::Null);

    let asked = internal
        .post("/deals/deal-office-move/sync", &json!({}))
        .await;
    asked.ok();
    product.local(Method::POST, "settle", None).await.ok();

    let after = internal.get("/deals/deal-office-move").await.ok();
    assert_eq!(after["salesforce"]["status"], "refused");
    assert_eq!(
        after["sendProblem"]["codes"],
        json!(["SF_REQUIRED_FIELD_MISSING"])
    );
    let message = after["sendProblem"]["entries"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("LastName"), "{message}");
    let partner = Client::of(&product, PARTNER).await;
    let seen = partner.get("/deals/deal-office-move").await.ok();
    assert_eq!(seen.get("sendProblem"), None);
}
