//! Serving an org on loopback.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::header,
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jsonwebtoken::DecodingKey;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{
    engine::{Engine, Parts, SharedEngine, locked},
    faults::Disturbance,
    folder::OrgData,
    handle::OrgHandle,
    http::{
        call::Call,
        reply::{ApiError, Reply},
        response::{common_headers, compress, cut, response},
        routes,
    },
    journal::JournalError,
    options::{ClientCredentials, OrgOptions},
};

/// The largest request body.
const MAX_BODY_BYTES: usize = 64 * 1_024 * 1_024;
/// The longest path and query that Salesforce takes.
const MAX_TARGET_BYTES: usize = 16_384;

/// The reason why an org cannot be served.
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
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return response(
            ApiError::new(413, "REQUEST_ENTITY_TOO_LARGE", "the body is too large").into(),
        );
    };
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    if target.len() > MAX_TARGET_BYTES {
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
    let is_admin = call.path.first().is_some_and(|part| part == "_org");
    let disturbance = if is_admin {
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
