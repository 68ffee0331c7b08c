//! A proxy between an SDK and its server that injects faults on request.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};
use dealbridge_local::roles::{self, Roles};
use dealbridge_salesforce::{Timeouts, http_client};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sqs_server::access_key;
use tokio::{net::TcpListener, sync::Notify};

/// The fate of one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It passes.
    None,
    /// It does not reach the server; this is the response.
    Answer(u16, Value),
    /// If its body matches, it does not reach the server, and this is the response; otherwise it passes.
    AnswerIf(fn(&Value) -> bool, u16, Value),
    /// The server carries it out, but this is the response.
    AnswerAfter(u16, Value),
    /// The server carries it out, and half of the response arrives.
    Cut,
    /// It does not reach the server, and the connection is closed.
    Drop,
    /// The server carries it out, and the connection is closed.
    DropAfter,
    /// It does not reach the server, and no response ever comes: the caller's process is taken for dead.
    Stop,
    /// The server carries it out, and no response ever comes.
    StopAfter,
    /// It reaches the server twice, one after the other; the second response counts.
    Twice,
    /// The request or the response is changed on its way.
    Edit(fn(&mut Value), fn(&mut Value)),
}

#[derive(Default)]
struct Orders {
    action: String,
    faults: VecDeque<Fault>,
    seen: Vec<(String, Value)>,
}

impl Orders {
    /// Takes the fault that applies to a request.
    fn take(&mut self, action: &str, body: &[u8]) -> Fault {
        if self.action != action && !self.action.is_empty() {
            return Fault::None;
        }
        let json = serde_json::from_slice(body).unwrap_or_default();
        self.seen.push((action.to_owned(), json));
        self.faults.pop_front().unwrap_or(Fault::None)
    }
}

/// A running proxy. It lives as long as the test's runtime.
#[derive(Clone)]
pub struct Proxy {
    url: String,
    orders: Arc<Mutex<Orders>>,
    stopped: Arc<Notify>,
}

#[derive(Clone)]
struct Between {
    target: String,
    http: reqwest::Client,
    roles: Roles,
    orders: Arc<Mutex<Orders>>,
    stopped: Arc<Notify>,
}

impl Proxy {
    /// Starts a proxy in front of the server at that address. It only lets requests pass that the caller's role grants.
    pub async fn start(target: &str, roles: Roles) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let orders: Arc<Mutex<Orders>> = Arc::default();
        let stopped: Arc<Notify> = Arc::default();
        let between = Between {
            target: target.to_owned(),
            http: http_client(Timeouts::default()).unwrap(),
            roles,
            orders: Arc::clone(&orders),
            stopped: Arc::clone(&stopped),
        };
        let router = Router::new().fallback(pass).with_state(between);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            orders,
            stopped,
        }
    }

    /// The URL of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    fn orders<T>(&self, act: impl FnOnce(&mut Orders) -> T) -> T {
        act(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Injects faults into the next requests of one action, or of any action if it is empty, one after the other.
    /// Further requests pass.
    pub fn order(&self, action: &str, faults: impl IntoIterator<Item = Fault>) {
        self.orders(|orders| {
            orders.action = action.to_owned();
            orders.faults = faults.into_iter().collect();
            orders.seen.clear();
        });
    }

    /// Injects one fault into the request that comes after that many others.
    pub fn order_at(&self, action: &str, others: usize, fault: Fault) {
        let others = std::iter::repeat_n(Fault::None, others);
        self.order(action, others.chain([fault]));
    }

    /// Waits until a request was stopped.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// The bodies of the requests of that action since faults were last ordered.
    #[must_use]
    pub fn seen(&self, action: &str) -> Vec<Value> {
        self.orders(|orders| {
            let seen = orders.seen.iter();
            seen.filter(|(name, _)| name == action)
                .map(|(_, body)| body.clone())
                .collect()
        })
    }

    /// The number of ordered faults that have not occurred.
    #[must_use]
    pub fn left(&self) -> usize {
        self.orders(|orders| orders.faults.len())
    }
}

async fn pass(State(between): State<Between>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let needs = roles::needs(target, &body);
    if let Err(denied) = between.roles.check(access_key(&parts.headers), &needs) {
        let kind = "com.amazon.coral.service#AccessDeniedException";
        return json_answer(
            400,
            &json!({ "__type": kind, "Message": denied.to_string() }),
        );
    }
    let action = target.split('.').next_back().unwrap_or_default().to_owned();
    let fault = {
        let orders = between.orders.lock();
        orders
            .unwrap_or_else(PoisonError::into_inner)
            .take(&action, &body)
    };
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let ask = async |body: Bytes| between.ask(path, &parts.headers, body).await;
    match fault {
        Fault::None => answer(ask(body).await),
        Fault::Answer(status, json) => json_answer(status, &json),
        Fault::AnswerIf(is_such, status, json) => {
            if is_such(&serde_json::from_slice(&body).unwrap_or_default()) {
                json_answer(status, &json)
            } else {
                answer(ask(body).await)
            }
        }
        Fault::AnswerAfter(status, json) => {
            ask(body).await;
            json_answer(status, &json)
        }
        Fault::Cut => {
            let (status, headers, bytes) = ask(body).await;
            let whole = bytes.len();
            let half = stream::once(async move { Ok(bytes.slice(..whole / 2)) });
            broken(status, &headers, whole, half.boxed())
        }
        Fault::Drop => broken(
            StatusCode::OK,
            &HeaderMap::new(),
            100,
            stream::empty().boxed(),
        ),
        Fault::DropAfter => {
            let (status, headers, bytes) = ask(body).await;
            broken(status, &headers, bytes.len(), stream::empty().boxed())
        }
        Fault::Stop => between.stop().await,
        Fault::StopAfter => {
            ask(body).await;
            between.stop().await
        }
        Fault::Twice => {
            ask(body.clone()).await;
            answer(ask(body).await)
        }
        Fault::Edit(request, reply) => {
            let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
            request(&mut json);
            let (status, _, bytes) = ask(json.to_string().into()).await;
            let mut json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            reply(&mut json);
            json_answer(status.as_u16(), &json)
        }
    }
}

impl Between {
    async fn stop(&self) -> Response {
        self.stopped.notify_one();
        std::future::pending().await
    }

    async fn ask(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let mut call = self.http.post(format!("{}{path}", self.target)).body(body);
        for (name, value) in headers {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                call = call.header(name, value);
            }
        }
        let reply = call.send().await.unwrap();
        let (status, headers) = (reply.status(), reply.headers().clone());
        (status, headers, reply.bytes().await.unwrap_or_default())
    }
}

/// Headers that describe the original body, not the one that is passed on.
const OF_THE_BODY: [HeaderName; 3] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONTENT_ENCODING,
];

fn answer((status, headers, body): (StatusCode, HeaderMap, Bytes)) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in &headers {
        if !OF_THE_BODY.contains(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn json_answer(status: u16, json: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let headers = HeaderMap::from_iter([(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-amz-json-1.0"),
    )]);
    answer((status, headers, json.to_string().into()))
}

/// A response that announces more than it holds and then breaks off.
fn broken(
    status: StatusCode,
    headers: &HeaderMap,
    length: usize,
    start: stream::BoxStream<'static, Result<Bytes, std::io::Error>>,
) -> Response {
    let end = stream::once(async {
        // Whatever was sent must be on its way before the connection is closed.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(std::io::Error::other("cut as ordered"))
    });
    let mut response = answer((status, headers.clone(), Bytes::new()));
    let headers = response.headers_mut();
    headers.remove("x-amz-crc32");
    headers.insert(header::CONTENT_LENGTH, length.max(1).into());
    *response.body_mut() = Body::from_stream(start.chain(end));
    response
}
