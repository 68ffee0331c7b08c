//! One request, taken apart once, whether it came over the wire or inside a composite request.

use axum::http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::reply::{ApiError, Reply};
use crate::{
    changes::{Assignment, Duplicates, OrgRules},
    engine::Engine,
};

/// A call on the API, by whom, and the org it asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// The org.
    pub(crate) engine: &'a Engine,
    /// The call.
    pub(crate) call: &'a Call,
    /// The user its session stands for.
    pub(crate) user: SalesforceId,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its method; `?_HttpMethod=PATCH` has been followed.
    pub(crate) method: Method,
    /// Path and query as they came.
    pub(crate) target: String,
    /// The decoded parts of the path.
    pub(crate) path: Vec<String>,
    /// The decoded parameters.
    pub(crate) query: Vec<(String, String)>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The API version of the path, such as `66.0`.
    pub(crate) version: String,
}

impl Call {
    /// Takes a request apart.
    pub(crate) fn new(method: Method, target: &str, headers: HeaderMap, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let query: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let mut call = Self {
            method,
            target: target.to_owned(),
            path,
            query,
            headers,
            body,
            version: "68.0".to_owned(),
        };
        // Clients that cannot send PATCH say so in the query.
        if call.method == Method::POST
            && let Some(method) = call
                .parameter("_HttpMethod")
                .and_then(|method| Method::from_bytes(method.as_bytes()).ok())
        {
            call.method = method;
        }
        call
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The part of the org's own rules: assignment rules run unless `Sforce-Auto-Assign` says FALSE, and duplicates are
    /// refused unless `Sforce-Duplicate-Rule-Header` says `allowSave=true`.
    pub(crate) fn rules(&self) -> OrgRules {
        let assignment = match self.header("sforce-auto-assign") {
            Some(value) if value.trim().eq_ignore_ascii_case("false") => Assignment::Off,
            _ => Assignment::Active,
        };
        let allows = |option: &str| {
            let option = option
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()));
            option.is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("allowSave") && value.eq_ignore_ascii_case("true")
            })
        };
        let header = self.header("sforce-duplicate-rule-header");
        let duplicates = if header.is_some_and(|header| header.split([',', ';']).any(allows)) {
            Duplicates::Saved
        } else {
            Duplicates::Refused
        };
        OrgRules {
            assignment,
            duplicates,
        }
    }

    /// The number of the API version before its point.
    pub(crate) fn major_version(&self) -> u16 {
        let major = self.version.split('.').next();
        major.and_then(|major| major.parse().ok()).unwrap_or(0)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `JSON_PARSER_ERROR`.
    pub(crate) fn json(&self) -> Result<Json, Reply> {
        serde_json::from_slice(&self.body)
            .map_err(|error| ApiError::new(400, "JSON_PARSER_ERROR", format!("{error}")).into())
    }

    /// The decoded parts of the path, borrowed.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}
