//! Generated values, records and mappings with every type, flow, value map and kind of blank.

use std::fmt::Write as _;

use dealbridge_core::{
    field::{Field, FieldType},
    mapping::{FixedValue, Flow, MappingRow},
    salesforce::FieldPath,
    settings::Settings,
};
use dealbridge_tests::{OrgFolder, account, opportunity};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

/// Generated links of each object.
pub(crate) const CASES: usize = 60;

pub(crate) const FLOWS: [Flow; 4] = [
    Flow::ToChanneltivity,
    Flow::ToSalesforce,
    Flow::Both,
    Flow::None,
];

/// A field of each type with the Salesforce field that it is mapped to, and values that either side may hold.
pub(crate) fn fields() -> Vec<(&'static str, FieldType, &'static str, Vec<Value>)> {
    use FieldType::*;
    vec![
        (
            "name",
            Text,
            "Name",
            vec![json!("Acme"), json!("Globex"), json!("Acme ")],
        ),
        (
            "stage",
            Picklist,
            "Stage__c",
            vec![
                json!("Prospecting"),
                json!("Won"),
                json!("Closed Won"),
                json!("Elsewhere"),
            ],
        ),
        (
            "amount",
            Currency,
            "Amount",
            vec![json!(0), json!(5), json!(5.0), json!(1054.25)],
        ),
        (
            "chance",
            Picklist,
            "Probability",
            vec![json!(0), json!(25), json!(50)],
        ),
        (
            "quantity",
            Text,
            "TotalOpportunityQuantity",
            vec![
                json!(1),
                json!(-2.5),
                json!(1e6),
                json!(16_147_805_824_397_i64),
            ],
        ),
        (
            "close_date",
            Date,
            "CloseDate",
            vec![json!("2026-09-30"), json!("2027-01-01")],
        ),
        (
            "call_at",
            Datetime,
            "Call_At__c",
            vec![
                json!("2026-05-01T07:25:37Z"),
                json!("2026-05-01T09:25:37+02:00"),
                json!("2026-12-31T23:59:59Z"),
            ],
        ),
        (
            "private",
            Checkbox,
            "IsPrivate",
            vec![json!(true), json!(false)],
        ),
        (
            "tags",
            MultiPicklist,
            "Tags__c",
            vec![json!("A;B"), json!("B;A"), json!("C"), json!("A;A")],
        ),
        (
            "email",
            Email,
            "Contact_Email__c",
            vec![
                json!("ada@acme.example"),
                json!("ADA@acme.example"),
                json!("bob@acme.example"),
            ],
        ),
        (
            "phone",
            Phone,
            "Phone__c",
            vec![json!("+49 30 1"), json!("+49 30 2")],
        ),
        (
            "site",
            Url,
            "Site__c",
            vec![json!("https://acme.example"), json!("acme.example")],
        ),
        (
            "notes",
            LongText,
            "Description",
            vec![json!("met at the fair"), json!("two\nlines")],
        ),
        (
            "seats",
            Number,
            "Seats__c",
            vec![json!("12"), json!("a dozen")],
        ),
        (
            "account",
            Text,
            "Account.Name",
            vec![json!("Acme"), json!("Initech")],
        ),
    ]
}

/// Salesforce fields that no mapping names.
pub(crate) const BYSTANDERS: [&str; 3] = ["StageName", "LeadSource", "Export__c"];

pub(crate) fn path(name: &str) -> FieldPath {
    FieldPath::parse(name).unwrap()
}

/// Opportunities with a column of each type.
pub(crate) fn opportunities() -> OrgFolder {
    let mut folder = OrgFolder::new();
    let mut rows = "Id,Name,AccountId,StageName,CloseDate,Sync__c,Export__c,Partner__c,Distributor__c,Owner_Type__c,Stage__c,Call_At__c,Tags__c,Contact_Email__c,Phone__c,Site__c,Seats__c,Score__c,SystemModstamp\n".to_owned();
    for number in 1..=CASES {
        let (id, account) = (opportunity(number), account(1));
        writeln!(rows, "{id},Deal,{account},Prospecting,2026-09-30,false,false,,,,x,2026-05-01T07:25:37.000+0000,x,a@b.example,x,x,x,1,2026-02-01T08:00:00.000+0000").unwrap();
    }
    folder.files.push(("Opportunity.csv", rows));
    folder.files.push((
        "OpportunityContactRole.csv",
        "Id,OpportunityId,ContactId,Role,IsPrimary\n".to_owned(),
    ));
    folder
}

pub(crate) fn random_flow(seed: &mut StdRng, salesforce: &FieldPath) -> Flow {
    let flow = *FLOWS.choose(seed).unwrap();
    // The settings refuse to write a parent's field.
    if salesforce.is_parent_path() && flow.reaches_salesforce() {
        Flow::ToChanneltivity
    } else {
        flow
    }
}

pub(crate) fn opportunity_mapping(seed: &mut StdRng, settings: &mut Settings) {
    settings.deal_fields.clear();
    settings.mappings.clear();
    for (name, kind, salesforce, _) in fields() {
        let values: &[&str] = match kind {
            FieldType::Picklist if name == "chance" => &["25", "50"],
            FieldType::Picklist => &["Prospecting", "Won"],
            FieldType::MultiPicklist => &["X", "Y", "Z"],
            _ => &[],
        };
        let map: &[(&str, &str)] = match name {
            "stage" => &[("Closed Won", "Won"), ("Closed", "Won")],
            "tags" => &[("A", "X"), ("B", "X"), ("C", "Y"), ("D", "Z")],
            _ => &[],
        };
        settings.deal_fields.push(Field {
            name: name.to_owned(),
            label: None,
            kind,
            required: false,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            max_length: None,
        });
        settings.mappings.push(MappingRow {
            channeltivity: name.to_owned(),
            salesforce: path(salesforce),
            on_create: random_flow(seed, &path(salesforce)),
            on_update: Flow::None,
            values: map
                .iter()
                .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
                .collect(),
            conflicts: None,
        });
    }
    let fixed = [
        ("NextStep", json!("Call")),
        ("Score__c", json!(seed.random_range(1..4))),
    ];
    settings.fixed_values = fixed
        .into_iter()
        .filter(|_| seed.random_bool(0.5))
        .map(|(salesforce, value)| FixedValue {
            salesforce: path(salesforce),
            value,
        })
        .collect();
}

pub(crate) fn random_value(seed: &mut StdRng, values: &[Value]) -> Value {
    if seed.random_bool(0.25) {
        [Value::Null, json!(""), json!("  ")]
            .choose(seed)
            .unwrap()
            .clone()
    } else {
        values.choose(seed).unwrap().clone()
    }
}

/// A record with some of the fields.
pub(crate) fn random_record(seed: &mut StdRng, pools: &[(&str, Vec<Value>)]) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("unmapped".to_owned(), json!("stays"));
    for (name, values) in pools {
        if seed.random_bool(0.8) {
            fields.insert((*name).to_owned(), random_value(seed, values));
        }
    }
    fields
}
