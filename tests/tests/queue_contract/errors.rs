//! Refused requests, each with its error code.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::QueueAttributeName;
use sqs_server::QueueOptions;

use crate::harness::{QueueHarness, is_outside};

#[tokio::test]
async fn requests_to_a_queue_that_is_not_there_say_so() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness
        .client
        .delete_queue()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let client = &harness.client;

    let send = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .send()
        .await;
    let receive = client.receive_message().queue_url(&url).send().await;
    let delete = client
        .delete_message()
        .queue_url(&url)
        .receipt_handle("x")
        .send()
        .await;
    let attributes = client.get_queue_attributes().queue_url(&url).send().await;
    let purge = client.purge_queue().queue_url(&url).send().await;
    let by_name = client
        .get_queue_url()
        .queue_name(harness.name("q"))
        .send()
        .await;

    assert!(
        send.unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    assert!(
        receive
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    assert!(
        delete
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    assert!(
        attributes
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    assert!(
        purge
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
    let by_name = by_name.unwrap_err().into_service_error();
    assert!(by_name.is_queue_does_not_exist());
    assert_eq!(
        by_name.code(),
        Some("AWS.SimpleQueueService.NonExistentQueue")
    );
}

#[tokio::test]
async fn a_handle_that_was_never_handed_out_is_refused() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let client = &harness.client;

    let delete = client
        .delete_message()
        .queue_url(&url)
        .receipt_handle("nonsense")
        .send()
        .await;
    let change = client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle("nonsense")
        .visibility_timeout(1)
        .send()
        .await;

    assert!(
        delete
            .unwrap_err()
            .into_service_error()
            .is_receipt_handle_is_invalid()
    );
    assert!(
        change
            .unwrap_err()
            .into_service_error()
            .is_receipt_handle_is_invalid()
    );
}

#[tokio::test]
async fn the_handle_of_another_queues_message_is_refused() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let (one, two) = (
        harness.queue("one", &[]).await,
        harness.queue("two", &[]).await,
    );
    harness.send(&one, "x").await;
    let message = harness.receive_one(&one, 0).await;
    let handle = message.receipt_handle.unwrap();

    let delete = harness
        .client
        .delete_message()
        .queue_url(&two)
        .receipt_handle(handle)
        .send()
        .await;

    assert!(
        delete
            .unwrap_err()
            .into_service_error()
            .is_receipt_handle_is_invalid()
    );
}

#[tokio::test]
async fn numbers_out_of_range_are_refused() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let receive = harness.client.receive_message().queue_url(&url);
    let send = harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("x");

    let codes = [
        receive
            .clone()
            .max_number_of_messages(11)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
        receive
            .clone()
            .max_number_of_messages(0)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
        receive
            .clone()
            .wait_time_seconds(21)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
        receive
            .visibility_timeout(43_201)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
        send.clone()
            .delay_seconds(901)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
        send.delay_seconds(-1)
            .send()
            .await
            .unwrap_err()
            .code()
            .map(str::to_owned),
    ];

    for code in codes {
        assert_eq!(code.as_deref(), Some("InvalidParameterValue"));
    }
}

#[tokio::test]
async fn bodies_that_cannot_travel_are_refused() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let send = harness.client.send_message().queue_url(&url);
    let long = "x".repeat(1_048_577);

    let control = send.clone().message_body("a\u{0}").send().await;
    let control = control.unwrap_err().into_service_error();
    let empty = send.clone().message_body("").send().await.unwrap_err();
    let long = send
        .message_body(long)
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert!(control.is_invalid_message_contents(), "{control:?}");
    assert_eq!(empty.code(), Some("MissingParameter"), "{empty:?}");
    assert_eq!(long.code(), Some("InvalidParameterValue"), "{long:?}");
}

#[tokio::test]
async fn a_queues_own_size_limit_holds() {
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::MaximumMessageSize, "1024")])
        .await;
    let send = harness.client.send_message().queue_url(&url);

    send.clone()
        .message_body("x".repeat(1024))
        .send()
        .await
        .unwrap();
    let long = send
        .message_body("x".repeat(1025))
        .send()
        .await
        .unwrap_err();

    assert_eq!(long.code(), Some("InvalidParameterValue"), "{long:?}");
}

#[tokio::test]
async fn settings_are_checked_by_name_and_by_value() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let get = harness.client.get_queue_attributes().queue_url(&url);
    let set = harness.client.set_queue_attributes().queue_url(&url);

    let unknown = get
        .attribute_names(QueueAttributeName::from("Colour"))
        .send()
        .await;
    let unknown = unknown.unwrap_err().into_service_error();
    let no_such = set
        .clone()
        .attributes(QueueAttributeName::from("Colour"), "red")
        .send()
        .await;
    let no_such = no_such.unwrap_err().into_service_error();
    let far = set
        .attributes(QueueAttributeName::VisibilityTimeout, "43201")
        .send()
        .await;
    let far = far.unwrap_err().into_service_error();

    assert!(unknown.is_invalid_attribute_name(), "{unknown:?}");
    assert!(no_such.is_invalid_attribute_name(), "{no_such:?}");
    assert!(far.is_invalid_attribute_value(), "{far:?}");
}

#[tokio::test]
async fn a_queue_can_be_made_again_alike_but_not_otherwise() {
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::VisibilityTimeout, "7")])
        .await;
    let create = harness.client.create_queue().queue_name(harness.name("q"));

    let alike = create
        .clone()
        .attributes(QueueAttributeName::VisibilityTimeout, "7");
    let alike = alike.send().await.unwrap();
    let otherwise = create
        .attributes(QueueAttributeName::VisibilityTimeout, "8")
        .send()
        .await;
    let otherwise = otherwise.unwrap_err().into_service_error();

    assert_eq!(alike.queue_url, Some(url));
    assert!(otherwise.is_queue_name_exists(), "{otherwise:?}");
    assert_eq!(otherwise.code(), Some("QueueAlreadyExists"));
}

#[tokio::test]
async fn names_that_are_not_names_are_refused() {
    let harness = QueueHarness::new().await;
    for name in ["", "with space", &"x".repeat(81)] {
        let refused = harness.client.create_queue().queue_name(name).send().await;

        assert_eq!(
            refused.unwrap_err().code(),
            Some("InvalidParameterValue"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn ordered_queues_are_refused_as_unsupported() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;

    let refused = harness
        .client
        .create_queue()
        .queue_name("orders.fifo")
        .attributes(QueueAttributeName::FifoQueue, "true")
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert!(refused.is_unsupported_operation(), "{refused:?}");
}

#[tokio::test]
async fn a_purge_empties_the_queue_and_rests_for_a_minute() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "one").await;
    harness.send(&url, "two").await;
    harness
        .client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let purge = harness.client.purge_queue().queue_url(&url);

    purge.clone().send().await.unwrap();
    let soon = purge.clone().send().await.unwrap_err().into_service_error();
    let counts = harness.counts(&url).await;
    harness.pass(60).await;
    purge.send().await.unwrap();

    assert!(soon.is_purge_queue_in_progress(), "{soon:?}");
    assert_eq!(counts, ["0", "0", "0"]);
}

#[tokio::test]
async fn no_more_than_the_limit_of_messages_is_in_flight() {
    if is_outside() {
        return;
    }
    let options = QueueOptions {
        in_flight_limit: 1,
        ..QueueOptions::default()
    };
    let harness = QueueHarness::embedded(options).await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "one").await;
    harness.send(&url, "two").await;
    let receive = harness
        .client
        .receive_message()
        .queue_url(&url)
        .visibility_timeout(1);

    receive.clone().send().await.unwrap();
    let refused = receive
        .clone()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    harness.pass(1).await;

    assert!(refused.is_over_limit(), "{refused:?}");
    assert_eq!(receive.send().await.unwrap().messages().len(), 1);
}

#[tokio::test]
async fn what_the_server_does_not_do_is_refused_by_name() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;

    let permission = harness
        .client
        .add_permission()
        .queue_url(&url)
        .label("x")
        .aws_account_ids("1")
        .actions("SendMessage")
        .send()
        .await
        .unwrap_err()
        .into_service_error();

    assert!(permission.is_unsupported_operation(), "{permission:?}");
}
