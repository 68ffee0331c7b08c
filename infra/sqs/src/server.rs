//! Starting and stopping the server, and looking inside it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::action::Action;
use crate::action::queues::{self, CreateQueue, SetQueueAttributes};
use crate::attributes::AttributeMap;
use crate::broker::Broker;
use crate::clock::{Clock, SystemClock};
use crate::disorder::Disorder;
use crate::error::{ErrorKind, QueueError};
use crate::http::router;
use crate::policy::Policy;
use crate::queue::{CountsByQueue, QueueCounts};
use crate::state::{Backing, Identity, State};
use crate::store::{Store, StoreError};

/// The number of messages in flight at which a standard queue refuses to hand out more.
const MAX_IN_FLIGHT_MESSAGES: usize = 120_000;

/// The options of a server. The default listens on a free loopback port and keeps all in memory.
#[derive(Clone)]
pub struct QueueOptions {
    /// Where to listen; it must be a loopback address. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Where to keep queues and messages over restarts; without it they end with the server.
    pub directory: Option<PathBuf>,
    /// The clock that visibility, delays, retention and waiting go by.
    pub clock: Arc<dyn Clock>,
    /// Departures from delivering once and in order.
    pub disorder: Option<Disorder>,
    /// Where message ids start, for runs that must repeat; random without it.
    pub seed: Option<u64>,
    /// The region in the queues' ARNs.
    pub region: String,
    /// The account in the queues' ARNs and addresses.
    pub account: String,
    /// The most messages of one queue that may be in flight.
    pub in_flight_limit: usize,
    /// Who may do what; everybody everything without it.
    pub policy: Option<Policy>,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            directory: None,
            clock: Arc::new(SystemClock),
            disorder: None,
            seed: None,
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            in_flight_limit: MAX_IN_FLIGHT_MESSAGES,
            policy: None,
        }
    }
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is reachable from elsewhere; the server asks nobody who they are.
    #[error("the queue server listens on loopback only, not on {address}")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The port is taken, or may not be used.
    #[error("could not listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The directory cannot be used.
    #[error("could not open the queues in {}", directory.display())]
    Directory {
        /// The directory asked for.
        directory: PathBuf,
        /// Its problem.
        #[source]
        source: StoreError,
    },
}

/// The server; see [`QueueServer::start`].
#[derive(Clone, Copy, Debug)]
pub struct QueueServer;

impl QueueServer {
    /// Starts serving on the current runtime. The server stops when the last handle is dropped.
    ///
    /// With a directory, it holds what was acknowledged before; messages that were in flight are
    /// visible again, and keep their receive counts.
    ///
    /// # Errors
    /// An address that is not loopback or is taken; a directory that cannot be used, or is in use.
    pub async fn start(options: QueueOptions) -> Result<QueueHandle, StartError> {
        let wanted = options.address;
        if !wanted.ip().is_loopback() {
            return Err(StartError::NotLoopback { address: wanted });
        }
        let listen = |source| StartError::Listen {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let identity = Identity {
            region: options.region.clone(),
            account: options.account.clone(),
            endpoint: format!("http://{address}"),
        };
        let state = open(identity.clone(), &options)?;
        let policy = options.policy.clone();
        let broker = Arc::new(Broker::new(state, options.clock));
        broker.resume_moves();

        let app = router(Arc::clone(&broker), policy);
        let stopped = {
            let broker = Arc::clone(&broker);
            async move { broker.stopped().await }
        };
        // Small answers leave at once instead of waiting for more to send.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("Could not turn off the delay of a connection: {error}");
            }
        });
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .await
            {
                tracing::error!("The queue server has ended: {error}");
            }
        });
        Ok(QueueHandle {
            running: Arc::new(Running {
                address,
                identity,
                broker,
                serving: Mutex::new(Some(serving)),
            }),
        })
    }
}

fn open(identity: Identity, options: &QueueOptions) -> Result<State, StartError> {
    let Some(directory) = &options.directory else {
        return Ok(configured(
            State::new(identity, Backing::Memory, options.seed),
            options,
        ));
    };
    let refuse = |source| StartError::Directory {
        directory: directory.clone(),
        source,
    };
    let store = Store::open(directory).map_err(refuse)?;
    let stored = store.load().map_err(refuse)?;
    let mut state = State::new(identity, Backing::File(Box::new(store)), options.seed);
    state.restore(stored, options.clock.now().into());
    Ok(configured(state, options))
}

fn configured(mut state: State, options: &QueueOptions) -> State {
    state.in_flight_limit = options.in_flight_limit;
    state.set_disorder(options.disorder);
    state
}

struct Running {
    address: SocketAddr,
    identity: Identity,
    broker: Arc<Broker>,
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.broker.stop();
        self.broker.with(|state, _| state.close());
    }
}

/// A running server. Clones share it.
#[derive(Clone)]
pub struct QueueHandle {
    running: Arc<Running>,
}

impl QueueHandle {
    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The endpoint for an SDK's `endpoint_url`.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        self.running.identity.endpoint.clone()
    }

    /// The address under which requests name a queue, whether or not it exists.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        self.running.identity.url(name)
    }

    /// The ARN of a queue, whether or not it exists.
    #[must_use]
    pub fn queue_arn(&self, name: &str) -> String {
        self.running.identity.arn(name)
    }

    /// Makes a queue with these attributes, or gives them to the queue that is there; gives its
    /// address. Safe to repeat. A dead-letter queue must be made before the queue that names it.
    ///
    /// # Errors
    /// Names and values that SQS would refuse.
    pub fn ensure_queue(
        &self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<String, QueueError> {
        let attributes: AttributeMap = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let request = CreateQueue {
            queue_name: Some(name.to_owned()),
            attributes: attributes.clone(),
            tags: AttributeMap::new(),
        };
        self.running.broker.with(|state, now| {
            match queues::create(state, now, request) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::QueueNameExists => {
                    let request = SetQueueAttributes {
                        queue_url: Some(self.queue_url(name)),
                        attributes: Some(attributes),
                    };
                    queues::set_attributes(state, now, request)?;
                }
                Err(error) => return Err(error),
            }
            Ok(self.queue_url(name))
        })
    }

    /// The messages that each queue holds at this moment.
    #[must_use]
    pub fn all_counts(&self) -> CountsByQueue {
        self.running.broker.with(|state, now| state.counts(now))
    }

    /// The messages that one queue holds at this moment; none if there is no such queue.
    #[must_use]
    pub fn counts(&self, name: &str) -> Option<QueueCounts> {
        self.all_counts().get(name).copied()
    }

    /// A version that changes with every change of any queue.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.running.broker.with(|state, _| state.subscribe())
    }

    /// Waits until the counts of all queues satisfy `satisfied`; gives those counts.
    ///
    /// It looks again at each change, and when the passing of time makes a message visible or old.
    /// A server that stops ends the wait with the counts as they are then.
    pub async fn wait_until(
        &self,
        mut satisfied: impl FnMut(&CountsByQueue) -> bool,
    ) -> CountsByQueue {
        let broker = &self.running.broker;
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let counts = self.all_counts();
            if satisfied(&counts) {
                return counts;
            }
            let next = broker.with(|state, now| state.next_event(now));
            let time = async {
                match next {
                    Some(at) => broker.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = time => {}
                () = broker.stopped() => return counts,
            }
        }
    }

    /// Waits until none of these queues holds a message in any state, or the server stops.
    pub async fn drained(&self, names: &[&str]) {
        self.wait_until(|counts| {
            let total = |name: &&str| counts.get(*name).map_or(0, |counts| counts.total());
            names.iter().all(|name| total(name) == 0)
        })
        .await;
    }

    /// The requests of each action that have come in over the wire, refused ones included.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<Action, u64> {
        self.running.broker.requests()
    }

    /// The receives that wait for a message at this moment.
    #[must_use]
    pub fn waiting_receives(&self) -> usize {
        self.running.broker.waiting()
    }

    /// Sets or ends departures from delivering once and in order.
    pub fn set_disorder(&self, disorder: Option<Disorder>) {
        self.running
            .broker
            .with(|state, _| state.set_disorder(disorder));
    }

    /// Stops: waiting receivers get an empty answer, and the directory is free for another server
    /// when this returns. Safe to repeat.
    pub async fn shutdown(&self) {
        self.running.broker.stop();
        let serving = self
            .running
            .serving
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(serving) = serving
            && let Err(error) = serving.await
        {
            tracing::error!("The queue server did not end well: {error}");
        }
        self.running.broker.with(|state, _| state.close());
    }
}
