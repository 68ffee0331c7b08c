//! Collections, composite, batch and graph.

use serde_json::{Value, json};

use crate::fixture::{DATA, Org, account, id, lead, opportunity};

#[tokio::test]
async fn rows_are_retrieved_in_the_order_asked_with_null_for_the_missing() {
    let org = Org::small().await;
    org.admin(
        "hide",
        json!({ "object": "Opportunity", "id": opportunity(3) }),
    )
    .await;
    let ids = [
        opportunity(4),
        opportunity(5),
        opportunity(3),
        id("006", 99),
        opportunity(1)[..15].to_owned(),
    ];

    let posted = org
        .post(
            &format!("{DATA}/composite/sobjects/Opportunity"),
            json!({ "ids": ids, "fields": ["Id", "name"] }),
        )
        .await;
    let got = org
        .get(&format!(
            "{DATA}/composite/sobjects/Opportunity?ids={}&fields=Id,name",
            ids.join(",")
        ))
        .await;

    let row = |number: u32, name: &str| {
        json!({
            "attributes": { "type": "Opportunity", "url": format!("{DATA}/sobjects/Opportunity/{}", opportunity(number)) },
            "Id": opportunity(number),
            "Name": name,
        })
    };
    assert_eq!(
        posted.body,
        json!([row(4, "Rope_1"), null, null, null, row(1, "Anvils")])
    );
    assert_eq!(got.body, posted.body);
    assert_eq!(org.handle.counters()["retrieve"], 2);
}

#[tokio::test]
async fn a_retrieve_refuses_too_many_ids_bad_ids_and_unknown_fields() {
    let org = Org::small().await;
    let path = format!("{DATA}/composite/sobjects/Opportunity");
    let many = vec![opportunity(1); 2_001];

    let too_many = org
        .post(&path, json!({ "ids": many, "fields": ["Id"] }))
        .await;
    let bad = org
        .post(&path, json!({ "ids": ["x"], "fields": ["Id"] }))
        .await;
    let unknown = org
        .post(&path, json!({ "ids": [opportunity(1)], "fields": ["Foo"] }))
        .await;

    assert_eq!(too_many.code(), "EXCEEDED_ID_LIMIT");
    assert_eq!(bad.code(), "MALFORMED_ID");
    assert_eq!(unknown.code(), "INVALID_FIELD");
}

#[tokio::test]
async fn rows_of_a_collection_succeed_and_fail_one_by_one() {
    let org = Org::small().await;
    let attributes = json!({ "type": "Lead" });

    let updated = org
        .patch(
            &format!("{DATA}/composite/sobjects"),
            json!({ "allOrNone": false, "records": [
                { "attributes": attributes, "id": lead(1), "Title": "Boss" },
                { "attributes": attributes, "id": id("00Q", 99), "Title": "Boss" },
                { "attributes": attributes, "id": lead(2), "LastName": null },
            ] }),
        )
        .await;

    assert_eq!(updated.status, 200);
    assert_eq!(
        updated.body,
        json!([
            { "id": lead(1), "success": true, "errors": [] },
            { "success": false, "errors": [{ "statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "fields": [] }] },
            { "success": false, "errors": [{ "statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [LastName]", "fields": ["LastName"] }] },
        ])
    );
    assert_eq!(org.row("Lead", &lead(1)).await["Title"], "Boss");
}

#[tokio::test]
async fn all_or_none_takes_everything_back() {
    let org = Org::small().await;
    let before = org.handle.now();

    let created = org
        .post(
            &format!("{DATA}/composite/sobjects"),
            json!({ "allOrNone": true, "records": [
                { "attributes": { "type": "Account" }, "Name": "Kept" },
                { "attributes": { "type": "Account" } },
            ] }),
        )
        .await;

    assert_eq!(
        created.body[0]["errors"][0]["statusCode"],
        "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    );
    assert_eq!(
        created.body[1]["errors"][0]["statusCode"],
        "REQUIRED_FIELD_MISSING"
    );
    assert_eq!(
        org.query("SELECT COUNT() FROM Account").await.body["totalSize"],
        2
    );
    assert_eq!(org.handle.now(), before);
}

#[tokio::test]
async fn collections_delete_and_upsert() {
    let org = Org::small().await;
    let record = |key: &str| json!({ "attributes": { "type": "Opportunity" }, "Portal_Record_Id__c": key, "Name": "U", "StageName": "Prospecting", "CloseDate": "2026-05-01" });
    let path = format!("{DATA}/composite/sobjects/Opportunity/Portal_Record_Id__c");

    let first = org
        .patch(&path, json!({ "records": [record("a"), record("b")] }))
        .await;
    let second = org
        .patch(&path, json!({ "records": [record("b"), record("c")] }))
        .await;
    let ids: Vec<&str> = first
        .body
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["id"].as_str())
        .collect();
    let deleted = org
        .delete(&format!(
            "{DATA}/composite/sobjects?ids={},{}",
            ids.join(","),
            ids[0]
        ))
        .await;

    let created = |body: &Value| -> Vec<Value> {
        body.as_array()
            .expect("rows")
            .iter()
            .map(|row| row["created"].clone())
            .collect()
    };
    assert_eq!(created(&first.body), [json!(true), json!(true)]);
    assert_eq!(created(&second.body), [json!(false), json!(true)]);
    assert_eq!(deleted.body[1]["success"], true);
    assert_eq!(
        deleted.body[2]["errors"][0]["statusCode"],
        "ENTITY_IS_DELETED"
    );
}

#[tokio::test]
async fn a_composite_call_uses_earlier_answers() {
    let org = Org::small().await;

    let answer = org
        .post(
            &format!("{DATA}/composite"),
            json!({ "allOrNone": true, "compositeRequest": [
                { "method": "POST", "url": format!("{DATA}/sobjects/Account"), "referenceId": "acc", "body": { "Name": "Chain" } },
                { "method": "POST", "url": format!("{DATA}/sobjects/Contact"), "referenceId": "con", "body": { "LastName": "Link", "AccountId": "@{acc.id}" } },
                { "method": "GET", "url": format!("{DATA}/query?q=SELECT Id, Account.Name FROM Contact WHERE Id = '@{{con.id}}'"), "referenceId": "read" },
                { "method": "GET", "url": format!("{DATA}/sobjects/Account/@{{read.records[0].Account.attributes.url}}"), "referenceId": "odd" },
            ] }),
        )
        .await;
    let ok = org
        .post(
            &format!("{DATA}/composite"),
            json!({ "compositeRequest": [
                { "method": "POST", "url": format!("{DATA}/sobjects/Account"), "referenceId": "acc", "body": { "Name": "Chain" } },
                { "method": "GET", "url": format!("{DATA}/sobjects/Account/@{{acc.id}}?fields=Name"), "referenceId": "read" },
            ] }),
        )
        .await;

    // The last call of the first leads nowhere, so nothing of it stays.
    let statuses: Vec<&Value> = answer.body["compositeResponse"]
        .as_array()
        .expect("answers")
        .iter()
        .map(|sub| &sub["httpStatusCode"])
        .collect();
    assert_eq!(
        statuses,
        [&json!(400), &json!(400), &json!(400), &json!(404)]
    );
    assert_eq!(
        answer.body["compositeResponse"][0]["body"][0]["errorCode"],
        "PROCESSING_HALTED"
    );
    assert_eq!(ok.body["compositeResponse"][1]["body"]["Name"], "Chain");
    assert!(ok.body["compositeResponse"][0]["httpHeaders"]["Location"].is_string());
    assert_eq!(
        org.query("SELECT COUNT() FROM Account WHERE Name = 'Chain'")
            .await
            .body["totalSize"],
        1
    );
}

#[tokio::test]
async fn a_batch_answers_each_call_and_can_halt() {
    let org = Org::small().await;
    let calls = json!([
        { "method": "GET", "url": "v66.0/limits" },
        { "method": "GET", "url": "v66.0/sobjects/Account/001000000000099" },
        { "method": "PATCH", "url": format!("v66.0/sobjects/Account/{}", account(1)), "richInput": { "Name": "Batch" } },
    ]);
    let path = format!("{DATA}/composite/batch");

    let halted = org
        .post(
            &path,
            json!({ "haltOnError": true, "batchRequests": calls }),
        )
        .await;
    let whole = org.post(&path, json!({ "batchRequests": calls })).await;

    let statuses = |body: &Value| -> Vec<Value> {
        body["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|result| result["statusCode"].clone())
            .collect()
    };
    assert_eq!(statuses(&halted.body), [json!(200), json!(404), json!(412)]);
    assert_eq!(statuses(&whole.body), [json!(200), json!(404), json!(204)]);
    assert_eq!(whole.body["hasErrors"], true);
    assert_eq!(org.row("Account", &account(1)).await["Name"], "Batch");
    assert_eq!(org.handle.counters()["composite"], 2);
}

#[tokio::test]
async fn each_graph_is_whole_or_not_at_all() {
    let org = Org::small().await;
    let create = |reference: &str, body: Value| json!({ "method": "POST", "url": format!("{DATA}/sobjects/Account"), "referenceId": reference, "body": body });

    let answer = org
        .post(
            &format!("{DATA}/composite/graph"),
            json!({ "graphs": [
                { "graphId": "good", "compositeRequest": [create("a", json!({ "Name": "Good" }))] },
                { "graphId": "bad", "compositeRequest": [create("a", json!({ "Name": "Bad" })), create("b", json!({}))] },
            ] }),
        )
        .await;

    assert_eq!(answer.body["graphs"][0]["isSuccessful"], true);
    assert_eq!(answer.body["graphs"][1]["isSuccessful"], false);
    assert_eq!(
        org.column(
            "SELECT Name FROM Account WHERE Name IN ('Good', 'Bad')",
            "Name"
        )
        .await,
        ["Good"]
    );
}
