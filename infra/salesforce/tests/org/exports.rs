//! Folders as Salesforce's weekly export, Data Loader and the sf CLI write them.

use std::{fs, path::Path};

use salesforce_simulator::{
    Declarations, DeclaredField, DeclaredType, Misfits, OrgData, OrgFolder, OrgOptions, OrgServer,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Org, account, contact, declared, id, lead, opportunity, role, small_folder};

fn load(folder: &Path, declared: &Declarations) -> OrgData {
    OrgFolder::load(folder, declared).expect("the folder is right")
}

/// The small folder with other files in the place of some of its own.
fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = small_folder();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("writable");
    }
    folder
}

/// The org of such a folder.
async fn org_with(files: &[(&str, &str)], declared: &Declarations) -> Org {
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

fn mappings<const N: usize>(fields: [(&str, DeclaredType); N]) -> Declarations {
    let mut declared = declared();
    let fields = fields.into_iter();
    declared
        .fields
        .extend(fields.map(|(path, kind)| mapped(path, kind)));
    declared
}

/// Opportunities with these further columns, one row per list of their cells.
fn opportunities(columns: &str, rows: &[&str]) -> String {
    let mut text = format!("Id,Name,StageName,CloseDate{columns}\n");
    for (number, cells) in (1..).zip(rows) {
        let own = opportunity(number);
        text.push_str(&format!("{own},O{number},Prospecting,2026-03-31{cells}\n"));
    }
    text
}

const NO_ROLES: (&str, &str) = (
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

#[tokio::test]
async fn rows_that_refer_to_rows_outside_the_folder_load_and_their_parents_cannot_be_read() {
    let (gone, elsewhere) = (id("001", 99), id("003", 99));
    let text = opportunities(
        ",AccountId",
        &[&format!(",{gone}"), &format!(",{}", account(1))],
    );
    let contacts = format!("Id,LastName,ReportsToId\n{},Kaur,{elsewhere}\n", contact(1));
    let roles = format!(
        "Id,OpportunityId,ContactId,IsPrimary\n{},{},{elsewhere},true\n{},{},{elsewhere},false\n",
        role(1),
        opportunity(2),
        role(2),
        id("006", 99),
    );

    let files = [
        ("Opportunity.csv", &*text),
        ("Contact.csv", &contacts),
        ("OpportunityContactRole.csv", &roles),
    ];
    let folder = folder_with(&files);
    let data = load(folder.path(), &declared());
    let told = data.notices();
    assert!(told.contains(&format!("Opportunity.csv: 1 rows name in AccountId a record that is not in Account.csv, as row 2 does with {gone}: they count as records that the integration user cannot read")), "{told:#?}");
    let handle = OrgServer::start(data, OrgOptions::with_own_clock())
        .await
        .expect("it can be served");
    let org = Org::at(handle).await;

    let soql = "SELECT AccountId, Account.Name, (SELECT ContactId, Contact.Name FROM OpportunityContactRoles) FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;

    assert_eq!(
        (&rows[0]["AccountId"], &rows[0]["Account"]),
        (&json!(gone), &Value::Null)
    );
    let role = &rows[1]["OpportunityContactRoles"]["records"][0];
    assert_eq!(
        (&role["ContactId"], &role["Contact"]),
        (&json!(elsewhere), &Value::Null)
    );
}

#[tokio::test]
async fn without_is_primary_the_opportunity_s_contact_says_which_role_is_the_primary_one() {
    let text = opportunities(
        ",ContactId",
        &[
            &format!(",{}", contact(2)),
            ",",
            &format!(",{}", contact(1)),
        ],
    );
    let roles = format!(
        "Id,OpportunityId,ContactId\n{},{one},{}\n{},{one},{}\n{},{two},{}\n",
        role(1),
        contact(1),
        role(2),
        contact(2),
        role(3),
        contact(1),
        one = opportunity(1),
        two = opportunity(2),
    );

    let files = [
        ("Opportunity.csv", &*text),
        ("OpportunityContactRole.csv", &roles),
    ];
    let org = org_with(&files, &declared()).await;

    let soql = "SELECT Opportunity.Name, ContactId FROM OpportunityContactRole WHERE IsPrimary = true ORDER BY Opportunity.Name";
    let primary: Vec<_> = org
        .rows(soql)
        .await
        .into_iter()
        .map(|row| (row["Opportunity"]["Name"].clone(), row["ContactId"].clone()))
        .collect();
    assert_eq!(
        primary,
        [
            (json!("O1"), json!(contact(2))),
            (json!("O3"), json!(contact(1)))
        ]
    );
}

#[tokio::test]
async fn a_path_through_a_custom_lookup_leads_to_the_record_whose_id_the_column_holds() {
    let declared = mappings([
        ("Partner__r.Name", DeclaredType::Text),
        ("Account.Partner_Rep__r.Email", DeclaredType::Email),
        ("Partner__c", DeclaredType::Text),
        ("Empty__r.Name", DeclaredType::Text),
        ("Elsewhere__r.Name", DeclaredType::Text),
        ("Words__r.Name", DeclaredType::Text),
    ]);
    let text = opportunities(
        ",AccountId,PARTNER__C,Empty__c,Elsewhere__c,Words__c",
        &[
            &format!(",{},{},,{},Acme", account(1), account(2), id("a0B", 1)),
            &format!(",{},000000000000000AAA,,,", account(1)),
        ],
    );
    let accounts = format!(
        "Id,Name,Partner_Rep__c\n{},Acme,{}\n{},Resell,\n",
        account(1),
        &contact(1)[..15],
        account(2)
    );
    let files = [
        ("Opportunity.csv", &*text),
        ("Account.csv", &accounts),
        NO_ROLES,
    ];
    let folder = folder_with(&files);
    let data = load(folder.path(), &declared);
    let told = data.notices().join("\n");
    assert!(told.contains("Elsewhere__r.Name (mappings[0]) leads to records whose ids begin with a0B, of which the folder has no file"), "{told}");
    assert!(told.contains("Words__r.Name (mappings[0]) reads Words__c as a lookup, but row 2 holds \"Acme\", which is not an id"), "{told}");
    let handle = OrgServer::start(data, OrgOptions::with_own_clock())
        .await
        .expect("it can be served");
    let org = Org::at(handle).await;

    let soql = "SELECT Partner__c, Partner__r.Name, Account.Partner_Rep__r.Email, Empty__r.Name FROM Opportunity ORDER BY Name";
    let rows = org.rows(soql).await;

    assert_eq!(rows[0]["Partner__r"]["Name"], "Resell");
    assert_eq!(
        rows[0]["Account"]["Partner_Rep__r"]["Email"],
        "leo@acme.example"
    );
    assert_eq!(
        (&rows[1]["Partner__r"], &rows[1]["Empty__r"]),
        (&Value::Null, &Value::Null)
    );
    let refused = org.query("SELECT Words__r.Name FROM Opportunity").await;
    assert_eq!((refused.status, refused.code()), (400, "INVALID_FIELD"));
    let described = org
        .get(&format!(
            "{}/sobjects/Opportunity/describe",
            crate::fixture::DATA
        ))
        .await;
    let field = described.body["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "Partner__c")
        .unwrap();
    assert_eq!(
        (
            &field["type"],
            &field["relationshipName"],
            &field["referenceTo"]
        ),
        (
            &json!("reference"),
            &json!("Partner__r"),
            &json!(["Account"])
        )
    );
}

#[tokio::test]
async fn a_lead_that_an_export_has_without_a_company_can_be_edited() {
    let own = lead(1);
    let leads = format!("Id,LastName,Company,Status\n{own},Stone,,Open - Not Contacted\n");
    let org = org_with(&[("Lead.csv", &leads)], &declared()).await;

    let path = format!("{}/sobjects/Lead/{own}", crate::fixture::DATA);
    let edited = org.patch(&path, json!({ "Title": "Mason" })).await;
    let emptied = org.patch(&path, json!({ "LastName": null })).await;

    assert_eq!((edited.status, emptied.status), (204, 400));
    assert_eq!(emptied.code(), "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn person_accounts_currencies_and_locations_are_fields_where_the_files_have_them() {
    let accounts = format!(
        "Id,Name,IsPersonAccount,FirstName,LastName,PersonEmail,PersonContactId,Loyalty__pc,CurrencyIsoCode,Site__Latitude__s,Site__Longitude__s\n\
         {},,1,Ada,Byron,ada@home.example,{},Gold,EUR,52.5,-13.25\n{},Acme,0,,,,000000000000000AAA,,USD,,\n",
        account(1),
        contact(9),
        account(2)
    );
    let contacts = format!("Id,LastName,IsPersonAccount\n{},Kaur,0\n", contact(1));
    let files = [("Account.csv", &*accounts), ("Contact.csv", &contacts)];

    let org = org_with(&files, &declared()).await;

    let soql = "SELECT Name, IsPersonAccount, PersonContact.Email, Loyalty__pc, CurrencyIsoCode, Site__Latitude__s, Site__Longitude__s FROM Account ORDER BY CurrencyIsoCode";
    let rows = org.rows(soql).await;
    let person = json!({
        "Name": "Ada Byron", "IsPersonAccount": true, "Loyalty__pc": "Gold", "CurrencyIsoCode": "EUR",
        "Site__Latitude__s": 52.5, "Site__Longitude__s": -13.25,
    });
    for (field, value) in person.as_object().unwrap() {
        assert_eq!(&rows[0][field], value, "{field}");
    }
    assert_eq!(rows[0]["PersonContact"]["Email"], "ada@home.example");
    assert_eq!(rows[1]["PersonContact"], Value::Null);
    let refused = org.query("SELECT CurrencyIsoCode FROM Opportunity").await;
    assert_eq!(refused.code(), "INVALID_FIELD");
}
