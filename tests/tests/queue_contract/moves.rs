//! Message move tasks: dead letters return to their source queue, or go elsewhere.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, MessageSystemAttributeName};

use crate::world::{World, bodies, is_outside, system};

/// Sends a message and lets it go to the dead-letter queue.
async fn bury(world: &World, live: &str, body: &str) {
    world.send(live, body).await;
    world.receive_one(live, 0).await;
    assert!(world.receive(live, 0).await.is_empty());
}

/// Waits for the newest task of a source to end.
async fn ended(world: &World, arn: &str) -> ListMessageMoveTasksResultEntry {
    for _ in 0..1000 {
        let listed = world
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
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    bury(&world, &live, "poison").await;
    let died = world.receive_one(&dead, 0).await;
    let arn = world.arn(&dead).await;

    world
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let task = ended(&world, &arn).await;

    let back = world.receive_one(&live, 0).await;
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
    assert_eq!(world.counts(&dead).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn dead_letters_of_several_sources_each_go_back_to_their_own() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let (one, dead) = world.with_dead_letters("one", 1).await;
    let policy = world.redrive_policy(&dead, 1).await;
    let name = aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy;
    let two = world.queue("two", &[(name, &policy)]).await;
    bury(&world, &one, "of one").await;
    bury(&world, &two, "of two").await;
    let arn = world.arn(&dead).await;

    world
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    ended(&world, &arn).await;

    assert_eq!(bodies(&world.receive(&one, 0).await), ["of one"]);
    assert_eq!(bodies(&world.receive(&two, 0).await), ["of two"]);
}

#[tokio::test]
async fn dead_letters_may_go_elsewhere() {
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    let other = world.queue("other", &[]).await;
    bury(&world, &live, "poison").await;
    world.send(&dead, "sent here").await;
    let (arn, destination) = (world.arn(&dead).await, world.arn(&other).await);

    world
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .destination_arn(&destination)
        .send()
        .await
        .unwrap();
    let task = ended(&world, &arn).await;

    let mut moved = world.receive(&other, 30).await;
    moved.sort_by(|a, b| a.body.cmp(&b.body));
    assert_eq!(bodies(&moved), ["poison", "sent here"]);
    assert_eq!(task.destination_arn, Some(destination));
}

#[tokio::test]
async fn a_message_that_died_nowhere_cannot_go_back() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let (_, dead) = world.with_dead_letters("q", 1).await;
    world.send(&dead, "sent here").await;
    let arn = world.arn(&dead).await;

    world
        .client
        .start_message_move_task()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let task = ended(&world, &arn).await;

    assert_eq!(task.status.as_deref(), Some("FAILED"));
    assert_eq!(
        task.failure_reason.as_deref(),
        Some("CouldNotDetermineMessageSource")
    );
    assert_eq!(bodies(&world.receive(&dead, 0).await), ["sent here"]);
}

#[tokio::test]
async fn a_task_keeps_its_rate_and_can_be_cancelled_half_way() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    for body in ["a", "b", "c"] {
        bury(&world, &live, body).await;
    }
    let (name, arn) = (world.name("q"), world.arn(&dead).await);
    let start = world.client.start_message_move_task().source_arn(&arn);

    let slow = start
        .clone()
        .max_number_of_messages_per_second(1)
        .send()
        .await
        .unwrap();
    let second = start.send().await.unwrap_err().into_service_error();
    world.pass(1).await;
    world
        .inside()
        .server
        .wait_until(|counts| counts[&name].visible == 1)
        .await;
    let running = world
        .client
        .list_message_move_tasks()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    let handle = slow.task_handle.unwrap();
    let cancel = world.client.cancel_message_move_task().task_handle(&handle);
    let cancelled = cancel.clone().send().await.unwrap();
    let again = cancel.send().await.unwrap_err().into_service_error();
    world.pass(60).await;

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
        ended(&world, &arn).await.status.as_deref(),
        Some("CANCELLED")
    );
    assert_eq!(world.counts(&dead).await, ["2", "0", "0"]);
}

#[tokio::test]
async fn a_task_fails_when_its_destination_is_deleted() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    bury(&world, &live, "poison").await;
    let arn = world.arn(&dead).await;
    let start = world.client.start_message_move_task().source_arn(&arn);
    start
        .max_number_of_messages_per_second(1)
        .send()
        .await
        .unwrap();

    world
        .client
        .delete_queue()
        .queue_url(&live)
        .send()
        .await
        .unwrap();
    world.pass(1).await;
    let task = ended(&world, &arn).await;

    assert_eq!(task.status.as_deref(), Some("FAILED"));
    let reason = task.failure_reason.as_deref();
    assert_eq!(reason, Some("AWS.SimpleQueueService.NonExistentQueue"));
}

#[tokio::test]
async fn tasks_are_listed_newest_first() {
    if is_outside() {
        return;
    }
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    let arn = world.arn(&dead).await;
    for body in ["first", "second"] {
        bury(&world, &live, body).await;
        world
            .client
            .start_message_move_task()
            .source_arn(&arn)
            .send()
            .await
            .unwrap();
        ended(&world, &arn).await;
        world.pass(1).await;
        world.receive_one(&live, 600).await;
    }
    let list = world.client.list_message_move_tasks().source_arn(&arn);

    let one = list.clone().send().await.unwrap().results.unwrap();
    let all = list.max_results(10).send().await.unwrap().results.unwrap();

    assert_eq!(one, all[..1]);
    assert_eq!(all.len(), 2);
    assert!(all[0].started_timestamp > all[1].started_timestamp);
}

#[tokio::test]
async fn a_task_needs_queues_that_exist_and_a_source_that_is_a_dead_letter_queue() {
    let world = World::new().await;
    let (live, dead) = world.with_dead_letters("q", 1).await;
    let (live, dead) = (world.arn(&live).await, world.arn(&dead).await);
    let start = world.client.start_message_move_task();

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
    let cancel = world
        .client
        .cancel_message_move_task()
        .task_handle("nonsense");
    let no_task = cancel.send().await.unwrap_err().into_service_error();

    assert_eq!(no_dlq.code(), Some("InvalidParameterValue"), "{no_dlq:?}");
    assert!(no_source.is_resource_not_found_exception(), "{no_source:?}");
    assert!(nowhere.is_resource_not_found_exception(), "{nowhere:?}");
    assert_eq!(no_task.code(), Some("InvalidParameterValue"), "{no_task:?}");
}
