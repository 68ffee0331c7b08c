//! Opportunities made with their Primary Contact Role, and the people that are looked up for them.

use dealbridge_core::{
    email::Email,
    salesforce::{
        AssignmentRules, DuplicateRules, ExternalId, NewRecord, Salesforce, SalesforceError,
        UpsertOutcome,
    },
};
use serde_json::{Value, json};

use crate::org::{Org, Reply, field, id};

const OPPORTUNITY: &str = "006dM00000Mw7VtQAJ";
const NAMED: &str = "/services/data/v66.0/sobjects/Opportunity/Channeltivity_Id__c/deal%3AD-17";

async fn made(org: &Org) -> Result<UpsertOutcome, SalesforceError> {
    let key = ExternalId {
        field: field("Channeltivity_Id__c"),
        value: "deal:D-17".to_owned(),
    };
    let fields = json!({ "Name": "Anvils" });
    let record = NewRecord {
        external_id: &key,
        fields: fields.as_object().unwrap(),
        assignment: AssignmentRules::Left,
        duplicates: DuplicateRules::Obeyed,
    };
    org.client()
        .upsert_opportunity(&record, id("0031i000013x2TE"))
        .await
}

fn answers(made: (u16, Value), found: (u16, Value)) -> Reply {
    let part = |(status, body): (u16, Value), reference: &str| json!({ "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference });
    Reply::Json(
        200,
        json!({ "compositeResponse": [part(made, "made"), part(found, "found")] }),
    )
}

fn error(status: u16, code: &str, message: &str) -> (u16, Value) {
    (
        status,
        json!([{ "message": message, "errorCode": code, "fields": [] }]),
    )
}

fn missing() -> (u16, Value) {
    error(404, "NOT_FOUND", "The requested resource does not exist")
}

fn found() -> (u16, Value) {
    (200, json!({ "Id": OPPORTUNITY }))
}

fn not_for_an_existing_one() -> (u16, Value) {
    error(
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: ContactId.",
    )
}

#[tokio::test]
async fn an_opportunity_and_its_primary_contact_are_made_by_one_call() {
    let saved = json!({ "id": OPPORTUNITY, "success": true, "errors": [], "created": true });
    let org = Org::answering([answers((201, saved), found())]).await;

    assert_eq!(
        made(&org).await,
        Ok(UpsertOutcome::Created(id(OPPORTUNITY)))
    );

    let calls = org.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].path, "/services/data/v66.0/composite");
    assert_eq!(calls[0].header("sforce-auto-assign"), Some("FALSE"));
    assert_eq!(
        serde_json::from_str::<Value>(&calls[0].body).unwrap(),
        json!({ "allOrNone": false, "compositeRequest": [
            { "method": "PATCH", "url": NAMED, "referenceId": "made",
              "body": { "Name": "Anvils", "ContactId": "0031i000013x2TEAAY" },
              "httpHeaders": { "Sforce-Auto-Assign": "FALSE" } },
            { "method": "GET", "url": format!("{NAMED}?fields=Id"), "referenceId": "found" },
        ] })
    );
}

#[tokio::test]
async fn a_repeat_finds_the_opportunity_and_leaves_it_as_it_is() {
    let org = Org::answering([Reply::Cut, answers(not_for_an_existing_one(), found())]).await;

    assert_eq!(made(&org).await, Ok(UpsertOutcome::Found(id(OPPORTUNITY))));
}

#[tokio::test]
async fn a_refusal_is_the_outcome_where_there_is_no_opportunity() {
    for (refusal, code) in [
        (not_for_an_existing_one(), "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (
            error(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "too small"),
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ),
    ] {
        let org = Org::answering([answers(refusal, missing())]).await;

        assert!(matches!(
            made(&org).await,
            Ok(UpsertOutcome::Refused { code: told, .. }) if told == code
        ));
    }
    let several = (
        300,
        json!([format!(
            "/services/data/v66.0/sobjects/Opportunity/{OPPORTUNITY}"
        )]),
    );
    let org = Org::answering([answers(several.clone(), several)]).await;
    assert_eq!(
        made(&org).await,
        Ok(UpsertOutcome::Ambiguous(vec![id(OPPORTUNITY)]))
    );
}

#[tokio::test]
async fn what_passes_by_itself_inside_a_composite_is_tried_again() {
    let locked = || {
        answers(
            error(
                400,
                "UNABLE_TO_LOCK_ROW",
                "unable to obtain exclusive access",
            ),
            missing(),
        )
    };
    let unknown = answers(
        error(503, "SERVER_UNAVAILABLE", "try again"),
        error(503, "SERVER_UNAVAILABLE", "try again"),
    );
    let org = Org::answering([
        locked(),
        unknown,
        answers(not_for_an_existing_one(), found()),
    ])
    .await;
    assert_eq!(made(&org).await, Ok(UpsertOutcome::Found(id(OPPORTUNITY))));

    let org = Org::answering([locked(), locked(), locked(), locked()]).await;
    assert_eq!(made(&org).await, Ok(UpsertOutcome::Locked));
}

#[tokio::test]
async fn people_are_looked_up_by_email_in_one_call_each() {
    let row = json!([{ "Id": "0031i000013x2TEAAY", "Name": "Ann", "Email": "ann@x.example", "AccountId": null }]);
    let org = Org::answering([Reply::rows(row), Reply::rows(json!([]))]).await;
    let client = org.client();
    let email = Email::parse("Ann@x.example").unwrap();

    let contacts = client.contacts_by_email(&email).await.unwrap();
    let users = client.users_by_email(&email).await.unwrap();

    assert_eq!(contacts[0].id(), Some(id("0031i000013x2TE")));
    assert!(users.is_empty());
    let paths: Vec<_> = org.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(
        paths,
        [
            "/services/data/v66.0/query?q=SELECT+Id,+Name,+Email,+AccountId+FROM+Contact+WHERE+Email+IN+(%27ann%40x.example%27)+ORDER+BY+Id+LIMIT+20",
            "/services/data/v66.0/query?q=SELECT+Id,+Name,+Email+FROM+User+WHERE+IsActive+%3D+true+AND+Email+IN+(%27ann%40x.example%27)+ORDER+BY+Id+LIMIT+20",
        ]
    );
}
