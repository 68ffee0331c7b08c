//! Attributes of messages and queues, digests, names, tags.

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, QueueAttributeName,
};

use crate::harness::{QueueHarness, is_outside, system};

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .unwrap()
}

async fn receive_with(harness: &QueueHarness, url: &str, filters: &[&str]) -> Message {
    let mut receive = harness
        .client
        .receive_message()
        .queue_url(url)
        .visibility_timeout(0);
    for filter in filters {
        receive = receive.message_attribute_names(*filter);
    }
    receive
        .send()
        .await
        .unwrap()
        .messages
        .unwrap_or_default()
        .remove(0)
}

fn names(message: &Message) -> Vec<&str> {
    let attributes = message.message_attributes.iter().flatten();
    let mut names: Vec<&str> = attributes.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn digests_let_both_sides_check_what_travelled() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;

    let sent = harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("msg")
        .message_attributes("Hello", text("There"))
        .message_attributes("General", text("Kenobi"))
        .message_attributes("Help.Me", text("Me"))
        .send()
        .await
        .unwrap();
    let all = receive_with(&harness, &url, &["All"]).await;
    let one = receive_with(&harness, &url, &["Hello", "Absent"]).await;

    let body = Some("6e2baaf3b97dbeef01c0043275f9a0e7");
    let attributes = Some("4c360f3fdafd970e05fae2f149d997f5");
    assert_eq!(sent.md5_of_message_body.as_deref(), body);
    assert_eq!(sent.md5_of_message_attributes.as_deref(), attributes);
    assert_eq!(all.md5_of_body.as_deref(), body);
    assert_eq!(all.md5_of_message_attributes.as_deref(), attributes);
    let of_hello = Some("a311262e065454b75da111d535b8dacd");
    assert_eq!(one.md5_of_message_attributes.as_deref(), of_hello);
    assert_eq!(names(&one), ["Hello"]);
}

#[tokio::test]
async fn attributes_come_when_asked_for_by_name_by_prefix_or_all() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("msg")
        .message_attributes("Hello", text("There"))
        .message_attributes("General", text("Kenobi"))
        .message_attributes("Help.Me", text("Me"))
        .send()
        .await
        .unwrap();

    for (filters, expected) in [
        (&[][..], &[][..]),
        (&["All"], &["General", "Hello", "Help.Me"]),
        (&[".*"], &["General", "Hello", "Help.Me"]),
        (&["Hel.*"], &["Hello", "Help.Me"]),
        (&["General", "Absent"], &["General"]),
        (&["Absent"], &[]),
    ] {
        let message = receive_with(&harness, &url, filters).await;

        assert_eq!(names(&message), expected, "{filters:?}");
    }
}

#[tokio::test]
async fn numbers_and_bytes_travel_unchanged() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let bytes = MessageAttributeValue::builder()
        .data_type("Binary.png")
        .binary_value(Blob::new([0, 1, 255]))
        .build()
        .unwrap();
    let number = MessageAttributeValue::builder()
        .data_type("Number.int")
        .string_value("-4e2")
        .build()
        .unwrap();

    harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("msg \u{1F980} \"quoted\"\n\ttabbed")
        .message_attributes("bytes", bytes.clone())
        .message_attributes("number", number.clone())
        .send()
        .await
        .unwrap();
    let message = receive_with(&harness, &url, &["All"]).await;

    let attributes = message.message_attributes.unwrap();
    assert_eq!(
        message.body.as_deref(),
        Some("msg \u{1F980} \"quoted\"\n\ttabbed")
    );
    assert_eq!(
        (&attributes["bytes"], &attributes["number"]),
        (&bytes, &number)
    );
}

#[tokio::test]
async fn malformed_attributes_are_refused() {
    let harness = QueueHarness::new().await;
    if is_outside() {
        return;
    }
    let url = harness.queue("q", &[]).await;
    let typed = |data_type: &str, value: &str| {
        let attribute = MessageAttributeValue::builder()
            .data_type(data_type)
            .string_value(value);
        attribute.build().unwrap()
    };
    let send = || {
        harness
            .client
            .send_message()
            .queue_url(&url)
            .message_body("x")
    };
    let mut many = send();
    for n in 0..11 {
        many = many.message_attributes(n.to_string(), text("v"));
    }

    for refused in [
        send().message_attributes("a", typed("Colour", "red")),
        send().message_attributes("a", typed("String", "")),
        send().message_attributes("a", typed("Number", "many")),
        send().message_attributes("AWS.a", text("v")),
        many,
    ] {
        let refused = refused.send().await.unwrap_err();

        assert_eq!(refused.code(), Some("InvalidParameterValue"), "{refused:?}");
    }
}

#[tokio::test]
async fn system_attributes_come_only_when_asked_for() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(header);
    harness
        .client
        .send_message()
        .queue_url(&url)
        .message_body("msg")
        .message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            trace.build().unwrap(),
        )
        .send()
        .await
        .unwrap();

    let receive = harness
        .client
        .receive_message()
        .queue_url(&url)
        .visibility_timeout(0);
    let none = receive.clone().send().await.unwrap();
    let one = receive
        .clone()
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
    let one = one.send().await.unwrap();
    let all = harness.receive_one(&url, 0).await;

    assert_eq!(
        none.messages()[0]
            .attributes
            .clone()
            .unwrap_or_default()
            .len(),
        0
    );
    assert_eq!(one.messages()[0].attributes.as_ref().unwrap().len(), 1);
    assert_eq!(
        system(&all, MessageSystemAttributeName::AwsTraceHeader),
        Some(header)
    );
}

#[tokio::test]
async fn a_queue_tells_its_settings_and_keeps_changes_to_them() {
    let harness = QueueHarness::new().await;
    let url = harness
        .queue("q", &[(QueueAttributeName::VisibilityTimeout, "7")])
        .await;
    let name = harness.name("q");

    harness
        .client
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::DelaySeconds, "3")
        .send()
        .await
        .unwrap();
    let all = harness
        .client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();

    assert_eq!(all[&QueueAttributeName::VisibilityTimeout], "7");
    assert_eq!(all[&QueueAttributeName::DelaySeconds], "3");
    assert_eq!(all[&QueueAttributeName::ReceiveMessageWaitTimeSeconds], "0");
    assert_eq!(all[&QueueAttributeName::MessageRetentionPeriod], "345600");
    assert!(all[&QueueAttributeName::QueueArn].ends_with(&format!(":{name}")));
    assert!(all.contains_key(&QueueAttributeName::CreatedTimestamp));
    assert!(all.contains_key(&QueueAttributeName::LastModifiedTimestamp));
    assert!(!all.contains_key(&QueueAttributeName::RedrivePolicy));
    if !is_outside() {
        assert_eq!(all[&QueueAttributeName::MaximumMessageSize], "1048576");
    }
}

#[tokio::test]
async fn a_queue_is_found_by_its_name() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;

    let found = harness
        .client
        .get_queue_url()
        .queue_name(harness.name("q"))
        .send()
        .await
        .unwrap();

    assert_eq!(found.queue_url, Some(url));
}

#[tokio::test]
async fn queues_are_listed_by_prefix_page_by_page() {
    let harness = QueueHarness::new().await;
    let (a, b) = (
        harness.queue("list-a", &[]).await,
        harness.queue("list-b", &[]).await,
    );
    harness.queue("other", &[]).await;
    let list = harness
        .client
        .list_queues()
        .queue_name_prefix(harness.name("list"));

    let all = list.clone().send().await.unwrap().queue_urls.unwrap();
    let first = list.clone().max_results(1).send().await.unwrap();
    let second = list
        .max_results(1)
        .set_next_token(first.next_token.clone())
        .send()
        .await
        .unwrap();

    assert_eq!(all, [a.clone(), b.clone()]);
    assert_eq!(
        (first.queue_urls, second.queue_urls),
        (Some(vec![a]), Some(vec![b]))
    );
    assert_eq!(second.next_token, None);
}

#[tokio::test]
async fn tags_are_kept_until_they_are_taken_off() {
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    let list = harness.client.list_queue_tags().queue_url(&url);

    let tag = harness
        .client
        .tag_queue()
        .queue_url(&url)
        .tags("team", "deals")
        .tags("stage", "x");
    tag.send().await.unwrap();
    harness
        .client
        .untag_queue()
        .queue_url(&url)
        .tag_keys("stage")
        .send()
        .await
        .unwrap();
    let tags = list.send().await.unwrap().tags.unwrap();

    assert_eq!(
        tags.into_iter().collect::<Vec<_>>(),
        [("team".to_owned(), "deals".to_owned())]
    );
}

#[tokio::test]
async fn a_deleted_queue_takes_its_messages_along() {
    if is_outside() {
        return;
    }
    let harness = QueueHarness::new().await;
    let url = harness.queue("q", &[]).await;
    harness.send(&url, "one").await;

    harness
        .client
        .delete_queue()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let again = harness.queue("q", &[]).await;

    assert_eq!(again, url);
    assert_eq!(harness.counts(&url).await, ["0", "0", "0"]);
}
