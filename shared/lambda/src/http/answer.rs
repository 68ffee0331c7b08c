//! Answers of a function, as API Gateway takes them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use tracing::{error, info};

use super::Refusal;

/// The answer of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// A JSON answer.
    ///
    /// # Errors
    /// Returns an error if the body cannot be serialized, which no body here causes.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, Refusal> {
        let body = serde_json::to_value(body).map_err(|error| Refusal::internal(&error))?;
        Ok(Self {
            status,
            headers: BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]),
            body,
        })
    }

    /// An answer in a text format other than JSON.
    #[must_use]
    pub fn text(status: u16, content_type: &str, text: String) -> Self {
        Self {
            status,
            headers: BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]),
            body: Value::String(text),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// The proxy response of API Gateway.
    fn into_event(mut self) -> Value {
        self.headers
            .entry("cache-control".to_owned())
            .or_insert_with(|| "no-store".to_owned());
        let is_json = |content_type: &String| {
            content_type.starts_with("application/json") || content_type.contains("+json")
        };
        let body = match self.body {
            Value::String(text) if !self.headers.get("content-type").is_some_and(is_json) => text,
            body => body.to_string(),
        };
        json!({
            "statusCode": self.status,
            "headers": self.headers,
            "body": body,
            "isBase64Encoded": false,
        })
    }
}

impl Refusal {
    /// The refusal as a problem document.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let (status, headers, body) = self.into_parts();
        Answer {
            status,
            headers,
            body,
        }
    }
}

/// Encodes the answer for API Gateway, and logs a refusal: faults as errors, the rest as information.
#[must_use]
pub fn respond(result: Result<Answer, Refusal>) -> Value {
    match result {
        Ok(answer) => answer.into_event(),
        Err(refusal) => {
            let (status, code) = (refusal.status(), refusal.code());
            match refusal.cause() {
                Some(cause) => error!(
                    error.code = code,
                    http.status = status,
                    "Could not answer a request: {cause}"
                ),
                None => info!(
                    error.code = code,
                    http.status = status,
                    "Refused a request: {code}"
                ),
            }
            refusal.into_answer().into_event()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_gateway_s_form_with_the_body_as_text() {
        let answer = Answer::json(202, &json!({ "id": "run-00000001" }))
            .map(|answer| answer.header("Location", "/sync-runs/run-00000001"));

        assert_eq!(
            respond(answer),
            json!({
                "statusCode": 202,
                "headers": {
                    "cache-control": "no-store",
                    "content-type": "application/json",
                    "location": "/sync-runs/run-00000001",
                },
                "body": r#"{"id":"run-00000001"}"#,
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_text_goes_out_as_it_is() {
        let answer = respond(Ok(Answer::text(
            200,
            "text/csv; charset=utf-8",
            "a,b\r\n".into(),
        )));

        assert_eq!(answer["body"], "a,b\r\n");
        assert_eq!(answer["headers"]["content-type"], "text/csv; charset=utf-8");
    }
}
