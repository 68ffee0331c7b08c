//! A link's write to Salesforce arrives once, whatever happens on the way, and never overwrites a user's newer edit.

use dealbridge_core::{code::Code, message::WriteRequest, record::LinkStatus};
use dealbridge_tests::{Fault, opportunity, test_app::WRITES};
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{deal, folder},
};

/// A Deal whose name and amount go to the first Opportunity.
pub(crate) async fn confirmed() -> LinkHarness {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    harness
        .put(&deal("d"), json!({ "name": "Ours", "amount": 5 }))
        .await;
    let link = harness
        .link(&deal("d"), opportunity(1), "channeltivity")
        .await;
    assert_eq!(
        (link.status, &link.body["status"]),
        (201, &json!("pending"))
    );
    harness
}

impl LinkHarness {
    /// The number of rows written over Salesforce's API.
    pub(crate) fn salesforce_writes(&self) -> u64 {
        self.app.org.counters()["write"]
    }

    pub(crate) async fn values(&self) -> (Value, Value) {
        let row = self.row(opportunity(1), &["Name", "Amount"]).await;
        (
            row.get("Name").unwrap().clone(),
            row.get("Amount").unwrap().clone(),
        )
    }

    /// Makes Salesforce refuse the next writes of rows.
    pub(crate) async fn refuse_writes(&self, status: u16, body: Value, times: u64) {
        self.app
            .disturb(
                json!({ "match": "/sobjects/", "status": status, "body": body, "times": times }),
            )
            .await;
    }

    pub(crate) async fn codes(&self) -> Vec<String> {
        self.actions()
            .await
            .into_iter()
            .map(|(code, _)| code)
            .collect()
    }

    /// The message of the entry with that code.
    pub(crate) async fn message(&self, code: Code) -> String {
        let messages = self.messages().await;
        messages
            .into_iter()
            .find(|(of, _)| of == code.as_str())
            .unwrap()
            .1
    }
}

pub(crate) fn error(code: &str, message: &str, fields: &[&str]) -> Value {
    json!([{ "errorCode": code, "message": message, "fields": fields }])
}

#[tokio::test]
async fn a_crash_between_the_transaction_and_the_queue_is_made_good_by_the_next_hourly_tick_once() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), json!({ "name": "Ours" })).await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "channeltivity")
        .await
        .token();
    let faults = std::iter::repeat_n(Fault::Drop, 30);
    harness.app.sqs.order("SendMessageBatch", faults);
    let link = harness
        .confirm(&deal("d"), opportunity(1), "channeltivity", &token)
        .await;
    harness.app.sqs.order("", []);
    assert_eq!((link.status, harness.app.waiting(WRITES)), (201, 0));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));

    harness.app.hourly().await;

    assert_eq!(harness.app.waiting(WRITES), 1);
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    assert_eq!(harness.values().await.0, "Ours");
    assert_eq!(harness.salesforce_writes(), 1);
    harness.app.hourly().await;
    assert_eq!(
        (harness.push().await, harness.salesforce_writes()),
        ((0, 0), 1)
    );
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn while_salesforce_is_down_a_link_is_pending_and_then_synced() {
    let harness = confirmed().await;
    harness
        .refuse_writes(
            503,
            json!([{ "errorCode": "SERVER_UNAVAILABLE", "message": "down" }]),
            10_000,
        )
        .await;
    assert_eq!(harness.push().await, (0, 1));
    // More deliveries than the queue makes before a message goes to the dead-letter queue.
    for _ in 0..6 {
        harness.push_again().await;
        assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    }
    assert_eq!(harness.app.waiting(WRITES), 0);
    harness.app.hourly().await;
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    harness.app.calm().await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_between_confirm_and_push_brings_no_old_value_back_and_the_one_after_nothing_of_our_own()
 {
    let harness = confirmed().await;
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;
    let between = harness.app.full().await;
    assert_eq!(between.counts.updated, 0);
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    assert_eq!(harness.record(&deal("d")).await.fields["name"], "Ours");

    assert_eq!(harness.push().await, (1, 0));
    let after = harness.app.hourly().await;

    assert_eq!((after.counts.updated, after.counts.failed), (0, 0));
    let record = harness.record(&deal("d")).await;
    assert_eq!(
        (&record.fields["name"], &record.fields["amount"]),
        (&json!("Ours"), &json!(5))
    );
    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unlink_drops_what_was_not_delivered() {
    let harness = confirmed().await;

    harness.unlink(&deal("d")).await;

    assert_eq!(harness.push().await, (1, 0));
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (0, 0));
    assert_eq!(
        (harness.values().await.0, harness.salesforce_writes()),
        (json!("Deal 1"), 0)
    );
    assert_eq!(harness.codes().await, ["LINKED", "UNLINKED"]);
}

#[tokio::test]
async fn a_message_that_comes_twice_writes_once() {
    let harness = confirmed().await;
    let delivery = harness.app.receive(WRITES, 10).await;
    let body = delivery.messages[0].body().unwrap().to_owned();
    harness
        .app
        .send(WRITES, &[body.clone(), body.clone(), body])
        .await;
    let stamp_of = async || harness.row(opportunity(1), &[]).await.stamp().unwrap();

    assert_eq!(harness.push().await, (3, 0));
    let written = stamp_of().await;
    assert_eq!(harness.push_again().await, (1, 0));

    assert_eq!(harness.salesforce_writes(), 1);
    assert_eq!(stamp_of().await, written);
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn a_crash_between_the_write_and_its_note_writes_nothing_a_second_time() {
    let harness = confirmed().await;
    let faults = std::iter::repeat_n(
        Fault::Answer(500, json!({ "__type": "InternalServerError" })),
        50,
    );
    harness.app.dynamodb.order("TransactWriteItems", faults);
    assert_eq!(harness.push().await, (0, 1));
    harness.app.dynamodb.order("", []);
    let written = harness.row(opportunity(1), &["Name"]).await;
    assert_eq!(written.text("Name"), Some("Ours"));

    assert_eq!(harness.push_again().await, (1, 0));

    assert_eq!(harness.row(opportunity(1), &["Name"]).await, written);
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_known_by_its_values() {
    let harness = confirmed().await;
    harness
        .app
        .disturb(json!({ "match": "/sobjects/", "mode": "cut", "times": 1 }))
        .await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.codes().await, ["LINKED", "WRITE_DELIVERED"]);
}

#[tokio::test]
async fn the_message_of_a_link_that_was_cut_does_not_deliver_for_the_one_that_followed() {
    let harness = confirmed().await;
    let old = harness.app.receive(WRITES, 10).await.messages[0]
        .body()
        .unwrap()
        .to_owned();
    harness.unlink(&deal("d")).await;
    harness
        .edit(&deal("d"), json!({ "name": "Ours, later" }))
        .await;
    harness
        .link(&deal("d"), opportunity(1), "channeltivity")
        .await;
    let newer = harness.app.receive(WRITES, 10).await.messages[0]
        .body()
        .unwrap()
        .to_owned();
    let write = |body: &str| serde_json::from_str::<WriteRequest>(body).unwrap().write;
    assert_ne!(write(&old), write(&newer));

    harness.app.send(WRITES, &[old]).await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(
        (
            harness.salesforce_writes(),
            harness.status(&deal("d")).await
        ),
        (0, Some(LinkStatus::Pending))
    );
    // The outbox note of the newer write remains for the hourly tick; the messages that were not deleted are visible
    // again, too.
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (3, 0));

    assert_eq!(harness.values().await.0, "Ours, later");
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_goes_back_and_the_others_are_done() {
    let harness = confirmed().await;
    harness
        .app
        .send(WRITES, &["{}".to_owned(), "nonsense".to_owned()])
        .await;

    assert_eq!(harness.push().await, (1, 2));

    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}
