//! The client against an API that is late, refuses a token, or is none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use dealbridge_core::portal::{Organization, OrganizationStatus, PartyType};
use tokio::net::TcpListener;

use super::*;

/// An API that gives these answers, one after the other, and keeps the tokens it was called with.
#[derive(Clone, Default)]
struct Api {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    if request.uri().path() == "/token" {
        return r#"{"access_token":"fetched"}"#.into_response();
    }
    let token = request.headers()["authorization"].to_str().unwrap();
    api.tokens.lock().unwrap().push(token.to_owned());
    let (status, body) = api.answers.lock().unwrap().pop_front().unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("retry-after", "0")], body).into_response()
}

/// A client of an API that gives these answers.
async fn client(answers: &[(u16, &'static str)], given: Option<&str>) -> (Client, Api) {
    let api = Api::default();
    api.answers.lock().unwrap().extend(answers);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(api.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let source = match given {
        Some(token) => TokenSource::Given(token.to_owned()),
        None => TokenSource::Client {
            id: "portal".to_owned(),
            secret: "s3cret".to_owned(),
            url: format!("{address}/token"),
        },
    };
    let address = ApiAddress::parse(&address).unwrap();
    (Client::new(&address, source).unwrap(), api)
}

fn fjord() -> Member {
    Member::Organization(Organization {
        id: "org-fjord".to_owned(),
        name: "Fjord".to_owned(),
        kind: PartyType::Partner,
        status: OrganizationStatus::Active,
    })
}

#[tokio::test]
async fn what_the_api_cannot_take_at_the_moment_is_sent_again() {
    let busy = [
        (503, "{}"),
        (429, "{}"),
        (500, ""),
        (502, "<html>"),
        (201, "{}"),
    ];
    let (client, api) = client(&busy, Some("t")).await;

    assert_eq!(client.put(&fjord()).await, Ok(Written::Created));
    assert_eq!(api.tokens.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn an_api_that_stays_busy_ends_the_load_with_its_reason() {
    let (client, _) = client(&[(503, r#"{"detail":"DynamoDB is away."}"#); 7], Some("t")).await;

    let error = client.put(&fjord()).await.unwrap_err().to_string();

    assert!(
        error.ends_with("503 Service Unavailable: DynamoDB is away"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_expires_is_fetched_again_or_asked_for() {
    let expired = [(200, "{}"), (401, "{}"), (200, "{}")];
    let (fetching, api) = client(&expired, None).await;
    let (given, _) = client(&expired, Some("t")).await;

    for client in [&fetching, &given] {
        assert_eq!(client.put(&fjord()).await, Ok(Written::Replaced));
    }
    assert_eq!(fetching.put(&fjord()).await, Ok(Written::Replaced));
    assert_eq!(*api.tokens.lock().unwrap(), vec!["Bearer fetched"; 3]);
    let error = given.put(&fjord()).await.unwrap_err().to_string();
    assert!(
        error.contains("it has expired") && error.contains("the same command"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_member_is_told_and_a_page_that_is_none_ends_the_load() {
    let refused = [(422, r#"{"detail":"name: is blank."}"#)];
    let (client, _) = client(&refused, Some("t")).await;
    let told = client.put(&fjord()).await;
    assert_eq!(told, Ok(Written::Refused("name: is blank".to_owned())));

    for (status, body, sentence) in [
        (200, "<html></html>", "none of a dealbridge API"),
        (
            404,
            r#"{"message":"Not Found"}"#,
            "there is no dealbridge API",
        ),
        (
            200,
            r#"{"items":[{"id":"x"}],"cursor":null}"#,
            "another form",
        ),
        (301, "", "none of a dealbridge API"),
    ] {
        let (client, _) = self::client(&[(status, body)], Some("t")).await;
        let error = client.list(MemberKind::User).await.unwrap_err().to_string();
        assert!(error.contains(sentence), "{status} {body}: {error}");
    }
}

#[test]
fn a_token_is_sent_by_https_or_to_this_machine() {
    for good in [
        "https://x.execute-api.eu-central-1.amazonaws.com/",
        "http://127.0.0.1:8400",
        "http://localhost:8400/",
        "http://[::1]:8400",
    ] {
        assert!(ApiAddress::parse(good).is_ok(), "{good}");
    }
    for (bad, told) in [
        ("api.example", "it is not an address"),
        ("http://api.example", "only sent by https"),
        ("ftp://127.0.0.1", "only sent by https"),
        ("https://api.example/?a=b", "the address alone"),
        ("https://me@api.example", "the address alone"),
    ] {
        let error = ApiAddress::parse(bad).unwrap_err().to_string();
        assert!(error.contains(told), "{bad}: {error}");
    }
}
