//! The roles that may link and unlink.

use std::time::Duration;

use dealbridge_tests::{opportunity, people::address};
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    event::{allow_event, confirm_event, event, preview_event, unlink_event, url},
    harness::LinkHarness,
    portal::{agreeing, deal, folder},
};

/// Every route of the functions, with a request that an administrator could make.
async fn routes(harness: &LinkHarness) -> Vec<(&'static str, Value)> {
    let mut routes = Vec::new();
    for kind in ["deals", "leads", "referrals"] {
        let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce" });
        routes.push((
            "link",
            event("POST", &format!("/{kind}/d/link/preview"), "", Some(&body)),
        ));
        let token = harness
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

async fn harness() -> LinkHarness {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    harness
        .put(&deal("unlinked"), Value::Object(agreeing(2)))
        .await;
    harness
        .link(&deal("unlinked"), opportunity(2), "salesforce")
        .await;
    harness.unlink(&deal("unlinked")).await;
    harness
}

#[tokio::test]
async fn without_the_authorizer_s_word_every_route_refuses() {
    let harness = harness().await;
    let routes = routes(&harness).await;
    let before = harness.dump().await;

    for (_, event) in &routes {
        let reply = harness
            .call(&Caller::admin().unverified(), event.clone())
            .await;
        assert_eq!(reply.status, 401, "{event}");
        let mut other = event.clone();
        Caller::of("somebody", "nobody@x.example", &[]).sign(&mut other);
        // The authorizer has verified one token, and the header names an administrator.
        let authorizer = other["requestContext"]["authorizer"].clone();
        let mut event = event.clone();
        event["requestContext"]["authorizer"] = authorizer;
        let reply = harness.call(&Caller::admin().unverified(), event).await;
        assert_eq!(reply.status, 401);
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn who_is_no_active_internal_user_of_the_portal_can_do_nothing_whatever_the_token_s_groups() {
    let harness = harness().await;
    let routes = routes(&harness).await;
    let before = harness.dump().await;
    let mut callers: Vec<Caller> = [
        address("partner", "active"),
        address("distributor", "active"),
        address("partner", "twins"),
        address("internal", "former-admin"),
        address("internal", "unknown"),
        "no address".to_owned(),
    ]
    .iter()
    .map(|email| Caller::of("usr-x", email, &["administrators"]))
    .collect();
    callers.push(Caller {
        email: None,
        ..Caller::admin()
    });

    for caller in callers {
        for (_, event) in &routes {
            let reply = harness.call(&caller, event.clone()).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"), "{caller:?} {event}");
        }
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_group_that_only_looks_like_the_administrators_makes_nobody_one() {
    let harness = harness().await;
    let routes = routes(&harness).await;
    let before = harness.dump().await;

    for groups in [
        json!(["non-administrators"]),
        json!(["administrators2"]),
        json!(["Administrators"]),
        json!(["[administrators]"]),
        json!(["administrators others"]),
        json!([]),
        json!(null),
        json!("administrators"),
        json!("[administrators]"),
        json!({ "administrators": true }),
    ] {
        let caller = Caller {
            groups,
            ..Caller::admin()
        };
        for (_, event) in routes.iter().filter(|(function, _)| *function == "unlink") {
            let reply = harness.call(&caller, event.clone()).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"), "{caller:?} {event}");
        }
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_disabled_administrator_has_no_rights_after_a_minute_at_the_latest() {
    let harness = harness().await;
    let unlink = async || harness.unlink(&deal("d")).await;
    assert_eq!(unlink().await.verdict(), (409, "NOT_LINKED"));

    let disabled = dealbridge_core::portal::UserStatus::Disabled;
    harness.app.set_user("usr-admin", disabled).await;
    harness.app.clock.advance(Duration::from_secs(60));

    let refused = unlink().await;
    assert_eq!(refused.verdict(), (403, "FORBIDDEN"));
    assert_eq!(
        refused.body["detail"],
        "Only an administrator may do this. The portal user admin@internal.example is disabled: have an administrator enable the account."
    );
}

#[tokio::test]
async fn a_caller_costs_three_reads_in_a_row_and_none_for_a_minute_after_that() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    let reads = async || {
        let dynamodb = &harness.app.dynamodb;
        dynamodb.order("BatchGetItem", []);
        let reply = harness.unlink(&deal("d")).await;
        assert_eq!(reply.verdict(), (409, "NOT_LINKED"));
        dynamodb.seen("BatchGetItem").len()
    };

    let (first, second) = (reads().await, reads().await);
    harness.app.clock.advance(Duration::from_secs(59));
    let before_the_minute = reads().await;
    harness.app.clock.advance(Duration::from_secs(1));
    let after_it = reads().await;

    assert_eq!([first - second, before_the_minute - second], [3, 0]);
    assert_eq!(after_it, first);
}

#[tokio::test]
async fn an_internal_user_links_and_only_an_administrator_unlinks_or_allows_an_import() {
    let harness = harness().await;
    let before = harness.dump().await;
    let internal = Caller::internal();
    for (function, event) in routes(&harness).await {
        if function == "unlink" {
            let reply = harness.call(&internal, event.clone()).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"), "{event}");
        }
    }
    harness.assert_untouched_since(&before).await;

    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce" });
    let token = harness
        .call(&internal, preview_event(&deal("d"), &body))
        .await
        .token();
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce", "previewToken": token, "confirm": true });
    let link = harness
        .call(&internal, confirm_event(&deal("d"), &body))
        .await;

    assert_eq!(
        (link.status, &link.body["linkedBy"]),
        (201, &json!("internal@internal.example"))
    );
    let refused = harness.call(&internal, unlink_event(&deal("d"))).await;
    assert_eq!(refused.verdict(), (403, "FORBIDDEN"));
    assert_eq!(harness.unlink(&deal("d")).await.status, 200);
}

#[tokio::test]
async fn the_setting_link_requires_admin_leaves_linking_to_administrators() {
    let harness = harness().await;
    harness
        .app
        .set(|settings| settings.link_requires_admin = true)
        .await;

    for (function, event) in routes(&harness).await {
        if function == "link" {
            let reply = harness.call(&Caller::internal(), event).await;
            assert_eq!(reply.verdict(), (403, "FORBIDDEN"));
        }
    }

    assert_eq!(
        harness
            .link(&deal("d"), opportunity(1), "salesforce")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_is_refused() {
    let harness = harness().await;
    let mut odd = event("PUT", "/deals/d/link/preview", "", Some(&json!({})));
    odd["routeKey"] = "PATCH /{kind}/{id}/link".into();

    let reply = harness.call(&Caller::admin(), odd).await;

    assert_eq!(reply.verdict(), (405, "METHOD_NOT_ALLOWED"));
}
