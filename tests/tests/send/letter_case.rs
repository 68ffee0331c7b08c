//! Records whose ids differ by case alone, under an External Id that tells them apart and under one that does not.

use dealbridge_core::settings::{SendMode, SendTarget};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole};

/// A harness in whose org the External Id of Leads takes ABC and abc for the same value.
async fn without_case() -> SendHarness {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.external_id(json!({ "caseSensitive": false })).await;
    harness
}

#[tokio::test]
async fn two_records_whose_ids_differ_by_case_alone_become_two_leads_where_the_field_tells_them_apart()
 {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    for id in ["d-17", "D-17"] {
        harness.submit(whole(id)).await;
    }

    assert_eq!(harness.push().await, (2, 0));

    let [lower, upper] = ["d-17", "D-17"].map(deal);
    let lower = harness.linked(&lower).await.unwrap();
    assert_ne!(harness.linked(&upper).await.unwrap(), lower);
}

#[tokio::test]
async fn where_it_does_not_only_the_id_without_upper_case_letters_is_created_and_keeps_its_lead() {
    let harness = without_case().await;
    let [lower, upper] = ["d-17", "D-17"].map(deal);
    harness.submit(whole("d-17")).await;
    assert_eq!(harness.push().await, (1, 0));
    let lead = harness.linked(&lower).await.unwrap();
    let mut other = whole("D-17");
    other.fields.insert("company".to_owned(), json!("Umbrella"));

    harness.submit(other).await;
    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.codes(&upper).await, ["SF_EXTERNAL_ID_CASE"]);
    let entry = harness.entries().await.pop().unwrap();
    for word in ["deal:D-17", EXTERNAL_ID, "Lead"] {
        assert!(entry.message.contains(word), "{}", entry.message);
    }
    let row = harness.row(lead, &["Company"]).await;
    assert_eq!(row.text("Company"), Some("Acme"));

    // Mending the field alone brings it through.
    harness.external_id(json!({ "caseSensitive": true })).await;
    harness.sync_now(&upper).await;
    assert_eq!(harness.push().await, (1, 0));
    assert_ne!(harness.linked(&upper).await.unwrap(), lead);
    assert_eq!(harness.codes(&upper).await, Vec::<&str>::new());
}

#[tokio::test]
async fn where_it_does_not_the_lead_of_the_other_record_is_not_taken_for_what_was_created() {
    let harness = without_case().await;
    harness.submit(whole("d-17")).await;
    let cut = json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 });
    harness.app.disturb(cut).await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;
    harness.submit(whole("D-17")).await;
    let message = harness.message().await;
    harness.hand_over(&message).await;
    assert_eq!(harness.codes(&deal("D-17")).await, ["SF_EXTERNAL_ID_CASE"]);
    harness.delete(&deal("D-17")).await;

    // It is looked for while the other's Lead is nobody's yet.
    harness.hand_over(&message).await;

    let said = harness.actions().await;
    assert_eq!(said, ["SF_EXTERNAL_ID_CASE", "RECORD_DELETED"]);
    harness.push_again().await;
    assert!(harness.linked(&deal("d-17")).await.is_some());
}
