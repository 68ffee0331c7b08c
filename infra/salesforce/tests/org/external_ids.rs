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
