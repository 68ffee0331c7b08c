//! Many callers at once: one wins, and the others are told who.

use dealbridge_core::{
    SalesforceId,
    record::{RecordId, RecordKind},
};
use dealbridge_tests::opportunity;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{agreeing, deal, folder, lead, record_id},
    reply::Reply,
};

const CALLERS: usize = 50;

/// Previews all pairs one by one and confirms them at the same time.
async fn confirm_all(harness: &LinkHarness, pairs: &[(RecordId, SalesforceId)]) -> Vec<Reply> {
    let mut tokens = Vec::new();
    for (record, id) in pairs {
        tokens.push(harness.preview(record, *id, "salesforce").await.token());
    }
    let confirms = pairs
        .iter()
        .zip(&tokens)
        .map(|((record, id), token)| harness.confirm(record, *id, "salesforce", token));
    join_all(confirms).await
}

/// The position of the winner; all others have that verdict.
fn winner(replies: &[Reply], verdict: (u64, &str)) -> usize {
    let won: Vec<usize> = (0..replies.len())
        .filter(|at| replies[*at].status == 201)
        .collect();
    assert_eq!(won.len(), 1, "{won:?}");
    for (at, reply) in replies.iter().enumerate() {
        assert!(at == won[0] || reply.verdict() == verdict, "{}", reply.body);
    }
    won[0]
}

/// Asserts that links and audit rows are those of one link.
async fn assert_one_link(harness: &LinkHarness, record: &RecordId, id: SalesforceId) {
    let ledger = harness.app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert_eq!((ledger.live(), ledger.claims.len()), (1, 1));
    assert_eq!(&ledger.linked(id).unwrap().id, record);
    assert_eq!(harness.actions().await.len(), 1);
}

#[tokio::test]
async fn of_fifty_callers_who_link_one_deal_to_fifty_opportunities_one_wins_and_the_others_learn_which()
 {
    let harness = LinkHarness::start(&folder(CALLERS, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    let pairs: Vec<_> = (1..=CALLERS)
        .map(|number| (deal("d"), opportunity(number)))
        .collect();

    let replies = confirm_all(&harness, &pairs).await;

    let won = winner(&replies, (409, "ALREADY_LINKED_HERE"));
    let id = pairs[won].1;
    for (_, reply) in replies.iter().enumerate().filter(|(at, _)| *at != won) {
        assert_eq!(reply.body["salesforce"]["id"], id.as_str());
    }
    assert_one_link(&harness, &deal("d"), id).await;
}

#[tokio::test]
async fn of_fifty_records_of_all_kinds_that_are_linked_to_one_opportunity_one_wins_and_the_others_learn_which()
 {
    for target in [opportunity(1), lead(0)] {
        let harness = LinkHarness::start(&folder(1, 1)).await;
        let mut pairs = Vec::new();
        for number in 0..CALLERS {
            let record = record_id(RecordKind::ALL[number % 3], &format!("r{number}"));
            harness.put(&record, Value::Object(agreeing(1))).await;
            pairs.push((record, target));
        }

        let replies = confirm_all(&harness, &pairs).await;

        let won = winner(&replies, (409, "ALREADY_LINKED_OTHER"));
        let record = &pairs[won].0;
        for (_, reply) in replies.iter().enumerate().filter(|(at, _)| *at != won) {
            assert_eq!(
                reply.body["record"],
                json!({ "kind": record.kind(), "id": record.id() })
            );
        }
        assert_one_link(&harness, record, target).await;
    }
}

#[tokio::test]
async fn fifty_callers_who_confirm_the_same_link_make_it_once_and_all_succeed() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    let pairs = vec![(deal("d"), opportunity(1)); CALLERS];

    let replies = confirm_all(&harness, &pairs).await;

    let created = replies.iter().filter(|reply| reply.status == 201).count();
    let found = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!((created, found), (1, CALLERS - 1));
    assert_one_link(&harness, &deal("d"), opportunity(1)).await;
}

#[tokio::test]
async fn of_fifty_callers_who_unlink_one_record_one_does_it() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    harness.link(&deal("d"), opportunity(1), "salesforce").await;

    let replies = join_all((0..CALLERS).map(|_| {
        let harness = &harness;
        async move { harness.unlink(&deal("d")).await }
    }))
    .await;

    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.verdict(), (409, "NOT_LINKED"));
    }
    assert_eq!(harness.claim(opportunity(1)).await.unwrap().epoch, 1);
    assert_eq!(harness.audit(&deal("d")).await.len(), 2);
}

#[tokio::test]
async fn pairs_that_share_no_record_do_not_hinder_each_other() {
    let harness = LinkHarness::start(&folder(20, 0)).await;
    let mut pairs = Vec::new();
    for number in 1..=20 {
        let record = deal(&format!("d{number}"));
        harness.put(&record, Value::Object(agreeing(number))).await;
        pairs.push((record, opportunity(number)));
    }

    let replies = confirm_all(&harness, &pairs).await;

    assert!(replies.iter().all(|reply| reply.status == 201));
    assert_eq!(harness.app.ledger().await.live(), 20);
}
