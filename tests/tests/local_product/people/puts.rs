//! One member at a time: created, replaced, repeated, on a condition, deleted.

use dealbridge_local::gateway::ApiRequest;
use reqwest::Method;
use serde_json::json;

use super::{Portal, user, with};
use crate::product::{ADMIN, INTERNAL, PARTNER, Product};

#[tokio::test]
async fn each_kind_is_created_repeated_replaced_shown_and_deleted() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let organization = json!({ "name": "Nordlys", "type": "partner", "status": "active" });
    let group =
        json!({ "name": "Nordlys Sales", "type": "partner", "modules": ["deal_registration"] });
    let user = with(
        &user("una@nordlys.example"),
        "organization",
        json!("org-nordlys"),
    );
    let user = with(&user, "groups", json!(["grp-nordlys"]));
    let contact =
        json!({ "name": "Kai", "email": "kai@nordlys.example", "organization": "org-nordlys" });
    let all = [
        ("/organizations/org-nordlys", organization),
        ("/groups/grp-nordlys", group),
        ("/users/usr-una", user),
        ("/contacts/con-kai", contact),
    ];

    for (target, body) in &all {
        assert_eq!(portal.get(target).await.status, 404, "{target}");
        let created = portal.put(target, body).await;
        assert_eq!(
            (created.status, created.etag.as_deref()),
            (201, Some("\"1\"")),
            "{created:?}"
        );

        let repeated = portal.put(target, body).await;
        assert_eq!(
            (repeated.status, repeated.etag),
            (200, created.etag.clone())
        );

        let renamed = portal
            .put(target, &with(body, "name", json!("Renamed")))
            .await;
        assert_eq!(
            (renamed.status, renamed.etag.as_deref()),
            (200, Some("\"2\""))
        );
        let shown = portal.get(target).await;
        assert_eq!((shown.status, &shown.body), (200, &renamed.body));
        assert_eq!(
            (&shown.body["name"], &shown.body["version"]),
            (&json!("Renamed"), &json!(2))
        );

        // What was shown can be sent back as it came.
        let back = portal.put(target, &shown.body).await;
        assert_eq!((back.status, back.etag), (200, shown.etag));
    }
    for (target, _) in all.iter().rev() {
        assert_eq!(portal.delete(target).await.status, 200, "{target}");
        assert_eq!(portal.delete(target).await.status, 404, "{target}");
        assert_eq!(portal.get(target).await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn a_condition_that_no_longer_holds_is_refused_with_the_version_there_is() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let una = user("una@fjordpartners.example");
    portal.put("/users/usr-una", &una).await;
    let second = with(&una, "name", json!("Una D."));
    let third = with(&una, "name", json!("Una Dahl-Berg"));

    assert_eq!(
        portal
            .put_if("/users/usr-una", &second, "\"1\"")
            .await
            .status,
        200
    );
    let stale = portal.put_if("/users/usr-una", &third, "\"1\"").await;
    assert_eq!(stale.refusal(), (412, "VERSION_CHANGED"));
    assert_eq!(
        (&stale.body["version"], stale.etag.as_deref()),
        (&json!(2), Some("\"2\""))
    );
    for never in ["W/\"2\"", "\"x\"", "\"1\", \"2\"", "\"+2\""] {
        let refused = portal.put_if("/users/usr-una", &third, never).await;
        assert_eq!(refused.refusal(), (412, "VERSION_CHANGED"), "{never}");
    }
    assert_eq!(portal.get("/users/usr-una").await.body["name"], "Una D.");

    assert_eq!(
        portal
            .put_if("/users/usr-una", &third, "*")
            .await
            .etag
            .as_deref(),
        Some("\"3\"")
    );
    for condition in ["*", "\"1\""] {
        let nobody = portal.put_if("/users/usr-new", &una, condition).await;
        assert_eq!(nobody.refusal(), (412, "VERSION_CHANGED"), "{condition}");
    }
    let gone = ApiRequest::new("DELETE", "/users/usr-una");
    let refused = portal.send(gone.clone().with("if-match", "\"2\"")).await;
    assert_eq!(refused.refusal(), (412, "VERSION_CHANGED"));
    assert_eq!(
        portal.send(gone.with("if-match", "\"3\"")).await.status,
        200
    );
}

#[tokio::test]
async fn what_something_depends_on_is_not_deleted_and_the_counts_are_told() {
    let product = Product::imported().await;
    let portal = Portal::of(&product).await;

    let organization = portal.delete("/organizations/org-fjord").await;
    assert_eq!(organization.refusal(), (409, "STILL_NEEDED"));
    let users = portal.all("/users?organization=org-fjord").await.len();
    assert!(users > 1);
    assert_eq!(organization.body["users"], users);
    let group = portal.delete("/groups/grp-partner-sales").await;
    assert_eq!(group.refusal(), (409, "STILL_NEEDED"));
    assert!(group.body["users"].as_u64().unwrap() > 1, "{group:?}");

    // Rosa owns imported Deals.
    let rosa = portal.delete("/users/usr-rosa").await;
    assert_eq!(rosa.refusal(), (409, "STILL_NEEDED"));
    assert!(rosa.body["records"].as_u64().unwrap() > 1, "{rosa:?}");
    assert_eq!(portal.get("/users/usr-rosa").await.status, 200);

    let meridian = portal.delete("/organizations/org-meridian").await;
    assert!(
        meridian.body["contacts"].as_u64().unwrap() > 0,
        "{meridian:?}"
    );
}

#[tokio::test]
async fn only_the_portal_s_client_and_administrators_may() {
    let product = Product::standing_still().await;
    let una = user("una@fjordpartners.example");

    for (caller, expected) in [(ADMIN, 201), (INTERNAL, 403), (PARTNER, 403)] {
        let answer = product.call(caller, Method::PUT, "/users/usr-una", Some(una.clone()));
        assert_eq!(answer.await.status, expected, "{caller}");
    }
}

#[tokio::test]
async fn a_new_address_leads_to_the_user_at_once_and_the_former_one_nowhere() {
    let product = Product::imported().await;
    let portal = Portal::of(&product).await;
    // An Opportunity names an address that nobody has, and a run has asked for it.
    let email = "someone.else@fjordpartners.example";
    assert_eq!(product.run("hourly").await["imported"], 0);

    let created = portal.put("/users/usr-una", &user(email)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(product.run("hourly").await["imported"], 1);

    let moved = with(
        &user(email),
        "email",
        json!("una.dahl@fjordpartners.example"),
    );
    assert_eq!(portal.put("/users/usr-una", &moved).await.status, 200);
    assert_eq!(
        portal.get(&format!("/users?email={email}")).await.body["items"],
        json!([])
    );
    product.token("una.dahl@fjordpartners.example").await;
    let former = product
        .local(Method::GET, &format!("token?user={email}"), None)
        .await;
    assert_eq!(former.refusal(), (404, "USER_NOT_FOUND"));
}

#[tokio::test]
async fn an_organization_that_lapses_makes_its_users_inactive_without_a_write_to_them() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let before = portal.get("/users/usr-rosa").await;
    let fjord = portal.get("/organizations/org-fjord").await.body;

    let lapsed = with(&fjord, "status", json!("inactive"));
    assert_eq!(
        portal.put("/organizations/org-fjord", &lapsed).await.status,
        200
    );

    let after = portal.get("/users/usr-rosa").await;
    assert_eq!(
        (&after.body["status"], &after.body["effectiveStatus"]),
        (&json!("active"), &json!("inactive"))
    );
    assert_eq!(after.etag, before.etag);
    let refused = product
        .local(Method::GET, &format!("token?user={PARTNER}"), None)
        .await;
    assert_eq!(refused.refusal(), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn a_repeat_under_one_idempotency_key_has_the_first_answer() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let una = user("una@fjordpartners.example");
    let keyed = |method: &str, body: &serde_json::Value| {
        let request = ApiRequest::new(method, "/users/usr-una").with("idempotency-key", method);
        if body.is_null() {
            request
        } else {
            request.json(body)
        }
    };

    let created = portal.send(keyed("PUT", &una)).await;
    let repeated = portal.send(keyed("PUT", &una)).await;
    assert_eq!((created.status, &repeated), (201, &created));
    let other = with(&una, "name", json!("Una D."));
    let refused = portal.send(keyed("PUT", &other)).await;
    assert_eq!(refused.refusal(), (422, "IDEMPOTENCY_KEY_REUSED"));

    let none = serde_json::Value::Null;
    let deleted = portal.send(keyed("DELETE", &none)).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(portal.send(keyed("DELETE", &none)).await, deleted);
    assert_eq!(portal.delete("/users/usr-una").await.status, 404);
}
