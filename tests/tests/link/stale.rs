//! Preview, then a change on either side, then confirm: nothing is written.

use std::time::Duration;

use dealbridge_core::SalesforceObject;
use dealbridge_core::mapping::{FixedValue, Flow};
use dealbridge_core::salesforce::FieldPath;
use dealbridge_tests::opportunity;
use serde_json::json;

use crate::{
    caller::Caller,
    desk::Desk,
    event::{confirm_event, url},
    portal::{deal, folder, lead},
};

async fn desk() -> Desk {
    let desk = Desk::start(&folder(2, 2)).await;
    desk.put(&deal("d"), json!({ "name": "Ours", "company": "Ours Ltd" }))
        .await;
    desk.put(&deal("e"), json!({ "name": "Ours, too" })).await;
    desk
}

/// Confirms the preview, and expects a refusal that leaves no trace.
async fn assert_stale(desk: &Desk, id: dealbridge_core::SalesforceId, token: &str, why: &str) {
    let before = desk.dump().await;
    let reply = desk.confirm(&deal("d"), id, "salesforce", token).await;
    assert_eq!(reply.verdict(), (409, "PREVIEW_STALE"), "{}", reply.body);
    assert!(reply.detail().contains(why), "{}", reply.detail());
    desk.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn an_edit_in_salesforce_makes_the_preview_stale_whatever_field_it_was() {
    let desk = desk().await;
    for id in [opportunity(1), lead(1)] {
        let object = SalesforceObject::of(&id).unwrap();
        for fields in [
            json!({ "Description": "called again" }),
            json!({ "Sync__c": false }),
        ] {
            let token = desk.preview(&deal("d"), id, "salesforce").await.token();
            desk.world
                .admin(
                    "edit",
                    json!({ "object": object, "id": id, "fields": fields }),
                )
                .await;
            assert_stale(&desk, id, &token, "the Salesforce record changed").await;
        }
        let token = desk.preview(&deal("d"), id, "salesforce").await.token();
        assert_eq!(
            desk.confirm(&deal("d"), id, "salesforce", &token)
                .await
                .status,
            201
        );
        desk.unlink(&deal("d")).await;
    }
}

#[tokio::test]
async fn an_edit_of_the_record_makes_the_preview_stale() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    desk.edit(&deal("d"), json!({ "unmapped": true })).await;

    assert_stale(
        &desk,
        opportunity(1),
        &token,
        "the Channeltivity record changed",
    )
    .await;
}

#[tokio::test]
async fn other_mappings_make_the_preview_stale() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    desk.world
        .set(|settings| settings.mappings[0].on_create = Flow::ToSalesforce)
        .await;
    assert_stale(&desk, opportunity(1), &token, "the field mapping changed").await;

    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let salesforce = FieldPath::parse("NextStep").unwrap();
    desk.world
        .set(|settings| {
            settings.fixed_values.push(FixedValue {
                salesforce,
                value: json!("Call"),
            })
        })
        .await;
    assert_stale(&desk, opportunity(1), &token, "the field mapping changed").await;

    let token = desk
        .preview(&deal("d"), lead(1), "salesforce")
        .await
        .token();
    desk.world
        .set(|settings| settings.lead_mappings.truncate(2))
        .await;
    assert_stale(&desk, lead(1), &token, "the field mapping changed").await;

    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let sync_flag = FieldPath::parse("IsPrivate").unwrap();
    desk.world
        .set(|settings| settings.fields.sync_flag = sync_flag)
        .await;
    assert_stale(&desk, opportunity(1), &token, "the field mapping changed").await;
}

#[tokio::test]
async fn a_setting_that_has_nothing_to_do_with_the_link_leaves_the_preview_good() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    desk.world
        .set(|settings| settings.overlap_minutes = 11)
        .await;

    assert_eq!(
        desk.confirm(&deal("d"), opportunity(1), "salesforce", &token)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_token_is_of_one_user_one_master_and_two_records() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "channeltivity")
        .await
        .token();
    let before = desk.dump().await;

    assert_stale(
        &desk,
        opportunity(1),
        &token,
        "the master was a different one",
    )
    .await;
    assert_stale(
        &desk,
        opportunity(2),
        &token,
        "it was made for other records",
    )
    .await;
    let other = desk
        .confirm(&deal("e"), opportunity(1), "channeltivity", &token)
        .await;
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "channeltivity", "previewToken": token, "confirm": true });
    let colleague = desk
        .call(&Caller::internal(), confirm_event(&deal("d"), &body))
        .await;

    assert_eq!(other.verdict(), (409, "PREVIEW_STALE"));
    assert_eq!(colleague.verdict(), (409, "PREVIEW_STALE"));
    assert!(
        colleague.detail().contains("another user"),
        "{}",
        colleague.detail()
    );
    desk.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_token_is_good_for_fifteen_minutes() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    desk.world.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_stale(&desk, opportunity(1), &token, "expired").await;

    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    desk.world.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(
        desk.confirm(&deal("d"), opportunity(1), "salesforce", &token)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_damaged_or_missing_token_is_stale() {
    let desk = desk().await;
    let token = desk
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
        assert_stale(&desk, opportunity(1), &damaged, "expired or is damaged").await;
    }
    let admin = Caller::admin();
    let body =
        json!({ "salesforceUrl": url(opportunity(1)), "master": "salesforce", "confirm": true });
    assert_eq!(
        desk.call(&admin, confirm_event(&deal("d"), &body))
            .await
            .verdict(),
        (409, "PREVIEW_STALE")
    );
}

#[tokio::test]
async fn a_link_and_an_unlink_between_preview_and_confirm_make_it_stale() {
    let desk = desk().await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    desk.link(&deal("e"), opportunity(1), "salesforce").await;
    desk.unlink(&deal("e")).await;

    assert_stale(&desk, opportunity(1), &token, "").await;
}

#[tokio::test]
async fn a_run_that_changes_neither_side_leaves_the_preview_good() {
    let desk = desk().await;
    desk.world.full().await;
    let imported = desk
        .world
        .ledger()
        .await
        .linked(opportunity(1))
        .unwrap()
        .id
        .clone();
    desk.unlink(&imported).await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();

    let run = desk.world.full().await;
    let replayed = desk.world.request(run.id, opportunity(1), false);
    desk.world.send_requests(&[replayed]).await;
    desk.world.deliver_all().await;

    assert_eq!(run.counts.suppressed, 1);
    let reply = desk
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let desk = desk().await;
    let before = desk.dump().await;

    for id in [opportunity(1), lead(1)] {
        for master in ["salesforce", "channeltivity"] {
            desk.preview(&deal("d"), id, master).await.token();
        }
    }

    desk.assert_untouched_since(&before).await;
}
