//! Orgs that are too large for one query, and locators that expire in the middle of a listing.

use std::collections::BTreeSet;

use dealbridge_core::{
    code::Code,
    fan_out::DEADLINE_MARGIN,
    ports::Clock,
    run::{Counts, Mode, RunId, RunStatus},
};
use dealbridge_lambda::{Function, Invocation};
use dealbridge_tests::{Defect, OrgFolder, TestApp, test_app::SYNC_REQUESTS};
use serde_json::json;

/// A folder of that many Opportunities that fail a condition, spread over time by `stamp`: cheap, and each is counted.
fn failing(count: i64, stamp: impl Fn(i64) -> i64) -> OrgFolder {
    let mut folder = OrgFolder::new();
    for at in 0..count {
        let stamp = stamp(at);
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity).stamped(stamp));
    }
    folder
}

/// Makes Salesforce give up on queries that find more rows.
async fn give_up_beyond(app: &TestApp, rows: u64) {
    app.admin("limit", json!({ "queryRows": rows })).await;
}

fn listed(count: u64) -> Counts {
    Counts {
        listed: count,
        failed: count,
        ..Counts::default()
    }
}

#[tokio::test]
async fn a_listing_that_salesforce_gives_up_on_is_read_in_parts_and_nothing_is_left_out_or_listed_twice()
 {
    for (name, folder) in [
        ("a minute apart", failing(150, |at| at * 60)),
        ("years apart", failing(120, |at| -at * 4_000_000)),
        (
            "most of them in one second",
            failing(90, |at| if at < 70 { 7 } else { at * 60 }),
        ),
        ("all of them in one second", failing(90, |_| 7)),
        ("in two neighbouring seconds", failing(90, |at| at % 2)),
    ] {
        for most in [7, 60] {
            let app = TestApp::start(&folder).await;
            give_up_beyond(&app, most).await;

            let full = app.full().await;
            let hourly = app.hourly().await;

            let place = format!("{name}, at most {most} rows");
            // The first Opportunity is not flagged.
            let count = folder.opportunities.len() as u64 - 1;
            assert_eq!(full.counts, listed(count), "{place}");
            assert_eq!(app.status(full.id).await, RunStatus::Succeeded, "{place}");
            assert_eq!(
                (hourly.mode, hourly.counts),
                (Mode::Incremental, listed(count)),
                "{place}"
            );
            let ledger = app.ledger().await;
            assert_eq!(ledger.problems.len() as u64, count, "{place}");
            assert_eq!(ledger.faults(full.id), [], "{place}");
            assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
        }
    }
}

#[tokio::test]
async fn a_listing_in_parts_that_dies_goes_on_where_it_stood() {
    let folder = failing(240, |at| (at / 3) * 30);
    for request in [3, 8, 21, 34] {
        for fault in [
            dealbridge_tests::Fault::Stop,
            dealbridge_tests::Fault::StopAfter,
        ] {
            let app = TestApp::start(&folder).await;
            give_up_beyond(&app, 25).await;
            app.request_run().await;
            let delivery = app.receive(SYNC_REQUESTS, 1).await;
            app.dynamodb.order_at("", request, fault.clone());

            tokio::select! {
                biased;
                () = app.dynamodb.stopped() => {}
                _ = app.work(SYNC_REQUESTS, &delivery) => {}
            }
            app.dynamodb.order("", []);
            app.clock.advance(std::time::Duration::from_secs(6_000));
            app.deliver_all().await;

            let ledger = app.ledger().await;
            let place = format!("{fault:?} at request {request}");
            let runs: Vec<_> = ledger.runs.values().map(|run| run.counts).collect();
            assert_eq!(runs, [listed(240)], "{place}");
            assert_eq!(ledger.problems.len(), 240, "{place}");
            assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
        }
    }
}

#[tokio::test]
async fn an_hourly_listing_is_read_in_parts_as_well() {
    let app = TestApp::start(&OrgFolder::importable(130)).await;
    app.full().await;
    let ids: Vec<_> = app.ledger().await.claims.keys().copied().collect();
    app.admin("tick", json!({ "seconds": 4_000 })).await;
    for id in &ids {
        app.edit(*id, json!({ "Amount": 77 })).await;
    }

    give_up_beyond(&app, 20).await;
    let run = app.hourly().await;

    let expected = Counts {
        listed: 130,
        updated: 130,
        ..Counts::default()
    };
    assert_eq!((run.mode, run.counts), (Mode::Incremental, expected));
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn what_changes_while_parts_are_read_is_brought_by_this_run_or_the_next() {
    let mut folder = OrgFolder::new();
    for at in 0..60 {
        folder.add(|opportunity| opportunity.stamped(at * 60));
    }
    let app = TestApp::start(&folder).await;
    give_up_beyond(&app, 9).await;
    // Some are late: they appear with an old system modstamp after the run has passed it.
    let late: Vec<_> = folder.opportunities[51..]
        .iter()
        .map(|row| row.id)
        .collect();
    for id in &late {
        let order = json!({ "object": "Opportunity", "id": id, "seconds": 30 });
        app.admin("late", order).await;
    }

    let full = app.full().await;
    app.admin("tick", json!({ "seconds": 60 })).await;
    let next = app.hourly().await;

    assert_eq!((full.counts.imported, next.counts.imported), (50, 10));
    assert_eq!(app.ledger().await.claims.len(), 60);
}

#[tokio::test]
async fn refusals_of_whichever_kind_at_whichever_query_let_the_listing_go_on() {
    let refusal = |code: &str| json!([{ "message": "Your query request was running for too long.", "errorCode": code }]);
    for order in [
        json!({ "match": "ORDER BY", "status": 400, "body": refusal("QUERY_TIMEOUT"), "times": 1 }),
        json!({ "match": "ORDER BY", "status": 400, "body": refusal("QUERY_TIMEOUT"), "times": 9 }),
        json!({ "match": "WHERE Export__c = true ORDER BY", "status": 400, "body": refusal("QUERY_TIMEOUT"), "times": 500 }),
        json!({ "match": "ORDER BY", "status": 403, "body": refusal("OPERATION_TOO_LARGE"), "times": 3 }),
        json!({ "match": "ORDER BY", "status": 400, "body": refusal("EXCEEDED_ID_LIMIT"), "times": 2 }),
        json!({ "match": "/query/", "status": 400, "body": refusal("QUERY_TIMEOUT"), "times": 2 }),
        // Four attempts at one query, twice: no response is complete until less is asked for.
        json!({ "match": "ORDER BY", "mode": "cut", "times": 8 }),
    ] {
        // Only a listing of several pages has a locator to refuse.
        let count = if order["match"] == "/query/" {
            2_100
        } else {
            150
        };
        let app = TestApp::start(&failing(count, |at| at * 5)).await;
        let count = count.unsigned_abs();
        app.disturb(order.clone()).await;

        let run = app.full().await;
        app.calm().await;

        assert_eq!(run.counts, listed(count), "{order}");
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{order}");
        let ledger = app.ledger().await;
        assert_eq!(ledger.faults(run.id), [], "{order}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{order}");
    }
}

#[tokio::test]
async fn a_locator_that_ends_with_its_session_costs_another_query_and_nothing_else() {
    let ended =
        json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }]);
    for (count, times) in [(2_100, 2), (4_100, 4)] {
        let app = TestApp::start(&failing(count, |at| at)).await;
        app.disturb(json!({ "match": "/query/0r8", "status": 401, "body": ended, "times": times }))
            .await;

        let run = app.full().await;
        app.calm().await;

        assert_eq!(run.counts, listed(count.unsigned_abs()), "{times}");
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{times}");
        let codes: BTreeSet<Code> = app.ledger().await.faults(run.id).into_iter().collect();
        assert_eq!(codes, BTreeSet::new(), "{times}");
    }
}

/// A app with linked Opportunities of every kind that a daily run meets: unchanged, edited, no longer flagged, in the
/// recycle bin (known there, and just deleted), purged, hidden; and one that is not imported.
async fn variety(count: usize) -> TestApp {
    let mut folder = OrgFolder::importable(count);
    folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    app.full().await;
    let ids: Vec<_> = app.ledger().await.claims.keys().copied().collect();
    for id in &ids[..2] {
        app.on_opportunity("delete", *id).await;
    }
    app.on_opportunity("purge", ids[2]).await;
    app.hourly().await;
    app.scheduled("daily").await;
    app.edit(ids[3], json!({ "Export__c": false })).await;
    app.edit(ids[4], json!({ "Amount": 5 })).await;
    app.hourly().await;
    app.on_opportunity("hide", ids[5]).await;
    app.on_opportunity("delete", ids[6]).await;
    // What comes last has the stamp up to which the listing sees.
    app.edit(ids[7], json!({ "Amount": 6 })).await;
    app
}

#[tokio::test]
async fn a_full_run_in_ever_so_many_invocations_does_in_each_what_is_left_and_counts_as_one_in_one()
{
    for most in [None, Some(9), Some(2)] {
        let (whole, pieces) = (variety(24).await, variety(24).await);
        if let Some(most) = most {
            give_up_beyond(&whole, most).await;
            give_up_beyond(&pieces, most).await;
        }
        let expected = whole.scheduled("daily").await;

        // Each invocation has no time for more than one step.
        let deadline = pieces.clock.now().checked_add(DEADLINE_MARGIN).ok();
        pieces.clock.advance(std::time::Duration::from_secs(1));
        let calls = || pieces.salesforce.usage().total();
        let tick = json!({ "schedule": "daily" });
        let invocation = Invocation { deadline };
        let mut most_calls = 0;
        let mut invocations = 1;
        let before = calls();
        let answer = pieces.fan_out.handle(tick, invocation).await.unwrap();
        most_calls = most_calls.max(calls() - before);
        loop {
            let request = pieces.receive(SYNC_REQUESTS, 1).await;
            if request.messages.is_empty() {
                break;
            }
            invocations += 1;
            assert!(invocations < 300, "{most:?}");
            let before = calls();
            let answer = pieces.fan_out.handle(request.event(), invocation).await;
            most_calls = most_calls.max(calls() - before);
            pieces
                .delete(SYNC_REQUESTS, &request.done(&answer.unwrap()))
                .await;
        }
        pieces.deliver_all().await;
        let run = pieces
            .run(RunId::parse(answer["run"].as_str().unwrap()).unwrap())
            .await;

        assert_eq!(run.counts, expected.counts, "{most:?}");
        assert_eq!(
            pieces.status(run.id).await,
            RunStatus::Succeeded,
            "{most:?}"
        );
        assert!(
            invocations > 1 && most_calls <= 6,
            "{most:?}: {invocations}, {most_calls}"
        );
        let ledger = pieces.ledger().await;
        assert_eq!(ledger.faults(run.id), [], "{most:?}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{most:?}");
        let next = [whole.hourly().await, pieces.hourly().await];
        let counts = next.map(|run| (run.mode, run.counts.updated, run.counts.failed));
        assert_eq!(counts[0], counts[1], "{most:?}");
    }
}
