//! Runs that wait for messages that never come, ticks that meet them, and faults that must not keep a tick from its
//! work.

use std::time::Duration;

use dealbridge_aws::{
    item::{self, s},
    keys,
};
use dealbridge_core::{
    SalesforceId,
    code::Code,
    entry::Entry,
    message::{PushRequest, VERSION, WriteRequest},
    ports::Clock,
    record::{RecordId, RecordKind},
    run::{Mode, Run, RunId, RunStatus},
    sync_request::Requested,
};
use dealbridge_tests::{
    Fault, OrgFolder, TestApp, opportunity,
    test_app::{IMPORTS, SYNC_REQUESTS, WRITES},
};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

/// A full run whose listing is done and whose messages wait.
async fn listed(app: &TestApp) -> Run {
    let Requested::Started(run) = app.request_run().await else {
        panic!("no run was active");
    };
    let request = app.receive(SYNC_REQUESTS, 1).await;
    app.work(SYNC_REQUESTS, &request).await;
    app.run(run.id).await
}

/// Takes messages out of the queue as a purge does.
async fn purge(app: &TestApp, most: usize) {
    let messages = app.receive(IMPORTS, most).await;
    app.delete(IMPORTS, &messages).await;
}

async fn assert_lost(app: &TestApp, run: RunId, count: u64) {
    assert_eq!(app.status(run).await, RunStatus::Failed);
    let ledger = app.ledger().await;
    assert_eq!(ledger.faults(run), [Code::MessagesLost]);
    let message = &ledger.log(run)[0].message;
    assert!(message.contains(&count.to_string()), "{message}");
}

#[tokio::test]
async fn a_run_whose_messages_were_purged_is_ended_by_whoever_asks_next_and_what_they_named_is_imported()
 {
    for asker in ["button", "hourly", "daily"] {
        for (purged, minutes) in [(1, 3), (7, 55), (20, 600)] {
            let app = TestApp::start(&OrgFolder::importable(20)).await;
            let run = listed(&app).await;
            purge(&app, purged).await;
            app.deliver_all().await;
            app.clock.advance(minutes * MINUTE);

            let next = if asker == "button" {
                app.full().await
            } else {
                app.scheduled(asker).await
            };
            let after = app.hourly().await;

            assert_lost(&app, run.id, purged as u64).await;
            assert_eq!(next.mode, Mode::Full, "{asker}");
            assert_eq!(next.counts.imported, purged as u64, "{asker}");
            assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{asker}");
            assert_eq!(after.mode, Mode::Incremental, "{asker}");
            let ledger = app.ledger().await;
            assert_eq!(
                (ledger.runs.len(), ledger.records.len()),
                (3, 20),
                "{asker}"
            );
            assert_eq!(ledger.broken(), Vec::<String>::new(), "{asker}");
        }
    }
}

#[tokio::test]
async fn a_run_whose_messages_are_somewhere_goes_on_being_the_active_one() {
    // Just purged; in flight; waiting; in the dead-letter queue.
    for (place, minutes) in [("gone", 1), ("in flight", 5), ("waiting", 30), ("dead", 5)] {
        let app = TestApp::start(&OrgFolder::importable(20)).await;
        let run = listed(&app).await;
        match place {
            "gone" => purge(&app, 20).await,
            "in flight" => drop(app.receive(IMPORTS, 20).await),
            "dead" => {
                let messages = app.receive(IMPORTS, 20).await;
                let bodies = messages
                    .messages
                    .iter()
                    .map(|message| message.body().unwrap());
                let bodies: Vec<String> = bodies.map(str::to_owned).collect();
                app.send("imports-dlq", &bodies).await;
                app.delete(IMPORTS, &messages).await;
            }
            _ => {}
        }
        app.clock.advance(minutes * MINUTE);

        let asked = app.request_run().await;
        let tick = app.tick("hourly").await;

        assert!(
            matches!(&asked, Requested::Active(active) if active.id == run.id),
            "{place}: {asked:?}"
        );
        assert_eq!(tick["outcome"], "active", "{place}");
        assert_eq!(app.status(run.id).await, RunStatus::Running, "{place}");
    }
}

#[tokio::test]
async fn a_daily_run_that_met_an_active_one_follows_it_once() {
    let app = TestApp::start(&OrgFolder::importable(6)).await;
    app.full().await;
    let id = opportunity(1);
    app.admin("tick", json!({ "seconds": 3_600 })).await;
    app.edit(id, json!({ "Amount": 5 })).await;
    app.clock.advance(60 * MINUTE);
    let active = app.tick("hourly").await;
    // A change that only a full run notices.
    app.on_opportunity("hide", opportunity(2)).await;

    let met = [app.tick("daily").await, app.tick("daily").await];
    app.deliver_all().await;
    let following = app.hourly().await;
    let after = app.hourly().await;

    for tick in met {
        assert_eq!(
            (&tick["run"], &tick["outcome"]),
            (&active["run"], &json!("active"))
        );
    }
    assert_eq!((following.mode, following.counts.updated), (Mode::Full, 1));
    assert_eq!(after.mode, Mode::Incremental);
    assert_eq!(app.ledger().await.runs.len(), 4);
}

/// Refuses what matches, as an org does whose queries take too long (or whose requests are used up).
fn refused(matching: &str, status: u16, code: &str) -> Value {
    let body = json!([{ "message": "No.", "errorCode": code }]);
    json!({ "match": matching, "status": status, "body": body, "times": 10_000 })
}

#[tokio::test]
async fn full_runs_follow_each_other_until_one_made_up_for_what_was_lost() {
    for (matching, code) in [
        ("ORDER BY", "REQUEST_LIMIT_EXCEEDED"),
        ("WHERE Id IN", "REQUEST_LIMIT_EXCEEDED"),
        ("WHERE Export__c = true", "QUERY_TIMEOUT"),
    ] {
        let app = TestApp::start(&OrgFolder::importable(20)).await;
        let run = listed(&app).await;
        purge(&app, 20).await;
        app.clock.advance(3 * MINUTE);
        app.disturb(refused(matching, 403, code)).await;
        let failed = app.scheduled("hourly").await;
        app.calm().await;

        let next = app.hourly().await;
        let after = app.hourly().await;

        assert_lost(&app, run.id, 20).await;
        assert_eq!(app.status(failed.id).await, RunStatus::Failed, "{matching}");
        assert_eq!(
            (failed.mode, next.mode),
            (Mode::Full, Mode::Full),
            "{matching}"
        );
        assert_eq!(next.counts.imported, 20, "{matching}");
        assert_eq!(after.mode, Mode::Incremental, "{matching}");
        assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn full_runs_that_never_end_well_leave_each_other_run_to_what_changed() {
    let app = TestApp::start(&OrgFolder::importable(20)).await;
    app.full().await;
    app.admin("tick", json!({ "seconds": 3_600 })).await;
    app.edit(opportunity(1), json!({ "Amount": 1 })).await;
    app.clock.advance(60 * MINUTE);
    app.tick("hourly").await;
    purge(&app, 20).await;
    app.clock.advance(3 * MINUTE);
    app.disturb(refused("WHERE Export__c = true", 400, "QUERY_TIMEOUT"))
        .await;

    let mut runs = Vec::new();
    for amount in 2..8 {
        app.admin("tick", json!({ "seconds": 3_600 })).await;
        app.edit(opportunity(2), json!({ "Amount": amount })).await;
        let run = app.hourly().await;
        runs.push((run.mode, run.counts.updated));
    }
    app.calm().await;
    let mended = [app.hourly().await, app.hourly().await];
    let after = app.hourly().await;

    let (full, incremental) = ((Mode::Full, 0), (Mode::Incremental, 1));
    assert_eq!(runs, [full, full, incremental, full, incremental, full]);
    let modes = mended.each_ref().map(|run| run.mode);
    assert_eq!(modes, [Mode::Incremental, Mode::Full]);
    assert_eq!(after.mode, Mode::Incremental);
    let ledger = app.ledger().await;
    assert_eq!(
        ledger.linked(opportunity(1)).unwrap().fields["amount"],
        json!(1)
    );
    assert_eq!(
        ledger.linked(opportunity(2)).unwrap().fields["amount"],
        json!(7)
    );
}

/// The outbox note of a write that nothing waits for: its delivery does no harm.
async fn note(app: &TestApp, id: SalesforceId) {
    let request = PushRequest::Write(WriteRequest {
        version: VERSION,
        org: app.organization(),
        salesforce: id,
        record: RecordId::new(RecordKind::Deal, "deal-1").unwrap(),
        write: "write-1".to_owned(),
    });
    let key = keys::outbox(&request.note());
    put(app, item::encode(&request, key).unwrap()).await;
}

async fn put(app: &TestApp, item: keys::Attributes) {
    app.store
        .client()
        .put_item()
        .table_name(&app.store.tables().log)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

/// The entries of the Integration Log that belong to no run.
async fn actions(app: &TestApp) -> Vec<Entry> {
    let answer = app
        .store
        .client()
        .query()
        .table_name(&app.store.tables().log)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", s(keys::actions(app.clock.now())))
        .send()
        .await
        .unwrap();
    let items = answer.items.unwrap_or_default();
    let packed = items.iter().map(|item| item::unpack(item).unwrap());
    packed.flat_map(|packed| packed.unpack("actions")).collect()
}

#[tokio::test]
async fn a_note_of_the_outbox_that_cannot_be_read_is_set_aside_and_said_and_keeps_nothing_back() {
    for key in [opportunity(3).to_string(), "no id".to_owned()] {
        let app = TestApp::start(&OrgFolder::importable(4)).await;
        let mut spoilt = keys::outbox_note(&key);
        spoilt.insert("write".to_owned(), s("half a note"));
        put(&app, spoilt).await;
        note(&app, opportunity(4)).await;

        let run = app.scheduled("hourly").await;
        let writes = app.waiting(WRITES);
        app.hourly().await;

        assert_eq!(run.counts.imported, 4, "{key}");
        assert_eq!(app.ledger().await.faults(run.id), [], "{key}");
        assert_eq!(writes, 1, "{key}");
        let said = actions(&app).await;
        let codes: Vec<_> = said.iter().map(|entry| entry.code).collect();
        assert_eq!(codes, [Code::OutboxNoteUnreadable], "{key}");
        assert!(said[0].message.contains(&key), "{}", said[0].message);
        let mut aside = keys::outbox_note(&key);
        aside.insert(keys::PK.to_owned(), s(keys::OUTBOX_ASIDE));
        let kept = app.store.get(&app.store.tables().log, aside).await.unwrap();
        assert_eq!(kept.unwrap()["write"], s("half a note"), "{key}");
    }
}

#[tokio::test]
async fn a_queue_of_writes_that_cannot_be_reached_is_said_and_the_run_lists_all_the_same() {
    let app = TestApp::start(&OrgFolder::importable(4)).await;
    note(&app, opportunity(4)).await;
    let refused = Fault::Answer(
        400,
        json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist" }),
    );
    app.sqs.order("SendMessageBatch", [refused]);

    let run = app.scheduled("hourly").await;
    app.hourly().await;

    assert_eq!(
        (run.counts.imported, app.status(run.id).await),
        (4, RunStatus::Succeeded)
    );
    assert_eq!(app.ledger().await.faults(run.id), [Code::WritesNotSent]);
    assert_eq!(app.waiting(WRITES), 1, "the next tick sends it");
}

#[tokio::test]
async fn a_switched_off_integration_starts_no_run_and_goes_on_from_its_mark_when_it_is_on_again() {
    let app = TestApp::start(&OrgFolder::importable(3)).await;
    app.full().await;
    app.set(|settings| settings.enabled = false).await;

    for schedule in ["hourly", "daily", "hourly"] {
        let tick = app.tick(schedule).await;
        assert_eq!(tick, json!({ "run": null, "outcome": "switched_off" }));
    }
    assert_eq!(app.request_run().await, Requested::SwitchedOff);
    assert_eq!(app.ledger().await.runs.len(), 1);

    app.edit(opportunity(2), json!({ "Amount": 9 })).await;
    app.set(|settings| settings.enabled = true).await;
    let on = app.hourly().await;

    assert_eq!((on.mode, on.counts.updated), (Mode::Incremental, 1));
}
