//! Fields, as an administrator adds and changes them.

use serde_json::{Value as Json, json};

use crate::{
    changes::named::object, engine::Engine, http::reply::ApiError, setup::fields::FieldChange,
};

/// Adds a custom field to an object, or changes one that it has.
pub(super) fn set(engine: &Engine, mut change: FieldChange) -> Result<Json, ApiError> {
    engine.change(|store| {
        let at = object(store, &change.object)?;
        let schema = store.object(at);
        change.object.clone_from(&schema.name);
        if let Some(index) = schema.field_index(&change.name) {
            change.name.clone_from(&schema.fields[index].name);
        }
        // Tried on a copy, so that a wrong order leaves nothing behind.
        change
            .apply(&mut schema.clone())
            .map_err(|problem| ApiError::refused(400, problem))?;
        let done = json!({ "object": change.object, "field": change.name });
        store.set_up(|setup| setup.change_field(change));
        store
            .define_fields()
            .map_err(|problem| ApiError::refused(400, problem))?;
        Ok(done)
    })
}
