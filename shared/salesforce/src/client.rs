//! The client: each method of the port is one kind of call.

mod port;
mod rows;

use std::{fmt, sync::Arc, time::Duration};

use dealbridge_core::{
    SalesforceId,
    budget::{Calls, OrgAllowance, Purpose},
    salesforce::{Row, SalesforceError},
    schema::Schema,
};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    answer::Answer,
    api_usage::{ApiUsage, CallKind, Counters},
    call::{self, Call, Outcome},
    clock::Clock,
    connection::{ApiVersion, Connection},
    credentials::Credentials,
    fault::Fault,
    gate::CallGate,
    login::Login,
    retry::{Jitter, RetryPolicy},
    session::Session,
    soql::Statement,
    transport::Transport,
};

/// The longest that calls may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimes {
    /// Time for one request.
    pub attempt: Duration,
    /// Time for one call with its retries.
    pub total: Duration,
    /// Time for all calls together, from this moment on.
    pub all: Duration,
}

/// A client of one org. Clones are cheap and share the session and the counts.
#[derive(Clone)]
pub struct SalesforceClient {
    shared: Arc<Shared>,
    policy: RetryPolicy,
    until: Option<Instant>,
    jitter: Arc<Jitter>,
    /// The org that every session must belong to.
    held_to: Option<SalesforceId>,
    /// The purpose that calls are counted under.
    purpose: Purpose,
    /// The budget that calls are held to.
    gate: Option<CallGate>,
}

struct Shared {
    version: ApiVersion,
    login: Login,
    http: reqwest::Client,
    counters: Counters,
    schema: Schema,
    clock: Clock,
}

/// The org that a login leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The organization id, as Salesforce reports it.
    pub organization: SalesforceId,
    /// The URL at which the org's API answers.
    pub instance_url: String,
    /// The integration user, as far as the login names it.
    pub user: Option<SalesforceId>,
}

impl SalesforceClient {
    /// Builds a client without contacting Salesforce; the first call logs in.
    ///
    /// # Errors
    /// Returns [`SalesforceError::NotConfigured`] if the credentials cannot work: an empty one, an unusable key, or a
    /// grant that the login URL does not offer.
    pub fn new(
        connection: Connection,
        credentials: Credentials,
        http: reqwest::Client,
        clock: Clock,
    ) -> Result<Self, SalesforceError> {
        Ok(Self {
            shared: Arc::new(Shared {
                version: connection.api_version(),
                login: Login::new(connection, credentials, Arc::clone(&clock))?,
                clock,
                http,
                counters: Counters::default(),
                schema: Schema::default(),
            }),
            policy: RetryPolicy::default(),
            until: None,
            jitter: Arc::new(Jitter::of_this_process()),
            held_to: None,
            purpose: Purpose::Import,
            gate: None,
        })
    }

    /// The same client with another retry policy.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        Self { policy, ..self }
    }

    /// The same client with time limits: each call ends within its own, and all of them end before the caller gives up.
    #[must_use]
    pub fn within(&self, times: CallTimes) -> Self {
        Self {
            policy: RetryPolicy {
                attempt: times.attempt,
                total: times.total,
                ..self.policy
            },
            until: Some(Instant::now() + times.all),
            ..self.clone()
        }
    }

    /// The same client with pauses drawn from a seed, so that a run can be reproduced.
    #[must_use]
    pub fn with_jitter_seed(self, seed: u64) -> Self {
        Self {
            jitter: Arc::new(Jitter::seeded(seed)),
            ..self
        }
    }

    /// The same client, counting its calls under this purpose.
    #[must_use]
    pub fn for_purpose(&self, purpose: Purpose) -> Self {
        Self {
            purpose,
            ..self.clone()
        }
    }

    /// The same client, held to a budget: a call that it has no room for is not sent, and fails with
    /// [`SalesforceError::BudgetSpent`].
    #[must_use]
    pub fn within_budget(self, gate: Option<CallGate>) -> Self {
        Self { gate, ..self }
    }

    /// Takes the calls that were counted since they were last taken, by this client and its clones, if `is_due` says so
    /// of them and the time of the first. Whoever cannot keep them gives them back.
    #[must_use]
    pub fn take_calls(&self, is_due: impl FnOnce(&Calls, Timestamp) -> bool) -> Option<Calls> {
        self.shared.counters.take(is_due)
    }

    /// Returns the number of calls that nobody has taken, logins left out.
    #[must_use]
    pub fn untaken(&self) -> u64 {
        self.shared.counters.untaken()
    }

    /// Gives calls back that could not be kept.
    pub fn give_back(&self, calls: Calls) {
        self.shared.counters.give_back(calls, (self.shared.clock)());
    }

    /// Returns the org's own figure of its calls, as Salesforce last reported it.
    #[must_use]
    pub fn allowance(&self) -> Option<OrgAllowance> {
        self.shared.counters.allowance()
    }

    /// Returns the number of requests sent so far by this client and its clones.
    #[must_use]
    pub fn usage(&self) -> ApiUsage {
        self.shared.counters.snapshot()
    }

    /// Returns the instance URL of the connected org, such as `https://acme.my.salesforce.com`. Logs in if there is no
    /// session.
    ///
    /// # Errors
    /// Returns the errors of a login.
    pub async fn instance_url(&self) -> Result<String, SalesforceError> {
        let session = self
            .shared
            .login
            .session(&self.transport(), None, None)
            .await?;
        Ok(session.instance.to_string())
    }

    /// The org to which the credentials lead at this moment: a kept session is not asked, for it may outlive a change.
    ///
    /// Takes one more call if the login does not name the org.
    ///
    /// # Errors
    /// Returns the errors of a login.
    pub async fn connected_org(&self) -> Result<Connected, SalesforceError> {
        let session = self.shared.login.anew(&self.transport()).await?;
        self.org_of(&session).await
    }

    /// The org of the kept session; logs in if there is none.
    ///
    /// # Errors
    /// Returns the errors of a login.
    pub async fn known_org(&self) -> Result<Connected, SalesforceError> {
        let login = &self.shared.login;
        let session = login.session(&self.transport(), None, None).await?;
        self.org_of(&session).await
    }

    async fn org_of(&self, session: &Session) -> Result<Connected, SalesforceError> {
        Ok(Connected {
            organization: self
                .shared
                .login
                .organization(&self.transport(), session)
                .await?,
            instance_url: session.instance.to_string(),
            user: session.user,
        })
    }

    /// Returns the name of a user and the name that it logs in with, as far as it can be read: one call.
    ///
    /// # Errors
    /// Returns the faults of a query.
    pub async fn user(&self, id: SalesforceId) -> Result<Option<Row>, SalesforceError> {
        let path = Statement::user(id).path(self.shared.version)?;
        let page = self.page(CallKind::Query, &path, Some("User")).await?;
        Ok(page.rows.into_iter().next())
    }

    /// Returns the version of the API that is called.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        self.shared.version
    }

    /// Returns the address at which the client logs in.
    #[must_use]
    pub fn login_url(&self) -> String {
        self.shared.login.url()
    }

    fn transport(&self) -> Transport<'_> {
        Transport {
            http: &self.shared.http,
            counters: &self.shared.counters,
            policy: self.policy,
            until: self.until,
            jitter: &self.jitter,
            purpose: self.purpose,
            gate: self.gate.as_ref(),
            clock: &self.shared.clock,
        }
    }

    /// Makes a call whose value is in a successful response: `read` extracts it, or says why it cannot.
    pub(crate) async fn make<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&Answer) -> Result<T, String>,
    ) -> Outcome<T> {
        self.make_judged(call, |answer| {
            if answer.is_success() {
                read(answer).map_err(|detail| Fault::unreadable(answer, &detail))
            } else {
                Err(Fault::of_answer(answer, call.kind, call.object))
            }
        })
        .await
    }

    /// Makes a call in which a refusal may be the value: `judge` sees every complete response.
    pub(crate) async fn make_judged<T>(
        &self,
        call: &Call<'_>,
        judge: impl Fn(&Answer) -> Result<T, Fault>,
    ) -> Outcome<T> {
        call::make(
            &self.transport(),
            &self.shared.login,
            self.held_to,
            call,
            judge,
        )
        .await
    }

    /// A path below the configured API version.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/services/data/{}/{rest}", self.shared.version)
    }
}

impl fmt::Debug for SalesforceClient {
    /// Leaves out the session and the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SalesforceClient")
            .field("version", &self.shared.version)
            .field("policy", &self.policy)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}
