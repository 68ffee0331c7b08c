//! Processes that die at any point of a run.

use std::{future::Future, time::Duration};

use dealbridge_core::{
    code::Code,
    run::{Counts, RunId, RunStatus},
    sync_request::Requested,
};
use dealbridge_tests::{
    Defect, Fault, Ledger, OrgFolder, Proxy, TestApp, opportunity,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use serde_json::{Value, json};

/// The number of requests at which a run is stopped, one after the other; a run makes fewer.
const MAX_REQUESTS: usize = 200;

/// Works until a request is stopped, and returns `true` if one was: then everything in progress is lost.
async fn dies(app: &TestApp, work: impl Future) -> bool {
    tokio::select! {
        biased;
        () = app.dynamodb.stopped() => true,
        () = app.sqs.stopped() => true,
        _ = work => false,
    }
}

fn calm(app: &TestApp) {
    app.dynamodb.order("", []);
    app.sqs.order("", []);
}

/// An org with Opportunities of every kind: linked, edited, deleted, hidden, failing, mended and new.
async fn lively() -> TestApp {
    let mut folder = OrgFolder::importable(6);
    for defect in [Defect::NoProduct, Defect::NoStage, Defect::NoContact] {
        folder.add(|opportunity| defect.apply(&opportunity));
    }
    folder.add(|opportunity| opportunity.with("Export__c", "false"));
    let app = TestApp::start(&folder).await;
    app.full().await;
    app.edit(opportunity(1), json!({ "Amount": 7 })).await;
    app.edit(opportunity(2), json!({ "Sync__c": false })).await;
    app.on_opportunity("delete", opportunity(3)).await;
    app.on_opportunity("hide", opportunity(4)).await;
    app.edit(opportunity(7), json!({ "Product__c": "Pro" }))
        .await;
    app.edit(opportunity(8), json!({ "Export__c": false }))
        .await;
    app.edit(opportunity(10), json!({ "Export__c": true }))
        .await;
    app
}

/// The counts of a full run over that org.
fn lively_counts() -> Counts {
    Counts {
        listed: 10,
        imported: 2,
        updated: 4,
        unchanged: 3,
        failed: 1,
        suppressed: 0,
    }
}

/// Lets time pass until the queues are empty.
async fn recover(app: &TestApp) {
    for _ in 0..4 {
        app.deliver_again().await;
        if app.waiting(SYNC_REQUESTS) + app.waiting(IMPORTS) == 0 {
            return;
        }
    }
    panic!("messages stay in the queues");
}

async fn essence_of_an_uninterrupted_run() -> Value {
    let app = lively().await;
    let run = app.full().await;
    assert_eq!(run.counts, lively_counts());
    app.ledger().await.essence()
}

/// Stops a manual run at each request to one server in turn, and lets the queue deliver again.
async fn a_manual_run_dies_at_each_request(proxy: fn(&TestApp) -> &Proxy, fault: &Fault) -> usize {
    let expected = essence_of_an_uninterrupted_run().await;
    for nth in 0..MAX_REQUESTS {
        let app = lively().await;
        let Requested::Started(run) = app.request_run().await else {
            panic!("no run was active");
        };
        proxy(&app).order_at("", nth, fault.clone());

        let died = dies(&app, app.deliver_all()).await;
        calm(&app);
        if died {
            recover(&app).await;
        }

        let ledger = app.ledger().await;
        let place = format!("request {nth}, {fault:?}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
        assert_eq!(ledger.runs[&run.id].counts, lively_counts(), "{place}");
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{place}");
        assert_eq!(ledger.essence(), expected, "{place}");
        if !died {
            return nth;
        }
    }
    panic!("a run makes fewer requests");
}

#[tokio::test]
async fn a_run_that_dies_after_any_request_to_dynamodb_ends_as_if_it_had_not() {
    let points = a_manual_run_dies_at_each_request(|app| &app.dynamodb, &Fault::StopAfter).await;

    assert!(points >= 15, "{points}");
}

#[tokio::test]
async fn a_run_that_dies_around_any_request_to_sqs_ends_as_if_it_had_not() {
    for fault in [Fault::Stop, Fault::StopAfter] {
        let points = a_manual_run_dies_at_each_request(|app| &app.sqs, &fault).await;

        assert!(points >= 2, "{points}");
    }
}

#[tokio::test]
async fn a_tick_that_dies_is_followed_by_a_run_that_makes_it_whole() {
    let expected = essence_of_an_uninterrupted_run().await;
    let mut interrupted = 0;
    for nth in (0..MAX_REQUESTS).step_by(2) {
        let app = lively().await;
        app.dynamodb.order_at("", nth, Fault::StopAfter);

        let died = dies(&app, async {
            app.tick("daily").await;
            app.deliver_all().await;
        })
        .await;
        calm(&app);
        let before = app.ledger().await;
        // Within the lease it holds up further ticks; after it, the next tick continues the run.
        app.clock.advance(Duration::from_secs(3_600));
        recover(&app).await;
        let next = app.scheduled("daily").await;

        let ledger = app.ledger().await;
        let place = format!("request {nth}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
        assert_eq!(
            ledger.broken_since(&before),
            Vec::<String>::new(),
            "{place}"
        );
        assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{place}");
        assert_eq!(ledger.essence(), expected, "{place}");
        let faults = ledger.faults(RunId::new(2));
        interrupted += usize::from(faults == [Code::RunInterrupted]);
        assert!(
            faults.is_empty() || faults == [Code::RunInterrupted],
            "{place}: {faults:?}"
        );
        if !died {
            assert!(interrupted > 3, "{interrupted}");
            return;
        }
    }
    panic!("a run makes fewer requests");
}

/// More than a page of linked Opportunities, and as many again with work to do.
#[tokio::test]
async fn a_listing_of_several_pages_that_dies_on_its_way_counts_each_once() {
    const MANY: usize = 2_050;
    let app = TestApp::start(&OrgFolder::importable(MANY)).await;
    app.full().await;
    let listed = |ledger: &Ledger, run: RunId| ledger.runs[&run].counts;
    // Requests of the fan-out: around the first page's checkpoint, the second's, and the end.
    let mut died_at = Vec::new();
    for nth in [7, 8, 9, 10, 11, 12, 13] {
        for number in [1, MANY / 2, MANY] {
            app.edit(opportunity(number), json!({ "Amount": nth }))
                .await;
        }
        app.on_opportunity("hide", opportunity(40)).await;
        let Requested::Started(run) = app.request_run().await else {
            panic!("no run was active");
        };
        app.dynamodb.order_at("", nth, Fault::StopAfter);

        let died = dies(&app, app.deliver_all()).await;
        calm(&app);
        recover(&app).await;

        died_at.push(died);
        let ledger = app.ledger().await;
        assert_eq!(ledger.broken(), Vec::<String>::new(), "request {nth}");
        let counts = listed(&ledger, run.id);
        assert_eq!(counts.listed, MANY as u64, "request {nth}: {counts:?}");
        assert_eq!(
            (counts.updated, counts.left()),
            (4, 0),
            "request {nth}: {counts:?}"
        );
        app.on_opportunity("unhide", opportunity(40)).await;
        app.full().await;
    }
    assert!(
        died_at.iter().filter(|died| **died).count() >= 5,
        "{died_at:?}"
    );
}

#[tokio::test]
async fn a_tick_that_died_right_after_it_had_started_its_run_is_taken_up_by_its_repeat() {
    let app = TestApp::start(&OrgFolder::importable(3)).await;
    app.dynamodb
        .order_at("TransactWriteItems", 0, Fault::StopAfter);
    assert!(dies(&app, app.tick("hourly")).await);
    calm(&app);

    let run = app.scheduled("hourly").await;

    assert_eq!(run.id, RunId::new(1));
    assert_eq!((run.counts.listed, run.counts.imported), (3, 3));
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_listing_that_outlasts_its_function_goes_on_in_another() {
    use dealbridge_core::ports::Clock;
    use dealbridge_lambda::{Function, Invocation};

    const MANY: usize = 2_030;
    let mut folder = OrgFolder::new();
    for _ in 0..MANY {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    }
    let app = TestApp::start(&folder).await;
    let soon = jiff::SignedDuration::from_secs(30);
    let deadline = app.clock.now().checked_add(soon).ok();

    let tick = json!({ "schedule": "daily" });
    let answer = app.fan_out.handle(tick, Invocation { deadline }).await;
    let started = app.run(RunId::new(1)).await;
    let meanwhile = app.tick("hourly").await;
    app.deliver_all().await;

    assert_eq!(answer.unwrap()["outcome"], "continued");
    assert_eq!((started.counts.listed, started.listed_at), (2_000, None));
    assert_eq!(meanwhile["outcome"], "active");
    let run = app.run(RunId::new(1)).await;
    assert_eq!(
        (run.counts.listed, run.counts.failed),
        (MANY as u64, MANY as u64)
    );
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}
