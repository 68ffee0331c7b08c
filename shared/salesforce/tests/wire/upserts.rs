//! Making records under their External Ids.

use dealbridge_core::{
    SalesforceObject,
    salesforce::{
        AssignmentRules, DuplicateRules, ExternalId, Match, NewRecord, Salesforce, SalesforceError,
        UpsertOutcome,
    },
};
use serde_json::{Map, Value, json};

use crate::org::{Org, Reply, field, id};

const LEAD: &str = "00QdM000001abcdUAA";

fn key() -> ExternalId {
    ExternalId {
        field: field("Channeltivity_Id__c"),
        value: "deal:D/17#2".to_owned(),
    }
}

fn fields() -> Map<String, Value> {
    json!({ "LastName": "Kaur", "Company": "Acme" })
        .as_object()
        .unwrap()
        .clone()
}

async fn upserted(org: &Org) -> Result<UpsertOutcome, SalesforceError> {
    upserted_with(org, AssignmentRules::Left, DuplicateRules::Obeyed).await
}

async fn upserted_with(
    org: &Org,
    assignment: AssignmentRules,
    duplicates: DuplicateRules,
) -> Result<UpsertOutcome, SalesforceError> {
    let record = NewRecord {
        external_id: &key(),
        fields: &fields(),
        assignment,
        duplicates,
    };
    org.client().upsert(SalesforceObject::Lead, &record).await
}

fn saved(status: u16, created: bool) -> Reply {
    Reply::Json(
        status,
        json!({ "id": LEAD, "success": true, "errors": [], "created": created }),
    )
}

fn taken() -> Reply {
    Reply::error(
        400,
        "DUPLICATE_VALUE",
        "duplicate value found: Channeltivity_Id__c duplicates value on record with id: 00QdM000001abcd",
    )
}

fn refused(code: &str, message: &str, fields: &[&str]) -> UpsertOutcome {
    UpsertOutcome::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        duplicates: Vec::new(),
    }
}

#[tokio::test]
async fn a_record_is_made_by_one_patch_at_its_encoded_name() {
    let org = Org::answering([saved(201, true)]).await;

    assert_eq!(upserted(&org).await, Ok(UpsertOutcome::Created(id(LEAD))));

    let calls = org.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].method.as_str(), calls[0].path.as_str()),
        (
            "PATCH",
            "/services/data/v66.0/sobjects/Lead/Channeltivity_Id__c/deal%3AD%2F17%232"
        )
    );
    assert_eq!(calls[0].body, r#"{"LastName":"Kaur","Company":"Acme"}"#);
    assert_eq!(calls[0].header("sforce-auto-assign"), Some("FALSE"));
    assert_eq!(calls[0].header("sforce-duplicate-rule-header"), None);
}

#[tokio::test]
async fn the_org_s_rules_have_the_part_that_they_are_given() {
    let org = Org::answering([saved(201, true)]).await;

    let outcome = upserted_with(&org, AssignmentRules::Run, DuplicateRules::Overridden).await;

    assert_eq!(outcome, Ok(UpsertOutcome::Created(id(LEAD))));
    let call = &org.calls()[0];
    assert_eq!(call.header("sforce-auto-assign"), Some("TRUE"));
    assert_eq!(
        call.header("sforce-duplicate-rule-header"),
        Some("allowSave=true")
    );
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_again() {
    for script in [
        vec![Reply::Cut, saved(200, false)],
        vec![Reply::expired_session(), saved(200, false)],
        vec![
            Reply::error(503, "SERVER_UNAVAILABLE", "try again"),
            Reply::Empty(204),
            Reply::Json(200, json!({ "attributes": { "type": "Lead" }, "Id": LEAD })),
        ],
        // Two upserts at the same moment: one of them is refused, for the other's record cannot be seen yet.
        vec![taken(), saved(200, false)],
    ] {
        let calls = script.len();
        let org = Org::answering(script).await;

        assert_eq!(upserted(&org).await, Ok(UpsertOutcome::Found(id(LEAD))));
        assert_eq!(org.calls().len(), calls);
    }
}

#[tokio::test]
async fn several_records_of_one_name_and_one_that_cannot_be_reached_are_told_apart() {
    let several = Reply::Json(
        300,
        json!([
            "/services/data/v66.0/sobjects/Lead/00QdM000001abcdUAA",
            "/services/data/v66.0/sobjects/Lead/00QdM000001abceUAA",
        ]),
    );
    let org = Org::answering([several]).await;
    assert_eq!(
        upserted(&org).await,
        Ok(UpsertOutcome::Ambiguous(vec![
            id("00QdM000001abcd"),
            id("00QdM000001abce")
        ]))
    );

    let org = Org::answering([taken(), taken()]).await;
    assert!(matches!(
        upserted(&org).await,
        Ok(UpsertOutcome::Taken { by, .. }) if by == Some(id(LEAD))
    ));
    assert_eq!(org.calls().len(), 2);
}

#[tokio::test]
async fn a_refusal_keeps_salesforce_s_words() {
    for (status, code, message, named) in [
        (
            400,
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            vec!["LastName"],
        ),
        (
            400,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "Say how large the deal is.",
            vec![],
        ),
        (
            400,
            "INVALID_FIELD",
            "No such column 'Foo__c' on sobject of type Lead",
            vec![],
        ),
        (
            403,
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "insufficient access rights on object id",
            vec![],
        ),
        (
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "Routing: execution of BeforeInsert",
            vec![],
        ),
    ] {
        let body = json!([{ "message": message, "errorCode": code, "fields": named }]);
        let org = Org::answering([Reply::Json(status, body)]).await;

        assert_eq!(
            upserted(&org).await,
            Ok(refused(code, message, &named)),
            "{code}"
        );
        assert_eq!(org.calls().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn the_records_that_a_duplicate_rule_found_are_named() {
    let found = json!({ "allowSave": true, "duplicateRule": "Leads", "matchResults": [{
        "entityType": "Contact", "errors": [], "matchRecords": [
            { "matchConfidence": 100.0, "record": { "attributes": { "type": "Contact" }, "Id": "0031i000013x2TEAAY" } },
            { "matchConfidence": 90.0, "record": { "Id": "0031i000013x2TFAAY" } },
        ] }, { "entityType": "Lead", "matchRecords": [
            { "record": { "attributes": { "type": "Lead" }, "Id": LEAD } },
        ] }] });
    for key in ["duplicateResut", "duplicateResult"] {
        let mut entry =
            json!({ "errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?" });
        entry[key] = found.clone();
        let org = Org::answering([Reply::Json(400, json!([entry]))]).await;

        let matched = |object: &str, of: &str| Match {
            object: object.to_owned(),
            id: id(of),
        };
        assert_eq!(
            upserted(&org).await,
            Ok(UpsertOutcome::Refused {
                code: "DUPLICATES_DETECTED".to_owned(),
                message: "Use one of these records?".to_owned(),
                fields: Vec::new(),
                duplicates: vec![
                    matched("Contact", "0031i000013x2TEAAY"),
                    matched("Contact", "0031i000013x2TFAAY"),
                    matched("Lead", LEAD),
                ],
            })
        );
    }
}

#[tokio::test]
async fn another_unique_field_is_a_refusal_that_names_the_record() {
    let org = Org::answering([Reply::error(
        400,
        "DUPLICATE_VALUE",
        "duplicate value found: Email_2__c duplicates value on record with id: 00QdM000001abcd",
    )])
    .await;

    assert!(matches!(
        upserted(&org).await,
        Ok(UpsertOutcome::Refused { code, duplicates, .. })
            if code == "DUPLICATE_VALUE" && duplicates[0].id == id(LEAD)
    ));
    assert_eq!(org.calls().len(), 1);
}

#[tokio::test]
async fn a_locked_row_is_tried_again_and_then_told() {
    let locked = || {
        Reply::error(
            400,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access",
        )
    };
    let org = Org::answering([locked(), saved(201, true)]).await;
    assert_eq!(upserted(&org).await, Ok(UpsertOutcome::Created(id(LEAD))));

    let org = Org::answering([locked(), locked(), locked(), locked()]).await;
    assert_eq!(upserted(&org).await, Ok(UpsertOutcome::Locked));
    assert_eq!(org.calls().len(), 4);
}

#[tokio::test]
async fn a_missing_key_is_a_fault_of_the_set_up_and_a_limit_one_of_the_org() {
    let missing =
        "Provided external ID field does not exist or is not accessible: Channeltivity_Id__c";
    let org = Org::answering([Reply::error(404, "NOT_FOUND", missing)]).await;
    assert_eq!(
        upserted(&org).await,
        Err(SalesforceError::FieldMissing {
            object: "Lead".to_owned(),
            field: "Channeltivity_Id__c".to_owned(),
        })
    );

    let spent = Reply::error(
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    );
    let org = Org::answering([spent]).await;
    assert!(matches!(
        upserted(&org).await,
        Err(SalesforceError::RequestLimit { .. })
    ));
}

#[tokio::test]
async fn the_key_among_the_fields_is_refused_without_asking() {
    let org = Org::answering([]).await;
    let mut fields = fields();
    fields.insert("channeltivity_id__C".to_owned(), json!("deal:D-18"));
    let record = NewRecord {
        external_id: &key(),
        fields: &fields,
        assignment: AssignmentRules::Left,
        duplicates: DuplicateRules::Obeyed,
    };

    let outcome = org.client().upsert(SalesforceObject::Lead, &record).await;

    assert!(matches!(outcome, Ok(UpsertOutcome::Refused { .. })));
    assert!(org.calls().is_empty());
}
