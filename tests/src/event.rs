//! Requests as API Gateway hands them to the functions.

use dealbridge_core::{SalesforceId, SalesforceObject, record::RecordId};
use serde_json::{Value, json};

/// The URL at which a browser shows a Salesforce record.
#[must_use]
pub fn url(id: SalesforceId) -> String {
    format!(
        "https://acme.lightning.force.com/lightning/r/{}/{id}/view",
        SalesforceObject::of(&id).unwrap()
    )
}

/// An event of API Gateway: method, path, query and body.
#[must_use]
pub fn event(method: &str, path: &str, query: &str, body: Option<&Value>) -> Value {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (route, parameters) = match parts[..] {
        ["suppressions", id] => (
            "/suppressions/{salesforceId}".to_owned(),
            json!({ "salesforceId": id }),
        ),
        ["tasks", id] => ("/tasks/{id}".to_owned(), json!({ "id": id })),
        ["problems" | "settings" | "sync-runs", ..] => (path.to_owned(), json!({})),
        [kind] => ("/{kind}".to_owned(), json!({ "kind": kind })),
        [kind, id, ref rest @ ..] => {
            let rest: String = rest.iter().map(|part| format!("/{part}")).collect();
            (
                format!("/{{kind}}/{{id}}{rest}"),
                json!({ "kind": kind, "id": id }),
            )
        }
        [] => unreachable!("a path has parts"),
    };
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": method, "path": path }, "stage": "$default" },
        "pathParameters": parameters,
        "body": body.map(ToString::to_string),
        "isBase64Encoded": false,
    })
}

fn collection(record: &RecordId) -> String {
    format!("/{}/{}", record.kind().collection(), record.id())
}

/// The request for a preview.
#[must_use]
pub fn preview_event(record: &RecordId, body: &Value) -> Value {
    event(
        "POST",
        &format!("{}/link/preview", collection(record)),
        "",
        Some(body),
    )
}

/// The request for a link.
#[must_use]
pub fn confirm_event(record: &RecordId, body: &Value) -> Value {
    event(
        "PUT",
        &format!("{}/link", collection(record)),
        "",
        Some(body),
    )
}

/// The request to unlink.
#[must_use]
pub fn unlink_event(record: &RecordId) -> Value {
    event(
        "DELETE",
        &format!("{}/link", collection(record)),
        "confirm=true",
        None,
    )
}

/// The request to allow an import.
#[must_use]
pub fn allow_event(id: SalesforceId) -> Value {
    event("DELETE", &format!("/suppressions/{id}"), "", None)
}
