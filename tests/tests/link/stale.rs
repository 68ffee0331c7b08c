//! Preview, then a change on either side, then confirm: nothing is written.

use std::time::Duration;

use dealbridge_core::SalesforceObject;
use dealbridge_core::mapping::{FixedValue, Flow};
use dealbridge_core::salesforce::FieldPath;
use dealbridge_tests::opportunity;
use serde_json::json;

use crate::{
    caller::Caller,
    event::{confirm_event, url},
    harness::LinkHarness,
    portal::{deal, folder, lead},
};

async fn harness() -> LinkHarness {
    let harness = LinkHarness::start(&folder(2, 2)).await;
    harness
        .put(&deal("d"), json!({ "name": "Ours", "company": "Ours Ltd" }))
        .await;
    harness
        .put(&deal("e"), json!({ "name": "Ours, too" }))
        .await;
    harness
}

/// Confirms the preview, and expects a refusal that leaves no trace.
async fn assert_stale(
    harness: &LinkHarness,
    id: dealbridge_core::SalesforceId,
    token: &str,
    why: &str,
) {
    let before = harness.dump().await;
    let reply = harness.confirm(&deal("d"), id, "salesforce", token).await;
    assert_eq!(reply.verdict(), (409, "PREVIEW_STALE"), "{}", reply.body);
    assert!(reply.detail().contains(why), "{}", reply.detail());
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn an_edit_in_salesforce_makes_the_preview_stale_whatever_field_it_was() {
    let harness = harness().await;
    for id in [opportunity(1), lead(1)] {
        let object = SalesforceObject::of(&id).unwrap();
        for fields in [
            json!({ "Description": "called again" }),
            json!({ "Sync__c": false }),
        ] {
            let token = harness.preview(&deal("d"), id, "salesforce").await.token();
            harness
                .app
                .admin(
                    "edit",
                    json!({ "object": object, "id": id, "fields": fields }),
                )
                .await;
            assert_stale(&harness, id, &token, "the Salesforce record changed").await;
        }
        let token = harness.preview(&deal("d"), id, "salesforce").await.token();
        assert_eq!(
            harness
                .confirm(&deal("d"), id, "salesforce", &token)
                .await
                .status,
            201
        );
        harness.unlink(&deal("d")).await;
    }
}

#[tokio::test]
async fn an_edit_of_the_record_makes_the_preview_stale() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    harness.edit(&deal("d"), json!({ "unmapped": true })).await;

    assert_stale(
        &harness,
        opportunity(1),
        &token,
        "the Channeltivity record changed",
    )
    .await;
}

#[tokio::test]
async fn other_mappings_make_the_preview_stale() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    harness
        .app
        .set(|settings| settings.mappings[0].on_create = Flow::ToSalesforce)
        .await;
    assert_stale(
        &harness,
        opportunity(1),
        &token,
        "the field mapping changed",
    )
    .await;

    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let salesforce = FieldPath::parse("NextStep").unwrap();
    harness
        .app
        .set(|settings| {
            settings.fixed_values.push(FixedValue {
                salesforce,
                value: json!("Call"),
            })
        })
        .await;
    assert_stale(
        &harness,
        opportunity(1),
        &token,
        "the field mapping changed",
    )
    .await;

    let token = harness
        .preview(&deal("d"), lead(1), "salesforce")
        .await
        .token();
    harness
        .app
        .set(|settings| settings.lead_mappings.truncate(2))
        .await;
    assert_stale(&harness, lead(1), &token, "the field mapping changed").await;

    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let sync_flag = FieldPath::parse("IsPrivate").unwrap();
    harness
        .app
        .set(|settings| settings.fields.sync_flag = sync_flag)
        .await;
    assert_stale(
        &harness,
        opportunity(1),
        &token,
        "the field mapping changed",
    )
    .await;
}

#[tokio::test]
async fn a_setting_that_has_nothing_to_do_with_the_link_leaves_the_preview_good() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    harness
        .app
        .set(|settings| settings.overlap_minutes = 11)
        .await;

    assert_eq!(
        harness
            .confirm(&deal("d"), opportunity(1), "salesforce", &token)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_token_is_of_one_user_one_master_and_two_records() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "channeltivity")
        .await
        .token();
    let before = harness.dump().await;

    assert_stale(
        &harness,
        opportunity(1),
        &token,
        "the master was a different one",
    )
    .await;
    assert_stale(
        &harness,
        opportunity(2),
        &token,
        "it was made for other records",
    )
    .await;
    let other = harness
        .confirm(&deal("e"), opportunity(1), "channeltivity", &token)
        .await;
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "channeltivity", "previewToken": token, "confirm": true });
    let colleague = harness
        .call(&Caller::internal(), confirm_event(&deal("d"), &body))
        .await;

    assert_eq!(other.verdict(), (409, "PREVIEW_STALE"));
    assert_eq!(colleague.verdict(), (409, "PREVIEW_STALE"));
    assert!(
        colleague.detail().contains("another user"),
        "{}",
        colleague.detail()
    );
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_token_is_good_for_fifteen_minutes() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    harness.app.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_stale(&harness, opportunity(1), &token, "expired").await;

    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    harness.app.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(
        harness
            .confirm(&deal("d"), opportunity(1), "salesforce", &token)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_damaged_or_missing_token_is_stale() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let (body, signature) = token.split_once('.').unwrap();
    for damaged in [
        String::new(),
        "x".into(),
        body.to_owned(),
        format!("{body}."),
        format!("{body}.{}", &signature[1..]),
        format!("x{token}"),
    ] {
        assert_stale(&harness, opportunity(1), &damaged, "expired or is damaged").await;
    }
    let admin = Caller::admin();
    let body =
        json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce", "confirm": true });
    assert_eq!(
        harness
            .call(&admin, confirm_event(&deal("d"), &body))
            .await
            .verdict(),
        (409, "PREVIEW_STALE")
    );
}

#[tokio::test]
async fn a_link_and_an_unlink_between_preview_and_confirm_make_it_stale() {
    let harness = harness().await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    harness.link(&deal("e"), opportunity(1), "salesforce").await;
    harness.unlink(&deal("e")).await;

    assert_stale(&harness, opportunity(1), &token, "").await;
}

#[tokio::test]
async fn a_run_that_changes_neither_side_leaves_the_preview_good() {
    let harness = harness().await;
    harness.app.full().await;
    let imported = harness
        .app
        .ledger()
        .await
        .linked(opportunity(1))
        .unwrap()
        .id
        .clone();
    harness.unlink(&imported).await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    let run = harness.app.full().await;
    let replayed = harness.app.request(run.id, opportunity(1), false);
    harness.app.send_requests(&[replayed]).await;
    harness.app.deliver_all().await;

    assert_eq!(run.counts.suppressed, 1);
    let reply = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let harness = harness().await;
    let before = harness.dump().await;

    for id in [opportunity(1), lead(1)] {
        for master in ["salesforce", "channeltivity"] {
            let preview = harness.preview(&deal("d"), id, master).await;
            assert_eq!(preview.status, 200, "{}", preview.body);
        }
    }

    harness.assert_untouched_since(&before).await;
}
