//! SOQL.

use serde_json::json;

use crate::fixture::{DATA, Org, account, contact, opportunity, role};

#[tokio::test]
async fn parents_and_children_come_with_their_rows() {
    let org = Org::small().await;

    let answer = org
        .query(&format!(
            "SELECT Id, Name, Account.Name, Account.Owner.Email, (SELECT Contact.LastName, IsPrimary FROM OpportunityContactRoles WHERE IsPrimary = true) \
             FROM Opportunity WHERE Id = '{}'",
            &opportunity(1)[..15]
        ))
        .await;

    let attributes = |object: &str, id: &str| json!({ "type": object, "url": format!("{DATA}/sobjects/{object}/{id}") });
    assert_eq!(
        answer.body,
        json!({
            "totalSize": 1,
            "done": true,
            "records": [{
                "attributes": attributes("Opportunity", &opportunity(1)),
                "Id": opportunity(1),
                "Name": "Anvils",
                "Account": {
                    "attributes": attributes("Account", &account(1)),
                    "Name": "Acme",
                    "Owner": { "attributes": attributes("User", &crate::fixture::user(1)), "Email": "user1@small.example" },
                },
                "OpportunityContactRoles": {
                    "totalSize": 1,
                    "done": true,
                    "records": [{
                        "attributes": attributes("OpportunityContactRole", &role(1)),
                        "Contact": { "attributes": attributes("Contact", &contact(1)), "LastName": "Kaur" },
                        "IsPrimary": true,
                    }],
                },
            }],
        })
    );
}

#[tokio::test]
async fn a_missing_parent_and_missing_children_are_null() {
    let org = Org::small().await;

    let rows = org
        .rows("SELECT Account.Name, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity WHERE Name = 'rope_1'")
        .await;

    assert_eq!(rows[0]["Account"], json!(null));
    assert_eq!(rows[0]["OpportunityContactRoles"], json!(null));
}

#[tokio::test]
async fn conditions_select_as_salesforce_does() {
    let org = Org::small().await;
    let cases: [(&str, &[&str]); 30] = [
        ("Sync__c = true", &["Anvils", "anvils, more", "Rope_1"]),
        ("Sync__c = null", &["100% steel"]),
        ("Sync__c != true", &["100% steel"]),
        ("Name = 'ANVILS'", &["Anvils"]),
        ("Name LIKE 'anvils%'", &["Anvils", "anvils, more"]),
        ("Name LIKE '100\\%%'", &["100% steel"]),
        ("Name LIKE 'Rope\\_1'", &["Rope_1"]),
        ("(NOT Name LIKE 'a%')", &["100% steel", "Rope_1"]),
        ("Amount > 100", &["Anvils", "anvils, more"]),
        ("Amount = null", &["100% steel"]),
        ("Amount != 40", &["Anvils", "anvils, more", "100% steel"]),
        ("Amount <= 250.5", &["anvils, more", "Rope_1"]),
        ("Account.Name = null", &["Rope_1"]),
        ("Account.Name LIKE 'b%'", &["100% steel"]),
        ("Account.Parent.Name = 'acme'", &["100% steel"]),
        ("AccountId = null", &["Rope_1"]),
        (
            "StageName IN ('closed won', 'Closed Lost')",
            &["anvils, more", "Rope_1"],
        ),
        (
            "StageName NOT IN ('Closed Won', 'Closed Lost')",
            &["Anvils", "100% steel"],
        ),
        ("IsClosed = true AND IsWon = false", &["Rope_1"]),
        (
            "IsClosed = false OR Amount = 40",
            &["Anvils", "100% steel", "Rope_1"],
        ),
        (
            "Sync__c = true AND (Amount = 40 OR Amount = 1000)",
            &["Anvils", "Rope_1"],
        ),
        (
            "SystemModstamp >= 2026-01-12T08:00:00Z",
            &["100% steel", "Rope_1"],
        ),
        ("SystemModstamp > 2026-01-12T09:00:00+01:00", &["Rope_1"]),
        ("SystemModstamp < 2026-01-10T08:00:00Z", &[]),
        ("CloseDate = 2026-03-31 AND Name = 'Anvils'", &["Anvils"]),
        ("SystemModstamp = YESTERDAY", &["Rope_1"]),
        (
            "CloseDate > NEXT_MONTH",
            &["Anvils", "anvils, more", "100% steel", "Rope_1"],
        ),
        ("SystemModstamp = LAST_N_DAYS:2", &["100% steel", "Rope_1"]),
        (
            "Partner_Email__c = ''",
            &["Anvils", "anvils, more", "100% steel", "Rope_1"],
        ),
        (
            "Id IN (SELECT OpportunityId FROM OpportunityContactRole WHERE IsPrimary = true)",
            &["Anvils", "100% steel"],
        ),
    ];

    for (condition, expected) in cases {
        assert_eq!(org.names(condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn ids_match_in_either_length_and_only_in_their_own_case() {
    let org = Org::small().await;
    let (one, two) = (opportunity(1), opportunity(2));

    let both = org
        .names(&format!("Id IN ('{}', '{two}')", &one[..15]))
        .await;
    let other_case = org
        .names(&format!("Id = '{}'", one[..15].replace("Zz", "zZ")))
        .await;
    let by_account = org
        .names(&format!("AccountId = '{}'", &account(1)[..15]))
        .await;

    assert_eq!(both, ["Anvils", "anvils, more"]);
    assert_eq!(other_case, Vec::<String>::new());
    assert_eq!(by_account, ["Anvils", "anvils, more"]);
}

#[tokio::test]
async fn order_limit_and_offset_apply_in_that_order() {
    let org = Org::small().await;

    let nulls_first = org
        .column(
            "SELECT Name, Amount FROM Opportunity ORDER BY Amount",
            "Name",
        )
        .await;
    let nulls_last = org
        .column(
            "SELECT Name FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 2 OFFSET 1",
            "Name",
        )
        .await;
    let by_parent = org
        .column(
            "SELECT Name FROM Opportunity ORDER BY Account.Name NULLS LAST, Name DESC",
            "Name",
        )
        .await;

    assert_eq!(
        nulls_first,
        ["100% steel", "Rope_1", "anvils, more", "Anvils"]
    );
    assert_eq!(nulls_last, ["anvils, more", "Rope_1"]);
    assert_eq!(
        by_parent,
        ["anvils, more", "Anvils", "100% steel", "Rope_1"]
    );
}

#[tokio::test]
async fn counts_and_groups_are_computed() {
    let org = Org::small().await;

    let count = org
        .query("SELECT COUNT() FROM Opportunity WHERE Sync__c = true")
        .await;
    let groups = org
        .query("SELECT AccountId, COUNT(Id) n, SUM(Amount), MAX(Name) FROM Opportunity GROUP BY AccountId HAVING COUNT(Id) > 1")
        .await;

    assert_eq!(
        count.body,
        json!({ "totalSize": 3, "done": true, "records": [] })
    );
    assert_eq!(
        groups.body["records"],
        json!([{ "attributes": { "type": "AggregateResult" }, "AccountId": account(1), "n": 2, "expr0": 1250.5, "expr1": "anvils, more" }])
    );
}

#[tokio::test]
async fn query_all_shows_the_recycle_bin_and_query_does_not() {
    let org = Org::small().await;
    let soql = "SELECT Name, IsDeleted FROM Opportunity WHERE Name = 'Gone'";

    let live = org.query(soql).await;
    let all = org.query_all(soql).await;

    assert_eq!(live.body["totalSize"], 0);
    assert_eq!(all.body["records"][0]["IsDeleted"], true);
}

#[tokio::test]
async fn all_fields_can_be_asked_for_at_once() {
    let org = Org::small().await;

    let rows = org
        .rows("SELECT FIELDS(ALL) FROM Opportunity WHERE Name = 'Anvils' LIMIT 1")
        .await;

    assert_eq!(rows[0]["ExpectedRevenue"], 100.0);
    assert_eq!(rows[0]["Fiscal"], "2026 1");
    assert_eq!(rows[0]["ContactId"], contact(1));
    assert_eq!(rows[0]["Sync__c"], true);
}

#[tokio::test]
async fn the_columns_of_a_query_can_be_described() {
    let org = Org::small().await;

    let answer = org
        .get(&format!(
            "{DATA}/query?q=SELECT+Id,Account.Name+FROM+Opportunity&columns=true"
        ))
        .await;

    assert_eq!(answer.body["entityName"], "Opportunity");
    assert_eq!(answer.body["idSelected"], true);
    assert_eq!(
        answer.body["columnMetadata"][1]["joinColumns"][0]["columnName"],
        "Name"
    );
}
