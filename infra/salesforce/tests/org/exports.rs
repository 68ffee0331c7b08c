//! Folders as Salesforce's weekly export, Data Loader and the sf CLI write them.

use std::{fs, path::Path};

use salesforce_simulator::{
    Declarations, DeclaredField, DeclaredType, Misfits, OrgData, OrgFolder, OrgOptions, OrgServer,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Org, account, declared, lead, opportunity, small_folder};

pub(crate) fn load(folder: &Path, declared: &Declarations) -> OrgData {
    OrgFolder::load(folder, declared).expect("the folder is right")
}

/// The small folder with other files in the place of some of its own.
pub(crate) fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = small_folder();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("writable");
    }
    folder
}

/// The org of such a folder.
pub(crate) async fn org_with(files: &[(&str, &str)], declared: &Declarations) -> Org {
    let folder = folder_with(files);
    let handle = OrgServer::start(load(folder.path(), declared), OrgOptions::with_own_clock())
        .await
        .expect("it can be served");
    Org::at(handle).await
}

/// A mapped field.
fn mapped(path: &str, kind: DeclaredType) -> DeclaredField {
    DeclaredField {
        object: "Opportunity".to_owned(),
        path: path.to_owned(),
        kind,
        misfits: Misfits::MakeText,
        place: "mappings[0]".to_owned(),
    }
}

pub(crate) fn mappings<const N: usize>(fields: [(&str, DeclaredType); N]) -> Declarations {
    let mut declared = declared();
    let fields = fields.into_iter();
    declared
        .fields
        .extend(fields.map(|(path, kind)| mapped(path, kind)));
    declared
}

/// Opportunities with these further columns, one row per list of their cells.
pub(crate) fn opportunities(columns: &str, rows: &[&str]) -> String {
    let mut text = format!("Id,Name,StageName,CloseDate{columns}\n");
    for (number, cells) in (1..).zip(rows) {
        let own = opportunity(number);
        text.push_str(&format!("{own},O{number},Prospecting,2026-03-31{cells}\n"));
    }
    text
}

pub(crate) const NO_ROLES: (&str, &str) = (
    "OpportunityContactRole.csv",
    "Id,OpportunityId,ContactId,IsPrimary\n",
);

#[tokio::test]
async fn an_empty_lookup_of_the_weekly_export_is_no_record() {
    const NONE: &str = "000000000000000AAA";
    let rows = [
        format!(",{NONE},{NONE},{NONE}"),
        ",000000000000000,001000000000000AAA,".to_owned(),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = opportunities(",AccountId,CampaignId,Reseller__c", &rows);

    let org = org_with(&[("Opportunity.csv", &text), NO_ROLES], &declared()).await;

    let soql = "SELECT AccountId, CampaignId, Reseller__c FROM Opportunity";
    for row in org.rows(soql).await {
        for field in ["AccountId", "CampaignId", "Reseller__c"] {
            assert_eq!(row[field], Value::Null, "{row}");
        }
    }
}

#[tokio::test]
async fn headers_are_found_in_any_case_and_spelled_as_the_schema_and_the_declarations_have_them() {
    let text = format!(
        "ID,NAME,STAGENAME,CLOSEDATE,SYNC__C,PO__C\n{},A,Prospecting,2026-03-31,TRUE,7\n",
        opportunity(1)
    );

    let org = org_with(&[("Opportunity.csv", &text), NO_ROLES], &declared()).await;

    let row = org.row("Opportunity", &opportunity(1)).await;
    assert_eq!(
        (&row["Sync__c"], &row["PO__c"]),
        (&json!(true), &json!("7"))
    );
    assert_eq!(org.names("sync__C = true").await, ["A"]);
}

#[tokio::test]
async fn text_that_looks_like_a_number_a_day_or_a_checkbox_is_text_where_nothing_is_declared() {
    let written = [
        "4500012345",
        "1E5",
        "007",
        "4.50",
        "-0",
        "2024",
        "90071992547409931",
        "true",
        "1",
        "2026-01-31",
        "ann@x.example",
    ];
    let rows: Vec<String> = written.iter().map(|cell| format!(",{cell}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    // Each column alone would look like something.
    for row in rows.chunks(1) {
        let text = opportunities(",PO__c", row);
        let org = org_with(&[("Opportunity.csv", &text), NO_ROLES], &declared()).await;

        let read = org.column("SELECT PO__c FROM Opportunity", "PO__c").await;

        assert_eq!(read, [json!(row[0][1..])]);
    }
}

#[tokio::test]
async fn a_declared_field_is_of_its_type_whatever_its_values_look_like() {
    let declared = mappings([
        ("Devices__c", DeclaredType::Number),
        ("Signed__c", DeclaredType::Date),
        ("Seen__c", DeclaredType::DateTime),
        ("Visit__c", DeclaredType::Date),
        ("Urgent__c", DeclaredType::Checkbox),
        ("Tier__c", DeclaredType::Picklist),
        ("Regions__c", DeclaredType::MultiPicklist),
        ("Account.Level__c", DeclaredType::Percent),
    ]);
    let text = opportunities(
        ",AccountId,Devices__c,Signed__c,Seen__c,Visit__c,Urgent__c,Tier__c,Regions__c,Sync__c",
        &[
            &format!(
                ",{},1,2023-05-01 00:00:00,2023-05-01 10:11:12,2023-05-01T10:11:12.000Z,1,1,a;b,1",
                account(1)
            ),
            ",,0,,,,,2,b,",
        ],
    );
    let accounts = format!("Id,Name,Level__c\n{},Acme,20\n", account(1));

    let files = [
        ("Opportunity.csv", &*text),
        ("Account.csv", &accounts),
        NO_ROLES,
    ];
    let org = org_with(&files, &declared).await;

    let soql = "SELECT Devices__c, Signed__c, Seen__c, Visit__c, Urgent__c, Tier__c, Regions__c, Sync__c, Account.Level__c FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;
    let first = json!({
        "Devices__c": 1.0, "Signed__c": "2023-05-01", "Seen__c": "2023-05-01T10:11:12.000+0000",
        "Visit__c": "2023-05-01T10:11:12.000+0000", "Urgent__c": true, "Tier__c": "1", "Regions__c": "a;b",
        "Sync__c": true,
    });
    for (field, value) in first.as_object().unwrap() {
        assert_eq!(&rows[0][field], value, "{field}");
    }
    assert_eq!(rows[0]["Account"]["Level__c"], 20.0);
    // An empty checkbox is off.
    assert_eq!(
        (&rows[1]["Urgent__c"], &rows[1]["Sync__c"]),
        (&json!(false), &json!(false))
    );
}

#[tokio::test]
async fn a_mapped_field_with_a_value_that_its_type_cannot_hold_is_text_where_that_spoils_no_other_value()
 {
    let declared = mappings([
        ("Seats__c", DeclaredType::Number),
        ("Signed__c", DeclaredType::Date),
        ("Urgent__c", DeclaredType::Checkbox),
        ("Mail__c", DeclaredType::Email),
    ]);
    let text = opportunities(
        ",Seats__c,Signed__c,Urgent__c,Mail__c",
        &[
            ",12,2026-01-31,true,ann@x.example",
            ",about forty,soon,perhaps,ann",
        ],
    );

    let org = org_with(&[("Opportunity.csv", &text), NO_ROLES], &declared).await;

    let soql = "SELECT Seats__c, Signed__c, Urgent__c, Mail__c FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;
    for (row, expected) in rows.iter().zip([
        ["12", "2026-01-31", "true", "ann@x.example"],
        ["about forty", "soon", "perhaps", "ann"],
    ]) {
        let fields = ["Seats__c", "Signed__c", "Urgent__c", "Mail__c"];
        assert_eq!(fields.map(|field| row[field].as_str().unwrap()), expected);
    }
}

#[test]
fn a_wrong_value_among_those_that_only_an_export_writes_so_is_named() {
    let declared = mappings([
        ("Signed__c", DeclaredType::Date),
        ("Urgent__c", DeclaredType::Checkbox),
    ]);
    let text = opportunities(
        ",Signed__c,Urgent__c",
        &[",2026-01-31 00:00:00,1", ",soon,perhaps"],
    );
    let folder = folder_with(&[("Opportunity.csv", &text), NO_ROLES]);

    let errors = OrgFolder::load(folder.path(), &declared).expect_err("two values are wrong");

    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "Opportunity.csv, row 3, field Signed__c: \"soon\" should be a date such as 2026-01-31; correct the value",
            "Opportunity.csv, row 3, field Urgent__c: \"perhaps\" should be true or false; correct the value",
        ]
    );
}

#[test]
fn what_is_no_field_is_left_out_and_said_once_per_file() {
    let text = format!(
        "Id,Name,StageName,CloseDate,Account.Name,RecordType.DeveloperName,StageSortOrder,Territory2Id,STATUS,SUCCESS,[ERROR],,\n\
         {},A,Prospecting,2026-03-31,Acme,Channel,2,,Item Updated,true,,,\n\
         {},B,Prospecting,2026-03-31,Acme,Channel,2,,Item Updated,true,,x,\n",
        opportunity(1),
        opportunity(2)
    );
    let leads = format!(
        "_,Id,LastName,Company,Status,STATUS\n[Lead],{},Stone,,Open,Item Created\n",
        lead(1)
    );
    let folder = folder_with(&[("Opportunity.csv", &text), ("Lead.csv", &leads), NO_ROLES]);

    let data = load(folder.path(), &declared());

    assert_eq!(
        data.notices(),
        [
            "Lead.csv: left out what is not a field of Lead here: _, STATUS",
            "Opportunity.csv: left out what is not a field of Opportunity here: Account.Name, RecordType.DeveloperName, StageSortOrder, Territory2Id, STATUS, SUCCESS, [ERROR], column 12 without a name",
        ]
    );
}

#[tokio::test]
async fn a_standard_field_that_somebody_maps_is_kept() {
    let declared = mappings([
        ("StageSortOrder", DeclaredType::Number),
        ("Account.Tier", DeclaredType::Text),
    ]);
    let text = opportunities(
        ",AccountId,StageSortOrder",
        &[&format!(",{},2", account(1))],
    );
    let accounts = format!("Id,Name,Tier\n{},Acme,Gold\n", account(1));

    let files = [
        ("Opportunity.csv", &*text),
        ("Account.csv", &accounts),
        NO_ROLES,
    ];
    let org = org_with(&files, &declared).await;

    let rows = org
        .rows("SELECT StageSortOrder, Account.Tier FROM Opportunity")
        .await;
    assert_eq!(
        (&rows[0]["StageSortOrder"], &rows[0]["Account"]["Tier"]),
        (&json!(2.0), &json!("Gold"))
    );
}

#[tokio::test]
async fn one_column_twice_is_one_if_its_values_agree() {
    let text = opportunities(",NAME,Type", &[",O1,New", ",,"]);

    let org = org_with(&[("Opportunity.csv", &text), NO_ROLES], &declared()).await;

    assert_eq!(org.names("Id != null").await, ["O1", "O2"]);
}

#[tokio::test]
async fn western_and_wide_encodings_give_the_same_names() {
    let text = format!("Id;Name\n{};Almacén Peñón – 50 €\n", account(1));
    let wide: Vec<u8> = format!("\u{feff}{}", text.replace(';', "\t"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let western: Vec<u8> = text
        .chars()
        .map(|c| match c {
            '–' => 0x96,
            '€' => 0x80,
            c => u8::try_from(u32::from(c)).expect("Latin"),
        })
        .collect();
    for (bytes, notices) in [(wide, 0), (western, 1)] {
        let folder = small_folder();
        fs::write(folder.path().join("Account.csv"), bytes).expect("writable");
        let data = load(folder.path(), &declared());
        let read = data
            .notices()
            .iter()
            .filter(|notice| notice.contains("Windows-1252"));
        assert_eq!(read.count(), notices);

        let handle = OrgServer::start(data, OrgOptions::with_own_clock())
            .await
            .expect("it can be served");
        let org = Org::at(handle).await;

        let names = org.column("SELECT Name FROM Account", "Name").await;
        assert_eq!(names, ["Almacén Peñón – 50 €"]);
    }
}

#[test]
fn files_without_rows_and_file_names_in_any_case_are_taken() {
    let folder = folder_with(&[
        ("Account.csv", "\u{feff}"),
        ("Contact.csv", "\"Id\",\"LastName\"\r\n"),
        NO_ROLES,
    ]);
    fs::rename(
        folder.path().join("Opportunity.csv"),
        folder.path().join("OPPORTUNITY.CSV"),
    )
    .expect("it is there");

    let data = load(folder.path(), &declared());

    assert_eq!((data.rows("Account"), data.rows("Opportunity")), (0, 5));
}
