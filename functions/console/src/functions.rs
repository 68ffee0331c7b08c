//! The functions behind the HTTP API, called in this process.
//!
//! A screen shows what a call of the API answers, and a form does what a call does: by the same code, with the same
//! rights and refusals (ADR 31).

use std::collections::BTreeMap;

use dead_letters::DeadLettersFunction;
use dealbridge_lambda::{
    Api, Invocation,
    access::{AccessError, Caller},
    answer_to,
    http::{Answer, IfMatch, Method, Refusal, Request},
};
use full_sync::FullSync;
use futures::future::BoxFuture;
use integration_log::IntegrationLog;
use link::LinkFunction;
use people::PeopleFunction;
use records::Records;
use serde::{Deserialize, Serialize};
use settings::SettingsFunction;
use unlink::UnlinkFunction;
use url::form_urlencoded;

/// Every function that the console calls.
pub struct Functions {
    /// Dead letters.
    pub dead_letters: DeadLettersFunction,
    /// Full runs.
    pub full_sync: FullSync,
    /// Runs, entries, problems.
    pub integration_log: IntegrationLog,
    /// Links.
    pub link: LinkFunction,
    /// People.
    pub people: PeopleFunction,
    /// Records.
    pub records: Records,
    /// Settings.
    pub settings: SettingsFunction,
    /// Unlinking.
    pub unlink: UnlinkFunction,
}

impl Functions {
    /// Answers a call of a caller, by the function that declares it.
    ///
    /// # Errors
    /// Returns the refusal that the API would give; 404 for a call that no function declares.
    pub async fn answer(
        &self,
        call: ApiCall,
        caller: &Caller,
        invocation: Invocation,
    ) -> Result<Answer, Refusal> {
        let request = call.into_request();
        self.of(&request, caller, invocation).await
    }

    fn of<'a>(
        &'a self,
        request: &'a Request,
        caller: &'a Caller,
        invocation: Invocation,
    ) -> BoxFuture<'a, Result<Answer, Refusal>> {
        macro_rules! by_declaration {
            ($($field:ident)+) => {$(
                if declares(&self.$field, request) {
                    return Box::pin(answer_to(&self.$field, request, caller, invocation));
                }
            )+};
        }
        by_declaration!(dead_letters full_sync integration_log link people settings unlink);
        // Its routes begin with a variable, and come last.
        Box::pin(answer_to(&self.records, request, caller, invocation))
    }
}

fn declares<A: Api>(_: &A, request: &Request) -> bool {
    A::ROUTES.find(request).is_ok()
}

/// A list as the API answers it.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    /// The items of the page.
    pub(crate) items: Vec<T>,
    /// The place of the next page; none behind the last one.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
}

/// A call of the API.
#[derive(Clone, Debug)]
pub struct ApiCall {
    method: Method,
    path: &'static str,
    variables: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl ApiCall {
    /// A call by its method and its path, with variables as the function declares them.
    #[must_use]
    pub fn new(method: Method, path: &'static str) -> Self {
        Self {
            method,
            path,
            variables: BTreeMap::new(),
            query: Vec::new(),
            headers: BTreeMap::new(),
            body: Vec::new(),
        }
    }

    /// A call that reads.
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self::new(Method::Get, path)
    }

    /// A call by `POST`.
    #[must_use]
    pub fn post(path: &'static str) -> Self {
        Self::new(Method::Post, path)
    }

    /// Gives a variable of the path its value.
    #[must_use]
    pub fn at(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.variables.insert(variable.to_owned(), value.into());
        self
    }

    /// Adds a query parameter. A blank value leaves it out.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if !value.trim().is_empty() {
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sends a JSON body.
    #[must_use]
    pub fn json<T: Serialize>(mut self, body: &T) -> Self {
        // Every body here is a map of texts, numbers and lists, which cannot fail to be written.
        self.body = serde_json::to_vec(body).unwrap_or_default();
        self
    }

    /// Asks for an answer of a media type.
    #[must_use]
    pub fn accept(self, media: &str) -> Self {
        self.header("accept", media)
    }

    /// Asks for a version.
    #[must_use]
    pub fn if_match(self, version: u64) -> Self {
        self.header("if-match", IfMatch::etag(version))
    }

    /// Makes the act happen once, however often its form is sent.
    #[must_use]
    pub fn once(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    fn into_request(self) -> Request {
        let mut path = self.path.to_owned();
        for (name, value) in &self.variables {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let raw_query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.query)
            .finish();
        Request {
            method: self.method.as_str().to_owned(),
            route_key: format!("{} {}", self.method, self.path),
            path,
            path_parameters: self.variables,
            raw_query,
            headers: self.headers,
            cookies: Vec::new(),
            domain: String::new(),
            body: self.body,
            // The caller is known by the session.
            token: Err(AccessError::NotVerified),
        }
    }
}
