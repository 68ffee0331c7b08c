//! Ingest jobs of Bulk API 2.0 from creation to results.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    bulk_jobs::polled,
    fixture::{DATA, Org, account, answer, lead},
};

async fn ingest(org: &Org, job: Value, rows: &str) -> (String, Vec<String>, Value) {
    let path = format!("{DATA}/jobs/ingest");
    let created = org.post(&path, job).await;
    assert_eq!(created.status, 200, "{}", created.body);
    assert_eq!(created.body["state"], "Open");
    let id = created.body["id"].as_str().expect("an id").to_owned();
    let url = created.body["contentUrl"].as_str().expect("a URL");
    let put = org
        .request(Method::PUT, &format!("/{url}"))
        .header("content-type", "text/csv")
        .body(rows.to_owned());
    assert_eq!(answer(put).await.status, 201);
    let closed = org
        .patch(
            &format!("{path}/{id}"),
            json!({ "state": "UploadComplete" }),
        )
        .await;
    assert_eq!(closed.body["state"], "UploadComplete", "{}", closed.body);
    let (states, ended) = polled(org, "ingest", &id).await;
    (id, states, ended)
}

async fn ingest_results(org: &Org, id: &str, which: &str) -> String {
    let answer = org.get(&format!("{DATA}/jobs/ingest/{id}/{which}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_insert_job_tells_written_from_refused_rows() {
    let org = Org::small().await;
    let rows = "LastName,Company,Email\n\"Bulk, one\",Acme,one@acme.example\nBulk two,,\nBulk three,Acme,nonsense\n";

    let (id, states, ended) = ingest(
        &org,
        json!({ "object": "Lead", "operation": "insert" }),
        rows,
    )
    .await;

    assert_eq!(states, ["InProgress", "JobComplete"]);
    assert_eq!(
        (
            &ended["numberRecordsProcessed"],
            &ended["numberRecordsFailed"],
            &ended["jobType"]
        ),
        (&json!(3), &json!(2), &json!("V2Ingest"))
    );
    let made = org
        .column("SELECT Id FROM Lead WHERE LastName = 'Bulk, one'", "Id")
        .await;
    let made = made[0].as_str().expect("an id");
    assert_eq!(
        ingest_results(&org, &id, "successfulResults").await,
        format!(
            "\"sf__Id\",\"sf__Created\",\"LastName\",\"Company\",\"Email\"\n\"{made}\",\"true\",\"Bulk, one\",\"Acme\",\"one@acme.example\"\n"
        )
    );
    assert_eq!(
        ingest_results(&org, &id, "failedResults").await,
        "\"sf__Id\",\"sf__Error\",\"LastName\",\"Company\",\"Email\"\n\
         \"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --\",\"Bulk two\",\"\",\"\"\n\
         \"\",\"INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --\",\"Bulk three\",\"Acme\",\"nonsense\"\n"
    );
    assert_eq!(
        ingest_results(&org, &id, "unprocessedrecords").await,
        "\"LastName\",\"Company\",\"Email\"\n"
    );
}

#[tokio::test]
async fn update_upsert_and_delete_jobs_do_what_they_say() {
    let org = Org::small().await;
    let update = format!(
        "Id,Company,Email\n{},Boulders,#N/A\n{},Trees,\n",
        lead(1),
        lead(3)
    );
    let upsert = format!(
        "Portal_Record_Id__c,Name,StageName,CloseDate,AccountId\nP-1,Made,Prospecting,2026-06-30,{}\n",
        account(1)
    );
    let again = "Portal_Record_Id__c,Name\nP-1,Made again\n";

    ingest(
        &org,
        json!({ "object": "Lead", "operation": "update" }),
        &update,
    )
    .await;
    let job = json!({ "object": "Opportunity", "operation": "upsert", "externalIdFieldName": "Portal_Record_Id__c" });
    let (made, _, _) = ingest(&org, job.clone(), &upsert).await;
    let (changed, _, _) = ingest(&org, job, again).await;
    let (deleted, _, ended) = ingest(
        &org,
        json!({ "object": "Lead", "operation": "delete" }),
        &format!("Id\n{}\n00Q000000000000\n", lead(2)),
    )
    .await;

    let first = org.row("Lead", &lead(1)).await;
    assert_eq!(
        (&first["Company"], &first["Email"]),
        (&json!("Boulders"), &Value::Null)
    );
    assert!(
        ingest_results(&org, &made, "successfulResults")
            .await
            .contains("\"true\",\"P-1\"")
    );
    assert!(
        ingest_results(&org, &changed, "successfulResults")
            .await
            .contains("\"false\",\"P-1\"")
    );
    assert_eq!(
        org.names("Portal_Record_Id__c = 'P-1'").await,
        ["Made again"]
    );
    assert_eq!(
        org.get(&format!("{DATA}/sobjects/Lead/{}", lead(2)))
            .await
            .status,
        404
    );
    assert_eq!(ended["numberRecordsFailed"], 1);
    assert!(
        ingest_results(&org, &deleted, "failedResults")
            .await
            .contains("INVALID_CROSS_REFERENCE_KEY:invalid cross reference id")
    );
}

#[tokio::test]
async fn an_unknown_column_fails_the_whole_job_and_leaves_its_rows_unprocessed() {
    let org = Org::small().await;

    let (id, states, ended) = ingest(
        &org,
        json!({ "object": "Lead", "operation": "insert" }),
        "LastName,Nope\nA,b\n",
    )
    .await;

    assert_eq!(states, ["InProgress", "Failed"]);
    assert_eq!(
        ended["errorMessage"],
        "InvalidBatch : Field name not found : Nope"
    );
    assert_eq!(
        ingest_results(&org, &id, "unprocessedrecords").await,
        "\"LastName\",\"Nope\"\n\"A\",\"b\"\n"
    );
    assert_eq!(
        org.rows("SELECT Id FROM Lead WHERE LastName = 'A'")
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn a_job_takes_one_upload_and_none_once_it_is_closed() {
    let org = Org::small().await;
    let path = format!("{DATA}/jobs/ingest");
    let job = org
        .post(&path, json!({ "object": "Lead", "operation": "insert" }))
        .await;
    let id = job.body["id"].as_str().expect("an id").to_owned();
    let put = || {
        org.request(Method::PUT, &format!("{path}/{id}/batches"))
            .body("LastName,Company\nA,b\n")
    };

    let first = answer(put()).await;
    let second = answer(put()).await;
    org.patch(&format!("{path}/{id}"), json!({ "state": "Aborted" }))
        .await;
    let closed = answer(put()).await;
    let unknown = org
        .post(&path, json!({ "object": "Nope", "operation": "insert" }))
        .await;
    let keyless = org
        .post(&path, json!({ "object": "Lead", "operation": "upsert" }))
        .await;

    assert_eq!(
        (first.status, second.status, closed.status),
        (201, 400, 400)
    );
    assert_eq!(
        (unknown.code(), keyless.code()),
        ("INVALIDJOB", "INVALIDJOB")
    );
}
