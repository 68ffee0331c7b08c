//! Salesforce fields that the preview cannot read are listed with a note, and do not count as blank.

use dealbridge_core::{
    code::Code,
    mapping::{FixedValue, Flow, MappingRow},
    record::RecordKind,
    run::RunStatus,
    salesforce::FieldPath,
};
use dealbridge_tests::{account, opportunity};
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{folder, lead, record_id},
};

fn row(channeltivity: &str, salesforce: &str, on_create: Flow) -> MappingRow {
    MappingRow {
        channeltivity: channeltivity.to_owned(),
        salesforce: FieldPath::parse(salesforce).unwrap(),
        on_create,
        on_update: Flow::None,
        values: [].into(),
        conflicts: None,
    }
}

/// The preview's row for a Salesforce field.
fn told<'a>(preview: &'a Value, salesforce: &str) -> &'a Value {
    let fields = preview["fields"].as_array().unwrap();
    let mut of = fields
        .iter()
        .filter(|field| field["salesforceField"] == salesforce);
    let told = of.next().unwrap_or(&Value::Null);
    assert_eq!(of.next(), None, "{salesforce} is told twice");
    told
}

fn is_left_out(told: &Value) -> bool {
    let note = told["note"].as_str().unwrap_or_default();
    told["taken"] == "unchanged"
        && told["conflict"] == false
        && told["salesforceValue"].is_null()
        && note.starts_with("left out: ")
}

#[tokio::test]
async fn rows_whose_fields_cannot_be_read_are_listed_with_a_note_and_healthy_ones_are_kept() {
    let harness = LinkHarness::start(&folder(1, 1)).await;
    harness
        .app
        .set(|settings| {
            settings.mappings.retain(|row| row.channeltivity == "name");
            settings.mappings.extend([
                row("notes", "Notes__c", Flow::Both),
                row("product", "Account.Notes__c", Flow::ToChanneltivity),
                row("seats", "Seats__c", Flow::Both),
                row("amount", "Gone__c", Flow::Both),
            ]);
            settings.fixed_values.push(FixedValue {
                salesforce: FieldPath::parse("Nowhere__c").unwrap(),
                value: json!("x"),
            });
        })
        .await;
    let hide = json!({ "object": "Opportunity", "field": "Seats__c", "visible": false });
    harness.app.admin("fls", hide).await;
    let record = record_id(RecordKind::Deal, "d");
    harness
        .put(
            &record,
            json!({ "seats": 3, "amount": 4, "product": "Basic" }),
        )
        .await;

    let preview = harness
        .preview(&record, opportunity(1), "channeltivity")
        .await;

    for field in ["Account.Notes__c", "Seats__c", "Gone__c", "Nowhere__c"] {
        assert!(is_left_out(told(&preview.body, field)), "{}", preview.body);
    }
    assert_eq!(told(&preview.body, "Seats__c")["channeltivityValue"], 3);
    assert_eq!(told(&preview.body, "Notes__c")["taken"], "salesforce");

    let link = harness
        .confirm(&record, opportunity(1), "channeltivity", &preview.token())
        .await;
    assert_eq!(link.status, 201, "{}", link.body);
    harness.push().await;
    let fields = harness.record(&record).await.fields;
    assert_eq!(
        (&fields["seats"], &fields["amount"], &fields["product"]),
        (&json!(3), &json!(4), &json!("Basic"))
    );
    assert_eq!(fields["notes"], "met at the fair");
    assert_eq!(
        harness
            .messages()
            .await
            .iter()
            .filter(|(code, _)| code == "WRITE_REFUSED")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_hidden_parent_is_no_blank_and_a_preview_that_could_not_read_it_is_stale_when_it_can_be()
{
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness
        .app
        .set(|settings| {
            settings
                .mappings
                .push(row("notes", "Account.Name", Flow::ToChanneltivity));
            settings
                .mappings
                .retain(|row| row.salesforce.as_str() != "Notes__c");
        })
        .await;
    let account = json!({ "object": "Account", "id": account(1) });
    harness.app.admin("hide", account.clone()).await;
    let record = record_id(RecordKind::Deal, "d");
    harness.put(&record, json!({ "notes": "as it was" })).await;

    let hidden = harness.preview(&record, opportunity(1), "salesforce").await;
    harness.app.admin("unhide", account).await;
    let stale = harness
        .confirm(&record, opportunity(1), "salesforce", &hidden.token())
        .await;
    let shown = harness.preview(&record, opportunity(1), "salesforce").await;

    assert!(
        is_left_out(told(&hidden.body, "Account.Name")),
        "{}",
        hidden.body
    );
    assert_eq!(
        (stale.status, stale.body["code"].as_str()),
        (409, Some("PREVIEW_STALE"))
    );
    assert_eq!(told(&shown.body, "Account.Name")["salesforceValue"], "Acme");
    assert_eq!(told(&shown.body, "Account.Name")["taken"], "salesforce");
}

#[tokio::test]
async fn a_lead_s_hidden_fields_are_listed_too() {
    let harness = LinkHarness::start(&folder(0, 1)).await;
    for field in ["Phone", "Company"] {
        let hide = json!({ "object": "Lead", "field": field, "visible": false });
        harness.app.admin("fls", hide).await;
    }
    let record = record_id(RecordKind::Lead, "l");
    harness
        .put(
            &record,
            json!({ "company": "Ours Ltd", "phone": "+49 30 1" }),
        )
        .await;

    let preview = harness.preview(&record, lead(0), "salesforce").await;
    let link = harness
        .confirm(&record, lead(0), "salesforce", &preview.token())
        .await;
    harness.push().await;

    for field in ["Phone", "Company"] {
        assert!(is_left_out(told(&preview.body, field)), "{}", preview.body);
    }
    assert_eq!(told(&preview.body, "LastName")["taken"], "salesforce");
    assert_eq!(link.status, 201, "{}", link.body);
    let fields = harness.record(&record).await.fields;
    assert_eq!(
        (&fields["company"], &fields["phone"]),
        (&json!("Ours Ltd"), &json!("+49 30 1"))
    );
}

#[tokio::test]
async fn without_access_to_leads_their_links_stay_and_opportunities_are_imported_all_the_same() {
    let harness = LinkHarness::start(&folder(1, 1)).await;
    let record = record_id(RecordKind::Lead, "l");
    harness.put(&record, json!({ "company": "Ours Ltd" })).await;
    harness.link(&record, lead(0), "salesforce").await;
    harness.push().await;
    let before = harness.record(&record).await;
    let access = |visible: bool| json!({ "object": "Lead", "visible": visible });

    harness.app.admin("fls", access(false)).await;
    let full = harness.app.full().await;
    harness
        .app
        .edit(opportunity(1), json!({ "Amount": 7 }))
        .await;
    let hourly = harness.app.hourly().await;

    let ledger = harness.app.ledger().await;
    assert_eq!((full.counts.imported, hourly.counts.updated), (1, 1));
    for run in [full.id, hourly.id] {
        assert_eq!(harness.app.status(run).await, RunStatus::Succeeded);
        assert_eq!(ledger.faults(run), [Code::SfFieldMissing]);
        assert!(
            ledger
                .log(run)
                .iter()
                .any(|entry| entry.message.contains("Lead.Id"))
        );
    }
    assert_eq!(harness.record(&record).await, before);

    harness.app.admin("fls", access(true)).await;
    let shown = harness.app.hourly().await;
    assert_eq!(harness.app.ledger().await.faults(shown.id), []);
}
