//! Delete, undelete, purge, hide, merge, convert.

use serde_json::{Value, json};

use crate::fixture::{DATA, Org, account, contact, lead, opportunity, role};

fn of(object: &str, id: &str) -> Value {
    json!({ "object": object, "id": id })
}

#[tokio::test]
async fn a_deleted_opportunity_is_in_the_bin_until_undeleted_with_a_later_stamp() {
    let org = Org::small().await;
    let id = opportunity(1);
    let soql = format!(
        "SELECT IsDeleted, SystemModstamp, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity WHERE Id = '{id}'"
    );

    org.admin("delete", of("Opportunity", &id)).await;
    let live = org.query(&soql).await.body;
    let binned = org.query_all(&soql).await.body["records"][0].clone();
    org.admin("undelete", of("Opportunity", &id)).await;
    let back = org.query(&soql).await.body["records"][0].clone();

    assert_eq!(live["totalSize"], 0);
    assert_eq!(
        (
            &binned["IsDeleted"],
            &binned["OpportunityContactRoles"]["totalSize"]
        ),
        (&json!(true), &json!(2))
    );
    assert_eq!(
        (
            &back["IsDeleted"],
            &back["OpportunityContactRoles"]["totalSize"]
        ),
        (&json!(false), &json!(2))
    );
    assert!(back["SystemModstamp"].as_str() > binned["SystemModstamp"].as_str());
    assert_eq!(org.row("Opportunity", &id).await["ContactId"], contact(1));
}

#[tokio::test]
async fn a_purged_row_is_gone_even_for_query_all() {
    let org = Org::small().await;

    org.admin("purge", of("Opportunity", &opportunity(1))).await;
    let all = org
        .query_all("SELECT Id FROM Opportunity WHERE Name = 'Anvils'")
        .await;
    let roles = org
        .query_all(&format!(
            "SELECT Id FROM OpportunityContactRole WHERE OpportunityId = '{}'",
            opportunity(1)
        ))
        .await;

    assert_eq!(
        (&all.body["totalSize"], &roles.body["totalSize"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn deleting_an_account_takes_its_opportunities_and_contacts_along_and_back() {
    let org = Org::small().await;

    org.admin("delete", of("Account", &account(1))).await;
    let left = org.names("Sync__c = true OR Sync__c = false").await;
    let parent = org.rows("SELECT Parent.Name FROM Account").await;
    org.admin("undelete", of("Account", &account(1))).await;

    assert_eq!(left, ["100% steel", "Rope_1"]);
    assert_eq!(parent[0]["Parent"], Value::Null);
    // The one that was in the bin before stays there.
    assert_eq!(
        org.names("Sync__c = true OR Sync__c = false").await.len(),
        4
    );
}

#[tokio::test]
async fn a_role_deleted_by_itself_leaves_no_row_but_a_log_entry() {
    let org = Org::small().await;

    org.delete(&format!(
        "{DATA}/sobjects/OpportunityContactRole/{}",
        role(1)
    ))
    .await;
    let all = org.query_all("SELECT Id FROM OpportunityContactRole").await;
    let log = org
        .get(&format!("{DATA}/sobjects/OpportunityContactRole/deleted?start=2026-01-14T00:00:00Z&end=2026-01-15T00:00:00Z"))
        .await;

    assert_eq!(all.body["totalSize"], 3);
    assert_eq!(log.body["deletedRecords"][0]["id"], role(1));
    assert_eq!(
        org.row("Opportunity", &opportunity(1)).await["ContactId"],
        Value::Null
    );
}

#[tokio::test]
async fn a_hidden_row_is_nowhere_until_it_is_shown_again_with_its_stamp() {
    let org = Org::small().await;
    let before = org.row("Contact", &contact(1)).await;

    org.admin("hide", of("Contact", &contact(1))).await;
    let read = org
        .get(&format!("{DATA}/sobjects/Contact/{}", contact(1)))
        .await;
    let written = org
        .patch(
            &format!("{DATA}/sobjects/Contact/{}", contact(1)),
            json!({ "Title": "x" }),
        )
        .await;
    let all = org
        .query_all(&format!(
            "SELECT Id FROM Contact WHERE Id = '{}'",
            contact(1)
        ))
        .await;
    let parent = org
        .rows(&format!(
            "SELECT ContactId, Contact.Name FROM OpportunityContactRole WHERE Id = '{}'",
            role(1)
        ))
        .await;
    org.admin("unhide", of("Contact", &contact(1))).await;

    assert_eq!(
        (read.status, written.status, &all.body["totalSize"]),
        (404, 404, &json!(0))
    );
    assert_eq!(
        (&parent[0]["ContactId"], &parent[0]["Contact"]),
        (&json!(contact(1)), &Value::Null)
    );
    assert_eq!(org.row("Contact", &contact(1)).await, before);
}

#[tokio::test]
async fn a_person_can_edit_a_row_that_the_api_user_does_not_see() {
    let org = Org::small().await;
    org.admin("hide", of("Opportunity", &opportunity(1))).await;

    org.admin(
        "edit",
        json!({ "object": "Opportunity", "id": opportunity(1), "fields": { "Name": "Unseen" } }),
    )
    .await;
    org.admin("unhide", of("Opportunity", &opportunity(1)))
        .await;

    assert_eq!(
        org.row("Opportunity", &opportunity(1)).await["Name"],
        "Unseen"
    );
}

#[tokio::test]
async fn merged_leads_name_the_survivor_and_what_pointed_to_them_points_there() {
    let org = Org::small().await;

    org.admin(
        "merge",
        json!({ "object": "Lead", "winner": lead(1), "losers": [lead(2)] }),
    )
    .await;
    org.admin(
        "merge",
        json!({ "object": "Contact", "winner": contact(1), "losers": [contact(2), contact(3)] }),
    )
    .await;
    let loser = org
        .query_all(&format!(
            "SELECT IsDeleted, MasterRecordId FROM Lead WHERE Id = '{}'",
            lead(2)
        ))
        .await;
    let roles = org
        .column("SELECT ContactId FROM OpportunityContactRole", "ContactId")
        .await;

    let row = &loser.body["records"][0];
    assert_eq!(
        (&row["IsDeleted"], &row["MasterRecordId"]),
        (&json!(true), &json!(lead(1)))
    );
    assert_eq!(roles, vec![json!(contact(1)); 4]);
    assert_eq!(
        org.query("SELECT COUNT() FROM Lead").await.body["totalSize"],
        2
    );
}

#[tokio::test]
async fn a_converted_lead_names_what_came_of_it_and_can_no_longer_be_changed() {
    let org = Org::small().await;

    let made = org
        .admin("convert", json!({ "lead": lead(1), "opportunity": true }))
        .await;
    let row = org.row("Lead", &lead(1)).await;
    let edited = org
        .patch(
            &format!("{DATA}/sobjects/Lead/{}", lead(1)),
            json!({ "Title": "x" }),
        )
        .await;
    let again = org.post("/_org/convert", json!({ "lead": lead(1) })).await;

    let shown: Vec<&Value> = [
        "IsConverted",
        "Status",
        "ConvertedDate",
        "ConvertedOpportunityId",
        "ConvertedAccountId",
        "ConvertedContactId",
    ]
    .iter()
    .map(|field| &row[field])
    .collect();
    assert_eq!(
        json!(shown),
        json!([
            true,
            "Closed - Converted",
            "2026-01-14",
            made["opportunity"],
            made["account"],
            made["contact"]
        ])
    );
    assert_eq!(
        (edited.status, edited.code()),
        (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    );
    assert_eq!(again.status, 400);
    let new = org
        .row("Opportunity", made["opportunity"].as_str().expect("an id"))
        .await;
    assert_eq!(
        json!([
            new["Name"],
            new["StageName"],
            new["CloseDate"],
            new["Amount"],
            new["ContactId"]
        ]),
        json!([
            "Rocks Ltd-",
            "Prospecting",
            "2026-03-31",
            null,
            made["contact"]
        ])
    );
}

#[tokio::test]
async fn a_lead_can_be_converted_without_an_opportunity_or_into_one_that_exists() {
    let org = Org::small().await;

    let without = org
        .admin("convert", json!({ "lead": lead(1), "opportunity": false }))
        .await;
    let into = org
        .admin(
            "convert",
            json!({ "lead": lead(2), "opportunity": opportunity(1) }),
        )
        .await;

    assert_eq!(without["opportunity"], Value::Null);
    assert_eq!(
        org.row("Lead", &lead(1)).await["ConvertedOpportunityId"],
        Value::Null
    );
    assert_eq!(
        (&into["opportunity"], &into["account"]),
        (&json!(opportunity(1)), &json!(account(1)))
    );
    // The Opportunity keeps its primary contact.
    assert_eq!(
        org.row("Opportunity", &opportunity(1)).await["ContactId"],
        contact(1)
    );
    let deleted = org
        .delete(&format!("{DATA}/sobjects/Lead/{}", lead(1)))
        .await;
    assert_eq!(deleted.status, 204);
}
