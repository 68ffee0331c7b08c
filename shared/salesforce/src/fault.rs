//! The meaning of a refusal: some are retried, the rest become errors.

use std::time::Duration;

use dealbridge_core::salesforce::{OBJECT_ITSELF, SalesforceError};
use serde::Deserialize;

use crate::{answer::Answer, api_usage::CallKind, transport::TransportError};

/// A request without a successful response.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The session is not valid.
    Session(String),
    /// It may pass by itself.
    Passing {
        /// The error to return if it does not pass.
        error: SalesforceError,
        /// The pause that the server asks for.
        retry_after: Option<Duration>,
        /// `true` if Salesforce may have carried the request out all the same.
        outcome_unknown: bool,
    },
    /// A retry would only fail again.
    Final(SalesforceError),
}

/// One entry of Salesforce's error response.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Refusal {
    message: String,
    error_code: String,
    fields: Vec<String>,
}

/// The error response: an array, except for a few resources that return its only entry.
#[derive(Deserialize)]
#[serde(untagged)]
enum Envelope {
    Many(Vec<Refusal>),
    One(Refusal),
}

/// The error response of the token endpoint.
#[derive(Deserialize)]
struct LoginRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Fault {
    fn passing(error: SalesforceError, answer: &Answer) -> Self {
        Self::Passing {
            error,
            retry_after: answer.retry_after,
            outcome_unknown: answer.status >= 500 || answer.is_success(),
        }
    }

    /// A successful response whose body is not as expected.
    pub(crate) fn unreadable(answer: &Answer, detail: &str) -> Self {
        Self::passing(
            unavailable(format!("it {detail} (HTTP {})", answer.status)),
            answer,
        )
    }

    /// Classifies an error response of the REST API; `object` is the one that the request was about.
    pub(crate) fn of_answer(answer: &Answer, kind: CallKind, object: Option<&str>) -> Self {
        if let Some(fault) = redirect(answer) {
            return fault;
        }
        let status = answer.status;
        let refusal = match answer.json::<Envelope>() {
            Ok(Envelope::Many(many)) => many.into_iter().next().unwrap_or_default(),
            Ok(Envelope::One(one)) => one,
            // A failed precondition needs no body.
            Err(_) if status == 412 => Refusal::default(),
            Err(_) if status == 401 => return Self::Session(format!("HTTP {status}")),
            Err(detail) => return Self::unreadable(answer, &detail),
        };
        let message = last_line(&refusal.message);
        let code = refusal.error_code.as_str();
        let detail = if code.is_empty() {
            format!("HTTP {status}")
        } else {
            format!("{message} ({code})")
        };
        match (status, code) {
            (401, _) => Self::Session(detail),
            (_, "REQUEST_LIMIT_EXCEEDED") if message.contains("ConcurrentRequests") => {
                Self::passing(SalesforceError::RequestLimit { detail }, answer)
            }
            (_, "REQUEST_LIMIT_EXCEEDED") => Self::Final(SalesforceError::RequestLimit { detail }),
            (_, "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED") => {
                Self::Final(SalesforceError::ApiDisabled { detail })
            }
            (_, "INVALID_QUERY_LOCATOR") => Self::Final(SalesforceError::LocatorExpired),
            (404, _) if kind == CallKind::QueryMore => Self::Final(SalesforceError::LocatorExpired),
            (404, _) if kind == CallKind::Query => Self::Final(SalesforceError::NotConfigured {
                detail: format!("the org does not answer queries of this API version: {detail}"),
            }),
            (410, _) => Self::Final(SalesforceError::NotConfigured {
                detail: format!("this API version is retired: {detail}"),
            }),
            (_, "QUERY_TIMEOUT" | "OPERATION_TOO_LARGE" | "EXCEEDED_ID_LIMIT") => {
                Self::Final(SalesforceError::TooLarge { detail })
            }
            (_, "UNABLE_TO_LOCK_ROW") => Self::passing(refused(status, refusal, message), answer),
            (_, "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION") | (408 | 420 | 500.., _) => {
                Self::passing(unavailable(detail), answer)
            }
            (429, _) => Self::passing(SalesforceError::RequestLimit { detail }, answer),
            (_, "INVALID_FIELD" | "INVALID_TYPE") if !kind.is_write() => Self::Final(
                missing(&message, object).unwrap_or_else(|| refused(status, refusal, message)),
            ),
            // The path of these requests names the object: the org has none of that name, or hides it.
            (404, "NOT_FOUND") if matches!(kind, CallKind::Describe | CallKind::Retrieve) => {
                Self::Final(SalesforceError::FieldMissing {
                    object: object.unwrap_or_default().to_owned(),
                    field: OBJECT_ITSELF.to_owned(),
                })
            }
            // In a write these concern the record, elsewhere the integration user.
            (_, code) if code.starts_with("INSUFFICIENT_ACCESS") && !kind.is_write() => {
                Self::Final(SalesforceError::PermissionDenied { detail })
            }
            (403, code) if !code.starts_with("INSUFFICIENT_ACCESS") => {
                Self::Final(SalesforceError::PermissionDenied { detail })
            }
            _ => Self::Final(refused(status, refusal, message)),
        }
    }

    /// Classifies a response that did not come, or not to its end.
    pub(crate) fn of_transport(error: TransportError, kind: Option<CallKind>) -> Self {
        let is_query = matches!(kind, Some(CallKind::Query | CallKind::QueryMore));
        let detail = error.detail;
        Self::Passing {
            error: if is_query && error.may_have_arrived {
                SalesforceError::NoAnswer { detail }
            } else {
                unavailable(detail)
            },
            retry_after: None,
            outcome_unknown: error.may_have_arrived,
        }
    }

    /// Classifies an error response of the token endpoint.
    pub(crate) fn of_login(answer: &Answer) -> Self {
        if let Some(fault) = redirect(answer) {
            return fault;
        }
        let passing = matches!(answer.status, 408 | 420 | 429 | 500..);
        let refusal = match answer.json::<LoginRefusal>() {
            Ok(refusal) => refusal,
            Err(_) if passing => {
                return Self::passing(
                    unavailable(format!("the login answered HTTP {}", answer.status)),
                    answer,
                );
            }
            Err(detail) => {
                return Self::passing(
                    unavailable(format!("the login {detail} (HTTP {})", answer.status)),
                    answer,
                );
            }
        };
        let detail = if refusal.error_description.is_empty() {
            refusal.error
        } else {
            format!(
                "{}: {}",
                refusal.error,
                last_line(&refusal.error_description)
            )
        };
        if detail.contains("rate exceeded") {
            return Self::passing(SalesforceError::RequestLimit { detail }, answer);
        }
        if passing {
            return Self::passing(unavailable(detail), answer);
        }
        Self::Final(SalesforceError::AuthFailed { detail })
    }
}

impl From<TransportError> for Fault {
    fn from(error: TransportError) -> Self {
        Self::of_transport(error, None)
    }
}

/// A redirect is never followed: the token would go to an unchecked host.
fn redirect(answer: &Answer) -> Option<Fault> {
    if !(300..400).contains(&answer.status) {
        return None;
    }
    let to = answer
        .redirect
        .as_deref()
        .unwrap_or("an address it did not name");
    Some(Fault::Final(unavailable(format!(
        "it redirects to {to} (HTTP {}), which is not followed: if the org was renamed or moved, set the connection to its current My Domain",
        answer.status
    ))))
}

/// The last line of a query's message, which is the reason: an excerpt of the statement, a caret and a position precede
/// it.
fn last_line(message: &str) -> String {
    let message = message.trim();
    let line = match message.rsplit_once('\n') {
        Some((before, last)) if before.contains("ERROR at Row:") => last,
        _ => message,
    };
    line.chars().take(1000).collect()
}

/// The object and field of messages such as `No such column 'X' on entity 'O'`; none for other complaints about a
/// field.
fn missing(message: &str, object: Option<&str>) -> Option<SalesforceError> {
    let quoted = |from: &str| {
        let start = message.find(from)? + from.len();
        let length = message[start..].find('\'')?;
        Some(message[start..start + length].to_owned())
    };
    let asked = || object.unwrap_or("an object").to_owned();
    let (object, field) = if let Some(field) = quoted("No such column '") {
        let of_type = || {
            message
                .split_once("on sobject of type ")
                .map(|(_, object)| object.trim_end_matches('.').to_owned())
        };
        (
            quoted("on entity '").or_else(of_type).unwrap_or_else(asked),
            field,
        )
    } else if let Some(relation) = quoted("Didn't understand relationship '") {
        (asked(), relation)
    } else {
        // An object that does not exist lacks even this field.
        (quoted("sObject type '")?, OBJECT_ITSELF.to_owned())
    };
    Some(SalesforceError::FieldMissing { object, field })
}

fn refused(status: u16, refusal: Refusal, message: String) -> SalesforceError {
    SalesforceError::Refused {
        status,
        code: refusal.error_code,
        message,
        fields: refusal.fields,
    }
}

fn unavailable(detail: String) -> SalesforceError {
    SalesforceError::Unavailable { detail }
}

#[cfg(test)]
mod tests;
