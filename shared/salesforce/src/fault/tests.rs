use serde_json::json;

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        is_html: false,
        retry_after: None,
        redirect: None,
        limit: None,
        body: body.as_bytes().to_vec(),
    }
}

fn judged(status: u16, code: &str, message: &str, kind: CallKind) -> Fault {
    let body = json!([{ "message": message, "errorCode": code }]).to_string();
    Fault::of_answer(&answer(status, &body), kind, Some("Opportunity"))
}

fn of_query(status: u16, code: &str, message: &str) -> Fault {
    judged(status, code, message, CallKind::Query)
}

fn final_code(fault: Fault) -> &'static str {
    match fault {
        Fault::Final(error) => error.code(),
        other => panic!("{other:?}"),
    }
}

fn missing_field(fault: Fault) -> (String, String) {
    match fault {
        Fault::Final(SalesforceError::FieldMissing { object, field }) => (object, field),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_field_is_named_with_its_object() {
    let pair = |object: &str, field: &str| (object.to_owned(), field.to_owned());
    for (code, message, expected) in [
        (
            "INVALID_FIELD",
            "\nSELECT Foo__c FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo__c' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.",
            pair("Account", "Foo__c"),
        ),
        (
            "INVALID_FIELD",
            "No such column 'foo' on sobject of type Bar",
            pair("Bar", "foo"),
        ),
        (
            "INVALID_FIELD",
            "\nFoo__r.Name FROM\n^\nERROR at Row:1:Column:8\nDidn't understand relationship 'Foo__r' in field path. If you are attempting to use a custom relationship, be sure to append the '__r'.",
            pair("Opportunity", "Foo__r"),
        ),
        (
            "INVALID_TYPE",
            "\nSELECT Id FROM Nope__c\n               ^\nERROR at Row:1:Column:16\nsObject type 'Nope__c' is not supported.",
            pair("Nope__c", "Id"),
        ),
    ] {
        assert_eq!(missing_field(of_query(400, code, message)), expected);
    }
}

#[test]
fn another_complaint_of_a_field_is_no_missing_field() {
    let fault = of_query(
        400,
        "INVALID_FIELD",
        "\nx\n^\nERROR at Row:1:Column:8\nfield 'Description' can not be filtered in a query call",
    );

    assert!(matches!(
        fault,
        Fault::Final(SalesforceError::Refused { message, .. })
            if message == "field 'Description' can not be filtered in a query call"
    ));
}

#[test]
fn the_day_s_limit_is_final_and_the_concurrent_one_passes() {
    let day = of_query(
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    );
    let concurrent = of_query(
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    );

    assert_eq!(final_code(day), "SF_REQUEST_LIMIT");
    assert!(matches!(
        concurrent,
        Fault::Passing {
            error: SalesforceError::RequestLimit { .. },
            ..
        }
    ));
}

#[test]
fn each_refusal_has_its_code() {
    for (status, code, expected) in [
        (403, "API_DISABLED_FOR_ORG", "SF_API_DISABLED"),
        (403, "INSUFFICIENT_ACCESS", "SF_PERMISSION_DENIED"),
        (
            400,
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "SF_PERMISSION_DENIED",
        ),
        (403, "SOMETHING_ELSE", "SF_PERMISSION_DENIED"),
        (410, "GONE", "SF_NOT_CONFIGURED"),
        (404, "NOT_FOUND", "SF_NOT_CONFIGURED"),
        (400, "MALFORMED_QUERY", "SF_QUERY_REFUSED"),
        (400, "INVALID_QUERY_FILTER_OPERATOR", "SF_QUERY_REFUSED"),
        (400, "INVALID_TYPE", "SF_QUERY_REFUSED"),
    ] {
        assert_eq!(
            final_code(of_query(status, code, "text")),
            expected,
            "{code}"
        );
    }
}

#[test]
fn what_may_pass_is_repeated() {
    for (status, code) in [
        (500, "UNKNOWN_EXCEPTION"),
        (503, "SERVER_UNAVAILABLE"),
        (400, "UNABLE_TO_LOCK_ROW"),
        (420, "X"),
        (429, "X"),
    ] {
        assert!(
            matches!(of_query(status, code, "text"), Fault::Passing { .. }),
            "{code}"
        );
    }
    for body in ["<html>Down for maintenance</html>", "", "[{\"mess"] {
        assert!(
            matches!(
                Fault::of_answer(&answer(503, body), CallKind::Query, None),
                Fault::Passing { .. }
            ),
            "{body}"
        );
    }
}

#[test]
fn a_write_s_refusal_keeps_its_message_and_fields() {
    let body = json!([{
        "message": "Amount may not shrink",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Amount"]
    }]);

    let fault = Fault::of_answer(&answer(400, &body.to_string()), CallKind::Update, None);

    let Fault::Final(error) = fault else {
        panic!("{fault:?}")
    };
    assert_eq!(
        error,
        SalesforceError::Refused {
            status: 400,
            code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned(),
            message: "Amount may not shrink".to_owned(),
            fields: vec!["Amount".to_owned()],
        }
    );
}

#[test]
fn a_login_s_refusal_keeps_its_description() {
    let body =
        r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;

    let Fault::Final(error) = Fault::of_login(&answer(400, body)) else {
        panic!("not final")
    };

    assert_eq!(
        error,
        SalesforceError::AuthFailed {
            detail: "invalid_grant: user hasn't approved this consumer".to_owned()
        }
    );
}
