//! The admin API at work on the service: faults, counts, time, reset, and the refusal of nonsense.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{DATA, Org, account, answer, opportunity};

#[tokio::test]
async fn an_ordered_fault_answers_so_often_and_only_where_it_matches() {
    let org = Org::small().await;
    org.admin("fail", json!({ "match": "/query", "status": 503, "body": "<html>down</html>", "times": 2, "skip": 1 })).await;
    let mut statuses = Vec::new();

    for _ in 0..4 {
        statuses.push(org.query("SELECT Id FROM Lead").await.status);
    }
    let elsewhere = org.get(&format!("{DATA}/limits")).await;
    org.admin("fail", json!({ "match": "FROM Lead", "status": 500 }))
        .await;
    let decoded = org.query("SELECT Id FROM Lead").await;
    org.admin("fail", json!({ "match": "/", "status": 500, "times": 100 }))
        .await;
    org.admin("fail", json!({ "times": 0 })).await;
    let cleared = org.query("SELECT Id FROM Lead").await;

    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(
        (elsewhere.status, decoded.status, cleared.status),
        (200, 500, 200)
    );
    assert_eq!(decoded.code(), "UNKNOWN_EXCEPTION");
}

#[tokio::test]
async fn a_fault_may_carry_any_body() {
    let org = Org::small().await;
    let body = json!([{ "message": "No.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": [] }]);
    org.admin(
        "fail",
        json!({ "match": "/sobjects/Account/", "status": 400, "body": body }),
    )
    .await;

    let refused = org
        .patch(
            &format!("{DATA}/sobjects/Account/{}", account(1)),
            json!({ "Name": "x" }),
        )
        .await;
    org.admin(
        "fail",
        json!({ "match": "/query", "status": 502, "body": "<html></html>" }),
    )
    .await;
    let html = org.query("SELECT Id FROM Lead").await;

    assert_eq!((refused.status, refused.body), (400, body));
    assert_eq!(
        (html.status, html.header("content-type")),
        (502, "text/html;charset=UTF-8")
    );
    assert_eq!(org.row("Account", &account(1)).await["Name"], "Acme");
}

#[tokio::test]
async fn a_cut_answer_breaks_off_although_the_call_did_its_work() {
    let org = Org::small().await;
    org.admin(
        "fail",
        json!({ "match": "/sobjects/Account", "mode": "cut" }),
    )
    .await;

    let request = org
        .request(Method::POST, &format!("{DATA}/sobjects/Account"))
        .json(&json!({ "Name": "Half" }));
    let response = request.send().await.expect("the head arrives");
    let length = response.content_length();
    let body = response.text().await;

    assert!(length.is_some_and(|length| length > 10));
    assert!(body.is_err(), "{body:?}");
    assert_eq!(
        org.query("SELECT COUNT() FROM Account WHERE Name = 'Half'")
            .await
            .body["totalSize"],
        1
    );
}

#[tokio::test]
async fn a_hanging_call_is_never_answered_and_does_not_keep_the_org_from_stopping() {
    let org = Org::small().await;
    org.admin("fail", json!({ "match": "/limits", "mode": "hang" }))
        .await;
    let request = org.request(Method::GET, &format!("{DATA}/limits"));
    let hanging = tokio::spawn(async move {
        request
            .send()
            .await
            .map(|response| response.status().as_u16())
    });
    while org.handle.counters()["limits"] == 0 {
        tokio::task::yield_now().await;
    }

    let still_open = !hanging.is_finished();
    let others = org.get(&format!("{DATA}/sobjects")).await;
    org.handle.shutdown().await;
    let ended = hanging.await.expect("no panic");

    assert!(still_open);
    assert_eq!(others.status, 200);
    assert!(!matches!(ended, Ok(200)), "{ended:?}");
}

#[tokio::test]
async fn calls_are_counted_by_kind() {
    let org = Org::small().await;

    org.query("SELECT Id FROM Lead").await;
    org.query_all("SELECT Id FROM Lead").await;
    org.get(&format!("{DATA}/sobjects/Lead/describe")).await;
    org.row("Account", &account(1)).await;
    org.patch(
        &format!("{DATA}/sobjects/Account/{}", account(1)),
        json!({ "Name": "x" }),
    )
    .await;
    org.post(
        &format!("{DATA}/composite/sobjects/Account"),
        json!({ "ids": [account(1)], "fields": ["Id"] }),
    )
    .await;
    org.admin("fail", json!({ "match": "/limits", "status": 500 }))
        .await;
    org.get(&format!("{DATA}/limits")).await;
    let counts = org.get("/_org/stats").await.body;
    org.admin("stats", json!({ "reset": true })).await;

    assert_eq!(
        counts,
        json!({
            "composite": 0, "describe": 1, "limits": 1, "other": 0, "query": 1, "queryAll": 1, "queryMore": 0,
            "read": 1, "retrieve": 1, "token": 1, "total": 7, "write": 1,
        })
    );
    assert!(org.handle.counters().values().all(|count| *count == 0));
}

#[tokio::test]
async fn a_late_row_comes_back_with_its_old_stamp() {
    let org = Org::small().await;
    let id = opportunity(1);
    let row = json!({ "object": "Opportunity", "id": id });
    let edited = json!({ "object": "Opportunity", "id": id, "fields": { "NextStep": "call" } });
    let edit = org.admin("edit", edited).await;
    let soql = format!("SELECT SystemModstamp FROM Opportunity WHERE Id = '{id}'");

    let mut late = row.clone();
    late["seconds"] = json!(60);
    org.admin("late", late).await;
    let gone = org.column(&soql, "SystemModstamp").await;
    let updated = org
        .get(&format!("{DATA}/sobjects/Opportunity/updated?start=2026-01-14T00:00:00Z&end=2026-01-15T00:00:00Z"))
        .await;
    org.admin("tick", json!({ "seconds": 59 })).await;
    let still_gone = org.column(&soql, "SystemModstamp").await;
    org.admin(
        "edit",
        json!({ "object": "Account", "id": account(1), "fields": { "Name": "x" } }),
    )
    .await;
    let back = org.column(&soql, "SystemModstamp").await;

    assert_eq!((gone, still_gone), (vec![], vec![]));
    assert_eq!(back, [edit["stamp"].clone()]);
    // The list says that it is complete only up to the open transaction.
    assert_eq!(updated.body["latestDateCovered"], edit["stamp"]);
}

#[tokio::test]
async fn a_reset_brings_the_loaded_state_back() {
    let org = Org::small().await;
    let before = org.handle.now();
    org.admin("delete", json!({ "object": "Account", "id": account(1) }))
        .await;
    org.admin(
        "fail",
        json!({ "match": "/query", "status": 500, "times": 9 }),
    )
    .await;

    org.admin("reset", json!({})).await;

    assert_eq!(
        org.names("Sync__c = true").await,
        ["Anvils", "anvils, more", "Rope_1"]
    );
    assert_eq!(org.handle.now(), before);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_sentence_and_changes_nothing() {
    let org = Org::small().await;
    let before = org.handle.now();
    let cases: [(&str, Value, u16, &str); 12] = [
        (
            "edit",
            json!({ "object": "Opportunity" }),
            400,
            "missing field `id`",
        ),
        (
            "edit",
            json!({ "object": "Deal", "id": opportunity(1), "fields": {} }),
            400,
            "there is no object \"Deal\"",
        ),
        (
            "edit",
            json!({ "object": "Opportunity", "id": "x", "fields": {} }),
            400,
            "is not a Salesforce id",
        ),
        (
            "edit",
            json!({ "object": "Opportunity", "id": account(1), "fields": {} }),
            404,
            "there is no Opportunity",
        ),
        (
            "edit",
            json!({ "object": "Opportunity", "id": opportunity(1), "fields": { "Foo": 1 } }),
            400,
            "No such column 'Foo'",
        ),
        (
            "hide",
            json!({ "object": "Opportunity", "id": opportunity(1), "why": 1 }),
            400,
            "unknown field `why`",
        ),
        (
            "fail",
            json!({ "match": "/", "mode": "explode" }),
            400,
            "unknown variant `explode`",
        ),
        (
            "fail",
            json!({ "match": "/", "status": 99 }),
            400,
            "status must be from 200 to 599",
        ),
        (
            "expire",
            json!({ "what": "everything" }),
            400,
            "unknown variant `everything`",
        ),
        (
            "merge",
            json!({ "object": "Opportunity", "winner": opportunity(1), "losers": [opportunity(2)] }),
            400,
            "cannot be merged",
        ),
        (
            "undelete",
            json!({ "object": "Opportunity", "id": opportunity(1) }),
            404,
            "is not in the recycle bin",
        ),
        (
            "dance",
            json!({}),
            404,
            "there is no admin call /_org/dance",
        ),
    ];

    for (call, body, status, message) in cases {
        let refused = org.post(&format!("/_org/{call}"), body.clone()).await;
        assert_eq!(refused.status, status, "{call} {body}: {}", refused.body);
        assert!(
            refused.body[0]["message"]
                .as_str()
                .is_some_and(|text| text.contains(message)),
            "{call} {body}: {}",
            refused.body
        );
    }
    let no_json = answer(org.request(Method::POST, "/_org/edit").body("{")).await;
    assert_eq!(no_json.status, 400);
    assert_eq!(org.handle.now(), before);
}

#[tokio::test]
async fn the_handle_calls_the_admin_api_without_a_request() {
    let org = Org::small().await;

    let done = org.handle.admin(
        "edit",
        &json!({ "object": "Account", "id": account(1), "fields": { "Name": "Direct" } }),
    );
    let refused = org.handle.admin("edit", &json!({}));

    assert_eq!(done.expect("it is right")["id"], account(1));
    assert!(refused.is_err_and(|text| text.contains("missing field `object`")));
    assert_eq!(org.row("Account", &account(1)).await["Name"], "Direct");
}

#[tokio::test]
async fn a_query_that_finds_too_many_rows_is_given_up_until_the_limit_is_lifted() {
    let org = Org::small().await;
    let found = org.query("SELECT Id FROM Opportunity").await;
    let rows = found.body["totalSize"].as_u64().unwrap();

    org.admin("limit", json!({ "queryRows": rows - 1 })).await;
    let refused = org.query("SELECT Id FROM Opportunity").await;
    org.admin("limit", json!({ "queryRows": rows })).await;
    let fits = org.query("SELECT Id FROM Opportunity").await;
    org.admin("limit", json!({ "queryRows": 0 })).await;
    org.admin("limit", json!({})).await;
    let lifted = org.query("SELECT Id FROM Opportunity").await;

    assert_eq!((refused.status, refused.code()), (400, "QUERY_TIMEOUT"));
    assert_eq!((fits.status, lifted.status), (200, 200));
}
