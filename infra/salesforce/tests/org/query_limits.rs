//! Queries that Salesforce refuses, and answers that do not fit one page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, DATA, Org, account, answer};

fn refusal(answer: &Answer) -> (&str, &str) {
    let message = answer.body[0]["message"].as_str().unwrap_or_default();
    (
        answer.code(),
        message.rsplit('\n').next().unwrap_or_default(),
    )
}

const ROLES: &str = "SELECT OpportunityId FROM OpportunityContactRole";

#[tokio::test]
async fn semi_joins_stand_where_salesforce_allows_them() {
    let org = Org::small().await;
    let by_account = "AccountId IN (SELECT AccountId FROM Contact)";
    let role = format!("Id IN ({ROLES})");
    let no_role = format!("Id NOT IN ({ROLES} WHERE IsPrimary = false)");

    for condition in [
        role.clone(),
        format!("{role} AND {by_account}"),
        format!("Name = 'Anvils' AND {no_role}"),
        format!("(Name = 'x' OR Name = 'Anvils') AND {role}"),
    ] {
        let query = format!("SELECT Id FROM Opportunity WHERE {condition}");
        assert_eq!(org.query(&query).await.status, 200, "{condition}");
    }
}

#[tokio::test]
async fn semi_joins_that_salesforce_refuses_are_refused_in_its_words() {
    let org = Org::small().await;
    let role = format!("Id IN ({ROLES})");
    let by_account = "AccountId IN (SELECT AccountId FROM Contact)";
    let cases = [
        (
            format!("Name = 'x' OR {role}"),
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            format!("Amount > 1 AND (Name = 'x' OR {role})"),
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.",
        ),
        (
            format!("{role} AND {by_account} AND {role}"),
            "Maximum 2 semi join sub-selects are allowed",
        ),
        (
            "AccountId IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM OpportunityContactRole))".to_owned(),
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "Id IN (SELECT Id FROM Opportunity)".to_owned(),
            "The inner and outer selects should not be on the same object type",
        ),
        (
            "Name IN (SELECT Name FROM Account)".to_owned(),
            "The left operand field in the where expression for outer query should be an id field, cannot use: 'Name'",
        ),
        (
            "Account.ParentId IN (SELECT AccountId FROM Contact)".to_owned(),
            "The left operand field in the where expression for outer query should be an id field, cannot use: 'ParentId'",
        ),
        (
            "AccountId IN (SELECT LastName FROM Contact)".to_owned(),
            "Semi join sub-selects can only query id fields, cannot use: 'LastName'",
        ),
        (
            "AccountId IN (SELECT Id FROM Contact)".to_owned(),
            "The selected field 'Id' in the subquery and the left operand field in the where expression in the outer query 'AccountId' should point to the same object type",
        ),
    ];

    for (condition, reason) in cases {
        let query = format!("SELECT Id FROM Opportunity WHERE {condition}");
        let refused = org.query(&query).await;
        assert_eq!(
            refusal(&refused),
            ("MALFORMED_QUERY", reason),
            "{condition}"
        );
    }
}

/// Makes rows in calls of 200.
async fn make(org: &Org, rows: usize, record: impl Fn(usize) -> Value) {
    let all: Vec<Value> = (0..rows).map(record).collect();
    for records in all.chunks(200) {
        let made = org
            .post(
                &format!("{DATA}/composite/sobjects"),
                json!({ "records": records }),
            )
            .await;
        assert_eq!(made.body[0]["success"], true, "{}", made.body);
    }
}

#[tokio::test]
async fn more_than_two_thousand_groups_are_refused_and_fewer_are_not() {
    let org = Org::small().await;
    make(&org, 2_001, |number| {
        json!({ "attributes": { "type": "Lead" }, "LastName": format!("Group {number}"), "Company": "c" })
    })
    .await;
    let query =
        "SELECT LastName, COUNT(Id) n FROM Lead WHERE LastName LIKE 'Group %' GROUP BY LastName";

    let refused = org.query(query).await;
    let fine = org.query(&format!("{query} LIMIT 2000")).await;

    assert_eq!(
        refusal(&refused),
        (
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        )
    );
    assert_eq!((fine.status, &fine.body["totalSize"]), (200, &json!(2_000)));
}

#[tokio::test]
async fn children_that_do_not_fit_have_their_own_next_page() {
    let org = Org::small().await;
    make(&org, 450, |number| {
        json!({ "attributes": { "type": "Contact" }, "LastName": format!("Child {number:03}"), "AccountId": account(1) })
    })
    .await;
    let query = "SELECT+Name,(SELECT+LastName+FROM+Contacts+WHERE+LastName+LIKE+'Child+%25'+ORDER+BY+LastName)+FROM+Account+ORDER+BY+Id";
    let path = format!("{DATA}/query?q={query}");
    let request = org
        .request(Method::GET, &path)
        .header("sforce-query-options", "batchSize=200");

    let first = answer(request).await;
    let children = &first.body["records"][0]["Contacts"];
    let mut names: Vec<Value> = Vec::new();
    let mut page = children.clone();
    let mut pages = Vec::new();
    loop {
        let records = page["records"].as_array().expect("records").clone();
        pages.push((records.len(), page["done"].clone()));
        names.extend(records.iter().map(|record| record["LastName"].clone()));
        let Some(next) = page["nextRecordsUrl"].as_str() else {
            break;
        };
        page = org.get(next).await.body;
    }

    assert_eq!(children["totalSize"], 450);
    assert_eq!(
        pages,
        [(200, json!(false)), (200, json!(false)), (50, json!(true))]
    );
    let expected: Vec<Value> = (0..450).map(|n| json!(format!("Child {n:03}"))).collect();
    assert_eq!(names, expected);
    // The second account waits on the next page of the query itself.
    assert_eq!(first.body["records"].as_array().map(Vec::len), Some(1));
    let next = first.body["nextRecordsUrl"]
        .as_str()
        .expect("more")
        .to_owned();
    let second = org.get(&next).await;
    assert_eq!(second.body["records"][0]["Contacts"], Value::Null);
}

#[tokio::test]
async fn grouped_columns_are_described_as_the_command_line_needs_them() {
    let org = Org::small().await;
    let query = "SELECT+StageName,COUNT(Id)+n,MAX(Amount)+FROM+Opportunity+GROUP+BY+StageName";

    let answer = org
        .get(&format!("{DATA}/query?q={query}&columns=true"))
        .await;

    let column = |at: usize, key: &str| answer.body["columnMetadata"][at][key].clone();
    let shown: Vec<[Value; 5]> = (0..3)
        .map(|at| {
            [
                "columnName",
                "displayName",
                "aggregate",
                "apexType",
                "numberType",
            ]
            .map(|key| column(at, key))
        })
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["StageName", "StageName", false, "String", false],
            ["n", "count(Id)", true, "Integer", true],
            ["expr0", "max(Amount)", true, "Double", true],
        ])
    );
    assert_eq!(answer.body["groupBy"], true);
}
