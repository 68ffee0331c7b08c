//! Messages that are received too often.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};

use crate::harness::{QueueHarness, bodies, is_outside, system};

#[tokio::test]
async fn a_message_received_too_often_dies_into_the_dead_letter_queue() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("imports", 2).await;
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("v")
        .build()
        .unwrap();
    harness
        .client
        .send_message()
        .queue_url(&live)
        .message_body("poison")
        .message_attributes("name", attribute.clone())
        .send()
        .await
        .unwrap();

    let first = harness.receive_one(&live, 0).await;
    harness.receive_one(&live, 0).await;
    assert!(harness.receive(&live, 0).await.is_empty());

    let received = harness
        .client
        .receive_message()
        .queue_url(&dead)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    let sent = MessageSystemAttributeName::SentTimestamp;
    assert_eq!(message.message_id, first.message_id);
    assert_eq!(message.body.as_deref(), Some("poison"));
    assert_eq!(system(message, sent.clone()), system(&first, sent));
    assert_eq!(
        system(
            message,
            MessageSystemAttributeName::DeadLetterQueueSourceArn
        ),
        Some(harness.arn(&live).await.as_str())
    );
    assert_eq!(
        message.message_attributes.as_ref().unwrap()["name"],
        attribute
    );
    assert_eq!(harness.counts(&live).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_dying_message_makes_room_for_the_next_in_the_same_receive() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("imports", 1).await;
    harness.send(&live, "poison").await;
    harness.receive_one(&live, 0).await;
    harness.send(&live, "good").await;

    let mut received = harness.receive(&live, 30).await;
    received.extend(harness.receive(&live, 30).await);

    assert_eq!(bodies(&received), ["good"]);
    assert_eq!(bodies(&harness.receive(&dead, 30).await), ["poison"]);
}

#[tokio::test]
async fn a_dead_letter_queue_knows_its_sources() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("a", 3).await;
    let policy = harness.redrive_policy(&dead, 3).await;
    let other = harness
        .queue("b", &[(QueueAttributeName::RedrivePolicy, &policy)])
        .await;

    let list = harness
        .client
        .list_dead_letter_source_queues()
        .queue_url(&dead);
    let all = list.send().await.unwrap().queue_urls;

    assert_eq!(all, [live, other]);
}

#[tokio::test]
async fn sources_come_in_pages_when_asked_for_in_pages() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("a", 3).await;
    let policy = harness.redrive_policy(&dead, 3).await;
    let other = harness
        .queue("b", &[(QueueAttributeName::RedrivePolicy, &policy)])
        .await;
    let list = harness
        .client
        .list_dead_letter_source_queues()
        .queue_url(&dead)
        .max_results(1);

    let first = list.clone().send().await.unwrap();
    let second = list
        .set_next_token(first.next_token.clone())
        .send()
        .await
        .unwrap();

    assert_eq!(
        (first.queue_urls, second.queue_urls),
        (vec![live], vec![other])
    );
    assert!(first.next_token.is_some());
    assert_eq!(second.next_token, None);
}

#[tokio::test]
async fn a_redrive_policy_can_be_set_changed_and_taken_away() {
    let harness = QueueHarness::new().await;
    let dead = harness.queue("dlq", &[]).await;
    let live = harness.queue("q", &[]).await;
    let policy = harness.redrive_policy(&dead, 1).await;
    let set = harness.client.set_queue_attributes().queue_url(&live);

    set.clone()
        .attributes(QueueAttributeName::RedrivePolicy, &policy)
        .send()
        .await
        .unwrap();
    let told = harness
        .attribute(&live, QueueAttributeName::RedrivePolicy)
        .await;
    set.attributes(QueueAttributeName::RedrivePolicy, "")
        .send()
        .await
        .unwrap();
    harness.send(&live, "again and again").await;
    for _ in 0..3 {
        harness.receive_one(&live, 0).await;
    }

    assert_eq!(told.replace(' ', ""), policy);
    assert_eq!(
        harness
            .attribute(&live, QueueAttributeName::RedrivePolicy)
            .await,
        ""
    );
}

#[tokio::test]
async fn a_redrive_policy_must_name_a_queue_and_a_count() {
    let harness = QueueHarness::new().await;
    if is_outside() {
        return;
    }
    let live = harness.queue("q", &[]).await;
    let arn = harness.arn(&live).await;
    for policy in [
        "{}".to_owned(),
        "text".to_owned(),
        format!(r#"{{"deadLetterTargetArn":"{arn}"}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":0}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1001}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}-none","maxReceiveCount":5}}"#),
        r#"{"deadLetterTargetArn":"dummy","maxReceiveCount":5}"#.to_owned(),
    ] {
        let refused = harness
            .client
            .set_queue_attributes()
            .queue_url(&live)
            .attributes(QueueAttributeName::RedrivePolicy, &policy)
            .send()
            .await
            .unwrap_err()
            .into_service_error();

        assert_eq!(
            refused.code(),
            Some("InvalidParameterValue"),
            "{policy}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_dead_letter_queue_lets_in_only_the_sources_it_allows() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let allow = r#"{"redrivePermission":"denyAll"}"#;
    let dead = harness
        .queue("dlq", &[(QueueAttributeName::RedriveAllowPolicy, allow)])
        .await;
    let live = harness.queue("q", &[]).await;
    let policy = harness.redrive_policy(&dead, 1).await;

    let refused = harness
        .client
        .set_queue_attributes()
        .queue_url(&live)
        .attributes(QueueAttributeName::RedrivePolicy, policy)
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert_eq!(refused.code(), Some("InvalidParameterValue"), "{refused:?}");
}
