//! The in-process interface of the server, beside its HTTP API.

use std::time::Duration;

use sqs_server::{
    Action, ErrorKind, ManualClock, QueueCounts, QueueOptions, QueueServer, StartError,
};

use crate::harness::{QueueHarness, is_outside, start_of_time};

#[tokio::test]
async fn counts_follow_each_message() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let server = &harness.inside().server;
    harness.send(&url, "a").await;
    harness.send(&url, "b").await;
    let send = harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("c");
    send.delay_seconds(5).send().await.unwrap();
    harness
        .client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();

    let before = server.counts(&harness.name("q"));
    harness.pass(30).await;
    let after = server.counts(&harness.name("q"));

    let counts = |visible, in_flight, delayed| QueueCounts {
        visible,
        in_flight,
        delayed,
    };
    assert_eq!(before, Some(counts(1, 1, 1)));
    assert_eq!(after, Some(counts(3, 0, 0)));
    assert_eq!(server.counts("none"), None);
}

#[tokio::test]
async fn drained_waits_for_the_last_message_to_be_deleted() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let (server, name) = (harness.inside().server.clone(), harness.name("q"));
    harness.send(&url, "a").await;
    let drained = tokio::spawn(async move { server.drained(&[&name]).await });
    let message = harness.receive_one(&url, 30).await;

    assert!(!drained.is_finished());
    harness.delete(&url, &message).await;

    tokio::time::timeout(Duration::from_secs(30), drained)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn waiting_for_counts_sees_what_time_alone_changes() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let (server, name) = (harness.inside().server.clone(), harness.name("q"));
    harness.send(&url, "a").await;
    harness.receive_one(&url, 30).await;
    let visible =
        tokio::spawn(async move { server.wait_until(|counts| counts[&name].visible == 1).await });
    tokio::task::yield_now().await;

    harness.pass(30).await;

    tokio::time::timeout(Duration::from_secs(30), visible)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn every_change_moves_the_version() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let mut changes = harness.inside().server.changes();
    changes.mark_unchanged();

    assert!(harness.receive(&url, 30).await.is_empty());
    assert!(!changes.has_changed().unwrap());
    harness.send(&url, "a").await;

    assert!(changes.has_changed().unwrap());
}

#[tokio::test]
async fn requests_are_counted_by_action_refused_ones_too() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;

    harness.send(&url, "a").await;
    harness.send(&url, "b").await;
    harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("")
        .send()
        .await
        .unwrap_err();
    harness.receive(&url, 30).await;

    let requests = harness.inside().server.requests();
    let counted: Vec<_> = requests.into_iter().collect();
    assert_eq!(
        counted,
        [
            (Action::CreateQueue, 1),
            (Action::ReceiveMessage, 1),
            (Action::SendMessage, 3)
        ]
    );
}

#[tokio::test]
async fn a_queue_can_be_made_and_changed_from_inside() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let server = &harness.inside().server;

    let url = server
        .ensure_queue("imports", &[("VisibilityTimeout", "60")])
        .unwrap();
    let same = server
        .ensure_queue("imports", &[("VisibilityTimeout", "90")])
        .unwrap();
    let refused = server
        .ensure_queue("imports", &[("Colour", "red")])
        .unwrap_err();

    let name = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
    assert_eq!(url, same);
    assert_eq!(url, server.queue_url("imports"));
    assert_eq!(harness.attribute(&url, name).await, "90");
    assert_eq!(refused.kind(), ErrorKind::InvalidAttributeName);
}

#[tokio::test]
async fn a_server_listens_on_loopback_only_and_says_when_a_port_is_taken() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let taken = harness.inside().server.address();
    let options = |address: &str| QueueOptions {
        address: address.parse().unwrap(),
        clock: std::sync::Arc::new(ManualClock::new(start_of_time())),
        ..QueueOptions::default()
    };

    let open = QueueServer::start(options("0.0.0.0:0")).await.err();
    let busy = QueueServer::start(options(&taken.to_string())).await.err();

    assert!(
        matches!(open, Some(StartError::NotLoopback { .. })),
        "{open:?}"
    );
    assert!(matches!(busy, Some(StartError::Listen { .. })), "{busy:?}");
}

#[tokio::test]
async fn a_server_that_stops_ends_the_wait_for_counts() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "a").await;
    let server = harness.inside().server.clone();
    let waiting = tokio::spawn(async move { server.wait_until(|_| false).await });

    harness.inside().server.shutdown().await;

    assert_eq!(waiting.await.unwrap()[&harness.name("q")].visible, 1);
}
