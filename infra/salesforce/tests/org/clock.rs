//! By what time an org goes, and which stamps its rows carry.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use salesforce_simulator::{OrgClock, OrgOptions};
use serde_json::{Value, json};

use crate::fixture::{DATA, Org, opportunity, small_folder};

const NOON: i64 = 1_800_014_400;

/// An org that goes by a time the test moves.
async fn org_at_noon() -> (Org, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(NOON));
    let shown = Arc::clone(&seconds);
    let clock = OrgClock::Following(Arc::new(move || {
        jiff::Timestamp::from_second(shown.load(Ordering::Relaxed)).expect("a moment")
    }));
    let options = OrgOptions {
        clock,
        ..OrgOptions::default()
    };
    (Org::of(small_folder().path(), options).await, seconds)
}

/// Edits Opportunities one after the other and answers with their stamps.
async fn stamps(org: &Org, numbers: &[u32]) -> Vec<Value> {
    let mut stamps = Vec::new();
    for number in numbers {
        let path = format!("{DATA}/sobjects/Opportunity/{}", opportunity(*number));
        let edited = org.patch(&path, json!({ "NextStep": "call" })).await;
        assert_eq!(edited.status, 204, "{}", edited.body);
        let row = org.row("Opportunity", &opportunity(*number)).await;
        stamps.push(row["SystemModstamp"].clone());
    }
    stamps
}

#[tokio::test]
async fn writes_within_one_second_of_the_real_time_carry_one_stamp() {
    let (org, seconds) = org_at_noon().await;

    let alike = stamps(&org, &[1, 2]).await;
    seconds.fetch_add(1, Ordering::Relaxed);
    let later = stamps(&org, &[3]).await;
    let answer = org.get(&format!("{DATA}/limits")).await;

    assert_eq!(
        alike,
        [
            "2027-01-15T12:00:00.000+0000",
            "2027-01-15T12:00:00.000+0000"
        ]
    );
    assert_eq!(later, ["2027-01-15T12:00:01.000+0000"]);
    assert_eq!(answer.header("date"), "Fri, 15 Jan 2027 12:00:01 GMT");
}

#[tokio::test]
async fn a_clock_that_is_set_stands_still_until_it_is_moved() {
    let (org, seconds) = org_at_noon().await;

    org.admin("clock", json!({ "now": "2026-01-31T08:00:00Z" }))
        .await;
    let alike = stamps(&org, &[1, 2]).await;
    seconds.fetch_add(60, Ordering::Relaxed);
    let moved = org.admin("clock", json!({ "advance": 5 })).await;
    let after = stamps(&org, &[3]).await;

    assert_eq!(
        alike,
        [
            "2026-01-31T08:00:00.000+0000",
            "2026-01-31T08:00:00.000+0000"
        ]
    );
    assert_eq!(moved["now"], "2026-01-31T08:00:05.000+0000");
    assert_eq!(after, ["2026-01-31T08:00:05.000+0000"]);
}

#[tokio::test]
async fn a_stepping_clock_takes_another_step_or_none() {
    let org = Org::small().await;

    let stepped = stamps(&org, &[1, 2]).await;
    org.admin("clock", json!({ "now": "2026-02-01T00:00:00Z", "step": 0 }))
        .await;
    let alike = stamps(&org, &[1, 2, 3]).await;
    org.admin("clock", json!({ "step": 1 })).await;
    let seconds = stamps(&org, &[1, 2]).await;

    assert_ne!(stepped[0], stepped[1]);
    assert_eq!(alike, ["2026-02-01T00:00:00.000+0000"; 3]);
    assert_eq!(
        seconds,
        [
            "2026-02-01T00:00:00.000+0000",
            "2026-02-01T00:00:01.000+0000"
        ]
    );
}

#[tokio::test]
async fn an_org_goes_by_the_real_time_unless_it_is_told_otherwise() {
    let folder = small_folder();
    let org = Org::of(folder.path(), OrgOptions::default()).await;
    let first = org.admin("clock", json!({})).await;

    org.admin("clock", json!({ "now": "2020-01-01T00:00:00Z" }))
        .await;
    let set = org.admin("clock", json!({})).await;
    let back = org.admin("clock", json!({ "wall": true })).await;

    assert_eq!(set["now"], "2020-01-01T00:00:00.000+0000");
    let (first, back) = (first["now"].as_str(), back["now"].as_str());
    assert!(
        first > Some("2026-01-14T") && back >= first,
        "{first:?} {back:?}"
    );
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let org = Org::small().await;

    let refused = org.post("/_org/clock", json!({ "now": "soon" })).await;

    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body[0]["message"],
        "now must be a date and time such as 2026-01-31T08:00:00Z"
    );
}

#[tokio::test]
async fn a_locator_may_die_with_its_session() {
    let mut org = Org::small().await;
    for number in 0..201 {
        let fields = json!({ "LastName": format!("L{number}"), "Company": "c" });
        org.admin("create", json!({ "object": "Lead", "fields": fields }))
            .await;
    }
    let first = crate::fixture::answer(
        org.request(
            reqwest::Method::GET,
            &format!("{DATA}/query?q=SELECT+Id+FROM+Lead"),
        )
        .header("sforce-query-options", "batchSize=200"),
    )
    .await;
    let next = first.body["nextRecordsUrl"]
        .as_str()
        .expect("more")
        .to_owned();

    org.admin("expire", json!({ "what": "sessions" })).await;
    org.log_in().await;
    let survived = org.get(&next).await;
    org.admin(
        "expire",
        json!({ "what": "sessions", "withLocators": true }),
    )
    .await;
    org.log_in().await;
    let died = org.get(&next).await;
    let other = org.query("SELECT Id FROM Lead LIMIT 1").await;

    assert_eq!(survived.status, 200);
    assert_eq!((died.status, died.code()), (401, "INVALID_SESSION_ID"));
    assert_eq!(other.status, 200);
}
