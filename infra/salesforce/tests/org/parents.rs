//! Parents that no file holds: record types, profiles, roles, campaigns, price books.

use serde_json::{Value, json};

use crate::fixture::{OPPORTUNITY, Org, account, id, opportunity, small_folder, user, write_csv};

/// The small org with an Opportunity that names a parent of each kind.
async fn org_with_parents() -> Org {
    let folder = small_folder();
    let mut header: Vec<&str> = OPPORTUNITY.to_vec();
    header.extend(["RecordTypeId", "CampaignId", "Pricebook2Id"]);
    let row = |number: u32, parents: [String; 3]| {
        let mut row: Vec<String> = [
            &opportunity(number),
            "false",
            &account(1),
            "Named",
            "",
            "Prospecting",
            "1",
            "2026-03-31",
            &user(2),
            "true",
            "",
            "",
            "2026-01-01T08:00:00.000+0000",
            "2026-01-10T08:00:00.000+0000",
        ]
        .map(str::to_owned)
        .to_vec();
        row.extend(parents);
        row
    };
    write_csv(
        folder.path(),
        "Opportunity",
        &header,
        &[
            row(1, [id("012", 7), id("701", 1), id("01s", 1)]),
            row(
                2,
                [
                    "012000000000000AAA".to_owned(),
                    String::new(),
                    String::new(),
                ],
            ),
            row(3, [id("012", 7), String::new(), String::new()]),
        ],
    );
    Org::of(
        folder.path(),
        salesforce_simulator::OrgOptions::with_own_clock(),
    )
    .await
}

#[tokio::test]
async fn a_parent_that_a_row_names_has_its_id_and_a_name() {
    let org = org_with_parents().await;

    let rows = org
        .rows("SELECT RecordTypeId, RecordType.Id, RecordType.Name, RecordType.DeveloperName, Campaign.Name, Pricebook2.Name FROM Opportunity ORDER BY Id")
        .await;

    let name = |row: usize, parent: &str, field: &str| rows[row][parent][field].clone();
    assert_eq!(name(0, "RecordType", "Id"), json!(id("012", 7)));
    assert_eq!(name(0, "RecordType", "Name"), "Record Type 1");
    assert_eq!(name(0, "RecordType", "DeveloperName"), "Record_Type_1");
    assert_eq!(name(0, "Campaign", "Name"), "Campaign 1");
    assert_eq!(name(0, "Pricebook2", "Name"), "Price Book 1");
    assert_eq!(rows[2]["RecordType"]["Name"], "Record Type 1");
    // The master record type is an id without a row.
    assert_eq!(rows[1]["RecordType"], Value::Null);
    assert_eq!(rows[1]["Campaign"], Value::Null);
}

#[tokio::test]
async fn every_user_has_a_profile_and_its_name_is_read_through_the_owner() {
    let org = org_with_parents().await;

    let owners = org
        .rows("SELECT Owner.Profile.Name, Owner.UserRole.Name FROM Opportunity WHERE Owner.Profile.Name = 'Standard User'")
        .await;

    assert_eq!(owners.len(), 3);
    assert_eq!(owners[0]["Owner"]["Profile"]["Name"], "Standard User");
    assert_eq!(owners[0]["Owner"]["UserRole"], Value::Null);
}

#[tokio::test]
async fn describe_lists_the_record_types_of_an_object_beside_the_master() {
    let org = org_with_parents().await;

    let described = org
        .get("/services/data/v66.0/sobjects/Opportunity/describe")
        .await
        .body;
    let other = org
        .get("/services/data/v66.0/sobjects/Contact/describe")
        .await
        .body;

    let names = |body: &Value| -> Vec<Value> {
        let infos = body["recordTypeInfos"].as_array().expect("infos").clone();
        infos.iter().map(|info| info["name"].clone()).collect()
    };
    assert_eq!(names(&described), ["Record Type 1", "Master"]);
    assert_eq!(names(&other), ["Master"]);
}
