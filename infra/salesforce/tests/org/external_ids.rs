//! External ids, and the logs of updated and deleted rows.

use serde_json::json;

use crate::{
    fixture::{DATA, Org, opportunity},
    rows::path,
};

#[tokio::test]
async fn an_external_id_finds_creates_and_changes_one_row() {
    let org = Org::small().await;
    let here = format!("{DATA}/sobjects/Opportunity/Portal_Record_Id__c/deal%20%2F1");
    let body = json!({ "Name": "Linked", "StageName": "Prospecting", "CloseDate": "2026-05-01" });

    let created = org.patch(&here, body.clone()).await;
    let changed = org.patch(&here, json!({ "Name": "Linked again" })).await;
    let read = org.get(&here).await;
    let unknown = org
        .get(&format!(
            "{DATA}/sobjects/Opportunity/Portal_Record_Id__c/none"
        ))
        .await;
    let no_key = org
        .patch(&format!("{DATA}/sobjects/Opportunity/Name/x"), body)
        .await;
    let repeated = org
        .patch(&here, json!({ "Portal_Record_Id__c": "x" }))
        .await;
    let only = org
        .patch(
            &format!("{DATA}/sobjects/Opportunity/Portal_Record_Id__c/none?updateOnly=true"),
            json!({ "Name": "x" }),
        )
        .await;

    assert_eq!(
        (created.status, &created.body["created"]),
        (201, &json!(true)),
        "{}",
        created.body
    );
    assert_eq!(
        (changed.status, &changed.body["created"]),
        (200, &json!(false))
    );
    assert_eq!(created.body["id"], changed.body["id"]);
    assert_eq!(
        (&read.body["Name"], &read.body["Portal_Record_Id__c"]),
        (&json!("Linked again"), &json!("deal /1"))
    );
    assert_eq!(
        (unknown.status, no_key.status, repeated.status, only.status),
        (404, 404, 400, 404)
    );
}

#[tokio::test]
async fn a_second_row_with_the_same_external_id_is_refused_naming_the_first() {
    let org = Org::small().await;
    let body = json!({ "Name": "A", "StageName": "Prospecting", "CloseDate": "2026-05-01", "Portal_Record_Id__c": "k" });
    let path = format!("{DATA}/sobjects/Opportunity");

    let first = org.post(&path, body.clone()).await;
    let second = org.post(&path, body).await;

    assert_eq!((second.status, second.code()), (400, "DUPLICATE_VALUE"));
    assert!(
        second.body[0]["message"]
            .as_str()
            .is_some_and(|text| text.ends_with(first.body["id"].as_str().unwrap_or("?")))
    );
}

#[tokio::test]
async fn a_converted_lead_keeps_its_external_id_and_no_upsert_reaches_it() {
    let org = Org::small().await;
    let key = json!({ "object": "Lead", "name": "Portal_Record_Id__c", "externalId": true, "unique": true, "caseSensitive": true });
    org.admin("field", key).await;
    let here = |value: &str| format!("{DATA}/sobjects/Lead/Portal_Record_Id__c/{value}");
    let body = json!({ "LastName": "Kaur", "Company": "Acme" });

    let created = org.patch(&here("deal:D-17"), body.clone()).await;
    let lead = created.body["id"].as_str().expect("an id").to_owned();
    org.admin("convert", json!({ "lead": lead, "opportunity": true }))
        .await;
    let refused = org.patch(&here("deal:D-17"), body.clone()).await;
    let other_case = org.patch(&here("deal:d-17"), body.clone()).await;
    let second_life = org.patch(&here("deal:D-17%232"), body).await;

    assert_eq!(created.status, 201);
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body,
        json!([{
            "message": format!("duplicate value found: Portal_Record_Id__c duplicates value on record with id: {lead}"),
            "errorCode": "DUPLICATE_VALUE",
            "fields": [],
        }])
    );
    assert_eq!((other_case.status, second_life.status), (201, 201));
}

#[tokio::test]
async fn a_key_that_is_not_unique_may_name_several_rows_and_an_old_version_does_not_name_the_one() {
    let org = Org::small().await;
    let key = |unique: bool| json!({ "object": "Opportunity", "name": "Portal_Record_Id__c", "unique": unique, "caseSensitive": false });
    org.admin("field", key(false)).await;
    let body = |key: &str| json!({ "Name": "A", "StageName": "Prospecting", "CloseDate": "2026-05-01", "Portal_Record_Id__c": key });
    let path = format!("{DATA}/sobjects/Opportunity");
    let first = org.post(&path, body("K")).await;
    let second = org.post(&path, body("k")).await;

    let several = org
        .patch(
            &format!("{path}/Portal_Record_Id__c/K"),
            json!({ "Name": "B" }),
        )
        .await;
    org.delete(&format!(
        "{path}/{}",
        second.body["id"].as_str().expect("an id")
    ))
    .await;
    let one = org
        .patch(
            "/services/data/v45.0/sobjects/Opportunity/Portal_Record_Id__c/k",
            json!({ "Name": "B" }),
        )
        .await;

    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(several.status, 300);
    assert_eq!(
        several.body,
        json!([
            format!("{path}/{}", first.body["id"].as_str().expect("an id")),
            format!("{path}/{}", second.body["id"].as_str().expect("an id")),
        ])
    );
    assert_eq!(one.status, 204);
}

#[tokio::test]
async fn updated_and_deleted_rows_are_listed_for_a_period() {
    let org = Org::small().await;
    let list = |kind: &str, start: &str, end: &str| {
        let path = format!("{DATA}/sobjects/Opportunity/{kind}/?start={start}&end={end}");
        let org = &org;
        async move { org.get(&path).await }
    };

    let updated = list(
        "updated",
        "2026-01-11T00:00:00%2B00:00",
        "2026-01-13T00:00:00%2B00:00",
    )
    .await;
    org.delete(&path("Opportunity", &opportunity(1))).await;
    let deleted = list("deleted", "2026-01-14T08:10:00Z", "2026-01-14T08:20:00Z").await;
    let reversed = list("updated", "2026-01-13T00:00:00Z", "2026-01-13T00:00:30Z").await;
    let too_early = list("deleted", "2025-01-13T00:00:00Z", "2026-01-13T00:00:30Z").await;

    assert_eq!(
        updated.body,
        json!({ "ids": [opportunity(2), opportunity(3)], "latestDateCovered": "2026-01-13T00:00:00.000+0000" })
    );
    assert_eq!(
        deleted.body["deletedRecords"],
        json!([{ "id": opportunity(1), "deletedDate": "2026-01-14T08:11:01.000+0000" }])
    );
    assert_eq!(reversed.code(), "INVALID_REPLICATION_DATE");
    assert_eq!(too_early.code(), "INVALID_REPLICATION_DATE");
}
