//! `dealbridge login`, at a provider that holds a client to the code grant with PKCE.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_salesforce::{Timeouts, http_client};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use crate::place::{Ended, command, ended};

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln-_";

type Parameters = HashMap<String, String>;

/// An OpenID Connect provider with one client.
struct Provider {
    issuer: String,
    /// The parameters of the latest sign-in.
    asked: Mutex<Parameters>,
    /// The token that it gives.
    token: String,
}

impl Provider {
    async fn start(token: &str) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Arc::new(Self {
            issuer: format!("http://{}/pool", listener.local_addr().unwrap()),
            asked: Mutex::default(),
            token: token.to_owned(),
        });
        let router = Router::new()
            .route("/pool/.well-known/openid-configuration", get(document))
            .route("/authorize", get(authorize))
            .route("/token", post(exchange))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }
}

async fn document(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let base = provider.issuer.trim_end_matches("/pool");
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
    }))
}

/// The sign-in page, on which the person has just signed in: answers with the address to come back to.
async fn authorize(
    State(provider): State<Arc<Provider>>,
    Query(query): Query<Parameters>,
) -> String {
    let mut back = Url::parse(&query["redirect_uri"]).unwrap();
    back.query_pairs_mut()
        .append_pair("code", "code-1")
        .append_pair("state", &query["state"]);
    *provider.asked.lock().unwrap() = query;
    back.to_string()
}

async fn exchange(State(provider): State<Arc<Provider>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let form: Parameters = form_urlencoded::parse(&body).into_owned().collect();
    let asked = provider.asked.lock().unwrap();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let is_the_one_that_asked = form["grant_type"] == "authorization_code"
        && form["code"] == "code-1"
        && form["client_id"] == asked["client_id"]
        && form["redirect_uri"] == asked["redirect_uri"]
        && asked["code_challenge_method"] == "S256"
        && challenge == asked["code_challenge"];
    if is_the_one_that_asked {
        let answer =
            json!({ "access_token": provider.token, "token_type": "Bearer", "expires_in": 3_600 });
        (StatusCode::OK, Json(answer))
    } else {
        let answer = json!({ "error": "invalid_grant", "error_description": "another's code" });
        (StatusCode::BAD_REQUEST, Json(answer))
    }
}

/// The command while it waits for the browser.
struct Waiting {
    child: Child,
    /// The page to sign in on.
    page: Url,
    http: reqwest::Client,
    told: BufReader<std::process::ChildStderr>,
}

impl Waiting {
    fn start(provider: &Provider, more: &[&str]) -> Self {
        let usual = [
            "login",
            "--issuer",
            &provider.issuer,
            "--client-id",
            "people",
            "--port",
            "0",
            "--no-browser",
        ];
        let mut command = command(&[&usual, more].concat());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            told.read_line(line).unwrap();
        }
        let [said, page] = lines;
        assert_eq!(said, "Sign in at\n", "{page}");
        Self {
            child,
            page: Url::parse(page.trim()).unwrap(),
            http: http_client(Timeouts::default()).unwrap(),
            told,
        }
    }

    /// A parameter of the page's address.
    fn parameter(&self, name: &str) -> String {
        let mut pairs = self.page.query_pairs();
        let found = pairs.find(|(key, _)| key == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }

    async fn get(&self, address: &str) -> (u16, String) {
        let answer = self.http.get(address).send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap().to_vec();
        (status, String::from_utf8(body).unwrap())
    }

    /// Signs in, and has the browser come back.
    async fn sign_in(&self) -> (u16, String) {
        let (_, back) = self.get(self.page.as_str()).await;
        self.get(&back).await
    }

    /// Has the browser come back with these parameters.
    async fn come_back_with(&self, parameters: &[(&str, &str)]) -> u16 {
        let mut back = Url::parse(&self.parameter("redirect_uri")).unwrap();
        back.query_pairs_mut().extend_pairs(parameters);
        self.get(back.as_str()).await.0
    }

    fn end(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), String::new());
        let mut stdout = self.child.stdout.take().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        self.told.read_to_string(&mut err).unwrap();
        let code = self.child.wait().unwrap().code();
        Ended { code, out, err }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_signs_in_gets_the_token_as_a_variable_and_nothing_else_on_standard_output() {
    let provider = Provider::start(TOKEN).await;

    for (more, printed) in [
        (&[][..], format!("export DEALBRIDGE_TOKEN={TOKEN}\n")),
        (
            &["--bare", "--scope", "openid dealbridge/runs.read"][..],
            format!("{TOKEN}\n"),
        ),
    ] {
        let waiting = Waiting::start(&provider, more);
        let scope = waiting.parameter("scope");
        assert_eq!(scope, if more.is_empty() { "" } else { more[2] });
        let (status, page) = waiting.sign_in().await;
        let ended = waiting.end();

        assert_eq!(status, 200, "{page}");
        assert!(page.starts_with("You are signed in."), "{page}");
        assert_eq!((ended.code, &*ended.out), (Some(0), &*printed), "{ended:?}");
        assert_eq!(ended.err, "Signed in for 60 minutes.\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_page_sends_the_browser_back_with_is_waited_past() {
    let provider = Provider::start(TOKEN).await;
    let waiting = Waiting::start(&provider, &[]);

    for parameters in [
        &[("code", "code-2"), ("state", "guessed")][..],
        &[("code", "code-2")],
        &[("error", "access_denied"), ("state", "")],
        &[],
    ] {
        assert_eq!(waiting.come_back_with(parameters).await, 400);
    }

    assert_eq!(waiting.sign_in().await.0, 200);
    assert_eq!(waiting.end().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_signs_nobody_in_or_gives_no_token_is_quoted() {
    let provider = Provider::start(TOKEN).await;
    let waiting = Waiting::start(&provider, &[]);
    let state = waiting.parameter("state");
    let denied = [
        ("error", "access_denied"),
        ("error_description", "no such user"),
        ("state", &*state),
    ];
    waiting.come_back_with(&denied).await;
    waiting
        .end()
        .refused_with(&["the provider signed nobody in: access_denied, no such user"]);

    let waiting = Waiting::start(&provider, &[]);
    let _ = waiting.sign_in_as_another().await;
    waiting.end().refused_with(&[
        "the provider gave no token for the sign-in: ",
        "invalid_grant",
    ]);
}

impl Waiting {
    /// Comes back with a code that the provider has given for another sign-in.
    async fn sign_in_as_another(&self) -> u16 {
        self.get(self.page.as_str()).await;
        let state = self.parameter("state");
        self.come_back_with(&[("code", "code-2"), ("state", &state)])
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_could_break_out_of_the_shell_s_word_is_refused() {
    let provider = Provider::start("a; rm -rf x").await;
    let waiting = Waiting::start(&provider, &[]);
    waiting.sign_in().await;

    waiting
        .end()
        .refused_with(&["the provider's access token is no bearer token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_none_and_outputs_without_one_are_named() {
    let provider = Provider::start(TOKEN).await;
    let folder = tempfile::tempdir().unwrap();
    let outputs = folder.path().join("outputs.json");
    let path = outputs.to_str().unwrap();
    let other = provider.issuer.replace("/pool", "/other");

    for (text, parts) in [
        ("[]".to_owned(), ["the outputs have no Issuer", "--issuer"]),
        ("no JSON".to_owned(), ["--outputs", "outputs.json"]),
        (
            format!(r#"[{{"OutputKey":"Issuer","OutputValue":"{other}"}},{{"OutputKey":"ClientId","OutputValue":"people"}}]"#),
            ["/other/.well-known/openid-configuration", "404"],
        ),
        (
            r#"[{"OutputKey":"Issuer","OutputValue":"http://issuer.example"},{"OutputKey":"ClientId","OutputValue":"people"}]"#.to_owned(),
            ["the issuer http://issuer.example", "is not an https address"],
        ),
    ] {
        std::fs::write(&outputs, text).unwrap();
        ended(command(&["login", "--outputs", path, "--port", "0", "--no-browser"]))
            .refused_with(&parts);
    }
}
