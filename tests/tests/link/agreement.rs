//! Confirm and push do with each field as the preview said, over generated records, mappings and choices.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    field::{Field, is_blank},
    mapping::{FixedValue, Flow, MappingRow},
    record::{LinkStatus, RecordId, RecordKind},
    salesforce::Row,
    settings::Settings,
};
use dealbridge_tests::opportunity;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::{
    event::url,
    generated::{
        BYSTANDERS, CASES, FLOWS, fields, opportunities, opportunity_mapping, path, random_record,
        random_value,
    },
    harness::LinkHarness,
    portal::{lead, record_id},
};

/// Returns `true` if two values are the same to people: numbers by value, blanks, instants, choices in any order.
fn same(one: &Value, other: &Value) -> bool {
    let instant = |text: &str| {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|at| at.as_second())
    };
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::String(one), Value::String(other)) => {
            one.trim() == other.trim()
                || matches!((instant(&one.replace("+0000", "Z")), instant(&other.replace("+0000", "Z"))), (Some(one), Some(other)) if one == other)
        }
        // A number in a text field.
        (Value::String(text), Value::Number(number))
        | (Value::Number(number), Value::String(text)) => text.parse().ok() == number.as_f64(),
        _ => one == other || (is_blank(one) && is_blank(other)),
    }
}

/// The value that wins where two differ, derived from the specification and not from the code under test.
fn expected(flow: Flow, ours: &Value, theirs: &Value, master: &str) -> &'static str {
    let blank = (is_blank(ours), is_blank(theirs));
    match (flow, blank) {
        (Flow::None, _) | (_, (true, true)) => "unchanged",
        (Flow::ToChanneltivity, (_, false)) => "salesforce",
        (Flow::ToSalesforce, (false, _)) => "channeltivity",
        (Flow::ToChanneltivity | Flow::ToSalesforce, _) => "unchanged",
        (Flow::Both, (true, false)) => "salesforce",
        (Flow::Both, (false, true)) => "channeltivity",
        (Flow::Both, (false, false)) if master == "salesforce" => "salesforce",
        (Flow::Both, (false, false)) => "channeltivity",
    }
}

/// A record, a Salesforce record, and the choice.
struct Case<'a> {
    harness: &'a LinkHarness,
    record: RecordId,
    id: SalesforceId,
    master: &'static str,
    settings: Settings,
    /// All Salesforce fields that are compared.
    watched: Vec<String>,
}

impl Case<'_> {
    async fn row(&self) -> Row {
        let watched: Vec<&str> = self.watched.iter().map(String::as_str).collect();
        self.harness.row(self.id, &watched).await
    }

    /// Previews, confirms and pushes; then compares both sides with the preview.
    async fn check(&self, context: &str) {
        let preview = self
            .harness
            .preview(&self.record, self.id, self.master)
            .await;
        let (before, row_before) = (self.harness.record(&self.record).await, self.row().await);
        let link = self
            .harness
            .confirm(&self.record, self.id, self.master, &preview.token())
            .await;
        assert_eq!(link.status, 201, "{context} {}", link.body);
        let told = preview.body["fields"].as_array().unwrap();
        let to_salesforce = told.iter().any(|field| field["taken"] == "channeltivity");
        assert_eq!(
            link.body["status"],
            if to_salesforce { "pending" } else { "synced" },
            "{context}"
        );
        let after_confirm = self.row().await;
        assert_eq!(
            after_confirm, row_before,
            "{context}: Salesforce is written by the push alone"
        );
        assert_eq!(
            self.harness.push().await,
            (usize::from(to_salesforce), 0),
            "{context}"
        );
        let (after, row_after) = (self.harness.record(&self.record).await, self.row().await);
        assert_eq!(
            after
                .link
                .as_ref()
                .map(|link| (link.status, link.reason.clone())),
            Some((LinkStatus::Synced, None)),
            "{context}"
        );

        let mut ours: Map<String, Value> = before.fields.clone();
        let mut theirs: Vec<(String, Value)> = Vec::new();
        for field in told {
            let context = format!("{context} {field}");
            let salesforce = field["salesforceField"].as_str().unwrap();
            match (
                field["taken"].as_str().unwrap(),
                field["channeltivityField"].as_str(),
            ) {
                ("salesforce", Some(name)) => {
                    assert!(
                        !is_blank(&field["salesforceValue"]),
                        "{context}: a blank brings nothing"
                    );
                    ours.insert(name.to_owned(), field["salesforceValue"].clone());
                }
                ("channeltivity", name) => {
                    let value = field["channeltivityValue"].clone();
                    assert!(!is_blank(&value), "{context}: a blank brings nothing");
                    let row = self
                        .mapping()
                        .iter()
                        .find(|row| Some(row.channeltivity.as_str()) == name);
                    let there = row_before.get(salesforce).unwrap();
                    let sent = row.map_or(value.clone(), |row| {
                        let declared = self.field(&row.channeltivity);
                        let sent = row.to_salesforce(&value, declared, there);
                        assert!(
                            declared.same(&row.to_channeltivity(&sent, declared), &value),
                            "{context}: {sent} reads as another value when it comes back"
                        );
                        sent
                    });
                    theirs.push((salesforce.to_owned(), sent));
                }
                ("unchanged", _) => {}
                other => unreachable!("{other:?}"),
            }
            self.check_choice(field, &context);
        }
        assert_eq!(after.fields, ours, "{context}");
        for name in &self.watched {
            let value = row_after.get(name).unwrap();
            match theirs.iter().find(|(written, _)| written == name) {
                Some((_, target)) => assert!(
                    same(value, target),
                    "{context}: {name} is {value}, not {target}"
                ),
                None => assert_eq!(Some(value), row_before.get(name), "{context}: {name}"),
            }
        }
    }

    fn mapping(&self) -> &[MappingRow] {
        self.settings
            .mapping(SalesforceObject::of(&self.id).unwrap())
            .rows
    }

    fn field(&self, name: &str) -> &Field {
        let fields = self
            .settings
            .mapping(SalesforceObject::of(&self.id).unwrap())
            .fields;
        fields.iter().find(|field| field.name == name).unwrap()
    }

    /// Checks that the preview chooses the expected value.
    fn check_choice(&self, field: &Value, context: &str) {
        let Some(name) = field["channeltivityField"].as_str() else {
            assert_eq!(field["conflict"], false, "{context}");
            return;
        };
        let row = self
            .mapping()
            .iter()
            .find(|row| row.channeltivity == name)
            .unwrap();
        let (ours, theirs) = (&field["channeltivityValue"], &field["salesforceValue"]);
        let differ = !same(ours, theirs);
        assert_eq!(
            field["conflict"],
            differ && !is_blank(ours) && !is_blank(theirs),
            "{context}"
        );
        let declared = self.field(name);
        let expected = if differ {
            expected(row.on_create, ours, theirs, self.master)
        } else {
            "unchanged"
        };
        let cannot_take = expected == "salesforce" && declared.fit(theirs).is_err();
        assert_eq!(
            field["taken"],
            if cannot_take { "unchanged" } else { expected },
            "{context}"
        );
    }
}

#[tokio::test]
async fn a_generated_link_to_an_opportunity_does_what_its_preview_said() {
    let harness = LinkHarness::start(&opportunities()).await;
    for number in 1..=CASES {
        let mut seed = StdRng::seed_from_u64(number as u64);
        harness
            .app
            .set(|settings| opportunity_mapping(&mut seed, settings))
            .await;
        let pools: Vec<(&str, Vec<Value>)> = fields()
            .into_iter()
            .map(|(name, _, _, values)| (name, values))
            .collect();
        let record = record_id(RecordKind::ALL[number % 3], &format!("r{number}"));
        // The portal's values fit its fields.
        let pools_of_ours: Vec<(&str, Vec<Value>)> = pools
            .iter()
            .map(|(name, values)| match *name {
                "stage" => (*name, vec![json!("Prospecting"), json!("Won")]),
                "seats" => (*name, vec![json!(12), json!(13)]),
                "chance" => (*name, vec![json!("25"), json!("50")]),
                "quantity" => (
                    *name,
                    vec![json!("1"), json!("-2.5"), json!("16147805824397")],
                ),
                "tags" => (
                    *name,
                    vec![json!("X"), json!("Y;X"), json!("Z;X"), json!("Y")],
                ),
                _ => (*name, values.clone()),
            })
            .collect();
        harness
            .put(
                &record,
                Value::Object(random_record(&mut seed, &pools_of_ours)),
            )
            .await;
        let mut edit = Map::new();
        for (name, _, salesforce, values) in fields() {
            if salesforce.contains('.') {
                continue;
            }
            let value = random_value(&mut seed, &values);
            let required = matches!(name, "name" | "close_date" | "private");
            if !(required && is_blank(&value)) {
                let text_column = matches!(salesforce, "Seats__c");
                edit.insert(
                    salesforce.to_owned(),
                    if is_blank(&value) && !text_column {
                        Value::Null
                    } else {
                        value
                    },
                );
            }
        }
        edit.insert("Sync__c".to_owned(), json!(seed.random_bool(0.5)));
        harness
            .app
            .edit(opportunity(number), Value::Object(edit))
            .await;
        let settings = (*harness.app.portal.versioned_settings().await.unwrap().1).clone();
        let mut watched: Vec<String> = fields()
            .iter()
            .map(|(_, _, salesforce, _)| (*salesforce).to_owned())
            .collect();
        watched.extend(
            BYSTANDERS
                .iter()
                .chain(&["Sync__c", "NextStep", "Score__c"])
                .map(|name| (*name).to_owned()),
        );
        let case = Case {
            harness: &harness,
            record,
            id: opportunity(number),
            master: ["salesforce", "channeltivity"].choose(&mut seed).unwrap(),
            settings,
            watched,
        };

        case.check(&format!("seed {number}:")).await;
    }
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_generated_link_to_a_lead_does_what_its_preview_said() {
    let harness = LinkHarness::start(&crate::portal::folder(0, CASES)).await;
    let pools: Vec<(&str, &str, Vec<Value>)> = vec![
        ("first_name", "FirstName", vec![json!("Leo"), json!("Lea")]),
        ("last_name", "LastName", vec![json!("Kaur"), json!("Li")]),
        ("company", "Company", vec![json!("Acme"), json!("Betasol")]),
        (
            "email",
            "Email",
            vec![
                json!("leo@acme.example"),
                json!("LEO@acme.example"),
                json!("lea@acme.example"),
            ],
        ),
        ("phone", "Phone", vec![json!("1"), json!("2")]),
        ("title", "Title", vec![json!("Buyer"), json!("CEO")]),
        (
            "website",
            "Website",
            vec![json!("acme.example"), json!("https://acme.example")],
        ),
        ("description", "Description", vec![json!("a"), json!("b")]),
    ];
    for number in 0..CASES {
        let mut seed = StdRng::seed_from_u64(1_000 + number as u64);
        harness
            .app
            .set(|settings| {
                for row in &mut settings.lead_mappings {
                    row.on_create = *FLOWS.choose(&mut seed).unwrap();
                }
            })
            .await;
        let record = record_id(RecordKind::ALL[number % 3], &format!("r{number}"));
        let ours: Vec<(&str, Vec<Value>)> = pools
            .iter()
            .map(|(name, _, values)| (*name, values.clone()))
            .collect();
        harness
            .put(&record, Value::Object(random_record(&mut seed, &ours)))
            .await;
        let mut edit = Map::new();
        for (name, salesforce, values) in &pools {
            let value = random_value(&mut seed, values);
            if !(matches!(*name, "last_name" | "company") && is_blank(&value)) {
                edit.insert(
                    (*salesforce).to_owned(),
                    if is_blank(&value) { Value::Null } else { value },
                );
            }
        }
        edit.insert("Sync__c".to_owned(), json!(seed.random_bool(0.5)));
        let body = json!({ "object": SalesforceObject::Lead, "id": lead(number), "fields": edit });
        harness.app.admin("edit", body).await;
        let settings = (*harness.app.portal.versioned_settings().await.unwrap().1).clone();
        let mut watched: Vec<String> = pools
            .iter()
            .map(|(_, salesforce, _)| (*salesforce).to_owned())
            .collect();
        watched.extend(["Status", "LeadSource", "Sync__c"].map(str::to_owned));
        let case = Case {
            harness: &harness,
            record,
            id: lead(number),
            master: ["salesforce", "channeltivity"].choose(&mut seed).unwrap(),
            settings,
            watched,
        };

        case.check(&format!("seed {number}:")).await;
    }
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn two_fields_that_go_to_one_salesforce_field_are_previewed_as_they_will_be_written() {
    let harness = LinkHarness::start(&crate::portal::folder(1, 0)).await;
    harness
        .app
        .set(|settings| {
            // Two rows and a fixed value for one field, and rows for the flags that are the integration's own.
            settings.mappings.retain(|row| row.channeltivity == "name");
            for (name, salesforce) in [
                ("notes", "Name"),
                ("product", "Sync__c"),
                ("seats", "Export__c"),
            ] {
                settings.mappings.push(MappingRow {
                    channeltivity: name.to_owned(),
                    salesforce: path(salesforce),
                    on_create: Flow::Both,
                    on_update: Flow::None,
                    values: [].into(),
                    conflicts: None,
                });
            }
            for (salesforce, value) in [
                ("Name", json!("Fixed")),
                ("Sync__c", json!(false)),
                ("Export__c", json!(false)),
                ("NextStep", json!("Call")),
            ] {
                settings.fixed_values.push(FixedValue {
                    salesforce: path(salesforce),
                    value,
                });
            }
        })
        .await;
    let record = record_id(RecordKind::Deal, "d");
    harness
        .put(
            &record,
            json!({ "name": "Ours", "notes": "Other", "product": "Basic", "seats": 0 }),
        )
        .await;
    harness
        .app
        .edit(opportunity(1), json!({ "Sync__c": false }))
        .await;
    let body = json!({ "salesforceUrl": url(opportunity(1)), "master": "channeltivity" });
    let preview = harness
        .call(
            &crate::caller::Caller::admin(),
            crate::event::preview_event(&record, &body),
        )
        .await;

    let link = harness
        .confirm(&record, opportunity(1), "channeltivity", &preview.token())
        .await;
    assert_eq!((link.status, harness.push().await), (201, (1, 0)));

    let row = harness
        .row(
            opportunity(1),
            &["Name", "Sync__c", "Export__c", "NextStep"],
        )
        .await;
    let told = preview.body["fields"].as_array().unwrap();
    for name in ["Name", "Sync__c", "Export__c", "NextStep"] {
        let taken: Vec<&Value> = told
            .iter()
            .filter(|field| field["salesforceField"] == name && field["taken"] == "channeltivity")
            .collect();
        assert!(taken.len() <= 1, "{name} is told twice: {taken:?}");
        if let [field] = taken[..] {
            assert!(
                same(row.get(name).unwrap(), &field["channeltivityValue"]),
                "{name} {row:?}"
            );
        }
    }
    assert!(
        row.is_checked("Sync__c"),
        "a link sets the Sync Flag, whatever is mapped"
    );
    assert!(
        row.is_checked("Export__c"),
        "a link never touches the Import Flag"
    );
    assert_eq!(row.text("NextStep"), Some("Call"));
}
