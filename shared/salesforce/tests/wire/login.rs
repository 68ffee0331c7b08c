//! Logging in, once for all callers, and again when the session ends.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use dealbridge_core::salesforce::{Salesforce, SalesforceError};
use dealbridge_salesforce::{Connection, Credentials, SalesforceClient, Timeouts, http_client};
use futures::future::join_all;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rsa::{
    RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::OsRng,
};
use serde_json::{Value, json};

use crate::org::{NOW_SECOND, Org, Reply, SECRET, by_secret, clock, ids, token};

fn no_rows() -> Reply {
    Reply::rows(json!([]))
}

fn key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut OsRng, 2048).unwrap())
}

fn by_key(private_key_pem: &str, audience: Option<&str>) -> Credentials {
    Credentials::JwtBearer {
        client_id: "key".to_owned(),
        username: "bridge@acme.example".to_owned(),
        private_key_pem: private_key_pem.to_owned(),
        audience: audience.map(str::to_owned),
    }
}

fn new_client(url: &str, credentials: Credentials) -> Result<SalesforceClient, SalesforceError> {
    SalesforceClient::new(
        Connection::parse(url)?,
        credentials,
        http_client(Timeouts::default()).unwrap(),
        clock(),
    )
}

/// A server that accepts only the latest token, and only after `stale` tokens.
async fn org_refusing_tokens_up_to(stale: usize) -> Org {
    let logins = AtomicUsize::new(0);
    Org::start_with_own_address(move |asked, host| {
        if asked.is_login() {
            let number = logins.fetch_add(1, Ordering::Relaxed) + 1;
            return token(&format!("http://{host}"), number);
        }
        let number: usize = asked.header("authorization").unwrap()["Bearer 00Dtoken!".len()..]
            .parse()
            .unwrap();
        if number > stale {
            no_rows()
        } else {
            Reply::expired_session()
        }
    })
    .await
}

#[tokio::test]
async fn one_login_serves_all_calls_and_clones() {
    let org = Org::answering([no_rows(), no_rows()]).await;
    let client = org.client();

    client.opportunities(&ids(1), &[]).await.unwrap();
    client.clone().opportunities(&ids(1), &[]).await.unwrap();

    assert_eq!(client.usage().token, 1);
    assert_eq!(client.usage().query, 2);
    assert_eq!(org.asked().len(), 3);
}

#[tokio::test]
async fn the_org_s_address_is_known_after_a_login() {
    let org = Org::answering([no_rows()]).await;
    let client = org.client();

    assert_eq!(client.instance_url().await, Ok(org.url()));

    client.opportunities(&ids(1), &[]).await.unwrap();
    assert_eq!(client.usage().token, 1);
    assert!(!format!("{client:?}").contains("00Dtoken"));
}

#[tokio::test]
async fn the_client_credentials_are_sent_as_a_form() {
    let org = Org::answering([no_rows()]).await;

    org.client().opportunities(&ids(1), &[]).await.unwrap();

    let login = &org.asked()[0];
    assert_eq!(
        login.body,
        "grant_type=client_credentials&client_id=key&client_secret=s3cret%26%3D%2B%25"
    );
    assert_eq!(
        login.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_and_the_call_repeated() {
    let org = Org::answering([Reply::expired_session(), no_rows()]).await;
    let client = org.client();

    client.opportunities(&ids(1), &[]).await.unwrap();

    let calls = org.calls();
    assert_eq!(calls[0].header("authorization"), Some("Bearer 00Dtoken!1"));
    assert_eq!(calls[1].header("authorization"), Some("Bearer 00Dtoken!2"));
    assert_eq!((client.usage().token, client.usage().query), (2, 2));
}

#[tokio::test]
async fn a_renewed_session_that_is_refused_too_is_a_failed_login() {
    let org = org_refusing_tokens_up_to(usize::MAX).await;
    let client = org.client();

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    assert!(
        matches!(&error, SalesforceError::AuthFailed { detail } if detail.contains("INVALID_SESSION_ID")),
        "{error:?}"
    );
    assert_eq!((client.usage().token, client.usage().query), (2, 2));
}

#[tokio::test]
async fn fifty_calls_with_an_expired_session_log_in_once() {
    let org = org_refusing_tokens_up_to(1).await;
    let client = org.client();
    let ids = ids(1);

    let outcomes = join_all((0..50).map(|_| client.opportunities(&ids, &[]))).await;

    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(client.usage().token, 2);
    assert!(client.usage().query <= 100);
}

#[tokio::test]
async fn fifty_first_calls_share_one_refused_login_and_its_reason() {
    let refusal =
        json!({ "error": "invalid_client", "error_description": "invalid client credentials" });
    let org = Org::start(move |_| Reply::Json(400, refusal.clone())).await;
    let client = org.client();
    let ids = ids(1);

    let outcomes = join_all((0..50).map(|_| client.opportunities(&ids, &[]))).await;

    for outcome in outcomes {
        assert_eq!(
            outcome.unwrap_err(),
            SalesforceError::AuthFailed {
                detail: "invalid_client: invalid client credentials".to_owned()
            }
        );
    }
    assert_eq!(client.usage().total(), 1);
}

#[tokio::test]
async fn a_refused_login_is_tried_anew_by_a_later_call() {
    let times = AtomicUsize::new(0);
    let org = Org::start_with_own_address(move |asked, host| {
        if !asked.is_login() {
            no_rows()
        } else if times.fetch_add(1, Ordering::Relaxed) == 0 {
            Reply::Json(400, json!({ "error": "invalid_grant" }))
        } else {
            token(&format!("http://{host}"), 2)
        }
    })
    .await;
    let client = org.client();

    assert!(client.opportunities(&ids(1), &[]).await.is_err());
    assert!(client.opportunities(&ids(1), &[]).await.is_ok());
}

#[tokio::test]
async fn a_login_that_is_unavailable_is_repeated_within_bounds() {
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let org = Org::start(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Reply::Html(503)
    })
    .await;
    let client = org.client();

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    assert!(matches!(error, SalesforceError::Unavailable { .. }));
    assert_eq!(times.load(Ordering::Relaxed), 4);
    assert_eq!(client.usage().token, 4);
}

#[tokio::test]
async fn a_token_is_never_sent_to_a_foreign_instance() {
    let foreign = Org::answering([no_rows()]).await;
    let instance = foreign.url();
    let org = Org::start(move |_| token(&instance, 1)).await;
    let client = org.client();

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    assert!(matches!(error, SalesforceError::Unavailable { .. }));
    assert_eq!(foreign.asked().len(), 0);
    assert_eq!(client.usage().total(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed_neither_at_the_login_nor_after_it() {
    let elsewhere = Org::answering([no_rows(), no_rows()]).await;
    let target = elsewhere.url();
    let login = {
        let target = target.clone();
        Org::start(move |_| Reply::Empty(302).with("location", format!("{target}/x?sid=1"))).await
    };
    let call =
        Org::answering([Reply::Empty(302).with("location", format!("{target}/x?sid=1"))]).await;

    for org in [&login, &call] {
        let client = org.client();
        let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

        let text = error.to_string();
        assert!(text.contains(&target) && !text.contains("sid"), "{text}");
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn the_assertion_carries_the_claims_and_our_signature() {
    let private = key().to_pkcs8_pem(LineEnding::LF).unwrap();
    let public = key()
        .to_public_key()
        .to_public_key_pem(LineEnding::LF)
        .unwrap();
    let org = Org::answering([no_rows(), no_rows()]).await;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://login.salesforce.com"]);
    // The test's clock stands still.
    validation.validate_exp = false;

    org.client_as(by_key(&private, None))
        .opportunities(&ids(1), &[])
        .await
        .unwrap();

    let form = org.asked()[0].body.clone();
    let assertion = form
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .unwrap();
    let token = jsonwebtoken::decode::<Value>(
        assertion,
        &DecodingKey::from_rsa_pem(public.as_bytes()).unwrap(),
        &validation,
    )
    .unwrap();
    assert_eq!(
        token.claims,
        json!({
            "iss": "key",
            "sub": "bridge@acme.example",
            "aud": "https://login.salesforce.com",
            "exp": NOW_SECOND + 120,
        })
    );
}

#[tokio::test]
async fn a_given_audience_and_the_older_key_format_are_used_as_they_are() {
    let private = key().to_pkcs1_pem(LineEnding::LF).unwrap();
    let org = Org::answering([no_rows()]).await;

    org.client_as(by_key(&private, Some("https://acme.example")))
        .opportunities(&ids(1), &[])
        .await
        .unwrap();

    let form = org.asked()[0].body.clone();
    let claims =
        jsonwebtoken::dangerous::insecure_decode::<Value>(form.split_once("assertion=").unwrap().1)
            .unwrap()
            .claims;
    assert_eq!(claims["aud"], "https://acme.example");
}

#[tokio::test]
async fn credentials_that_cannot_work_are_refused_before_any_call() {
    let pem = key().to_pkcs8_pem(LineEnding::LF).unwrap();
    let empty = Credentials::ClientCredentials {
        client_id: String::new(),
        client_secret: SECRET.to_owned(),
    };
    let org = "https://acme.my.salesforce.com";

    for (url, credentials) in [
        ("https://login.salesforce.com", by_secret()),
        (org, empty),
        (org, by_key("no pem", None)),
        (org, by_key(&pem[..pem.len() / 2], None)),
    ] {
        let error = new_client(url, credentials).err().unwrap();
        assert!(
            matches!(error, SalesforceError::NotConfigured { .. }),
            "{error}"
        );
    }
    assert!(new_client("https://login.salesforce.com", by_key(&pem, None)).is_ok());
    assert!(new_client(org, by_secret()).is_ok());
}
