//! Logins, sessions, limits and the paths that need neither.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
};
use salesforce_simulator::{OrgClock, OrgOptions};
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, answer, small_folder};

const NOW: i64 = 1_800_000_000;

/// A clock that a test moves, beginning at [`NOW`].
fn clock() -> (OrgClock, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(NOW));
    let shown = Arc::clone(&seconds);
    let clock = OrgClock::Following(Arc::new(move || {
        jiff::Timestamp::from_second(shown.load(Ordering::Relaxed)).expect("a moment")
    }));
    (clock, seconds)
}

fn error(answer: &Answer) -> (u16, &str, &str) {
    let text = |key: &str| answer.body[key].as_str().unwrap_or_default();
    (answer.status, text("error"), text("error_description"))
}

#[tokio::test]
async fn client_credentials_open_a_session_from_the_body_or_the_header() {
    let org = Org::small().await;
    let client = org.handle.client().clone();
    let url = format!("{}/services/oauth2/token", org.handle.instance_url());

    let basic = org
        .http
        .post(&url)
        .basic_auth(&client.id, Some(&client.secret));
    let basic = basic
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let reply = answer(basic).await;

    let keys: Vec<&String> = reply.body.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        [
            "access_token",
            "signature",
            "scope",
            "instance_url",
            "id",
            "token_type",
            "issued_at"
        ]
    );
    assert_eq!(reply.body["instance_url"], org.handle.instance_url());
    assert!(
        reply.body["access_token"]
            .as_str()
            .is_some_and(|token| token.starts_with("00DZz") && token.as_bytes()[15] == b'!')
    );
    assert_eq!(reply.header("cache-control"), "no-cache, no-store");
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_salesforce_refuses_them() {
    let org = Org::small().await;
    let client = org.handle.client().clone();
    let form = |text: String| org.form("/services/oauth2/token", text);

    let unknown =
        form("grant_type=client_credentials&client_id=x&client_secret=y".to_owned()).await;
    let wrong = form(format!(
        "grant_type=client_credentials&client_id={}&client_secret=y",
        client.id
    ))
    .await;
    let password = form("grant_type=password&username=a&password=b".to_owned()).await;
    let other = form("grant_type=device".to_owned()).await;

    assert_eq!(
        error(&unknown),
        (400, "invalid_client_id", "client identifier invalid")
    );
    assert_eq!(
        error(&wrong),
        (400, "invalid_client", "invalid client credentials")
    );
    assert_eq!(
        error(&password),
        (400, "invalid_grant", "authentication failure")
    );
    assert_eq!(
        error(&other),
        (400, "unsupported_grant_type", "grant type not supported")
    );
}

struct Keys {
    private: EncodingKey,
    public: String,
}

fn keys() -> Keys {
    let mut random = rsa::rand_core::OsRng;
    let key = RsaPrivateKey::new(&mut random, 2_048).expect("a key");
    let private = key.to_pkcs8_pem(LineEnding::LF).expect("PEM");
    Keys {
        private: EncodingKey::from_rsa_pem(private.as_bytes()).expect("a signing key"),
        public: key
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .expect("PEM"),
    }
}

async fn assert_with(org: &Org, key: &EncodingKey, claims: Value) -> Answer {
    let assertion = encode(&Header::new(Algorithm::RS256), &claims, key).expect("an assertion");
    let form =
        format!("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={assertion}");
    org.form("/services/oauth2/token", form).await
}

#[tokio::test]
async fn assertions_are_believed_only_when_every_claim_and_the_signature_are_right() {
    let (keys, strangers) = (keys(), keys());
    let (clock, _) = clock();
    let options = OrgOptions {
        jwt_public_key: Some(keys.public),
        clock,
        ..OrgOptions::with_own_clock()
    };
    let org = Org::of(small_folder().path(), options).await;
    let claims = json!({
        "iss": org.handle.client().id,
        "sub": "integration@small.example",
        "aud": "https://login.salesforce.com",
        "exp": NOW + 120,
    });
    let with = |key: &str, value: Value| {
        let mut claims = claims.clone();
        claims[key] = value;
        claims
    };

    let good = [
        claims.clone(),
        with("exp", json!((NOW + 120).to_string())),
        with("exp", json!((NOW + 120) * 1_000)),
        with("aud", json!(format!("{}/", org.handle.instance_url()))),
        with("aud", json!("https://small.my.salesforce.com")),
        with("sub", json!("user1@small.example")),
    ];
    for claims in good {
        let reply = assert_with(&org, &keys.private, claims.clone()).await;
        assert_eq!(reply.status, 200, "{claims}: {}", reply.body);
        assert!(reply.body.get("issued_at").is_none(), "{}", reply.body);
    }
    let bad = [
        (with("iss", json!("other")), "client identifier invalid"),
        (
            with("aud", json!("https://evil.example")),
            "audience is invalid",
        ),
        (with("exp", json!(NOW - 1)), "invalid assertion"),
        (with("exp", json!(NOW + 86_400)), "invalid assertion"),
        (with("exp", Value::Null), "invalid assertion"),
        (
            with("sub", json!("nobody@small.example")),
            "user hasn't approved this consumer",
        ),
    ];
    for (claims, description) in bad {
        let reply = assert_with(&org, &keys.private, claims.clone()).await;
        assert_eq!(
            (reply.status, error(&reply).2),
            (400, description),
            "{claims}"
        );
    }
    let forged = assert_with(&org, &strangers.private, claims.clone()).await;
    assert_eq!(error(&forged), (400, "invalid_grant", "invalid assertion"));
}

#[tokio::test]
async fn without_a_public_key_no_assertion_is_believed() {
    let org = Org::small().await;

    let reply = assert_with(
        &org,
        &keys().private,
        json!({ "iss": org.handle.client().id, "exp": NOW }),
    )
    .await;

    assert_eq!(
        error(&reply),
        (400, "invalid_grant", "user hasn't approved this consumer")
    );
}

#[tokio::test]
async fn a_session_ends_when_idle_too_long_and_each_call_keeps_it() {
    let (clock, seconds) = clock();
    let options = OrgOptions {
        clock,
        session_lifetime: Duration::from_secs(100),
        ..OrgOptions::with_own_clock()
    };
    let org = Org::of(small_folder().path(), options).await;
    let mut statuses = Vec::new();

    for idle in [90, 90, 101] {
        seconds.fetch_add(idle, Ordering::Relaxed);
        statuses.push(org.get(&format!("{DATA}/limits")).await.status);
    }

    assert_eq!(statuses, [200, 200, 401]);
}

#[tokio::test]
async fn an_unknown_expired_or_revoked_token_is_refused_as_recorded() {
    let mut org = Org::small().await;
    let path = format!("{DATA}/limits");

    org.admin("expire", json!({ "what": "sessions" })).await;
    let expired = org.get(&path).await;
    org.log_in().await;
    let renewed = org.get(&path).await;
    let revoked = org
        .form("/services/oauth2/revoke", format!("token={}", org.token))
        .await;
    let after = org.get(&path).await;
    let none = answer(org.http.get(format!("{}{path}", org.handle.instance_url()))).await;

    assert_eq!(expired.status, 401);
    assert_eq!(
        expired.body,
        json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }])
    );
    assert_eq!(
        (renewed.status, revoked.status, after.status, none.status),
        (200, 200, 401, 401)
    );
}

#[tokio::test]
async fn versions_are_listed_without_a_session_and_the_rest_needs_one() {
    let org = Org::small().await;
    let url = |path: &str| format!("{}{path}", org.handle.instance_url());

    let versions = answer(org.http.get(url("/services/data"))).await;
    let resources = org.get("/services/data/v68.0/").await;
    let retired = org.get("/services/data/v30.0/limits").await;
    let unknown = org.get("/services/data/v99.0/limits").await;
    let nowhere = org.get(&format!("{DATA}/nothing")).await;
    let method = answer(org.request(Method::PUT, &format!("{DATA}/sobjects/Lead"))).await;

    assert_eq!(versions.body.as_array().map(Vec::len), Some(38));
    assert_eq!(
        versions.body[37],
        json!({ "label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0" })
    );
    assert!(versions.header("sforce-limit-info").is_empty());
    assert!(
        resources.body["identity"]
            .as_str()
            .is_some_and(|url| url.contains("/id/00DZz"))
    );
    assert_eq!((retired.status, retired.code()), (410, "GONE"));
    assert_eq!((unknown.status, nowhere.status), (404, 404));
    assert_eq!(
        nowhere.body,
        json!([{ "errorCode": "NOT_FOUND", "message": "The requested resource does not exist" }])
    );
    assert_eq!((method.status, method.code()), (405, "METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn user_info_names_user_and_organization() {
    let org = Org::small().await;

    let info = org.get("/services/oauth2/userinfo").await;

    assert_eq!(info.body["preferred_username"], "integration@small.example");
    assert_eq!(info.body["organization_id"], crate::fixture::id("00D", 1));
}

#[tokio::test]
async fn the_daily_allowance_is_told_and_ends() {
    let org = Org::small().await;

    let limits = org.get(&format!("{DATA}/limits")).await;
    org.admin("limit", json!({ "remaining": 1 })).await;
    let last = org.get(&format!("{DATA}/limits")).await;
    let refused = org.query("SELECT Id FROM Lead").await;
    org.admin("limit", json!({ "remaining": null })).await;
    let again = org.query("SELECT Id FROM Lead").await;

    assert_eq!(limits.header("sforce-limit-info"), "api-usage=1/100000");
    assert_eq!(
        limits.body["DailyApiRequests"],
        json!({ "Max": 100_000, "Remaining": 99_999 })
    );
    assert_eq!(last.header("sforce-limit-info"), "api-usage=100000/100000");
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body,
        json!([{ "message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED" }])
    );
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn the_refresh_token_opens_sessions_until_it_is_revoked() {
    let mut org = Org::small().await;
    let client = org.handle.client().clone();
    let form = |token: &str, id: &str| {
        format!("grant_type=refresh_token&client_id={id}&refresh_token={token}")
    };
    let token = client.refresh_token();

    let first = org
        .form("/services/oauth2/token", form(&token, &client.id))
        .await;
    let wrong_secret = format!("{}&client_secret=x", form(&token, &client.id));
    let wrong_secret = org.form("/services/oauth2/token", wrong_secret).await;
    let unknown = org
        .form("/services/oauth2/token", form("x", &client.id))
        .await;
    let stranger = org.form("/services/oauth2/token", form(&token, "x")).await;
    org.token = first.body["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let works = org.get(&format!("{DATA}/limits")).await;
    let revoked = org
        .form("/services/oauth2/revoke", format!("token={token}"))
        .await;
    let after = org
        .form("/services/oauth2/token", form(&token, &client.id))
        .await;

    assert_eq!(first.body["scope"], "refresh_token api id");
    assert_eq!((works.status, revoked.status), (200, 200));
    assert_eq!(
        error(&wrong_secret),
        (400, "invalid_client", "invalid client credentials")
    );
    assert_eq!(
        error(&stranger),
        (400, "invalid_client_id", "client identifier invalid")
    );
    for refused in [unknown, after] {
        assert_eq!(
            error(&refused),
            (400, "invalid_grant", "expired access/refresh token")
        );
    }
}

#[tokio::test]
async fn header_names_are_written_as_salesforce_writes_them() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let org = Org::small().await;
    let mut stream = tokio::net::TcpStream::connect(org.handle.address())
        .await
        .expect("a connection");

    let request = format!(
        "GET {DATA}/limits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        org.token
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");

    for name in ["Content-Type: ", "Sforce-Limit-Info: ", "Date: "] {
        assert!(answer.contains(name), "{answer}");
    }
}
