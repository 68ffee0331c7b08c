//! A refusal by Salesforce is one open problem of the record in its own words, and mending the cause alone brings the
//! record through.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    record::RecordId,
    settings::{SendMode, SendTarget},
};
use serde_json::{Value, json};

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole, with_fields};

async fn start() -> SendHarness {
    SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await
}

impl SendHarness {
    /// Submits a Deal that is refused with this code, whose message has these words.
    async fn refused(&self, record: dealbridge_core::record::Record, code: &str, words: &str) {
        let id = record.id.clone();
        self.submit(record).await;
        assert_eq!(self.push().await, (1, 0), "{code}");
        assert_eq!(self.codes(&id).await, [code]);
        let (status, body) = self.call("GET", "/problems", None).await;
        assert_eq!(status, 200);
        let items = body["items"].as_array().unwrap();
        let problem = items
            .iter()
            .find(|item| item["record"]["id"] == id.id())
            .unwrap();
        let message = problem["entries"][0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert_eq!(self.linked(&id).await, None);
        assert_eq!(self.outbox().await, 0);
    }

    /// Asserts that a record is linked and has no problem any more.
    async fn came_through(&self, id: &RecordId) -> SalesforceId {
        assert_eq!(self.codes(id).await, Vec::<&str>::new());
        let (_, body) = self.call("GET", "/problems", None).await;
        let items = body["items"].as_array().unwrap();
        assert!(!items.iter().any(|item| item["record"]["id"] == id.id()));
        self.linked(id).await.unwrap()
    }

    /// Runs a daily run, and delivers what it sends.
    async fn daily(&self) {
        self.app.scheduled("daily").await;
        self.push().await;
    }
}

#[tokio::test]
async fn what_is_missing_is_found_before_any_call_and_an_edit_mends_it() {
    let harness = start().await;
    let before = harness.app.salesforce.usage().total();

    harness
        .refused(
            with_fields("D-1", json!({ "name": "Solar roof" })),
            "SF_REQUIRED_FIELD_MISSING",
            "Last Name (LastName), Company (Company)",
        )
        .await;
    assert_eq!(harness.app.salesforce.usage().total(), before);
    let (_, shown) = harness.call("GET", "/deals/D-1", None).await;
    assert_eq!(shown["salesforce"], json!({ "status": "refused" }));

    harness
        .edit(&deal("D-1"), |record| {
            record.fields.insert("last_name".to_owned(), json!("Roe"));
            record.fields.insert("company".to_owned(), json!("Acme"));
        })
        .await;
    assert_eq!(harness.push().await, (1, 0));
    harness.came_through(&deal("D-1")).await;
    assert_eq!(
        harness.actions().await,
        ["SF_REQUIRED_FIELD_MISSING", "SENT"]
    );
}

#[tokio::test]
async fn a_validation_rule_is_named_in_its_admin_s_words_and_its_removal_lets_the_next_full_run_pass()
 {
    let harness = start().await;
    let rule = json!({ "object": "Lead", "condition": "Company = 'Acme'", "message": "Call Acme first", "field": "Company" });
    harness.app.admin("validation", rule).await;

    harness
        .refused(whole("D-1"), "SF_VALIDATION_RULE", "Call Acme first")
        .await;
    // It stays refused, and is one problem that was met twice.
    harness.daily().await;
    let problem = harness.problem(&deal("D-1")).await.unwrap();
    assert_eq!(problem.times, 2);
    assert_eq!(harness.actions().await, ["SF_VALIDATION_RULE"]);

    let reset = json!({ "reset": true });
    harness.app.admin("validation", reset).await;
    // An hourly run leaves it alone: neither the record nor the settings changed.
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (0, 0));
    harness.daily().await;
    harness.came_through(&deal("D-1")).await;
}

#[tokio::test]
async fn a_duplicate_rule_names_the_record_to_link_to_and_a_change_of_the_settings_lets_it_pass() {
    let harness = start().await;
    let there = harness
        .create_row("Lead", json!({ "LastName": "Roe", "Company": "Acme" }))
        .await;
    let rule = json!({
        "object": "Lead", "name": "Same name", "action": "alert", "message": "Use one of these records?",
        "matches": [{ "object": "Lead", "fields": { "LastName": "LastName", "Company": "Company" } }],
    });
    harness.app.admin("duplicates", rule).await;

    harness
        .refused(whole("D-1"), "SF_DUPLICATE_DETECTED", there.as_str())
        .await;
    harness
        .send_deals(|send| send.allow_duplicates = true)
        .await;
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));

    assert_ne!(harness.came_through(&deal("D-1")).await, there);
}

#[tokio::test]
async fn a_restricted_picklist_a_long_value_and_a_platform_rule_are_told_apart_and_an_edit_mends_each()
 {
    let harness = start().await;
    for (name, body) in [
        (
            "field",
            json!({ "object": "Lead", "name": "Title", "type": "picklist", "values": ["Buyer"], "restricted": true }),
        ),
        (
            "field",
            json!({ "object": "Lead", "name": "Company", "length": 10 }),
        ),
    ] {
        harness.app.admin(name, body).await;
    }
    let with = |id: &str, field: &str, value: &str| {
        let mut record = whole(id);
        record.fields.insert(field.to_owned(), json!(value));
        record
    };
    for (id, field, bad, good, code) in [
        ("D-1", "title", "Cook", "Buyer", "SF_PICKLIST_RESTRICTED"),
        (
            "D-2",
            "company",
            "Acme and sons and daughters",
            "Acme",
            "SF_VALUE_TOO_LONG",
        ),
    ] {
        harness.refused(with(id, field, bad), code, "").await;
        harness
            .edit(&deal(id), |record| {
                record.fields.insert(field.to_owned(), json!(good));
            })
            .await;
        assert_eq!(harness.push().await, (1, 0));
        harness.came_through(&deal(id)).await;
    }
}

#[tokio::test]
async fn a_required_field_of_the_org_a_record_type_a_right_and_a_trigger_are_mended_there_and_sync_now_passes()
 {
    let harness = start().await;
    let unknown = SalesforceId::parse("012dM0000000001").ok();
    let cases: [(&str, &str, Value, &str, Value, &str); 4] = [
        (
            "D-1",
            "field",
            json!({ "object": "Lead", "name": "Region__c", "type": "string", "required": true }),
            "field",
            json!({ "object": "Lead", "name": "Region__c", "required": false }),
            "SF_REQUIRED_FIELD_MISSING",
        ),
        (
            "D-2",
            "fls",
            json!({ "object": "Lead", "field": "Company", "access": "read" }),
            "fls",
            json!({ "reset": true }),
            "SF_FIELD_NOT_WRITABLE",
        ),
        (
            "D-3",
            "fls",
            json!({ "object": "Lead", "access": "read" }),
            "fls",
            json!({ "reset": true }),
            "SF_INSUFFICIENT_ACCESS",
        ),
        (
            "D-4",
            "trigger",
            json!({ "object": "Lead", "condition": "Company = 'Acme'", "name": "LeadTrigger", "exception": "System.NullPointerException" }),
            "trigger",
            json!({ "reset": true }),
            "SF_APEX_FAILED",
        ),
    ];
    for (id, hook, spoil, mend, mended, code) in cases {
        harness.app.admin(hook, spoil).await;
        harness.refused(whole(id), code, "").await;
        harness.app.admin(mend, mended).await;
        let task = harness.sync_now(&deal(id)).await;
        assert_eq!(harness.push().await, (1, 0));
        assert_eq!(harness.task(&task).await["status"], "succeeded", "{code}");
        harness.came_through(&deal(id)).await;
    }

    harness
        .send_deals(|send| send.lead_record_type = unknown)
        .await;
    harness
        .refused(whole("D-5"), "SF_RECORD_TYPE_INVALID", "")
        .await;
    harness
        .send_deals(|send| send.lead_record_type = None)
        .await;
    harness.app.hourly().await;
    harness.push().await;
    harness.came_through(&deal("D-5")).await;
}

#[tokio::test]
async fn a_locked_row_a_limit_and_an_outage_are_no_problem_of_the_record() {
    let harness = start().await;
    for (id, spoil) in [
        ("D-1", ("lock", json!({ "object": "Lead", "times": 50 }))),
        ("D-2", ("limit", json!({ "remaining": 0 }))),
        (
            "D-3",
            (
                "fail",
                json!({ "match": EXTERNAL, "status": 503, "body": [{ "errorCode": "SERVER_UNAVAILABLE", "message": "down" }], "times": 50 }),
            ),
        ),
    ] {
        harness.app.admin(spoil.0, spoil.1).await;
        harness.submit(whole(id)).await;
        assert_eq!(harness.push().await, (0, 1), "{id}");
        assert_eq!(harness.codes(&deal(id)).await, Vec::<&str>::new());
        let unlock = json!({ "object": "Lead", "times": 0 });
        harness.app.admin("lock", unlock).await;
        harness.app.calm().await;
        assert_eq!(harness.push_again().await, (1, 0), "{id}");
        harness.came_through(&deal(id)).await;
    }
    assert_eq!(harness.actions().await, ["SENT"; 3]);
}

const EXTERNAL: &str = "Channeltivity_Id__c";

#[tokio::test]
async fn a_problem_is_acknowledged_like_any_other_and_ends_with_its_record() {
    let harness = start().await;
    for id in ["D-1", "D-2"] {
        harness
            .refused(
                with_fields(id, json!({})),
                "SF_REQUIRED_FIELD_MISSING",
                "Company",
            )
            .await;
    }

    let body = json!({ "records": ["deal/D-1", "deal/D-9"] });
    let (_, cleared) = harness.call("POST", "/problems/clear", Some(body)).await;
    assert_eq!(cleared, json!({ "cleared": 1, "unknown": ["deal/D-9"] }));
    let all = json!({ "code": "SF_REQUIRED_FIELD_MISSING" });
    let (_, cleared) = harness.call("POST", "/problems/clear", Some(all)).await;
    assert_eq!(cleared["cleared"], 1);

    harness.delete(&deal("D-1")).await;
    assert_eq!(harness.codes(&deal("D-1")).await, Vec::<&str>::new());
    harness.daily().await;
    assert_eq!(harness.problem(&deal("D-2")).await.unwrap().times, 2);
    assert!(harness.problem(&deal("D-2")).await.unwrap().cleared);
    assert_eq!(harness.created(SalesforceObject::Lead).await, []);
}

#[tokio::test]
async fn where_several_leads_have_the_external_id_all_are_named_and_one_that_is_left_is_linked() {
    let harness = start().await;
    // Somebody makes the field take a value twice after the settings were accepted.
    harness.external_id(json!({ "unique": false })).await;
    let copy = json!({ "LastName": "Roe", "Company": "Acme", EXTERNAL_ID: "deal:D-1" });
    let first = harness.create_row("Lead", copy.clone()).await;
    let second = harness.create_row("Lead", copy).await;

    harness
        .refused(whole("D-1"), "SF_EXTERNAL_ID_AMBIGUOUS", first.as_str())
        .await;
    let message = harness.entries().await.pop().unwrap().message;
    assert!(message.contains(second.as_str()), "{message}");
    assert_eq!(harness.created(SalesforceObject::Lead).await.len(), 2);

    let cleared = json!({ "object": "Lead", "id": second, "fields": { EXTERNAL_ID: null } });
    harness.app.admin("edit", cleared).await;
    harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.came_through(&deal("D-1")).await, first);
}
