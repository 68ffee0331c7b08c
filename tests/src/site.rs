//! The local product with its gateway on a free port, and people who are signed in to its console.

use std::{path::PathBuf, sync::Arc, time::Duration};

use dealbridge_local::{
    LocalProduct, Options, SalesforceTarget,
    server::{self, ApiServer},
};
use reqwest::{Method, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use tokio::task::JoinHandle;
use url::Url;

/// An administrator of the sample org.
pub const ADMIN: &str = "esme.rowan@alderpeak.example";
/// An internal user who is not an administrator.
pub const INTERNAL: &str = "felix.tarn@alderpeak.example";
/// A partner.
pub const PARTNER: &str = "rosa.lindqvist@fjordpartners.example";
/// A distributor.
pub const DISTRIBUTOR: &str = "dirk.vos@broadgate.example";

/// The time after which an answer counts as missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The running product.
pub struct Site {
    /// The product.
    pub app: Arc<LocalProduct>,
    /// The address of the API and the console.
    pub address: String,
    /// A client that follows nothing by itself.
    pub http: reqwest::Client,
    serving: JoinHandle<()>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the product's own client follows redirects and unpacks answers; this one shows them as they came"
)]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_gzip()
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An answer, of which nothing is followed.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Page {
    /// The address that the answer sends the browser to.
    pub fn location(&self) -> &str {
        let header = self.headers.get("location");
        header
            .and_then(|location| location.to_str().ok())
            .unwrap_or_default()
    }

    /// The `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<&str> {
        let headers = self.headers.get_all("set-cookie");
        headers
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect()
    }

    /// The cookie that the answer sets, as a browser sends it back.
    pub fn cookie(&self, name: &str) -> String {
        let cookies = self.set_cookies();
        let found = cookies
            .iter()
            .find(|cookie| cookie.split('=').next() == Some(name))
            .unwrap_or_else(|| unreachable!("no cookie {name} in {cookies:?}"));
        found.split(';').next().unwrap_or_default().to_owned()
    }
}

/// A person with a session.
#[derive(Clone, Debug)]
pub struct Person {
    /// The cookie of the session.
    pub cookie: String,
    /// The token that forms carry.
    pub csrf: String,
}

impl Site {
    /// Starts on the sample org, of which nothing is imported at first.
    pub async fn start() -> Self {
        let options = Options {
            org: PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../infra/local/sample-org"
            )),
            data: None,
            salesforce: SalesforceTarget::Simulated {
                jwt_public_key: None,
            },
        };
        let app = Arc::new(LocalProduct::start(&options).await.unwrap());
        let listener = server::listen(0).await.unwrap();
        let server = Arc::new(ApiServer::new(Arc::clone(&app)).unwrap());
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { server.serve(listener).await.unwrap() });
        Self {
            app,
            address,
            http: client(),
            serving,
        }
    }

    /// Starts, and imports the org once.
    pub async fn imported() -> Self {
        let site = Self::start().await;
        site.app.full_run().await.unwrap();
        site
    }

    /// Sends a request.
    pub async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Page {
        let url = if target.starts_with("http") {
            target.to_owned()
        } else {
            format!("{}{target}", self.address)
        };
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        Page {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Opens a page.
    pub async fn open(&self, person: &Person, target: &str) -> Page {
        let headers = [("cookie", person.cookie.as_str())];
        self.send(Method::GET, target, &headers, None).await
    }

    /// Sends a form of a page of the person's session.
    pub async fn submit(&self, person: &Person, target: &str, fields: &[(&str, &str)]) -> Page {
        let headers = [
            ("cookie", person.cookie.as_str()),
            ("origin", self.address.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let mut form = vec![("csrf", person.csrf.as_str())];
        form.extend(fields);
        self.send(Method::POST, target, &headers, Some(&form)).await
    }

    /// Begins a sign-in: the provider's page, and the cookie that the browser keeps meanwhile.
    pub async fn begin(&self, target: &str) -> (Url, String) {
        let begun = self.send(Method::GET, target, &[], None).await;
        assert_eq!(begun.status, 303, "{begun:?}");
        let page = Url::parse(begun.location()).unwrap();
        (page, begun.cookie("__Host-dealbridge-sign-in"))
    }

    /// Chooses a user on the provider's page: the address that the browser comes back by.
    pub async fn choose(&self, page: &Url, user: &str) -> String {
        let query = page.query().unwrap_or_default();
        let form = [("request", query), ("user", user)];
        let chosen = self
            .send(Method::POST, "/authorize", &[], Some(&form))
            .await;
        assert_eq!(chosen.status, 303, "{chosen:?}");
        chosen.location().to_owned()
    }

    /// Signs a person in, by the whole way that a browser goes.
    pub async fn sign_in(&self, user: &str) -> Person {
        let person = self.session(user).await;
        // Every page of somebody who is signed in has the form that signs out.
        let page = self.open(&person, "/console/no-such/page").await;
        let csrf = page
            .text
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .to_owned();
        Person { csrf, ..person }
    }

    /// Signs a person in who has not opened a page yet.
    pub async fn session(&self, user: &str) -> Person {
        let (page, attempt) = self.begin("/console/sign-in").await;
        let back = self.choose(&page, user).await;
        let headers = [("cookie", attempt.as_str())];
        let signed_in = self.send(Method::GET, &back, &headers, None).await;
        assert_eq!(signed_in.status, 303, "{signed_in:?}");
        let cookie = signed_in.cookie("__Host-dealbridge");
        Person {
            cookie,
            csrf: String::new(),
        }
    }

    /// A call of a hook of the simulated org.
    pub async fn org(&self, name: &str, body: &Value) {
        let url = format!("{}/_org/{name}", self.app.instance_url());
        let call = self.http.post(url).body(body.to_string());
        let answer = call.header("content-type", "application/json").send();
        assert!(answer.await.unwrap().status().is_success(), "{name} {body}");
    }

    /// A call of the local API.
    pub async fn local(&self, target: &str, body: &Value) -> Page {
        let url = format!("{}/local/{target}", self.address);
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        Page {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }
}
