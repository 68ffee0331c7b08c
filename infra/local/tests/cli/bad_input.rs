//! Bad input: a clear sentence with file, row, field and what to do, exit code 1, nothing half done.

use crate::place::{Folder, command, dealbridge, ended, text};

#[test]
fn a_folder_that_is_none_is_named_with_what_it_should_hold() {
    dealbridge(&["sync", "--org", "no-such-folder"]).refused_with(&[
        "no-such-folder is not a folder",
        "Opportunity.csv",
        "channeltivity.json",
    ]);
}

#[test]
fn a_missing_file_is_named_with_what_to_do() {
    let folder = Folder::new();
    std::fs::remove_file(folder.file("Contact.csv")).unwrap();

    folder.sync().refused_with(&[
        "Contact.csv",
        "the file is missing; export Contact from Salesforce",
    ]);
}

#[test]
fn a_malformed_row_is_named_with_file_and_line() {
    let folder = Folder::new();
    folder.edit(
        "Account.csv",
        "\"Corvid Logistics\",",
        "\"Corvid Logistics\",\"x\",",
    );

    folder
        .sync()
        .refused_with(&["Account.csv, row 3", "check its commas and quotes"]);
}

#[test]
fn an_unknown_column_is_left_out_and_named_once_with_its_object() {
    let folder = Folder::new();
    folder.edit("Account.csv", "\"Type\"", "\"Kynd\"").edit(
        "Account.csv",
        "\"Industry\"",
        "\"Trade\"",
    );

    let ended = folder.sync();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = "Account.csv: left out what is not a field of Account here: Kynd, Trade";
    assert_eq!(ended.err.matches(told).count(), 1, "{ended:?}");
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_row_and_field() {
    let folder = Folder::new();
    folder.edit("Opportunity.csv", "\"2026-06-15\"", "\"soon\"");

    folder.sync().refused_with(&[
        "Opportunity.csv, row 2, field CloseDate",
        "\"soon\" should be a date such as",
    ]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::new();
    folder
        .edit("Account.csv", "001aP00000003rUQAQ", "001aP00000003rUQAA")
        .edit("Lead.csv", "00QaP000000033wUAA", "00QaP000000033wU")
        .edit("Opportunity.csv", "\"true\",\"true\"", "\"maybe\",\"true\"")
        .edit("Opportunity.csv", "\"2026-06-15\"", "\"soon\"")
        .edit("channeltivity.json", "[\"grp-admins\"]", "[\"grp-nobody\"]");

    folder.sync().refused_with(&[
        "Account.csv, row 2, field Id",
        "Lead.csv, row 2, field Id",
        "Opportunity.csv, row 2, field CloseDate",
        "Opportunity.csv, row 2, field Sync_to_Portal__c: \"maybe\" should be true or false",
        "channeltivity.json: users[0].groups: there is no group \"grp-nobody\"",
    ]);
}

#[test]
fn a_broken_channeltivity_json_is_told_with_line_place_and_what_to_do() {
    let cases: [(&str, &str, &[&str]); 12] = [
        (
            "{\n  \"settings\"",
            "{\n  settings",
            &[
                "line 2, column 3",
                "look for a missing bracket, quote or comma",
            ],
        ),
        (
            "\"my_domain\"",
            "\"my_domian\"",
            &["line 4", "unknown field `my_domian`", "correct it there"],
        ),
        (
            "\"enabled\": true",
            "\"enabled\": \"yes\"",
            &["settings.distributor_module.enabled", "expected a boolean"],
        ),
        (
            "00DaP000000000VUAQ",
            "006aP00000008G0QAI",
            &["settings.organization_id", "begins with 00D"],
        ),
        (
            "\"owner\": \"usr-rosa\"",
            "\"owner\": \"usr-rose\"",
            &["leads[0].owner", "there is no user \"usr-rose\""],
        ),
        (
            "Register_as_Deal__c",
            "Sync_to_Portal__c",
            &[
                "settings.fields.import_flag",
                "already named by fields.sync_flag",
            ],
        ),
        (
            "\"max_length\": 120",
            "\"max_length\": 0",
            &["settings.deal_fields[0].max_length", "at least 1"],
        ),
        (
            "\"sensor pack\": \"Sensor Pack\"",
            "\"sensor pack\": \"Sensors\"",
            &[
                "settings.mappings[4].values",
                "not in the values of \"product\"",
            ],
        ),
        (
            "\"modules\": [\"deal_registration\"]",
            "\"modules\": [\"deal_registrations\"]",
            &[
                "groups[1].modules",
                "there is no module \"deal_registrations\"",
            ],
        ),
        (
            "\"groups\": [\"grp-channel\"]",
            "\"groups\": [\"grp-partner-sales\"]",
            &["users[1].groups", "a group of another type"],
        ),
        (
            "\"devices\": 30",
            "\"devises\": 30",
            &["leads[0].fields.devises", "there is no such field"],
        ),
        (
            "\"devices\": 30",
            "\"devices\": \"thirty\"",
            &["leads[0].fields.devices", "takes a number, not \"thirty\""],
        ),
    ];
    for (from, to, parts) in cases {
        let folder = Folder::new();
        folder.edit("channeltivity.json", from, to);

        let ended = folder.sync();

        ended.refused_with(&["channeltivity.json"]);
        ended.refused_with(parts);
    }
}

#[test]
fn a_fixed_value_for_a_field_that_the_org_lacks_is_refused() {
    let folder = Folder::new();
    folder.edit(
        "channeltivity.json",
        "    \"mappings\": [",
        "    \"fixed_values\": [{\"salesforce\": \"Nothing__c\", \"value\": \"x\"}],\n    \"mappings\": [",
    );
    folder.sync().refused_with(&[
        "channeltivity.json: settings.fixed_values[0].salesforce",
        "Salesforce has no Nothing__c on Opportunity",
    ]);
}

#[test]
fn a_byte_order_mark_before_channeltivity_json_is_no_part_of_it() {
    let folder = Folder::new();
    folder.edit(
        "channeltivity.json",
        "{\n  \"settings\"",
        "\u{feff}{\n  \"settings\"",
    );

    let ended = folder.sync();

    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[test]
fn a_missing_channeltivity_json_is_told_with_what_it_holds() {
    let folder = Folder::new();
    std::fs::remove_file(folder.file("channeltivity.json")).unwrap();

    folder.sync().refused_with(&[
        "channeltivity.json: cannot be read",
        "settings, organizations, groups and users",
    ]);
}

#[test]
fn a_busy_port_is_told_before_anything_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");

    dealbridge(&["up", "--port", &port, "--data-dir", text(&data)]).refused_with(&[
        &format!("the port {port} of 127.0.0.1 is in use by another program"),
        "--port 0",
    ]);

    assert!(!data.exists());
}

#[test]
fn a_bad_folder_leaves_the_data_directory_as_it_was() {
    let folder = Folder::new();
    folder.edit("Opportunity.csv", "\"2026-06-15\"", "\"soon\"");
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");

    dealbridge(&["sync", "--org", folder.path(), "--data-dir", text(&data)])
        .refused_with(&["field CloseDate"]);

    assert!(!data.exists());
}

#[test]
fn a_data_directory_that_cannot_be_one_is_named() {
    let folder = Folder::new();
    let file = folder.file("Account.csv");

    dealbridge(&["sync", "--data-dir", text(&file)]).refused_with(&[
        "the data directory",
        "Account.csv cannot be used",
        "choose another --data-dir",
    ]);
}

#[test]
fn an_unset_variable_is_named_with_what_is_needed() {
    let mut sync = command(&["sync", "--salesforce-url", "https://acme.my.salesforce.com"]);
    sync.env("SALESFORCE_CLIENT_ID", "id");

    ended(sync).refused_with(&["SALESFORCE_CLIENT_SECRET is not set", "SALESFORCE_USERNAME"]);
}

#[test]
fn an_address_that_is_none_is_named_by_its_option() {
    let mut sync = command(&["sync", "--salesforce-url", "acme"]);
    sync.env("SALESFORCE_CLIENT_ID", "id")
        .env("SALESFORCE_CLIENT_SECRET", "secret");

    ended(sync).refused_with(&["--salesforce-url cannot be used"]);
}

#[test]
fn unknown_arguments_fail_like_everything_else_and_help_does_not() {
    dealbridge(&["sync", "--jsn"]).refused_with(&["--jsn"]);
    dealbridge(&["synchronize"]).refused_with(&["synchronize"]);
    dealbridge(&["up", "--port", "http"]).refused_with(&["--port"]);

    let help = dealbridge(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    assert!(help.out.contains("sync") && help.out.contains("explain"));
}
