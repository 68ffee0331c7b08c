//! Batches: each entry has its own outcome, and some requests fail as a whole.

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};

use crate::harness::{QueueHarness, bodies, handle};

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder()
        .id(id)
        .message_body(body)
        .build()
        .unwrap()
}

fn ids_and_codes(failed: &[BatchResultErrorEntry]) -> Vec<(&str, &str, bool)> {
    failed
        .iter()
        .map(|entry| (entry.id(), entry.code(), entry.sender_fault()))
        .collect()
}

#[tokio::test]
async fn a_bad_entry_does_not_keep_the_others_from_being_sent() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let too_late = SendMessageBatchRequestEntry::builder()
        .id("too-late")
        .message_body("x")
        .delay_seconds(901)
        .build()
        .unwrap();

    let answer = harness
        .client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("good", "one"))
        .entries(too_late)
        .entries(entry("also-good", "two"))
        .send()
        .await
        .unwrap();

    let good: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(good, ["good", "also-good"]);
    assert_eq!(
        answer.successful()[0].md5_of_message_body(),
        "f97c5d29941bfb1b2fdab0874906ab82"
    );
    assert_eq!(
        ids_and_codes(answer.failed()),
        [("too-late", "InvalidParameterValue", true)]
    );
    let mut received = harness.receive(&url, 30).await;
    received.sort_by(|a, b| a.body.cmp(&b.body));
    assert_eq!(bodies(&received), ["one", "two"]);
}

#[tokio::test]
async fn an_entry_with_characters_that_cannot_travel_fails_alone() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;

    let answer = harness
        .client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("bad", "a\u{1}b"))
        .entries(entry("good", "one"))
        .send()
        .await
        .unwrap();

    assert_eq!(
        ids_and_codes(answer.failed()),
        [("bad", "InvalidMessageContents", true)]
    );
    assert_eq!(bodies(&harness.receive(&url, 30).await), ["one"]);
}

#[tokio::test]
async fn a_bad_handle_does_not_keep_the_others_from_being_deleted() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "one").await;
    let message = harness.receive_one(&url, 0).await;
    let entry = |id: &str, handle: &str| {
        let entry = DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle);
        entry.build().unwrap()
    };

    let answer = harness
        .client
        .delete_message_batch()
        .queue_url(&url)
        .entries(entry("bad", "nonsense"))
        .entries(entry("good", handle(&message)))
        .send()
        .await
        .unwrap();

    assert_eq!(answer.successful()[0].id(), "good");
    assert_eq!(
        ids_and_codes(answer.failed()),
        [("bad", "ReceiptHandleIsInvalid", true)]
    );
    assert!(harness.receive(&url, 0).await.is_empty());
}

#[tokio::test]
async fn each_message_of_a_batch_gets_the_visibility_asked_for_it() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "back").await;
    harness.send(&url, "kept").await;
    let messages = harness.receive(&url, 1).await;
    let entry = |id: &str, handle: &str, seconds: i32| {
        ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .visibility_timeout(seconds)
            .build()
            .unwrap()
    };
    let mut change = harness
        .client
        .change_message_visibility_batch()
        .queue_url(&url);
    for message in &messages {
        let body = message.body.as_deref().unwrap();
        let seconds = if body == "back" { 0 } else { 600 };
        change = change.entries(entry(body, handle(message), seconds));
    }

    let answer = change
        .entries(entry("bad", "nonsense", 0))
        .send()
        .await
        .unwrap();
    harness.pass(1).await;

    assert_eq!(answer.successful().len(), 2);
    assert_eq!(
        ids_and_codes(answer.failed()),
        [("bad", "ReceiptHandleIsInvalid", true)]
    );
    assert_eq!(bodies(&harness.receive(&url, 30).await), ["back"]);
}

#[tokio::test]
async fn a_batch_that_breaks_the_rules_of_batches_fails_as_a_whole() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let send = harness.client.send_message_batch().queue_url(&url);
    let eleven: Vec<_> = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let half = "x".repeat(524_288);
    let long = vec![entry("a", &half), entry("b", &half), entry("c", "x")];
    let twins = vec![entry("a", "x"), entry("a", "y")];

    let empty = send.clone().set_entries(Some(Vec::new())).send().await;
    let empty = empty.unwrap_err().into_service_error();
    let many = send.clone().set_entries(Some(eleven)).send().await;
    let many = many.unwrap_err().into_service_error();
    let same = send.clone().set_entries(Some(twins)).send().await;
    let same = same.unwrap_err().into_service_error();
    let odd = send.clone().entries(entry("not an id", "x")).send().await;
    let odd = odd.unwrap_err().into_service_error();
    let long = send
        .set_entries(Some(long))
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert!(empty.is_empty_batch_request(), "{empty:?}");
    assert!(many.is_too_many_entries_in_batch_request(), "{many:?}");
    assert!(same.is_batch_entry_ids_not_distinct(), "{same:?}");
    assert!(odd.is_invalid_batch_entry_id(), "{odd:?}");
    assert!(long.is_batch_request_too_long(), "{long:?}");
    assert_eq!(harness.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_batch_of_one_mebibyte_passes_whatever_its_escapes_weigh() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let half = "\"".repeat(524_288);

    let answer = harness
        .client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a", &half))
        .entries(entry("b", &half))
        .send()
        .await
        .unwrap();

    assert_eq!(answer.successful().len(), 2);
}
