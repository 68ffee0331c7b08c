//! Who asks, and whether they may: the server's one question to whoever embeds it.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};

use crate::action::Action;

/// A request, as a policy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The access key that it is signed with; empty when it is not signed.
    pub access_key: &'a str,
    /// The action that is asked for.
    pub action: Action,
    /// Its parameters, as JSON.
    pub body: &'a [u8],
}

/// Lets a request pass, or says why it is refused. It is asked before the request is read.
pub type Policy = Arc<dyn Fn(&Asked<'_>) -> Result<(), String> + Send + Sync>;

/// The access key in a Signature Version 4 header; empty when there is none. The signature is not checked.
#[must_use]
pub fn access_key(headers: &HeaderMap) -> &str {
    headers
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| header.split_once("Credential="))
        .and_then(|(_, scope)| scope.split('/').next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_access_key_is_the_first_part_of_the_credential_scope() {
        let signed = "AWS4-HMAC-SHA256 Credential=full-sync/20260131/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(signed))]);

        assert_eq!(access_key(&headers), "full-sync");
        assert_eq!(access_key(&HeaderMap::new()), "");
    }
}
