//! Messages that cannot be processed, at all or at the moment.

use dealbridge_aws::log::Order;
use dealbridge_core::{SalesforceId, code::Code, ports::Clock, run::RunId};
use dealbridge_tests::{OrgFolder, TestApp, opportunity, test_app::IMPORTS};
use serde_json::json;

/// Receives of a message before it goes to the dead-letter queue.
const RECEIVES: usize = 5;

#[tokio::test]
async fn what_cannot_be_read_goes_to_the_dead_letters_after_five_receives_and_takes_no_other_along()
{
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    let run = app.full().await.id;
    let good = serde_json::to_value(app.request(run, opportunity(1), false)).unwrap();
    let with = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    let bad = [
        " ".to_owned(),
        "not JSON".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        json!({ "version": 1 }).to_string(),
        with("version", json!(2)),
        with("version", json!("1")),
        with("run", json!("run-1")),
        with("opportunity", json!("006dM00000Mw7VTQAJ")),
        with("opportunity", json!("006")),
        with("org", json!(7)),
    ];
    let mut bodies = bad.to_vec();
    bodies.insert(3, good.to_string());
    app.send(IMPORTS, &bodies).await;

    let mut came_back = Vec::new();
    for _ in 0..RECEIVES {
        let delivery = app.receive(IMPORTS, 200).await;
        came_back.push(app.work(IMPORTS, &delivery).await);
        app.clock.advance(std::time::Duration::from_secs(400));
    }
    let sixth = app.receive(IMPORTS, 200).await;

    assert_eq!(came_back, [bad.len(); RECEIVES]);
    assert!(sixth.messages.is_empty());
    assert_eq!(app.waiting("imports-dlq"), bad.len() as u64);
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_read_is_in_the_integration_log_at_its_first_delivery_and_once() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    app.send(IMPORTS, &[r#"{"version":9}"#.to_owned()]).await;

    app.deliver_all().await;
    app.deliver_again().await;

    let partition = dealbridge_aws::keys::actions(app.clock.now());
    let said = app
        .store
        .entries_from(&partition, Order::NewestFirst, None, 100)
        .await
        .unwrap();
    let findings: Vec<_> = said
        .items
        .iter()
        .flat_map(|entry| &entry.lines[0].findings)
        .collect();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code, Code::MessageUnreadable);
    assert!(findings[0].context.value.contains("its version is 9"));
    assert_eq!(findings[0].context.field, IMPORTS);
}

#[tokio::test]
async fn a_message_of_another_org_is_said_and_settled_and_changes_nothing() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    let run = app.full().await.id;
    let before = app.ledger().await;
    let mut request = app.request(run, opportunity(1), true);
    request.org = SalesforceId::parse("00DdM0000000002UAA").unwrap();
    app.send_requests(&[request]).await;

    app.deliver_all().await;

    assert_eq!((app.waiting(IMPORTS), app.waiting("imports-dlq")), (0, 0));
    let after = app.ledger().await;
    assert_eq!(after.faults(run), [Code::MessageOfOtherOrg]);
    assert_eq!(after.essence(), before.essence());
    assert_eq!(after.runs, before.runs);
}

#[tokio::test]
async fn a_message_of_a_run_that_the_log_has_forgotten_still_acts_on_the_present_state() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    let lost = RunId::new(77);
    app.send_requests(&[
        app.request(lost, opportunity(1), true),
        app.request(lost, opportunity(1), false),
    ])
    .await;

    app.deliver_all().await;

    let ledger = app.ledger().await;
    assert_eq!((ledger.live(), ledger.records.len()), (1, 1));
    let run = app.full().await;
    assert_eq!(
        (run.counts.listed, run.counts.imported, run.counts.unchanged),
        (2, 1, 1)
    );
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn requests_for_what_does_not_exist_are_counted_and_leave_nothing_behind() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    let run = app.full().await.id;

    app.send_requests(&[
        app.request(run, opportunity(99), true),
        app.request(run, opportunity(98), false),
    ])
    .await;
    app.deliver_all().await;
    app.send_requests(&[app.request(run, opportunity(99), true)])
        .await;
    app.deliver_all().await;

    let ledger = app.ledger().await;
    assert_eq!((ledger.claims.len(), ledger.problems.len()), (1, 0));
    assert_eq!(ledger.runs[&run].counts.unchanged, 2);
    assert_eq!(
        app.hourly().await.counts.listed,
        0,
        "nothing is left for the next run"
    );
}

#[tokio::test]
async fn a_batch_near_the_function_s_deadline_gives_the_rest_back() {
    use dealbridge_core::ports::Clock;
    use dealbridge_lambda::{Function, Invocation};

    let app = TestApp::start(&OrgFolder::importable(3)).await;
    app.request_run().await;
    let request = app.receive("sync-requests", 1).await;
    app.work("sync-requests", &request).await;
    let delivery = app.receive(IMPORTS, 10).await;

    let deadline = app
        .clock
        .now()
        .checked_add(jiff::SignedDuration::from_secs(5))
        .ok();
    let answer = app
        .worker
        .handle(delivery.event(), Invocation { deadline })
        .await
        .unwrap();

    assert_eq!(delivery.done(&answer).messages.len(), 0);
    app.deliver_again().await;
    assert_eq!(app.ledger().await.live(), 3);
}
