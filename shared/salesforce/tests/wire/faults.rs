//! Faults of Salesforce: the retries, their limits, and the errors that remain.

use std::time::Duration;

use dealbridge_core::salesforce::{Salesforce, SalesforceError};
use dealbridge_salesforce::RetryPolicy;
use serde_json::json;
use tokio::time::Instant;

use crate::org::{Org, Reply, ids};

fn no_rows() -> Reply {
    Reply::rows(json!([]))
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    for reply in [
        Reply::error(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
        Reply::error(503, "SERVER_UNAVAILABLE", "too busy"),
        Reply::Html(503),
        Reply::Html(200),
        Reply::Empty(502),
        Reply::Empty(429),
        Reply::Short,
        Reply::Cut,
        Reply::Vanish,
        Reply::error(
            400,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access",
        ),
        Reply::error(
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        ),
    ] {
        let name = format!("{reply:?}");
        let org = Org::answering([reply.clone(), reply, no_rows()]).await;
        let client = org.client();

        let outcome = client.opportunities(&ids(1), &[]).await;

        assert_eq!(outcome, Ok(Vec::new()), "{name}");
        assert_eq!(client.usage().query, 3, "{name}");
        assert_eq!(client.usage().token, 1, "{name}");
    }
}

#[tokio::test]
async fn what_does_not_pass_ends_after_the_last_attempt_with_its_reason() {
    for (reply, reason) in [
        (Reply::Html(503), "HTML"),
        (Reply::Short, "breaks off"),
        (Reply::Cut, "breaks off"),
        (Reply::Vanish, "connection closed"),
        (
            Reply::error(503, "SERVER_UNAVAILABLE", "too busy"),
            "too busy",
        ),
    ] {
        let org = Org::answering(vec![reply; 9]).await;

        let error = org.client().opportunities(&ids(1), &[]).await.unwrap_err();

        assert!(
            matches!(&error, SalesforceError::Unavailable { detail } | SalesforceError::NoAnswer { detail } if detail.contains(reason)),
            "{error:?}"
        );
        assert_eq!(org.calls().len(), 4);
    }
}

#[tokio::test]
async fn what_would_only_fail_again_is_asked_once() {
    for (reply, code) in [
        (
            Reply::error(
                403,
                "REQUEST_LIMIT_EXCEEDED",
                "TotalRequests Limit exceeded.",
            ),
            "SF_REQUEST_LIMIT",
        ),
        (
            Reply::error(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled"),
            "SF_API_DISABLED",
        ),
        (
            Reply::error(403, "INSUFFICIENT_ACCESS", "insufficient access rights"),
            "SF_PERMISSION_DENIED",
        ),
        (
            Reply::error(410, "GONE", "API version 20.0 is retired"),
            "SF_NOT_CONFIGURED",
        ),
    ] {
        let org = Org::answering(vec![reply; 2]).await;

        let error = org.client().opportunities(&ids(1), &[]).await.unwrap_err();

        assert_eq!(error.code(), code);
        assert_eq!(org.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_address_at_which_nobody_listens_is_unavailable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let client = dealbridge_salesforce::SalesforceClient::new(
        dealbridge_salesforce::Connection::parse(&url).unwrap(),
        crate::org::by_secret(),
        dealbridge_salesforce::http_client(Default::default()).unwrap(),
        crate::org::clock(),
    )
    .unwrap()
    .with_retry_policy(crate::org::AT_ONCE);

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    let text = error.to_string();
    assert!(matches!(error, SalesforceError::Unavailable { .. }));
    assert!(
        text.contains("refused") && !text.contains("s3cret"),
        "{text}"
    );
    assert_eq!(client.usage().token, 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_within_the_total_time() {
    let org = Org::answering(vec![Reply::Hang; 9]).await;
    let client = org.client().with_retry_policy(RetryPolicy::default());
    let started = Instant::now();

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    assert!(matches!(error, SalesforceError::NoAnswer { .. }));
    assert!(
        started.elapsed() <= Duration::from_millis(30_100),
        "{:?}",
        started.elapsed()
    );
    // The read timeout ends the first attempt, the total time the second.
    assert_eq!(org.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_wait_is_followed_as_far_as_the_policy_allows() {
    let policy = RetryPolicy {
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_secs(5),
        ..RetryPolicy::default()
    };
    for (wish, least, most) in [("2", 2, 3), ("3600", 5, 6)] {
        let org = Org::answering([Reply::Html(503).with("retry-after", wish), no_rows()]).await;
        let client = org.client().with_retry_policy(policy);
        let started = Instant::now();

        client.opportunities(&ids(1), &[]).await.unwrap();

        let waited = started.elapsed();
        assert!(
            waited >= Duration::from_secs(least) && waited < Duration::from_secs(most),
            "{waited:?}"
        );
    }
}

#[tokio::test]
async fn no_error_shows_the_token_or_the_secret() {
    for reply in [Reply::Cut, Reply::Html(500), Reply::expired_session()] {
        let org = Org::answering(vec![reply; 9]).await;

        let error = org.client().opportunities(&ids(1), &[]).await.unwrap_err();

        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("00Dtoken") && !text.contains("s3cret"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn nothing_is_said_in_plain_text_where_https_is_meant() {
    let org = Org::answering([]).await;
    let url = org.url().replace("http://", "https://");
    let client = dealbridge_salesforce::SalesforceClient::new(
        dealbridge_salesforce::Connection::parse(&url).unwrap(),
        crate::org::by_secret(),
        dealbridge_salesforce::http_client(Default::default()).unwrap(),
        crate::org::clock(),
    )
    .unwrap()
    .with_retry_policy(crate::org::AT_ONCE);

    let error = client.opportunities(&ids(1), &[]).await.unwrap_err();

    assert!(
        matches!(error, SalesforceError::Unavailable { .. }),
        "{error}"
    );
    assert!(org.asked().is_empty());
}
