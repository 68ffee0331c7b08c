//! Fields of a write that Salesforce refuses, or that a user has changed meanwhile, are left out and reported.

use dealbridge_core::{code::Code, record::LinkStatus};
use dealbridge_tests::{opportunity, test_app::WRITES};
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{agreeing, deal, folder, lead},
    push::{confirmed, error},
};

#[tokio::test]
async fn a_user_s_newer_edit_is_not_overwritten_and_the_rest_is_written() {
    let harness = confirmed().await;
    harness
        .app
        .edit(opportunity(1), json!({ "Amount": 77 }))
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(77.0)));
    assert_eq!(
        harness.codes().await,
        ["LINKED", "WRITE_SKIPPED", "WRITE_DELIVERED"]
    );
    let message = harness.message(Code::WriteSkipped).await;
    assert!(
        message.contains("Amount") && message.contains("Deal d"),
        "{message}"
    );
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    // The user's change is an edit like any other.
    let run = harness.app.hourly().await;
    assert_eq!(run.counts.updated, 1);
    assert_eq!(harness.record(&deal("d")).await.fields["amount"], 77);
}

#[tokio::test]
async fn a_user_s_newer_edit_comes_with_the_next_run_even_if_one_has_passed_over_it_before() {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    let mut fields = agreeing(1);
    fields.insert("amount".to_owned(), json!(5));
    harness.put(&deal("d"), Value::Object(fields)).await;
    let link = harness
        .link(&deal("d"), opportunity(1), "channeltivity")
        .await;
    assert_eq!(link.body["status"], "pending");
    harness
        .app
        .edit(opportunity(1), json!({ "Amount": 77 }))
        .await;
    // A value that is on its way is left alone.
    harness.app.hourly().await;
    assert_eq!(harness.record(&deal("d")).await.fields["amount"], 5);

    harness.push().await;
    let codes = harness.codes().await;
    assert!(codes.contains(&"WRITE_SKIPPED".to_owned()), "{codes:?}");
    harness.app.hourly().await;

    assert_eq!(harness.values().await.1, json!(77.0));
    assert_eq!(harness.record(&deal("d")).await.fields["amount"], 77);
}

#[tokio::test]
async fn an_edit_of_another_field_does_not_hold_a_write_up() {
    let harness = confirmed().await;
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn a_number_that_salesforce_wants_as_text_is_written_as_it_reads() {
    let harness = confirmed().await;
    let refusal = "Cannot deserialize instance of string from VALUE_NUMBER value 5 or request may be missing a required field";
    harness
        .refuse_writes(400, error("JSON_PARSER_ERROR", refusal, &[]), 1)
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn a_validation_rule_leaves_out_what_it_names_and_is_said_at_the_link() {
    let harness = confirmed().await;
    let rule = "Amounts below 10 need an approval";
    harness
        .refuse_writes(
            400,
            error("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule, &["Amount"]),
            1,
        )
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(1001.0)));
    let link = harness.record(&deal("d")).await.link.unwrap();
    assert_eq!(link.status, LinkStatus::Synced);
    assert!(link.reason.unwrap().contains(rule));
    let message = harness.message(Code::WriteRefused).await;
    assert!(
        message.contains(rule)
            && message.contains("Amount")
            && message.contains(opportunity(1).as_str()),
        "{message}"
    );
    assert_eq!(harness.app.waiting(WRITES), 0);
}

#[tokio::test]
async fn a_run_that_finds_nothing_else_leaves_the_reason_of_a_refused_value_at_the_link() {
    let mut fields = agreeing(1);
    fields.insert("close_date".to_owned(), json!("2027-01-31"));
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(fields)).await;
    harness
        .link(&deal("d"), opportunity(1), "channeltivity")
        .await;
    harness
        .refuse_writes(
            400,
            error(
                "FIELD_INTEGRITY_EXCEPTION",
                "the year is closed",
                &["CloseDate"],
            ),
            1,
        )
        .await;
    assert_eq!(harness.push().await, (1, 0));
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;

    let run = harness.app.full().await;

    assert_eq!((run.counts.updated, run.counts.unchanged), (0, 1));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
    let link = harness.record(&deal("d")).await.link.unwrap();
    assert_eq!(
        link.reason.as_deref(),
        Some("Salesforce refused a value: the year is closed")
    );
}

#[tokio::test]
async fn a_refusal_that_names_no_field_is_final_for_all_of_them() {
    let harness = confirmed().await;
    let rule = "This record is under audit";
    harness
        .refuse_writes(
            400,
            error("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule, &[]),
            100,
        )
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.codes().await, ["LINKED", "WRITE_REFUSED"]);
    assert!(harness.message(Code::WriteRefused).await.contains(rule));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    assert_eq!(harness.app.waiting(WRITES), 0);
    assert_eq!(harness.claim(opportunity(1)).await.unwrap().pending, None);
}

#[tokio::test]
async fn a_value_that_salesforce_cannot_take_is_refused_by_name_and_the_rest_written() {
    let harness = LinkHarness::start(&folder(0, 1)).await;
    harness
        .put(
            &deal("d"),
            json!({ "title": "t".repeat(200), "phone": "+49 30 1" }),
        )
        .await;
    harness.link(&deal("d"), lead(0), "channeltivity").await;

    assert_eq!(harness.push().await, (1, 0));

    let row = harness.row(lead(0), &["Title", "Phone"]).await;
    assert_eq!(
        (row.text("Title"), row.text("Phone")),
        (Some("Buyer"), Some("+49 30 1"))
    );
    let message = harness.message(Code::WriteRefused).await;
    assert!(message.contains("Title"), "{message}");
}

#[tokio::test]
async fn fields_that_are_refused_one_by_one_do_not_hold_up_the_rest() {
    let harness = LinkHarness::start(&folder(0, 2)).await;
    let long = "x".repeat(300);
    let fields = [
        "first_name",
        "last_name",
        "company",
        "title",
        "phone",
        "website",
    ];
    let mut ours: serde_json::Map<String, Value> = fields
        .iter()
        .map(|name| ((*name).to_owned(), json!(long)))
        .collect();
    ours["website"] = json!(format!("{long}.example"));
    ours.insert("description".to_owned(), json!("ours"));
    harness.put(&deal("d"), Value::Object(ours)).await;
    harness.link(&deal("d"), lead(1), "channeltivity").await;

    assert_eq!(harness.push().await, (1, 0));

    let row = harness
        .row(lead(1), &["Description", "Sync__c", "Title"])
        .await;
    assert_eq!(
        (row.text("Description"), row.text("Title")),
        (Some("ours"), Some("Buyer"))
    );
    assert!(row.is_checked("Sync__c"));
    let refused = harness
        .codes()
        .await
        .iter()
        .filter(|code| *code == "WRITE_REFUSED")
        .count();
    assert_eq!(refused, fields.len());
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn a_field_that_the_org_no_longer_has_is_refused_and_the_rest_written() {
    let harness = confirmed().await;
    let gone = "No such column 'Amount' on sobject of type Opportunity";
    harness
        .refuse_writes(400, error("INVALID_FIELD", gone, &[]), 1)
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(1001.0)));
    let message = harness.message(Code::WriteRefused).await;
    assert!(message.contains("(Amount)"), "{message}");
}

#[tokio::test]
async fn a_record_that_the_integration_user_may_not_edit_is_a_clear_entry() {
    let harness = confirmed().await;
    let denied = "insufficient access rights on object id";
    harness
        .refuse_writes(
            400,
            error("INSUFFICIENT_ACCESS_OR_READONLY", denied, &[]),
            100,
        )
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert!(harness.message(Code::WriteRefused).await.contains(denied));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn a_locked_row_is_tried_again_later() {
    let harness = confirmed().await;
    harness
        .refuse_writes(
            400,
            error(
                "UNABLE_TO_LOCK_ROW",
                "unable to obtain exclusive access to this record",
                &[],
            ),
            100,
        )
        .await;
    assert_eq!(harness.push().await, (0, 1));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    harness.app.calm().await;

    assert_eq!(harness.push_again().await, (1, 0));

    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    assert_eq!(harness.values().await.0, "Ours");
}

#[tokio::test]
async fn a_record_that_is_gone_when_the_write_arrives_ends_it_with_an_entry() {
    let harness = confirmed().await;
    harness.app.on_opportunity("delete", opportunity(1)).await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.codes().await, ["LINKED", "WRITE_REFUSED"]);
    assert_eq!(harness.app.waiting(WRITES), 0);
    harness.app.hourly().await;
    assert_eq!(
        harness.status(&deal("d")).await,
        Some(LinkStatus::Disconnected)
    );
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}
