//! Lists: filters, pages, cursors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Portal, user, with};
use crate::product::{PARTNER, Product};

fn ids(items: &[Value]) -> BTreeSet<String> {
    let ids = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn a_list_has_everybody_once_whatever_the_size_of_its_pages() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;

    for (collection, count) in [
        ("organizations", 6),
        ("groups", 6),
        ("users", 21),
        ("contacts", 2),
    ] {
        let whole = portal.all(&format!("/{collection}?limit=500")).await;
        assert_eq!(ids(&whole).len(), count, "{collection}");
        let small = portal.all(&format!("/{collection}?limit=2")).await;
        assert_eq!(
            (small.len(), ids(&small)),
            (count, ids(&whole)),
            "{collection}"
        );
    }
}

#[tokio::test]
async fn people_are_found_by_address_and_by_organization() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    portal.put("/users/usr-twin", &user(PARTNER)).await;
    let contact = json!({ "name": "Rosa", "email": PARTNER, "organization": "org-meridian" });
    portal.put("/contacts/con-rosa", &contact).await;

    let both = portal
        .all(&format!("/users?email={}", PARTNER.to_uppercase()))
        .await;
    assert_eq!(
        ids(&both),
        ["usr-rosa", "usr-twin"].map(str::to_owned).into()
    );
    let contacts = portal
        .all(&format!(
            "/contacts?email={PARTNER}&organization=org-meridian"
        ))
        .await;
    assert_eq!(ids(&contacts), ["con-rosa".to_owned()].into());
    let elsewhere = portal
        .all(&format!("/contacts?email={PARTNER}&organization=org-fjord"))
        .await;
    assert_eq!(elsewhere, Vec::<Value>::new());

    let fjord = portal.all("/users?organization=org-fjord&limit=1").await;
    assert!(
        ids(&fjord).contains("usr-twin")
            && fjord.iter().all(|one| one["organization"] == "org-fjord")
    );
    let moved = with(&user(PARTNER), "organization", json!("org-meridian"));
    portal.put("/users/usr-twin", &moved).await;
    let fewer = portal.all("/users?organization=org-fjord").await;
    assert_eq!(fewer.len(), fjord.len() - 1);
}

#[tokio::test]
async fn a_list_refuses_what_it_does_not_take() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let page = portal.get("/users?limit=2").await;
    let cursor = page.body["cursor"].as_str().unwrap();

    for (target, code) in [
        ("/organizations?email=a@b.example".to_owned(), "MALFORMED"),
        ("/groups?organization=org-fjord".to_owned(), "MALFORMED"),
        ("/users?email=rosa".to_owned(), "MALFORMED"),
        ("/users?limit=501".to_owned(), "MALFORMED"),
        ("/users?limit=0".to_owned(), "MALFORMED"),
        (format!("/contacts?cursor={cursor}"), "CURSOR_INVALID"),
        (
            format!("/users?organization=org-fjord&cursor={cursor}"),
            "CURSOR_INVALID",
        ),
        ("/users?cursor=nonsense".to_owned(), "CURSOR_INVALID"),
    ] {
        let refused = portal.get(&target).await;
        assert_eq!(refused.refusal(), (400, code), "{target}");
    }
}
