//! A request as it came to the gateway.

/// An HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: String,
    /// The path as it came, percent-encoded.
    pub path: String,
    /// The query string as it came, without its question mark.
    pub query: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ApiRequest {
    /// A request without headers or body. The target is path and query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Self::default()
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.with("content-type", "application/json")
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path that routes are looked up by and that functions get: decoded, up to a question mark that was encoded in it.
    #[must_use]
    pub fn decoded_path(&self) -> String {
        let path = percent_encoding::percent_decode_str(&self.path).decode_utf8_lossy();
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// The size of request line and header values.
    pub(super) fn head_bytes(&self) -> usize {
        let line = self.method.len() + self.path.len() + self.query.len() + " ? HTTP/1.1".len();
        self.headers
            .iter()
            .fold(line, |size, (_, value)| size + value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_up_to_a_question_mark_that_was_encoded_in_it() {
        let decoded = |path: &str| ApiRequest::new("GET", path).decoded_path();

        assert_eq!(decoded("/deals/a%20b%2Fc"), "/deals/a b/c");
        assert_eq!(decoded("/deals/a%3Fb/link"), "/deals/a");
        assert_eq!(decoded("/deals/%252F"), "/deals/%2F");
    }
}
