//! Serving an org on loopback, and the handle on it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use futures::{StreamExt, stream};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use salesforce_id::SalesforceId;
use sha2::{Digest, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    clock::OrgClock,
    engine::{Engine, Parts, SharedEngine, locked},
    faults::Disturbance,
    folder::OrgData,
    http::{
        call::Call,
        reply::{ApiError, Reply},
        routes,
    },
    journal::JournalError,
};

/// The largest request body.
const LARGEST_BODY: usize = 64 * 1_024 * 1_024;
/// How long connections may take to close.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);
/// The longest path and query that Salesforce takes.
const LONGEST_TARGET: usize = 16_384;
/// Bodies from this size on are compressed when the client asks for it.
const WORTH_COMPRESSING: usize = 1_024;

/// The one client that may log in with a secret, or whose assertions are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The consumer key.
    pub id: String,
    /// The consumer secret.
    pub secret: String,
}

impl ClientCredentials {
    /// The credentials an org has unless it is told others: the same at each start.
    #[must_use]
    pub fn of(organization: SalesforceId) -> Self {
        let digest = Sha256::digest(format!("simulated org {}", organization.as_str()));
        let secret: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Self {
            id: format!("3MVG9.{}.simulated", &organization.as_str()[..15]),
            secret,
        }
    }

    /// The refresh token that the API user gave this client.
    #[must_use]
    pub fn refresh_token(&self) -> String {
        let digest = Sha256::digest(format!("refresh token of {} {}", self.id, self.secret));
        let rest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("5Aep861{rest}")
    }
}

/// How an org is served.
#[derive(Clone)]
pub struct OrgOptions {
    /// Where; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who may log in; without, [`ClientCredentials::of`] the organization.
    pub client: Option<ClientCredentials>,
    /// The RSA public key or certificate (PEM) that checks the assertions of the JWT bearer grant; without, that grant is
    /// refused.
    pub jwt_public_key: Option<String>,
    /// By what the org goes; the real time unless said.
    pub clock: OrgClock,
    /// How long a session lives without a call.
    pub session_lifetime: Duration,
    /// The daily allowance of API calls.
    pub daily_calls: u64,
    /// Where changes are kept over restarts; without, a restart begins with the folder again.
    pub state_dir: Option<PathBuf>,
}

impl OrgOptions {
    /// The defaults with a clock of the org's own, which only writes and hooks move: for tests.
    #[must_use]
    pub fn with_own_clock() -> Self {
        Self {
            clock: OrgClock::stepping(),
            ..Self::default()
        }
    }
}

impl Default for OrgOptions {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            client: None,
            jwt_public_key: None,
            clock: OrgClock::default(),
            session_lifetime: Duration::from_secs(2 * 3_600),
            daily_calls: 100_000,
            state_dir: None,
        }
    }
}

impl fmt::Debug for OrgOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrgOptions")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Why an org cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not allowed.
    #[error("could not listen on {address} for the simulated Salesforce org; choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] JournalError),
    /// The public key is none.
    #[error(
        "the public key for JWT logins is neither an RSA public key nor a certificate in PEM form"
    )]
    Key {
        /// Why.
        #[source]
        source: jsonwebtoken::errors::Error,
    },
}

/// Serves orgs.
#[derive(Clone, Copy, Debug)]
pub struct OrgServer;

impl OrgServer {
    /// Serves an org until the handle is shut down or dropped.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(data: OrgData, options: OrgOptions) -> Result<OrgHandle, StartError> {
        let jwt_key = options
            .jwt_public_key
            .map(|pem| {
                DecodingKey::from_rsa_pem(pem.as_bytes())
                    .map_err(|source| StartError::Key { source })
            })
            .transpose()?;
        let client = options
            .client
            .unwrap_or_else(|| ClientCredentials::of(data.identity.organization_id));
        let parts = Parts {
            client: client.clone(),
            jwt_key,
            clock: options.clock,
            session_seconds: i64::try_from(options.session_lifetime.as_secs()).unwrap_or(i64::MAX),
            daily_calls: options.daily_calls,
            state_dir: options.state_dir,
        };
        let engine = Arc::new(Engine::new(data, parts)?);
        let listen = |source| StartError::Listen {
            address: options.address,
            source,
        };
        let listener = TcpListener::bind(options.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        engine.set_instance_url(format!("http://{address}"));
        let (stop, stopped) = watch::channel(());
        let served = Served {
            engine: Arc::clone(&engine),
            stopped,
        };
        let task = tokio::spawn(accept(listener, served));
        Ok(OrgHandle {
            engine,
            client,
            address,
            stop,
            task,
        })
    }
}

/// A running org. Dropping it stops the service.
#[derive(Debug)]
pub struct OrgHandle {
    engine: SharedEngine,
    client: ClientCredentials,
    address: SocketAddr,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl OrgHandle {
    /// The base of all its URLs.
    #[must_use]
    pub fn instance_url(&self) -> &str {
        self.engine.instance_url()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who may log in.
    #[must_use]
    pub fn client(&self) -> &ClientCredentials {
        &self.client
    }

    /// How often was called what since the start or the last reset of the counts: `token`, `query`, `queryAll`,
    /// `queryMore`, `retrieve`, `describe`, `read`, `write`, `composite`, `limits`, `other`, and `total`, which is all
    /// but `token`.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.engine.counters.snapshot()
    }

    /// Runs an administration hook, such as `edit` or `fail`, as a call on `/_org/<hook>` would.
    ///
    /// # Errors
    /// The sentence of a refused hook.
    pub fn hook(&self, hook: &str, body: &serde_json::Value) -> Result<serde_json::Value, String> {
        let target = format!("/_org/{hook}");
        let call = Call::new(
            Method::POST,
            &target,
            HeaderMap::new(),
            body.to_string().into_bytes(),
        );
        let reply = routes::answer(&self.engine, call);
        let answer = reply.to_json();
        if reply.is_success() {
            return Ok(answer);
        }
        Err(answer[0]["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The org's own time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.engine.now()).unwrap_or_default()
    }

    /// Stops the service and waits until every connection is closed, for some seconds at most: a client that sent half a
    /// request must not keep the org alive.
    pub async fn shutdown(self) {
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if tokio::time::timeout(LONGEST_FAREWELL, self.task)
            .await
            .is_err()
        {
            abort.abort();
        }
    }
}

#[derive(Clone)]
struct Served {
    engine: SharedEngine,
    stopped: watch::Receiver<()>,
}

/// Takes connections until the service is stopped, then waits for those that are open.
async fn accept(listener: TcpListener, served: Served) {
    let mut stopped = served.stopped.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(converse(stream, served.clone()));
            },
            Some(_) = connections.join_next() => {}
            // Both a word and a dropped handle end the service.
            _ = stopped.changed() => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Serves one connection.
async fn converse(stream: TcpStream, served: Served) {
    let mut stopped = served.stopped.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let served = served.clone();
        async move { Ok::<_, Infallible>(serve(served, request.map(Body::new)).await) }
    });
    // Salesforce writes `Content-Type`, and some clients look for just that.
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // A client that went away is no concern of the org's.
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn serve(served: Served, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return response(
            ApiError::new(413, "REQUEST_ENTITY_TOO_LARGE", "the body is too large").into(),
        );
    };
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    if target.len() > LONGEST_TARGET {
        let page = "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>";
        let reply = Reply {
            status: 414,
            headers: Vec::new(),
            body: page.into(),
        };
        return response(reply.with("content-type", "text/html;charset=iso-8859-1"));
    }
    let gzip = parts
        .headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let call = Call::new(parts.method, target, parts.headers, body.to_vec());
    let engine = &served.engine;
    let is_hook = call.path.first().is_some_and(|part| part == "_org");
    let disturbance = if is_hook {
        None
    } else {
        locked(&engine.faults).take(&call.target)
    };
    let finish = |reply| {
        let reply = common_headers(engine, reply);
        if gzip { compress(reply) } else { reply }
    };
    match disturbance {
        None => response(finish(routes::answer(engine, call))),
        Some(Disturbance::Answer(reply)) => {
            routes::count(engine, &call);
            response(finish(reply))
        }
        Some(Disturbance::Cut(reply)) => {
            // The call does its work; what its caller hears is another matter.
            let own = routes::answer(engine, call);
            cut(finish(reply.unwrap_or(own)))
        }
        Some(Disturbance::Hang) => {
            routes::count(engine, &call);
            let mut stopped = served.stopped;
            let _ = stopped.changed().await;
            response(Reply::empty(503))
        }
    }
}

/// An answer that promises its whole length and breaks off after half of it.
fn cut(reply: Reply) -> Response {
    let whole = reply.body.len();
    let half = Bytes::copy_from_slice(&reply.body[..whole / 2]);
    let broken = stream::once(async {
        // The half must be on its way before the connection breaks.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        Err(std::io::Error::other("cut as ordered"))
    });
    let body = stream::once(async move { Ok(half) }).chain(broken);
    let reply = reply.with("content-length", whole.to_string());
    let mut response = response(Reply {
        body: Vec::new(),
        ..reply
    });
    *response.body_mut() = Body::from_stream(body);
    response
}

fn common_headers(engine: &Engine, reply: Reply) -> Reply {
    let reply = reply
        .with("date", engine.date_header())
        .with("server", "sfdcedge")
        .with("vary", "Accept-Encoding");
    let has = |name: &str| reply.headers.iter().any(|(known, _)| *known == name);
    let (has_cache, has_type) = (has("cache-control"), has("content-type"));
    let reply = if has_cache {
        reply
    } else {
        reply.with(
            "cache-control",
            "no-cache,must-revalidate,max-age=0,no-store,private",
        )
    };
    if has_type || reply.body.is_empty() {
        reply
    } else {
        reply.with("content-type", "application/json;charset=UTF-8")
    }
}

fn compress(mut reply: Reply) -> Reply {
    if reply.body.len() < WORTH_COMPRESSING {
        return reply;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = std::io::Write::write_all(&mut encoder, &reply.body);
    match (written, encoder.finish()) {
        (Ok(()), Ok(body)) => {
            reply.body = body;
            reply.with("content-encoding", "gzip")
        }
        _ => reply,
    }
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
