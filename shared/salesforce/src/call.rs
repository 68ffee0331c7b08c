//! One call of the REST API, with its login and its retries.

use std::{iter, sync::Arc};

use dealbridge_core::{
    SalesforceId,
    salesforce::{AssignmentRules, DuplicateRules, SalesforceError},
};
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_UNMODIFIED_SINCE},
};
use tokio::time::timeout_at;

use crate::{
    answer::Answer, api_usage::CallKind, fault::Fault, login::Login, retry::Attempts,
    session::Session, transport::Transport,
};

/// A request that may be sent more than once.
pub(crate) struct Call<'a> {
    pub(crate) kind: CallKind,
    pub(crate) method: Method,
    /// Path and query string at the instance URL.
    pub(crate) path: &'a str,
    /// A JSON document.
    pub(crate) body: Option<String>,
    /// An HTTP date.
    pub(crate) if_unmodified_since: Option<String>,
    /// The object that the call is about, for error messages.
    pub(crate) object: Option<&'a str>,
    /// The part that the org's rules have in a write.
    pub(crate) rules: Rules,
}

/// The part that the org's own rules have in a write, as its headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) assignment: AssignmentRules,
    pub(crate) duplicates: DuplicateRules,
}

impl Rules {
    /// The rules of a write that must leave the owner as it is.
    pub(crate) const LEFT: Self = Self {
        assignment: AssignmentRules::Left,
        duplicates: DuplicateRules::Obeyed,
    };

    /// The headers. Where `Sforce-Auto-Assign` is missing, Salesforce assumes TRUE, on updates too: its assignment
    /// rules would hand the record to another owner. So every write has it.
    pub(crate) fn headers(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let assign = match self.assignment {
            AssignmentRules::Run => "TRUE",
            AssignmentRules::Left => "FALSE",
        };
        let duplicates = (self.duplicates == DuplicateRules::Overridden)
            .then_some(("Sforce-Duplicate-Rule-Header", "allowSave=true"));
        iter::once(("Sforce-Auto-Assign", assign)).chain(duplicates)
    }
}

impl<'a> Call<'a> {
    /// A GET request.
    pub(crate) fn get(kind: CallKind, path: &'a str, object: Option<&'a str>) -> Self {
        Self {
            kind,
            method: Method::GET,
            path,
            body: None,
            if_unmodified_since: None,
            object,
            rules: Rules::LEFT,
        }
    }
}

/// The end of a call.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<(T, Arc<Session>), SalesforceError>,
    /// True if an attempt before the last one may have been carried out unseen.
    pub(crate) earlier_unknown: bool,
}

/// Makes a call: logs in if needed, once more after a 401, and retries transient faults within the policy's limits. A
/// call that is bound to an org is never sent with a session of another one.
///
/// `judge` extracts the value from a complete response, or says what it fails with.
pub(crate) async fn make<T>(
    transport: &Transport<'_>,
    login: &Login,
    held_to: Option<SalesforceId>,
    call: &Call<'_>,
    judge: impl Fn(&Answer) -> Result<T, Fault>,
) -> Outcome<T> {
    let mut attempts = Attempts::new(transport.policy, transport.until, transport.jitter);
    let mut refused = None;
    let mut earlier_unknown = false;
    let result = loop {
        let session = login.session(transport, refused, held_to);
        let session = match timeout_at(attempts.deadline(), session).await {
            Ok(Ok(session)) => session,
            Ok(Err(error)) => break Err(error),
            Err(_) => {
                break Err(SalesforceError::Unavailable {
                    detail: "the login gave no answer in time".to_owned(),
                });
            }
        };
        if let Err(error) = transport.pass() {
            break Err(error);
        }
        let request = request(transport, &session, call);
        let fault = match transport
            .send(call.kind, request, attempts.request_deadline())
            .await
        {
            Err(error) => Fault::of_transport(error, Some(call.kind)),
            Ok(answer) => match judge(&answer) {
                Ok(value) => break Ok((value, session)),
                Err(fault) => fault,
            },
        };
        match fault {
            Fault::Session(_) if refused.is_none() => refused = Some(session.number),
            // A locator belongs to the session that opened it: the next session is valid, but needs a new query.
            Fault::Session(_) if call.kind == CallKind::QueryMore => {
                break Err(SalesforceError::LocatorExpired);
            }
            Fault::Session(detail) => {
                break Err(SalesforceError::AuthFailed {
                    detail: format!("a session that was just opened is refused: {detail}"),
                });
            }
            Fault::Final(error) => break Err(error),
            Fault::Passing {
                error,
                retry_after,
                outcome_unknown,
            } => {
                if !attempts.next(retry_after).await {
                    break Err(error);
                }
                earlier_unknown |= outcome_unknown;
            }
        }
    };
    Outcome {
        result,
        earlier_unknown,
    }
}

fn request(transport: &Transport<'_>, session: &Session, call: &Call<'_>) -> RequestBuilder {
    let mut request = transport
        .http
        .request(
            call.method.clone(),
            format!("{}{}", session.instance, call.path),
        )
        .header(AUTHORIZATION, session.authorization.clone())
        .header(ACCEPT, "application/json")
        // Change events carry this name, by which our own writes are told from others'.
        .header("Sforce-Call-Options", "client=dealbridge");
    if call.method != Method::GET {
        // Set here, so that no write can be made without them.
        for (name, value) in call.rules.headers() {
            request = request.header(name, value);
        }
    }
    if let Some(date) = &call.if_unmodified_since {
        request = request.header(IF_UNMODIFIED_SINCE, date);
    }
    if let Some(body) = &call.body {
        request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
    }
    request
}
