//! Describe.

use reqwest::Method;
use serde_json::json;

use crate::fixture::{DATA, Org, answer};

#[tokio::test]
async fn describe_tells_fields_and_can_be_asked_conditionally() {
    let org = Org::small().await;
    let here = format!("{DATA}/sobjects/Opportunity/describe");

    let described = org.get(&here).await;
    let tag = described.header("etag").to_owned();
    let again = answer(
        org.request(Method::GET, &here)
            .header("If-None-Match", &tag),
    )
    .await;
    let all = org.get(&format!("{DATA}/sobjects/")).await;
    let one = org.get(&format!("{DATA}/sobjects/lead")).await;

    let field = |name: &str| {
        let fields = described.body["fields"].as_array().expect("fields");
        fields
            .iter()
            .find(|field| field["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(field("Sync__c")["type"], "boolean");
    assert_eq!(
        (
            &field("Partner_Email__c")["custom"],
            &field("Partner_Email__c")["label"]
        ),
        (&json!(true), &json!("Partner Email"))
    );
    assert_eq!(field("Description")["filterable"], false);
    assert_eq!(field("AccountId")["relationshipName"], "Account");
    assert_eq!(field("Portal_Record_Id__c")["externalId"], true);
    assert_eq!(again.status, 304);
    assert_eq!(all.body["sobjects"].as_array().map(Vec::len), Some(14));
    assert_eq!(one.body["objectDescribe"]["keyPrefix"], "00Q");
}
