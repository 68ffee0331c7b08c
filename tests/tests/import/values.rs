//! Values on their way from Salesforce into a Deal: numbers as text, value maps, accents.

use dealbridge_core::{
    code::Code, field::FieldType, mapping::Flow, record::Record, run::Counts, settings::Settings,
};
use dealbridge_tests::{OrgFolder, TestApp, opportunity};
use serde_json::{Value, json};

/// Adds a Deal field with a mapping row, both ways.
fn map(settings: &mut Settings, field: Value, salesforce: &str, values: Value) {
    let name = field["name"].clone();
    settings
        .deal_fields
        .push(serde_json::from_value(field).unwrap());
    let row = json!({
        "channeltivity": name, "salesforce": salesforce, "on_create": Flow::Both, "on_update": Flow::Both, "values": values
    });
    settings.mappings.push(serde_json::from_value(row).unwrap());
}

async fn deal(app: &TestApp) -> Record {
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    let claim = &ledger.claims[&opportunity(1)];
    ledger.records[&claim.record].clone()
}

#[tokio::test]
async fn a_number_is_the_same_plain_text_on_import_and_on_update() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    let texts = [
        ("text", FieldType::Text),
        ("long", FieldType::LongText),
        ("phone", FieldType::Phone),
    ];
    app.set(|settings| {
        for (name, kind) in texts {
            let field = json!({ "name": name, "type": kind });
            map(settings, field, "TotalOpportunityQuantity", json!({}));
        }
        let chance = json!({ "name": "chance", "type": "picklist", "values": ["25", "50"] });
        map(settings, chance, "Probability", json!({}));
        let chances =
            json!({ "name": "chances", "type": "multi_picklist", "values": ["25", "50"] });
        map(settings, chances, "Probability", json!({}));
        let phase = json!({ "name": "phase", "type": "picklist", "values": ["Early", "Late"] });
        let words = json!({ "25": "Early", "50": "Late" });
        map(settings, phase, "Probability", words);
    })
    .await;
    let mut counted = Vec::new();
    for (quantity, plain, chance, phase) in [
        (json!(50), "50", 25, "Early"),
        (json!(16_147_805_824_397_i64), "16147805824397", 50, "Late"),
        (json!(-0.5), "-0.5", 25, "Early"),
    ] {
        let fields = json!({ "TotalOpportunityQuantity": quantity, "Probability": chance });
        app.edit(opportunity(1), fields).await;

        let run = app.hourly().await;

        counted.push((run.counts.imported, run.counts.updated, run.counts.failed));
        let fields = deal(&app).await.fields;
        for (name, _) in texts {
            assert_eq!(fields[name], plain, "{name}");
        }
        assert_eq!(fields["chance"], chance.to_string());
        assert_eq!(fields["chances"], chance.to_string());
        assert_eq!(fields["phase"], phase);
    }
    assert_eq!(counted, [(1, 0, 0), (0, 1, 0), (0, 1, 0)]);
}

#[tokio::test]
async fn a_message_shows_a_number_plainly() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    app.set(|settings| {
        let chance = json!({ "name": "chance", "type": "picklist", "values": ["25", "50"] });
        map(settings, chance, "Probability", json!({}));
    })
    .await;
    app.edit(opportunity(1), json!({ "Probability": 75 })).await;

    app.full().await;

    let ledger = app.ledger().await;
    let problem = &ledger.problems[&opportunity(1)];
    assert_eq!(problem.codes(), [Code::PicklistValueUnknown]);
    assert_eq!(problem.findings[0].context.value, "75");
}

#[tokio::test]
async fn each_choice_of_a_multi_picklist_is_translated_in_whatever_order_they_come() {
    let mut folder = OrgFolder::new();
    folder.add(|opportunity| opportunity.with("Notes__c", "B;A;C"));
    let app = TestApp::start(&folder).await;
    app.set(|settings| {
        settings.mappings.retain(|row| row.channeltivity != "notes");
        let kinds = json!({ "name": "kinds", "type": "multi_picklist", "values": ["X", "Y"] });
        map(
            settings,
            kinds,
            "Notes__c",
            json!({ "A": "X", "B": "X", "C": "Y" }),
        );
    })
    .await;

    let run = app.full().await;
    assert_eq!(run.counts.imported, 1);
    assert_eq!(deal(&app).await.fields["kinds"], "X;Y");

    // Another order, and another choice that means the same.
    app.edit(opportunity(1), json!({ "Notes__c": "C;A" })).await;
    let run = app.hourly().await;
    let nothing_to_bring = Counts {
        listed: 1,
        unchanged: 1,
        ..Counts::default()
    };
    assert_eq!(run.counts, nothing_to_bring);
    assert_eq!(deal(&app).await.fields["kinds"], "X;Y");

    app.edit(opportunity(1), json!({ "Notes__c": "C" })).await;
    app.hourly().await;
    assert_eq!(deal(&app).await.fields["kinds"], "Y");
}

#[tokio::test]
async fn a_decomposed_accent_meets_the_declared_value_and_the_word_of_a_value_map() {
    let mut folder = OrgFolder::new();
    folder.add(|opportunity| {
        opportunity
            .with("Notes__c", "Ne\u{301}gociation")
            .with("Product__c", "Cle\u{301}")
    });
    let app = TestApp::start(&folder).await;
    app.set(|settings| {
        settings
            .mappings
            .retain(|row| !["notes", "product"].contains(&row.channeltivity.as_str()));
        settings.deal_fields.retain(|field| field.name != "product");
        let step = json!({ "name": "step", "type": "picklist", "values": ["N\u{e9}gociation"] });
        map(settings, step, "Notes__c", json!({}));
        let product = json!({ "name": "product", "type": "picklist", "values": ["Pro"] });
        map(
            settings,
            product,
            "Product__c",
            json!({ "Cl\u{e9}": "Pro" }),
        );
    })
    .await;

    let run = app.full().await;

    assert_eq!(run.counts.imported, 1);
    let fields = deal(&app).await.fields;
    assert_eq!(fields["step"], "N\u{e9}gociation");
    assert_eq!(fields["product"], "Pro");
}
