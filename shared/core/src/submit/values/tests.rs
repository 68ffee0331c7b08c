use serde_json::json;

use super::*;
use crate::{record::RecordId, testing::settings};

fn deal() -> Record {
    Record::new(RecordId::new(RecordKind::Deal, "d-1").unwrap())
}

fn submission(body: &Value) -> Submission {
    let member = |name: &str| body.get(name).cloned();
    Submission {
        fields: body["fields"].as_object().cloned().unwrap_or_default(),
        owner: member("owner"),
        end_user: member("endUser"),
        registration_status: member("registrationStatus"),
    }
}

/// Merges a body into a record; returns it with the codes of what is wrong, by field.
fn merge(record: &Record, body: &Value, stage: Stage) -> (Record, Vec<(String, &'static str)>) {
    let mut wrong = Vec::new();
    let merged = merged(record, &submission(body), &settings(), stage, &mut wrong);
    let wrong = wrong.into_iter();
    let wrong = wrong.map(|one| (one.field, one.code.as_str())).collect();
    (merged, wrong)
}

fn wrong(body: &Value) -> Vec<(String, &'static str)> {
    merge(&deal(), body, Stage::Editing).1
}

#[test]
fn values_are_kept_as_their_fields_read_them_and_blank_ones_are_not_kept() {
    let body = json!({
        "fields": { "name": " Quayside ", "stage": "won ", "amount": "1200.50", "title": " " },
        "endUser": { "company": " Acme ", "email": "Ann@Acme.Example", "phone": null },
        "registrationStatus": "Approved",
    });

    let (record, wrong) = merge(&deal(), &body, Stage::Editing);

    assert_eq!(wrong, [("stage".to_owned(), "PICKLIST_VALUE_UNKNOWN")]);
    let fields = json!({ "name": "Quayside", "amount": 1200.5 });
    assert_eq!(Value::Object(record.fields), fields);
    let end_user = record.end_user.unwrap();
    assert_eq!(end_user.company.as_deref(), Some("Acme"));
    assert_eq!(end_user.email.unwrap().as_str(), "ann@acme.example");
    assert_eq!(end_user.phone, None);
    assert_eq!(record.registration_status.as_deref(), Some("Approved"));
}

#[test]
fn a_patch_replaces_adds_and_removes_and_leaves_the_rest() {
    let mut record = deal();
    for (name, value) in [
        ("name", json!("A")),
        ("amount", json!(5)),
        ("gone", json!(1)),
    ] {
        record.fields.insert(name.to_owned(), value);
    }
    let body = json!({
        "fields": { "amount": 5.0, "stage": "Won", "gone": null },
        "endUser": { "lastName": "Lee" },
    });

    let (next, wrong) = merge(&record, &body, Stage::Editing);

    assert_eq!(wrong, []);
    // The same number in another form changes nothing.
    let fields = json!({ "name": "A", "amount": 5, "stage": "Won" });
    assert_eq!(Value::Object(next.fields.clone()), fields);
    assert_eq!(changed(&record, &next), ["gone", "stage", "endUser"]);
    let (cleared, _) = merge(&next, &json!({ "endUser": null }), Stage::Editing);
    assert_eq!(cleared.end_user, None);
    let (emptied, _) = merge(
        &next,
        &json!({ "endUser": { "lastName": "" } }),
        Stage::Editing,
    );
    assert_eq!(emptied.end_user, None);
}

#[test]
fn every_wrong_value_is_named_at_once() {
    let body = json!({
        "fields": { "nmae": "x", "amount": "thirty", "stage": "Gone", "name": "a\u{0}b", "close_date": {} },
        "endUser": { "company": "c".repeat(256), "email": "nobody", "fax": "1", "phone": 5 },
        "registrationStatus": " ",
    });

    let found = wrong(&body);

    let found: Vec<(&str, &str)> = found.iter().map(|(name, code)| (&**name, *code)).collect();
    assert_eq!(
        found,
        [
            ("nmae", "FIELD_UNKNOWN"),
            ("amount", "VALUE_TYPE_INVALID"),
            ("stage", "PICKLIST_VALUE_UNKNOWN"),
            ("name", "CHARACTER_INVALID"),
            ("close_date", "VALUE_TYPE_INVALID"),
            ("endUser.company", "VALUE_TOO_LONG"),
            ("endUser.email", "VALUE_TYPE_INVALID"),
            ("endUser.fax", "FIELD_UNKNOWN"),
            ("registrationStatus", "REQUIRED_FIELD_EMPTY"),
        ]
    );
    assert_eq!(
        wrong(&json!({ "endUser": "Acme", "registrationStatus": 5 })),
        [
            ("endUser".to_owned(), "VALUE_TYPE_INVALID"),
            ("registrationStatus".to_owned(), "VALUE_TYPE_INVALID"),
        ]
    );
}

#[test]
fn a_new_record_has_every_required_value_and_an_edit_takes_none_away() {
    let required = |record: &Record, body: &Value, stage| -> Vec<String> {
        let (_, wrong) = merge(record, body, stage);
        assert!(
            wrong
                .iter()
                .all(|(_, code)| *code == "REQUIRED_FIELD_EMPTY")
        );
        wrong.into_iter().map(|(field, _)| field).collect()
    };

    let body = json!({ "fields": { "name": "A", "amount": 0 } });
    assert_eq!(
        required(&deal(), &body, Stage::Making),
        ["stage", "close_date"]
    );
    assert_eq!(
        required(&deal(), &body, Stage::Editing),
        Vec::<String>::new()
    );
    let body = json!({ "fields": { "name": " ", "amount": null } });
    assert_eq!(required(&deal(), &body, Stage::Editing), ["name"]);
}

#[test]
fn a_lead_is_its_own_end_user() {
    let lead = Record::new(RecordId::new(RecordKind::Lead, "l-1").unwrap());

    let (_, wrong) = merge(
        &lead,
        &json!({ "endUser": { "company": "A" } }),
        Stage::Making,
    );

    assert_eq!(wrong, [("endUser".to_owned(), "FIELD_UNKNOWN")]);
}

#[test]
fn a_repeat_has_the_same_values_whatever_step_the_record_took_since() {
    let body = json!({ "fields": { "name": "A", "amount": 5 }, "endUser": { "company": "B" } });
    let (asked, _) = merge(&deal(), &body, Stage::Making);
    let mut stored = asked.clone();
    stored.fields.insert("amount".to_owned(), json!(5.0));
    stored.registration_status = Some("Approved".to_owned());
    stored.version = 4;
    let repeats = |asked: &Record, body: &Value| is_repeat(asked, &stored, &submission(body));

    assert!(repeats(&asked, &body));
    let mut with_status = body.clone();
    with_status["registrationStatus"] = "Submitted".into();
    let (asked_with_status, _) = merge(&deal(), &with_status, Stage::Making);
    assert!(!repeats(&asked_with_status, &with_status));
    for other in [
        json!({ "fields": { "name": "A" }, "endUser": { "company": "B" } }),
        json!({ "fields": { "name": "A", "amount": 6 }, "endUser": { "company": "B" } }),
        json!({ "fields": { "name": "A", "amount": 5 } }),
    ] {
        let (asked, _) = merge(&deal(), &other, Stage::Making);
        assert!(!repeats(&asked, &other), "{other}");
    }
}
