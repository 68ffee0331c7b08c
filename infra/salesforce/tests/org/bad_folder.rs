//! A folder that cannot be loaded: each problem is one sentence with file, row, field and what to do.

use std::{fs, path::Path};

use salesforce_simulator::OrgFolder;
use tempfile::TempDir;

use crate::fixture::{account, contact, declared, opportunity, small_folder};

fn errors(folder: &Path) -> Vec<String> {
    OrgFolder::load(folder, &declared())
        .expect_err("the folder is bad")
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The small folder with one text replaced by another in one file.
fn changed(file: &str, from: &str, to: &str) -> TempDir {
    let folder = small_folder();
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(&path, text.replacen(from, to, 1)).expect("writable");
    folder
}

#[test]
fn each_problem_is_named_with_file_row_and_field() {
    let own = opportunity(1);
    let broken = format!("{}AAA", &own[..15]);
    let account_1 = account(1);
    let cases: Vec<(&str, &str, &str, String)> = vec![
        ("Opportunity.csv", "\"Prospecting\",\"1000\"", "\"Prospecting\",\"1,5\"", "Opportunity.csv, row 2, field Amount: \"1,5\" should be a number; correct the value".to_owned()),
        ("Opportunity.csv", "\"2026-03-31\"", "\"31.03.2026\"", "Opportunity.csv, row 2, field CloseDate: \"31.03.2026\" should be a date such as 2026-01-31; correct the value".to_owned()),
        ("Opportunity.csv", "\"2026-01-11T08:00:00.000+0000\"", "\"yesterday\"", "Opportunity.csv, row 4, field SystemModstamp: \"yesterday\" should be a date and time such as 2026-01-31T08:00:00.000+0000; correct the value".to_owned()),
        ("Opportunity.csv", "\"false\"", "\"no\"", "Opportunity.csv, row 2, field IsDeleted: \"no\" should be true or false; correct the value".to_owned()),
        ("Opportunity.csv", "\"Anvils\"", "\"\"", "Opportunity.csv, row 2, field Name: is empty, but Salesforce never leaves it so; fill it in".to_owned()),
        ("Opportunity.csv", own.as_str(), broken.as_str(), format!("Opportunity.csv, row 2, field Id: \"{broken}\" should be a Salesforce id of 15 or 18 characters with a right checksum; copy it from Salesforce again")),
        ("Opportunity.csv", own.as_str(), account_1.as_str(), format!("Opportunity.csv, row 2, field Id: {account_1} is not an id of Opportunity: those begin with 006; move the row to the right file")),
        ("Contact.csv", contact(2).leak(), contact(1).leak(), format!("Contact.csv, row 3, field Id: {} is in row 2 already; remove one of the two", contact(1))),
        ("Contact.csv", account_1.as_str(), own.as_str(), format!("Contact.csv, row 2, field AccountId: {own} is the id of another kind of record; it should name a row of Account (001)")),
        ("Opportunity.csv", "\"true\"", "\"maybe\"", "Opportunity.csv, row 2, field Sync__c: \"maybe\" should be true or false; correct the value".to_owned()),
        ("Account.csv", "\"Website\"", "\"Name\"", "Account.csv, row 1, field Name: the column is there twice, and row 2 has \"Acme\" in one and \"https://acme.example\" in the other; remove one".to_owned()),
        ("Account.csv", "\"Id\"", "\"Id__c\"", "Account.csv, row 1, field Id: the column is missing; export the object again with this field".to_owned()),
        ("Account.csv", "\"Cork\",", "", "Account.csv, row 2: has 7 columns where the header has 8; check its commas and quotes".to_owned()),
        ("Account.csv", "\"Cork\"", "\"Co\"rk\"", "Account.csv, row 2: has text after a closing quote; double each quote that belongs to a value".to_owned()),
        ("Account.csv", "\"Cork\"", "Co\"rk", "Account.csv, row 2: has a quote inside a value without quotes; put quotes round it and double the one inside".to_owned()),
        ("Account.csv", "\"Cork\"", "\"Cork", "Account.csv, row 2: has text after a closing quote; double each quote that belongs to a value".to_owned()),
    ];

    for (file, from, to, expected) in cases {
        let folder = changed(file, from, to);
        let found = errors(folder.path());
        assert_eq!(found.first(), Some(&expected), "{from} -> {to}");
    }
}

#[test]
fn a_missing_file_is_named_with_what_to_do() {
    let folder = small_folder();
    fs::remove_file(folder.path().join("Contact.csv")).expect("it is there");

    let found = errors(folder.path());

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "Contact.csv: the file is missing; export Contact from Salesforce into the folder "
        ),
        "{found:?}"
    );
}

#[test]
fn a_damaged_file_is_refused_with_its_line() {
    let folder = small_folder();
    let path = folder.path().join("Account.csv");
    let mut bytes = fs::read(&path).expect("readable");
    let place = bytes
        .windows(4)
        .position(|window| window == b"Cork")
        .expect("it is there");
    bytes[place] = 0xe9;
    fs::write(&path, bytes).expect("writable");

    assert_eq!(
        errors(folder.path()),
        [
            "Account.csv, row 2: has a byte that is not UTF-8, but the rest of the file is; export it again with the encoding Unicode (UTF-8)"
        ]
    );
}

#[test]
fn a_file_without_a_header_and_an_unclosed_quote_are_refused() {
    for (text, expected) in [
        (
            ",,\n1,2,3\n",
            "Account.csv, row 1: has no header; the first row must hold the API names of the fields",
        ),
        (
            "\"Id\",\"Name\"\n\"001",
            "Account.csv, row 2: opens a quote that is never closed; close it",
        ),
    ] {
        let folder = small_folder();
        fs::write(folder.path().join("Account.csv"), text).expect("writable");
        assert_eq!(errors(folder.path())[0], expected);
    }
}

#[test]
fn the_first_twenty_problems_of_a_file_are_listed_and_how_many_more_there_are() {
    let folder = small_folder();
    let rows: String = (0..100)
        .map(|number| format!("\"x{number}\",\"Acme\"\n"))
        .collect();
    fs::write(
        folder.path().join("Account.csv"),
        format!("\"Id\",\"Name\"\n{rows}"),
    )
    .expect("writable");

    fs::write(folder.path().join("Lead.csv"), "\"Id\"\n\"x\"\n").expect("writable");
    let errors = errors(folder.path());

    assert_eq!(errors.len(), 22, "{errors:#?}");
    assert_eq!(
        errors[20],
        "Account.csv: 80 more values or rows are wrong in this file; correct these first"
    );
    assert!(errors[21].starts_with("Lead.csv, row 2, field Id: "));
}

#[test]
fn the_weekly_exports_form_of_dates_and_checkboxes_is_understood() {
    let folder = small_folder();
    let text = format!(
        "\u{feff}\"Id\",\"IsDeleted\",\"Name\",\"StageName\",\"CloseDate\",\"Sync__c\",\"Level__c\",\"SystemModstamp\"\r\n\
         \"{}\",\"0\",\"A\",\"Prospecting\",\"2026-03-31 00:00:00\",\"1\",\"\",\"2026-01-05 08:00:00\"\r\n\
         \"{}\",\"0\",\"B\",\"Custom Stage\",\"2026-03-31\",\"0\",\"3\",\"2026-01-05 08:00:00\"\r\n",
        opportunity(1),
        opportunity(2)
    );
    fs::write(folder.path().join("Opportunity.csv"), text).expect("writable");
    fs::write(
        folder.path().join("OpportunityContactRole.csv"),
        "Id,OpportunityId,ContactId\n",
    )
    .expect("writable");

    let data = OrgFolder::load(folder.path(), &declared()).expect("it is right");

    assert_eq!(
        (
            data.rows("Opportunity"),
            data.rows("Account"),
            data.rows("Nothing")
        ),
        (2, 2, 0)
    );
    assert_eq!(data.identity.my_domain, "small");
}
