//! A field that the org lacks, or hides from the integration user, disables its own mapping row and nothing else.

use dealbridge_core::{
    SalesforceId,
    code::Code,
    run::{Run, RunStatus},
    salesforce::FieldPath,
};
use dealbridge_tests::{
    OrgFolder, TestApp,
    folder::{account, opportunity},
    ledger::Ledger,
};
use serde_json::{Value, json};

/// A folder of importable Opportunities whose Deals have these further text fields, each fed through a path.
fn folder(count: usize, rows: &[(&str, &str)]) -> OrgFolder {
    let mut folder = OrgFolder::importable(count);
    for (name, path) in rows {
        let add = |settings: &mut Value, list: &str, row: Value| {
            settings[list].as_array_mut().unwrap().push(row);
        };
        add(
            &mut folder.settings,
            "deal_fields",
            json!({ "name": name, "type": "text" }),
        );
        add(
            &mut folder.settings,
            "mappings",
            json!({ "channeltivity": name, "salesforce": path, "on_create": "to_channeltivity", "on_update": "to_channeltivity" }),
        );
    }
    folder
}

/// Hides a field from the integration user, or shows it again.
pub(crate) async fn access(app: &TestApp, object: &str, field: Option<&str>, visible: bool) {
    let mut order = json!({ "object": object, "visible": visible });
    if let Some(field) = field {
        order["field"] = json!(field);
    }
    app.admin("fls", order).await;
}

async fn edit_account(app: &TestApp, fields: Value) {
    let edit = json!({ "object": "Account", "id": account(1), "fields": fields });
    app.admin("edit", edit).await;
}

pub(crate) fn value(ledger: &Ledger, id: SalesforceId, field: &str) -> Value {
    let record = ledger.linked(id).unwrap();
    record.fields.get(field).cloned().unwrap_or(Value::Null)
}

/// A run's messages with a code.
pub(crate) fn messages(ledger: &Ledger, run: &Run, code: Code) -> Vec<String> {
    let entries = ledger.log(run.id).into_iter();
    entries
        .filter(|entry| entry.code == code)
        .map(|entry| entry.message)
        .collect()
}

#[tokio::test]
async fn a_hidden_account_keeps_the_deal_s_value_until_it_can_be_read_again() {
    let app = TestApp::start(&folder(1, &[("site", "Account.Site")])).await;
    let id = opportunity(1);
    edit_account(&app, json!({ "Site": "Berlin" })).await;
    app.full().await;
    let row = json!({ "object": "Account", "id": account(1) });

    app.admin("hide", row.clone()).await;
    app.edit(id, json!({ "Amount": 7 })).await;
    let hidden = app.hourly().await;

    let ledger = app.ledger().await;
    assert_eq!(app.status(hidden.id).await, RunStatus::Succeeded);
    assert_eq!((hidden.counts.updated, hidden.counts.failed), (1, 0));
    assert_eq!(value(&ledger, id, "site"), json!("Berlin"));
    assert_eq!(value(&ledger, id, "amount"), json!(7));
    let said = messages(&ledger, &hidden, Code::ValueHidden);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("Account.Site") && said[0].contains(account(1).as_str()),
        "{said:?}"
    );

    app.admin("unhide", row).await;
    edit_account(&app, json!({ "Site": "" })).await;
    app.edit(id, json!({ "Amount": 8 })).await;
    let shown = app.hourly().await;

    let ledger = app.ledger().await;
    assert_eq!(value(&ledger, id, "site"), Value::Null);
    assert_eq!(
        messages(&ledger, &shown, Code::ValueHidden),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn each_hidden_field_keeps_its_values_is_said_once_and_flows_again_when_it_is_shown() {
    let rows = [
        ("site", "Account.Site"),
        ("phone", "account.PHONE"),
        ("owner", "Owner.Email"),
        ("account_owner", "Account.Owner.Email"),
    ];
    let app = TestApp::start(&folder(2, &rows)).await;
    let id = opportunity(1);
    edit_account(&app, json!({ "Site": "Berlin", "Phone": "1" })).await;
    app.full().await;

    for (round, (object, field, names)) in [
        ("Opportunity", Some("Amount"), vec!["amount <- Amount"]),
        ("Opportunity", Some("Seats__c"), vec!["seats <- Seats__c"]),
        ("Opportunity", Some("Notes__c"), vec!["notes <- Notes__c"]),
        ("Account", Some("Site"), vec!["site <- Account.Site"]),
        ("Account", Some("Phone"), vec!["phone <- account.PHONE"]),
        (
            "User",
            Some("Email"),
            vec![
                "owner <- Owner.Email",
                "account_owner <- Account.Owner.Email",
            ],
        ),
        (
            "User",
            None,
            vec![
                "owner <- Owner.Email",
                "account_owner <- Account.Owner.Email",
            ],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let place = format!("{object}.{field:?}");
        let before = app.ledger().await;
        let edit = |n: usize| json!({ "Amount": n, "Seats__c": n.to_string(), "Notes__c": format!("note {n}") });
        access(&app, object, field, false).await;
        app.edit(id, edit(round * 2 + 1)).await;
        edit_account(
            &app,
            json!({ "Site": format!("site {round}"), "Phone": format!("{round}") }),
        )
        .await;

        let run = app.hourly().await;

        let ledger = app.ledger().await;
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{place}");
        let said = messages(&ledger, &run, Code::SfFieldMissing);
        assert_eq!(said.len(), names.len(), "{place}: {said:?}");
        for name in &names {
            let about = said.iter().filter(|said| said.contains(name)).count();
            assert_eq!(about, 1, "{place}: {said:?}");
        }
        assert!(said.iter().all(|said| said.contains(object)), "{said:?}");
        let hidden: Vec<&str> = names
            .iter()
            .filter_map(|name| name.split(" <- ").next())
            .collect();
        for known in [
            "amount",
            "seats",
            "notes",
            "site",
            "phone",
            "owner",
            "account_owner",
        ] {
            let (was, is) = (value(&before, id, known), value(&ledger, id, known));
            if hidden.contains(&known) {
                assert_eq!(is, was, "{place}: {known}");
            } else if !known.contains("owner") {
                assert_ne!(is, was, "{place}: {known}");
            }
        }

        access(&app, object, field, true).await;
        app.edit(id, edit(round * 2 + 2)).await;
        let shown = app.hourly().await;

        let ledger = app.ledger().await;
        assert_eq!(ledger.faults(shown.id), [], "{place}");
        assert_eq!(
            value(&ledger, id, "amount"),
            json!(round * 2 + 2),
            "{place}"
        );
        assert_eq!(
            value(&ledger, id, "site"),
            json!(format!("site {round}")),
            "{place}"
        );
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
    }
}

#[tokio::test]
async fn a_field_of_one_object_is_not_taken_for_that_of_another() {
    let rows = [
        ("account_notes", "Account.Notes__c"),
        ("owner_notes", "Owner.NOTES__C"),
        ("rep", "Account.Partner_Rep__r.Email"),
        ("role", "Owner.Nothing__r.Name"),
        ("account_name", "Account.Name"),
    ];
    let app = TestApp::start(&folder(3, &rows)).await;

    let run = app.full().await;

    let ledger = app.ledger().await;
    assert_eq!((run.counts.imported, run.counts.failed), (3, 0));
    assert_eq!(
        (
            value(&ledger, opportunity(1), "notes"),
            value(&ledger, opportunity(1), "account_name")
        ),
        (json!("met at the fair"), json!("Acme"))
    );
    let said = messages(&ledger, &run, Code::SfFieldMissing);
    assert_eq!(said.len(), 4, "{said:?}");
    for (row, place) in [
        ("account_notes <- Account.Notes__c", "Account.Notes__c"),
        ("owner_notes <- Owner.NOTES__C", "User.NOTES__C"),
        (
            "rep <- Account.Partner_Rep__r.Email",
            "Account.Partner_Rep__r",
        ),
        ("role <- Owner.Nothing__r.Name", "User.Nothing__r"),
    ] {
        let of_row: Vec<&String> = said.iter().filter(|said| said.contains(row)).collect();
        let [of_row] = of_row.as_slice() else {
            panic!("{row}: {said:?}")
        };
        assert!(of_row.contains(&format!("no field {place},")), "{of_row}");
    }
}

#[tokio::test]
async fn what_nobody_mapped_is_not_read_and_may_be_hidden() {
    let mut folder = folder(2, &[]);
    folder.settings["distributor_module"] = json!({ "enabled": false });
    let fields = folder.settings["fields"].as_object_mut().unwrap();
    fields.retain(|name, _| !matches!(name.as_str(), "distributor_email" | "deal_owner_type"));
    folder.without = vec!["Distributor__c", "Owner_Type__c"];
    let app = TestApp::start(&folder).await;
    for (object, field) in [
        ("Contact", "Title"),
        ("Contact", "Phone"),
        ("Contact", "FirstName"),
        ("OpportunityContactRole", "Role"),
        ("Account", "Phone"),
        ("Account", "Website"),
        ("Opportunity", "StageName"),
        ("Opportunity", "Description"),
    ] {
        access(&app, object, Some(field), false).await;
    }

    let run = app.full().await;

    assert_eq!((run.counts.imported, run.counts.failed), (2, 0));
    assert_eq!(app.ledger().await.faults(run.id), []);
}

#[tokio::test]
async fn without_the_distributor_module_its_fields_may_be_named_and_not_be_there() {
    let mut folder = folder(1, &[]);
    folder.settings["distributor_module"] = json!({ "enabled": false });
    folder.without = vec!["Distributor__c", "Owner_Type__c"];
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    assert_eq!(run.counts.imported, 1);
    assert_eq!(app.ledger().await.faults(run.id), []);
}

#[tokio::test]
async fn a_contact_s_hidden_address_is_said_and_stops_no_import() {
    let app = TestApp::start(&folder(2, &[])).await;
    access(&app, "Contact", Some("Email"), false).await;

    let run = app.full().await;

    let ledger = app.ledger().await;
    assert_eq!((run.counts.imported, run.counts.failed), (2, 0));
    let said = messages(&ledger, &run, Code::SfFieldMissing);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("Contact.Email"), "{said:?}");
    let contact = ledger
        .linked(opportunity(1))
        .unwrap()
        .contact
        .clone()
        .unwrap();
    assert_eq!((contact.name.as_str(), contact.email), ("Con Tact1", None));
}

#[tokio::test]
async fn a_flag_that_cannot_be_read_stops_the_run_and_is_named_with_its_setting() {
    for (field, names) in [
        ("Sync__c", "fields.sync_flag"),
        ("Export__c", "fields.import_flag"),
    ] {
        let app = TestApp::start(&folder(1, &[])).await;
        access(&app, "Opportunity", Some(field), false).await;

        let run = app.full().await;

        assert_eq!(app.status(run.id).await, RunStatus::Failed, "{field}");
        let ledger = app.ledger().await;
        assert_eq!(ledger.faults(run.id), [Code::SfFieldMissing], "{field}");
        let said = messages(&ledger, &run, Code::SfFieldMissing);
        assert!(said[0].contains(names), "{field}: {said:?}");

        access(&app, "Opportunity", Some(field), true).await;
        let next = app.hourly().await;
        assert_eq!(next.counts.imported, 1, "{field}");
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_found_before_the_first_query_and_named_with_its_setting() {
    let path = |name: &str| FieldPath::parse(name).unwrap();
    for (flag, partner, names) in [
        ("Product__c", "Partner__c", vec!["fields.import_flag"]),
        ("Export__c", "CloseDate", vec!["fields.partner_email"]),
        (
            "Amount",
            "CloseDate",
            vec!["fields.import_flag", "fields.partner_email"],
        ),
    ] {
        let app = TestApp::start(&folder(1, &[])).await;
        app.set(|settings| {
            settings.fields.import_flag = path(flag);
            settings.fields.partner_email = path(partner);
        })
        .await;
        let before = app.salesforce.usage().total();

        let run = app.full().await;

        let calls = app.salesforce.usage().total() - before;
        assert_eq!(app.status(run.id).await, RunStatus::Failed);
        let ledger = app.ledger().await;
        let said = messages(&ledger, &run, Code::SfFieldTypeWrong);
        assert_eq!(said.len(), names.len(), "{said:?}");
        for name in &names {
            let about = said.iter().filter(|said| said.contains(name)).count();
            assert_eq!(about, 1, "{said:?}");
        }
        // One call for the login, one for the describe.
        assert!(calls <= 2, "{calls}");
    }
}

#[tokio::test]
async fn an_hourly_run_fails_too_that_meets_a_flag_which_is_no_checkbox() {
    let app = TestApp::start(&folder(1, &[])).await;
    app.full().await;
    app.set(|settings| settings.fields.import_flag = FieldPath::parse("Product__c").unwrap())
        .await;
    app.edit(opportunity(1), json!({ "Amount": 7 })).await;

    let run = app.hourly().await;

    assert_eq!(app.status(run.id).await, RunStatus::Failed);
    let said = messages(&app.ledger().await, &run, Code::SfFieldTypeWrong);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("fields.import_flag"), "{said:?}");
}

#[tokio::test]
async fn an_org_with_one_currency_imports_though_the_settings_list_some() {
    let mut folder = folder(2, &[]);
    folder.settings["currencies"] = json!(["EUR", "USD"]);
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    assert_eq!((run.counts.imported, run.counts.failed), (2, 0));
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    assert_eq!(app.ledger().await.faults(run.id), [Code::SfNoCurrencies]);
}
