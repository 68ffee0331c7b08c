//! The handle on an org that is served.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::http::{HeaderMap, Method};
use jiff::Timestamp;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    engine::SharedEngine,
    http::{call::Call, routes},
    options::ClientCredentials,
};

/// The longest that connections may take to close.
const MAX_FAREWELL: Duration = Duration::from_secs(5);

/// A running org. Dropping it stops the service.
#[derive(Debug)]
pub struct OrgHandle {
    pub(crate) engine: SharedEngine,
    pub(crate) client: ClientCredentials,
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<()>,
    pub(crate) task: JoinHandle<()>,
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

    /// The counts of calls since the start or the last reset of the counts: `token`, `query`, `queryAll`,
    /// `queryMore`, `retrieve`, `describe`, `read`, `write`, `composite`, `limits`, `other`, and `total`, which is all
    /// but `token`.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.engine.counters.snapshot()
    }

    /// Calls the admin API, such as `edit` or `fail`, as a request to `/_org/<name>` would.
    ///
    /// # Errors
    /// The sentence of a refused call.
    pub fn admin(&self, name: &str, body: &serde_json::Value) -> Result<serde_json::Value, String> {
        let target = format!("/_org/{name}");
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
        if tokio::time::timeout(MAX_FAREWELL, self.task).await.is_err() {
            abort.abort();
        }
    }
}
