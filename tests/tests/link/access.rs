//! The roles that may link and unlink.

use dealbridge_tests::opportunity;
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    desk::Desk,
    event::{allow_event, confirm_event, event, preview_event, unlink_event, url},
    portal::{agreeing, deal, folder},
};

/// Every route of the functions, with a request that an administrator could make.
async fn routes(desk: &Desk) -> Vec<(&'static str, Value)> {
    let mut routes = Vec::new();
    for kind in ["deals", "leads", "referrals"] {
        let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce" });
        routes.push((
            "link",
            event("POST", &format!("/{kind}/d/link/preview"), "", Some(&body)),
        ));
        let token = desk
            .preview(&deal("d"), opportunity(1), "salesforce")
            .await
            .token();
        let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce", "previewToken": token, "confirm": true });
        routes.push((
            "link",
            event("PUT", &format!("/{kind}/d/link"), "", Some(&body)),
        ));
        routes.push((
            "unlink",
            event("DELETE", &format!("/{kind}/d/link"), "confirm=true", None),
        ));
    }
    routes.push(("unlink", allow_event(opportunity(2))));
    routes
}

async fn desk() -> Desk {
    let desk = Desk::start(&folder(2, 0)).await;
    desk.put(&deal("d"), Value::Object(agreeing(1))).await;
    desk.put(&deal("unlinked"), Value::Object(agreeing(2)))
        .await;
    desk.link(&deal("unlinked"), opportunity(2), "salesforce")
        .await;
    desk.unlink(&deal("unlinked")).await;
    desk
}

#[tokio::test]
async fn without_the_authorizer_s_word_every_route_refuses() {
    let desk = desk().await;
    let routes = routes(&desk).await;
    let before = desk.dump().await;

    for (_, event) in &routes {
        let reply = desk
            .call(&Caller::admin().unverified(), event.clone())
            .await;
        assert_eq!(reply.status, 401, "{event}");
        let mut other = event.clone();
        Caller::of("somebody", &[]).sign(&mut other);
        // The authorizer has verified one token, and the header names an administrator.
        let authorizer = other["requestContext"]["authorizer"].clone();
        let mut event = event.clone();
        event["requestContext"]["authorizer"] = authorizer;
        let reply = desk.call(&Caller::admin().unverified(), event).await;
        assert_eq!(reply.status, 401);
    }
    desk.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn partners_distributors_and_groups_that_only_look_right_can_do_nothing() {
    let desk = desk().await;
    let routes = routes(&desk).await;
    let before = desk.dump().await;
    let mut callers: Vec<Caller> = [
        "partners",
        "distributors",
        "non-admin",
        "non-administrators",
        "administrators2",
        "Administrators",
        "[administrators]",
        "non internal-users",
        "administrators internal-users",
    ]
    .iter()
    .map(|group| Caller::of("usr-x", &[group]))
    .collect();
    for groups in [
        json!([]),
        json!(null),
        json!("administrators"),
        json!("[administrators]"),
        json!({ "administrators": true }),
    ] {
        callers.push(Caller {
            groups,
            ..Caller::of("usr-x", &[])
        });
    }

    for caller in callers {
        for (_, event) in &routes {
            let reply = desk.call(&caller, event.clone()).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"), "{caller:?} {event}");
        }
    }
    desk.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn an_internal_user_links_and_only_an_administrator_unlinks_or_allows_an_import() {
    let desk = desk().await;
    let before = desk.dump().await;
    let internal = Caller::internal();
    for (function, event) in routes(&desk).await {
        if function == "unlink" {
            let reply = desk.call(&internal, event.clone()).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"), "{event}");
        }
    }
    desk.assert_untouched_since(&before).await;

    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce" });
    let token = desk
        .call(&internal, preview_event(&deal("d"), &body))
        .await
        .token();
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce", "previewToken": token, "confirm": true });
    let link = desk.call(&internal, confirm_event(&deal("d"), &body)).await;

    assert_eq!(
        (link.status, &link.body["linkedBy"]),
        (201, &json!("usr-internal"))
    );
    let refused = desk.call(&internal, unlink_event(&deal("d"))).await;
    assert_eq!(refused.verdict(), (403, "FORBIDDEN"));
    assert_eq!(desk.unlink(&deal("d")).await.status, 200);
}

#[tokio::test]
async fn the_setting_link_requires_admin_leaves_linking_to_administrators() {
    let desk = desk().await;
    desk.world
        .set(|settings| settings.link_requires_admin = true)
        .await;

    for (function, event) in routes(&desk).await {
        if function == "link" {
            let reply = desk.call(&Caller::internal(), event).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"));
        }
    }

    assert_eq!(
        desk.link(&deal("d"), opportunity(1), "salesforce")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_is_refused() {
    let desk = desk().await;
    let mut odd = event("PUT", "/deals/d/link/preview", "", Some(&json!({})));
    odd["routeKey"] = "PATCH /{kind}/{id}/link".into();

    let reply = desk.call(&Caller::admin(), odd).await;

    assert_eq!(reply.verdict(), (405, "METHOD_NOT_ALLOWED"));
}
