//! The events of each function: API Gateway's, and SQS's with an unreadable message.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::environment::ADMINS;

/// An administrator's call.
fn call(method: &str, route: &str, query: &str, variables: Value, body: Value) -> Value {
    let body = match body {
        Value::Null => Value::Null,
        body => body.to_string().into(),
    };
    let subject = "8f4e6a3c-esme";
    let email = "esme.rowan@alderpeak.example";
    let token =
        json!({ "sub": subject, "username": email, "email": email, "cognito:groups": [ADMINS] });
    let token = format!(
        "Bearer e30.{}.c2ln",
        URL_SAFE_NO_PAD.encode(token.to_string())
    );
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": route,
        "rawQueryString": query,
        "headers": { "content-type": "application/json", "host": "api.example", "authorization": token },
        "pathParameters": variables,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": { "jwt": {
                "claims": {
                    "sub": subject,
                    "username": email,
                    "email": email,
                    "cognito:groups": format!("[{ADMINS}]"),
                    "token_use": "access",
                },
                "scopes": null,
            } },
            "http": { "method": method, "path": route, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

pub(super) fn get(route: &str, query: &str, variables: Value) -> Value {
    call("GET", route, query, variables, Value::Null)
}

/// A page of the console, for a browser that has no session.
pub(super) fn page(path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "GET /console/{page}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": "api.example", "x-forwarded-proto": "https" },
        "requestContext": {
            "domainName": "api.example",
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

pub(super) fn start_run() -> Value {
    let body = json!({ "integration": "deal-registration" });
    call("POST", "/sync-runs", "", json!({}), body)
}

pub(super) fn preview() -> Value {
    let url = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";
    call(
        "POST",
        "/{kind}/{id}/link/preview",
        "",
        json!({ "kind": "leads", "id": "lead-quayside" }),
        json!({ "salesforceUrl": url, "master": "salesforce" }),
    )
}

pub(super) fn lift_suppression() -> Value {
    call(
        "DELETE",
        "/suppressions/{salesforceId}",
        "",
        json!({ "salesforceId": "006aP00000008G0QAI" }),
        Value::Null,
    )
}

/// A batch of that message and an unreadable one.
pub(super) fn sqs(message: &Value) -> Value {
    let record = |(at, body): (usize, String)| {
        json!({
            "messageId": format!("m{at}"),
            "receiptHandle": format!("r{at}"),
            "body": body,
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:sample",
            "awsRegion": "us-east-1",
        })
    };
    let bodies = [message.to_string(), "poison".to_owned()];
    let records: Vec<Value> = bodies.into_iter().enumerate().map(record).collect();
    json!({ "Records": records })
}

pub(super) fn sync_request() -> Value {
    json!({ "version": 1, "run": "run-00000001", "trigger": "manual" })
}

pub(super) fn import_request(org: &str) -> Value {
    json!({
        "version": 1,
        "run": "run-00000001",
        "org": org,
        "opportunity": "006aP00000008G0QAI",
        "fresh": true,
    })
}

/// The request for a write that has been delivered: nothing is left to do.
pub(super) fn push_request(org: &str) -> Value {
    json!({
        "version": 1,
        "org": org,
        "salesforce": "00QaP000000033wUAA",
        "record": "lead/lead-quayside",
        "write": "01JDELIVERED",
    })
}
