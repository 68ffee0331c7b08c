//! Describes.

use dealbridge_core::salesforce::{DescribedField, Salesforce, SalesforceError};
use serde_json::json;

use crate::org::{Org, Reply};

#[tokio::test]
async fn a_describe_gives_the_fields() {
    let org = Org::answering([Reply::Json(
        200,
        json!({ "name": "Opportunity", "fields": [
            { "name": "AccountId", "label": "Account ID", "type": "reference", "updateable": true,
              "relationshipName": "Account", "referenceTo": ["Account"] },
            { "name": "Portal_Id__c", "label": "Portal Id", "type": "string", "updateable": true, "createable": true,
              "nillable": true, "defaultedOnCreate": false, "externalId": true, "unique": true,
              "caseSensitive": true, "relationshipName": null, "referenceTo": [] },
            { "name": "IsWon", "label": "Won", "type": "boolean", "updateable": false,
              "relationshipName": null, "referenceTo": [] },
            { "name": "StageName", "label": "Stage", "type": "picklist", "updateable": true, "picklistValues": [
              { "active": true, "value": "Won", "label": "Gewonnen" }, { "active": false, "value": "Old", "label": "Old" } ] },
        ]}),
    )])
    .await;
    let client = org.client();

    let fields = client.describe("Opportunity").await.unwrap();

    assert_eq!(
        fields,
        [
            DescribedField {
                name: "AccountId".to_owned(),
                label: "Account ID".to_owned(),
                kind: "reference".to_owned(),
                updateable: true,
                relationship: Some("Account".to_owned()),
                reference_to: vec!["Account".to_owned()],
                ..DescribedField::default()
            },
            DescribedField {
                name: "Portal_Id__c".to_owned(),
                label: "Portal Id".to_owned(),
                kind: "string".to_owned(),
                updateable: true,
                createable: true,
                nillable: true,
                external_id: true,
                unique: true,
                case_sensitive: true,
                ..DescribedField::default()
            },
            DescribedField {
                name: "IsWon".to_owned(),
                label: "Won".to_owned(),
                kind: "boolean".to_owned(),
                ..DescribedField::default()
            },
            DescribedField {
                name: "StageName".to_owned(),
                label: "Stage".to_owned(),
                kind: "picklist".to_owned(),
                values: vec!["Won".to_owned()],
                updateable: true,
                ..DescribedField::default()
            },
        ]
    );
    assert_eq!(client.usage().describe, 1);
}

#[tokio::test]
async fn an_object_that_is_unknown_or_no_name_is_refused() {
    let org = Org::answering([Reply::error(
        404,
        "NOT_FOUND",
        "The requested resource does not exist",
    )])
    .await;
    let client = org.client();

    assert!(matches!(
        client.describe("Nope__c").await,
        Err(SalesforceError::FieldMissing { object, .. }) if object == "Nope__c"
    ));
    for name in ["", "../x", "Account.Name", "a b"] {
        assert!(matches!(
            client.describe(name).await,
            Err(SalesforceError::NotConfigured { .. })
        ));
    }
    assert_eq!(org.calls().len(), 1);
}
