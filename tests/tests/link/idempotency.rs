//! `Idempotency-Key`: a repeated request with the same key gets the same answer, and is carried out once.

use dealbridge_core::record::RecordKind;
use dealbridge_tests::opportunity;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    event::{allow_event, confirm_event, unlink_event, url},
    harness::LinkHarness,
    portal::{agreeing, deal, folder, record_id},
};

async fn harness() -> LinkHarness {
    let harness = LinkHarness::start(&folder(3, 0)).await;
    for id in ["d", "e"] {
        harness.put(&deal(id), Value::Object(agreeing(1))).await;
    }
    harness
}

fn keyed(mut event: Value, key: &str) -> Value {
    event["headers"]["Idempotency-Key"] = key.into();
    event
}

async fn confirm_body(harness: &LinkHarness, number: usize) -> Value {
    let token = harness
        .preview(&deal("d"), opportunity(number), "salesforce")
        .await
        .token();
    json!({ "salesforceUrl": url(opportunity(number)), "master": "salesforce", "previewToken": token, "confirm": true })
}

#[tokio::test]
async fn a_link_under_a_key_is_answered_the_same_again_even_after_an_unlink() {
    let harness = harness().await;
    let admin = Caller::admin();
    let event = keyed(
        confirm_event(&deal("d"), &confirm_body(&harness, 1).await),
        "k",
    );

    let first = harness.call(&admin, event.clone()).await;
    let again = harness.call(&admin, event.clone()).await;
    harness.unlink(&deal("d")).await;
    let before = harness.dump().await;
    let late = harness.call(&admin, event).await;

    assert_eq!(first.status, 201);
    assert_eq!((&again, &late), (&first, &first));
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_key_with_another_body_or_another_record_is_refused() {
    let harness = harness().await;
    let admin = Caller::admin();
    let body = confirm_body(&harness, 1).await;
    let first = harness
        .call(&admin, keyed(confirm_event(&deal("d"), &body), "k"))
        .await;
    assert_eq!(first.status, 201);
    let before = harness.dump().await;
    let mut other = body.clone();
    other["master"] = "channeltivity".into();

    let other_body = harness
        .call(&admin, keyed(confirm_event(&deal("d"), &other), "k"))
        .await;
    let other_record = harness
        .call(&admin, keyed(confirm_event(&deal("e"), &body), "k"))
        .await;
    let other_act = harness
        .call(&admin, keyed(unlink_event(&deal("d")), "k"))
        .await;

    for reply in [other_body, other_record, other_act] {
        assert_eq!(reply.verdict(), (422, "IDEMPOTENCY_KEY_REUSED"));
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn keys_of_two_callers_never_meet() {
    let harness = harness().await;
    let other = Caller {
        subject: "usr-second-admin".into(),
        ..Caller::admin()
    };
    let event = keyed(
        confirm_event(&deal("d"), &confirm_body(&harness, 1).await),
        "k",
    );
    assert_eq!(harness.call(&Caller::admin(), event).await.status, 201);

    let unlinked = harness
        .call(&other, keyed(unlink_event(&deal("d")), "k"))
        .await;

    assert_eq!(unlinked.status, 200);
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_the_key_may_be_used_again() {
    let harness = harness().await;
    let admin = Caller::admin();
    let event = keyed(unlink_event(&deal("d")), "k");
    let refused = harness.call(&admin, event.clone()).await;
    harness.link(&deal("d"), opportunity(1), "salesforce").await;

    let done = harness.call(&admin, event.clone()).await;
    let again = harness.call(&admin, event).await;

    assert_eq!(refused.verdict(), (409, "NOT_LINKED"));
    assert_eq!(done.status, 200);
    assert_eq!(again, done);
}

#[tokio::test]
async fn ten_at_once_under_one_key_do_it_once_and_get_one_answer() {
    let harness = harness().await;
    let admin = Caller::admin();
    let link = keyed(
        confirm_event(&deal("d"), &confirm_body(&harness, 1).await),
        "link",
    );
    for (event, status) in [
        (link, 201),
        (keyed(unlink_event(&deal("d")), "unlink"), 200),
        (keyed(allow_event(opportunity(1)), "allow"), 200),
    ] {
        let replies = join_all((0..10).map(|_| harness.call(&admin, event.clone()))).await;

        assert_eq!(replies[0].status, status, "{}", replies[0].body);
        for reply in &replies {
            assert_eq!(reply, &replies[0]);
        }
    }
    let acts: Vec<String> = harness
        .audit(&deal("d"))
        .await
        .into_iter()
        .map(|(act, _)| act)
        .collect();
    assert_eq!(acts, ["link", "unlink", "allow-import"]);
}

#[tokio::test]
async fn one_key_for_two_acts_at_once_does_one_of_them() {
    for _ in 0..5 {
        let harness = harness().await;
        let admin = Caller::admin();
        let mut events = Vec::new();
        for (record, number) in [("d", 1), ("e", 2)] {
            let token = harness
                .preview(&deal(record), opportunity(number), "salesforce")
                .await
                .token();
            let body = json!({ "salesforceUrl": url(opportunity(number)), "master": "salesforce", "previewToken": token, "confirm": true });
            events.push(keyed(confirm_event(&deal(record), &body), "k"));
        }

        let replies = join_all(events.into_iter().map(|event| harness.call(&admin, event))).await;

        let mut verdicts: Vec<_> = replies.iter().map(crate::reply::Reply::verdict).collect();
        verdicts.sort_unstable();
        assert_eq!(verdicts, [(201, ""), (422, "IDEMPOTENCY_KEY_REUSED")]);
        let ledger = harness.app.ledger().await;
        assert_eq!((ledger.live(), ledger.broken()), (1, Vec::new()));
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_kept_is_refused_and_does_nothing() {
    let harness = harness().await;
    let body = confirm_body(&harness, 1).await;
    let before = harness.dump().await;
    for key in ["", "ä", &"k".repeat(129)] {
        let reply = harness
            .call(
                &Caller::admin(),
                keyed(confirm_event(&deal("d"), &body), key),
            )
            .await;
        assert_eq!(reply.verdict(), (400, "MALFORMED"));
    }
    let kind = record_id(RecordKind::Deal, "d");
    assert_eq!(harness.status(&kind).await, None);
    harness.assert_untouched_since(&before).await;
}
