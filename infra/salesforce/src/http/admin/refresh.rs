//! A sandbox is refreshed: another org answers under the address, with the rows and the record ids of the former one.

use salesforce_id::SalesforceId;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    changes::named::object,
    engine::{Engine, locked},
    http::reply::ApiError,
    store::Row,
    value::Value,
};

/// The org that it becomes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    organization_id: SalesforceId,
}

/// Gives the org its id; sessions and locators of the former one end.
pub(super) fn refresh(engine: &Engine, order: &Refresh) -> Result<Json, ApiError> {
    let id = order.organization_id;
    if id.key_prefix() != "00D" {
        return Err(ApiError::refused(
            400,
            format!("{id} is not the id of an organization"),
        ));
    }
    let former = engine.organization();
    engine.change(|store| {
        let object = object(store, "Organization")?;
        let column = store.object(object).system.id;
        let row = store.live(object, former).map(|row| (**row).clone());
        let mut row: Row =
            row.ok_or_else(|| ApiError::refused(409, "the org has no Organization row"))?;
        store.remove(object, former);
        row.id = id;
        row.values[column] = Value::Id(id);
        store.put(object, row);
        Ok(())
    })?;
    locked(&engine.sessions).clear();
    locked(&engine.cursors).clear();
    Ok(json!({ "former": former.as_str(), "organization_id": id.as_str() }))
}
