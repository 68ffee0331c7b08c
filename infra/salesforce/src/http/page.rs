//! A record as a page: where the links to the simulated org lead.

use std::fmt::Write as _;

use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::reply::Reply;
use crate::{
    engine::Engine,
    schema::ObjectSchema,
    store::{Row, Store},
    value::{Value, Written},
};

const STYLE: &str = "body{font:1em sans-serif;margin:2em}th{text-align:left;padding-right:2em;font-weight:normal;color:#555}td{white-space:pre-wrap}";

/// Answers the address of a record: its fields, as somebody sees them who may see everything.
pub(crate) fn answer(engine: &Engine, id: &str) -> Reply {
    let store = engine.read();
    let found = SalesforceId::parse(id).ok().and_then(|id| {
        let object = store.schema.object_of_prefix(id.key_prefix())?;
        Some((store.object(object), store.table(object).get(id)?))
    });
    match found {
        Some((object, row)) => html(200, &title(object, row), &fields(&store, object, row)),
        None => html(
            404,
            "Record not found",
            "<p>The simulated Salesforce org has no such record.</p>",
        ),
    }
}

fn html(status: u16, title: &str, body: &str) -> Reply {
    let title = escaped(title);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    Reply {
        status,
        headers: Vec::new(),
        body: page.into_bytes(),
    }
    .with("content-type", "text/html;charset=UTF-8")
    .with(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'",
    )
}

fn title(object: &ObjectSchema, row: &Row) -> String {
    let name = object
        .field_index("Name")
        .and_then(|index| row.values[index].as_text())
        .unwrap_or_else(|| row.id.as_str());
    format!("{}: {name}", object.label)
}

fn fields(store: &Store, object: &ObjectSchema, row: &Row) -> String {
    let mut page = String::new();
    if row.is_deleted() {
        page.push_str("<p>This record is in the recycle bin.</p>\n");
    }
    page.push_str("<table>\n");
    let given = object.fields.iter().zip(&row.values);
    for (field, value) in given.filter(|(_, value)| !value.is_null()) {
        let shown = match value {
            Value::Id(id) if is_there(store, *id) && *id != row.id => {
                format!("<a href=\"/{0}\">{0}</a>", id.as_str())
            }
            value => escaped(&plain(&Written(value, field.kind))),
        };
        let (label, name) = (escaped(&field.label), escaped(&field.name));
        // Writing to a text cannot fail.
        let _ = writeln!(
            page,
            "<tr><th title=\"{name}\">{label}</th><td>{shown}</td></tr>"
        );
    }
    page.push_str("</table>");
    page
}

fn is_there(store: &Store, id: SalesforceId) -> bool {
    store
        .schema
        .object_of_prefix(id.key_prefix())
        .is_some_and(|object| store.table(object).get(id).is_some())
}

fn plain(value: &Written<'_>) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// The text as it stands in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
