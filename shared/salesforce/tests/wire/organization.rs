//! A client that is bound to an org uses no session of another one.

use std::sync::atomic::{AtomicUsize, Ordering};

use dealbridge_core::salesforce::{Salesforce, SalesforceError};
use serde_json::json;

use crate::org::{Org, Reply, id, ids};

const OURS: &str = "00DdM0000000001UAA";
const OTHER: &str = "00DdM0000000002UAA";

/// A login that names its org, as Salesforce's do.
fn token_of(host: &str, organization: &str, number: usize) -> Reply {
    Reply::Json(
        200,
        json!({
            "access_token": format!("00Dtoken!{number}"),
            "instance_url": format!("http://{host}"),
            "id": format!("https://login.salesforce.com/id/{organization}/005dM000004ZOmfQAG"),
            "token_type": "Bearer",
        }),
    )
}

fn changed() -> SalesforceError {
    SalesforceError::OrgChanged {
        settings: id(OURS),
        connected: id(OTHER),
    }
}

#[tokio::test]
async fn the_login_names_the_org_and_costs_no_further_call() {
    let org = Org::start_with_own_address(|asked, host| {
        if asked.is_login() {
            token_of(host, OURS, 1)
        } else {
            Reply::rows(json!([]))
        }
    })
    .await;
    let client = org.client();

    let held = client.of(id(OURS)).await.unwrap();
    held.opportunities(&ids(1), &[]).await.unwrap();

    assert_eq!((client.usage().token, client.usage().query), (1, 1));
}

#[tokio::test]
async fn a_login_to_another_org_is_refused_before_anything_is_asked_of_it() {
    let org = Org::start_with_own_address(|_, host| token_of(host, OTHER, 1)).await;
    let client = org.client();

    assert_eq!(client.of(id(OURS)).await.err(), Some(changed()));
    assert_eq!(client.usage().total(), client.usage().token);
}

#[tokio::test]
async fn a_session_of_another_org_that_follows_an_expired_one_is_not_used() {
    let logins = AtomicUsize::new(0);
    let org = Org::start_with_own_address(move |asked, host| {
        if asked.is_login() {
            let number = logins.fetch_add(1, Ordering::Relaxed) + 1;
            token_of(host, if number == 1 { OURS } else { OTHER }, number)
        } else if asked.header("authorization") == Some("Bearer 00Dtoken!1") {
            Reply::expired_session()
        } else {
            Reply::rows(json!([]))
        }
    })
    .await;
    let held = org.client().of(id(OURS)).await.unwrap();

    let read = held.opportunities(&ids(1), &[]).await;

    assert_eq!(read, Err(changed()));
    assert_eq!(org.calls().len(), 1);
}

#[tokio::test]
async fn a_login_that_does_not_name_its_org_is_followed_by_the_org_s_own_row() {
    let rows = Reply::rows(json!([{ "Id": OURS }]));
    let org = Org::answering([rows, Reply::rows(json!([]))]).await;

    let held = org.client().of(id(OURS)).await.unwrap();
    held.opportunities(&ids(1), &[]).await.unwrap();

    let calls = org.calls();
    assert!(
        calls[0]
            .path
            .ends_with("/query?q=SELECT%20Id%20FROM%20Organization")
    );
    assert_eq!(calls.len(), 2);
}
