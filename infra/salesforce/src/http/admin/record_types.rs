//! Record types, as an administrator adds and deactivates them.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    changes::named::{object, row},
    engine::Engine,
    http::reply::ApiError,
    rules::{Draft, load_row},
    value::Value,
};

/// A record type to add, or one to change by its id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    id: Option<String>,
    object: String,
    name: Option<String>,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

/// Adds the record type, or changes it; answers with its id.
pub(super) fn add(engine: &Engine, order: &Order) -> Result<Json, ApiError> {
    engine.change(|store| {
        let of = object(store, &order.object)?;
        let of = store.object(of).name.clone();
        let types = object(store, "RecordType")?;
        let schema = std::sync::Arc::clone(&store.schema);
        let mut draft = Draft::new(&schema.objects[types]);
        let id = match &order.id {
            Some(id) => {
                let id = row(store, types, id)?;
                if let Some(row) = store.table(types).get(id) {
                    draft.values.clone_from(&row.values);
                }
                id
            }
            None => store.next_id(types),
        };
        draft.set("Id", Value::Id(id));
        if let Some(name) = &order.name {
            draft.set("Name", Value::text(name));
            draft.set("DeveloperName", Value::text(&name.replace(' ', "_")));
        }
        draft.set("SobjectType", Value::text(&of));
        draft.set("IsActive", Value::Bool(order.active));
        for stamp in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            draft.set(stamp, Value::DateTime(store.now()));
        }
        load_row(store, types, draft.values);
        Ok(json!({ "id": id.as_str() }))
    })
}
