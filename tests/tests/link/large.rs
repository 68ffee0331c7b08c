//! Values too large for a record, or for the claim that keeps them until they are written.

use dealbridge_core::{field::FieldType, mapping::Flow};
use dealbridge_tests::{OrgFolder, opportunity};
use serde_json::json;

use crate::{harness::LinkHarness, portal::deal};

/// A test app over one Opportunity with notes of that many bytes, mapped both ways to a long text.
async fn harness(notes: usize) -> LinkHarness {
    let mut folder = OrgFolder::new();
    folder.add(|opportunity| opportunity.with("Notes__c", "s".repeat(notes)));
    let harness = LinkHarness::start(&folder).await;
    harness
        .app
        .set(|settings| {
            for field in &mut settings.deal_fields {
                if field.name == "notes" {
                    (field.kind, field.max_length) = (FieldType::LongText, Some(1_000_000));
                }
            }
            for row in &mut settings.mappings {
                if row.channeltivity == "notes" {
                    row.on_create = Flow::Both;
                }
            }
        })
        .await;
    harness
}

#[tokio::test]
async fn values_that_no_record_holds_are_refused_before_anything_is_written() {
    let harness = harness(420 * 1024).await;
    harness.put(&deal("d"), json!({ "name": "Ours" })).await;

    let preview = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await;

    assert_eq!(
        (preview.status, &preview.body["code"]),
        (422, &json!("DEAL_TOO_LARGE"))
    );
    let detail = preview.body["detail"].as_str().unwrap();
    assert!(detail.contains("Notes (Notes__c) with 420 KB"), "{detail}");
}

#[tokio::test]
async fn what_is_kept_until_it_is_written_may_not_outgrow_the_store_either() {
    let harness = harness(300 * 1024).await;
    harness
        .put(&deal("d"), json!({ "notes": "c".repeat(200 * 1024) }))
        .await;

    let ours = harness
        .preview(&deal("d"), opportunity(1), "channeltivity")
        .await;
    assert_eq!(
        (ours.status, &ours.body["code"]),
        (422, &json!("DEAL_TOO_LARGE"))
    );

    let theirs = harness.link(&deal("d"), opportunity(1), "salesforce").await;
    assert_eq!(theirs.status, 201);
}
