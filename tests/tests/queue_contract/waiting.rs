//! Long polling.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use tokio::task::JoinHandle;

use crate::harness::{QueueHarness, is_outside};

/// Starts a receive that waits, and returns its bodies in the end.
fn waiting(harness: &QueueHarness, url: &str) -> JoinHandle<Vec<String>> {
    let receive = harness
        .client
        .receive_message()
        .queue_url(url)
        .wait_time_seconds(20);
    tokio::spawn(async move {
        let received = receive.send().await.unwrap().messages.unwrap_or_default();
        received
            .into_iter()
            .filter_map(|message| message.body)
            .collect()
    })
}

/// Waits until so many receives are waiting, which can only be known of a server in this process.
async fn until_waiting(harness: &QueueHarness, count: usize) {
    if is_outside() {
        return;
    }
    while harness.inside().server.waiting_receives() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_as_it_arrives() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let receive = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    harness.send(&url, "hello").await;

    assert_eq!(receive.await.unwrap(), ["hello"]);
}

#[tokio::test]
async fn a_receive_does_not_wait_when_something_is_there() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "hello").await;

    assert_eq!(waiting(&harness, &url).await.unwrap(), ["hello"]);
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_whose_delay_ends() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let send = harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("late");
    send.delay_seconds(2).send().await.unwrap();
    let receive = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    harness.pass(2).await;

    assert_eq!(receive.await.unwrap(), ["late"]);
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_that_becomes_visible_again() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "again").await;
    let message = harness.receive_one(&url, 600).await;
    let receive = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    harness
        .client
        .change_message_visibility()
        .queue_url(&url)
        .set_receipt_handle(message.receipt_handle)
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();

    assert_eq!(receive.await.unwrap(), ["again"]);
}

#[tokio::test]
async fn a_waiting_receive_ends_empty_when_its_time_is_over() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let receive = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    harness.pass(19).await;
    assert!(!receive.is_finished());
    harness.pass(1).await;

    assert!(receive.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_queue_may_make_every_receive_wait() {
    let harness = QueueHarness::new().await;
    let wait = QueueAttributeName::ReceiveMessageWaitTimeSeconds;
    let url = harness.queue("q", &[(wait, "20")]).await;
    let receive = harness.client.receive_message().queue_url(&url);

    let at_once = receive.clone().wait_time_seconds(0).send().await.unwrap();
    let waiting = tokio::spawn(receive.send());
    until_waiting(&harness, 1).await;
    harness.send(&url, "hello").await;

    assert!(at_once.messages().is_empty());
    assert_eq!(waiting.await.unwrap().unwrap().messages().len(), 1);
}

#[tokio::test]
async fn of_two_waiting_receives_one_gets_the_message() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let (one, two) = (waiting(&harness, &url), waiting(&harness, &url));
    until_waiting(&harness, 2).await;

    harness.send(&url, "hello").await;
    harness
        .inside()
        .server
        .wait_until(|counts| counts[&harness.name("q")].in_flight == 1)
        .await;
    harness.pass(20).await;

    let mut got = one.await.unwrap();
    got.extend(two.await.unwrap());
    assert_eq!(got, ["hello"]);
}

#[tokio::test]
async fn a_receiver_that_goes_away_takes_no_message_with_it() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let gone = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    until_waiting(&harness, 0).await;
    harness.send(&url, "hello").await;

    assert_eq!(harness.counts(&url).await, ["1", "0", "0"]);
}

#[tokio::test]
async fn a_server_that_stops_lets_waiting_receives_go() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let receive = waiting(&harness, &url);
    until_waiting(&harness, 1).await;

    let stop = harness.inside().server.shutdown();
    tokio::time::timeout(Duration::from_secs(30), stop)
        .await
        .unwrap();

    assert!(receive.await.unwrap().is_empty());
}
