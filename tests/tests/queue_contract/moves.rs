//! Message move tasks: dead letters return to their source queue, or go elsewhere.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, MessageSystemAttributeName};

use crate::harness::{QueueHarness, bodies, is_outside, system};

/// Sends a message and lets it go to the dead-letter queue.
async fn bury(harness: &QueueHarness, live: &str, body: &str) {
    harness.send(live, body).await;
    harness.receive_one(live, 0).await;
    assert!(harness.receive(live, 0).await.is_empty());
}

/// Waits for the newest task of a source to end.
async fn ended(harness: &QueueHarness, arn: &str) -> ListMessageMoveTasksResultEntry {
    for _ in 0..1000 {
        let listed = harness
            .client
            .list_message_move_tasks()
            .source_arn(arn)
            .send()
            .await
            .unwrap();
        let task = listed.results.unwrap_or_default().remove(0);
        if task.status.as_deref() != Some("RUNNING") {
            return task;
        }
        tokio::task::yield_now().await;
    }
    panic!("the task does not end");
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_died_as_messages_anew() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    bury(&harness, &live, "poison").await;
    let died = harness.receive_one(&dead, 0).await;
    let arn = harness.arn(&dead).await;

    harness
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let task = ended(&harness, &arn).await;

    let back = harness.receive_one(&live, 0).await;
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    assert_eq!(back.body, died.body);
    assert_ne!(back.message_id, died.message_id);
    assert_eq!(system(&back, count), Some("1"));
    assert_eq!(
        system(&back, MessageSystemAttributeName::DeadLetterQueueSourceArn),
        None
    );
    assert_eq!(task.status.as_deref(), Some("COMPLETED"));
    assert_eq!(task.approximate_number_of_messages_moved, 1);
    assert_eq!(task.approximate_number_of_messages_to_move, Some(1));
    assert_eq!(task.source_arn.as_deref(), Some(arn.as_str()));
    assert_eq!((task.destination_arn, task.task_handle), (None, None));
    assert_eq!(harness.counts(&dead).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn dead_letters_of_several_sources_each_go_back_to_their_own() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (one, dead) = harness.with_dead_letters("one", 1).await;
    let policy = harness.redrive_policy(&dead, 1).await;
    let name = aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy;
    let two = harness.queue("two", &[(name, &policy)]).await;
    bury(&harness, &one, "of one").await;
    bury(&harness, &two, "of two").await;
    let arn = harness.arn(&dead).await;

    harness
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    ended(&harness, &arn).await;

    assert_eq!(bodies(&harness.receive(&one, 0).await), ["of one"]);
    assert_eq!(bodies(&harness.receive(&two, 0).await), ["of two"]);
}

#[tokio::test]
async fn dead_letters_may_go_elsewhere() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    let other = harness.queue("other", &[]).await;
    bury(&harness, &live, "poison").await;
    harness.send(&dead, "sent here").await;
    let (arn, destination) = (harness.arn(&dead).await, harness.arn(&other).await);

    harness
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .destination_arn(&destination)
        .send()
        .await
        .unwrap();
    let task = ended(&harness, &arn).await;

    let mut moved = harness.receive(&other, 30).await;
    moved.sort_by(|a, b| a.body.cmp(&b.body));
    assert_eq!(bodies(&moved), ["poison", "sent here"]);
    assert_eq!(task.destination_arn, Some(destination));
}

#[tokio::test]
async fn a_message_that_died_nowhere_cannot_go_back() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (_, dead) = harness.with_dead_letters("q", 1).await;
    harness.send(&dead, "sent here").await;
    let arn = harness.arn(&dead).await;

    harness
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let task = ended(&harness, &arn).await;

    assert_eq!(task.status.as_deref(), Some("FAILED"));
    assert_eq!(
        task.failure_reason.as_deref(),
        Some("CouldNotDetermineMessageSource")
    );
    assert_eq!(bodies(&harness.receive(&dead, 0).await), ["sent here"]);
}

#[tokio::test]
async fn a_task_keeps_its_rate_and_can_be_cancelled_half_way() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    for body in ["a", "b", "c"] {
        bury(&harness, &live, body).await;
    }
    let (name, arn) = (harness.name("q"), harness.arn(&dead).await);
    let start = harness.client.start_message_move_task().source_arn(&arn);

    let slow = start
        .clone()
        .max_number_of_messages_per_second(1)
        .send()
        .await
        .unwrap();
    let second = start.send().await.unwrap_err().into_service_error();
    harness.pass(1).await;
    harness
        .inside()
        .server
        .wait_until(|counts| counts[&name].visible == 1)
        .await;
    let running = harness
        .client
        .list_message_move_tasks()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let handle = slow.task_handle.unwrap();
    let cancel = harness
        .client
        .cancel_message_move_task()
        .task_handle(&handle);
    let cancelled = cancel.clone().send().await.unwrap();
    let again = cancel.send().await.unwrap_err().into_service_error();
    harness.pass(60).await;

    assert_eq!(second.code(), Some("InvalidParameterValue"), "{second:?}");
    assert_eq!(running.results()[0].status.as_deref(), Some("RUNNING"));
    assert_eq!(running.results()[0].task_handle, Some(handle));
    assert_eq!(
        running.results()[0].max_number_of_messages_per_second,
        Some(1)
    );
    assert_eq!(cancelled.approximate_number_of_messages_moved, 1);
    assert!(again.is_resource_not_found_exception(), "{again:?}");
    assert_eq!(
        ended(&harness, &arn).await.status.as_deref(),
        Some("CANCELLED")
    );
    assert_eq!(harness.counts(&dead).await, ["2", "0", "0"]);
}

#[tokio::test]
async fn a_task_fails_when_its_destination_is_deleted() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    bury(&harness, &live, "poison").await;
    let arn = harness.arn(&dead).await;
    let start = harness.client.start_message_move_task().source_arn(&arn);
    start
        .max_number_of_messages_per_second(1)
        .send()
        .await
        .unwrap();

    harness
        .client
        .delete_queue()
        .queue_url(&live)
        .send()
        .await
        .unwrap();
    harness.pass(1).await;
    let task = ended(&harness, &arn).await;

    assert_eq!(task.status.as_deref(), Some("FAILED"));
    let reason = task.failure_reason.as_deref();
    assert_eq!(reason, Some("AWS.SimpleQueueService.NonExistentQueue"));
}

#[tokio::test]
async fn tasks_are_listed_newest_first() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    let arn = harness.arn(&dead).await;
    for body in ["first", "second"] {
        bury(&harness, &live, body).await;
        harness
            .client
            .start_message_move_task()
            .source_arn(&arn)
            .send()
            .await
            .unwrap();
        ended(&harness, &arn).await;
        harness.pass(1).await;
        harness.receive_one(&live, 600).await;
    }
    let list = harness.client.list_message_move_tasks().source_arn(&arn);

    let one = list.clone().send().await.unwrap().results.unwrap();
    let all = list.max_results(10).send().await.unwrap().results.unwrap();

    assert_eq!(one, all[..1]);
    assert_eq!(all.len(), 2);
    assert!(all[0].started_timestamp > all[1].started_timestamp);
}

#[tokio::test]
async fn a_task_needs_queues_that_exist_and_a_source_that_is_a_dead_letter_queue() {
    let harness = QueueHarness::new().await;
    let (live, dead) = harness.with_dead_letters("q", 1).await;
    let (live, dead) = (harness.arn(&live).await, harness.arn(&dead).await);
    let start = harness.client.start_message_move_task();

    let no_dlq = start
        .clone()
        .source_arn(&live)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let no_source = start
        .clone()
        .source_arn(format!("{dead}-none"))
        .send()
        .await;
    let no_source = no_source.unwrap_err().into_service_error();
    let nowhere = start
        .source_arn(&dead)
        .destination_arn(format!("{dead}-none"))
        .send()
        .await;
    let nowhere = nowhere.unwrap_err().into_service_error();
    let cancel = harness
        .client
        .cancel_message_move_task()
        .task_handle("nonsense");
    let no_task = cancel.send().await.unwrap_err().into_service_error();

    assert_eq!(no_dlq.code(), Some("InvalidParameterValue"), "{no_dlq:?}");
    assert!(no_source.is_resource_not_found_exception(), "{no_source:?}");
    assert!(nowhere.is_resource_not_found_exception(), "{nowhere:?}");
    assert_eq!(no_task.code(), Some("InvalidParameterValue"), "{no_task:?}");
}
