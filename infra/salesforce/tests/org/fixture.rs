//! A small org folder and a plain HTTP client for it.

mod folder;

use std::{path::Path, sync::Arc, time::Duration};

pub(crate) use folder::{
    OPPORTUNITY, account, contact, declared, id, lead, opportunity, role, small_folder, user,
    write_csv,
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use salesforce_simulator::{OrgFolder, OrgHandle, OrgOptions, OrgServer};
use serde_json::Value;

/// The version the tests speak.
pub(crate) const DATA: &str = "/services/data/v66.0";

/// A served org and a client that is logged in.
pub(crate) struct Org {
    pub(crate) handle: OrgHandle,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The code of an error body.
    pub(crate) fn code(&self) -> &str {
        self.body[0]["errorCode"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Org {
    /// The small org.
    pub(crate) async fn small() -> Self {
        let folder = small_folder();
        Self::of(folder.path(), OrgOptions::with_own_clock()).await
    }

    pub(crate) async fn of(folder: &Path, options: OrgOptions) -> Self {
        let data = OrgFolder::load(folder, &declared()).expect("the folder is right");
        let handle = OrgServer::start(data, options)
            .await
            .expect("it can be served");
        Self::at(handle).await
    }

    /// A served org.
    pub(crate) async fn at(handle: OrgHandle) -> Self {
        let http = http_client();
        let mut org = Self {
            handle,
            http,
            token: String::new(),
        };
        org.log_in().await;
        org
    }

    pub(crate) async fn log_in(&mut self) {
        let client = self.handle.client().clone();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            client.id, client.secret
        );
        let answer = self.form("/services/oauth2/token", form).await;
        self.token = answer.body["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
    }

    pub(crate) async fn form(&self, path: &str, form: String) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.handle.instance_url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        answer(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.handle.instance_url()))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Makes a call on the admin API that must succeed.
    pub(crate) async fn admin(&self, call: &str, body: Value) -> Value {
        let answer = self.post(&format!("/_org/{call}"), body).await;
        assert_eq!(answer.status, 200, "{call}: {}", answer.body);
        answer.body
    }

    async fn ask(&self, resource: &str, soql: &str) -> Answer {
        let query = serde_urlencoded_pair("q", soql);
        self.get(&format!("{DATA}/{resource}?{query}")).await
    }

    pub(crate) async fn query(&self, soql: &str) -> Answer {
        self.ask("query", soql).await
    }

    pub(crate) async fn query_all(&self, soql: &str) -> Answer {
        self.ask("queryAll", soql).await
    }

    /// The rows of a query that must succeed.
    pub(crate) async fn rows(&self, soql: &str) -> Vec<Value> {
        records(self.query(soql).await, soql)
    }

    /// One field of each row of a query that must succeed.
    pub(crate) async fn column(&self, soql: &str, field: &str) -> Vec<Value> {
        self.rows(soql)
            .await
            .into_iter()
            .map(|row| row[field].clone())
            .collect()
    }

    /// The names of the Opportunities that meet a condition, in order of their stamps.
    pub(crate) async fn names(&self, condition: &str) -> Vec<String> {
        let soql =
            format!("SELECT Name FROM Opportunity WHERE {condition} ORDER BY SystemModstamp, Id");
        let names = self.column(&soql, "Name").await;
        names
            .into_iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// One row of an object, which must be there.
    pub(crate) async fn row(&self, object: &str, id: &str) -> Value {
        let answer = self.get(&format!("{DATA}/sobjects/{object}/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

/// The rows of an answer that must be right.
pub(crate) fn records(answer: Answer, of: &str) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{of}: {}", answer.body);
    answer.body["records"].as_array().expect("records").clone()
}

fn serde_urlencoded_pair(key: &str, value: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost/").expect("a URL");
    url.query_pairs_mut().append_pair(key, value);
    url.query().unwrap_or_default().to_owned()
}

/// A client for the org's loopback address. It trusts no certificates, for the org speaks plain HTTP.
fn http_client() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for both TLS 1.2 and 1.3")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    #[expect(
        clippy::disallowed_methods,
        reason = "the product's client is no part of the org"
    )]
    let builder = reqwest::Client::builder();
    builder
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(130))
        .build()
        .expect("a client")
}

/// Sends a request and reads its answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a whole body");
    let is_json = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_none_or(|kind| kind.contains("json"));
    let body = if text.is_empty() || status == StatusCode::NO_CONTENT {
        Value::Null
    } else if !is_json {
        Value::String(text)
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Answer {
        status: status.as_u16(),
        headers,
        body,
    }
}
