//! The remains of a failed run: an unchanged watermark, and a note of each record that it did not look at.

use dealbridge_core::{
    code::Code,
    ports::RunStore,
    run::{Counts, Mode, RunStatus},
};
use dealbridge_tests::{Defect, OrgFolder, TestApp, role};
use serde_json::{Value, json};

/// A fault: Salesforce gives up on every listing of a full run.
fn no_full_listing() -> Value {
    let body = json!([{ "message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT" }]);
    json!({ "match": "WHERE Export__c = true", "status": 400, "body": body, "times": 10_000 })
}

fn refused(matching: &str) -> Value {
    let body = json!([{ "message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED" }]);
    json!({ "match": matching, "status": 403, "body": body, "times": 10_000 })
}

fn updated(count: u64) -> Counts {
    Counts {
        listed: count,
        updated: count,
        ..Counts::default()
    }
}

#[tokio::test]
async fn a_full_run_that_cannot_end_keeps_no_hourly_run_from_its_work() {
    let app = TestApp::start(&OrgFolder::importable(5)).await;
    app.full().await;
    let ids: Vec<_> = app.ledger().await.claims.keys().copied().collect();
    app.disturb(no_full_listing()).await;

    for (day, id) in ids.iter().enumerate() {
        let daily = app.scheduled("daily").await;
        let place = format!("day {day}");
        assert_eq!(app.status(daily.id).await, RunStatus::Failed, "{place}");
        let ledger = app.ledger().await;
        assert_eq!(ledger.faults(daily.id), [Code::SfQueryTooLarge], "{place}");
        let entry = &ledger.log(daily.id)[0];
        assert!(
            !entry.suggestion.contains("Nothing to do"),
            "{}",
            entry.suggestion
        );

        app.admin("tick", json!({ "seconds": 7_200 })).await;
        app.edit(*id, json!({ "Amount": 44 })).await;
        let hourly = app.hourly().await;
        let idle = app.hourly().await;

        assert_eq!(
            (hourly.mode, hourly.counts),
            (Mode::Incremental, updated(1)),
            "{place}"
        );
        assert_eq!(
            (idle.mode, idle.counts),
            (Mode::Incremental, Counts::default()),
            "{place}"
        );
        assert_eq!(app.status(idle.id).await, RunStatus::Succeeded, "{place}");
    }
    let ledger = app.ledger().await;
    assert!(
        ledger
            .records
            .values()
            .all(|deal| deal.fields["amount"] == json!(44))
    );
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_hourly_run_that_fails_at_whichever_call_leaves_nothing_behind() {
    // The listing, its second page, the worker's query.
    for (good, matching) in [
        (0, "ORDER BY"),
        (0, "/query/"),
        (0, "WHERE Id IN"),
        (1, "WHERE Id IN"),
    ] {
        let mut folder = OrgFolder::new();
        // Only a listing of several pages has a locator to refuse.
        let failing = if matching == "/query/" { 2_050 } else { 210 };
        for _ in 0..failing {
            folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
        }
        let few: Vec<_> = (0..3)
            .map(|_| folder.add(|opportunity| opportunity))
            .collect();
        let app = TestApp::start(&folder).await;
        app.full().await;
        app.admin("tick", json!({ "seconds": 50_000 })).await;
        for row in &folder.opportunities {
            app.edit(row.id, json!({ "Amount": 1 })).await;
        }

        let mut order = refused(matching);
        order["skip"] = json!(good);
        app.disturb(order).await;
        let failed = app.hourly().await;
        app.calm().await;
        // Other changes in the org move the system modstamps far on.
        app.admin("tick", json!({ "seconds": 50_000 })).await;
        app.edit(few[0], json!({ "Amount": 2 })).await;
        let next = app.hourly().await;
        let idle = app.hourly().await;

        let place = format!("{matching} after {good}");
        assert_eq!(app.status(failed.id).await, RunStatus::Failed, "{place}");
        assert_eq!(next.mode, Mode::Incremental, "{place}");
        assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{place}");
        assert_eq!(
            (next.counts.failed, next.counts.left()),
            (failing, 0),
            "{place}"
        );
        assert_eq!(idle.counts.updated, 0, "{place}");
        let ledger = app.ledger().await;
        let amounts = few
            .iter()
            .map(|id| ledger.linked(*id).unwrap().fields["amount"].clone());
        assert_eq!(
            amounts.collect::<Vec<_>>(),
            [json!(2), json!(1), json!(1)],
            "{place}"
        );
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
    }
}

#[tokio::test]
async fn what_a_first_run_s_workers_left_is_imported_by_an_incremental_one() {
    let app = TestApp::start(&OrgFolder::importable(250)).await;
    app.disturb(refused("WHERE Id IN")).await;
    let failed = app.full().await;
    app.calm().await;

    let next = app.hourly().await;

    assert_eq!((failed.counts.listed, failed.counts.left()), (250, 250));
    assert_eq!(next.mode, Mode::Incremental);
    let expected = Counts {
        listed: 250,
        imported: 250,
        ..Counts::default()
    };
    assert_eq!(next.counts, expected);
    let idle = app.hourly().await;
    assert_eq!(idle.counts, Counts::default());
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_open_problem_that_a_run_left_stays_as_it_is_and_is_looked_at_again() {
    let mut folder = OrgFolder::new();
    let id = folder.add(|opportunity| Defect::NoPrimaryContact.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    app.full().await;
    let before = app.ledger().await.problems[&id].clone();
    let primary = json!({ "object": "OpportunityContactRole", "id": role(1, 0), "fields": { "IsPrimary": true } });
    app.admin("edit", primary).await;

    app.disturb(refused("WHERE Id IN")).await;
    app.hourly().await;
    app.calm().await;
    let after = app.ledger().await.problems[&id].clone();
    let next = app.hourly().await;

    assert_eq!((after.codes(), after.times), (before.codes(), before.times));
    assert_eq!(next.counts.imported, 1);
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_org_without_a_flagged_opportunity_has_a_mark_from_what_is_there() {
    let mut folder = OrgFolder::new();
    let ids: Vec<_> = (0..3)
        .map(|_| folder.add(|opportunity| opportunity.with("Export__c", "false".to_owned())))
        .collect();
    let app = TestApp::start(&folder).await;

    let first = app.scheduled("hourly").await;
    let watermark = app.store.watermark().await.unwrap();
    let second = app.hourly().await;
    app.edit(ids[1], json!({ "Export__c": true })).await;
    let third = app.hourly().await;
    let daily = app.scheduled("daily").await;
    let fourth = app.hourly().await;

    assert_eq!((first.mode, first.counts), (Mode::Full, Counts::default()));
    assert!(watermark.stamp.is_some());
    assert_eq!(second.mode, Mode::Incremental);
    assert_eq!((third.mode, third.counts.imported), (Mode::Incremental, 1));
    assert_eq!((daily.mode, daily.counts.unchanged), (Mode::Full, 1));
    assert_eq!(
        (fourth.mode, fourth.counts),
        (Mode::Incremental, Counts::default())
    );
}

#[tokio::test]
async fn a_full_run_that_lists_nothing_any_more_leaves_the_mark_where_it_was() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    for id in app.ledger().await.claims.keys() {
        app.edit(*id, json!({ "Export__c": false })).await;
    }
    app.hourly().await;
    let before = app.store.watermark().await.unwrap().stamp;

    app.scheduled("daily").await;

    assert_eq!(app.store.watermark().await.unwrap().stamp, before);
    assert_eq!(app.hourly().await.mode, Mode::Incremental);
}
