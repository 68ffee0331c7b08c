//! API Gateway's event for HTTP APIs, payload format 2.0, as far as functions read it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The event. Members that it may leave out are optional.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) route_key: String,
    #[serde(default)]
    pub(super) raw_path: String,
    #[serde(default)]
    pub(super) raw_query_string: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) cookies: Vec<String>,
    #[serde(default)]
    pub(super) path_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) is_base64_encoded: bool,
    pub(super) request_context: RequestContext,
}

/// The gateway's own information about the request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestContext {
    #[serde(default)]
    pub(super) authorizer: Option<Authorizer>,
    pub(super) http: Http,
    #[serde(default)]
    pub(super) domain_name: String,
}

/// The request line.
#[derive(Debug, Deserialize)]
pub(super) struct Http {
    pub(super) method: String,
}

/// The authorizer's result; a JWT authorizer fills `jwt`.
#[derive(Debug, Deserialize)]
pub(super) struct Authorizer {
    #[serde(default)]
    pub(super) jwt: Option<Jwt>,
}

/// The verified token's claims, flattened to texts by the gateway.
#[derive(Debug, Deserialize)]
pub(super) struct Jwt {
    #[serde(default)]
    pub(super) claims: Map<String, Value>,
}
