//! The adapters against an unreliable DynamoDB or SQS: a fault is retried or reported, and nothing is written twice.

use dealbridge_aws::{
    item::{n, number, s},
    keys::{Attributes, PK},
    transaction::{self, Committed},
};
use dealbridge_core::{
    SalesforceId,
    change::Expected,
    ports::{Consistency, ImportStore, PortError, RunStore, StoredStates},
    run::{Counts, Mode, RunStatus},
};
use dealbridge_tests::{
    Defect, Fault, OrgFolder, TestApp,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use serde_json::{Value, json};

const TRANSACTION: &str = "TransactWriteItems";

/// A response in the form of DynamoDB's errors.
fn error(status: u16, kind: &str) -> Fault {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    Fault::Answer(status, json!({ "__type": kind, "message": kind }))
}

/// The response to a transaction that was cancelled for these reasons.
fn cancelled(reasons: &[&str]) -> Fault {
    let reasons: Vec<Value> = reasons
        .iter()
        .map(|code| json!({ "Code": code, "Message": code }))
        .collect();
    Fault::Answer(
        400,
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": reasons,
        }),
    )
}

fn key() -> Attributes {
    Attributes::from([(PK.to_owned(), s("TEST#1"))])
}

/// Adds one to a number and puts an item beside it, an effect that shows how often it took place.
async fn count(app: &TestApp) -> Result<Committed, PortError> {
    let table = app.store.tables().records.clone();
    let mut beside = key();
    beside.insert(PK.to_owned(), s("TEST#2"));
    let update = aws_sdk_dynamodb::types::Update::builder()
        .table_name(&table)
        .set_key(Some(key()))
        .update_expression("ADD #count :one")
        .expression_attribute_names("#count", "count")
        .expression_attribute_values(":one", n(1));
    let actions = vec![
        transaction::update(update).unwrap(),
        transaction::put_unconditional(&table, beside).unwrap(),
    ];
    app.store.transact("a test", actions).await
}

async fn counted(app: &TestApp) -> u32 {
    let item = app
        .store
        .get(&app.store.tables().records, key())
        .await
        .unwrap();
    item.and_then(|item| number(&item, "count")).unwrap_or(0)
}

/// The tokens of the transactions that were sent.
fn tokens(app: &TestApp) -> Vec<String> {
    let seen = app.dynamodb.seen(TRANSACTION).into_iter();
    seen.map(|body| body["ClientRequestToken"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_transaction_that_only_met_conflicts_or_throttling_is_sent_again_under_the_same_token() {
    let app = TestApp::start(&OrgFolder::new()).await;
    let transient = [
        &["TransactionConflict", "None"][..],
        &["None", "ThrottlingError"],
        &["ProvisionedThroughputExceeded", "TransactionConflict"],
        &["RequestLimitExceeded", "None"],
    ];
    app.dynamodb.order(TRANSACTION, transient.map(cancelled));

    let committed = count(&app).await;

    assert!(matches!(committed, Ok(Committed::Yes)), "{committed:?}");
    assert_eq!(counted(&app).await, 1);
    let tokens = tokens(&app);
    assert_eq!(tokens.len(), 5);
    assert!(
        tokens
            .iter()
            .all(|token| *token == tokens[0] && token.len() <= 36)
    );
}

#[tokio::test]
async fn a_transaction_that_meets_conflicts_for_ever_is_given_up_without_a_write() {
    let app = TestApp::start(&OrgFolder::new()).await;
    app.dynamodb.order(
        TRANSACTION,
        vec![cancelled(&["TransactionConflict", "None"]); 100],
    );

    let committed = count(&app).await;

    assert!(committed.is_err());
    assert_eq!(counted(&app).await, 0);
    assert!(tokens(&app).len() <= 12);
}

#[tokio::test]
async fn a_reason_that_does_not_pass_is_said_at_once() {
    let app = TestApp::start(&OrgFolder::new()).await;
    for reasons in [
        &["ValidationError", "None"][..],
        &["TransactionConflict", "ItemCollectionSizeLimitExceeded"],
    ] {
        app.dynamodb.order(TRANSACTION, [cancelled(reasons)]);

        let committed = count(&app).await;

        assert!(committed.is_err());
        assert_eq!(tokens(&app).len(), 1, "{reasons:?}");
    }
    assert_eq!(counted(&app).await, 0);
}

#[tokio::test]
async fn a_failed_condition_beside_a_conflict_is_the_outcome() {
    let app = TestApp::start(&OrgFolder::new()).await;
    app.dynamodb.order(
        TRANSACTION,
        [cancelled(&[
            "TransactionConflict",
            "ConditionalCheckFailed",
        ])],
    );

    let committed = count(&app).await;

    let Ok(Committed::Refused(refused)) = committed else {
        panic!("{committed:?}");
    };
    assert_eq!(refused.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_refused_put_tells_what_is_there() {
    let app = TestApp::start(&OrgFolder::new()).await;
    count(&app).await.unwrap();
    let table = app.store.tables().records.clone();
    let put = |expected| transaction::put(&table, key(), expected).unwrap();

    for expected in [Expected::Absent, Expected::Version(7)] {
        let committed = app
            .store
            .transact(&format!("{expected:?}"), vec![put(expected)])
            .await
            .unwrap();

        let Committed::Refused(refused) = committed else {
            panic!("{committed:?}");
        };
        let (at, item) = &refused[0];
        assert_eq!(
            (
                *at,
                item.as_ref().and_then(|item| number::<u32>(item, "count"))
            ),
            (0, Some(1))
        );
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_takes_place_once() {
    let lost = [
        ("a broken connection", Fault::DropAfter),
        ("half an answer", Fault::Cut),
        (
            "an inner error after the work",
            Fault::AnswerAfter(500, json!({ "__type": "InternalServerError" })),
        ),
        (
            "an answer that says nothing",
            Fault::AnswerAfter(200, json!("?")),
        ),
        ("a request that came twice", Fault::Twice),
    ];
    for (name, fault) in lost {
        let app = TestApp::start(&OrgFolder::new()).await;
        app.dynamodb.order(TRANSACTION, [fault]);

        let committed = count(&app).await;

        // Either the transaction is known to have taken place, or its outcome is reported as unknown; a repeat does
        // nothing.
        assert!(
            !matches!(committed, Ok(Committed::Refused(_))),
            "{name}: {committed:?}"
        );
        count(&app).await.unwrap();
        assert_eq!(counted(&app).await, 1, "{name}");
        let tokens = tokens(&app);
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{name}");
    }
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    let moments = [
        error(500, "InternalServerError"),
        error(503, "ServiceUnavailable"),
        error(400, "ThrottlingException"),
        error(400, "TransactionInProgressException"),
        Fault::Drop,
    ];
    for fault in moments {
        let app = TestApp::start(&OrgFolder::new()).await;
        app.dynamodb.order(TRANSACTION, [fault.clone()]);

        let committed = count(&app).await;

        assert!(
            matches!(committed, Ok(Committed::Yes)),
            "{fault:?}: {committed:?}"
        );
        assert_eq!(counted(&app).await, 1, "{fault:?}");
    }
}

/// Takes the first item of each table out of a response to `BatchGetItem` and leaves its key unprocessed.
fn leave_one_unprocessed(answer: &mut Value) {
    let mut unprocessed = serde_json::Map::new();
    for (table, items) in answer["Responses"].as_object_mut().unwrap() {
        let items = items.as_array_mut().unwrap();
        if items.is_empty() {
            continue;
        }
        let item = items.remove(0);
        let key: serde_json::Map<String, Value> = ["pk", "sk"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone())))
            .collect();
        unprocessed.insert(
            table.clone(),
            json!({ "Keys": [key], "ConsistentRead": true }),
        );
    }
    answer["UnprocessedKeys"] = unprocessed.into();
}

async fn known(app: &TestApp, ids: &[SalesforceId]) -> Result<StoredStates, PortError> {
    ImportStore::known(&app.store, app.organization(), ids, Consistency::Strong).await
}

#[tokio::test]
async fn keys_that_dynamodb_left_unprocessed_are_asked_for_again() {
    let app = TestApp::start(&mixed()).await;
    app.full().await;
    let faults = vec![Fault::Edit(|_| {}, leave_one_unprocessed); 4];
    app.dynamodb.order("BatchGetItem", faults);

    let claims: Vec<_> = app.ledger().await.claims.into_keys().collect();
    let known = known(&app, &claims).await.unwrap();

    assert_eq!(known.claims.len(), 5);
    assert_eq!(app.dynamodb.left(), 0);
}

#[tokio::test]
async fn keys_that_stay_unprocessed_are_an_error_and_not_an_absence() {
    let app = TestApp::start(&mixed()).await;
    app.full().await;
    let claims: Vec<_> = app.ledger().await.claims.into_keys().take(1).collect();
    app.dynamodb.order(
        "BatchGetItem",
        vec![Fault::Edit(|_| {}, leave_one_unprocessed); 100],
    );

    let known = known(&app, &claims).await;

    assert!(known.is_err(), "{known:?}");
}

/// Five Opportunities that import and three that do not.
fn mixed() -> OrgFolder {
    let mut folder = OrgFolder::importable(5);
    for defect in [
        Defect::NoProduct,
        Defect::NoPartner,
        Defect::TwoPrimaryContacts,
    ] {
        folder.add(|opportunity| defect.apply(&opportunity));
    }
    folder
}

async fn assert_whole(app: &TestApp, name: &str) {
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new(), "{name}");
    assert_eq!((ledger.live(), ledger.problems.len()), (5, 3), "{name}");
    let (id, run) = ledger.runs.last_key_value().unwrap();
    let expected = Counts {
        listed: 8,
        imported: 5,
        failed: 3,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected, "{name}");
    assert_eq!(app.status(*id).await, RunStatus::Succeeded, "{name}");
}

/// Every transaction of a run fails at its first attempt.
#[tokio::test]
async fn a_run_over_a_shaky_dynamodb_counts_exactly() {
    let reasons = ["TransactionConflict"; 20];
    let shaky = [
        ("conflicts", cancelled(&reasons)),
        ("lost answers", Fault::DropAfter),
        ("half answers", Fault::Cut),
        (
            "inner errors after the work",
            Fault::AnswerAfter(500, json!({ "__type": "InternalServerError" })),
        ),
        ("unreadable answers", Fault::AnswerAfter(200, json!("?"))),
        ("repeats", Fault::Twice),
    ];
    for (name, fault) in shaky {
        let app = TestApp::start(&mixed()).await;
        let faults: Vec<Fault> = std::iter::repeat_n([fault, Fault::None], 6)
            .flatten()
            .collect();
        app.dynamodb.order(TRANSACTION, faults);

        // The request fails where its outcome is unknown; a second one returns the run.
        let mut asked = 0;
        while asked < 3 {
            asked += 1;
            let done = app.try_request_run().await;
            if done.is_ok() {
                break;
            }
        }
        app.deliver_all().await;
        for _ in 0..4 {
            app.deliver_again().await;
        }

        assert_whole(&app, name).await;
        assert_eq!(app.ledger().await.runs.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_run_over_reads_that_fail_for_a_moment_ends_well() {
    for action in ["GetItem", "BatchGetItem", "Query", "Scan"] {
        let app = TestApp::start(&mixed()).await;
        app.dynamodb.order(
            action,
            [
                Fault::Drop,
                Fault::None,
                error(500, "InternalServerError"),
                Fault::None,
                Fault::Cut,
            ],
        );

        app.full().await;
        app.deliver_again().await;

        assert_whole(&app, action).await;
    }
}

/// SQS does not accept the first two messages of a request.
fn without_two(request: &mut Value) {
    let entries = request["Entries"].as_array_mut().unwrap();
    entries.drain(..2.min(entries.len() - 1));
}

fn two_failed(answer: &mut Value) {
    answer["Failed"] = json!([
        { "Id": "0", "SenderFault": false, "Code": "InternalError", "Message": "try again" },
        { "Id": "1", "SenderFault": false, "Code": "ThrottlingException", "Message": "try again" },
    ]);
}

fn one_at_fault(answer: &mut Value) {
    answer["Failed"] = json!([{ "Id": "0", "SenderFault": true, "Code": "InvalidMessageContents", "Message": "no" }]);
}

#[tokio::test]
async fn messages_that_sqs_did_not_take_are_sent_again_and_no_other() {
    let app = TestApp::start(&mixed()).await;
    app.request_run().await;
    let request = app.receive(SYNC_REQUESTS, 1).await;
    app.sqs
        .order("SendMessageBatch", [Fault::Edit(without_two, two_failed)]);

    app.work(SYNC_REQUESTS, &request).await;

    let sent: Vec<usize> = app
        .sqs
        .seen("SendMessageBatch")
        .iter()
        .map(|body| body["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sent, [8, 2]);
    assert_eq!(app.waiting(IMPORTS), 8);
    app.deliver_all().await;
    assert_whole(&app, "partial failure").await;
}

#[tokio::test]
async fn a_run_over_a_shaky_sqs_counts_exactly() {
    let shaky = [
        ("a sender's fault", Fault::Edit(without_two, one_at_fault)),
        ("a lost answer", Fault::DropAfter),
        ("half an answer", Fault::Cut),
        (
            "an inner error after the work",
            Fault::AnswerAfter(500, json!({ "__type": "InternalError" })),
        ),
        (
            "a refusal",
            Fault::Answer(400, json!({ "__type": "com.amazonaws.sqs#OverLimit" })),
        ),
    ];
    for (name, fault) in shaky {
        let app = TestApp::start(&mixed()).await;
        app.request_run().await;
        app.sqs.order("SendMessageBatch", [fault]);

        app.deliver_all().await;
        for _ in 0..4 {
            app.deliver_again().await;
        }

        assert_whole(&app, name).await;
        assert_eq!(app.ledger().await.runs.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_message_days_late_that_meets_a_fault_leaves_the_mark_of_the_runs_after_it_alone() {
    let app = TestApp::start(&mixed()).await;
    let first = app.full().await.id;
    let id = *app.ledger().await.claims.keys().next().unwrap();
    app.hourly().await;
    let watermark = app.store.watermark().await.unwrap();

    app.disturb(json!({ "match": "/query", "status": 403, "times": 9 }))
        .await;
    app.send_requests(&[app.request(first, id, false)]).await;
    app.deliver_all().await;
    app.calm().await;

    assert_eq!(app.store.watermark().await.unwrap(), watermark);
    // The next run looks at the records that the fault names, whatever their system modstamps.
    let next = app.hourly().await;
    let expected = Counts {
        listed: 4,
        unchanged: 1,
        failed: 3,
        ..Counts::default()
    };
    assert_eq!((next.mode, next.counts), (Mode::Incremental, expected));
}
