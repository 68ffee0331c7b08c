//! A parent that is set and cannot be read is hidden, not blank: nothing is cleared because of it, and it is reported.

use super::*;
use crate::{
    field::{Field, FieldType},
    mapping::{Flow, MappingRow},
    salesforce::FieldPath,
};

const LATER: &str = "2026-05-02T07:25:37.000+0000";
const ACCOUNT: &str = "001dM00003jU9GxQAK";

/// Settings with one more Deal field, fed through a parent.
fn mapped(settings: &mut Settings, path: &str, required: bool) {
    settings.deal_fields.push(Field {
        name: "extra".into(),
        label: None,
        kind: FieldType::Text,
        required,
        values: Vec::new(),
        max_length: None,
    });
    settings.mappings.push(MappingRow {
        channeltivity: "extra".into(),
        salesforce: FieldPath::parse(path).unwrap(),
        on_create: Flow::ToChanneltivity,
        on_update: Flow::ToChanneltivity,
        values: std::collections::BTreeMap::new(),
        conflicts: None,
    });
}

/// Returns the values and findings that an update brings to a Deal whose extra field holds "as it was".
fn followed(path: &str, mut edits: Value) -> (Value, Vec<Finding>) {
    edits["SystemModstamp"] = json!(LATER);
    let mut case = Case::linked(edits).with_settings(|settings| mapped(settings, path, false));
    let fields = &mut case.record.as_mut().unwrap().fields;
    fields.insert("extra".into(), json!("as it was"));
    match case.decide().verdict {
        Verdict::Update(update) => (Value::Object(update.fields), update.findings),
        other => panic!("no update: {other:?}"),
    }
}

#[test]
fn a_hidden_parent_keeps_the_deal_s_value_whichever_parent_it_is() {
    for (path, edits, names) in [
        ("Account.Name", json!({ "Account": null }), ACCOUNT),
        ("account.NAME", json!({ "Account": null }), ACCOUNT),
        ("Account.Owner.Email", json!({ "Account": null }), ACCOUNT),
        (
            "Account.Owner.Email",
            json!({ "Account": { "Name": "Acme", "OwnerId": "005A", "Owner": null } }),
            "005A",
        ),
        (
            "Owner.Email",
            json!({ "OwnerId": "005B", "Owner": null }),
            "005B",
        ),
        (
            "Contact.Phone",
            json!({ "ContactId": "003C", "Contact": null }),
            "003C",
        ),
        (
            "Partner_Rep__r.Email",
            json!({ "Partner_Rep__c": "a01D", "Partner_Rep__r": null }),
            "a01D",
        ),
        (
            "Partner_Rep__r.Region__r.Name__c",
            json!({ "Partner_Rep__r": { "Region__c": "a02E", "Region__r": null } }),
            "a02E",
        ),
    ] {
        let (fields, findings) = followed(path, edits.clone());

        assert_eq!(fields, json!({}), "{path} {edits}");
        let said: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.code == Code::ValueHidden)
            .collect();
        let [said] = said.as_slice() else {
            panic!("{path}: {findings:?}")
        };
        let (message, _) = said.sentences("the Opportunity");
        assert!(
            message.contains(path) && message.contains(names),
            "{message}"
        );
    }
}

#[test]
fn a_blank_that_was_read_as_blank_still_clears() {
    for (path, edits) in [
        (
            "Account.Site",
            json!({ "Account": { "Name": "Acme", "Site": null } }),
        ),
        ("Owner.Email", json!({ "OwnerId": null, "Owner": null })),
        (
            "Partner_Rep__r.Email",
            json!({ "Partner_Rep__c": null, "Partner_Rep__r": null }),
        ),
        (
            "Account.Partner_Rep__r.Email",
            json!({ "Account": { "Partner_Rep__c": null, "Partner_Rep__r": null } }),
        ),
    ] {
        let (fields, findings) = followed(path, edits);

        assert_eq!(fields, json!({ "extra": null }), "{path}");
        assert!(
            findings
                .iter()
                .all(|finding| finding.code != Code::ValueHidden),
            "{path}"
        );
    }
}

#[test]
fn a_field_that_was_not_read_keeps_the_deal_s_value() {
    for path in ["Region__c", "Account.Region__c", "Strange__r.Name"] {
        let (fields, findings) = followed(path, json!({}));

        assert_eq!((fields, findings), (json!({}), vec![]), "{path}");
    }
}

#[test]
fn an_import_goes_without_a_hidden_value_and_says_so() {
    let edits = json!({ "OwnerId": "005B", "Owner": null });
    let case = Case::new(edits).with_settings(|settings| mapped(settings, "Owner.Email", false));

    let deal = case.deal();

    assert_eq!(deal.fields.get("extra"), None);
    let codes: Vec<Code> = deal.hidden.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::ValueHidden]);
}

#[test]
fn a_hidden_value_that_a_deal_needs_fails_its_import_as_hidden_and_not_as_empty() {
    let codes = |path: &str, edits: Value| {
        Case::new(edits)
            .with_settings(|settings| mapped(settings, path, true))
            .codes()
    };

    assert_eq!(
        codes("Owner.Email", json!({ "OwnerId": "005B", "Owner": null })),
        ["REQUIRED_FIELD_HIDDEN"]
    );
    assert_eq!(
        codes("Owner.Email", json!({ "OwnerId": null, "Owner": null })),
        ["REQUIRED_FIELD_EMPTY"]
    );
    assert_eq!(
        codes("Account.Name", json!({ "Account": null })),
        ["ACCOUNT_NOT_ACCESSIBLE", "REQUIRED_FIELD_HIDDEN"]
    );
    assert_eq!(codes("Region__c", json!({})), ["REQUIRED_FIELD_HIDDEN"]);
}

/// Returns the same row without a field, as if the org hid it.
fn without(mut case: Case, path: &str) -> Case {
    let mut map = &mut case.row.0;
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let child = &mut map[parent];
        let child = if child.get("records").is_some() {
            &mut child["records"][0]
        } else {
            child
        };
        map = child.as_object_mut().unwrap();
    }
    map.remove(last).unwrap();
    case
}

const NEEDED_BY_IMPORTS: [&str; 9] = [
    "AccountId",
    "Account",
    "Account.Name",
    "OpportunityContactRoles",
    "OpportunityContactRoles.IsPrimary",
    "OpportunityContactRoles.ContactId",
    "OpportunityContactRoles.Contact",
    "Partner__c",
    "StageName",
];

#[test]
fn what_an_import_needs_and_cannot_read_is_hidden_and_not_missing() {
    for path in NEEDED_BY_IMPORTS {
        let case = without(Case::new(json!({})), path);

        assert_eq!(case.codes(), ["REQUIRED_FIELD_HIDDEN"], "{path}");
        let failures = case.decide().failures();
        let (message, _) = failures[0].sentences("the Opportunity");
        let last = path.rsplit('.').next().unwrap();
        assert!(
            message.contains("Contact Roles") || message.contains(last),
            "{message}"
        );
    }
}

#[test]
fn with_the_distributor_module_its_fields_are_needed_too() {
    for path in ["Distributor__c", "Owner_Type__c"] {
        let case = |enabled: bool| {
            let case = Case::new(json!({}));
            without(
                case.with_settings(|settings| settings.distributor_module.enabled = enabled),
                path,
            )
        };

        assert_eq!(case(true).codes(), ["REQUIRED_FIELD_HIDDEN"], "{path}");
        assert_eq!(case(false).codes(), Vec::<&str>::new(), "{path}");
    }
}

#[test]
fn a_partner_that_may_be_left_out_is_not_asked_for_where_the_owner_type_is_hidden() {
    let edits = json!({ "Partner__c": null, "Distributor__c": "dora@dist.example" });
    let case = Case::new(edits).with_settings(|settings| {
        settings.distributor_module.enabled = true;
        settings
            .distributor_module
            .distributor_deals_may_omit_partner = true;
    });

    assert_eq!(
        without(case, "Owner_Type__c").codes(),
        ["REQUIRED_FIELD_HIDDEN"]
    );
}

#[test]
fn what_only_imports_need_changes_nothing_of_a_linked_deal_when_it_is_hidden() {
    for path in NEEDED_BY_IMPORTS
        .iter()
        .chain(&["Distributor__c", "Owner_Type__c"])
    {
        let edits = json!({ "SystemModstamp": LATER, "Amount": 9 });
        let case = Case::linked(edits)
            .with_settings(|settings| settings.distributor_module.enabled = true);

        let Verdict::Update(update) = without(case, path).decide().verdict else {
            panic!("{path}: no update")
        };

        assert_eq!(
            Value::Object(update.fields),
            json!({ "amount": 9 }),
            "{path}"
        );
        let codes: Vec<Code> = update.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::Updated], "{path}");
    }
}
