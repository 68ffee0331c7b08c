//! The budget of Salesforce calls: what is counted, and where scheduled work stops.

use std::time::Duration;

use dealbridge_core::{
    budget::{ApiBudget, Purpose},
    call_ledger::CallLedger,
    code::Code,
    ports::Clock,
    run::{Run, RunStatus},
};
use dealbridge_lambda::calls::{self, Flush};
use dealbridge_tests::{Defect, OrgFolder, TestApp};
use serde_json::json;

/// The calls that the simulated org allows in 24 hours.
const ALLOWED: u64 = 100_000;

/// Candidates of three batches.
fn some() -> OrgFolder {
    let mut folder = OrgFolder::importable(450);
    folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    folder
}

/// A budget of so many calls in 24 hours.
#[expect(clippy::cast_precision_loss, reason = "a few calls")]
fn of(calls: u64) -> ApiBudget {
    ApiBudget {
        share: (calls as f64 + 0.5) / ALLOWED as f64,
        reserve: 0,
    }
}

/// The calls that the org was asked, logins left out.
fn asked(app: &TestApp) -> u64 {
    app.org.counters()["total"]
}

async fn assert_stopped(app: &TestApp, run: &Run, setting: &str) {
    assert_eq!(app.status(run.id).await, RunStatus::Failed);
    let ledger = app.ledger().await;
    let mut faults = ledger.faults(run.id);
    faults.retain(|code| *code != Code::SfBudgetNearlySpent);
    assert_eq!(faults, [Code::SfBudgetSpent]);
    let log = ledger.log(run.id);
    let entry = log.iter().find(|entry| entry.code == Code::SfBudgetSpent);
    let entry = entry.unwrap();
    assert!(entry.message.contains(setting), "{}", entry.message);
    let goes_on = "it goes on by itself with";
    assert!(entry.suggestion.contains(goes_on), "{}", entry.suggestion);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn every_call_is_counted_once_by_the_hour_and_costs_no_write_of_its_own() {
    let app = TestApp::start(&some()).await;

    app.full().await;
    let written = app.meter.usage().dynamodb_requests["UpdateItem"];
    app.hourly().await;
    calls::keep(&app.salesforce, &app.store, app.clock.now(), Flush::Now).await;

    let day = app.store.day_of_calls().await.unwrap();
    assert_eq!(day.charged(), asked(&app));
    assert_eq!(day.hours.len(), 2);
    let of = |purpose| -> u64 { day.hours.iter().map(|hour| hour.calls.of(purpose)).sum() };
    assert_eq!(of(Purpose::Login), app.org.counters()["token"]);
    assert_eq!(of(Purpose::Describe), app.org.counters()["describe"]);
    assert!(of(Purpose::List) > 0 && of(Purpose::Import) > 0);
    let org = day.org.unwrap();
    assert_eq!((org.used, org.allowed), (asked(&app), ALLOWED));
    assert!(written <= 2, "{written}");
}

#[tokio::test]
async fn calls_are_of_the_last_day_only() {
    let app = TestApp::start(&some()).await;
    app.full().await;

    app.clock.advance(Duration::from_secs(26 * 3_600));

    let day = app.store.day_of_calls().await.unwrap();
    assert_eq!((day.charged(), day.org), (0, None));
}

#[tokio::test]
async fn scheduled_work_stops_before_it_spends_more_than_its_share_and_the_next_run_goes_on() {
    for most in 1..=3 {
        let app = TestApp::start(&some()).await;
        app.set(|settings| settings.api_budget = of(most)).await;

        let stopped = app.hourly().await;
        assert_eq!(asked(&app), most);
        let again = app.hourly().await;
        assert_eq!(asked(&app), most);
        app.set(|settings| settings.api_budget = ApiBudget::default())
            .await;
        let next = app.hourly().await;

        assert_stopped(&app, &stopped, "api_budget.share").await;
        assert_stopped(&app, &again, "api_budget.share").await;
        assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{most}");
        assert_eq!(app.ledger().await.live(), 450, "{most}");
    }
}

#[tokio::test]
async fn the_calls_of_other_clients_count_and_what_a_person_asks_for_goes_on() {
    let app = TestApp::start(&some()).await;
    app.full().await;
    let remaining = ApiBudget::default().reserve;
    app.admin("limit", json!({ "remaining": remaining + 1 }))
        .await;

    let before = asked(&app);
    let stopped = app.hourly().await;
    assert_eq!(asked(&app) - before, 1);
    let by_hand = app.full().await;
    app.admin("limit", json!({ "remaining": null })).await;
    let next = app.hourly().await;

    assert_stopped(&app, &stopped, "api_budget.reserve").await;
    assert_eq!(app.status(by_hand.id).await, RunStatus::Succeeded);
    assert_eq!(app.status(next.id).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn four_fifths_are_warned_of_once_a_day() {
    let app = TestApp::start(&some()).await;
    app.full().await;
    let mut warned = Vec::new();
    for _ in 0..3 {
        // Of ten parts, what is spent and what the run takes are nine.
        let spent = asked(&app) + 2;
        app.set(|settings| settings.api_budget = of(spent + spent / 8))
            .await;
        let run = app.hourly().await;
        let faults = app.ledger().await.faults(run.id);
        warned.push(faults.contains(&Code::SfBudgetNearlySpent));
    }

    assert_eq!(warned, [true, false, false]);
}
