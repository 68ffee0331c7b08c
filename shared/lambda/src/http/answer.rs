//! Answers of a function, as API Gateway takes them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
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
    /// Cookies to set, each as a `Set-Cookie` header has it.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Value,
    /// The encoding of the body's bytes in the event.
    pub encoding: Encoding,
}

/// The encoding of a body's bytes in the gateway's event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// The text itself.
    #[default]
    Text,
    /// Base64, for bytes that are no text.
    Base64,
}

impl Answer {
    /// A JSON answer.
    ///
    /// # Errors
    /// Returns an error if the body cannot be serialized, which no body here causes.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, Refusal> {
        let body = serde_json::to_value(body).map_err(|error| Refusal::internal(&error))?;
        Ok(Self::of(status, "application/json", body))
    }

    /// An answer in a text format other than JSON.
    #[must_use]
    pub fn text(status: u16, content_type: &str, text: String) -> Self {
        Self::of(status, content_type, Value::String(text))
    }

    /// An answer of bytes.
    #[must_use]
    pub fn bytes(status: u16, content_type: &str, bytes: &[u8]) -> Self {
        Self {
            encoding: Encoding::Base64,
            ..Self::of(status, content_type, STANDARD.encode(bytes).into())
        }
    }

    /// An answer that sends a browser to another address, which it asks for by `GET`.
    #[must_use]
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::with_headers(303, BTreeMap::new(), String::new().into()).header("location", location)
    }

    fn of(status: u16, content_type: &str, body: Value) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
        Self::with_headers(status, headers, body)
    }

    /// An answer whose headers, the content type among them, are those.
    pub(super) fn with_headers(
        status: u16,
        headers: BTreeMap<String, String>,
        body: Value,
    ) -> Self {
        Self {
            status,
            headers,
            cookies: Vec::new(),
            body,
            encoding: Encoding::Text,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookies.push(cookie.into());
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
        let mut event = json!({
            "statusCode": self.status,
            "headers": self.headers,
            "body": body,
            "isBase64Encoded": self.encoding == Encoding::Base64,
        });
        if !self.cookies.is_empty() {
            event["cookies"] = self.cookies.into();
        }
        event
    }
}

impl Refusal {
    /// Logs the refusal: a fault as an error, the rest as information.
    pub fn log(&self) {
        let (status, code) = (self.status(), self.code());
        match self.cause() {
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
    }

    /// The refusal as a problem document.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let (status, headers, body) = self.into_parts();
        Answer::with_headers(status, headers, body)
    }
}

/// Encodes the answer for API Gateway, and logs a refusal.
#[must_use]
pub fn respond(result: Result<Answer, Refusal>) -> Value {
    match result {
        Ok(answer) => answer.into_event(),
        Err(refusal) => {
            refusal.log();
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
    fn bytes_go_out_in_base64_and_cookies_beside_the_headers() {
        let answer = Answer::bytes(200, "image/png", &[0xff]).cookie("a=1; Secure");
        let event = respond(Ok(answer));

        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("/w=="), &json!(true))
        );
        assert_eq!(event["cookies"], json!(["a=1; Secure"]));
        assert_eq!(
            respond(Ok(Answer::see_other("/x")))["headers"]["location"],
            "/x"
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
