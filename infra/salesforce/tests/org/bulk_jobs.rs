//! Bulk API 2.0: query and ingest jobs from creation to results.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, account, answer, lead, opportunity};

async fn query_job(org: &Org, operation: &str, query: &str) -> Answer {
    let body = json!({ "operation": operation, "query": query });
    org.post(&format!("{DATA}/jobs/query"), body).await
}

/// Polls a job until it comes to an end; answers with the states it was seen in.
async fn polled(org: &Org, kind: &str, id: &str) -> (Vec<String>, Value) {
    let mut states = Vec::new();
    loop {
        let job = org.get(&format!("{DATA}/jobs/{kind}/{id}")).await.body;
        let state = job["state"].as_str().expect("a state").to_owned();
        let is_over = matches!(state.as_str(), "JobComplete" | "Failed" | "Aborted");
        states.push(state);
        if is_over || states.len() > 5 {
            return (states, job);
        }
    }
}

/// A query job that has come to its end.
async fn ended_query(org: &Org, operation: &str, query: &str) -> String {
    let job = query_job(org, operation, query).await;
    assert_eq!(job.status, 200, "{}", job.body);
    let id = job.body["id"].as_str().expect("an id").to_owned();
    polled(org, "query", &id).await;
    id
}

async fn results(org: &Org, id: &str, query: &str) -> Answer {
    org.get(&format!("{DATA}/jobs/query/{id}/results{query}"))
        .await
}

#[tokio::test]
async fn a_query_job_goes_through_its_states_and_gives_every_value_in_quotes() {
    let org = Org::small().await;
    let query = "SELECT Id, Name, Amount, Account.Name, Sync__c, CloseDate, SystemModstamp FROM Opportunity WHERE Name IN ('Anvils', 'Rope_1') ORDER BY Name";

    let job = query_job(&org, "query", query).await;
    let id = job.body["id"].as_str().expect("an id").to_owned();
    let early = results(&org, &id, "").await;
    let (states, ended) = polled(&org, "query", &id).await;
    let rows = results(&org, &id, "").await;

    assert_eq!(job.status, 200);
    let shown = |key: &str| job.body[key].clone();
    assert_eq!(shown("state"), "UploadComplete");
    assert_eq!(
        (shown("object"), shown("operation")),
        (json!("Opportunity"), json!("query"))
    );
    assert_eq!(
        (shown("apiVersion"), shown("contentType")),
        (json!(66.0), json!("CSV"))
    );
    assert!(id.starts_with("750") && id.len() == 18);
    assert_eq!((early.status, early.code()), (412, "JOB_NOT_COMPLETE"));
    assert_eq!(states, ["InProgress", "JobComplete"]);
    assert_eq!(
        (&ended["jobType"], &ended["numberRecordsProcessed"]),
        (&json!("V2Query"), &json!(2))
    );
    assert_eq!(rows.header("content-type"), "text/csv");
    assert_eq!(rows.header("sforce-numberofrecords"), "2");
    assert_eq!(rows.header("sforce-locator"), "null");
    let expected = format!(
        "\"Id\",\"Name\",\"Amount\",\"Account.Name\",\"Sync__c\",\"CloseDate\",\"SystemModstamp\"\n\
         \"{}\",\"Anvils\",\"1000.0\",\"Acme\",\"true\",\"2026-03-31\",\"2026-01-10T08:00:00.000Z\"\n\
         \"{}\",\"Rope_1\",\"40.0\",\"\",\"true\",\"2026-03-31\",\"2026-01-13T08:00:00.000Z\"\n",
        opportunity(1),
        opportunity(4)
    );
    assert_eq!(rows.body, json!(expected));
}

#[tokio::test]
async fn results_come_page_by_page_until_the_locator_is_null() {
    let org = Org::small().await;
    let id = ended_query(&org, "query", "SELECT Name FROM Opportunity ORDER BY Id").await;
    let (mut names, mut locator, mut pages) = (Vec::new(), String::new(), 0);

    while locator != "null" {
        let query = if locator.is_empty() {
            "?maxRecords=3".to_owned()
        } else {
            format!("?maxRecords=3&locator={locator}")
        };
        let page = results(&org, &id, &query).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let text = page.body.as_str().expect("CSV").to_owned();
        names.extend(text.lines().skip(1).map(str::to_owned));
        locator = page.header("sforce-locator").to_owned();
        pages += 1;
    }
    let bad = results(&org, &id, "?locator=x").await;
    let none = results(&org, &id, "?maxRecords=0").await;

    assert_eq!(
        names,
        [
            "\"Anvils\"",
            "\"anvils, more\"",
            "\"100% steel\"",
            "\"Rope_1\""
        ]
    );
    assert_eq!(pages, 2);
    assert_eq!((bad.status, none.status), (400, 400));
}

#[tokio::test]
async fn query_all_jobs_read_the_recycle_bin() {
    let org = Org::small().await;
    let query = "SELECT Name FROM Opportunity WHERE IsDeleted = true";

    let all = ended_query(&org, "queryAll", query).await;
    let live = ended_query(&org, "query", query).await;

    assert_eq!(results(&org, &all, "").await.body, "\"Name\"\n\"Gone\"\n");
    assert_eq!(results(&org, &live, "").await.body, "\"Name\"\n");
}

#[tokio::test]
async fn a_job_may_ask_for_other_separators() {
    let org = Org::small().await;
    let body = json!({
        "operation": "query",
        "query": "SELECT Name, StageName FROM Opportunity WHERE Name = 'Anvils'",
        "columnDelimiter": "SEMICOLON",
        "lineEnding": "CRLF",
    });

    let job = org.post(&format!("{DATA}/jobs/query"), body).await;
    let id = job.body["id"].as_str().expect("an id").to_owned();
    polled(&org, "query", &id).await;

    assert_eq!(
        results(&org, &id, "").await.body,
        "\"Name\";\"StageName\"\r\n\"Anvils\";\"Prospecting\"\r\n"
    );
}

#[tokio::test]
async fn what_bulk_queries_cannot_do_is_refused_at_once() {
    let org = Org::small().await;
    let refused = [
        ("SELECT COUNT(Id) FROM Lead", "API_ERROR"),
        ("SELECT COUNT() FROM Lead", "API_ERROR"),
        ("SELECT Id FROM Lead LIMIT 5 OFFSET 1", "API_ERROR"),
        ("SELECT Id, BillingAddress FROM Account", "API_ERROR"),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "API_ERROR",
        ),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT", "MALFORMED_QUERY"),
    ];

    for (query, code) in refused {
        let answer = query_job(&org, "query", query).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{query}");
    }
    let json =
        json!({ "operation": "query", "query": "SELECT Id FROM Lead", "contentType": "JSON" });
    let kind = org.post(&format!("{DATA}/jobs/query"), json).await;
    let nothing = org.post(&format!("{DATA}/jobs/query"), json!({})).await;
    assert_eq!((kind.status, nothing.status), (400, 400));
}

#[tokio::test]
async fn jobs_are_listed_aborted_and_deleted() {
    let org = Org::small().await;
    let path = format!("{DATA}/jobs/query");
    let query = "SELECT Id FROM Lead";
    let first = query_job(&org, "query", query).await.body["id"].clone();
    let first = first.as_str().expect("an id").to_owned();
    let second = ended_query(&org, "query", query).await;

    let aborted = org
        .patch(&format!("{path}/{first}"), json!({ "state": "Aborted" }))
        .await;
    let too_late = org
        .patch(&format!("{path}/{second}"), json!({ "state": "Aborted" }))
        .await;
    let list = org.get(&path).await;
    let deleted = org.delete(&format!("{path}/{second}")).await;
    let gone = org.get(&format!("{path}/{second}")).await;

    assert_eq!(
        (aborted.status, &aborted.body["state"]),
        (200, &json!("Aborted"))
    );
    assert_eq!((too_late.status, too_late.code()), (400, "INVALIDJOBSTATE"));
    let listed: Vec<&Value> = list.body["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(listed, [&json!(second), &json!(first)]);
    assert_eq!(list.body["done"], true);
    assert_eq!((deleted.status, gone.status), (204, 404));
}

#[tokio::test]
async fn results_are_read_with_the_version_the_job_was_made_with() {
    let org = Org::small().await;
    let id = ended_query(&org, "query", "SELECT Id FROM Lead").await;

    let other = org
        .get(&format!("/services/data/v60.0/jobs/query/{id}/results"))
        .await;

    assert_eq!(other.status, 409);
}

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
