//! Logins and messages of another org than the one that the settings name.

use dealbridge_core::{
    SalesforceId,
    code::Code,
    run::{RunId, RunStatus},
};
use dealbridge_tests::{Defect, OrgFolder, TestApp, test_app::IMPORTS};
use serde_json::json;

/// An org that is not the generated one.
const OTHER: &str = "00DdM0000000002UAA";

fn other() -> SalesforceId {
    SalesforceId::parse(OTHER).unwrap()
}

/// Two Opportunities that import and one that does not, after one run.
async fn imported() -> TestApp {
    let mut folder = OrgFolder::importable(2);
    folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    app.full().await;
    app
}

/// Makes another org answer at the same URL, as after a sandbox refresh.
async fn refresh(app: &TestApp, id: SalesforceId) {
    app.admin("refresh", json!({ "organization_id": id })).await;
}

#[tokio::test]
async fn settings_that_name_another_org_fail_the_run_once_and_write_nothing() {
    for schedule in ["hourly", "daily"] {
        let app = imported().await;
        let before = app.ledger().await.essence();
        app.set(|settings| settings.organization_id = other()).await;

        let run = app.scheduled(schedule).await;

        let ledger = app.ledger().await;
        assert_eq!(app.status(run.id).await, RunStatus::Failed, "{schedule}");
        assert_eq!(ledger.faults(run.id), [Code::SfOrgChanged], "{schedule}");
        assert_eq!(ledger.log(run.id).len(), 1, "{schedule}");
        let message = &ledger.log(run.id)[0].message;
        let connected = app.organization();
        assert!(
            message.contains(OTHER) && message.contains(connected.as_str()),
            "{message}"
        );
        assert_eq!(ledger.essence(), before, "{schedule}");
        assert_eq!(run.counts.listed, 0, "{schedule}");
    }
}

#[tokio::test]
async fn once_the_settings_are_right_again_nothing_is_imported_twice() {
    let app = imported().await;
    let before = app.ledger().await.essence();
    app.set(|settings| settings.organization_id = other()).await;
    app.full().await;
    let connected = app.organization();
    app.set(|settings| settings.organization_id = connected)
        .await;

    let run = app.hourly().await;

    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!((run.counts.imported, run.counts.failed), (0, 1));
    assert_eq!(app.ledger().await.essence(), before);
}

#[tokio::test]
async fn an_org_that_is_replaced_between_listing_and_reading_is_one_fault_of_the_run() {
    let app = TestApp::start(&OrgFolder::importable(3)).await;
    app.tick("hourly").await;
    refresh(&app, other()).await;

    app.deliver_all().await;

    let ledger = app.ledger().await;
    let (run, counts) = ledger
        .runs
        .iter()
        .map(|(id, run)| (*id, run.counts))
        .next()
        .unwrap();
    assert_eq!(app.status(run).await, RunStatus::Failed);
    assert_eq!(ledger.faults(run), [Code::SfOrgChanged]);
    assert_eq!((counts.imported, counts.left()), (0, 3));
    assert!(ledger.records.is_empty() && ledger.claims.is_empty());
    assert_eq!(app.waiting(IMPORTS), 0);
}

#[tokio::test]
async fn an_org_that_is_connected_again_is_noticed_without_a_new_process() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    refresh(&app, other()).await;
    let failed = app.hourly().await;
    refresh(&app, app.organization()).await;

    let run = app.hourly().await;

    assert_eq!(app.status(failed.id).await, RunStatus::Failed);
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(run.counts.imported, 2);
}

#[tokio::test]
async fn messages_of_a_former_org_are_said_once_and_counted_once_and_touch_no_record() {
    let app = imported().await;
    let before = app.ledger().await.essence();
    app.clock.advance(std::time::Duration::from_secs(3_600));
    let listed = app.tick("daily").await;
    let run = RunId::parse(listed["run"].as_str().unwrap()).unwrap();
    let delivery = app.receive(IMPORTS, 200).await;
    app.set(|settings| settings.organization_id = other()).await;

    let came_back = [
        app.answer(IMPORTS, delivery.event()).await,
        app.answer(IMPORTS, delivery.event()).await,
    ]
    .map(|answer| delivery.messages.len() - delivery.done(&answer).messages.len());

    let ledger = app.ledger().await;
    let counts = app.run(run).await.counts;
    assert_eq!(delivery.messages.len(), 1);
    assert_eq!(came_back, [0, 0]);
    assert_eq!(ledger.faults(run), [Code::MessageOfOtherOrg]);
    assert_eq!((counts.listed, counts.unchanged, counts.left()), (3, 3, 0));
    assert_eq!(app.status(run).await, RunStatus::Succeeded);
    assert_eq!(ledger.essence(), before);
}
