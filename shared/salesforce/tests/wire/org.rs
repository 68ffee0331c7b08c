//! A server that answers as a test scripts it, and records the requests.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use dealbridge_core::{SalesforceId, salesforce::FieldPath};
use dealbridge_salesforce::{
    Clock, Connection, Credentials, RetryPolicy, SalesforceClient, Timeouts, http_client,
};
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

/// 2026-11-21T10:00:00Z.
pub(crate) const NOW_SECOND: i64 = 1_795_255_200;

pub(crate) const SECRET: &str = "s3cret&=+%";

/// As many attempts as in production, without pauses.
pub(crate) const AT_ONCE: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    attempt: Duration::from_secs(25),
    total: Duration::from_secs(30),
    first_pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
};

/// A recorded request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query string.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn is_login(&self) -> bool {
        self.path == "/services/oauth2/token"
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A scripted response.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Json(u16, Value),
    Html(u16),
    Empty(u16),
    /// A response with an additional header.
    With(&'static str, String, Box<Reply>),
    /// A body truncated in the middle, with the length of the truncated text.
    Short,
    /// The connection is closed within the body.
    Cut,
    /// The connection is closed before the response.
    Vanish,
    /// No response at all.
    Hang,
}

impl Reply {
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Json(status, json!([{ "message": message, "errorCode": code }]))
    }

    pub(crate) fn expired_session() -> Self {
        Self::error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub(crate) fn rows(rows: Value) -> Self {
        let count = rows.as_array().unwrap().len();
        Self::Json(
            200,
            json!({ "totalSize": count, "done": true, "records": rows }),
        )
    }

    /// A page that is not the last one.
    pub(crate) fn page(rows: Value, next: &str) -> Self {
        Self::Json(
            200,
            json!({ "totalSize": 9, "done": false, "nextRecordsUrl": next, "records": rows }),
        )
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        Self::With(name, value.into(), Box::new(self))
    }

    async fn into_response(self) -> Response {
        let answer = |status: u16, kind: &str, body: Body| {
            Response::builder()
                .status(StatusCode::from_u16(status).unwrap())
                .header(header::CONTENT_TYPE, kind)
                .body(body)
                .unwrap()
        };
        const JSON: &str = "application/json;charset=UTF-8";
        match self {
            Self::Json(status, body) => answer(status, JSON, body.to_string().into()),
            Self::Html(status) => answer(status, "text/html", "<html>Maintenance</html>".into()),
            Self::Empty(status) => Response::builder()
                .status(status)
                .body(Body::empty())
                .unwrap(),
            Self::With(name, value, reply) => {
                let mut response = Box::pin(reply.into_response()).await;
                response.headers_mut().insert(name, value.parse().unwrap());
                response
            }
            Self::Short => answer(200, JSON, r#"{"totalSize":1,"done":tr"#.into()),
            Self::Cut => {
                // A pause makes hyper send what it has, so that the head and half of the body arrive.
                let parts = cut_body().then(async |part| {
                    tokio::task::yield_now().await;
                    part
                });
                answer(200, JSON, Body::from_stream(parts))
            }
            Self::Vanish => answer(200, JSON, Body::from_stream(cut_body())),
            Self::Hang => std::future::pending().await,
        }
    }
}

fn cut_body() -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::iter([
        Ok(Bytes::from_static(br#"{"totalSize":1,"done":tr"#)),
        Err(std::io::Error::other("cut")),
    ])
}

/// The server. It ends with the test's runtime.
pub(crate) struct Org {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Org {
    /// Starts a server that answers every request by `answer`.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let router = axum::Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let asked = Asked {
                    method: parts.method.to_string(),
                    path: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                };
                let reply = answer(&asked);
                lock(&seen).push(asked);
                reply.into_response().await
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// Starts a server whose logins succeed and which answers other requests from the script, in order.
    pub(crate) async fn answering(script: impl IntoIterator<Item = Reply>) -> Self {
        let script = Mutex::new(script.into_iter().collect::<Vec<_>>().into_iter());
        let logins = Mutex::new(0);
        Self::start_with_own_address(move |asked, address| {
            if asked.is_login() {
                *lock(&logins) += 1;
                return token(&format!("http://{address}"), *lock(&logins));
            }
            lock(&script)
                .next()
                .unwrap_or_else(|| Reply::error(500, "UNKNOWN_EXCEPTION", "script is at its end"))
        })
        .await
    }

    /// As [`Self::start`], for responses that name the server itself.
    pub(crate) async fn start_with_own_address(
        answer: impl Fn(&Asked, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |asked| {
            let host = asked.header("host").unwrap().to_owned();
            answer(asked, &host)
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// Returns the requests so far, logins left out.
    pub(crate) fn calls(&self) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| !asked.is_login());
        asked
    }

    /// A client of this server that retries without pauses.
    pub(crate) fn client(&self) -> SalesforceClient {
        self.client_as(by_secret())
    }

    pub(crate) fn client_as(&self, credentials: Credentials) -> SalesforceClient {
        SalesforceClient::new(
            Connection::parse(&self.url()).unwrap(),
            credentials,
            http_client(Timeouts::default()).unwrap(),
            clock(),
        )
        .unwrap()
        .with_retry_policy(AT_ONCE)
        .with_jitter_seed(1)
    }
}

pub(crate) fn clock() -> Clock {
    Arc::new(|| Timestamp::from_second(NOW_SECOND).unwrap())
}

pub(crate) fn by_secret() -> Credentials {
    Credentials::ClientCredentials {
        client_id: "key".to_owned(),
        client_secret: SECRET.to_owned(),
    }
}

/// A token response; the token of the n-th login is `00Dtoken!n`.
pub(crate) fn token(instance_url: &str, number: usize) -> Reply {
    Reply::Json(
        200,
        json!({
            "access_token": format!("00Dtoken!{number}"),
            "scope": "api id",
            "instance_url": instance_url,
            "token_type": "Bearer",
        }),
    )
}

pub(crate) fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

/// Distinct Opportunity ids.
pub(crate) fn ids(count: usize) -> Vec<SalesforceId> {
    (0..count).map(|n| id(&format!("006dM{n:010}"))).collect()
}

pub(crate) fn field(path: &str) -> FieldPath {
    FieldPath::parse(path).unwrap()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
