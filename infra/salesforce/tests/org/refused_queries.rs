//! SOQL that is refused.

use serde_json::json;

use crate::fixture::{Org, opportunity};

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_the_place_and_the_reason() {
    let org = Org::small().await;
    let cases = [
        (
            "SELECT Foo FROM Opportunity",
            "INVALID_FIELD",
            "No such column 'Foo' on entity 'Opportunity'.",
        ),
        (
            "SELECT Account.Foo__c FROM Opportunity",
            "INVALID_FIELD",
            "No such column 'Foo__c' on entity 'Account'.",
        ),
        (
            "SELECT Foo.Name FROM Opportunity",
            "INVALID_FIELD",
            "Didn't understand relationship 'Foo' in field path.",
        ),
        (
            "SELECT Id FROM Nope__c",
            "INVALID_TYPE",
            "sObject type 'Nope__c' is not supported.",
        ),
        (
            "SELECT Id, (SELECT Id FROM Roles) FROM Opportunity",
            "INVALID_TYPE",
            "Didn't understand relationship 'Roles'",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Amount = 'x'",
            "INVALID_FIELD",
            "must be of type currency and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z",
            "INVALID_FIELD",
            "must be of type date",
        ),
        (
            "SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01",
            "INVALID_FIELD",
            "must be of type dateTime",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Name = 5",
            "INVALID_FIELD",
            "must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Id = '006xx'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: 006xx",
        ),
        (
            "SELECT Id, Id FROM Opportunity",
            "MALFORMED_QUERY",
            "duplicate field selected: Id",
        ),
        (
            "SELECT Id FROM Opportunity LIMIT 1 OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        (
            "SELECT FIELDS(ALL) FROM Opportunity",
            "MALFORMED_QUERY",
            "must have a LIMIT of at most 200",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Opportunity GROUP BY StageName",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        ("", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ];

    for (soql, code, message) in cases {
        let answer = org.query(soql).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, code),
            "{soql}: {}",
            answer.body
        );
        assert!(
            answer.body[0]["message"]
                .as_str()
                .unwrap_or_default()
                .contains(message),
            "{soql}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn an_unknown_column_is_answered_exactly_as_recorded() {
    let org = Org::small().await;

    let answer = org.query("SELECT Foo FROM Account").await;

    assert_eq!(
        answer.body,
        json!([{
            "message": "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
            "errorCode": "INVALID_FIELD",
        }])
    );
}

#[tokio::test]
async fn a_query_that_makes_the_address_too_long_is_refused_by_the_gateway() {
    let org = Org::small().await;
    let ids: Vec<String> = (1..=700)
        .map(|number| format!("'{}'", opportunity(number)))
        .collect();

    let answer = org
        .query(&format!(
            "SELECT Id FROM Opportunity WHERE Id IN ({})",
            ids.join(",")
        ))
        .await;

    assert_eq!(answer.status, 414);
}

#[tokio::test]
async fn no_text_breaks_the_parser() {
    let org = Org::small().await;
    let words = [
        "SELECT",
        "Id",
        "Name",
        "FROM",
        "Opportunity",
        "WHERE",
        "(",
        ")",
        ",",
        "AND",
        "OR",
        "NOT",
        "=",
        "!=",
        "LIKE",
        "IN",
        "'a%'",
        "'\\'",
        "1",
        "2026-01-31",
        "TODAY",
        "LAST_N_DAYS:3",
        "null",
        "COUNT()",
        "COUNT(Id)",
        "GROUP",
        "BY",
        "ORDER",
        "LIMIT",
        "é",
        "'",
        "Account.Name",
        ".",
        "\\",
        "FIELDS(ALL)",
        "(SELECT Id FROM OpportunityContactRoles)",
    ];
    // A fixed sequence: the same texts at each run.
    let mut state = 42_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };

    for _ in 0..1_500 {
        let length = 1 + next(12);
        let text: Vec<&str> = (0..length).map(|_| words[next(words.len())]).collect();
        let soql = if next(2) == 0 {
            text.join(" ")
        } else {
            format!("SELECT Id FROM Opportunity WHERE {}", text.join(" "))
        };
        let answer = org.query(&soql).await;
        assert!(
            matches!(answer.status, 200 | 400),
            "{soql}: {}",
            answer.status
        );
    }
}
