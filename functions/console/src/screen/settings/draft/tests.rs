use serde_json::json;

use super::*;

fn settings() -> Settings {
    let written = json!({
        "organization_id": "00DbY000000001FUAQ",
        "my_domain": "acme",
        "fields": { "sync_flag": "Sync__c", "import_flag": "Import__c", "partner_email": "Partner__c" },
        "deal_fields": [
            { "name": "name", "type": "text", "required": true, "max_length": 80 },
            { "name": "stage", "type": "picklist", "label": "Stage", "values": ["Won", "Lost"] },
        ],
        "mappings": [
            { "channeltivity": "name", "salesforce": "Name", "on_create": "both", "on_update": "none" },
            { "channeltivity": "stage", "salesforce": "StageName", "on_create": "both", "on_update": "both",
              "values": { "Closed Won": "Won" }, "conflicts": "channeltivity" },
        ],
        "fixed_values": [{ "salesforce": "LeadSource", "value": "12" }, { "salesforce": "Flag__c", "value": true }],
        "currencies": ["EUR"],
        "enabled": false,
        "overlap_minutes": 20,
        "send": { "deal": { "mode": "manual", "statuses": ["Approved"], "opportunity_close_days": 30 } },
    });
    serde_json::from_value(written).unwrap()
}

#[test]
fn a_draft_holds_everything_that_the_settings_hold() {
    let draft = Draft::of(&settings(), 7);

    let read: Settings = serde_json::from_value(draft.json()).unwrap();

    assert_eq!(read, settings());
    assert!(draft.unreadable().is_empty());
}

#[test]
fn a_removed_row_takes_its_texts_along_and_the_rest_moves_up() {
    let mut draft = Draft::of(&settings(), 7);
    let mappings = List::named("mappings").unwrap();

    draft.remove(mappings, 0);
    draft.add(mappings);

    assert_eq!(draft.rows("mappings"), 2);
    assert_eq!(draft.text("mappings[0].channeltivity"), "stage");
    assert_eq!(draft.text("mappings[0].values"), "Closed Won = Won");
    assert_eq!(draft.text("mappings[1].channeltivity"), "");
    assert_eq!(draft.text("mappings[1].on_create"), "both");
    draft.remove(mappings, 9);
    assert_eq!(draft.rows("mappings"), 2);
}

#[test]
fn first_settings_may_have_no_org() {
    let mut standard = json!(settings());
    standard["organization_id"] = json!("");

    let draft = Draft::first(&standard);

    assert_eq!(draft.text("organization_id"), "");
    assert_eq!(draft.text("overlap_minutes"), "20");
    assert_eq!(draft.version, 0);
}

#[test]
fn a_row_folds_into_one_text_and_back() {
    let mut draft = Draft::of(&settings(), 7);
    let mappings = List::named("mappings").unwrap();
    let folded: Vec<(String, String)> = [0, 1]
        .map(|row| (format!("mappings[{row}]"), draft.folded(mappings, row)))
        .into();
    let others = [
        ("rows.mappings", "2"),
        ("csrf", "secret"),
        ("act", "save"),
        ("mappings[0].x", "y"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let typed = Draft::typed(&Form::from_iter(folded.into_iter().chain(others)));

    assert!(typed.texts().all(|(name, _)| name.starts_with("mappings[")));
    assert_eq!(typed.text("mappings[0].x"), "");

    for (name, text) in draft
        .texts()
        .filter(|(name, _)| name.starts_with("mappings"))
    {
        assert_eq!(typed.text(name), text, "{name}");
    }
    draft.open(mappings, 1);
    draft.remove(mappings, 0);
    assert!(draft.is_open(mappings, 0) && !draft.is_open(mappings, 1));
}
