//! A thousand submissions while the org's answers are lost, workers are killed and messages come twice: a thousand
//! Leads, a thousand links, and nothing beside them.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use dealbridge_core::{
    SalesforceObject,
    claim::ClaimState,
    link::push::send_outbox,
    ports::{Consistency, ImportStore},
    record::RecordId,
    settings::{SendMode, SendTarget},
};
use dealbridge_lambda::Function;
use dealbridge_salesforce::RetryPolicy;
use dealbridge_tests::test_app::{Delivery, UNLIMITED, WRITES};
use futures::{StreamExt, future::join_all, stream};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole};

/// The number of submissions.
const SUBMISSIONS: usize = 1_000;
/// Of ten answers of the org to an upsert, three are lost.
const LOST: u64 = 3;

/// Polls a future at most so many times, then drops it: its process is killed there.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

impl SendHarness {
    /// Hands a delivery to the worker, which may be killed on the way; two of them may have it at once.
    async fn disturbed(&self, delivery: Delivery, fate: Fate) {
        let handle = || self.push.handle(delivery.event(), UNLIMITED);
        let answer = match fate {
            Fate::Well => Some(handle().await),
            Fate::Twice => {
                let (first, second) = futures::join!(handle(), handle());
                first.is_ok().then_some(second)
            }
            Fate::Killed(polls) => killed_after(polls, handle()).await,
            Fate::TwiceAndKilled(polls) => {
                futures::join!(handle(), killed_after(polls, handle())).1
            }
        };
        if let Some(answer) = answer {
            let done = delivery.done(&answer.unwrap());
            self.app.delete(WRITES, &done).await;
        }
    }
}

enum Fate {
    Well,
    Twice,
    Killed(usize),
    TwiceAndKilled(usize),
}

impl Fate {
    fn of(seed: &mut StdRng) -> Self {
        let polls = seed.random_range(1..150);
        match seed.random_range(0..10) {
            0..5 => Self::Well,
            5..7 => Self::Twice,
            7..9 => Self::Killed(polls),
            _ => Self::TwiceAndKilled(polls),
        }
    }
}

#[tokio::test]
async fn a_thousand_submissions_become_a_thousand_leads_and_links_whatever_is_lost_on_the_way() {
    let mut harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    // Each lost answer is the worker's to make good, and not the client's.
    harness.without_client_retries(RetryPolicy {
        max_attempts: 1,
        first_pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
        ..RetryPolicy::default()
    });
    let seed = &mut StdRng::seed_from_u64(17);
    let ids: Vec<RecordId> = (0..SUBMISSIONS)
        .map(|number| deal(&format!("D-{number}")))
        .collect();
    stream::iter(&ids)
        .for_each_concurrent(16, |id| harness.submit_unsent(whole(id.id())))
        .await;
    for order in 1..=SUBMISSIONS as u64 {
        let fault = json!({ "match": EXTERNAL_ID, "mode": "cut", "times": LOST, "skip": (10 - LOST) * order });
        harness.app.disturb(fault).await;
    }

    let mut rounds = 0;
    while harness.outbox().await > 0 {
        rounds += 1;
        assert!(
            rounds < 100,
            "{} are still to be sent",
            harness.outbox().await
        );
        // Each scheduled run does this.
        let writes = harness.app.writes_of("fan-out");
        send_outbox(&harness.app.store, &writes).await.unwrap();
        loop {
            let mut deliveries = Vec::new();
            for _ in 0..8 {
                let delivery = harness.app.receive(WRITES, 10).await;
                if !delivery.messages.is_empty() {
                    deliveries.push((delivery, Fate::of(seed)));
                }
            }
            if deliveries.is_empty() {
                break;
            }
            let work = deliveries
                .into_iter()
                .map(|(delivery, fate)| harness.disturbed(delivery, fate));
            join_all(work).await;
        }
        harness.app.clock.advance(Duration::from_secs(900));
    }

    let leads = harness.created(SalesforceObject::Lead).await;
    let keys: BTreeSet<&str> = leads.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!((leads.len(), keys.len()), (SUBMISSIONS, SUBMISSIONS));
    let records = harness.app.store.records(&ids).await.unwrap();
    let org = harness.app.organization();
    let claimed: Vec<_> = leads.iter().map(|(id, _)| *id).collect();
    let claims = harness
        .app
        .store
        .known(org, &claimed, Consistency::Strong)
        .await
        .unwrap()
        .claims;
    let links: BTreeMap<_, _> = records
        .values()
        .filter_map(|record| Some((record.link.as_ref()?.salesforce_id, &record.id)))
        .collect();
    assert_eq!(links.len(), SUBMISSIONS);
    for (lead, key) in &leads {
        let claim = &claims[lead];
        assert_eq!(
            (
                claim.state,
                &claim.record,
                format!("deal:{}", claim.record.id())
            ),
            (ClaimState::Live, links[lead], key.clone())
        );
    }
    let said: BTreeSet<String> = harness.actions().await.into_iter().collect();
    assert_eq!(said, BTreeSet::from(["SENT".to_owned()]));
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
    // Every submission asked at least once, and three of ten answers were lost.
    let asked = harness.app.salesforce.usage().total();
    assert!(asked > 1_400, "Salesforce was asked {asked} times");
}
