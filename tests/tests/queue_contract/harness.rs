//! An SQS endpoint with a client, and the vocabulary of the tests.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use sqs_server::{ManualClock, QueueHandle, QueueOptions, QueueServer};

pub(crate) struct QueueHarness {
    pub(crate) client: Client,
    embedded: Option<Embedded>,
    name: String,
}

/// The server in this process, with its clock.
pub(crate) struct Embedded {
    pub(crate) server: QueueHandle,
    pub(crate) clock: ManualClock,
}

impl QueueHarness {
    /// The endpoint under test: that of the environment, or a server in this process.
    pub(crate) async fn new() -> Self {
        match outside_endpoint() {
            Some(endpoint) => Self::at(&endpoint, None),
            None => Self::embedded(QueueOptions::default()).await,
        }
    }

    /// A server in this process, whatever the environment says.
    pub(crate) async fn embedded(options: QueueOptions) -> Self {
        let clock = ManualClock::new(start_of_time());
        let options = QueueOptions {
            clock: Arc::new(clock.clone()),
            ..options
        };
        let server = QueueServer::start(options).await.unwrap();
        Self::at(
            &server.endpoint_url(),
            Some(Embedded {
                server: server.clone(),
                clock,
            }),
        )
    }

    fn at(endpoint: &str, embedded: Option<Embedded>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let run = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            client: client(endpoint),
            embedded,
            name: format!("contract-{}-{run}", std::process::id()),
        }
    }

    /// The server in this process, which the tests that call this have started.
    pub(crate) fn inside(&self) -> &Embedded {
        self.embedded.as_ref().unwrap()
    }

    /// Lets time pass: at once on the tests' clock, by waiting for an outside endpoint.
    pub(crate) async fn pass(&self, seconds: u64) {
        let time = Duration::from_secs(seconds);
        match &self.embedded {
            Some(embedded) => embedded.clock.advance(time),
            None => tokio::time::sleep(time + Duration::from_millis(200)).await,
        }
    }

    /// A queue name that no other test uses.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    pub(crate) async fn queue(
        &self,
        name: &str,
        attributes: &[(QueueAttributeName, &str)],
    ) -> String {
        let attributes: HashMap<_, _> = attributes
            .iter()
            .map(|(name, value)| (name.clone(), (*value).to_owned()))
            .collect();
        let made = self
            .client
            .create_queue()
            .queue_name(self.name(name))
            .set_attributes((!attributes.is_empty()).then_some(attributes))
            .send()
            .await
            .unwrap();
        made.queue_url.unwrap()
    }

    /// Creates a queue with a dead-letter queue and a maximum receive count.
    pub(crate) async fn with_dead_letters(&self, name: &str, most: u32) -> (String, String) {
        let dead = self.queue(&format!("{name}-dlq"), &[]).await;
        let policy = self.redrive_policy(&dead, most).await;
        let live = self
            .queue(name, &[(QueueAttributeName::RedrivePolicy, &policy)])
            .await;
        (live, dead)
    }

    pub(crate) async fn redrive_policy(&self, dead: &str, most: u32) -> String {
        let arn = self.attribute(dead, QueueAttributeName::QueueArn).await;
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{most}}}"#)
    }

    pub(crate) async fn arn(&self, url: &str) -> String {
        self.attribute(url, QueueAttributeName::QueueArn).await
    }

    pub(crate) async fn attribute(&self, url: &str, name: QueueAttributeName) -> String {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(name.clone())
            .send()
            .await
            .unwrap();
        answer
            .attributes
            .unwrap_or_default()
            .remove(&name)
            .unwrap_or_default()
    }

    /// The numbers of visible, in-flight and delayed messages.
    pub(crate) async fn counts(&self, url: &str) -> [String; 3] {
        [
            self.attribute(url, QueueAttributeName::ApproximateNumberOfMessages)
                .await,
            self.attribute(
                url,
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            )
            .await,
            self.attribute(url, QueueAttributeName::ApproximateNumberOfMessagesDelayed)
                .await,
        ]
    }

    pub(crate) async fn send(&self, url: &str, body: &str) -> String {
        let sent = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .unwrap();
        sent.message_id.unwrap()
    }

    /// Receives up to ten messages with all system attributes, hidden for so many seconds.
    pub(crate) async fn receive(&self, url: &str, hidden_seconds: i32) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(hidden_seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        received.messages.unwrap_or_default()
    }

    pub(crate) async fn receive_one(&self, url: &str, hidden_seconds: i32) -> Message {
        let mut messages = self.receive(url, hidden_seconds).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    pub(crate) async fn delete(&self, url: &str, message: &Message) {
        self.client
            .delete_message()
            .queue_url(url)
            .receipt_handle(handle(message))
            .send()
            .await
            .unwrap();
    }
}

pub(crate) fn handle(message: &Message) -> &str {
    message.receipt_handle.as_deref().unwrap()
}

pub(crate) fn bodies(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.body.as_deref().unwrap())
        .collect()
}

pub(crate) fn system(message: &Message, name: MessageSystemAttributeName) -> Option<&str> {
    message.attributes.as_ref()?.get(&name).map(String::as_str)
}

pub(crate) fn start_of_time() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// Returns `true` if the environment names an endpoint; tests that need the server's own options are then skipped.
pub(crate) fn is_outside() -> bool {
    outside_endpoint().is_some()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests read a setting"
)]
fn outside_endpoint() -> Option<String> {
    std::env::var("AWS_ENDPOINT_URL")
        .ok()
        .filter(|endpoint| !endpoint.is_empty())
}

pub(crate) fn client(endpoint: &str) -> Client {
    let credentials = Credentials::new("test", "test", None, None, "contract tests");
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}
