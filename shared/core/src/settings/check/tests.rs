use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::{
    mapping::{FixedValue, Flow},
    testing::settings,
};

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

/// Returns the places and problems of the sample settings after an edit.
fn wrong(edit: impl FnOnce(&mut Settings)) -> Vec<(String, String)> {
    let mut settings = settings();
    edit(&mut settings);
    let wrong = settings.check().err().unwrap_or_default();
    wrong
        .into_iter()
        .map(|wrong| (wrong.place, wrong.problem))
        .collect()
}

/// Asserts that an edit is refused at one place, with a sentence that holds the words.
#[track_caller]
fn refused(edit: impl FnOnce(&mut Settings), place: &str, words: &str) {
    let wrong = wrong(edit);
    assert_eq!(
        wrong
            .iter()
            .map(|(place, _)| place.as_str())
            .collect::<Vec<_>>(),
        [place],
        "{wrong:?}"
    );
    assert!(wrong[0].1.contains(words), "{}", wrong[0].1);
}

#[test]
fn settings_that_contradict_nothing_pass() {
    assert_eq!(settings().check(), Ok(()));
}

#[test]
fn every_contradiction_is_named_with_its_place() {
    let places: Vec<String> = wrong(|settings| {
        settings.my_domain = "acme.my.salesforce.com".into();
        settings.mappings[0].channeltivity = "nothing".into();
        settings.mappings[1].salesforce = path("Account.Name");
        settings.mappings[1].on_update = Flow::Both;
        settings.overlap_minutes = 5000;
    })
    .into_iter()
    .map(|(place, _)| place)
    .collect();

    assert_eq!(
        places,
        [
            "my_domain",
            "overlap_minutes",
            "mappings[0].channeltivity",
            "mappings[1].salesforce",
        ]
    );
}

#[test]
fn no_two_of_the_named_fields_are_one_field() {
    refused(
        |settings| settings.fields.import_flag = path("SYNC__c"),
        "fields.import_flag",
        "is already named by fields.sync_flag",
    );
}

#[test]
fn a_deal_has_a_stage_that_is_a_text_or_a_picklist() {
    refused(
        |settings| {
            settings.deal_fields.retain(|field| field.name != "stage");
            settings.mappings.retain(|row| row.channeltivity != "stage");
        },
        "deal_fields",
        "\"stage\"",
    );
    refused(
        |settings| {
            settings.deal_fields[1].kind = FieldType::Date;
            settings.deal_fields[1].values.clear();
            settings.mappings[1].values.clear();
        },
        "deal_fields[1].type",
        "must be a picklist or a text",
    );
}

#[test]
fn a_field_has_room_for_a_value_and_a_picklist_has_values() {
    refused(
        |settings| settings.deal_fields[0].max_length = Some(0),
        "deal_fields[0].max_length",
        "at least 1",
    );
    refused(
        |settings| {
            settings.deal_fields[1].values.clear();
            settings.mappings[1].values.clear();
        },
        "deal_fields[1].values",
        "has no values",
    );
    refused(
        |settings| settings.deal_fields[1].values.push("Won".into()),
        "deal_fields[1].values",
        "listed twice",
    );
    refused(
        |settings| settings.deal_fields[0].values.push("Won".into()),
        "deal_fields[0].values",
        "only a picklist has values",
    );
}

#[test]
fn one_row_writes_a_salesforce_field() {
    refused(
        |settings| settings.mappings[2].salesforce = path("closedate"),
        "mappings[3].salesforce",
        "is already written by mappings[2]",
    );
    assert_eq!(
        wrong(|settings| {
            settings.mappings[2].salesforce = path("CloseDate");
            settings.mappings[2].on_create = Flow::ToChanneltivity;
            settings.mappings[2].on_update = Flow::ToChanneltivity;
        }),
        []
    );
}

#[test]
fn a_value_map_leads_to_values_that_the_field_takes() {
    refused(
        |settings| {
            let values = &mut settings.mappings[1].values;
            values.insert("Lost".into(), "Gone".into());
        },
        "mappings[1].values",
        "\"Lost\" is mapped to \"Gone\", which is not in the values of \"stage\"",
    );
    refused(
        |settings| {
            let values = &mut settings.mappings[2].values;
            values.insert("10".into(), "ten".into());
        },
        "mappings[2].values",
        "takes an amount",
    );
}

#[test]
fn neither_rows_nor_fixed_values_write_flags_or_what_salesforce_keeps_itself() {
    let fixed = |name: &str| FixedValue {
        salesforce: path(name),
        value: json!(true),
    };
    refused(
        |settings| settings.fixed_values.push(fixed("import__c")),
        "fixed_values[0].salesforce",
        "is a flag",
    );
    refused(
        |settings| settings.fixed_values.push(fixed("SystemModstamp")),
        "fixed_values[0].salesforce",
        "is read-only in Salesforce",
    );
    refused(
        |settings| settings.fixed_values.push(fixed("Account.Name")),
        "fixed_values[0].salesforce",
        "belongs to a parent record",
    );
    refused(
        |settings| settings.fixed_values.push(fixed("Amount")),
        "fixed_values[0].salesforce",
        "is already written by mappings[2]",
    );
    refused(
        |settings| {
            let value = json!({ "a": 1 });
            let salesforce = path("NextStep");
            settings.fixed_values.push(FixedValue { salesforce, value });
        },
        "fixed_values[0].value",
        "a text, a number, true or false",
    );
    refused(
        |settings| settings.mappings[2].salesforce = path("ExpectedRevenue"),
        "mappings[2].salesforce",
        "is read-only in Salesforce",
    );
    refused(
        |settings| settings.mappings[2].salesforce = path("Sync__c"),
        "mappings[2].salesforce",
        "is a flag",
    );
}

#[test]
fn the_mapping_of_leads_is_held_to_the_same_rules() {
    refused(
        |settings| settings.lead_mappings[0].channeltivity = "nickname".into(),
        "lead_mappings[0].channeltivity",
        "declare it in lead_fields",
    );
    refused(
        |settings| settings.lead_mappings[0].salesforce = path("Owner.FirstName"),
        "lead_mappings[0].salesforce",
        "belongs to a parent record",
    );
    refused(
        |settings| settings.lead_mappings[0].salesforce = path("Name"),
        "lead_mappings[0].salesforce",
        "is read-only in Salesforce",
    );
    refused(
        |settings| settings.lead_fields[0].kind = FieldType::Picklist,
        "lead_fields[0].values",
        "has no values",
    );
    refused(
        |settings| settings.lead_fields.push(settings.lead_fields[0].clone()),
        "lead_fields[8].name",
        "declared twice",
    );
}

#[test]
fn settings_larger_than_the_store_takes_are_refused() {
    refused(
        |settings| {
            let values = &mut settings.deal_fields[1].values;
            values.extend((0..30_000).map(|number| format!("Value number {number}")));
        },
        "settings",
        "at most 399 KB can be stored",
    );
}

#[test]
fn rows_name_the_end_user_s_fields_undeclared_and_only_on_their_way_to_salesforce() {
    let end_user = |name: &str, on_update: Flow| MappingRow {
        channeltivity: name.to_owned(),
        salesforce: path("End_User__c"),
        on_create: Flow::ToSalesforce,
        on_update,
        values: BTreeMap::new(),
        conflicts: None,
    };
    let mut good = settings();
    good.mappings
        .push(end_user("end_user.company", Flow::ToSalesforce));
    assert_eq!(good.check(), Ok(()));

    let at = settings().mappings.len();
    refused(
        |settings| {
            let row = end_user("end_user.email", Flow::Both);
            settings.mappings.push(row);
        },
        &format!("mappings[{at}].on_update"),
        "to_salesforce or none",
    );
    refused(
        |settings| {
            let row = end_user("end_user.fax", Flow::ToSalesforce);
            settings.mappings.push(row);
        },
        &format!("mappings[{at}].channeltivity"),
        "there is no field",
    );
    refused(
        |settings| {
            settings.deal_fields[0].name = "end_user.name".to_owned();
            settings.mappings[0].channeltivity = "end_user.name".to_owned();
        },
        "deal_fields[0].name",
        "give it another name",
    );
}
