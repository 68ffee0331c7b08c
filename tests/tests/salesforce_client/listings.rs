//! Listing whole objects, page by page.

use dealbridge_core::salesforce::{Listing, Salesforce, SalesforceError};
use salesforce_simulator::OrgOptions;
use serde_json::json;

use crate::org::{MANY, admin, client_of, flagged, org_of, pages, place, rows};

#[tokio::test]
async fn a_listing_gives_each_flagged_record_once_newest_first_and_counts_its_calls() {
    let org = org_of(2 * MANY, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);

    let pages = pages(&client, &flagged()).await.unwrap();

    let places: Vec<_> = pages.iter().flat_map(|p| &p.rows).map(place).collect();
    assert_eq!(places.len(), MANY);
    assert!(places.windows(2).all(|pair| {
        pair[0].0 > pair[1].0 || (pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1)
    }));
    assert_eq!(pages.len(), 2);
    let usage = client.usage();
    assert_eq!((usage.token, usage.query, usage.query_more), (1, 1, 1));
    let seen = org.counters();
    assert_eq!(
        (seen["token"], seen["query"], seen["queryMore"]),
        (usage.token, usage.query, usage.query_more)
    );
    assert!(usage.limit.is_some());
}

#[tokio::test]
async fn a_listing_resumed_anywhere_gives_exactly_the_rest() {
    let org = org_of(700, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let all = rows(&client, &flagged()).await.unwrap();

    for at in (0..all.len()).step_by(13).chain([all.len() - 1]) {
        let listing = Listing {
            after: Some(place(&all[at])),
            ..flagged()
        };
        assert_eq!(rows(&client, &listing).await.unwrap(), all[at + 1..]);
    }
}

#[tokio::test]
async fn a_listing_since_a_stamp_begins_with_it() {
    let org = org_of(700, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let all = rows(&client, &flagged()).await.unwrap();
    let since = place(&all[100]).0;

    let newer = rows(
        &client,
        &Listing {
            since: Some(since),
            ..flagged()
        },
    )
    .await
    .unwrap();

    let expected: Vec<_> = all.iter().filter(|row| place(row).0 >= since).collect();
    assert!(expected.len() > 100);
    assert_eq!(newer.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_listing_whose_locator_expires_goes_on_after_its_last_row() {
    let org = org_of(2 * MANY, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let all = rows(&client, &flagged()).await.unwrap();
    let first = client.list(&flagged()).await.unwrap();

    admin(&org, "expire", json!({ "what": "locators" })).await;
    let next = client.next(first.next.as_ref().unwrap()).await;
    let rest = Listing {
        after: first.rows.last().map(place),
        ..flagged()
    };

    assert_eq!(next, Err(SalesforceError::LocatorExpired));
    assert_eq!(rows(&client, &rest).await.unwrap(), all[2_000..]);
}
