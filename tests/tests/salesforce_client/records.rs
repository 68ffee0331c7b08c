//! Records by id: reading, watching, writing, describing.

use dealbridge_core::{
    SalesforceObject,
    salesforce::{Listing, Salesforce, SalesforceError, UpdateOutcome},
};
use salesforce_simulator::OrgOptions;
use serde_json::{Map, Value, json};

use crate::org::{admin, client_of, fail, field, flagged, id, opportunity, org_of};

#[tokio::test]
async fn opportunities_come_with_their_account_and_all_contact_roles_in_one_call() {
    let org = org_of(200, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let mut asked: Vec<_> = (0..199).map(opportunity).collect();
    asked.push(id("006dM0000099999"));

    let fields = [
        field("Name"),
        field("Account.Name"),
        field("AccountId"),
        field("OpportunityContactRoles.Contact.Email"),
    ];
    let rows = client.opportunities(&asked, &fields).await.unwrap();

    assert_eq!(rows.len(), 199);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row.id(), Some(opportunity(number)));
        assert_eq!(row.text("Name"), Some(format!("Deal {number}").as_str()));
        let account = (number % 5 != 0).then_some("Acme");
        assert_eq!(row.text("Account.Name"), account);
        let roles = row.get("OpportunityContactRoles").unwrap();
        if number % 3 == 0 {
            assert_eq!(roles, &Value::Null);
        } else {
            assert_eq!(roles["records"].as_array().unwrap().len(), 2);
            assert_eq!(roles["records"][0]["Contact"]["Email"], "ada@acme.example");
        }
    }
    assert_eq!((client.usage().query, client.usage().query_more), (1, 0));
}

#[tokio::test]
async fn a_field_that_the_org_lacks_is_named() {
    let org = org_of(1, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let missing = |object: &str, field: &str| SalesforceError::FieldMissing {
        object: object.to_owned(),
        field: field.to_owned(),
    };

    for (path, expected) in [
        ("Nope__c", missing("Opportunity", "Nope__c")),
        ("Account.Nope__c", missing("Account", "Nope__c")),
        ("Nope__r.Name", missing("Opportunity", "Nope__r")),
    ] {
        let listing = Listing {
            fields: vec![field(path)],
            ..flagged()
        };
        assert_eq!(client.list(&listing).await, Err(expected));
    }
}

#[tokio::test]
async fn a_deleted_or_hidden_record_has_no_stamp_and_a_deleted_one_is_still_read() {
    let org = org_of(4, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    for (name, number) in [("delete", 1), ("hide", 2)] {
        let body = json!({ "object": "Opportunity", "id": opportunity(number) });
        admin(&org, name, body).await;
    }
    let ids: Vec<_> = (0..4).map(opportunity).collect();

    let retrieved = client
        .retrieve(SalesforceObject::Opportunity, &ids, &[])
        .await
        .unwrap();
    let rows = client
        .records(SalesforceObject::Opportunity, &ids, &[field("Name")])
        .await
        .unwrap();

    assert_eq!(
        retrieved.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    let read: Vec<_> = rows
        .iter()
        .map(|row| (row.id().unwrap(), row.is_checked("IsDeleted")))
        .collect();
    assert_eq!(read, [(ids[0], false), (ids[1], true), (ids[3], false)]);
    assert_eq!(client.usage().retrieve, 1);
}

#[tokio::test]
async fn a_write_arrives_unless_somebody_was_faster_or_the_record_is_gone() {
    let org = org_of(2, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let object = SalesforceObject::Opportunity;
    let amount = |amount: f64| -> Map<String, Value> {
        json!({ "Amount": amount }).as_object().unwrap().clone()
    };
    let row = async || {
        client
            .records(object, &[opportunity(0)], &[field("Amount")])
            .await
            .unwrap()
            .remove(0)
    };
    let update = async |fields, since| client.update(object, opportunity(0), &fields, since).await;
    let before = row().await.stamp();

    assert_eq!(
        update(amount(1.0), before).await,
        Ok(UpdateOutcome::Written)
    );
    assert_eq!(row().await.get("Amount"), Some(&json!(1.0)));

    let edit =
        json!({ "object": "Opportunity", "id": opportunity(0), "fields": { "NextStep": "Call" } });
    admin(&org, "edit", edit).await;
    assert_eq!(
        update(amount(2.0), before).await,
        Ok(UpdateOutcome::ChangedSince)
    );
    assert_eq!(row().await.get("Amount"), Some(&json!(1.0)));

    let read_only = json!({ "IsWon": true }).as_object().unwrap().clone();
    assert!(matches!(
        update(read_only, None).await,
        Ok(UpdateOutcome::Refused { .. })
    ));

    let gone = json!({ "object": "Opportunity", "id": opportunity(0) });
    admin(&org, "delete", gone).await;
    assert_eq!(update(amount(3.0), None).await, Ok(UpdateOutcome::Gone));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_known_as_our_own_or_as_overtaken() {
    let org = org_of(1, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);
    let object = SalesforceObject::Opportunity;
    let fields = json!({ "Amount": 15000, "NextStep": " Call " })
        .as_object()
        .unwrap()
        .clone();
    let stamp = async || {
        let rows = client.records(object, &[opportunity(0)], &[]).await;
        rows.unwrap()[0].stamp()
    };
    let row = json!({ "match": "/sobjects/Opportunity/", "mode": "cut" });

    let read = stamp().await;
    fail(&org, row.clone()).await;
    let own = client.update(object, opportunity(0), &fields, read).await;

    let read = stamp().await;
    let edit = json!({ "object": "Opportunity", "id": opportunity(0), "fields": { "Amount": 7 } });
    admin(&org, "edit", edit).await;
    fail(&org, row).await;
    let overtaken = client.update(object, opportunity(0), &fields, read).await;

    assert_eq!(own, Ok(UpdateOutcome::Written));
    assert_eq!(overtaken, Ok(UpdateOutcome::ChangedSince));
}

#[tokio::test]
async fn a_describe_names_the_custom_checkbox() {
    let org = org_of(1, OrgOptions::with_own_clock()).await;
    let client = client_of(&org);

    let fields = client.describe("Opportunity").await.unwrap();

    let flag = fields.iter().find(|field| field.name == "Export__c");
    assert!(flag.is_some_and(|flag| flag.kind == "boolean" && flag.updateable));
    let account = fields.iter().find(|field| field.name == "AccountId");
    assert!(account.is_some_and(|account| account.relationship.as_deref() == Some("Account")));
    assert!(matches!(
        client.describe("Nope__c").await,
        Err(SalesforceError::FieldMissing { .. })
    ));
}
