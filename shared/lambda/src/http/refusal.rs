//! Refusals: problem documents (RFC 9457) with a code. Faults become responses only here: 503 for what passes by
//! itself, 409 for what somebody has to put right first.

use std::collections::BTreeMap;

use dealbridge_core::{code::Code, fault, ports::PortError, salesforce::SalesforceError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Coded, ProblemCode};

/// Seconds until a retry after the store or a queue did not answer.
const RETRY_SECONDS: u32 = 5;
/// Seconds until a retry after Salesforce did not answer.
const SALESFORCE_RETRY_SECONDS: u32 = 30;
/// Seconds until a retry after the org's API request limit was reached.
const LIMIT_RETRY_SECONDS: u32 = 300;

/// A refused request, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(Box<Parts>);

#[derive(Clone, Debug, PartialEq)]
struct Parts {
    status: u16,
    code: &'static str,
    detail: String,
    extra: Map<String, Value>,
    headers: BTreeMap<String, String>,
    cause: Option<String>,
}

impl Refusal {
    /// A refusal with a code and a sentence that says what is wrong and what to do.
    #[must_use]
    pub fn new(code: impl Coded, detail: impl Into<String>) -> Self {
        Self::of(code.status(), code.code(), detail)
    }

    /// A refusal with a code of the Integration Log.
    #[must_use]
    pub fn logged(status: u16, code: Code, detail: impl Into<String>) -> Self {
        Self::of(status, code.as_str(), detail)
    }

    /// A refusal as [`Self::new`] makes it, with another status than the code's own.
    #[must_use]
    pub fn with_status(status: u16, code: impl Coded, detail: impl Into<String>) -> Self {
        Self::of(status, code.code(), detail)
    }

    fn of(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            extra: Map::new(),
            headers: BTreeMap::new(),
            cause: None,
        }))
    }

    /// 400: the request is not as the API describes it.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed, detail)
    }

    /// 401: the request has no verified caller.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Unauthorized, detail).header("www-authenticate", "Bearer")
    }

    /// 403: the caller lacks the permission.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Forbidden, detail)
    }

    /// 500: an internal error, whose cause is logged but not disclosed.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        let detail = "Internal error. Ask again; if it happens again, look at the function's log.";
        Self::new(ProblemCode::Internal, detail).caused_by(cause)
    }

    /// 503: the function ran out of time before there was an answer.
    #[must_use]
    pub fn late() -> Self {
        let detail = "The answer took too long. What was asked for may be done or not: look, or ask for it again safely.";
        Self::new(ProblemCode::Unavailable, detail)
            .caused_by(&"the function's time was nearly over")
            .retry_after(RETRY_SECONDS)
    }

    /// Adds a member to the problem document.
    ///
    /// A value that cannot be serialized is left out.
    #[must_use]
    pub fn with<T: Serialize>(mut self, name: &str, value: &T) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.0.extra.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0
            .headers
            .insert(name.to_ascii_lowercase(), value.into());
        self
    }

    fn caused_by(mut self, cause: &dyn std::fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    fn retry_after(self, seconds: u32) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The problem code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The cause, for the log; none if it is the caller's doing.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The problem document with its headers: the status, the headers by lower-case name, the body.
    #[must_use]
    pub(super) fn into_parts(self) -> (u16, BTreeMap<String, String>, Value) {
        let Parts {
            status,
            code,
            detail,
            extra,
            mut headers,
            ..
        } = *self.0;
        let mut body = Map::new();
        body.insert("type".to_owned(), problem_type(code).into());
        body.insert("title".to_owned(), title(code).into());
        body.insert("status".to_owned(), status.into());
        body.insert("code".to_owned(), code.into());
        body.insert("detail".to_owned(), detail.into());
        for (name, value) in extra {
            body.entry(name).or_insert(value);
        }
        headers.insert(
            "content-type".to_owned(),
            "application/problem+json".to_owned(),
        );
        (status, headers, Value::Object(body))
    }
}

/// The URI of a code's problem type.
fn problem_type(code: &str) -> String {
    format!("urn:dealbridge:problem:{}", code.to_ascii_lowercase())
}

/// The code in words: the same for each occurrence, as RFC 9457 asks.
fn title(code: &str) -> String {
    let words: Vec<String> = code
        .split('_')
        .map(|word| match word {
            "SF" => "Salesforce".to_owned(),
            "URL" => word.to_owned(),
            word => word.to_ascii_lowercase(),
        })
        .collect();
    let words = words.join(" ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        let detail = "The store or a queue did not answer. What was asked for is not done, or can be asked for again safely: try again in a few seconds.";
        Self::new(ProblemCode::Unavailable, detail)
            .caused_by(&error)
            .retry_after(RETRY_SECONDS)
    }
}

impl From<SalesforceError> for Refusal {
    fn from(error: SalesforceError) -> Self {
        let finding = fault::finding(&error);
        let (message, suggestion) = finding.sentences("Salesforce");
        if let SalesforceError::OrgChanged {
            settings,
            connected,
        } = &error
        {
            // A retry changes nothing: somebody has to say which of the two orgs is meant.
            return Self::logged(409, finding.code, format!("{message} {suggestion}"))
                .with("settings", settings)
                .with("connected", connected);
        }
        let retry_after = match error {
            _ if error.is_configuration() => None,
            SalesforceError::RequestLimit { .. } => Some(LIMIT_RETRY_SECONDS),
            SalesforceError::Unavailable { .. }
            | SalesforceError::NoAnswer { .. }
            | SalesforceError::TooLarge { .. }
            | SalesforceError::LocatorExpired
            | SalesforceError::Refused { .. } => Some(SALESFORCE_RETRY_SECONDS),
            // A retry changes nothing before a setting, a permission or a login is changed.
            _ => None,
        };
        let status = if retry_after.is_some() { 503 } else { 409 };
        let detail = format!("{message} {suggestion}");
        let refusal = Self::logged(status, finding.code, detail).caused_by(&error);
        match retry_after {
            Some(seconds) => refusal.retry_after(seconds),
            None => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_has_a_stable_type_a_title_and_its_further_members() {
        let answer = Refusal::new(ProblemCode::PreviewStale, "Preview again.")
            .with("record", &"deal/deal-1")
            .with("status", &"not this one")
            .into_answer();

        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(
            answer.body,
            json!({
                "type": "urn:dealbridge:problem:preview_stale",
                "title": "Preview stale",
                "status": 409,
                "code": "PREVIEW_STALE",
                "detail": "Preview again.",
                "record": "deal/deal-1",
            })
        );
    }

    #[test]
    fn titles_are_codes_in_words() {
        assert_eq!(title("SF_RECORD_NOT_FOUND"), "Salesforce record not found");
        assert_eq!(title("URL_OTHER_ORG"), "URL other org");
        assert_eq!(title("FORBIDDEN"), "Forbidden");
    }

    #[test]
    fn a_fault_of_the_configuration_is_a_conflict_that_says_what_to_do() {
        let detail = || "as Salesforce says".to_owned();
        let faults = [
            SalesforceError::FieldMissing {
                object: "Opportunity".into(),
                field: "Product__c".into(),
            },
            SalesforceError::Refused {
                status: 400,
                code: "MALFORMED_QUERY".into(),
                message: detail(),
                fields: Vec::new(),
            },
            SalesforceError::NotConfigured { detail: detail() },
            SalesforceError::PermissionDenied { detail: detail() },
            SalesforceError::AuthFailed { detail: detail() },
            SalesforceError::ApiDisabled { detail: detail() },
        ];
        for fault in faults {
            let (code, answer) = (fault.code(), Refusal::from(fault).into_answer());

            assert_eq!((answer.status, &answer.body["code"]), (409, &json!(code)));
            assert!(!answer.headers.contains_key("retry-after"), "{code}");
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.matches(['.', ':']).count() >= 2, "{detail}");
        }
    }

    #[test]
    fn faults_say_when_to_ask_again_and_keep_the_store_s_words_to_the_log() {
        let store = Refusal::from(PortError {
            operation: "GetItem".into(),
            detail: "dispatch failure".into(),
        });
        let salesforce = Refusal::from(SalesforceError::Unavailable {
            detail: "no answer within 30 s".into(),
        });

        assert_eq!(store.cause(), Some("GetItem failed: dispatch failure"));
        let (store, salesforce) = (store.into_answer(), salesforce.into_answer());
        assert_eq!((store.status, &*store.headers["retry-after"]), (503, "5"));
        assert!(!store.body.to_string().contains("dispatch"));
        assert_eq!(
            (salesforce.status, &*salesforce.headers["retry-after"]),
            (503, "30")
        );
        assert_eq!(salesforce.body["code"], "SF_UNAVAILABLE");
    }
}
