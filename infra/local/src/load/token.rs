//! The token that a load calls with: given, or fetched by client credentials.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::Mutex;
use url::form_urlencoded;

use crate::error::LocalError;

/// The scope of the portal's client.
const SCOPE: &str = "portal/write";

/// Where the token comes from.
#[derive(Clone)]
pub enum TokenSource {
    /// It is given.
    Given(String),
    /// It is fetched by the client credentials grant, and again when it has expired.
    Client {
        /// The client's id.
        id: String,
        /// Its secret.
        secret: String,
        /// The provider's token endpoint.
        url: String,
    },
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::Client { id, url, .. } => f
                .debug_struct("Client")
                .field("id", id)
                .field("url", url)
                .finish_non_exhaustive(),
        }
    }
}

/// The token in use.
#[derive(Debug)]
pub(super) struct Tokens {
    source: TokenSource,
    current: Mutex<Option<String>>,
}

impl Tokens {
    pub(super) fn new(source: TokenSource) -> Self {
        Self {
            source,
            current: Mutex::default(),
        }
    }

    /// The token; `refused` is one that the API does not take any more.
    ///
    /// # Errors
    /// When there is no other.
    pub(super) async fn token(
        &self,
        http: &reqwest::Client,
        refused: Option<&str>,
    ) -> Result<String, LocalError> {
        let (id, secret, url) = match &self.source {
            TokenSource::Given(token) if refused.is_none() => return Ok(token.clone()),
            TokenSource::Given(_) => {
                return Err(LocalError::new(
                    "the API does not take the token of DEALBRIDGE_TOKEN (401): it has expired, or is another deployment's. Fetch another one; what was loaded so far stays, and the same command does the rest",
                ));
            }
            TokenSource::Client { id, secret, url } => (id, secret, url),
        };
        let mut current = self.current.lock().await;
        match &*current {
            // Another call has fetched a newer one meanwhile.
            Some(known) if Some(known.as_str()) != refused => return Ok(known.clone()),
            _ => {}
        }
        let token = fetch(http, id, secret, url).await?;
        *current = Some(token.clone());
        Ok(token)
    }
}

async fn fetch(
    http: &reqwest::Client,
    id: &str,
    secret: &str,
    url: &str,
) -> Result<String, LocalError> {
    let failed = |detail: String| LocalError::new(format!("--token-url {url}: {detail}"));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("scope", SCOPE)
        .finish();
    let answer = http
        .post(url)
        .header(
            "authorization",
            format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .map_err(|error| {
            failed(format!(
                "no answer ({}): check the address",
                LocalError::chain(&error)
            ))
        })?;
    let status = answer.status();
    let body = answer.bytes().await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let (StatusCode::OK, Some(token)) = (status, body["access_token"].as_str()) {
        return Ok(token.to_owned());
    }
    let said = body["error"].as_str().unwrap_or("no token in the answer");
    Err(failed(format!(
        "the provider gave no token ({status}, {said}): check --client-id and --client-secret, and that the client may have the scope {SCOPE}"
    )))
}
