//! The same work done many times at once, twice, too late, or under another form of its id.

use std::sync::Arc;

use dealbridge_core::{
    SalesforceId,
    run::{Counts, Mode, RunId, RunStatus},
    sync_request::Requested,
};
use dealbridge_lambda::Function;
use dealbridge_tests::{
    Defect, OrgFolder, TestApp, opportunity,
    test_app::{IMPORTS, SYNC_REQUESTS, UNLIMITED, event_of},
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use tokio::task::JoinSet;

/// Starts a full run and takes its messages off the queue without processing them.
async fn listed(app: &TestApp, most: usize) -> (RunId, Vec<String>) {
    let Requested::Started(run) = app.request_run().await else {
        panic!("no run was active");
    };
    let request = app.receive(SYNC_REQUESTS, 1).await;
    app.work(SYNC_REQUESTS, &request).await;
    let imports = app.receive(IMPORTS, most).await;
    app.delete(IMPORTS, &imports).await;
    let bodies = imports
        .messages
        .iter()
        .map(|message| message.body().unwrap().to_owned());
    (run.id, bodies.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_workers_fed_the_same_thousand_messages_five_times_over_make_a_thousand_deals() {
    let app = Arc::new(TestApp::start(&OrgFolder::importable(1_000)).await);
    let (run, bodies) = listed(&app, 2_000).await;
    assert_eq!(bodies.len(), 1_000);

    // 5,000 messages in random order, in 64 concurrent batches.
    let mut copies: Vec<String> = bodies.iter().cycle().take(5_000).cloned().collect();
    copies.shuffle(&mut StdRng::seed_from_u64(64));
    let mut workers = JoinSet::new();
    for share in copies.chunks(copies.len().div_ceil(64)) {
        let (app, event) = (Arc::clone(&app), event_of(share));
        workers.spawn(async move { app.worker.handle(event, UNLIMITED).await.unwrap() });
    }
    workers.join_all().await;
    // Messages that met others too often were given back, and are delivered again.
    let left = app.worker.handle(event_of(&bodies), UNLIMITED).await;

    assert_eq!(left.unwrap(), json!({ "batchItemFailures": [] }));
    let ledger = app.ledger().await;
    assert_eq!((ledger.live(), ledger.records.len()), (1_000, 1_000));
    let expected = Counts {
        listed: 1_000,
        imported: 1_000,
        ..Counts::default()
    };
    assert_eq!(ledger.runs[&run].counts, expected);
    assert_eq!(ledger.log(run).len(), 1_000);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_meet_over_failures_updates_and_imports_count_each_once() {
    let mut folder = OrgFolder::importable(120);
    for at in 0..120 {
        let defect = Defect::ALL[at % Defect::ALL.len()];
        folder.add(|opportunity| defect.apply(&opportunity));
    }
    let app = Arc::new(TestApp::start(&folder).await);
    app.full().await;
    for number in 1..=60 {
        app.edit(opportunity(number), json!({ "Amount": number }))
            .await;
    }
    let (run, bodies) = listed(&app, 1_000).await;

    let mut copies: Vec<String> = bodies
        .iter()
        .cycle()
        .take(bodies.len() * 4)
        .cloned()
        .collect();
    copies.shuffle(&mut StdRng::seed_from_u64(7));
    let mut workers = JoinSet::new();
    for share in copies.chunks(23) {
        let (app, event) = (Arc::clone(&app), event_of(share));
        workers.spawn(async move { app.worker.handle(event, UNLIMITED).await.unwrap() });
    }
    workers.join_all().await;

    let ledger = app.ledger().await;
    let expected = Counts {
        listed: 240,
        updated: 60,
        unchanged: 60,
        failed: 120,
        ..Counts::default()
    };
    assert_eq!(ledger.runs[&run].counts, expected);
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert!(ledger.problems.values().all(|problem| problem.times == 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_full_syncs_asked_for_at_once_are_one_run() {
    let app = Arc::new(TestApp::start(&OrgFolder::importable(10)).await);

    let mut asked = JoinSet::new();
    for _ in 0..16 {
        let app = Arc::clone(&app);
        asked.spawn(async move { app.request_run().await });
    }
    let answers = asked.join_all().await;
    app.deliver_all().await;

    let started = answers
        .iter()
        .filter(|answer| matches!(answer, Requested::Started(_)))
        .count();
    assert_eq!(started, 1);
    let ledger = app.ledger().await;
    assert_eq!(ledger.runs.len(), 1);
    let expected = Counts {
        listed: 10,
        imported: 10,
        ..Counts::default()
    };
    assert_eq!(ledger.runs[&RunId::new(1)].counts, expected);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_tick_while_a_run_is_active_does_nothing() {
    let app = TestApp::start(&OrgFolder::importable(3)).await;
    let Requested::Started(run) = app.request_run().await else {
        panic!("no run was active");
    };

    // Queued, then listed but not drained.
    let queued = app.tick("hourly").await;
    let request = app.receive(SYNC_REQUESTS, 1).await;
    app.work(SYNC_REQUESTS, &request).await;
    let running = app.tick("hourly").await;
    let asked = app.request_run().await;

    let nothing = json!({ "run": run.id, "outcome": "active" });
    assert_eq!((&queued, &running), (&nothing, &nothing));
    assert!(matches!(asked, Requested::Active(active) if active.id == run.id));
    assert_eq!(app.ledger().await.runs.len(), 1);
    app.deliver_all().await;
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(app.hourly().await.id, RunId::new(2));
}

#[tokio::test]
async fn ids_that_differ_only_in_case_are_two_records() {
    let mut folder = OrgFolder::new();
    let pairs = [
        "006dM0000abcdEF",
        "006dM0000ABCDEF",
        "006dM0000abcdef",
        "006dm0000abcdEF",
    ];
    let ids = pairs.map(|id| SalesforceId::parse(id).unwrap());
    for id in ids {
        folder.add(|opportunity| opportunity.with_id(id));
    }
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    assert_eq!(run.counts.imported, 4);
    let ledger = app.ledger().await;
    assert_eq!((ledger.live(), ledger.records.len()), (4, 4));
    for id in ids {
        assert_eq!(ledger.link(id).unwrap().salesforce_id, id);
    }
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn the_short_and_the_long_form_of_an_id_are_one_record() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    let (run, bodies) = listed(&app, 10).await;
    let long = opportunity(1).to_string();
    let short = bodies[0].replace(&long, &long[..15]);
    assert_ne!(short, bodies[0]);

    app.send(IMPORTS, &[short.clone(), bodies[0].clone(), short])
        .await;
    app.deliver_all().await;

    let ledger = app.ledger().await;
    let expected = Counts {
        listed: 1,
        imported: 1,
        ..Counts::default()
    };
    assert_eq!(ledger.runs[&run].counts, expected);
    assert_eq!((ledger.live(), ledger.records.len()), (1, 1));
}

#[tokio::test]
async fn a_late_duplicate_counts_in_its_own_run_once_whatever_happened_meanwhile() {
    let mut folder = OrgFolder::importable(1);
    let mended = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let unflagged = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    let (run, bodies) = listed(&app, 10).await;
    app.send(IMPORTS, &bodies).await;
    app.deliver_all().await;
    let counted = app.run(run).await.counts;
    assert_eq!(
        (counted.imported, counted.failed, counted.left()),
        (1, 2, 0)
    );

    // The next run imports one and closes the open problem of the other.
    app.edit(mended, json!({ "Product__c": "Pro" })).await;
    app.edit(unflagged, json!({ "Export__c": false })).await;
    app.hourly().await;
    app.send(IMPORTS, &bodies).await;
    app.send(IMPORTS, &bodies).await;
    app.deliver_all().await;

    assert_eq!(app.run(run).await.counts, counted);
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert_eq!((ledger.live(), ledger.problems.len()), (2, 0));
}

#[tokio::test]
async fn a_message_replayed_days_later_acts_on_the_present_state_and_counts_in_its_run() {
    let mut folder = OrgFolder::importable(1);
    let late = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    let (run, bodies) = listed(&app, 10).await;
    // One of the two messages is a dead letter; the other is processed.
    let (astray, rest): (Vec<String>, Vec<String>) = bodies
        .into_iter()
        .partition(|body| body.contains(late.as_str()));
    app.send(IMPORTS, &rest).await;
    app.deliver_all().await;
    assert_eq!(app.run(run).await.counts.left(), 1);
    app.send("imports-dlq", &astray).await;

    // A later full run finds it failing; then it is mended, and no run has looked since.
    app.clock
        .advance(std::time::Duration::from_secs(3 * 24 * 3_600));
    let daily = app.scheduled("daily").await;
    assert_eq!(daily.mode, Mode::Full);
    assert_eq!(daily.counts.failed, 1);
    app.edit(late, json!({ "Product__c": "Basic", "Amount": 5 }))
        .await;
    let dead = app.receive("imports-dlq", 1).await;
    app.send(IMPORTS, &astray).await;
    app.delete("imports-dlq", &dead).await;
    app.deliver_all().await;

    let ledger = app.ledger().await;
    let counts = ledger.runs[&run].counts;
    assert_eq!(
        (counts.listed, counts.imported, counts.left()),
        (2, 2, 0),
        "{counts:?} {:?}",
        ledger.log(run)
    );
    assert_eq!(app.status(run).await, RunStatus::Succeeded);
    assert_eq!(ledger.linked(late).unwrap().fields["amount"], json!(5));
    assert!(ledger.problems.is_empty(), "{:?}", ledger.problems);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn messages_of_two_runs_for_one_opportunity_in_one_batch_count_in_both() {
    let mut folder = OrgFolder::importable(2);
    let bad = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    let (first, bodies) = listed(&app, 10).await;
    app.clock.advance(std::time::Duration::from_secs(3_600));
    let second = RunId::parse(app.tick("daily").await["run"].as_str().unwrap()).unwrap();
    assert_ne!(
        first, second,
        "what stands still for so long holds up no other run"
    );

    app.send(IMPORTS, &bodies).await;
    app.deliver_all().await;

    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert_eq!((ledger.live(), ledger.problems.len()), (2, 1));
    assert_eq!(ledger.problems[&bad].times, 2);
    for run in [first, second] {
        let counts = ledger.runs[&run].counts;
        assert_eq!(
            (counts.listed, counts.failed, counts.left()),
            (3, 1, 0),
            "{run}"
        );
        assert_eq!(counts.imported + counts.unchanged, 2, "{run}");
    }
}

#[tokio::test]
async fn messages_of_runs_long_past_count_once_however_many_runs_have_counted_since() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    let (first, astray) = listed(&app, 10).await;
    // Every other run counts it, so that no two of them are adjacent.
    let mut counting = Vec::new();
    for amount in 1..=40 {
        app.edit(opportunity(1), json!({ "Amount": amount })).await;
        counting.push(app.hourly().await.id);
        assert_eq!(app.hourly().await.counts.listed, 0);
    }
    let ledger = app.ledger().await;
    assert_eq!(ledger.runs[&first].counts.left(), 1);
    let size = ledger.claims[&opportunity(1)].counted.to_string().len();
    assert!(size <= 160, "{size} bytes");

    // The lost message arrives, and those that were processed are delivered again, the oldest first.
    let again = counting
        .iter()
        .map(|run| serde_json::to_string(&app.request(*run, opportunity(1), false)).unwrap());
    let bodies: Vec<String> = astray.into_iter().chain(again).collect();
    for body in &bodies {
        app.send(IMPORTS, std::slice::from_ref(body)).await;
        app.deliver_all().await;
    }
    app.send(IMPORTS, &bodies).await;
    app.deliver_all().await;

    let after = app.ledger().await;
    assert_eq!(after.broken(), Vec::<String>::new());
    assert_eq!(after.runs[&first].counts.left(), 0);
    for run in counting {
        assert_eq!(after.runs[&run].counts, ledger.runs[&run].counts, "{run}");
    }
}
