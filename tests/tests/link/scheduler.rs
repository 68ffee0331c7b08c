//! A scheduler for concurrent actors: each request to DynamoDB waits until it is released, and one runs at a time, in
//! an order that a seed determines.
//!
//! So a seed gives one interleaving of the actors' requests, whatever the machine does, and the history shows the order
//! in which they were committed.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
};
use dealbridge_aws::keys::CALLS;
use dealbridge_salesforce::{Timeouts, http_client};
use futures::{StreamExt, stream::FuturesUnordered};
use rand::{rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
};

/// A released request.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The actor that sent it.
    pub(crate) actor: usize,
    /// The operation, such as `GetItem`.
    pub(crate) action: String,
    /// Its body.
    pub(crate) request: Value,
    /// `true` if DynamoDB carried it out.
    pub(crate) done: bool,
}

#[derive(Default)]
struct Inner {
    /// Requests waiting at the gates, each with its actor and the sender that releases it.
    waiting: Vec<(usize, oneshot::Sender<()>)>,
    history: Vec<Step>,
}

/// The scheduler. It lives as long as the test's runtime.
#[derive(Clone)]
pub(crate) struct Scheduler {
    inner: Arc<Mutex<Inner>>,
    arrived: Arc<Notify>,
    /// The DynamoDB endpoint of each actor.
    pub(crate) gates: Vec<String>,
    spoiling: Arc<Mutex<Option<Spoiling>>>,
}

/// A change of a request on its way.
pub(crate) type Spoiling = fn(&mut Value);

#[derive(Clone)]
struct Gate {
    actor: usize,
    database: String,
    http: reqwest::Client,
    inner: Arc<Mutex<Inner>>,
    arrived: Arc<Notify>,
    spoiling: Arc<Mutex<Option<Spoiling>>>,
}

/// The work of an actor.
pub(crate) type Act<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

impl Scheduler {
    /// A scheduler for that many actors in front of the database at that address.
    pub(crate) async fn build(database: &str, actors: usize) -> Self {
        let mut scheduler = Self {
            inner: Arc::default(),
            arrived: Arc::default(),
            gates: Vec::new(),
            spoiling: Arc::default(),
        };
        for actor in 0..actors {
            let gate = Gate {
                actor,
                database: database.to_owned(),
                http: http_client(Timeouts::default()).unwrap(),
                inner: Arc::clone(&scheduler.inner),
                arrived: Arc::clone(&scheduler.arrived),
                spoiling: Arc::clone(&scheduler.spoiling),
            };
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            scheduler
                .gates
                .push(format!("http://{}", listener.local_addr().unwrap()));
            let router = Router::new().fallback(pass).with_state(gate);
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        scheduler
    }

    fn inner<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes every further request on its way.
    pub(crate) fn spoil(&self, spoiling: Spoiling) {
        *self.spoiling.lock().unwrap_or_else(PoisonError::into_inner) = Some(spoiling);
    }

    /// The number of released requests.
    pub(crate) fn now(&self) -> usize {
        self.inner(|inner| inner.history.len())
    }

    /// Runs the actors to the end, one request at a time in the order of the seed. Returns their results and the
    /// history of all requests.
    pub(crate) async fn play<T>(
        &self,
        seed: &mut StdRng,
        acts: Vec<Act<'_, T>>,
    ) -> (Vec<T>, Vec<Step>) {
        self.inner(|inner| inner.history.clear());
        // Actors are slow or fast at random, so that the longer one does not always end last.
        let haste: Vec<u32> = acts
            .iter()
            .map(|_| *[1, 3, 9].choose(seed).unwrap())
            .collect();
        let mut thinking = vec![true; acts.len()];
        let mut results: Vec<Option<T>> = acts.iter().map(|_| None).collect();
        let mut playing: FuturesUnordered<_> = acts
            .into_iter()
            .enumerate()
            .map(|(actor, act)| async move { (actor, act.await) })
            .collect();
        while !playing.is_empty() {
            // A request is released only once every remaining actor waits at a gate.
            let at_gates = self.inner(|inner| {
                let mut at_gates: Vec<usize> =
                    inner.waiting.iter().map(|(actor, _)| *actor).collect();
                at_gates.sort_unstable();
                at_gates
            });
            for actor in &at_gates {
                thinking[*actor] = false;
            }
            let anybody_thinks =
                (0..thinking.len()).any(|actor| thinking[actor] && results[actor].is_none());
            if !anybody_thinks && !at_gates.is_empty() {
                let next = at_gates
                    .choose_weighted(seed, |actor| haste[*actor])
                    .unwrap();
                let (actor, permit) = self.inner(|inner| {
                    let place = inner.waiting.iter().position(|(actor, _)| actor == next);
                    inner.waiting.remove(place.unwrap())
                });
                thinking[actor] = true;
                permit.send(()).unwrap();
                continue;
            }
            tokio::select! {
                Some((actor, result)) = playing.next() => results[actor] = Some(result),
                () = self.arrived.notified() => {}
            }
        }
        let history = self.inner(|inner| std::mem::take(&mut inner.history));
        (results.into_iter().map(Option::unwrap).collect(), history)
    }
}

async fn pass(State(gate): State<Gate>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let action = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok()?.split('.').next_back())
        .unwrap_or_default()
        .to_owned();
    let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_step = !is_apart(&json);
    if is_step {
        let (permit, permitted) = oneshot::channel();
        gate.inner(|inner| inner.waiting.push((gate.actor, permit)));
        gate.arrived.notify_one();
        permitted.await.unwrap();
    }
    let spoiling = *gate.spoiling.lock().unwrap_or_else(PoisonError::into_inner);
    let body = match spoiling {
        Some(spoil) => {
            spoil(&mut json);
            Bytes::from(json.to_string())
        }
        None => body,
    };
    let mut call = gate.http.post(&gate.database).body(body);
    for (name, value) in &parts.headers {
        if name != header::HOST && name != header::CONTENT_LENGTH {
            call = call.header(name, value);
        }
    }
    let reply = call.send().await.unwrap();
    let (status, headers) = (reply.status(), reply.headers().clone());
    let answer: Bytes = reply.bytes().await.unwrap();
    if is_step {
        let step = Step {
            actor: gate.actor,
            action,
            request: json,
            done: status == StatusCode::OK,
        };
        gate.inner(|inner| inner.history.push(step));
    }
    let mut response = Response::new(Body::from(answer));
    *response.status_mut() = status;
    for name in [
        header::CONTENT_TYPE,
        header::HeaderName::from_static("x-amz-crc32"),
    ] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Returns `true` for a request that no act of another actor can change: a look at the caller's rights, or at the ledger
/// of Salesforce calls. As steps, they would only make the interleavings that matter rarer.
fn is_apart(request: &Value) -> bool {
    const PEOPLE: [&str; 4] = ["EMAIL#", "USER#", "GROUP#", "ORGANIZATION#"];
    let tables = request["RequestItems"].as_object();
    let keys = tables
        .into_iter()
        .flat_map(|tables| tables.values())
        .flat_map(|table| table["Keys"].as_array().into_iter().flatten())
        .chain(request.get("Key"))
        .map(|key| key["pk"]["S"].as_str().unwrap_or_default());
    let mut keys = keys.peekable();
    let asks_for_calls = request["ExpressionAttributeValues"][":pk"]["S"] == CALLS;
    asks_for_calls
        || (keys.peek().is_some()
            && keys.all(|pk| pk == CALLS || PEOPLE.iter().any(|people| pk.starts_with(people))))
}

impl Gate {
    fn inner<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
