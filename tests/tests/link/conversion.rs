//! The fate of a Lead's link when the Lead is merged or converted.

use dealbridge_core::{
    SalesforceId,
    claim::ClaimState,
    code::{Code, Level},
    record::LinkStatus,
};
use dealbridge_tests::opportunity;
use serde_json::json;

use crate::{
    life::{Pair, codes},
    portal::{deal, lead},
};

#[tokio::test]
async fn the_link_of_a_converted_lead_moves_to_its_opportunity_and_brings_its_values() {
    for daily in [false, true] {
        let pair = Pair::make().await;
        let answer = pair
            .harness
            .app
            .admin("convert", json!({ "lead": lead(1), "opportunity": true }))
            .await;
        let target = SalesforceId::parse(answer["opportunity"].as_str().unwrap()).unwrap();

        let run = if daily {
            pair.daily().await
        } else {
            pair.hourly().await
        };

        let link = pair.harness.record(&pair.of_lead).await.link.unwrap();
        assert_eq!(link.salesforce_id, target);
        assert_eq!(
            pair.harness.claim(target).await.unwrap().record,
            pair.of_lead
        );
        assert_ne!(
            pair.harness.claim(lead(1)).await.unwrap().state,
            ClaimState::Live
        );
        let said = pair.harness.said(run.id, lead(1)).await;
        assert_eq!(codes(&said), [Code::LinkMoved]);
        assert!(
            said[0].message.contains(target.as_str()),
            "{}",
            said[0].message
        );
        pair.edit(target, json!({ "Sync__c": true })).await;

        // The write of the Sync Flag, which the move has queued, finds it set.
        pair.hourly().await;
        pair.harness.push().await;

        let record = pair.harness.record(&pair.of_lead).await;
        assert_eq!(record.link.unwrap().status, LinkStatus::Synced);
        let row = pair.harness.row(target, &["Name", "CloseDate"]).await;
        assert_eq!(record.fields["name"], *row.get("Name").unwrap());
    }
}

#[tokio::test]
async fn a_link_that_moved_is_looked_at_by_the_next_run_although_nobody_edits_the_opportunity() {
    let pair = Pair::make().await;
    // Converted into an Opportunity that earlier runs have seen.
    pair.harness
        .app
        .admin(
            "convert",
            json!({ "lead": lead(1), "opportunity": opportunity(1) }),
        )
        .await;
    pair.harness
        .app
        .edit(opportunity(1), json!({ "Export__c": false }))
        .await;
    let imported = pair
        .harness
        .app
        .ledger()
        .await
        .linked(opportunity(1))
        .map(|record| record.id.clone());
    if let Some(imported) = imported {
        pair.harness.unlink(&imported).await;
    }
    pair.hourly().await;
    assert_eq!(
        pair.harness
            .record(&pair.of_lead)
            .await
            .link
            .unwrap()
            .salesforce_id,
        opportunity(1)
    );

    pair.hourly().await;

    let record = pair.harness.record(&pair.of_lead).await;
    assert_eq!(
        record.fields.get("name"),
        Some(&json!("Deal 1")),
        "{:?}",
        record.link
    );
}

#[tokio::test]
async fn a_lead_converted_to_an_opportunity_that_is_taken_is_a_named_conflict() {
    let pair = Pair::make().await;
    pair.harness
        .app
        .admin(
            "convert",
            json!({ "lead": lead(1), "opportunity": opportunity(2) }),
        )
        .await;

    let run = pair.hourly().await;

    let link = pair.harness.record(&pair.of_lead).await.link.unwrap();
    assert_eq!(
        (link.status, link.salesforce_id),
        (LinkStatus::Disconnected, lead(1))
    );
    let reason = link.reason.unwrap();
    assert!(
        reason.contains(opportunity(2).as_str()) && reason.contains("Referral of-opportunity"),
        "{reason}"
    );
    let said = pair.harness.said(run.id, lead(1)).await;
    assert_eq!(
        (codes(&said), said[0].level),
        (vec![Code::LinkMoveConflict], Level::Error)
    );
    assert!(
        said[0].message.contains(opportunity(2).as_str()),
        "{}",
        said[0].message
    );
    let holder = pair
        .harness
        .record(&pair.of_opportunity)
        .await
        .link
        .unwrap();
    assert_eq!(
        (holder.status, holder.salesforce_id),
        (LinkStatus::Synced, opportunity(2))
    );
    // The remedy that the suggestion names.
    pair.harness.unlink(&pair.of_lead).await;
    pair.harness.unlink(&pair.of_opportunity).await;
    assert_eq!(
        pair.harness
            .link(&pair.of_lead, opportunity(2), "salesforce")
            .await
            .status,
        201
    );
    pair.harness.assert_whole().await;
}

#[tokio::test]
async fn a_lead_converted_without_an_opportunity_disconnects_its_link() {
    let pair = Pair::make().await;
    pair.harness
        .app
        .admin("convert", json!({ "lead": lead(1), "opportunity": false }))
        .await;

    let run = pair.hourly().await;
    pair.daily().await;

    let link = pair.harness.record(&pair.of_lead).await.link.unwrap();
    assert_eq!(
        (link.status, link.salesforce_id),
        (LinkStatus::Disconnected, lead(1))
    );
    assert!(
        link.reason
            .unwrap()
            .contains("converted without an Opportunity")
    );
    assert_eq!(
        codes(&pair.harness.said(run.id, lead(1)).await),
        [Code::LinkDisconnected]
    );
}

#[tokio::test]
async fn a_merged_lead_disconnects_its_link_names_the_survivor_and_never_moves() {
    let pair = Pair::make().await;
    pair.harness.put(&deal("other"), json!({})).await;
    let merge = json!({ "object": "Lead", "winner": lead(2), "losers": [lead(1)] });
    pair.harness.app.admin("merge", merge).await;

    let run = pair.hourly().await;
    pair.hourly().await;
    pair.daily().await;

    let link = pair.harness.record(&pair.of_lead).await.link.unwrap();
    assert_eq!(
        (link.status, link.salesforce_id),
        (LinkStatus::Disconnected, lead(1))
    );
    assert!(link.reason.unwrap().contains(lead(2).as_str()));
    let said = pair.harness.said(run.id, lead(1)).await;
    assert_eq!(codes(&said), [Code::LinkDisconnected]);
    assert!(
        said[0].message.contains(lead(2).as_str()),
        "{}",
        said[0].message
    );
    assert_eq!(pair.harness.claim(lead(2)).await, None);
    assert_eq!(
        pair.harness
            .preview(&deal("other"), lead(1), "salesforce")
            .await
            .verdict(),
        (409, "ALREADY_LINKED_OTHER")
    );
    // An administrator moves it by hand.
    assert_eq!(pair.harness.unlink(&pair.of_lead).await.status, 200);
    assert_eq!(
        pair.harness
            .link(&pair.of_lead, lead(2), "salesforce")
            .await
            .status,
        201
    );
    pair.harness.assert_whole().await;
}
