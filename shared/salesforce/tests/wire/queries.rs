//! Listings, rows by id, pages within rows, and visibility.

use dealbridge_core::{
    SalesforceObject, SystemModstamp,
    salesforce::{Deleted, Listing, Locator, Row, Salesforce, SalesforceError},
};
use dealbridge_salesforce::{ApiLimit, ApiUsage, SalesforceClient};
use serde_json::{Value, json};

use crate::org::{Org, Reply, field, id, ids};

const NEXT: &str = "/services/data/v66.0/query/0r8xx5R2sM3DgWhASK-2000";

fn listing() -> Listing {
    Listing {
        object: SalesforceObject::Opportunity,
        fields: vec![field("StageName")],
        flag: Some(field("Export__c")),
        since: None,
        before: None,
        after: None,
        up_to: None,
        deleted: Deleted::Left,
    }
}

fn row(value: Value) -> Row {
    serde_json::from_value(value).unwrap()
}

fn assert_send_sync_clone<T: Send + Sync + Clone>(_: &T) {}

fn is_unavailable<T>(outcome: &Result<T, SalesforceError>) -> bool {
    matches!(outcome, Err(SalesforceError::Unavailable { .. }))
}

#[tokio::test]
async fn a_listing_is_read_page_by_page_and_each_call_counted() {
    let org = Org::answering([
        Reply::page(json!([{ "Id": "1" }]), NEXT).with("sforce-limit-info", "api-usage=22/15000"),
        Reply::rows(json!([{ "Id": "2" }])).with("sforce-limit-info", "api-usage=21/15000"),
    ])
    .await;
    let client = org.client();
    assert_send_sync_clone::<SalesforceClient>(&client);

    let first = client.list(&listing()).await.unwrap();
    let second = client.next(first.next.as_ref().unwrap()).await.unwrap();

    assert_eq!(first.rows, [row(json!({ "Id": "1" }))]);
    assert_eq!(second.rows, [row(json!({ "Id": "2" }))]);
    assert_eq!(second.next, None);
    assert_eq!(
        client.usage(),
        ApiUsage {
            token: 1,
            query: 1,
            query_more: 1,
            limit: Some(ApiLimit {
                used: 21,
                max: 15000
            }),
            ..ApiUsage::default()
        }
    );
    let calls = org.calls();
    assert_eq!(
        calls[0].path,
        "/services/data/v66.0/query?q=SELECT+Id,+IsDeleted,+SystemModstamp,+StageName+FROM+Opportunity+WHERE+Export__c+%3D+true+ORDER+BY+SystemModstamp+DESC,+Id"
    );
    assert_eq!(calls[1].path, NEXT);
    assert_eq!(
        calls[0].header("sforce-call-options"),
        Some("client=dealbridge")
    );
    assert_eq!(calls[0].header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn a_page_is_followed_only_within_the_connected_org() {
    let foreign = Org::answering([Reply::rows(json!([]))]).await;
    let org = Org::answering([
        Reply::page(json!([]), &format!("{}{NEXT}", foreign.url())),
        Reply::page(json!([]), "//evil.example/services/data/x"),
        Reply::page(json!([]), "/services/oauth2/revoke?token=x"),
    ])
    .await;
    let client = org.client();

    for _ in 0..3 {
        assert!(is_unavailable(&client.list(&listing()).await));
    }
    for kept in [
        format!("{}{NEXT}", foreign.url()),
        "@evil.example/".to_owned(),
    ] {
        assert!(is_unavailable(&client.next(&Locator(kept)).await));
    }
    assert_eq!(foreign.asked().len(), 0);
    assert_eq!(org.calls().len(), 3);
}

#[tokio::test]
async fn a_page_that_leads_to_itself_or_nowhere_ends_the_listing_with_an_error() {
    let org = Org::answering([
        Reply::page(json!([]), NEXT),
        Reply::Json(200, json!({ "done": false, "records": [] })),
        Reply::Json(200, json!({ "done": false, "records": [] })),
        Reply::Json(200, json!({ "done": false, "records": [] })),
        Reply::Json(200, json!({ "done": false, "records": [] })),
    ])
    .await;
    let client = org.client();

    assert!(is_unavailable(
        &client.next(&Locator(NEXT.to_owned())).await
    ));
    assert!(is_unavailable(&client.list(&listing()).await));
}

#[tokio::test]
async fn an_expired_locator_is_told_apart() {
    for reply in [
        Reply::error(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
        Reply::error(404, "NOT_FOUND", "The requested resource does not exist"),
    ] {
        let org = Org::answering([reply]).await;

        let outcome = org.client().next(&Locator(NEXT.to_owned())).await;

        assert_eq!(outcome, Err(SalesforceError::LocatorExpired));
        assert_eq!(org.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_locator_that_ended_with_its_session_is_told_from_a_refused_login() {
    let org = Org::answering(vec![Reply::expired_session(); 4]).await;
    let client = org.client();

    let next = client.next(&Locator(NEXT.to_owned())).await;
    let list = client.list(&listing()).await;

    // One fresh login is tried for each. Then the page's locator must be the cause, but a query has none.
    assert_eq!(next, Err(SalesforceError::LocatorExpired));
    assert!(matches!(list, Err(SalesforceError::AuthFailed { .. })));
    assert_eq!(org.calls().len(), 4);
}

#[tokio::test]
async fn a_query_that_salesforce_gives_up_is_told_apart_and_asked_once() {
    for code in ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE", "EXCEEDED_ID_LIMIT"] {
        let org = Org::answering([Reply::error(400, code, "running for too long")]).await;

        let error = org.client().list(&listing()).await.unwrap_err();

        assert!(
            matches!(&error, SalesforceError::TooLarge { detail } if detail.contains(code)),
            "{error:?}"
        );
        assert_eq!(error.code(), "SF_QUERY_TOO_LARGE");
        assert_eq!(org.calls().len(), 1);
    }
}

#[tokio::test]
async fn rows_by_id_are_asked_for_in_halves_when_salesforce_finds_them_too_many() {
    let too_large = || {
        Reply::error(
            400,
            "OPERATION_TOO_LARGE",
            "exceeded 100000 distinct who/what's",
        )
    };
    let org = Org::answering([
        too_large(),
        Reply::rows(json!([{ "Id": "1" }])),
        too_large(),
        Reply::rows(json!([{ "Id": "2" }])),
        Reply::rows(json!([{ "Id": "3" }])),
    ])
    .await;

    let rows = org
        .client()
        .records(SalesforceObject::Opportunity, &ids(3), &[])
        .await
        .unwrap();

    let read: Vec<_> = rows.iter().filter_map(|row| row.text("Id")).collect();
    assert_eq!(read, ["1", "2", "3"]);
    assert_eq!(org.calls().len(), 5);
}

#[tokio::test]
async fn rows_by_id_are_asked_for_again_when_their_locator_expires() {
    let expired = || Reply::error(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    let org = Org::answering([
        Reply::page(json!([{ "Id": "1" }]), NEXT),
        expired(),
        Reply::page(json!([{ "Id": "1" }]), NEXT),
        Reply::rows(json!([{ "Id": "2" }])),
    ])
    .await;

    let rows = org.client().opportunities(&ids(2), &[]).await.unwrap();

    assert_eq!(rows, [row(json!({ "Id": "1" })), row(json!({ "Id": "2" }))]);
}

#[tokio::test]
async fn two_hundred_ids_cost_one_call_and_repeated_ones_none() {
    let org = Org::answering((0..3).map(|_| Reply::rows(json!([])))).await;
    let client = org.client();

    client.opportunities(&[], &[]).await.unwrap();
    assert_eq!(client.usage().total(), 0);

    client.opportunities(&ids(200), &[]).await.unwrap();
    assert_eq!(client.usage().query, 1);

    let twice = [ids(201), ids(201)].concat();
    client
        .records(SalesforceObject::Opportunity, &twice, &[])
        .await
        .unwrap();
    assert_eq!(client.usage().query, 3);
    assert!(
        org.calls()
            .iter()
            .all(|call| call.path.starts_with("/services/data/v66.0/queryAll?q="))
    );
}

#[tokio::test]
async fn children_beyond_the_first_page_are_joined_to_their_row() {
    let inner = "/services/data/v66.0/query/0r8xx00000000001AA-1";
    let inner_2 = "/services/data/v66.0/query/0r8xx00000000001AA-2";
    let org = Org::answering([
        Reply::page(
            json!([
                { "Id": "1", "OpportunityContactRoles": null },
                { "Id": "2", "OpportunityContactRoles": {
                    "totalSize": 3, "done": false, "nextRecordsUrl": inner, "records": [{ "Id": "a" }] } },
            ]),
            NEXT,
        ),
        Reply::page(json!([{ "Id": "b" }]), inner_2),
        Reply::rows(json!([{ "Id": "c" }])),
        Reply::rows(json!([
            { "Id": "3", "OpportunityContactRoles": { "totalSize": 1, "done": true, "records": [{ "Id": "d" }] } },
        ])),
    ])
    .await;
    let client = org.client();

    let rows = client.opportunities(&ids(3), &[]).await.unwrap();

    assert_eq!(
        rows,
        [
            row(json!({ "Id": "1", "OpportunityContactRoles": null })),
            row(json!({ "Id": "2", "OpportunityContactRoles": {
                "totalSize": 3, "done": true, "records": [{ "Id": "a" }, { "Id": "b" }, { "Id": "c" }] } })),
            row(json!({ "Id": "3", "OpportunityContactRoles": {
                "totalSize": 1, "done": true, "records": [{ "Id": "d" }] } })),
        ]
    );
    assert_eq!((client.usage().query, client.usage().query_more), (1, 3));
}

#[tokio::test]
async fn a_missing_field_is_named_and_not_asked_for_again() {
    let message = "\nSELECT Export__c FROM\n^\nERROR at Row:1:Column:8\nNo such column 'Export__c' on entity 'Opportunity'. If you are";
    let org = Org::answering([Reply::error(400, "INVALID_FIELD", message)]).await;

    let outcome = org.client().list(&listing()).await;

    assert_eq!(
        outcome,
        Err(SalesforceError::FieldMissing {
            object: "Opportunity".to_owned(),
            field: "Export__c".to_owned()
        })
    );
    assert_eq!(org.calls().len(), 1);
}

#[tokio::test]
async fn records_are_answered_in_the_order_of_the_ids() {
    let seen = json!({
        "Id": "00Q4S000002sSacUAE", "SystemModstamp": "2026-05-01T07:25:37.000+0000", "Company": "Acme",
    });
    let org = Org::answering([Reply::Json(200, json!([seen, null]))]).await;
    let client = org.client();

    let rows = client
        .retrieve(
            SalesforceObject::Lead,
            &[id("00Q4S000002sSac"), id("00Q4S000002sSad")],
            &[field("Company"), field("systemmodstamp")],
        )
        .await
        .unwrap();

    let row = rows[0].as_ref().unwrap();
    assert_eq!(
        row.stamp(),
        SystemModstamp::parse("2026-05-01T07:25:37Z").ok()
    );
    assert_eq!(row.text("Company"), Some("Acme"));
    assert_eq!(rows[1..], [None]);
    let call = &org.calls()[0];
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/services/data/v66.0/composite/sobjects/Lead")
    );
    assert_eq!(
        call.body,
        r#"{"ids":["00Q4S000002sSacUAE","00Q4S000002sSadUAE"],"fields":["Id","SystemModstamp","Company"]}"#
    );
}

#[tokio::test]
async fn an_answer_that_would_put_values_beside_other_records_is_not_believed() {
    let other =
        json!({ "Id": "00Q4S000002sSad", "SystemModstamp": "2026-05-01T07:25:37.000+0000" });
    let without = json!({ "Id": "00Q4S000002sSac" });
    for rows in [
        json!([]),
        json!([null, null]),
        json!([other]),
        json!([without]),
    ] {
        let org = Org::answering(vec![Reply::Json(200, rows); 4]).await;

        let rows = org
            .client()
            .retrieve(SalesforceObject::Lead, &[id("00Q4S000002sSac")], &[])
            .await;

        assert!(is_unavailable(&rows));
    }
}

#[tokio::test]
async fn two_thousand_ids_are_checked_in_one_call() {
    let nulls = |count: usize| Reply::Json(200, Value::Array(vec![Value::Null; count]));
    let org = Org::answering([nulls(2000), nulls(1)]).await;
    let client = org.client();

    let rows = client
        .retrieve(SalesforceObject::Opportunity, &ids(2001), &[])
        .await
        .unwrap();

    assert_eq!(rows, vec![None; 2001]);
    assert_eq!(client.usage().retrieve, 2);
}
