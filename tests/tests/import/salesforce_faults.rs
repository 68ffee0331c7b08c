//! Salesforce refuses, breaks off or is unavailable, at any page.

use dealbridge_core::{
    code::Code,
    run::{Counts, Run, RunStatus},
};
use dealbridge_tests::{
    Defect, OrgFolder, TestApp,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use serde_json::{Value, json};

/// Candidates for two pages.
const MANY: usize = 2_020;

/// Lasting faults of a response, each with the code that the run then reports.
fn lasting() -> Vec<(&'static str, Value, Code)> {
    let limit = json!([{ "message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED" }]);
    let disabled = json!([{ "message": "The REST API is not enabled for this Organization.", "errorCode": "API_DISABLED_FOR_ORG" }]);
    let denied =
        json!([{ "message": "You do not have access.", "errorCode": "INSUFFICIENT_ACCESS" }]);
    let expired =
        json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }]);
    let broken =
        json!([{ "message": "An unexpected error occurred.", "errorCode": "UNKNOWN_EXCEPTION" }]);
    vec![
        (
            "401",
            json!({ "status": 401, "body": expired }),
            Code::SfAuthFailed,
        ),
        (
            "limit",
            json!({ "status": 403, "body": limit }),
            Code::SfRequestLimit,
        ),
        (
            "disabled",
            json!({ "status": 403, "body": disabled }),
            Code::SfApiDisabled,
        ),
        (
            "denied",
            json!({ "status": 403, "body": denied }),
            Code::SfPermissionDenied,
        ),
        (
            "500",
            json!({ "status": 500, "body": broken }),
            Code::SfUnavailable,
        ),
        (
            "html",
            json!({ "status": 503, "body": "<html><body>Down for maintenance</body></html>" }),
            Code::SfUnavailable,
        ),
        ("cut", json!({ "mode": "cut" }), Code::SfUnavailable),
        (
            "html that says 200",
            json!({ "status": 200, "body": "<html>Log in</html>" }),
            Code::SfUnavailable,
        ),
    ]
}

/// Injects that fault into queries, from the call after that many good ones, that many times.
fn order(fault: &Value, good: u64, times: u64) -> Value {
    let mut order = json!({ "match": "/query", "skip": good, "times": times });
    order
        .as_object_mut()
        .unwrap()
        .extend(fault.as_object().unwrap().clone());
    order
}

/// A folder of some Opportunities that import and some that do not.
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

async fn assert_failed_once_with(app: &TestApp, run: &Run, code: Code, place: &str) {
    assert_eq!(app.status(run.id).await, RunStatus::Failed, "{place}");
    let ledger = app.ledger().await;
    assert_eq!(ledger.faults(run.id), [code], "{place}");
    assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
    assert_eq!(
        app.waiting(SYNC_REQUESTS) + app.waiting(IMPORTS),
        0,
        "{place}"
    );
}

#[tokio::test]
async fn a_listing_that_salesforce_refuses_fails_the_run_once_and_the_next_makes_it_whole() {
    for (name, fault, code) in lasting() {
        let app = TestApp::start(&mixed()).await;
        app.disturb(order(&fault, 0, 50)).await;

        let failed = app.full().await;
        app.calm().await;
        let next = app.hourly().await;

        assert_failed_once_with(&app, &failed, code, name).await;
        assert_eq!(failed.counts, Counts::default(), "{name}");
        assert_eq!((next.counts.imported, next.counts.failed), (5, 3), "{name}");
        assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{name}");
    }
}

#[tokio::test]
async fn a_worker_s_query_that_salesforce_refuses_fails_the_run_once_and_the_next_makes_it_whole() {
    for (name, fault, code) in lasting() {
        let app = TestApp::start(&mixed()).await;
        app.disturb(order(&fault, 1, 50)).await;

        let failed = app.full().await;
        app.calm().await;
        let next = app.hourly().await;

        assert_failed_once_with(&app, &failed, code, name).await;
        assert_eq!(
            (failed.counts.listed, failed.counts.left()),
            (8, 8),
            "{name}"
        );
        assert_eq!((next.counts.imported, next.counts.failed), (5, 3), "{name}");
        assert_eq!(app.status(next.id).await, RunStatus::Succeeded, "{name}");
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_even_noticed() {
    for (name, fault, code) in lasting() {
        if !matches!(code, Code::SfUnavailable | Code::SfAuthFailed) {
            continue;
        }
        for good in [0, 1] {
            let app = TestApp::start(&mixed()).await;
            app.disturb(order(&fault, good, 1)).await;

            let run = app.full().await;

            let place = format!("{name} after {good}");
            assert_eq!((run.counts.imported, run.counts.failed), (5, 3), "{place}");
            assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{place}");
            assert_eq!(app.ledger().await.faults(run.id), [], "{place}");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_refused_fails_the_run_and_names_no_secret() {
    let app = TestApp::start(&mixed()).await;
    let refused =
        json!({ "error": "invalid_client", "error_description": "invalid client credentials" });
    app.disturb(json!({ "match": "/oauth2/token", "status": 400, "times": 50, "body": refused }))
        .await;

    let failed = app.full().await;
    app.calm().await;
    let next = app.hourly().await;

    assert_failed_once_with(&app, &failed, Code::SfAuthFailed, "login").await;
    let secret = &app.org.client().secret;
    for entry in app.ledger().await.log(failed.id) {
        let said = format!("{entry:?}");
        assert!(!said.contains(secret.as_str()), "{said}");
    }
    assert_eq!(next.counts.imported, 5);
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_costs_one_login_and_nothing_else() {
    let app = TestApp::start(&mixed()).await;
    app.full().await;
    let before = app.salesforce.usage();

    app.admin("expire", json!({ "what": "sessions" })).await;
    let run = app.full().await;

    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(app.salesforce.usage().token - before.token, 1);
}

/// The second page of a listing: refused for good, cut once, its locator expired once, its locator expired for ever.
#[tokio::test]
async fn a_fault_on_a_later_page_leaves_what_was_listed_to_its_workers_and_the_rest_to_the_next_run()
 {
    let mut folder = OrgFolder::new();
    for _ in 0..MANY {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    }
    let app = TestApp::start(&folder).await;
    let gone =
        json!([{ "message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR" }]);
    let page = |fault: Value, times: u64| {
        let mut order = json!({ "match": "/query/", "times": times });
        order
            .as_object_mut()
            .unwrap()
            .extend(fault.as_object().unwrap().clone());
        order
    };

    app.disturb(page(json!({ "status": 500 }), 50)).await;
    let failed = app.full().await;
    app.calm().await;

    assert_failed_once_with(&app, &failed, Code::SfUnavailable, "500").await;
    assert_eq!((failed.counts.listed, failed.counts.failed), (2_000, 2_000));

    // The next run looks at every open problem, and at the rest of the listing.
    let next = app.hourly().await;
    assert_eq!(
        (next.counts.listed, next.counts.failed),
        (MANY as u64, MANY as u64)
    );

    // One truncated response is requested again; an expired locator is replaced by a listing from where it stood.
    for fault in [
        json!({ "mode": "cut" }),
        json!({ "status": 400, "body": gone }),
    ] {
        app.disturb(page(fault.clone(), 1)).await;
        let run = app.full().await;
        assert_eq!(
            (run.counts.listed, run.counts.failed),
            (MANY as u64, MANY as u64),
            "{fault}"
        );
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{fault}");
    }
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mapped_field_that_is_gone_is_said_once_per_run_and_the_other_rows_go_on() {
    let mut folder = mixed();
    folder.without.push("Notes__c");
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    assert_eq!((run.counts.imported, run.counts.failed), (5, 3));
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    let ledger = app.ledger().await;
    assert_eq!(ledger.faults(run.id), [Code::SfFieldMissing]);
    let entries = ledger.log(run.id);
    let said = entries
        .iter()
        .find(|entry| entry.code == Code::SfFieldMissing)
        .unwrap();
    assert!(
        said.message.contains("Opportunity.Notes__c") && said.message.contains("notes <- Notes__c"),
        "{}",
        said.message
    );
    for record in ledger.records.values() {
        assert_eq!(record.fields.get("notes"), None);
        assert_eq!(record.fields["product"], json!("Pro"));
    }
}

#[tokio::test]
async fn a_field_that_only_imports_need_fails_each_of_them_when_it_is_gone_and_the_run_names_it_once()
 {
    for field in ["Product__c", "Stage__c", "Partner__c", "Owner_Type__c"] {
        let mut folder = mixed();
        folder.without.push(field);
        let app = TestApp::start(&folder).await;

        let run = app.full().await;

        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{field}");
        assert_eq!((run.counts.listed, run.counts.failed), (8, 8), "{field}");
        let ledger = app.ledger().await;
        assert_eq!(ledger.faults(run.id), [Code::SfFieldMissing], "{field}");
        let hidden = ledger.failures(run.id)[&Code::RequiredFieldHidden];
        assert_eq!(hidden, 8, "{field}");
        let entries = ledger.log(run.id).into_iter();
        let mut said = entries.filter(|entry| entry.code == Code::SfFieldMissing);
        let message = said.next().unwrap().message;
        assert!(message.contains(field), "{message}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{field}");
    }
}

#[tokio::test]
async fn a_flag_field_that_is_gone_fails_the_run_before_anything_is_enqueued() {
    for field in ["Export__c", "Sync__c"] {
        let mut folder = mixed();
        folder.without.push(field);
        let app = TestApp::start(&folder).await;

        let run = app.full().await;

        assert_failed_once_with(&app, &run, Code::SfFieldMissing, field).await;
        assert_eq!(run.counts, Counts::default(), "{field}");
        let message = &app.ledger().await.log(run.id)[0].message;
        assert!(message.contains(field), "{message}");
    }
}

#[tokio::test]
async fn switched_off_in_the_middle_of_a_run_the_rest_is_left_to_the_next() {
    let app = TestApp::start(&mixed()).await;
    app.request_run().await;
    let request = app.receive(SYNC_REQUESTS, 1).await;
    app.work(SYNC_REQUESTS, &request).await;

    app.set(|settings| settings.enabled = false).await;
    app.deliver_all().await;
    app.set(|settings| settings.enabled = true).await;
    let next = app.hourly().await;

    let ledger = app.ledger().await;
    let run = &ledger.runs[&dealbridge_core::run::RunId::new(1)];
    assert_failed_once_with(&app, run, Code::IntegrationDisabled, "middle").await;
    assert_eq!((run.counts.listed, run.counts.left()), (8, 8));
    assert_eq!((next.counts.imported, next.counts.failed), (5, 3));
}

#[tokio::test]
async fn without_a_run_s_allowance_left_the_run_fails_and_costs_no_further_calls() {
    let app = TestApp::start(&mixed()).await;
    app.full().await;
    app.admin("limit", json!({ "remaining": 0 })).await;
    let before = app.salesforce.usage().total();

    let failed = app.hourly().await;
    let calls = app.salesforce.usage().total() - before;
    app.calm().await;

    assert_failed_once_with(&app, &failed, Code::SfRequestLimit, "limit").await;
    assert!(calls <= 2, "{calls}");
    assert_eq!(
        app.status(app.hourly().await.id).await,
        RunStatus::Succeeded
    );
}
