//! Field-level security and object permissions of the API user.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, account, contact, opportunity};

async fn hide(org: &Org, object: &str, field: &str) {
    org.admin("fls", json!({ "object": object, "field": field }))
        .await;
}

async fn described(org: &Org, object: &str) -> Vec<String> {
    let answer = org.get(&format!("{DATA}/sobjects/{object}/describe")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let fields = answer.body["fields"].as_array().expect("fields").clone();
    fields
        .iter()
        .filter_map(|field| field["name"].as_str().map(str::to_owned))
        .collect()
}

fn refusal(answer: &Answer) -> (u16, &str, &str) {
    let message = answer.body[0]["message"].as_str().unwrap_or_default();
    let reason = message.rsplit('\n').next().unwrap_or_default();
    (answer.status, answer.code(), reason)
}

const NO_TITLE: &str = "No such column 'Title' on entity 'Contact'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";

#[tokio::test]
async fn a_hidden_field_is_no_column_of_its_entity_wherever_a_query_names_it() {
    let org = Org::small().await;
    hide(&org, "contact", "title").await;

    let queries = [
        "SELECT Id, Title FROM Contact",
        "SELECT Id FROM Contact WHERE Title = 'x'",
        "SELECT Id FROM Contact ORDER BY Title",
        "SELECT Title, COUNT(Id) FROM Contact GROUP BY Title",
        "SELECT Id, Contact.Title FROM OpportunityContactRole",
        "SELECT Id FROM OpportunityContactRole WHERE Contact.Title = 'x'",
        "SELECT Id, (SELECT Contact.Title FROM OpportunityContactRoles) FROM Opportunity",
    ];

    for query in queries {
        assert_eq!(
            refusal(&org.query(query).await),
            (400, "INVALID_FIELD", NO_TITLE),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_hidden_field_is_in_no_describe_no_row_and_no_list_of_all_fields() {
    let org = Org::small().await;
    hide(&org, "Account", "Website").await;

    let names = described(&org, "Account").await;
    let row = org.row("Account", &account(1)).await;
    let all = org
        .rows("SELECT FIELDS(ALL) FROM Account ORDER BY Id LIMIT 1")
        .await;
    let path = format!("{DATA}/composite/sobjects/Account");
    let body = json!({ "ids": [account(1)], "fields": ["Id", "Website"] });
    let listed = org.post(&path, body).await;

    assert!(names.contains(&"Name".to_owned()) && !names.contains(&"Website".to_owned()));
    for row in [&row, &all[0]] {
        assert_eq!(row["Name"], "Acme");
        assert_eq!(row.get("Website"), None);
    }
    assert_eq!(
        refusal(&listed),
        (
            400,
            "INVALID_FIELD",
            "No such column 'Website' on sobject of type Account"
        )
    );
}

#[tokio::test]
async fn a_hidden_field_cannot_be_written_and_a_read_only_one_says_so() {
    let org = Org::small().await;
    hide(&org, "Account", "Website").await;
    org.admin(
        "fls",
        json!({ "object": "Account", "field": "Phone", "access": "read" }),
    )
    .await;
    let path = format!("{DATA}/sobjects/Account/{}", account(1));

    let hidden = org.patch(&path, json!({ "Website": "x" })).await;
    let read_only = org.patch(&path, json!({ "Phone": "1" })).await;
    let created = org
        .post(
            &format!("{DATA}/sobjects/Account"),
            json!({ "Name": "x", "Phone": "1" }),
        )
        .await;
    let person = json!({ "object": "Account", "id": account(1), "fields": { "Phone": "2" } });
    org.admin("edit", person).await;
    let row = org.row("Account", &account(1)).await;

    assert_eq!(
        refusal(&hidden),
        (
            400,
            "INVALID_FIELD",
            "No such column 'Website' on sobject of type Account"
        )
    );
    for answer in [read_only, created] {
        assert_eq!(
            refusal(&answer),
            (
                400,
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: Phone. Please check the security settings of this field and verify that it is read/write for your profile or permission set."
            )
        );
        assert_eq!(answer.body[0]["fields"], json!(["Phone"]));
    }
    assert_eq!(row["Phone"], "2");
}

#[tokio::test]
async fn a_hidden_object_is_no_type_and_no_relationship_and_references_to_it_stay() {
    let org = Org::small().await;
    org.admin("fls", json!({ "object": "Account" })).await;

    let direct = org.query("SELECT Id FROM Account").await;
    let path = org.query("SELECT Id, Account.Name FROM Opportunity").await;
    let filtered = org
        .query("SELECT Id FROM Opportunity WHERE Account.Name = 'Acme'")
        .await;
    let row = org
        .get(&format!("{DATA}/sobjects/Account/{}", account(1)))
        .await;
    let describe = org.get(&format!("{DATA}/sobjects/Account/describe")).await;
    let list = org.get(&format!("{DATA}/sobjects")).await;
    let reference = org
        .column(
            &format!(
                "SELECT AccountId FROM Opportunity WHERE Id = '{}'",
                opportunity(1)
            ),
            "AccountId",
        )
        .await;

    assert_eq!(
        refusal(&direct),
        (
            400,
            "INVALID_TYPE",
            "sObject type 'Account' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        )
    );
    for answer in [path, filtered] {
        assert_eq!(
            refusal(&answer),
            (
                400,
                "INVALID_FIELD",
                "Didn't understand relationship 'Account' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
            )
        );
    }
    assert_eq!((row.status, describe.status), (404, 404));
    let names: Vec<&Value> = list.body["sobjects"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|object| &object["name"])
        .collect();
    assert!(names.contains(&&json!("Contact")) && !names.contains(&&json!("Account")));
    assert_eq!(reference, [json!(account(1))]);
}

#[tokio::test]
async fn a_hidden_lookup_takes_its_relationship_along_in_both_directions() {
    let org = Org::small().await;
    hide(&org, "Opportunity", "AccountId").await;

    let up = org.query("SELECT Account.Name FROM Opportunity").await;
    let down = org
        .query("SELECT Id, (SELECT Id FROM Opportunities) FROM Account")
        .await;
    let describe = org.get(&format!("{DATA}/sobjects/Account/describe")).await;

    assert_eq!((up.status, up.code()), (400, "INVALID_FIELD"));
    assert_eq!((down.status, down.code()), (400, "INVALID_TYPE"));
    let children = describe.body["childRelationships"].to_string();
    assert!(children.contains("\"Contacts\"") && !children.contains("\"Opportunities\""));
}

#[tokio::test]
async fn access_is_given_back_one_by_one_or_all_at_once() {
    let org = Org::small().await;
    let query = "SELECT Title, Phone, Account.Name FROM Contact";
    for field in ["Title", "Phone"] {
        hide(&org, "Contact", field).await;
    }
    org.admin("fls", json!({ "object": "Account" })).await;

    org.admin(
        "fls",
        json!({ "object": "Contact", "field": "Title", "visible": true }),
    )
    .await;
    let one = org.query(query).await;
    let all = org.delete("/_org/fls").await;
    let after = org.query(query).await;

    assert!(refusal(&one).2.contains("'Phone' on entity 'Contact'"));
    assert_eq!((all.status, after.status), (200, 200));
}

#[tokio::test]
async fn what_no_administrator_can_hide_is_refused_with_a_sentence() {
    let org = Org::small().await;

    let system = org
        .post("/_org/fls", json!({ "object": "Lead", "field": "Id" }))
        .await;
    let unknown = org
        .post("/_org/fls", json!({ "object": "Lead", "field": "Nope" }))
        .await;
    let nothing = org.send(Method::POST, "/_org/fls", json!({})).await;

    assert_eq!(
        refusal(&system),
        (
            400,
            "INVALID_ADMIN_CALL",
            "Salesforce shows Id to everyone who sees the row"
        )
    );
    assert_eq!(
        refusal(&unknown),
        (
            400,
            "INVALID_ADMIN_CALL",
            "Lead has no field \"Nope\"; give its API name"
        )
    );
    assert_eq!(nothing.status, 400);
}

#[tokio::test]
async fn a_reference_to_a_row_of_a_hidden_object_cannot_be_set() {
    let org = Org::small().await;
    org.admin("fls", json!({ "object": "Account" })).await;

    let refused = org
        .patch(
            &format!("{DATA}/sobjects/Contact/{}", contact(3)),
            json!({ "AccountId": account(1) }),
        )
        .await;

    assert_eq!(
        (refused.status, refused.code()),
        (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
    );
}
