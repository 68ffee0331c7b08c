//! Logins, sessions that end, and faults of Salesforce.

use dealbridge_core::salesforce::{Salesforce, SalesforceError};
use dealbridge_salesforce::Credentials;
use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::OsRng,
};
use salesforce_simulator::{OrgClock, OrgOptions};
use serde_json::json;

use crate::org::{MANY, admin, client_as, client_of, clock, fail, flagged, org_of, rows};

#[tokio::test]
async fn a_refused_login_says_why() {
    let org = org_of(1, OrgOptions::with_own_clock()).await;
    let client = client_as(
        &org,
        Credentials::ClientCredentials {
            client_id: org.client().id.clone(),
            client_secret: "wrong".to_owned(),
        },
    );

    assert_eq!(
        client.list(&flagged()).await,
        Err(SalesforceError::AuthFailed {
            detail: "invalid_client: invalid client credentials".to_owned()
        })
    );
    assert_eq!(client.usage().total(), 1);
}

#[tokio::test]
async fn a_signed_assertion_logs_in() {
    let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
    let public = key.to_public_key().to_public_key_pem(LineEnding::LF);
    let org = org_of(
        2,
        OrgOptions {
            jwt_public_key: Some(public.unwrap()),
            clock: OrgClock::Following(clock()),
            ..OrgOptions::with_own_clock()
        },
    )
    .await;
    let as_user = |username: &str| {
        client_as(
            &org,
            Credentials::JwtBearer {
                client_id: org.client().id.clone(),
                username: username.to_owned(),
                private_key_pem: key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
                audience: None,
            },
        )
    };

    let known = as_user("integration@local-org.example")
        .list(&flagged())
        .await;
    let stranger = as_user("nobody@acme.example").list(&flagged()).await;

    assert_eq!(known.unwrap().rows.len(), 1);
    assert!(matches!(stranger, Err(SalesforceError::AuthFailed { .. })));
}

#[tokio::test]
async fn a_session_that_ends_between_pages_is_renewed_unseen() {
    let org = org_of(2 * MANY, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let first = client.list(&flagged()).await.unwrap();

    admin(&org, "expire", json!({ "what": "sessions" })).await;
    let second = client.next(&first.next.unwrap()).await.unwrap();

    assert_eq!(second.rows.len(), MANY - 2_000);
    assert_eq!(client.usage().token, 2);
}

#[tokio::test]
async fn what_passes_within_the_attempts_is_never_seen() {
    let org = org_of(20, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);

    for what in [
        json!({ "status": 401 }),
        json!({ "status": 500 }),
        json!({ "status": 503, "body": "<html>Maintenance</html>" }),
        json!({ "mode": "cut" }),
        json!({ "status": 503, "times": 3 }),
    ] {
        fail(&org, what.clone()).await;

        let listed = client.list(&flagged()).await;

        assert_eq!(listed.map(|page| page.rows.len()), Ok(10), "{what}");
    }
}

#[tokio::test]
async fn what_lasts_is_reported_with_its_code() {
    let org = org_of(20, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let limit = json!([{ "errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded." }]);

    for (what, code) in [
        (json!({ "status": 401, "times": 2 }), "SF_AUTH_FAILED"),
        (json!({ "status": 403, "body": limit }), "SF_REQUEST_LIMIT"),
        (json!({ "status": 500, "times": 4 }), "SF_UNAVAILABLE"),
        (json!({ "mode": "cut", "times": 4 }), "SF_UNAVAILABLE"),
    ] {
        fail(&org, what).await;

        let error = client.list(&flagged()).await.unwrap_err();

        assert_eq!(error.code(), code);
        assert!(client.list(&flagged()).await.is_ok());
    }
}

#[tokio::test]
async fn a_fault_at_any_page_ends_the_listing_with_its_code_and_the_next_one_is_whole() {
    let org = org_of(2 * MANY, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let html = json!("<html>Maintenance</html>");

    for page in 0..2 {
        for (what, code) in [
            (json!({ "status": 403 }), "SF_REQUEST_LIMIT"),
            (json!({ "status": 500, "times": 4 }), "SF_UNAVAILABLE"),
            (
                json!({ "status": 200, "body": html, "times": 4 }),
                "SF_UNAVAILABLE",
            ),
            (json!({ "mode": "cut", "times": 4 }), "SF_UNAVAILABLE"),
        ] {
            let mut fault = what;
            fault["skip"] = page.into();
            fail(&org, fault).await;

            let error = rows(&client, &flagged()).await.unwrap_err();

            assert_eq!(error.code(), code);
            assert_eq!(rows(&client, &flagged()).await.unwrap().len(), MANY);
        }
    }
}

#[tokio::test]
async fn a_session_that_is_refused_again_is_a_refused_login_and_at_a_locator_a_dead_locator() {
    let org = org_of(2 * MANY, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);

    for page in 0..2 {
        fail(&org, json!({ "status": 401, "times": 2, "skip": page })).await;

        let error = rows(&client, &flagged()).await.unwrap_err();

        if page == 0 {
            assert_eq!(error.code(), "SF_AUTH_FAILED");
        } else {
            assert_eq!(error, SalesforceError::LocatorExpired);
        }
        assert_eq!(rows(&client, &flagged()).await.unwrap().len(), MANY);
    }
}

#[tokio::test]
async fn a_spent_allowance_is_final_until_it_is_renewed() {
    let org = org_of(2, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);

    admin(&org, "limit", json!({ "remaining": 0 })).await;
    let spent = client.list(&flagged()).await;
    let queries = client.usage().query;
    admin(&org, "limit", json!({ "remaining": 100 })).await;

    assert!(matches!(spent, Err(SalesforceError::RequestLimit { .. })));
    assert_eq!(queries, 1);
    assert!(client.list(&flagged()).await.is_ok());
    assert!(
        client
            .usage()
            .limit
            .is_some_and(|limit| limit.is_nearly_spent())
    );
}
