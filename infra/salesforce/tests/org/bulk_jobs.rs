//! Query jobs of Bulk API 2.0 from creation to results.

use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, opportunity};

async fn query_job(org: &Org, operation: &str, query: &str) -> Answer {
    let body = json!({ "operation": operation, "query": query });
    org.post(&format!("{DATA}/jobs/query"), body).await
}

/// Polls a job until it comes to an end; answers with the states it was seen in.
pub(crate) async fn polled(org: &Org, kind: &str, id: &str) -> (Vec<String>, Value) {
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
