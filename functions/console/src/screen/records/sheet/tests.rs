use super::*;

fn described() -> Described {
    serde_json::from_value(json!({
        "fields": [
            { "name": "name", "label": "Name", "type": "text", "required": true, "values": [], "isOwn": true },
            { "name": "notes", "label": "Notes", "type": "long_text", "required": false, "values": [], "isOwn": true },
            { "name": "products", "label": "Products", "type": "multi_picklist", "required": false, "values": ["A", "B"], "isOwn": true },
        ],
        "registrationStatus": "Submitted",
        "isSent": false,
        "linkRequiresAdmin": false,
    }))
    .unwrap()
}

fn record(fields: Value, version: u64) -> Shown {
    serde_json::from_value(json!({
        "kind": "deal", "id": "D-1", "name": "Acme", "people": {}, "account": null, "contact": null, "endUser": null,
        "registrationStatus": "Submitted", "fields": fields, "link": null, "salesforce": null, "version": version,
    }))
    .unwrap()
}

/// The form that the sheet shows, with some values typed over.
fn sent(sheet: &Sheet, typed: &[(&str, &str)]) -> Form {
    let mut fields: Vec<(String, String)> = Vec::new();
    for entry in sheet.groups.iter().flat_map(|group| &group.entries) {
        let typed = typed.iter().find(|(name, _)| *name == entry.control);
        let value = typed.map_or(sheet.value(&entry.control), |(_, value)| value);
        fields.push((entry.control.clone(), value.replace('\n', "\r\n")));
    }
    for (name, value) in sheet.was.iter().flatten() {
        fields.push((format!("was.{name}"), value.clone()));
    }
    Form::from_iter(fields)
}

#[test]
fn an_edit_sends_what_was_touched_alone() {
    let stored = record(
        json!({ "name": "Acme", "notes": "one\ntwo", "products": "A;B" }),
        1,
    );
    let sheet = Sheet::of(&stored, &described());

    let same = Sheet::of(&stored, &described()).typed(&sent(&sheet, &[]));
    assert_eq!(same.body(), json!({ "fields": {} }));

    let typed = sent(
        &sheet,
        &[
            ("fields.notes", ""),
            ("endUser.company", " Ilex "),
            ("owner", "usr-1"),
        ],
    );
    let edited = Sheet::of(&stored, &described()).typed(&typed);
    assert_eq!(
        edited.body(),
        json!({ "fields": { "notes": null }, "endUser": { "company": "Ilex" }, "owner": "usr-1" })
    );
}

#[test]
fn a_submission_sends_what_is_not_blank() {
    let sheet = Sheet::blank(RecordKind::Deal, &described());
    let typed = sent(&sheet, &[("fields.name", "Acme"), ("fields.notes", " ")]);

    let sheet = Sheet::blank(RecordKind::Deal, &described()).typed(&typed);

    assert_eq!(sheet.body(), json!({ "fields": { "name": "Acme" } }));
}

#[test]
fn a_record_that_changed_meanwhile_keeps_what_was_typed_and_takes_the_rest() {
    let before = record(json!({ "name": "Acme", "notes": "old" }), 1);
    let after = record(
        json!({ "name": "Acme Inc", "notes": "newer", "products": "A" }),
        2,
    );
    let typed = sent(
        &Sheet::of(&before, &described()),
        &[("fields.notes", "mine")],
    );

    // The page is made of the record as it is by then.
    let merged = Sheet::of(&after, &described()).typed(&typed).merged(&after);

    assert_eq!(merged.value("fields.name"), "Acme Inc");
    assert_eq!(merged.value("fields.notes"), "mine");
    assert_eq!(
        merged.meanwhile,
        BTreeMap::from([("fields.notes".to_owned(), "newer".to_owned())])
    );
    // Saved again, only what was typed is sent.
    let again = Sheet::of(&after, &described()).typed(&sent(&merged, &[]));
    assert_eq!(again.body(), json!({ "fields": { "notes": "mine" } }));
}

#[test]
fn each_error_stands_beside_its_field_and_the_others_are_returned() {
    let mut sheet = Sheet::blank(RecordKind::Deal, &described());

    let others = sheet.refused(
        [
            ("name", "is required."),
            ("endUser.email", "no address."),
            ("gone", "unknown."),
        ]
        .into_iter(),
    );

    assert_eq!(others, ["gone: unknown."]);
    assert_eq!(
        sheet.wrong(),
        [("fields.name", "Name"), ("endUser.email", "E-mail")]
    );
}
