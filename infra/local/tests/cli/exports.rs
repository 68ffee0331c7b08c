//! Whole exports of an org, in the form of each tool.

use serde_json::{Value, json};

use crate::{
    export::{Tool, id},
    place::{dealbridge, text},
    up::up,
};

/// The answer of one full run of the export.
fn report(tool: Tool) -> (Value, String) {
    let folder = tool.export();
    let ended = dealbridge(&["sync", "--json", "--org", text(folder.path())]);
    assert_eq!(ended.code, Some(0), "{tool:?}: {ended:?}");
    (ended.json(), ended.err)
}

#[test]
fn one_org_imports_alike_from_the_export_of_every_tool() {
    for tool in [
        Tool::WeeklyExport,
        Tool::DataLoader,
        Tool::SfQuery,
        Tool::Excel,
        Tool::ExcelUnicode,
    ] {
        let (report, told) = report(tool);

        let counts = &report["counts"];
        assert_eq!(
            [
                &counts["listed"],
                &counts["imported"],
                &counts["failed"],
                &counts["left"]
            ],
            [&json!(460), &json!(320), &json!(140), &json!(0)],
            "{tool:?}: {report} {told}"
        );
        assert_eq!(
            report["codes"],
            json!({
                "ACCOUNT_MISSING": 20, "ACCOUNT_NOT_ACCESSIBLE": 20, "CONTACT_MISSING": 20,
                "CURRENCY_NOT_SUPPORTED": 20, "PRIMARY_CONTACT_MISSING": 20,
                "PRIMARY_CONTACT_NOT_ACCESSIBLE": 20, "SYNC_FLAG_NOT_SET": 20,
            }),
            "{tool:?}: {told}"
        );
    }
}

#[test]
fn what_a_weekly_export_leaves_open_is_said_once_per_file() {
    let (_, told) = report(Tool::WeeklyExport);

    for file in ["Account", "Contact", "Lead", "Opportunity", "User"] {
        let left_out = format!("{file}.csv: left out what is not a field of {file} here: ");
        assert_eq!(told.matches(&left_out).count(), 1, "{told}");
    }
    assert!(
        told.contains("OpportunityContactRole.csv: says of no role whether it is the primary one"),
        "{told}"
    );
    assert_eq!(
        told.matches("was read as Windows-1252").count(),
        2,
        "{told}"
    );
}

#[test]
#[cfg(unix)]
fn the_values_of_a_weekly_export_reach_the_deals_as_they_are_and_a_restart_changes_none() {
    let folder = Tool::WeeklyExport.export();
    let data = tempfile::tempdir().unwrap();
    let arguments = [
        "up",
        "--port",
        "0",
        "--org",
        text(folder.path()),
        "--data-dir",
        text(data.path()),
    ];
    let deal = |served: &crate::up::Served, number: u32| {
        let own = id("006", number).to_string();
        let mut cursor = String::new();
        loop {
            let page = served.get_as("ada@vendor.example", &format!("/deals?limit=200{cursor}"));
            let found = page["items"].as_array().unwrap().iter();
            if let Some(deal) = found
                .into_iter()
                .find(|deal| deal["link"]["salesforce"]["id"] == own)
            {
                return deal.clone();
            }
            let next = page["cursor"].as_str().expect("the Deal is on some page");
            cursor = format!("&cursor={next}");
        }
    };

    let mut first = up(&arguments);
    let company = deal(&first, 11);
    let person = deal(&first, 34);
    assert_eq!(first.stop("-TERM"), Some(0));

    assert_eq!(
        company["fields"],
        json!({
            "name": "Señal Ibérica 11; 50 tiendas", "stage": "Qualification", "amount": 1200.5,
            "close_date": "2026-09-12", "notes": "Próxima visita:\njueves, \"señalización\"\t– 10 €",
            "po": "4500000011", "devices": 1, "urgent": false, "signed": "2026-04-12T10:11:12Z",
            "reseller": "Almacén Peñón 3 – \"Süd\"", "rep": "wren13@harrow.example", "latitude": 40.4167,
        })
    );
    assert_eq!(company["account"]["name"], "Almacén Peñón 12 – \"Süd\"");
    assert_eq!(
        (&person["account"]["name"], &person["fields"]["person"]),
        (&json!("Inés Núñez"), &json!("ines@home.example"))
    );
    let mut second = up(&arguments);
    assert!(
        second.printed.contains("unchanged      320"),
        "{}",
        second.printed
    );
    assert_eq!(deal(&second, 11)["fields"], company["fields"]);
    assert_eq!(second.stop("-TERM"), Some(0));
}
