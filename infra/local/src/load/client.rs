//! The API as a load calls it.

use std::{fmt, time::Duration};

use dealbridge_core::people::{
    member::{Member, MemberKind},
    store::{Dependents, Stored},
};
use dealbridge_salesforce::{Timeouts, http_client};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use url::{Host, Url};

use super::token::{TokenSource, Tokens};
use crate::error::LocalError;

/// Members per page of a list.
const PAGE: &str = "500";
/// Times that a call is made that the API cannot take at the moment.
const ATTEMPTS: u32 = 7;
/// The first pause between two of them; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that an answer may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The address of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAddress(Url);

impl ApiAddress {
    /// Parses an address.
    ///
    /// # Errors
    /// When no token may be sent there.
    pub fn parse(text: &str) -> Result<Self, LocalError> {
        let error = |problem: &str| LocalError::new(format!("--api {text}: {problem}"));
        let url = Url::parse(text.trim_end_matches('/')).map_err(|_| {
            error("it is not an address; give one such as https://example.execute-api.eu-central-1.amazonaws.com")
        })?;
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if is_here => {}
            _ => return Err(error("a token is only sent by https, or to this machine")),
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(error(
                "give the address alone, without a query, fragment or user",
            ));
        }
        Ok(Self(url))
    }

    fn at(&self, target: &str) -> String {
        let base = self.0.as_str().trim_end_matches('/');
        format!("{base}{target}")
    }
}

impl fmt::Display for ApiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The outcome of a Put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was created.
    Created,
    /// It was replaced.
    Replaced,
    /// The API refused it, for this reason.
    Refused(String),
}

/// The client.
pub(super) struct Client {
    api: ApiAddress,
    http: reqwest::Client,
    tokens: Tokens,
}

impl Client {
    pub(super) fn new(api: &ApiAddress, token: TokenSource) -> Result<Self, LocalError> {
        let http = http_client(Timeouts::default()).map_err(|error| {
            LocalError::new(format!("could not build the HTTP client: {error}"))
        })?;
        Ok(Self {
            api: api.clone(),
            http,
            tokens: Tokens::new(token),
        })
    }

    /// Every member of a kind.
    pub(super) async fn list(&self, kind: MemberKind) -> Result<Vec<Stored>, LocalError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut target = format!("/{}?limit={PAGE}", kind.collection());
            if let Some(cursor) = &cursor {
                target.push_str("&cursor=");
                target.push_str(cursor);
            }
            let (status, body) = self.call(Method::GET, &target, None).await?;
            let items = match (status, body["items"].as_array()) {
                (StatusCode::OK, Some(items)) => items,
                _ => return Err(self.unusable(status, &body)),
            };
            for item in items {
                all.push(stored(kind, item).ok_or_else(|| {
                    let detail = format!(
                        "{}: the API's {} have another form than this program knows: use the version that the deployment has",
                        self.api,
                        kind.collection()
                    );
                    LocalError::new(detail)
                })?);
            }
            cursor = body["cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// Puts a member.
    ///
    /// # Errors
    /// When the API cannot be used any more: nothing else would be taken either.
    pub(super) async fn put(&self, member: &Member) -> Result<Written, LocalError> {
        let body = match member {
            Member::Organization(organization) => serde_json::to_string(organization),
            Member::Group(group) => serde_json::to_string(group),
            Member::User(user) => serde_json::to_string(user),
            Member::Contact(contact) => serde_json::to_string(contact),
        };
        let body =
            body.map_err(|error| LocalError::new(format!("could not write JSON: {error}")))?;
        let target = format!("/{}/{}", member.kind().collection(), member.given_id());
        let (status, answer) = self.call(Method::PUT, &target, Some(body)).await?;
        match status.as_u16() {
            201 => Ok(Written::Created),
            200 => Ok(Written::Replaced),
            400 | 409 | 412 | 413 | 422 => Ok(Written::Refused(said(&answer))),
            _ => Err(self.unusable(status, &answer)),
        }
    }

    /// Makes a call, again if the API cannot take it at the moment, and once more with another token if it refuses the
    /// one there is. Every call here may be repeated.
    async fn call(
        &self,
        method: Method,
        target: &str,
        body: Option<String>,
    ) -> Result<(StatusCode, Value), LocalError> {
        let mut token = self.tokens.token(&self.http, None).await?;
        let mut refused = false;
        let mut attempt = 0;
        loop {
            let mut call = self
                .http
                .request(method.clone(), self.api.at(target))
                .header("authorization", format!("Bearer {token}"));
            if let Some(body) = &body {
                let typed = call.header("content-type", "application/json");
                call = typed.body(body.clone());
            }
            attempt += 1;
            let pause = FIRST_PAUSE * 2_u32.pow(attempt - 1);
            match call.send().await {
                Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED && !refused => {
                    refused = true;
                    token = self.tokens.token(&self.http, Some(&token)).await?;
                }
                Ok(answer) if is_passing(answer.status()) && attempt < ATTEMPTS => {
                    tokio::time::sleep(wanted(&answer).unwrap_or(pause)).await;
                }
                Ok(answer) => {
                    let status = answer.status();
                    let body = answer.bytes().await.unwrap_or_default();
                    return Ok((status, serde_json::from_slice(&body).unwrap_or_default()));
                }
                // An address that nobody listens at is a wrong one, far more often than a late one.
                Err(error) if error.is_connect() || attempt >= ATTEMPTS => {
                    return Err(LocalError::new(format!(
                        "{}: no answer ({}): check --api and the network. What was loaded so far stays, and the same command does the rest",
                        self.api,
                        LocalError::chain(&error)
                    )));
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Why the API cannot be used.
    fn unusable(&self, status: StatusCode, body: &Value) -> LocalError {
        let api = &self.api;
        let told = said(body);
        LocalError::new(match status.as_u16() {
            401 => format!("{api}: the API does not take the token (401: {told})"),
            403 => format!(
                "{api}: the token may not bring in people (403: {told}): use the token of the portal's client, with the scope portal/write, or an administrator's"
            ),
            404 | 405 if body["code"].is_null() => format!(
                "{api}: there is no dealbridge API, or an older one ({status}): give the deployment's output ApiUrl as --api"
            ),
            _ if body.is_null() => {
                format!("{api}: the answer is none of a dealbridge API ({status}): check --api")
            }
            _ => format!("{api}: {status}: {told}"),
        })
    }
}

/// A member of a list.
fn stored(kind: MemberKind, item: &Value) -> Option<Stored> {
    let member = Member::read(kind, None, item.as_object()?).ok()?;
    Some(Stored {
        id: member.id().ok()?,
        member,
        version: item["version"].as_u64()?,
        dependents: Dependents::default(),
    })
}

/// The content of an answer.
fn said(body: &Value) -> String {
    let text = body["detail"].as_str().or_else(|| body["message"].as_str());
    let text = text.unwrap_or("it gives no reason");
    text.trim_end_matches('.').to_owned()
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// The pause that an answer asks for.
fn wanted(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?;
    let seconds = text.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_PAUSE))
}

#[cfg(test)]
mod tests;
