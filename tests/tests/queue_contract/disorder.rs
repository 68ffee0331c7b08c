//! At-least-once delivery, made visible: copies and disorder by seed.

use std::collections::BTreeMap;

use sqs_server::{Disorder, QueueOptions};

use crate::harness::{QueueHarness, bodies, is_outside};

const CALM: Disorder = Disorder {
    seed: 7,
    duplicates: 0.0,
    duplicates_within_seconds: 0,
    shuffle: false,
};

async fn harness(disorder: Disorder) -> QueueHarness {
    QueueHarness::embedded(QueueOptions {
        disorder: Some(disorder),
        ..QueueOptions::default()
    })
    .await
}

/// Sends numbers, then receives and deletes until nothing is left. Returns the bodies in the order in which they came.
async fn drain(harness: &QueueHarness, count: usize) -> Vec<String> {
    let url = harness.queue("q", &[]).await;
    for n in 0..count {
        harness.send(&url, &n.to_string()).await;
    }
    let mut seen = Vec::new();
    loop {
        let messages = harness.receive(&url, 30).await;
        if messages.is_empty() {
            return seen;
        }
        seen.extend(bodies(&messages).into_iter().map(str::to_owned));
        for message in &messages {
            harness.delete(&url, message).await;
        }
    }
}

#[tokio::test]
async fn without_disorder_messages_come_once_and_in_order() {
    if is_outside() {
        return;
    }
    let seen = drain(&harness(CALM).await, 30).await;

    assert_eq!(seen, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_copy_comes_although_the_message_was_deleted_and_only_once() {
    if is_outside() {
        return;
    }
    let every = Disorder {
        duplicates: 1.0,
        ..CALM
    };

    let seen = drain(&harness(every).await, 20).await;

    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for body in seen {
        *times.entry(body).or_default() += 1;
    }
    assert_eq!(times.len(), 20);
    assert!(times.values().all(|times| *times == 2), "{times:?}");
}

#[tokio::test]
async fn a_copy_has_the_id_of_its_message_and_may_come_later() {
    if is_outside() {
        return;
    }
    let later = Disorder {
        duplicates: 1.0,
        duplicates_within_seconds: 60,
        ..CALM
    };
    let harness = harness(later).await;
    let url = harness.queue("q", &[]).await;
    let id = harness.send(&url, "hello").await;

    let first = harness.receive_one(&url, 600).await;
    harness.delete(&url, &first).await;
    harness.pass(60).await;
    let copy = harness.receive_one(&url, 600).await;

    assert_eq!(first.message_id, Some(id.clone()));
    assert_eq!(copy.message_id, Some(id));
    assert_eq!(copy.body.as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_seed_gives_the_same_disorder_again_and_another_seed_another() {
    if is_outside() {
        return;
    }
    let wild = |seed| Disorder {
        seed,
        duplicates: 0.3,
        duplicates_within_seconds: 0,
        shuffle: true,
    };

    let first = drain(&harness(wild(1)).await, 30).await;
    let same = drain(&harness(wild(1)).await, 30).await;
    let other = drain(&harness(wild(2)).await, 30).await;

    assert_eq!(first, same);
    assert_ne!(first, other);
    let mut all = other;
    all.sort_by_key(|body| body.parse::<u32>().unwrap());
    all.dedup();
    assert_eq!(all, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
}
