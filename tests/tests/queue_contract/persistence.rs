//! The server keeps its state over a restart.

use std::path::Path;

use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use sqs_server::{QueueOptions, QueueServer, StartError, StoreError};

use crate::harness::{QueueHarness, bodies, is_outside, system};

async fn kept_in(directory: &Path) -> QueueHarness {
    QueueHarness::embedded(QueueOptions {
        directory: Some(directory.to_owned()),
        ..QueueOptions::default()
    })
    .await
}

/// Stops the server and starts another one on the same directory, at another port.
async fn restarted(harness: QueueHarness, directory: &Path) -> QueueHarness {
    harness.inside().server.shutdown().await;
    kept_in(directory).await
}

#[tokio::test]
async fn queues_settings_and_messages_outlive_the_server() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let url = harness
        .queue("q", &[(QueueAttributeName::VisibilityTimeout, "77")])
        .await;
    harness
        .client
        .tag_queue()
        .queue_url(&url)
        .tags("team", "deals")
        .send()
        .await
        .unwrap();
    let attribute = MessageAttributeValue::builder()
        .data_type("Number")
        .string_value("1")
        .build()
        .unwrap();
    harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("kept \u{1F980}")
        .message_attributes("n", attribute.clone())
        .send()
        .await
        .unwrap();

    let harness = restarted(harness, directory.path()).await;

    // The former URL names the same queue, though the port differs.
    assert_eq!(
        harness
            .attribute(&url, QueueAttributeName::VisibilityTimeout)
            .await,
        "77"
    );
    let tags = harness
        .client
        .list_queue_tags()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tags.unwrap()["team"], "deals");
    let receive = harness
        .client
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All");
    let message = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(message.body.as_deref(), Some("kept \u{1F980}"));
    assert_eq!(message.message_attributes.unwrap()["n"], attribute);
}

#[tokio::test]
async fn messages_in_flight_are_visible_after_a_restart_with_their_receive_counts() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let url = harness.queue("q", &[]).await;
    let id = harness.send(&url, "held").await;
    harness.receive_one(&url, 0).await;
    let held = harness.receive_one(&url, 43_200).await;

    let harness = restarted(harness, directory.path()).await;
    let again = harness.receive_one(&url, 0).await;

    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    let first = MessageSystemAttributeName::ApproximateFirstReceiveTimestamp;
    let sent = MessageSystemAttributeName::SentTimestamp;
    assert_eq!(again.message_id, Some(id));
    assert_eq!(system(&again, count), Some("3"));
    assert_eq!(system(&again, first.clone()), system(&held, first));
    assert_eq!(system(&again, sent.clone()), system(&held, sent));
}

#[tokio::test]
async fn a_deletion_outlives_the_server_also_with_a_handle_from_before() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let url = harness.queue("q", &[]).await;
    for body in ["deleted before", "deleted after", "kept"] {
        harness.send(&url, body).await;
    }
    let messages = harness.receive(&url, 600).await;
    harness.delete(&url, &messages[0]).await;

    let harness = restarted(harness, directory.path()).await;
    harness.delete(&url, &messages[1]).await;

    assert_eq!(bodies(&harness.receive(&url, 0).await), ["kept"]);
}

#[tokio::test]
async fn a_handle_from_before_never_touches_a_message_sent_after() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "old").await;
    let old = harness.receive_one(&url, 0).await;
    harness.delete(&url, &old).await;

    let harness = restarted(harness, directory.path()).await;
    harness.send(&url, "new").await;
    harness.receive_one(&url, 0).await;
    harness.delete(&url, &old).await;

    assert_eq!(bodies(&harness.receive(&url, 0).await), ["new"]);
}

#[tokio::test]
async fn delays_and_dead_letters_outlive_the_server() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    harness.send(&live, "poison").await;
    harness.receive_one(&live, 0).await;
    let send = harness
        .client
        .send_message()
        .queue_url(&live)
        .message_body("late");
    send.delay_seconds(60).send().await.unwrap();
    assert!(harness.receive(&live, 0).await.is_empty());
    let source = harness.arn(&live).await;

    let harness = restarted(harness, directory.path()).await;

    let died = harness.receive_one(&dead, 0).await;
    assert_eq!(died.body.as_deref(), Some("poison"));
    assert_eq!(
        system(&died, MessageSystemAttributeName::DeadLetterQueueSourceArn),
        Some(source.as_str())
    );
    assert_eq!(harness.counts(&live).await, ["0", "0", "1"]);
    harness.pass(60).await;
    assert_eq!(bodies(&harness.receive(&live, 0).await), ["late"]);
}

#[tokio::test]
async fn purges_and_deleted_queues_stay_gone() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let purged = harness.queue("purged", &[]).await;
    let deleted = harness.queue("deleted", &[]).await;
    harness.send(&purged, "x").await;
    harness.send(&deleted, "x").await;
    harness
        .client
        .purge_queue()
        .queue_url(&purged)
        .send()
        .await
        .unwrap();
    harness
        .client
        .delete_queue()
        .queue_url(&deleted)
        .send()
        .await
        .unwrap();

    let harness = restarted(harness, directory.path()).await;

    let urls = harness
        .client
        .list_queues()
        .send()
        .await
        .unwrap()
        .queue_urls
        .unwrap();
    assert_eq!(urls.len(), 1);
    assert!(urls[0].ends_with("-purged"), "{urls:?}");
    assert_eq!(harness.counts(&purged).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_move_task_that_a_restart_interrupts_goes_on() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    harness.send(&live, "poison").await;
    harness.receive_one(&live, 0).await;
    assert!(harness.receive(&live, 0).await.is_empty());
    let (arn, name) = (harness.arn(&dead).await, harness.name("q"));
    let start = harness.client.start_message_move_task().source_arn(&arn);
    start
        .max_number_of_messages_per_second(1)
        .send()
        .await
        .unwrap();

    let harness = restarted(harness, directory.path()).await;
    harness.pass(1).await;
    harness
        .inside()
        .server
        .wait_until(|counts| counts[&name].visible == 1)
        .await;

    let listed = harness
        .client
        .list_message_move_tasks()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.results()[0].status.as_deref(), Some("COMPLETED"));
    assert_eq!(bodies(&harness.receive(&live, 0).await), ["poison"]);
}

#[tokio::test]
async fn a_directory_in_use_is_refused_and_free_again_after_the_stop() {
    if is_outside() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let harness = kept_in(directory.path()).await;
    let options = QueueOptions {
        directory: Some(directory.path().to_owned()),
        ..QueueOptions::default()
    };

    let second = QueueServer::start(options.clone()).await.err();
    harness.inside().server.shutdown().await;
    let third = QueueServer::start(options).await;

    assert!(
        matches!(
            second,
            Some(StartError::Directory {
                source: StoreError::InUse,
                ..
            })
        ),
        "{second:?}"
    );
    assert!(third.is_ok());
}
