//! Records made under an External Id in an org that keeps and refuses them as Salesforce does.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    email::Email,
    salesforce::{
        AssignmentRules, DuplicateRules, ExternalId, Match, NewRecord, Salesforce, UpsertOutcome,
    },
};
use dealbridge_salesforce::SalesforceClient;
use salesforce_simulator::{OrgHandle, OrgOptions};
use serde_json::{Map, Value, json};

use crate::org::{admin, client_of, field, id, org_of};

const KEY: &str = "Channeltivity_Id__c";

/// An org whose Leads and Opportunities have the External Id.
async fn org() -> OrgHandle {
    let org = org_of(2, OrgOptions::with_own_clock()).await;
    for object in ["Lead", "Opportunity"] {
        let key = json!({ "object": object, "name": KEY, "externalId": true, "unique": true, "caseSensitive": true });
        admin(&org, "field", key).await;
    }
    org
}

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn lead() -> Map<String, Value> {
    fields(json!({ "LastName": "Kaur", "Company": "Acme", "Email": "leo@acme.example" }))
}

async fn make_lead(
    client: &SalesforceClient,
    key: &str,
    fields: &Map<String, Value>,
) -> UpsertOutcome {
    make_lead_by(client, key, fields, DuplicateRules::Obeyed).await
}

async fn make_lead_by(
    client: &SalesforceClient,
    key: &str,
    fields: &Map<String, Value>,
    duplicates: DuplicateRules,
) -> UpsertOutcome {
    let record = NewRecord {
        external_id: &ExternalId {
            field: field(KEY),
            value: key.to_owned(),
        },
        fields,
        assignment: AssignmentRules::Left,
        duplicates,
    };
    client
        .upsert(SalesforceObject::Lead, &record)
        .await
        .unwrap()
}

async fn make_opportunity(client: &SalesforceClient, contact: SalesforceId) -> UpsertOutcome {
    let record = NewRecord {
        external_id: &ExternalId {
            field: field(KEY),
            value: "deal:D-17".to_owned(),
        },
        fields: &fields(
            json!({ "Name": "Anvils", "StageName": "Qualification", "CloseDate": "2026-12-31", "AccountId": "001dM0000000001" }),
        ),
        assignment: AssignmentRules::Left,
        duplicates: DuplicateRules::Obeyed,
    };
    client.upsert_opportunity(&record, contact).await.unwrap()
}

fn made(outcome: &UpsertOutcome) -> SalesforceId {
    match outcome {
        UpsertOutcome::Created(id) => *id,
        other => unreachable!("{other:?}"),
    }
}

fn code(outcome: &UpsertOutcome) -> &str {
    match outcome {
        UpsertOutcome::Refused { code, .. } => code,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lead_is_made_once_however_many_answers_are_lost() {
    let org = org().await;
    let client = client_of(&org);
    let cut = json!({ "match": "/sobjects/Lead", "times": 2, "mode": "cut" });
    admin(&org, "fail", cut).await;

    let first = make_lead(&client, "lead:L-1", &lead()).await;
    let again = make_lead(&client, "lead:L-1", &lead()).await;
    let other = make_lead(&client, "lead:l-1", &lead()).await;

    let UpsertOutcome::Found(id) = first else {
        unreachable!("{first:?}");
    };
    assert_eq!(again, UpsertOutcome::Found(id));
    assert_ne!(made(&other), id);
}

#[tokio::test]
async fn an_opportunity_and_one_primary_contact_role_are_made_once() {
    let org = org().await;
    let client = client_of(&org);
    let contact = id("003dM0000000001");
    let cut = json!({ "match": "/composite", "times": 1, "mode": "cut" });
    admin(&org, "fail", cut).await;

    let UpsertOutcome::Found(opportunity) = make_opportunity(&client, contact).await else {
        unreachable!("its answer was lost");
    };
    let again = make_opportunity(&client, contact).await;

    assert_eq!(again, UpsertOutcome::Found(opportunity));
    let roles =
        ["ContactId", "IsPrimary"].map(|name| field(&format!("OpportunityContactRoles.{name}")));
    let rows = client.opportunities(&[opportunity], &roles).await.unwrap();
    let roles = rows[0].get("OpportunityContactRoles.records").unwrap();
    assert_eq!(roles.as_array().unwrap().len(), 1);
    assert_eq!(roles[0]["ContactId"], json!(contact));
    assert_eq!(roles[0]["IsPrimary"], json!(true));
}

#[tokio::test]
async fn a_converted_lead_keeps_its_name_and_is_named() {
    let org = org().await;
    let client = client_of(&org);
    let first = made(&make_lead(&client, "deal:D-17", &lead()).await);
    let convert = json!({ "lead": first, "opportunity": true });
    admin(&org, "convert", convert).await;

    let refused = make_lead(&client, "deal:D-17", &lead()).await;
    let second_life = make_lead(&client, "deal:D-17#2", &lead()).await;

    assert!(matches!(refused, UpsertOutcome::Taken { by, .. } if by == Some(first)));
    assert_ne!(made(&second_life), first);
}

#[tokio::test]
async fn each_cause_has_its_code_and_mending_it_lets_the_record_through() {
    let org = org().await;
    let client = client_of(&org);
    let condition = "Company = 'Acme'";
    let trigger = json!({ "object": "Lead", "condition": condition, "name": "Routing" });
    let validation =
        json!({ "object": "Lead", "condition": condition, "message": "Say more.", "field": null });
    let integrity = json!({ "object": "Lead", "condition": condition, "message": "no such country", "field": "Country" });
    let required = json!({ "object": "Lead", "name": "Region__c", "required": true });
    let optional = json!({ "object": "Lead", "name": "Region__c", "required": false });
    let reset = json!({ "reset": true });
    for (number, (call, order, mend, told)) in [
        (
            "trigger",
            trigger,
            &reset,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        ),
        (
            "validation",
            validation,
            &reset,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ),
        ("integrity", integrity, &reset, "FIELD_INTEGRITY_EXCEPTION"),
        ("field", required, &optional, "REQUIRED_FIELD_MISSING"),
        (
            "fls",
            json!({ "object": "Lead", "field": "Company", "access": "read" }),
            &reset,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("lead:{number}");
        admin(&org, call, order).await;
        let refused = make_lead(&client, &key, &lead()).await;
        admin(&org, call, mend.clone()).await;

        assert_eq!(code(&refused), told);
        made(&make_lead(&client, &key, &lead()).await);
    }
    for (name, value, told) in [
        ("FirstName", "x".repeat(41), "STRING_TOO_LONG"),
        ("Email", "nobody".to_owned(), "INVALID_EMAIL_ADDRESS"),
        (
            "RecordTypeId",
            "012000000000001AAA".to_owned(),
            "INVALID_CROSS_REFERENCE_KEY",
        ),
    ] {
        let mut wrong = lead();
        wrong.insert(name.to_owned(), json!(value));
        assert_eq!(code(&make_lead(&client, "lead:wrong", &wrong).await), told);
    }
    admin(&org, "lock", json!({ "object": "Lead", "times": 4 })).await;
    assert_eq!(
        make_lead(&client, "lead:locked", &lead()).await,
        UpsertOutcome::Locked
    );
    made(&make_lead(&client, "lead:locked", &lead()).await);
}

#[tokio::test]
async fn a_duplicate_is_named_and_saved_where_that_is_allowed() {
    let org = org().await;
    let client = client_of(&org);
    let contacts = client
        .contacts_by_email(&Email::parse("ADA@acme.example").unwrap())
        .await
        .unwrap();
    let contact = contacts[0].id().unwrap();
    let rule = json!({ "object": "Lead", "name": "DR", "action": "alert",
        "matches": [{ "object": "Contact", "fields": { "Email": "Email" } }] });
    admin(&org, "duplicates", rule).await;
    let mut like = lead();
    like.insert("Email".to_owned(), json!("ada@acme.example"));

    let refused = make_lead(&client, "lead:like", &like).await;
    let saved = make_lead_by(&client, "lead:like", &like, DuplicateRules::Overridden).await;

    let UpsertOutcome::Refused {
        code, duplicates, ..
    } = refused
    else {
        unreachable!("{refused:?}");
    };
    assert_eq!(code, "DUPLICATES_DETECTED");
    let found = Match {
        object: "Contact".to_owned(),
        id: contact,
    };
    assert!(duplicates.contains(&found), "{duplicates:?}");
    made(&saved);
}

#[tokio::test]
async fn people_who_are_deleted_or_inactive_are_not_found() {
    let org = org().await;
    let client = client_of(&org);
    let ada = Email::parse("ada@acme.example").unwrap();
    let contacts = client.contacts_by_email(&ada).await.unwrap();
    assert!(contacts.iter().all(|row| row.get("AccountId").is_some()));
    for contact in contacts.iter().filter_map(|row| row.id()) {
        let gone = json!({ "object": "Contact", "id": contact });
        admin(&org, "delete", gone).await;
    }
    let user = json!({ "object": "User", "fields": { "Username": "o'neil@x.example",
        "Email": "o'neil@x.example", "LastName": "O'Neil", "Alias": "oneil", "IsActive": true } });
    let user = org.admin("create", &user).unwrap()["id"].clone();
    let oneil = Email::parse("O'Neil@x.example").unwrap();

    let users = client.users_by_email(&oneil).await.unwrap();
    let edit = json!({ "object": "User", "id": user, "fields": { "IsActive": false } });
    admin(&org, "edit", edit).await;

    assert_eq!(json!(users[0].id()), user);
    assert!(client.users_by_email(&oneil).await.unwrap().is_empty());
    assert!(client.contacts_by_email(&ada).await.unwrap().is_empty());
}
