//! The AWS JSON 1.0 protocol: which action, its parameters, its answer or its error.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::action::{Action, delete, moves, queues, send, tags, visibility};
use crate::broker::Broker;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::policy::{Asked, Policy, access_key};
use crate::state::State;

/// A full batch in which every byte is escaped as six, with room for attributes and names.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const TARGET: &str = "x-amz-target";
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// One door for every path: clients post to the root or to a queue's own address.
pub(crate) fn router(broker: Arc<Broker>, policy: Option<Policy>) -> Router {
    Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state((broker, policy))
}

async fn answer(
    Shared((broker, policy)): Shared<(Arc<Broker>, Option<Policy>)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = match action(&headers) {
        Ok(action) => {
            broker.count_request(action);
            let asked = Asked {
                access_key: access_key(&headers),
                action,
                body: &body,
            };
            match policy.as_ref().map_or(Ok(()), |policy| policy(&asked)) {
                Ok(()) => run(&broker, action, &body).await,
                Err(reason) => Err(QueueError::new(ErrorKind::AccessDenied, reason)),
            }
        }
        Err(error) => Err(error),
    };
    let mut response = match outcome {
        Ok(json) => (StatusCode::OK, [(CONTENT_TYPE, JSON)], json).into_response(),
        Err(error) => refusal(&error),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id().to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn request_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn action(headers: &HeaderMap) -> Result<Action, QueueError> {
    let target = headers
        .get(TARGET)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| {
            QueueError::new(
                ErrorKind::InvalidAction,
                "This server speaks the AWS JSON 1.0 protocol: it needs a POST with the header \
             X-Amz-Target, such as AmazonSQS.SendMessage.",
            )
        })?;
    target
        .strip_prefix("AmazonSQS.")
        .and_then(Action::from_name)
        .ok_or_else(|| {
            QueueError::new(
                ErrorKind::InvalidAction,
                format!("The action {target} is not valid for this endpoint."),
            )
        })
}

async fn run(broker: &Arc<Broker>, action: Action, body: &[u8]) -> Result<Vec<u8>, QueueError> {
    match action {
        Action::AddPermission | Action::RemovePermission => Err(QueueError::new(
            ErrorKind::UnsupportedOperation,
            format!("{} is not supported by this server.", action.name()),
        )),
        Action::CancelMessageMoveTask => call(broker, body, moves::cancel),
        Action::ChangeMessageVisibility => call(broker, body, visibility::one),
        Action::ChangeMessageVisibilityBatch => call(broker, body, visibility::batch),
        Action::CreateQueue => call(broker, body, queues::create),
        Action::DeleteMessage => call(broker, body, delete::one),
        Action::DeleteMessageBatch => call(broker, body, delete::batch),
        Action::DeleteQueue => call(broker, body, queues::delete),
        Action::GetQueueAttributes => call(broker, body, queues::attributes),
        Action::GetQueueUrl => call(broker, body, queues::url),
        Action::ListDeadLetterSourceQueues => call(broker, body, queues::dead_letter_sources),
        Action::ListMessageMoveTasks => call(broker, body, moves::list),
        Action::ListQueueTags => call(broker, body, tags::list),
        Action::ListQueues => call(broker, body, queues::list),
        Action::PurgeQueue => call(broker, body, queues::purge),
        Action::ReceiveMessage => encode(&broker.receive(decode(body)?).await?),
        Action::SendMessage => call(broker, body, send::one),
        Action::SendMessageBatch => call(broker, body, send::batch),
        Action::SetQueueAttributes => call(broker, body, queues::set_attributes),
        Action::StartMessageMoveTask => encode(&broker.start_move(decode(body)?)?),
        Action::TagQueue => call(broker, body, tags::tag),
        Action::UntagQueue => call(broker, body, tags::untag),
    }
}

/// Decodes the parameters, runs one action on the state, encodes what it gives.
fn call<R: DeserializeOwned, A: Serialize>(
    broker: &Broker,
    body: &[u8],
    action: impl FnOnce(&mut State, Moment, R) -> Result<A, QueueError>,
) -> Result<Vec<u8>, QueueError> {
    let request = decode(body)?;
    let answer = broker.with(|state, now| action(state, now, request))?;
    encode(&answer)
}

fn decode<R: DeserializeOwned>(body: &[u8]) -> Result<R, QueueError> {
    serde_json::from_slice(body).map_err(|error| {
        QueueError::new(
            ErrorKind::Serialization,
            format!("The request could not be read: {error}."),
        )
    })
}

fn encode<A: Serialize>(answer: &A) -> Result<Vec<u8>, QueueError> {
    serde_json::to_vec(answer).map_err(|error| {
        QueueError::new(
            ErrorKind::InternalFailure,
            format!("The answer could not be written: {error}."),
        )
    })
}

#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(rename = "__type")]
    shape: &'a str,
    message: &'a str,
}

fn refusal(error: &QueueError) -> Response {
    let body = Refusal {
        shape: error.shape(),
        message: error.message(),
    };
    let fault = match error.is_senders_fault() {
        true => "Sender",
        false => "Receiver",
    };
    let json = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = (error.status(), [(CONTENT_TYPE, JSON)], json).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("{};{fault}", error.code())) {
        response.headers_mut().insert(QUERY_ERROR, value);
    }
    response
}
