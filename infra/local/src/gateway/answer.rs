//! From a function's answer to an HTTP answer.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAnswer {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ApiAnswer {
    /// An answer of the gateway's own.
    #[must_use]
    pub fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// The answer to a request whose body is too large.
    pub(crate) fn too_large() -> Self {
        Self::message(413, "Request Entity Too Large")
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The meaning of a function's answer: an answer without a status is the body of a 200. [`None`]: it cannot be read.
    pub(crate) fn of_function(answer: &Value) -> Option<Self> {
        let Some(status) = answer.get("statusCode") else {
            return Some(Self::json(200, answer));
        };
        let status = status
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (100..1_000).contains(status))?;
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in answer
            .get("headers")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            headers.push((name.to_ascii_lowercase(), text(value)));
        }
        for cookie in answer
            .get("cookies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            headers.push(("set-cookie".to_owned(), text(cookie)));
        }
        let body = match answer.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(body)) if answer["isBase64Encoded"] == true => {
                STANDARD.decode(body).ok()?
            }
            Some(Value::String(body)) => body.clone().into_bytes(),
            Some(_) => return None,
        };
        if !headers.iter().any(|(name, _)| name == "content-type") && !body.is_empty() {
            headers.push((
                "content-type".to_owned(),
                "text/plain;charset=UTF-8".to_owned(),
            ));
        }
        Some(Self {
            status,
            headers,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_headers_cookies_and_body_are_passed_on() {
        let answer = ApiAnswer::of_function(&json!({
            "statusCode": 201,
            "headers": { "Location": "/x", "x-count": 3 },
            "cookies": ["a=1"],
            "body": "aGk=",
            "isBase64Encoded": true,
        }))
        .unwrap();

        assert_eq!((answer.status, answer.body.as_slice()), (201, &b"hi"[..]));
        assert_eq!(answer.header("location"), Some("/x"));
        assert_eq!(answer.header("x-count"), Some("3"));
        assert_eq!(answer.header("set-cookie"), Some("a=1"));
    }

    #[test]
    fn an_answer_without_a_status_is_the_body_of_a_200() {
        let answer = ApiAnswer::of_function(&json!({ "a": 1 })).unwrap();

        assert_eq!((answer.status, answer.to_json()), (200, json!({ "a": 1 })));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_none() {
        for answer in [
            json!({ "statusCode": "200" }),
            json!({ "statusCode": 70_000 }),
            json!({ "statusCode": 200, "body": { "a": 1 } }),
            json!({ "statusCode": 200, "body": "?", "isBase64Encoded": true }),
        ] {
            assert_eq!(ApiAnswer::of_function(&answer), None, "{answer}");
        }
    }
}
