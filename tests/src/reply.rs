//! Responses of functions, as API Gateway takes them.

use serde_json::Value;

/// A response of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u64,
    /// The headers.
    pub headers: Value,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// Parses a function's return value.
    #[must_use]
    pub fn read(answer: &Value) -> Self {
        Self {
            status: answer["statusCode"].as_u64().unwrap(),
            headers: answer["headers"].clone(),
            body: serde_json::from_str(answer["body"].as_str().unwrap()).unwrap(),
        }
    }

    /// A problem's code; empty for other responses.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Status and code.
    #[must_use]
    pub fn verdict(&self) -> (u64, &str) {
        (self.status, self.code())
    }

    /// A problem's detail.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// The preview's token.
    #[must_use]
    pub fn token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["previewToken"].as_str().unwrap().to_owned()
    }
}
