//! Requests as API Gateway hands them to the functions.

use dealbridge_core::{SalesforceId, SalesforceObject, record::RecordId};
use serde_json::{Value, json};

/// The URL at which a browser shows a Salesforce record.
pub(crate) fn url(id: SalesforceId) -> String {
    format!(
        "https://acme.lightning.force.com/lightning/r/{}/{id}/view",
        SalesforceObject::of(&id).unwrap()
    )
}

/// An event of API Gateway: method, path, query and body.
pub(crate) fn event(method: &str, path: &str, query: &str, body: Option<&Value>) -> Value {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (route, parameters) = match parts[..] {
        ["suppressions", id] => (
            "/suppressions/{salesforceId}".to_owned(),
            json!({ "salesforceId": id }),
        ),
        [kind, id, ref rest @ ..] => (
            format!("/{{kind}}/{{id}}/{}", rest.join("/")),
            json!({ "kind": kind, "id": id }),
        ),
        _ => (path.to_owned(), json!({})),
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
pub(crate) fn preview_event(record: &RecordId, body: &Value) -> Value {
    event(
        "POST",
        &format!("{}/link/preview", collection(record)),
        "",
        Some(body),
    )
}

/// The request for a link.
pub(crate) fn confirm_event(record: &RecordId, body: &Value) -> Value {
    event(
        "PUT",
        &format!("{}/link", collection(record)),
        "",
        Some(body),
    )
}

/// The request to unlink.
pub(crate) fn unlink_event(record: &RecordId) -> Value {
    event(
        "DELETE",
        &format!("{}/link", collection(record)),
        "confirm=true",
        None,
    )
}

/// The request to allow an import.
pub(crate) fn allow_event(id: SalesforceId) -> Value {
    event("DELETE", &format!("/suppressions/{id}"), "", None)
}
