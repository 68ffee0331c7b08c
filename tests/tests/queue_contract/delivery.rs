//! Visibility, receive counts, delays, deletion, retention.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use crate::harness::{QueueHarness, bodies, handle, is_outside, system};

#[tokio::test]
async fn a_received_message_is_hidden_until_the_queues_visibility_timeout_ends() {
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::VisibilityTimeout, "2")])
        .await;
    let id = harness.send(&url, "hello").await;
    let client = &harness.client;

    let first = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let hidden = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    harness.pass(2).await;
    let again = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();

    assert_eq!(first.messages()[0].message_id.as_ref(), Some(&id));
    assert!(hidden.messages().is_empty());
    assert_eq!(again.messages()[0].message_id.as_ref(), Some(&id));
    assert_ne!(
        again.messages()[0].receipt_handle,
        first.messages()[0].receipt_handle
    );
}

#[tokio::test]
async fn a_receive_may_hide_for_a_time_of_its_own() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;

    harness.receive_one(&url, 1).await;
    assert!(harness.receive(&url, 1).await.is_empty());
    harness.pass(1).await;

    harness.receive_one(&url, 0).await;
    harness.receive_one(&url, 0).await;
}

#[tokio::test]
async fn changing_visibility_to_zero_gives_a_message_back_at_once() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 600).await;

    harness
        .client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle(&message))
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();

    harness.receive_one(&url, 600).await;
}

#[tokio::test]
async fn changing_visibility_counts_from_the_change() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 2).await;

    harness.pass(1).await;
    harness
        .client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle(&message))
        .visibility_timeout(3)
        .send()
        .await
        .unwrap();
    harness.pass(2).await;
    assert!(harness.receive(&url, 1).await.is_empty());
    harness.pass(1).await;

    harness.receive_one(&url, 1).await;
}

#[tokio::test]
async fn a_message_that_is_not_in_flight_cannot_be_hidden_longer() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 1).await;
    harness.pass(1).await;

    let change = harness
        .client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle(&message))
        .visibility_timeout(30);
    let refused = change
        .clone()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    harness.delete(&url, &message).await;
    let gone = change.send().await.unwrap_err().into_service_error();

    assert!(refused.is_message_not_inflight(), "{refused:?}");
    assert_eq!(gone.code(), Some("InvalidParameterValue"), "{gone:?}");
}

#[tokio::test]
async fn twelve_hours_is_the_longest_that_a_message_can_be_held() {
    let harness = QueueHarness::new().await;
    if is_outside() {
        return;
    }
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 43_200).await;
    harness.pass(60).await;

    let refused = harness
        .client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle(&message))
        .visibility_timeout(43_200)
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert_eq!(refused.code(), Some("InvalidParameterValue"), "{refused:?}");
}

#[tokio::test]
async fn each_receive_is_counted_and_the_first_one_remembered() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;

    let first = harness.receive_one(&url, 1).await;
    harness.pass(1).await;
    let second = harness.receive_one(&url, 1).await;

    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    let time = MessageSystemAttributeName::ApproximateFirstReceiveTimestamp;
    let sent = MessageSystemAttributeName::SentTimestamp;
    assert_eq!(system(&first, count.clone()), Some("1"));
    assert_eq!(system(&second, count), Some("2"));
    assert_eq!(system(&first, time.clone()), system(&second, time.clone()));
    assert!(system(&first, sent) <= system(&first, time));
    assert!(system(&first, MessageSystemAttributeName::SenderId).is_some());
    assert_eq!(
        system(&first, MessageSystemAttributeName::DeadLetterQueueSourceArn),
        None
    );
}

#[tokio::test]
async fn a_deleted_message_never_comes_back_and_may_be_deleted_again() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 1).await;

    harness.delete(&url, &message).await;
    harness.delete(&url, &message).await;
    harness.pass(1).await;

    assert!(harness.receive(&url, 1).await.is_empty());
}

#[tokio::test]
async fn the_latest_handle_deletes_even_after_its_visibility_timeout() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let message = harness.receive_one(&url, 1).await;
    harness.pass(1).await;

    harness.delete(&url, &message).await;

    assert!(harness.receive(&url, 1).await.is_empty());
}

#[tokio::test]
async fn the_handle_of_an_earlier_delivery_deletes_nothing() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;
    let first = harness.receive_one(&url, 1).await;
    harness.pass(1).await;
    let second = harness.receive_one(&url, 1).await;

    harness.delete(&url, &first).await;
    harness.pass(1).await;
    let third = harness.receive_one(&url, 1).await;

    assert_eq!(third.message_id, second.message_id);
}

#[tokio::test]
async fn a_delayed_message_arrives_when_its_delay_is_over() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let send = harness.client.send_message().queue_url(&url);

    send.clone()
        .message_body("late")
        .delay_seconds(2)
        .send()
        .await
        .unwrap();
    send.message_body("prompt").send().await.unwrap();

    assert_eq!(bodies(&harness.receive(&url, 30).await), ["prompt"]);
    assert_eq!(harness.counts(&url).await, ["0", "1", "1"]);
    harness.pass(2).await;
    assert_eq!(bodies(&harness.receive(&url, 30).await), ["late"]);
}

#[tokio::test]
async fn a_queues_delay_holds_unless_the_message_names_its_own() {
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::DelaySeconds, "2")])
        .await;
    let send = harness.client.send_message().queue_url(&url);

    send.clone().message_body("late").send().await.unwrap();
    send.message_body("prompt")
        .delay_seconds(0)
        .send()
        .await
        .unwrap();

    assert_eq!(bodies(&harness.receive(&url, 30).await), ["prompt"]);
    harness.pass(2).await;
    assert_eq!(bodies(&harness.receive(&url, 30).await), ["late"]);
}

#[tokio::test]
async fn counts_tell_what_waits_what_is_in_flight_and_what_is_delayed() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    for body in ["a", "b", "c"] {
        harness.send(&url, body).await;
    }
    let send = harness.client.send_message().queue_url(&url);
    send.message_body("d")
        .delay_seconds(900)
        .send()
        .await
        .unwrap();

    harness
        .client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();

    assert_eq!(harness.counts(&url).await, ["2", "1", "1"]);
}

#[tokio::test]
async fn messages_older_than_the_retention_period_are_gone() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::MessageRetentionPeriod, "60")])
        .await;
    harness.send(&url, "old").await;
    harness.receive_one(&url, 0).await;
    harness.pass(30).await;
    harness.send(&url, "young").await;

    harness.pass(30).await;

    assert_eq!(harness.counts(&url).await, ["1", "0", "0"]);
    assert_eq!(bodies(&harness.receive(&url, 0).await), ["young"]);
}

#[tokio::test]
async fn every_message_reaches_exactly_one_of_many_receivers() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    for start in 0..20 {
        let mut send = harness.client.send_message_batch().queue_url(&url);
        for n in 0..10 {
            let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder()
                .id(n.to_string())
                .message_body((start * 10 + n).to_string())
                .build()
                .unwrap();
            send = send.entries(entry);
        }
        send.send().await.unwrap();
    }

    let receivers: Vec<_> = (0..16)
        .map(|_| {
            let (client, url) = (harness.client.clone(), url.clone());
            tokio::spawn(async move {
                let mut bodies = Vec::new();
                loop {
                    let receive = client
                        .receive_message()
                        .queue_url(&url)
                        .max_number_of_messages(7);
                    let received = receive.send().await.unwrap().messages.unwrap_or_default();
                    if received.is_empty() {
                        return bodies;
                    }
                    bodies.extend(received.into_iter().filter_map(|message| message.body));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for receiver in receivers {
        all.extend(receiver.await.unwrap());
    }

    all.sort_by_key(|body| body.parse::<u32>().unwrap());
    assert_eq!(all, (0..200).map(|n| n.to_string()).collect::<Vec<_>>());
}
