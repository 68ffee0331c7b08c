//! System modstamps have whole seconds: several edits within a second carry the same one, whatever runs between them.

use std::time::Duration;

use dealbridge_core::{
    field::FieldType,
    mapping::{Flow, MappingRow},
    ports::Clock,
    record::LinkStatus,
    run::Counts,
    salesforce::FieldPath,
};
use dealbridge_tests::{Defect, OrgFolder, TestApp, account, opportunity};
use serde_json::{Value, json};

use crate::usage::Usage;

/// A test app whose org gives all writes the same system modstamp from here on.
async fn one_second(folder: &OrgFolder) -> TestApp {
    let app = TestApp::start(folder).await;
    app.full().await;
    app.admin("clock", json!({ "step": 0 })).await;
    app
}

async fn run(app: &TestApp, schedule: &str) -> Counts {
    app.clock.advance(Duration::from_secs(3_600));
    app.scheduled(schedule).await.counts
}

async fn field(app: &TestApp, name: &str) -> Value {
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    let record = ledger.linked(opportunity(1)).unwrap();
    record.fields.get(name).cloned().unwrap_or(Value::Null)
}

#[tokio::test]
async fn the_second_of_two_edits_under_one_stamp_is_brought_by_hourly_and_by_full_runs() {
    for schedules in [
        ["hourly", "hourly"],
        ["daily", "daily"],
        ["daily", "hourly"],
    ] {
        let app = one_second(&OrgFolder::importable(3)).await;
        for (amount, schedule) in [(1, schedules[0]), (2, schedules[1])] {
            app.edit(opportunity(1), json!({ "Amount": amount })).await;

            let counts = run(&app, schedule).await;

            assert_eq!((counts.updated, counts.left()), (1, 0), "{schedules:?}");
            assert_eq!(field(&app, "amount").await, amount, "{schedules:?}");
        }
    }
}

#[tokio::test]
async fn what_was_brought_is_not_read_again_for_its_stamp_alone() {
    let app = one_second(&OrgFolder::importable(3)).await;
    app.edit(opportunity(1), json!({ "Amount": 1 })).await;
    run(&app, "hourly").await;
    let before = app.ledger().await;
    let used = Usage::of(&app);

    let counts = run(&app, "hourly").await;

    assert_eq!(counts, Counts::default());
    assert_eq!(Usage::of(&app).since(&used).salesforce, 1);
    let daily = run(&app, "daily").await;
    assert_eq!((daily.unchanged, daily.listed), (3, 3));
    let after = app.ledger().await;
    assert_eq!(
        (after.claims, after.records),
        (before.claims, before.records)
    );
}

#[tokio::test]
async fn flags_that_move_under_one_stamp_pause_resume_and_import() {
    let mut folder = OrgFolder::importable(1);
    let other = folder.add(|opportunity| opportunity.with("Export__c", "false"));
    let app = one_second(&folder).await;
    app.edit(opportunity(1), json!({ "Amount": 1 })).await;
    app.edit(other, json!({ "Amount": 1 })).await;
    run(&app, "hourly").await;
    assert!(app.ledger().await.linked(other).is_none());

    for (sync, status) in [(false, LinkStatus::Paused), (true, LinkStatus::Synced)] {
        app.edit(opportunity(1), json!({ "Sync__c": sync })).await;
        app.edit(other, json!({ "Export__c": true })).await;
        run(&app, "hourly").await;
        let ledger = app.ledger().await;
        assert_eq!(ledger.link(opportunity(1)).unwrap().status, status);
        assert!(ledger.linked(other).is_some());
    }
    app.on_opportunity("delete", other).await;
    run(&app, "hourly").await;
    let ledger = app.ledger().await;
    assert_eq!(ledger.link(other).unwrap().status, LinkStatus::Disconnected);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failure_that_is_mended_under_the_stamp_it_failed_with_imports() {
    let mut folder = OrgFolder::new();
    let id = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    let app = one_second(&folder).await;
    app.edit(id, json!({ "Amount": 1 })).await;
    assert_eq!(run(&app, "hourly").await.failed, 1);
    app.edit(id, json!({ "Product__c": "Pro" })).await;

    assert_eq!(run(&app, "hourly").await.imported, 1);
}

#[tokio::test]
async fn a_parent_s_new_name_is_brought_by_a_full_run_once_although_no_stamp_moved() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.set(|settings| {
        let mut field = settings.deal_fields[0].clone();
        (field.name, field.required) = ("account".into(), false);
        settings.deal_fields.push(field);
        settings.mappings.push(MappingRow {
            channeltivity: "account".into(),
            salesforce: FieldPath::parse("Account.Name").unwrap(),
            on_create: Flow::ToChanneltivity,
            on_update: Flow::ToChanneltivity,
            values: std::collections::BTreeMap::new(),
            conflicts: None,
        });
    })
    .await;
    app.full().await;
    assert_eq!(field(&app, "account").await, "Acme");
    let rename =
        json!({ "object": "Account", "id": account(1), "fields": { "Name": "Acme and Sons" } });
    app.admin("edit", rename).await;

    let first = run(&app, "daily").await;
    let second = run(&app, "daily").await;

    assert_eq!((first.updated, second.unchanged), (2, 2));
    assert_eq!(field(&app, "account").await, "Acme and Sons");
}

#[tokio::test]
async fn another_mapping_has_linked_ones_read_once_more_and_then_no_more() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    app.set(|settings| {
        let amounts = settings.mappings.iter_mut();
        for row in amounts.filter(|row| row.channeltivity == "close_date") {
            row.on_update = Flow::ToChanneltivity;
        }
    })
    .await;
    let read = run(&app, "daily").await;
    let before = app.ledger().await;

    let again = run(&app, "daily").await;

    assert_eq!((read.unchanged, again.unchanged), (2, 2));
    let after = app.ledger().await;
    assert_eq!(after.claims, before.claims);
}

#[tokio::test]
async fn long_text_that_changes_under_the_stamp_it_was_read_with_is_brought_by_the_next_run() {
    for schedule in ["hourly", "daily"] {
        let app = TestApp::start(&OrgFolder::importable(2)).await;
        app.set(|settings| {
            for field in &mut settings.deal_fields {
                if field.name == "notes" {
                    field.kind = FieldType::LongText;
                }
            }
        })
        .await;
        app.full().await;
        let now = app.clock.now().to_string();
        app.admin("clock", json!({ "now": now, "step": 0 })).await;
        let edit = |notes: &str| json!({ "Notes__c": notes });
        app.edit(opportunity(1), edit("one")).await;
        // Within the second of the edit.
        assert_eq!(app.scheduled(schedule).await.counts.updated, 1);
        app.edit(opportunity(1), edit("two")).await;

        assert_eq!(run(&app, schedule).await.updated, 1, "{schedule}");

        assert_eq!(field(&app, "notes").await, "two", "{schedule}");
        // By then nothing can change under that system modstamp.
        let before = app.ledger().await;
        run(&app, schedule).await;
        let used = Usage::of(&app);
        run(&app, schedule).await;
        // The listing, and in a full run a look at the fields.
        assert!(Usage::of(&app).since(&used).salesforce <= 2);
        let after = app.ledger().await;
        assert_eq!(
            (after.claims, after.records),
            (before.claims, before.records)
        );
    }
}
