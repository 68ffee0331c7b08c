//! Records that are too large for the store, or too many for one transaction: one fails alone, with a reason.

use dealbridge_core::{
    SalesforceId,
    code::Code,
    field::FieldType,
    mapping::Flow,
    problem::OpenProblem,
    run::{Counts, Run, RunStatus},
};
use dealbridge_tests::{Fault, OrgFolder, TestApp, opportunity, test_app::IMPORTS};
use serde_json::{Value, json};

const KB: usize = 1024;
const MAX_TRANSACTION_BYTES: usize = 4 * KB * KB;

/// A test app over importable Opportunities with notes of that many bytes each, which a Deal accepts whatever their
/// length.
async fn app(sizes: &[usize]) -> TestApp {
    let mut folder = OrgFolder::new();
    for size in sizes {
        folder.add(|opportunity| opportunity.with("Notes__c", "n".repeat(*size)));
    }
    let app = TestApp::start(&folder).await;
    app.set(|settings| {
        let notes = settings.deal_fields.iter_mut();
        for field in notes.filter(|field| field.name == "notes") {
            (field.kind, field.max_length) = (FieldType::LongText, Some(10_000_000));
        }
    })
    .await;
    app
}

async fn problem(app: &TestApp, id: SalesforceId) -> OpenProblem {
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    ledger.problems[&id].clone()
}

fn counts(run: &Run) -> (u64, u64, u64, u64) {
    let Counts {
        imported,
        updated,
        unchanged,
        failed,
        ..
    } = run.counts;
    (imported, updated, unchanged, failed)
}

#[tokio::test]
async fn a_deal_larger_than_the_store_takes_fails_alone_and_names_its_fields() {
    let app = app(&[10, 10, 420 * KB, 10]).await;
    let large = opportunity(3);

    let run = app.full().await;

    assert_eq!(counts(&run), (3, 0, 0, 1));
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(app.waiting(IMPORTS), 0);
    let first = problem(&app, large).await;
    assert_eq!(first.codes(), [Code::DealTooLarge]);
    let (message, suggestion) = first.findings[0].sentences("It");
    assert!(
        message.starts_with("The values of It add up to 421 KB, but a record of the portal holds at most 400 KB. The largest are Notes (Notes__c) with 420 KB, "),
        "{message}"
    );
    assert!(suggestion.contains("Shorten"), "{suggestion}");

    let again = app.hourly().await;
    assert_eq!(counts(&again), (0, 0, 0, 1));
    assert_eq!(problem(&app, large).await.times, 2);

    app.edit(large, json!({ "Notes__c": "short" })).await;
    let mended = app.hourly().await;
    assert_eq!(counts(&mended), (1, 0, 0, 0));
    assert!(app.ledger().await.problems.is_empty());
}

#[tokio::test]
async fn a_text_longer_than_its_field_says_both_lengths() {
    let app = app(&[200 * KB]).await;
    app.set(|settings| settings.deal_fields[6].max_length = None)
        .await;

    app.full().await;

    let problem = problem(&app, opportunity(1)).await;
    assert_eq!(problem.codes(), [Code::ValueTypeInvalid]);
    let context = &problem.findings[0].context;
    assert_eq!(
        context.other,
        "at most 131072 characters, but this has 204800"
    );
    assert_eq!(context.value.chars().count(), 203, "the value is cut");
}

#[tokio::test]
async fn transactions_are_packed_by_bytes_as_well_as_by_actions() {
    let app = app(&[85 * KB; 60]).await;
    app.dynamodb.order("TransactWriteItems", []);

    let run = app.full().await;

    assert_eq!(counts(&run), (60, 0, 0, 0));
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
    let sent = app.dynamodb.seen("TransactWriteItems");
    let notes = |request: &Value| request.to_string().len();
    assert!(sent.iter().map(notes).sum::<usize>() > MAX_TRANSACTION_BYTES);
    for request in &sent {
        assert!(notes(request) < MAX_TRANSACTION_BYTES);
    }
}

#[tokio::test]
async fn a_linked_deal_that_grows_too_large_keeps_its_values_and_has_a_problem() {
    let app = app(&[450 * KB, 20]).await;
    app.set(|settings| {
        for row in &mut settings.mappings {
            if row.channeltivity == "notes" {
                row.on_create = Flow::None;
            }
        }
    })
    .await;
    assert_eq!(counts(&app.full().await), (2, 0, 0, 0));
    for number in [1, 2] {
        app.edit(opportunity(number), json!({ "Amount": 7 })).await;
    }

    let run = app.hourly().await;

    assert_eq!(counts(&run), (0, 1, 0, 1));
    assert_eq!(
        problem(&app, opportunity(1)).await.codes(),
        [Code::DealTooLarge]
    );
    let ledger = app.ledger().await;
    let fields = |number| &ledger.linked(opportunity(number)).unwrap().fields;
    assert_eq!(fields(1).get("notes"), None);
    assert_eq!(fields(1)["amount"], 1_001);
    assert_eq!(fields(2)["notes"], "n".repeat(20));
    assert_eq!(fields(2)["amount"], 7);
}

/// Returns `true` if a transaction contains one of the Opportunities that the database must refuse.
fn holds_a_poison(request: &Value) -> bool {
    request.to_string().contains("poison")
}

fn refusal(kind: &str) -> Value {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    json!({ "__type": kind, "message": "Item size has exceeded the maximum allowed size" })
}

#[tokio::test]
async fn what_the_database_refuses_without_naming_it_is_found_by_halves() {
    for (status, kind) in [(400, "ValidationException"), (413, "RequestEntityTooLarge")] {
        let app = app(&[10; 30]).await;
        for number in [4, 17] {
            let notes = json!({ "Notes__c": "poison" });
            app.edit(opportunity(number), notes).await;
        }
        let fault = Fault::AnswerIf(holds_a_poison, status, refusal(kind));
        let faults = std::iter::repeat_n(fault, 500);
        app.dynamodb.order("TransactWriteItems", faults);

        let run = app.full().await;

        assert_eq!(counts(&run), (28, 0, 0, 2), "{kind}");
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
        assert_eq!(app.waiting(IMPORTS), 0);
        for number in [4, 17] {
            let problem = problem(&app, opportunity(number)).await;
            assert_eq!(problem.codes(), [Code::DealTooLarge]);
            assert_eq!(problem.times, 1);
            let finding = &problem.findings[0];
            assert!(finding.details.as_deref().unwrap().contains(kind));
            assert!(finding.context.value.contains("which the database refuses"));
        }
    }
}

#[tokio::test]
async fn what_the_database_refuses_by_name_fails_alone() {
    let app = app(&[10; 3]).await;
    let mut reasons = vec![json!({ "Code": "None" }); 8];
    reasons[3] = json!({ "Code": "ValidationError", "Message": "Item size has exceeded the maximum allowed size" });
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": reasons,
    });
    let is_the_batch = |request: &Value| {
        request["TransactItems"]
            .as_array()
            .is_some_and(|items| items.len() == 8)
    };
    let fault = Fault::AnswerIf(is_the_batch, 400, cancelled);
    app.dynamodb
        .order("TransactWriteItems", std::iter::repeat_n(fault, 50));

    let run = app.full().await;

    assert_eq!(counts(&run), (2, 0, 0, 1));
    assert_eq!(app.ledger().await.problems.len(), 1);
}

#[tokio::test]
async fn a_batch_of_failures_with_endless_values_is_logged() {
    let mut folder = OrgFolder::new();
    for number in 0..98 {
        folder.add(|opportunity| {
            let noise: String = (0..5_000_u32)
                .map(|at| {
                    char::from(b'a' + u8::try_from((at * 7 + number * at * at) % 26).unwrap())
                })
                .collect();
            opportunity
                .with("Stage__c", noise.clone())
                .with("Product__c", noise)
        });
    }
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    assert_eq!(counts(&run), (0, 0, 0, 98));
    assert_eq!(app.waiting(IMPORTS), 0);
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    for entry in ledger.log(run.id) {
        assert!(entry.message.chars().count() < 1_000, "{}", entry.message);
    }
}
