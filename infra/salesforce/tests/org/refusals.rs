//! Writes that an org refuses, with the bodies that Salesforce gives.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, account, answer, contact, lead, opportunity, user};

fn new_lead() -> Value {
    json!({ "LastName": "Kaur", "Company": "Acme", "Email": "leo@acme.example" })
}

async fn create(org: &Org, object: &str, body: Value) -> Answer {
    org.post(&format!("{DATA}/sobjects/{object}"), body).await
}

/// Status and body of a refusal.
fn told(answer: &Answer) -> (u16, &Value) {
    (answer.status, &answer.body)
}

#[tokio::test]
async fn a_duplicate_rule_names_what_it_found_and_an_alert_can_be_overridden() {
    let org = Org::small().await;
    let found = org.row("Contact", &contact(1)).await;
    let rule = |action: &str| {
        json!({ "object": "lead", "name": "Leads_DR", "action": action, "message": "Use one of these records?",
            "matches": [{ "object": "contact", "fields": { "Email": "Email" } }] })
    };
    let mut body = new_lead();
    body["Email"] = found["Email"].clone();
    let allowed = || {
        let request = org
            .request(Method::POST, &format!("{DATA}/sobjects/Lead"))
            .header(
                "Sforce-Duplicate-Rule-Header",
                "allowSave=true, runAsCurrentUser=true",
            )
            .json(&body);
        answer(request)
    };

    org.admin("duplicates", rule("alert")).await;
    let refused = create(&org, "Lead", body.clone()).await;
    let other = create(&org, "Lead", new_lead_with("else@acme.example")).await;
    let saved = allowed().await;
    org.admin("duplicates", json!({ "reset": true })).await;
    org.admin("duplicates", rule("block")).await;
    let blocked = allowed().await;

    assert_eq!(
        (refused.status, refused.code()),
        (400, "DUPLICATES_DETECTED")
    );
    let detail = &refused.body[0]["duplicateResut"];
    assert_eq!(
        refused.body[0]["message"],
        json!("Use one of these records?")
    );
    assert_eq!(
        (&detail["allowSave"], &detail["duplicateRule"]),
        (&json!(true), &json!("Leads_DR"))
    );
    assert_eq!(
        detail["matchResults"][0]["matchRecords"][0]["record"]["Id"],
        json!(contact(1))
    );
    assert_eq!((other.status, saved.status), (201, 201));
    assert_eq!(
        (
            blocked.status,
            &blocked.body[0]["duplicateResut"]["allowSave"]
        ),
        (400, &json!(false))
    );
}

fn new_lead_with(email: &str) -> Value {
    let mut body = new_lead();
    body["Email"] = json!(email);
    body
}

#[tokio::test]
async fn a_failing_trigger_and_broken_integrity_refuse_in_their_own_words() {
    let org = Org::small().await;
    org.admin(
        "trigger",
        json!({ "object": "Lead", "condition": "Company = 'Acme'", "name": "Routing" }),
    )
    .await;
    let trigger = create(&org, "Lead", new_lead()).await;
    org.admin("trigger", json!({ "reset": true })).await;
    org.admin(
        "integrity",
        json!({ "object": "Lead", "condition": "Country != null", "field": "country",
            "message": "There's a problem with this country, even though it may appear correct. Please select a country/territory from the list of valid countries.: Country" }),
    )
    .await;
    let mut body = new_lead();
    body["Country"] = json!("Atlantis");
    let integrity = create(&org, "Lead", body).await;
    let fine = create(&org, "Lead", new_lead()).await;

    assert_eq!(
        told(&trigger),
        (
            400,
            &json!([{
                "message": "Routing: execution of BeforeInsert\n\ncaused by: System.NullPointerException: Attempt to de-reference a null object\n\nTrigger.Routing: line 1, column 1",
                "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "fields": [],
            }])
        )
    );
    assert_eq!(
        (integrity.code(), &integrity.body[0]["fields"]),
        ("FIELD_INTEGRITY_EXCEPTION", &json!(["Country"]))
    );
    assert_eq!(fine.status, 201);
}

#[tokio::test]
async fn a_locked_row_refuses_as_often_as_it_was_ordered_and_so_do_rows_that_point_to_it() {
    let org = Org::small().await;
    let path = format!("{DATA}/sobjects/Opportunity/{}", opportunity(1));
    let edit = || org.patch(&path, json!({ "NextStep": "call" }));
    let body = json!({ "Name": "N", "StageName": "Prospecting", "CloseDate": "2026-05-01", "AccountId": account(1) });

    org.admin(
        "lock",
        json!({ "object": "Opportunity", "id": opportunity(1), "times": 2 }),
    )
    .await;
    let (first, second, third) = (edit().await, edit().await, edit().await);
    org.admin("lock", json!({ "object": "Account", "id": account(1) }))
        .await;
    let child = create(&org, "Opportunity", body.clone()).await;
    org.admin("lock", json!({ "object": "Opportunity" })).await;
    let any = create(&org, "Opportunity", body.clone()).await;
    let free = create(&org, "Opportunity", body).await;

    assert_eq!(
        told(&first),
        (
            400,
            &json!([{
                "message": format!("unable to obtain exclusive access to this record or 1 records: {}", opportunity(1)),
                "errorCode": "UNABLE_TO_LOCK_ROW",
                "fields": [],
            }])
        )
    );
    assert_eq!((second.status, third.status), (400, 204));
    assert_eq!(
        (child.code(), any.code()),
        ("UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW")
    );
    assert_eq!(free.status, 201);
}

#[tokio::test]
async fn a_record_type_of_another_object_or_an_inactive_one_is_not_valid() {
    let org = Org::small().await;
    let add = |object: &str| json!({ "object": object, "name": "Partner" });
    let of_lead = org.admin("recordtype", add("Lead")).await;
    let of_deal = org.admin("recordtype", add("Opportunity")).await;
    let with = |id: &Value| {
        let mut body = new_lead();
        body["RecordTypeId"] = id.clone();
        body
    };

    let wrong = create(&org, "Lead", with(&of_deal["id"])).await;
    let right = create(&org, "Lead", with(&of_lead["id"])).await;
    org.admin(
        "recordtype",
        json!({ "object": "Lead", "id": of_lead["id"], "active": false }),
    )
    .await;
    let inactive = create(&org, "Lead", with(&of_lead["id"])).await;

    assert_eq!(
        told(&wrong),
        (
            400,
            &json!([{
                "message": format!("Record Type ID: this ID value isn't valid for the user: {}", of_deal["id"].as_str().unwrap_or_default()),
                "errorCode": "INVALID_CROSS_REFERENCE_KEY",
                "fields": ["RecordTypeId"],
            }])
        )
    );
    assert_eq!(right.status, 201, "{}", right.body);
    assert_eq!(inactive.code(), "INVALID_CROSS_REFERENCE_KEY");
}

#[tokio::test]
async fn an_inactive_user_owns_nothing_new() {
    let org = Org::small().await;
    let edit = json!({ "object": "User", "id": user(2), "fields": { "IsActive": false } });
    org.admin("edit", edit).await;
    let mut body = new_lead();
    body["OwnerId"] = json!(user(2));

    let refused = create(&org, "Lead", body).await;

    assert_eq!(
        told(&refused),
        (
            400,
            &json!([{
                "message": format!("operation performed with inactive user [{}] as owner of lead", user(2)),
                "errorCode": "INACTIVE_OWNER_OR_USER",
                "fields": [],
            }])
        )
    );
}

#[tokio::test]
async fn missing_rights_are_told_for_the_object_the_row_and_the_row_that_it_points_to() {
    let org = Org::small().await;
    org.admin("fls", json!({ "object": "Lead", "access": "read" }))
        .await;
    let inserted = create(&org, "Lead", new_lead()).await;
    let path = format!("{DATA}/sobjects/Lead/{}", lead(1));
    let edited = org.patch(&path, json!({ "Title": "x" })).await;
    let read = org.get(&path).await;
    org.admin("fls", json!({ "reset": true })).await;
    org.admin("hide", json!({ "object": "Account", "id": account(1) }))
        .await;
    let body = json!({ "Name": "N", "StageName": "Prospecting", "CloseDate": "2026-05-01", "AccountId": account(1) });
    let pointing = create(&org, "Opportunity", body).await;

    assert_eq!(
        (
            inserted.status,
            inserted.code(),
            &inserted.body[0]["message"]
        ),
        (
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            &json!("entity type cannot be inserted: Lead")
        )
    );
    assert_eq!(
        (edited.status, edited.code(), read.status),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", 200)
    );
    assert_eq!(
        (pointing.status, pointing.code()),
        (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
    );
}

#[tokio::test]
async fn required_fields_lengths_and_restricted_picklists_follow_from_describe() {
    let org = Org::small().await;
    for field in [
        json!({ "object": "Lead", "name": "Region__c", "type": "picklist", "values": ["EMEA", "APAC"], "restricted": true }),
        json!({ "object": "lead", "name": "Code__c", "length": 4, "required": true }),
    ] {
        org.admin("field", field).await;
    }
    let with = |region: &str, code: Option<&str>| {
        let mut body = new_lead();
        body["Region__c"] = json!(region);
        body["Code__c"] = json!(code);
        body
    };

    let missing = create(&org, "Lead", with("EMEA", None)).await;
    let long = create(&org, "Lead", with("EMEA", Some("12345"))).await;
    let unlisted = create(&org, "Lead", with("Moon", Some("1"))).await;
    let fine = create(&org, "Lead", with("emea", Some("1"))).await;
    let described = org.get(&format!("{DATA}/sobjects/Lead/describe")).await;

    assert_eq!(
        told(&missing),
        (
            400,
            &json!([{
                "message": "Required fields are missing: [Code__c]",
                "errorCode": "REQUIRED_FIELD_MISSING",
                "fields": ["Code__c"],
            }])
        )
    );
    assert_eq!(
        (long.code(), unlisted.code()),
        ("STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    );
    assert_eq!(fine.status, 201, "{}", fine.body);
    let fields = described.body["fields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let code = fields.iter().find(|field| field["name"] == "Code__c");
    assert_eq!(
        code.map(|field| (&field["nillable"], &field["length"], &field["type"])),
        Some((&json!(false), &json!(4), &json!("string")))
    );
}
