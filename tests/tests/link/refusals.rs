//! Links that are refused, with the reason. Nothing is written.

use dealbridge_core::{SalesforceId, record::RecordKind};
use dealbridge_tests::{account, opportunity};
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    event::{confirm_event, event, preview_event, url},
    harness::LinkHarness,
    portal::{deal, folder, lead, record_id},
    reply::Reply,
};

/// Sends the same body to preview and confirm, the latter with the members that it needs besides.
async fn preview_and_confirm(harness: &LinkHarness, text: &str) -> [Reply; 2] {
    let admin = Caller::admin();
    let body = json!({ "salesforceUrl": text, "master": "salesforce" });
    let preview = harness.call(&admin, preview_event(&deal("d"), &body)).await;
    // A token of another preview: the refusal comes before the token is checked, or right after.
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let body = json!({ "salesforceUrl": text, "master": "salesforce", "previewToken": token, "confirm": true });
    let confirm = harness.call(&admin, confirm_event(&deal("d"), &body)).await;
    [preview, confirm]
}

async fn harness() -> LinkHarness {
    let harness = LinkHarness::start(&folder(4, 6)).await;
    harness.put(&deal("d"), json!({ "name": "Ours" })).await;
    harness
}

#[tokio::test]
async fn a_text_that_names_no_lead_or_opportunity_of_the_org_is_refused_with_its_kind() {
    let harness = harness().await;
    let before = harness.dump().await;
    let id = opportunity(1);
    let cases = [
        (String::new(), "URL_INVALID", "empty"),
        ("the deal with Acme".into(), "URL_INVALID", "not_a_url"),
        (format!("{}x", "a".repeat(4_000)), "URL_INVALID", "too_long"),
        (
            "https://acme.lightning.force.com/lightning/o/Opportunity/list?filterName=Recent"
                .into(),
            "URL_INVALID",
            "list_view",
        ),
        (
            "https://acme.lightning.force.com/lightning/o/Lead/new".into(),
            "URL_INVALID",
            "new_record",
        ),
        (
            "https://acme.lightning.force.com/lightning/page/home".into(),
            "URL_INVALID",
            "no_record",
        ),
        (
            format!("{} {}", url(id), url(opportunity(2))),
            "URL_INVALID",
            "multiple",
        ),
        (
            "https://acme.lightning.force.com/lightning/r/Opportunity/006dM000000000/view".into(),
            "URL_INVALID",
            "bad_id",
        ),
        ("006dM0000000001QAB".into(), "URL_INVALID", "bad_checksum"),
        (
            format!("https://acme.lightning.force.com/lightning/r/Lead/{id}/view"),
            "URL_INVALID",
            "object_prefix_mismatch",
        ),
        (
            format!(
                "https://acme.lightning.force.com/lightning/r/Account/{}/view",
                account(1)
            ),
            "URL_NOT_LEAD_OR_OPPORTUNITY",
            "wrong_object:Account",
        ),
        (
            format!("https://globex.lightning.force.com/lightning/r/Opportunity/{id}/view"),
            "URL_OTHER_ORG",
            "wrong_org",
        ),
        (
            format!("https://acme.example/lightning/r/Opportunity/{id}/view"),
            "URL_OTHER_ORG",
            "not_salesforce",
        ),
    ];

    for (text, code, kind) in cases {
        for reply in preview_and_confirm(&harness, &text).await {
            assert_eq!(reply.verdict(), (422, code), "{text}");
            assert_eq!(reply.body["kind"], kind, "{text}");
            assert_eq!(reply.headers["content-type"], "application/problem+json");
        }
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_session_in_a_pasted_text_is_refused_and_never_repeated() {
    let harness = harness().await;
    let session = "00DdM0000000001!AQEAQHsecretsecretsecretsecretsecretsecret";
    let text = format!(
        "https://acme.my.salesforce.com/secur/frontdoor.jsp?sid={session}&retURL=/{}",
        opportunity(1)
    );

    for reply in preview_and_confirm(&harness, &text).await {
        assert_eq!(reply.verdict(), (422, "URL_INVALID"));
        assert_eq!(reply.body["kind"], "session_url");
        assert!(!reply.body.to_string().contains("secretsecret"));
    }
}

#[tokio::test]
async fn every_form_of_the_same_record_is_taken() {
    let harness = harness().await;
    let id = opportunity(1);
    for text in [
        id.to_string(),
        id.as_str()[..15].to_owned(),
        format!("https://acme.my.salesforce.com/{id}"),
        format!("https://acme.lightning.force.com/one/one.app#/sObject/{id}/view"),
        format!("  {}\n", url(id)),
    ] {
        let body = json!({ "salesforceUrl": text, "master": "salesforce" });
        let preview = harness
            .call(&Caller::admin(), preview_event(&deal("d"), &body))
            .await;

        assert_eq!(preview.status, 200, "{text}: {}", preview.body);
        assert_eq!(preview.body["salesforce"]["id"], id.as_str());
    }
}

/// The refusal of a Salesforce record, before and after the preview was made.
async fn refused(harness: &LinkHarness, id: SalesforceId, code: &str) -> Reply {
    let before = harness.dump().await;
    let [preview, confirm] = preview_and_confirm(harness, &url(id)).await;
    assert_eq!(preview.verdict(), (422, code), "{}", preview.body);
    assert_eq!(confirm.verdict(), (422, code), "{}", confirm.body);
    assert_eq!(preview.body, confirm.body);
    harness.assert_untouched_since(&before).await;
    preview
}

#[tokio::test]
async fn a_record_that_does_not_exist_was_purged_or_is_hidden_is_not_found() {
    let harness = harness().await;
    harness
        .app
        .admin(
            "hide",
            json!({ "object": "Opportunity", "id": opportunity(2) }),
        )
        .await;
    harness
        .app
        .admin("delete", json!({ "object": "Lead", "id": lead(1) }))
        .await;
    harness
        .app
        .admin("purge", json!({ "object": "Lead", "id": lead(1) }))
        .await;

    for id in [opportunity(999), opportunity(2), lead(1)] {
        let reply = refused(&harness, id, "SF_RECORD_NOT_FOUND").await;
        assert!(reply.detail().contains(id.as_str()), "{}", reply.detail());
    }
}

#[tokio::test]
async fn a_deleted_record_is_refused() {
    let harness = harness().await;
    harness
        .app
        .admin(
            "delete",
            json!({ "object": "Opportunity", "id": opportunity(2) }),
        )
        .await;
    harness
        .app
        .admin("delete", json!({ "object": "Lead", "id": lead(1) }))
        .await;

    for id in [opportunity(2), lead(1)] {
        let reply = refused(&harness, id, "SF_RECORD_DELETED").await;
        assert!(reply.detail().contains("recycle bin"), "{}", reply.detail());
    }
}

#[tokio::test]
async fn a_merged_lead_names_its_survivor() {
    let harness = harness().await;
    let merge = json!({ "object": "Lead", "winner": lead(2), "losers": [lead(1)] });
    harness.app.admin("merge", merge).await;

    let reply = refused(&harness, lead(1), "SF_LEAD_MERGED").await;

    assert_eq!(reply.body["survivor"], lead(2).as_str());
    assert!(reply.detail().contains(lead(2).as_str()));
    assert_eq!(
        harness.link(&deal("d"), lead(2), "salesforce").await.status,
        201
    );
}

#[tokio::test]
async fn a_converted_lead_names_its_opportunity_or_says_that_there_is_none() {
    let harness = harness().await;
    for (lead, target) in [(lead(1), json!(opportunity(3))), (lead(2), json!(false))] {
        harness
            .app
            .admin("convert", json!({ "lead": lead, "opportunity": target }))
            .await;
    }

    let with = refused(&harness, lead(1), "SF_LEAD_CONVERTED").await;
    let without = refused(&harness, lead(2), "SF_LEAD_CONVERTED").await;

    assert_eq!(with.body["opportunity"], opportunity(3).as_str());
    assert!(with.detail().contains(opportunity(3).as_str()));
    assert_eq!(without.body.get("opportunity"), Some(&Value::Null));
    assert!(
        without.detail().contains("without an Opportunity"),
        "{}",
        without.detail()
    );
}

#[tokio::test]
async fn a_record_that_the_portal_does_not_have_is_not_found() {
    let harness = harness().await;
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce" });
    for record in [
        deal("nobody"),
        record_id(RecordKind::Lead, "d"),
        record_id(RecordKind::Referral, "d"),
    ] {
        let reply = harness
            .call(&Caller::admin(), preview_event(&record, &body))
            .await;
        assert_eq!(reply.verdict(), (404, "RECORD_NOT_FOUND"));
        let reply = harness
            .confirm(&record, opportunity(1), "salesforce", "")
            .await;
        assert_eq!(reply.verdict(), (404, "RECORD_NOT_FOUND"));
        let reply = harness.unlink(&record).await;
        assert_eq!(reply.verdict(), (404, "RECORD_NOT_FOUND"));
    }
    let odd = event("POST", "/deals/a%20b/link/preview", "", Some(&body));
    assert_eq!(
        harness.call(&Caller::admin(), odd).await.verdict(),
        (404, "RECORD_NOT_FOUND")
    );
}

#[tokio::test]
async fn the_master_must_be_chosen_and_the_link_confirmed() {
    let harness = harness().await;
    let before = harness.dump().await;
    let admin = Caller::admin();
    let url = url(opportunity(1));
    for master in [json!(null), json!("newest"), json!("Salesforce"), json!("")] {
        let body = json!({ "salesforceUrl": url, "master": master });
        let preview = harness.call(&admin, preview_event(&deal("d"), &body)).await;
        assert_eq!(preview.verdict(), (400, "MASTER_NOT_CHOSEN"), "{master}");
        let body =
            json!({ "salesforceUrl": url, "master": master, "previewToken": "t", "confirm": true });
        let confirm = harness.call(&admin, confirm_event(&deal("d"), &body)).await;
        assert_eq!(confirm.verdict(), (400, "MASTER_NOT_CHOSEN"), "{master}");
    }
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    for confirm in [json!(null), json!(false)] {
        let body = json!({ "salesforceUrl": url, "master": "salesforce", "previewToken": token, "confirm": confirm });
        let reply = harness.call(&admin, confirm_event(&deal("d"), &body)).await;
        assert_eq!(reply.verdict(), (400, "NOT_CONFIRMED"), "{confirm}");
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_body_that_is_not_as_described_is_refused() {
    let harness = harness().await;
    let before = harness.dump().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let url = url(opportunity(1));
    let whole = json!({ "salesforceUrl": url, "master": "salesforce", "previewToken": token, "confirm": true });
    let mut bodies = vec![
        json!({}),
        json!([]),
        json!("x"),
        json!({ "master": "salesforce", "confirm": true }),
    ];
    for (name, value) in [
        ("force", json!(true)),
        ("salesforceurl", json!(url)),
        ("confirm", json!("true")),
        ("master", json!(1)),
        ("salesforceUrl", json!(7)),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        bodies.push(body);
    }
    for body in bodies {
        let reply = harness
            .call(&Caller::admin(), confirm_event(&deal("d"), &body))
            .await;
        assert_eq!(reply.verdict(), (400, "MALFORMED"), "{body}");
    }
    let body = json!({ "salesforceUrl": url, "master": "salesforce", "confirm": true });
    let reply = harness
        .call(&Caller::admin(), preview_event(&deal("d"), &body))
        .await;
    assert_eq!(reply.verdict(), (400, "MALFORMED"));
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_record_or_a_salesforce_record_that_is_linked_names_the_other_side() {
    let harness = harness().await;
    let other = record_id(RecordKind::Referral, "other");
    harness.put(&other, json!({ "name": "Theirs" })).await;
    let of_d = harness
        .preview(&deal("d"), opportunity(2), "salesforce")
        .await
        .token();
    let of_other = harness
        .preview(&other, opportunity(1), "salesforce")
        .await
        .token();
    assert_eq!(
        harness
            .link(&deal("d"), opportunity(1), "salesforce")
            .await
            .status,
        201
    );
    harness.push().await;
    let before = harness.dump().await;

    let here = harness
        .preview(&deal("d"), opportunity(2), "salesforce")
        .await;
    let here_too = harness
        .confirm(&deal("d"), opportunity(2), "salesforce", &of_d)
        .await;
    let elsewhere = harness.preview(&other, opportunity(1), "salesforce").await;
    let elsewhere_too = harness
        .confirm(&other, opportunity(1), "salesforce", &of_other)
        .await;
    // Both sides are taken: the record's own link is reported.
    harness
        .app
        .clock
        .advance(std::time::Duration::from_secs(3_600));
    let expired = harness
        .confirm(&other, opportunity(1), "salesforce", &of_other)
        .await;

    for reply in [&here, &here_too] {
        assert_eq!(reply.verdict(), (409, "ALREADY_LINKED_HERE"));
        assert_eq!(reply.body["salesforce"]["id"], opportunity(1).as_str());
        assert!(reply.detail().contains(opportunity(1).as_str()));
    }
    for reply in [&elsewhere, &elsewhere_too, &expired] {
        assert_eq!(reply.verdict(), (409, "ALREADY_LINKED_OTHER"));
        assert_eq!(reply.body["record"], json!({ "kind": "deal", "id": "d" }));
        assert!(reply.detail().contains("Deal d"));
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn salesforce_out_of_reach_is_a_fault_that_may_be_asked_again_and_writes_nothing() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let before = harness.dump().await;
    harness
        .app
        .disturb(json!({ "match": "/query", "status": 503, "times": 100 }))
        .await;

    let preview = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await;
    let confirm = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;

    for reply in [&preview, &confirm] {
        assert_eq!(reply.verdict(), (503, "SF_UNAVAILABLE"));
        assert!(reply.headers["retry-after"].is_string());
    }
    harness.assert_untouched_since(&before).await;
    harness.app.calm().await;
    let confirm = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;
    assert_eq!(confirm.status, 201);
}
