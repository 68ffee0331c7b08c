//! The session: opened when needed, by one caller for all.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dealbridge_core::{SalesforceId, salesforce::SalesforceError};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use crate::{
    api_usage::CallKind, clock::Clock, connection::Connection, credentials::Credentials,
    fault::Fault, identity, jwt::AssertionSigner, retry::Attempts, session::Session,
    transport::Transport,
};

const TOKEN_PATH: &str = "/services/oauth2/token";

/// Logs in and keeps the session.
pub(crate) struct Login {
    connection: Connection,
    grant: Grant,
    clock: Clock,
    kept: Mutex<Kept>,
    /// The number of logins that have ended, well or not.
    ended: AtomicU64,
}

enum Grant {
    Secret {
        client_id: String,
        client_secret: String,
    },
    Key {
        client_id: String,
        username: String,
        audience: String,
        signer: AssertionSigner,
    },
}

#[derive(Default)]
struct Kept {
    session: Option<Arc<Session>>,
    failure: Option<SalesforceError>,
}

/// Without Debug, since it holds the token.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    instance_url: String,
    /// The identity URL, `https://login.salesforce.com/id/<org>/<user>`.
    #[serde(default)]
    id: Option<String>,
}

impl Login {
    /// Checks the credentials as far as that is possible offline.
    pub(crate) fn new(
        connection: Connection,
        credentials: Credentials,
        clock: Clock,
    ) -> Result<Self, SalesforceError> {
        let not_configured = |detail: &str| {
            Err(SalesforceError::NotConfigured {
                detail: detail.to_owned(),
            })
        };
        let grant = match credentials {
            Credentials::ClientCredentials { .. } if connection.is_shared_login() => {
                return not_configured(
                    "the client-credentials login works on the org's own My Domain only: set the address to https://<your domain>.my.salesforce.com",
                );
            }
            Credentials::ClientCredentials {
                client_id,
                client_secret,
            } => {
                if client_id.is_empty() || client_secret.is_empty() {
                    return not_configured("the consumer key or the consumer secret is empty");
                }
                Grant::Secret {
                    client_id,
                    client_secret,
                }
            }
            Credentials::JwtBearer {
                client_id,
                username,
                private_key_pem,
                audience,
            } => {
                if client_id.is_empty() || username.is_empty() {
                    return not_configured("the consumer key or the user name is empty");
                }
                Grant::Key {
                    client_id,
                    username,
                    audience: audience.unwrap_or_else(|| connection.audience().to_owned()),
                    signer: AssertionSigner::from_pem(&private_key_pem)?,
                }
            }
        };
        Ok(Self {
            connection,
            grant,
            clock,
            kept: Mutex::default(),
            ended: AtomicU64::new(0),
        })
    }

    /// The address at which it logs in.
    pub(crate) fn url(&self) -> String {
        self.connection.login_url()
    }

    /// Returns the kept session, unless it is the one that was just refused; otherwise logs in. With `held_to`, the
    /// session must be of that org.
    ///
    /// # Errors
    /// Returns the errors of a login, and [`SalesforceError::OrgChanged`] if it leads to another org.
    pub(crate) async fn session(
        &self,
        transport: &Transport<'_>,
        refused: Option<u64>,
        held_to: Option<SalesforceId>,
    ) -> Result<Arc<Session>, SalesforceError> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut session = self.any_session(transport, refused).await?;
        let Some(org) = held_to else {
            return Ok(session);
        };
        let mut connected = self.organization(transport, &session).await?;
        if connected != org && session.number <= ended_before {
            // The kept session may be older than a correction: only a login of this very call may report the fault.
            session = self.any_session(transport, Some(session.number)).await?;
            connected = self.organization(transport, &session).await?;
        }
        if connected != org {
            return Err(SalesforceError::OrgChanged {
                settings: org,
                connected,
            });
        }
        Ok(session)
    }

    /// Returns the session of a login that begins after the call.
    pub(crate) async fn anew(
        &self,
        transport: &Transport<'_>,
    ) -> Result<Arc<Session>, SalesforceError> {
        let kept = self
            .kept
            .lock()
            .await
            .session
            .as_ref()
            .map(|kept| kept.number);
        self.any_session(transport, kept).await
    }

    /// The org of a session, as the login named it, or from the Organization object.
    pub(crate) async fn organization(
        &self,
        transport: &Transport<'_>,
        session: &Session,
    ) -> Result<SalesforceId, SalesforceError> {
        let ask = || identity::ask(transport, session, self.connection.api_version());
        session.organization.get_or_try_init(ask).await.copied()
    }

    /// Returns the kept session, or logs in. Callers that ask during a login share its session or its failure: a
    /// refused password is not tried fifty times.
    async fn any_session(
        &self,
        transport: &Transport<'_>,
        refused: Option<u64>,
    ) -> Result<Arc<Session>, SalesforceError> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut kept = self.kept.lock().await;
        if let Some(session) = &kept.session
            && refused != Some(session.number)
        {
            return Ok(Arc::clone(session));
        }
        let ended = self.ended.load(Ordering::Acquire);
        if ended != ended_before
            && let Some(failure) = &kept.failure
        {
            return Err(failure.clone());
        }
        let outcome = self.log_in(transport, ended + 1).await;
        self.ended.store(ended + 1, Ordering::Release);
        match outcome {
            Ok(session) => {
                let session = Arc::new(session);
                *kept = Kept {
                    session: Some(Arc::clone(&session)),
                    failure: None,
                };
                Ok(session)
            }
            Err(error) => {
                *kept = Kept {
                    session: None,
                    failure: Some(error.clone()),
                };
                Err(error)
            }
        }
    }

    async fn log_in(
        &self,
        transport: &Transport<'_>,
        number: u64,
    ) -> Result<Session, SalesforceError> {
        let mut attempts = Attempts::new(transport.policy, transport.until, transport.jitter);
        let url = format!("{}{TOKEN_PATH}", self.connection.login_url());
        loop {
            let request = transport
                .http
                .post(&url)
                .header(ACCEPT, "application/json")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(self.form()?);
            let fault = match transport
                .send(CallKind::Token, request, attempts.request_deadline())
                .await
            {
                Err(error) => Fault::from(error),
                Ok(answer) if answer.is_success() => match answer.json::<TokenAnswer>() {
                    Ok(token) => return self.accept(token, number),
                    Err(detail) => Fault::unreadable(&answer, &detail),
                },
                Ok(answer) => Fault::of_login(&answer),
            };
            match fault {
                Fault::Passing {
                    error, retry_after, ..
                } => {
                    if !attempts.next(retry_after).await {
                        return Err(error);
                    }
                }
                Fault::Session(detail) => return Err(SalesforceError::AuthFailed { detail }),
                Fault::Final(error) => return Err(error),
            }
        }
    }

    fn form(&self) -> Result<String, SalesforceError> {
        let assertion;
        let fields: &[(&str, &str)] = match &self.grant {
            Grant::Secret {
                client_id,
                client_secret,
            } => &[
                ("grant_type", "client_credentials"),
                ("client_id", client_id),
                ("client_secret", client_secret),
            ],
            Grant::Key {
                client_id,
                username,
                audience,
                signer,
            } => {
                assertion = signer.assertion(client_id, username, audience, (self.clock)())?;
                &[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", &assertion),
                ]
            }
        };
        serde_urlencoded::to_string(fields).map_err(|_| SalesforceError::NotConfigured {
            detail: "the credentials cannot be sent as a form".to_owned(),
        })
    }

    fn accept(&self, token: TokenAnswer, number: u64) -> Result<Session, SalesforceError> {
        let instance = self.connection.instance(&token.instance_url)?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.access_token))
            .map_err(|_| SalesforceError::Unavailable {
                detail: "the login answered with a token that cannot be sent".to_owned(),
            })?;
        authorization.set_sensitive(true);
        let named = token.id.as_deref().and_then(identity::organization_of);
        Ok(Session {
            number,
            instance,
            authorization,
            organization: OnceCell::new_with(named),
            user: token.id.as_deref().and_then(identity::user_of),
        })
    }
}
