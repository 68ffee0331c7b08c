//! Lambda's Runtime API, as far as a function needs it: the next event, and its result.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use dealbridge_core::ports::Clock;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// The time that an invocation has, in seconds.
const SECONDS: i64 = 60;

#[derive(Default)]
struct Invocations {
    waiting: VecDeque<Value>,
    answers: Vec<Value>,
    expected: usize,
}

/// A running Runtime API. It lives as long as the test's runtime.
pub(super) struct RuntimeApi {
    address: String,
    invocations: Arc<Mutex<Invocations>>,
    changed: watch::Receiver<usize>,
}

type Shared = (Arc<Mutex<Invocations>>, Arc<watch::Sender<usize>>);

impl RuntimeApi {
    /// Serves these events, one after the other.
    pub(super) async fn serve(events: Vec<Value>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let invocations = Arc::new(Mutex::new(Invocations {
            expected: events.len(),
            waiting: events.into(),
            answers: Vec::new(),
        }));
        let (said, changed) = watch::channel(0);
        let shared: Shared = (Arc::clone(&invocations), Arc::new(said));
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address: address.to_string(),
            invocations,
            changed,
        }
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for an answer to each event; an error is `{"error": …}`.
    pub(super) async fn answers(&self) -> Vec<Value> {
        let mut changed = self.changed.clone();
        loop {
            {
                let invocations = lock(&self.invocations);
                if invocations.answers.len() >= invocations.expected {
                    return invocations.answers.clone();
                }
            }
            if changed.changed().await.is_err() {
                return Vec::new();
            }
        }
    }
}

fn lock(invocations: &Mutex<Invocations>) -> std::sync::MutexGuard<'_, Invocations> {
    invocations.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State((invocations, _)): State<Shared>) -> Response {
    let event = lock(&invocations).waiting.pop_front();
    let Some(event) = event else {
        // A function that is not needed waits.
        return std::future::pending().await;
    };
    let deadline = dealbridge_lambda::SystemClock.now().as_millisecond() + SECONDS * 1_000;
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:sample".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    (headers, Json(event)).into_response()
}

async fn answer(State(shared): State<Shared>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    keep(&shared, json_of(&body))
}

async fn failure(State(shared): State<Shared>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    keep(&shared, json!({ "error": json_of(&body) }))
}

/// Parses a runtime's request as JSON, whatever its content type.
fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn keep((invocations, said): &Shared, answer: Value) -> StatusCode {
    let mut invocations = lock(invocations);
    invocations.answers.push(answer);
    said.send_replace(invocations.answers.len());
    StatusCode::ACCEPTED
}
