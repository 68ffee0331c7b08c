//! The settings with which an org is served.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use salesforce_id::SalesforceId;
use sha2::{Digest, Sha256};

use crate::clock::OrgClock;

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

/// The settings with which an org is served.
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
    /// The life of a session without a call.
    pub session_lifetime: Duration,
    /// The daily allowance of API calls.
    pub daily_calls: u64,
    /// Where changes are kept over restarts; without, a restart begins with the folder again.
    pub state_dir: Option<PathBuf>,
}

impl OrgOptions {
    /// The defaults with a clock of the org's own, which only writes and the admin API move: for tests.
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
