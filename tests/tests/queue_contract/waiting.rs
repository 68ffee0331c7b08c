//! Long polling.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use tokio::task::JoinHandle;

use crate::world::{World, is_outside};

/// Starts a receive that waits, and returns its bodies in the end.
fn waiting(world: &World, url: &str) -> JoinHandle<Vec<String>> {
    let receive = world
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
async fn until_waiting(world: &World, count: usize) {
    if is_outside() {
        return;
    }
    while world.inside().server.waiting_receives() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_as_it_arrives() {
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let receive = waiting(&world, &url);
    until_waiting(&world, 1).await;

    world.send(&url, "hello").await;

    assert_eq!(receive.await.unwrap(), ["hello"]);
}

#[tokio::test]
async fn a_receive_does_not_wait_when_something_is_there() {
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    world.send(&url, "hello").await;

    assert_eq!(waiting(&world, &url).await.unwrap(), ["hello"]);
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_whose_delay_ends() {
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let send = world
        .client
        .send_message()
        .queue_url(&url)
        .message_body("late");
    send.delay_seconds(2).send().await.unwrap();
    let receive = waiting(&world, &url);
    until_waiting(&world, 1).await;

    world.pass(2).await;

    assert_eq!(receive.await.unwrap(), ["late"]);
}

#[tokio::test]
async fn a_waiting_receive_gets_a_message_that_becomes_visible_again() {
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    world.send(&url, "again").await;
    let message = world.receive_one(&url, 600).await;
    let receive = waiting(&world, &url);
    until_waiting(&world, 1).await;

    world
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
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let receive = waiting(&world, &url);
    until_waiting(&world, 1).await;

    world.pass(19).await;
    assert!(!receive.is_finished());
    world.pass(1).await;

    assert!(receive.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_queue_may_make_every_receive_wait() {
    let world = World::new().await;
    let wait = QueueAttributeName::ReceiveMessageWaitTimeSeconds;
    let url = world.queue("q", &[(wait, "20")]).await;
    let receive = world.client.receive_message().queue_url(&url);

    let at_once = receive.clone().wait_time_seconds(0).send().await.unwrap();
    let waiting = tokio::spawn(receive.send());
    until_waiting(&world, 1).await;
    world.send(&url, "hello").await;

    assert!(at_once.messages().is_empty());
    assert_eq!(waiting.await.unwrap().unwrap().messages().len(), 1);
}

#[tokio::test]
async fn of_two_waiting_receives_one_gets_the_message() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let (one, two) = (waiting(&world, &url), waiting(&world, &url));
    until_waiting(&world, 2).await;

    world.send(&url, "hello").await;
    world
        .inside()
        .server
        .wait_until(|counts| counts[&world.name("q")].in_flight == 1)
        .await;
    world.pass(20).await;

    let mut got = one.await.unwrap();
    got.extend(two.await.unwrap());
    assert_eq!(got, ["hello"]);
}

#[tokio::test]
async fn a_receiver_that_goes_away_takes_no_message_with_it() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let gone = waiting(&world, &url);
    until_waiting(&world, 1).await;

    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    until_waiting(&world, 0).await;
    world.send(&url, "hello").await;

    assert_eq!(world.counts(&url).await, ["1", "0", "0"]);
}

#[tokio::test]
async fn a_server_that_stops_lets_waiting_receives_go() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let url = world.queue("q", &[]).await;
    let receive = waiting(&world, &url);
    until_waiting(&world, 1).await;

    let stop = world.inside().server.shutdown();
    tokio::time::timeout(Duration::from_secs(30), stop)
        .await
        .unwrap();

    assert!(receive.await.unwrap().is_empty());
}
