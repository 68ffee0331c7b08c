//! Preview, confirm, push: every kind of record with a Lead and with an Opportunity.

use dealbridge_core::{
    SalesforceObject,
    claim::ClaimState,
    record::{LinkStatus, RecordKind},
};
use dealbridge_tests::opportunity;
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{deal, folder, lead, record_id},
};

#[tokio::test]
async fn every_kind_links_to_a_lead_and_to_an_opportunity_and_both_sides_get_their_values() {
    let harness = LinkHarness::start(&folder(3, 3)).await;
    for (at, kind) in RecordKind::ALL.into_iter().enumerate() {
        let opportunity = opportunity(at + 1);
        let to_opportunity = record_id(kind, "to-opportunity");
        harness
            .put(
                &to_opportunity,
                json!({ "name": "Ours", "amount": 5, "stage": "Won" }),
            )
            .await;
        let to_lead = record_id(kind, "to-lead");
        harness
            .put(
                &to_lead,
                json!({ "company": "Ours Ltd", "phone": "+49 30 1" }),
            )
            .await;

        let preview = harness
            .preview(&to_opportunity, opportunity, "channeltivity")
            .await;
        let link = harness
            .confirm(
                &to_opportunity,
                opportunity,
                "channeltivity",
                &preview.token(),
            )
            .await;
        let lead_link = harness.link(&to_lead, lead(at), "salesforce").await;

        assert_eq!(preview.body["salesforce"]["object"], "Opportunity");
        assert_eq!(preview.body["salesforce"]["id"], opportunity.as_str());
        assert_eq!(
            preview.body["salesforce"]["name"],
            format!("Deal {}", at + 1)
        );
        assert_eq!(
            preview.body["expiresAt"].as_str().unwrap().get(..16),
            Some("2026-06-02T12:15")
        );
        assert_eq!(
            (link.status, lead_link.status),
            (201, 201),
            "{} {}",
            link.body,
            lead_link.body
        );
        assert_eq!(
            link.body["record"],
            json!({ "kind": kind, "id": "to-opportunity" })
        );
        assert_eq!(link.body["status"], "pending");
        assert_eq!(link.body["linkedBy"], "admin@internal.example");
        assert_eq!(lead_link.body["salesforce"]["object"], "Lead");
        assert_eq!(
            lead_link.body["salesforce"]["name"],
            format!("Leo Kaur{at}")
        );

        assert_eq!(harness.push().await.1, 0);
        assert_eq!(
            harness.status(&to_opportunity).await,
            Some(LinkStatus::Synced)
        );
        assert_eq!(harness.status(&to_lead).await, Some(LinkStatus::Synced));
        let row = harness
            .row(
                opportunity,
                &[
                    "Name",
                    "Amount",
                    "Stage__c",
                    "Product__c",
                    "Sync__c",
                    "Export__c",
                ],
            )
            .await;
        assert_eq!(
            (row.text("Name"), row.get("Amount"), row.text("Stage__c")),
            (Some("Ours"), Some(&json!(5.0)), Some("Closed Won"))
        );
        let record = harness.record(&to_opportunity).await;
        assert_eq!(record.fields["name"], "Ours");
        assert_eq!(record.fields["close_date"], "2026-09-30");
        assert_eq!(record.fields["product"], "Pro");
        let row = harness
            .row(lead(at), &["Phone", "Company", "Sync__c"])
            .await;
        assert_eq!(row.text("Phone"), Some("+49 30 1"));
        assert!(row.is_checked("Sync__c"));
        let record = harness.record(&to_lead).await;
        assert_eq!(record.fields["company"], format!("Betasol {at}"));
        let claim = harness.claim(lead(at)).await.unwrap();
        assert_eq!(
            (claim.state, claim.record, claim.pending),
            (ClaimState::Live, to_lead, None)
        );
    }
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn the_sync_flag_is_set_on_the_linked_record_and_the_import_flag_never() {
    let mut folder = folder(0, 0);
    let plain = folder.add(|opportunity| {
        opportunity
            .with("Sync__c", "false")
            .with("Export__c", "false")
    });
    let harness = LinkHarness::start(&folder).await;
    harness
        .put(&deal("d"), Value::Object(crate::portal::agreeing(1)))
        .await;

    let preview = harness.preview(&deal("d"), plain, "salesforce").await;
    let link = harness.link(&deal("d"), plain, "salesforce").await;

    let taken: Vec<&Value> = preview.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|field| field["taken"] != "unchanged")
        .collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0]["salesforceField"], "Sync__c");
    assert_eq!(
        (link.status, &link.body["status"]),
        (201, &json!("pending"))
    );
    assert_eq!(harness.push().await, (1, 0));
    let row = harness.row(plain, &["Sync__c", "Export__c"]).await;
    assert!(row.is_checked("Sync__c") && !row.is_checked("Export__c"));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn where_both_sides_agree_nothing_is_written_to_salesforce() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness
        .put(&deal("d"), Value::Object(crate::portal::agreeing(1)))
        .await;

    let link = harness.link(&deal("d"), opportunity(1), "salesforce").await;

    assert_eq!((link.status, &link.body["status"]), (201, &json!("synced")));
    assert_eq!(harness.push().await, (0, 0));
    assert_eq!(harness.claim(opportunity(1)).await.unwrap().pending, None);
}

#[tokio::test]
async fn confirming_the_very_link_that_exists_is_a_success_and_changes_nothing() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), json!({ "name": "Ours" })).await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let first = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;
    let before = harness.dump().await;

    let second = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;
    let without_token = harness
        .confirm(&deal("d"), opportunity(1), "channeltivity", "")
        .await;

    assert_eq!(
        (first.status, second.status, without_token.status),
        (201, 200, 200)
    );
    assert_eq!(second.body, first.body);
    assert_eq!(without_token.body, first.body);
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_link_and_an_unlink_leave_a_receipt_in_the_log_and_an_audit_row_at_the_record() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness
        .put(&deal("d"), Value::Object(crate::portal::agreeing(1)))
        .await;

    harness.link(&deal("d"), opportunity(1), "salesforce").await;
    harness.unlink(&deal("d")).await;

    let by_admin = |action: &str| (action.to_owned(), "admin@internal.example".to_owned());
    assert_eq!(
        harness.audit(&deal("d")).await,
        [by_admin("link"), by_admin("unlink")]
    );
    let of = |code: &str| (code.to_owned(), opportunity(1).to_string());
    assert_eq!(harness.actions().await, [of("LINKED"), of("UNLINKED")]);
    let claim = harness.claim(opportunity(1)).await.unwrap();
    let object = SalesforceObject::of(&claim.salesforce);
    assert_eq!(object, Some(SalesforceObject::Opportunity));
}
