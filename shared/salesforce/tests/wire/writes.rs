//! Writing fields of one record.

use dealbridge_core::{
    SalesforceObject, SystemModstamp,
    salesforce::{Salesforce, SalesforceError, UpdateOutcome},
};
use serde_json::{Map, Value, json};

use crate::org::{Org, Reply, id};

const RECORD: &str = "/services/data/v66.0/sobjects/Opportunity/006dM00000Mw7VtQAJ";

fn fields() -> Map<String, Value> {
    json!({ "Amount": 15000, "Sync__c": true })
        .as_object()
        .unwrap()
        .clone()
}

async fn written(org: &Org) -> Result<UpdateOutcome, SalesforceError> {
    org.client()
        .update(
            SalesforceObject::Opportunity,
            id("006dM00000Mw7Vt"),
            &fields(),
            Some(SystemModstamp::parse("2026-05-01T07:25:37Z").unwrap()),
        )
        .await
}

fn changed_since() -> Reply {
    Reply::Empty(412)
}

#[tokio::test]
async fn a_write_is_one_guarded_patch() {
    let org = Org::answering([Reply::Empty(204)]).await;

    assert_eq!(written(&org).await, Ok(UpdateOutcome::Written));

    let calls = org.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].method.as_str(), calls[0].path.as_str()),
        ("PATCH", RECORD)
    );
    assert_eq!(calls[0].body, r#"{"Amount":15000,"Sync__c":true}"#);
    assert_eq!(
        calls[0].header("if-unmodified-since"),
        Some("Fri, 01 May 2026 07:25:37 GMT")
    );
}

#[tokio::test]
async fn no_write_hands_a_record_to_another_owner() {
    let org = Org::answering([
        Reply::expired_session(),
        Reply::error(503, "SERVER_UNAVAILABLE", "try again"),
        Reply::Empty(204),
        Reply::Empty(204),
    ])
    .await;
    let client = org.client();
    let stamp = SystemModstamp::parse("2026-05-01T07:25:37Z").unwrap();
    for (object, record, stamp) in [
        (SalesforceObject::Lead, "00QdM000001abcd", Some(stamp)),
        (SalesforceObject::Opportunity, "006dM00000Mw7Vt", None),
    ] {
        let outcome = client.update(object, id(record), &fields(), stamp).await;
        assert_eq!(outcome, Ok(UpdateOutcome::Written));
    }

    let writes: Vec<_> = org
        .calls()
        .into_iter()
        .filter(|call| call.method != "GET")
        .collect();
    assert_eq!(writes.len(), 4);
    for write in writes {
        assert_eq!(
            write.header("sforce-auto-assign"),
            Some("FALSE"),
            "{write:?}"
        );
    }
}

#[tokio::test]
async fn a_write_without_a_stamp_or_without_fields_is_as_asked() {
    let org = Org::answering([Reply::Empty(204)]).await;
    let client = org.client();
    let opportunity = id("006dM00000Mw7Vt");

    for fields in [fields(), Map::new()] {
        let outcome = client
            .update(SalesforceObject::Opportunity, opportunity, &fields, None)
            .await;
        assert_eq!(outcome, Ok(UpdateOutcome::Written));
    }

    assert_eq!(org.calls().len(), 1);
    assert_eq!(org.calls()[0].header("if-unmodified-since"), None);
}

#[tokio::test]
async fn refusals_that_concern_the_record_are_outcomes() {
    let refused = |code: &str, message: &str| UpdateOutcome::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
        fields: Vec::new(),
    };
    for (reply, outcome) in [
        (changed_since(), UpdateOutcome::ChangedSince),
        (
            Reply::error(404, "ENTITY_IS_DELETED", "entity is deleted"),
            UpdateOutcome::Gone,
        ),
        (
            Reply::error(404, "NOT_FOUND", "The requested resource does not exist"),
            UpdateOutcome::Gone,
        ),
        (
            Reply::error(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "too small"),
            refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "too small"),
        ),
        (
            Reply::error(
                400,
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "cannot reference converted lead",
            ),
            refused(
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "cannot reference converted lead",
            ),
        ),
        (
            Reply::error(
                400,
                "INVALID_FIELD",
                "No such column 'Sync__c' on sobject of type Opportunity",
            ),
            refused(
                "INVALID_FIELD",
                "No such column 'Sync__c' on sobject of type Opportunity",
            ),
        ),
        (
            Reply::error(
                403,
                "INSUFFICIENT_ACCESS_OR_READONLY",
                "insufficient access rights",
            ),
            refused(
                "INSUFFICIENT_ACCESS_OR_READONLY",
                "insufficient access rights",
            ),
        ),
    ] {
        let org = Org::answering([reply]).await;

        assert_eq!(written(&org).await, Ok(outcome));
        assert_eq!(org.calls().len(), 1);
    }
}

#[tokio::test]
async fn faults_that_do_not_concern_the_record_stay_errors() {
    let org = Org::answering([Reply::error(
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    )])
    .await;

    assert!(matches!(
        written(&org).await,
        Err(SalesforceError::RequestLimit { .. })
    ));
}

#[tokio::test]
async fn a_locked_row_is_tried_again_and_then_reported() {
    let locked = || {
        Reply::error(
            400,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access",
        )
    };

    let passing = Org::answering([locked(), Reply::Empty(204)]).await;
    assert_eq!(written(&passing).await, Ok(UpdateOutcome::Written));

    let lasting = Org::answering((0..9).map(|_| locked())).await;
    assert_eq!(written(&lasting).await, Ok(UpdateOutcome::Locked));
    assert_eq!(lasting.calls().len(), 4);
}

#[tokio::test]
async fn our_own_write_with_a_lost_answer_is_not_mistaken_for_a_user_s_edit() {
    let ours = json!({ "attributes": {}, "Amount": 15000.0, "Sync__c": true });
    for lost in [Reply::Html(503), Reply::Cut] {
        let org = Org::answering([lost, changed_since(), Reply::Json(200, ours.clone())]).await;

        assert_eq!(written(&org).await, Ok(UpdateOutcome::Written));

        let calls = org.calls();
        assert_eq!(
            (calls[2].method.as_str(), calls[2].path.clone()),
            ("GET", format!("{RECORD}?fields=Amount,Sync__c"))
        );
    }
}

#[tokio::test]
async fn a_user_s_edit_after_a_lost_answer_is_reported_as_such() {
    let theirs = json!({ "Amount": 1.0, "Sync__c": true });
    let org = Org::answering([Reply::Html(503), changed_since(), Reply::Json(200, theirs)]).await;

    assert_eq!(written(&org).await, Ok(UpdateOutcome::ChangedSince));
}

#[tokio::test]
async fn a_lock_before_a_user_s_edit_needs_no_second_look() {
    let org = Org::answering([
        Reply::error(
            400,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access",
        ),
        changed_since(),
    ])
    .await;

    assert_eq!(written(&org).await, Ok(UpdateOutcome::ChangedSince));
    assert_eq!(org.calls().len(), 2);
}

#[tokio::test]
async fn a_write_whose_session_expires_is_repeated_after_a_login() {
    let org = Org::answering([Reply::expired_session(), Reply::Empty(204)]).await;

    assert_eq!(written(&org).await, Ok(UpdateOutcome::Written));
    assert_eq!(org.calls().len(), 2);
}
