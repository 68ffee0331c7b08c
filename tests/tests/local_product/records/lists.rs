//! Filters of lists.

use dealbridge_local::gateway::ApiRequest;
use serde_json::json;

use super::{COLLEAGUE, Client, code, fields};
use crate::product::{ADMIN, PARTNER, Product};

#[tokio::test]
async fn a_list_is_filtered_by_owner_organization_link_step_and_name() {
    let product = Product::imported().await;
    let admin = Client::of(&product, ADMIN).await;
    for (id, owner, name, status) in [
        ("D-1", "usr-rosa", "Zenith - roof", "Submitted"),
        ("D-2", "usr-ben", "zenith - yard", "Approved"),
        ("D-3", "usr-mila", "Zénith - gate", "Approved"),
    ] {
        let body = json!({ "id": id, "owner": owner, "fields": fields(name), "registrationStatus": status });
        assert_eq!(admin.post("/deals", &body).await.status(), 201);
    }

    let ids = async |query: &str| admin.ids(&format!("/deals?{query}")).await;

    assert_eq!(ids("q=ZEN").await, ["D-1", "D-2"]);
    assert_eq!(ids("q=z%C3%A9").await, ["D-3"]);
    assert_eq!(ids("q=roof").await, Vec::<String>::new());
    assert_eq!(ids("registrationStatus=Approved").await, ["D-2", "D-3"]);
    assert_eq!(
        ids("owner=usr-ben&linked=false").await,
        ["D-2", "deal-ticket-hall"]
    );
    assert_eq!(ids("organization=org-meridian&linked=false").await, ["D-3"]);
    let (linked, unlinked, all) = (
        ids("linked=true").await,
        ids("linked=false").await,
        ids("").await,
    );
    assert_eq!(linked.len() + unlinked.len(), all.len());
    assert_eq!(ids("status=synced").await, linked);
    assert_eq!(ids("status=unlinked").await, unlinked);
    assert_eq!(ids("linked=true&status=synced&limit=1").await, linked);
    assert_eq!(ids("q=zen&limit=1").await, ["D-1", "D-2"]);
    for wrong in [
        "linked=true&status=unlinked",
        "linked=false&status=synced",
        "status=Approved",
        "linked=maybe",
        "name=Zen",
    ] {
        let refused = admin.get(&format!("/deals?{wrong}")).await;
        assert_eq!(refused.refusal(), code(400, "MALFORMED"), "{wrong}");
    }
}

#[tokio::test]
async fn partners_list_their_organization_s_records_without_the_salesforce_side() {
    let product = Product::imported().await;
    let admin = Client::of(&product, ADMIN).await;
    let own = admin.ids("/deals?organization=org-fjord").await;
    assert!(own.len() > 2 && own.len() < admin.ids("/deals").await.len());

    for partner in [PARTNER, COLLEAGUE] {
        let partner = Client::of(&product, partner).await;
        assert_eq!(partner.ids("/deals").await, own);
        assert_eq!(partner.ids("/deals?limit=1").await, own);
        assert_eq!(partner.ids("/deals?organization=org-fjord").await, own);
        assert_eq!(
            partner.ids("/deals?organization=org-meridian").await,
            Vec::<String>::new()
        );
        let page = partner.get("/deals").await.ok();
        for deal in page["items"].as_array().unwrap() {
            for hidden in ["link", "account", "contact", "salesforce", "history"] {
                assert_eq!(deal.get(hidden), None, "{hidden}");
            }
        }
        assert!(!page.to_string().contains("006aP"), "{page}");
        for filter in ["linked=true", "status=synced"] {
            let refused = partner.get(&format!("/deals?{filter}")).await;
            assert_eq!(refused.refusal(), code(403, "FORBIDDEN"));
        }
    }
    let portal = Client::portal(&product).await;
    assert_eq!(portal.ids("/deals").await, admin.ids("/deals").await);
    let unscoped = portal.send(ApiRequest::new("GET", "/settings")).await;
    assert_eq!(unscoped.status(), 403);
}
