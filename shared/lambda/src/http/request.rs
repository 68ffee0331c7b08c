//! A decoded request with the token of its caller.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ProblemCode, Query, Refusal, event::Event};
use crate::access::{AccessError, Token};

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The route that the gateway chose, such as `GET /sync-runs/{id}`.
    pub route_key: String,
    /// The path.
    pub path: String,
    /// The values of the route's path variables.
    pub path_parameters: BTreeMap<String, String>,
    /// The query string, undecoded.
    pub raw_query: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Cookies, each as `name=value`.
    pub cookies: Vec<String>,
    /// The host that the gateway was called by.
    pub domain: String,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
    /// The verified token.
    pub token: Result<Token, AccessError>,
}

impl Request {
    /// Decodes API Gateway's event (HTTP API, payload format 2.0).
    ///
    /// # Errors
    /// Returns an error if the event is of another kind, or if its body is not valid base64 though it says so.
    pub fn from_event(event: Value) -> Result<Self, lambda_runtime::Error> {
        let event: Event = serde_json::from_value(event)?;
        let headers: BTreeMap<String, String> = event
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        let body = match event.body {
            Some(text) if event.is_base64_encoded => STANDARD.decode(text)?,
            Some(text) => text.into_bytes(),
            None => Vec::new(),
        };
        let claims = event
            .request_context
            .authorizer
            .and_then(|authorizer| authorizer.jwt)
            .map(|jwt| jwt.claims);
        let authorization = headers.get("authorization").map(String::as_str);
        let token = Token::read(claims.as_ref(), authorization);
        Ok(Self {
            method: event.request_context.http.method,
            route_key: event.route_key,
            path: event.raw_path,
            path_parameters: event.path_parameters.unwrap_or_default(),
            raw_query: event.raw_query_string,
            headers,
            cookies: event.cookies,
            domain: event.request_context.domain_name,
            body,
            token,
        })
    }

    /// Returns the method and the path pattern of the route, by which a function dispatches.
    #[must_use]
    pub fn route(&self) -> (&str, &str) {
        self.route_key
            .split_once(' ')
            .unwrap_or((&self.method, &self.path))
    }

    /// Returns a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(&name.to_ascii_lowercase())
            .map(|value| value.trim())
    }

    /// Returns the value of a path variable.
    ///
    /// # Errors
    /// Returns 404 if the route has no such variable.
    pub fn path_parameter(&self, name: &str) -> Result<&str, Refusal> {
        self.path_parameters
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| {
                Refusal::new(
                    ProblemCode::RouteNotFound,
                    format!("The path has no {name}."),
                )
            })
    }

    /// Parses the query parameters.
    ///
    /// # Errors
    /// Returns 400 if a parameter is given twice or is not in `known`.
    pub fn query(&self, known: &[&str]) -> Result<Query, Refusal> {
        Query::parse(&self.raw_query, known, &[])
    }

    /// Parses the query parameters, of which those in `many` take several values.
    ///
    /// # Errors
    /// Returns 400 if one of `known` is given twice, or if one is in neither list.
    pub fn query_with_many(&self, known: &[&str], many: &[&str]) -> Result<Query, Refusal> {
        Query::parse(&self.raw_query, known, many)
    }

    /// Parses the JSON body. The type should reject unknown fields.
    ///
    /// # Errors
    /// Returns 400 that says what is wrong and where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::malformed("The request has no body; send JSON."));
        }
        // RFC 8259, 8.1: a byte order mark may be ignored rather than treated as an error.
        let body = self
            .body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body);
        // serde takes a list for a struct, by the order of its fields.
        if body.trim_ascii_start().first() == Some(&b'[') {
            let detail = "The body cannot be read: send a JSON object, not a list.";
            return Err(Refusal::malformed(detail));
        }
        serde_json::from_slice(body)
            .map_err(|error| Refusal::malformed(format!("The body cannot be read: {error}.")))
    }

    /// Returns the verified token.
    ///
    /// # Errors
    /// Returns 401 if the request has none.
    pub fn token(&self) -> Result<&Token, Refusal> {
        self.token
            .as_ref()
            .map_err(|error| Refusal::unauthorized(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct StartRun {
        integration: String,
    }

    fn event(body: Value, base64: bool) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "POST /sync-runs",
            "rawPath": "/sync-runs",
            "rawQueryString": "",
            "headers": { "Content-Type": "application/json" },
            "requestContext": { "http": { "method": "POST", "path": "/sync-runs" }, "stage": "$default" },
            "body": body,
            "isBase64Encoded": base64,
        })
    }

    fn request(body: Value, base64: bool) -> Request {
        Request::from_event(event(body, base64)).unwrap()
    }

    #[test]
    fn a_body_is_read_as_text_and_as_base64() {
        let text = request(json!(r#"{"integration":"x"}"#), false);
        let encoded = request(json!(STANDARD.encode(r#"{"integration":"x"}"#)), true);

        for request in [text, encoded] {
            assert_eq!(request.route(), ("POST", "/sync-runs"));
            assert_eq!(request.header("content-type"), Some("application/json"));
            assert_eq!(
                request.json::<StartRun>().unwrap(),
                StartRun {
                    integration: "x".into()
                }
            );
        }
    }

    #[test]
    fn a_body_that_is_not_as_described_is_refused_with_field_and_place() {
        let detail = |body: Value| {
            let refusal = request(body, false).json::<StartRun>().unwrap_err();
            assert_eq!((refusal.status(), refusal.code()), (400, "MALFORMED"));
            refusal.into_answer().body["detail"]
                .as_str()
                .unwrap()
                .to_owned()
        };

        assert_eq!(detail(Value::Null), "The request has no body; send JSON.");
        assert!(
            detail(json!(r#"{"integratoin":"x"}"#))
                .contains("unknown field `integratoin`, expected `integration` at line 1 column")
        );
        assert!(detail(json!("{}")).contains("missing field `integration`"));
        assert!(detail(json!(r#" ["x"]"#)).contains("not a list"));
        assert!(detail(json!(r#"{"integration":7}"#)).contains("expected a string"));
        assert!(detail(json!(r#"{"integration":"x"} y"#)).contains("trailing characters"));
    }

    #[test]
    fn a_request_without_the_authorizer_s_word_has_no_caller() {
        let request = request(Value::Null, false);

        assert_eq!(request.token().unwrap_err().status(), 401);
    }
}
