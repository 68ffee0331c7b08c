//! The local product with its gateway on a free port.

use std::{path::PathBuf, sync::Arc};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use dealbridge_aws::{Endpoint, sdk_config};
use dealbridge_core::message::ImportRequest;
use dealbridge_local::{
    LocalProduct, Options, SalesforceTarget,
    server::{self, ApiServer},
};
use dealbridge_salesforce::{Timeouts, http_client};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// An administrator of the sample org.
pub(crate) const ADMIN: &str = "esme.rowan@alderpeak.example";
/// An internal user who is not an administrator.
pub(crate) const INTERNAL: &str = "felix.tarn@alderpeak.example";
/// A partner.
pub(crate) const PARTNER: &str = "rosa.lindqvist@fjordpartners.example";
/// A distributor.
pub(crate) const DISTRIBUTOR: &str = "dirk.vos@broadgate.example";

/// The running product.
pub(crate) struct Product {
    pub(crate) app: Arc<LocalProduct>,
    pub(crate) server: Arc<ApiServer>,
    pub(crate) address: String,
    http: reqwest::Client,
    serving: JoinHandle<()>,
}

/// A response of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// The body of a success.
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

/// A call to make.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Option<Value>,
}

/// Options for the sample org.
pub(crate) fn options(data: Option<PathBuf>) -> Options {
    Options {
        org: PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../infra/local/sample-org"
        )),
        data,
        salesforce: SalesforceTarget::Simulated {
            jwt_public_key: None,
        },
    }
}

impl Product {
    /// Starts on the sample org, of which nothing is imported at first.
    pub(crate) async fn start(data: Option<PathBuf>) -> Self {
        Self::over(LocalProduct::start(&options(data)).await.unwrap()).await
    }

    /// Starts on the sample org without workers on the queues.
    pub(crate) async fn standing_still() -> Self {
        Self::over(LocalProduct::prepare(&options(None)).await.unwrap()).await
    }

    /// Serves a local product.
    pub(crate) async fn over(app: LocalProduct) -> Self {
        let app = Arc::new(app);
        let listener = server::listen(0).await.unwrap();
        let server = Arc::new(ApiServer::new(Arc::clone(&app)).unwrap());
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&server);
        let serving = tokio::spawn(async move { served.serve(listener).await.unwrap() });
        Self {
            app,
            server,
            address,
            http: http_client(Timeouts::default()).unwrap(),
            serving,
        }
    }

    /// Starts in memory and imports the org once.
    pub(crate) async fn imported() -> Self {
        let product = Self::start(None).await;
        product.app.full_run().await.unwrap();
        product
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        let url = format!("{}{}", self.address, call.target);
        let mut request = self.http.request(call.method, url);
        if let Some(token) = call.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = call.body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// A call of the portal user with that address.
    pub(crate) async fn call(
        &self,
        user: &str,
        method: Method,
        target: &str,
        body: Option<Value>,
    ) -> Answer {
        let token = self.token(user).await;
        self.send(Call {
            method,
            target: target.to_owned(),
            token: Some(token),
            body,
        })
        .await
    }

    pub(crate) async fn get(&self, user: &str, target: &str) -> Answer {
        self.call(user, Method::GET, target, None).await
    }

    /// Calls the admin API of the org.
    pub(crate) async fn org(&self, name: &str, body: Value) {
        let url = format!("{}/_org/{name}", self.app.instance_url());
        let call = self.http.post(url).body(body.to_string());
        let answer = call.header("content-type", "application/json").send();
        assert!(answer.await.unwrap().status().is_success(), "{name} {body}");
    }

    async fn sqs(&self) -> aws_sdk_sqs::Client {
        let url = self.app.queues.endpoint_url();
        let sdk = sdk_config(&Endpoint::Local { url }).await;
        aws_sdk_sqs::Client::new(&sdk)
    }

    /// Puts an unreadable message into a queue's dead-letter queue.
    pub(crate) async fn dead_letter(&self, queue: &str) {
        self.put_message(&format!("{queue}-dlq"), "unreadable")
            .await;
    }

    /// Puts a message into a queue.
    pub(crate) async fn put_message(&self, queue: &str, body: &str) {
        let message = self.sqs().await.send_message();
        let url = self.app.queues.queue_url(queue);
        let sent = message.queue_url(url).message_body(body).send().await;
        sent.unwrap();
    }

    /// Puts import requests into their queue.
    pub(crate) async fn send_imports(&self, requests: &[ImportRequest]) {
        for request in requests {
            let body = serde_json::to_string(request).unwrap();
            self.put_message("imports", &body).await;
        }
    }

    /// Receives the one message of a queue.
    pub(crate) async fn receive(&self, queue: &str) -> Message {
        let receive = self.sqs().await.receive_message();
        let answer = receive
            .queue_url(self.app.queues.queue_url(queue))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send();
        answer.await.unwrap().messages.unwrap().pop().unwrap()
    }

    /// A call below `/local`.
    pub(crate) async fn local(&self, method: Method, target: &str, body: Option<Value>) -> Answer {
        self.send(Call {
            method,
            target: format!("/local/{target}"),
            token: None,
            body,
        })
        .await
    }

    /// Replaces the settings as an administrator, whatever they are.
    pub(crate) async fn put_settings(&self, settings: &Value) -> Answer {
        self.put_settings_by(ADMIN, settings).await
    }

    /// As [`Product::put_settings`], as that administrator.
    pub(crate) async fn put_settings_by(&self, admin: &str, settings: &Value) -> Answer {
        let token = self.token(admin).await;
        let request = self
            .http
            .put(format!("{}/settings", self.address))
            .header("authorization", format!("Bearer {token}"))
            .header("if-match", "*")
            .header("content-type", "application/json")
            .body(settings.to_string());
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// A token for a portal user; `more` are further query parameters.
    pub(crate) async fn token_with(&self, user: &str, more: &str) -> String {
        let target = format!("token?user={user}{more}");
        let answer = self.local(Method::GET, &target, None).await.ok();
        answer["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn token(&self, user: &str) -> String {
        self.token_with(user, "").await
    }

    /// Fires a schedule, waits for its messages, and returns the run's counts.
    pub(crate) async fn run(&self, schedule: &str) -> Value {
        let body = json!({ "schedule": schedule });
        self.local(Method::POST, "tick", Some(body)).await.ok();
        let settled = self.local(Method::POST, "settle", None).await.ok();
        settled["run"]["counts"].clone()
    }

    /// Stops everything, so that the data directory can be used again.
    pub(crate) async fn stop(self) {
        self.serving.abort();
        let _ = self.serving.await;
        self.app.shutdown().await;
    }
}
