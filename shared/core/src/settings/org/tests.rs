//! Settings that an org cannot serve.

use serde_json::json;

use super::*;
use crate::{mapping::FixedValue, testing::settings};

/// Creates described objects: fields as `Name type`, a `!` before one that cannot be written, a lookup `Name
/// Relationship>Object`.
fn objects(described: &[(&str, &[&str])]) -> Objects {
    let field = |text: &&str| {
        let (name, rest) = text.split_once(' ').unwrap();
        let lookup = rest.split_once('>');
        DescribedField {
            name: name.trim_start_matches('!').to_owned(),
            label: "Label".to_owned(),
            kind: lookup.map_or(rest, |_| "reference").to_owned(),
            updateable: !name.starts_with('!'),
            relationship: lookup.map(|(relationship, _)| relationship.to_owned()),
            reference_to: lookup.iter().map(|(_, to)| (*to).to_owned()).collect(),
            ..DescribedField::default()
        }
    };
    let object = |(name, fields): &(&str, &[&str])| {
        let fields: Vec<DescribedField> = fields.iter().map(field).collect();
        (name.to_ascii_lowercase(), Some(fields.into()))
    };
    described.iter().map(object).collect()
}

const GOOD: [&str; 9] = [
    "Sync__c boolean",
    "Import__c boolean",
    "Partner__c email",
    "Distributor__c string",
    "Owner_Type__c picklist",
    "Name string",
    "StageName picklist",
    "Amount currency",
    "CloseDate date",
];

/// The places that are refused, and those that are warned of, of settings whose rows are all chosen anew.
fn places(settings: &Settings, fields: &[&str]) -> (Vec<String>, Vec<String>) {
    let before = Settings {
        mappings: Vec::new(),
        ..settings.clone()
    };
    let mut findings = OrgFindings::default();
    let objects = objects(&[("Opportunity", fields), ("Account", &["Site string"])]);
    settings.compare(
        (SalesforceObject::Opportunity, Some(&before)),
        &objects,
        &mut findings,
    );
    let places = |wrong: Vec<InvalidSetting>| wrong.into_iter().map(|one| one.place).collect();
    (places(findings.refused), places(findings.warnings))
}

#[test]
fn settings_that_the_org_can_serve_have_nothing_against_them() {
    assert_eq!(places(&settings(), &GOOD), (vec![], vec![]));
}

#[test]
fn what_is_missing_of_another_type_or_read_only_is_listed_by_row() {
    let mut fields = GOOD.to_vec();
    fields[0] = "Sync__c string";
    fields.retain(|field| !field.starts_with("Partner__c"));
    fields[5] = "!StageName picklist";
    fields[6] = "Amount string";
    fields.pop();

    assert_eq!(
        places(&settings(), &fields).1,
        [
            "fields.sync_flag",
            "fields.partner_email",
            "mappings[1].salesforce",
            "mappings[3].salesforce",
        ]
    );
    assert_eq!(places(&settings(), &fields).0, ["mappings[2].salesforce"]);
    let objects = objects(&[("Opportunity", &fields)]);
    for before in [Some(&settings()), None] {
        let mut findings = OrgFindings::default();
        settings().compare(
            (SalesforceObject::Opportunity, before),
            &objects,
            &mut findings,
        );
        assert!(findings.refused.is_empty(), "{findings:?}");
        assert_eq!(findings.warnings.len(), 5, "{findings:?}");
    }
}

#[test]
fn a_path_is_followed_to_its_field() {
    let mut settings = settings();
    settings.mappings[2].salesforce = FieldPath::parse("Account.Size__c").unwrap();
    let fields = [&GOOD[..], &["AccountId Account>Account"]].concat();

    assert_eq!(places(&settings, &fields).1, ["mappings[2].salesforce"]);
}

#[test]
fn a_fixed_value_that_salesforce_cannot_take_is_refused() {
    let mut settings = settings();
    for name in ["Nothing__c", "Locked__c", "NextStep"] {
        settings.fixed_values.push(FixedValue {
            salesforce: FieldPath::parse(name).unwrap(),
            value: json!("x"),
        });
    }
    let fields = [&GOOD[..], &["!Locked__c string", "NextStep string"]].concat();

    assert_eq!(
        places(&settings, &fields).0,
        ["fixed_values[0].salesforce", "fixed_values[1].salesforce"]
    );
}

#[test]
fn records_are_created_only_under_a_field_by_which_they_are_found_again() {
    let mut settings = settings();
    settings.send.lead.mode = crate::settings::SendMode::Manual;
    settings.send.deal.mode = crate::settings::SendMode::OnSubmit;
    settings.send.deal.target = crate::settings::SendTarget::MatchContact;
    let key = |lack: &str| DescribedField {
        name: "Channeltivity_Id__c".to_owned(),
        label: "Channeltivity Id".to_owned(),
        kind: "string".to_owned(),
        external_id: lack != "external",
        unique: lack != "unique",
        case_sensitive: lack != "case",
        createable: lack != "access",
        ..DescribedField::default()
    };
    let compared = |object: SalesforceObject, lack: Option<&str>| {
        let mut findings = OrgFindings::default();
        let fields: Vec<DescribedField> = lack.map(key).into_iter().collect();
        let name = object.api_name().to_ascii_lowercase();
        let objects = Objects::from([(name, Some(fields.into()))]);
        settings.compare_external_ids(object, &objects, &mut findings);
        let places = |found: Vec<InvalidSetting>| -> Vec<String> {
            found.into_iter().map(|one| one.place).collect()
        };
        (places(findings.refused), places(findings.warnings))
    };
    let refused = |object, lack| {
        let (refused, warned) = compared(object, lack);
        assert_eq!(warned, Vec::<String>::new());
        refused
    };

    let (deal, lead) = ("send.deal.external_id", "send.lead.external_id");
    assert_eq!(
        refused(SalesforceObject::Lead, Some("none")),
        Vec::<String>::new()
    );
    for lack in [None, Some("external"), Some("unique"), Some("access")] {
        assert_eq!(refused(SalesforceObject::Lead, lack), [deal, lead]);
        assert_eq!(refused(SalesforceObject::Opportunity, lack), [deal]);
    }
    let (refused, warned) = compared(SalesforceObject::Lead, Some("case"));
    assert_eq!(
        (refused, warned),
        (vec![], vec![deal.to_owned(), lead.to_owned()])
    );
}

#[test]
fn an_object_that_is_hidden_is_one_warning() {
    let mut findings = OrgFindings::default();
    let hidden = Objects::from([("lead".to_owned(), None)]);

    settings().compare((SalesforceObject::Lead, None), &hidden, &mut findings);

    assert_eq!(findings.warnings.len(), 1);
    assert_eq!(findings.warnings[0].place, "lead_mappings");
}
