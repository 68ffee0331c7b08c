//! Field-level security and object permissions of the API user.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{changes::named::object, engine::Engine, http::reply::ApiError, setup::FieldAccess};

/// Fields that Salesforce shows to everyone who sees the row.
const ALWAYS_SHOWN: [&str; 7] = [
    "Id",
    "IsDeleted",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
];

/// An order to give or take access.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Access {
    object: Option<String>,
    field: Option<String>,
    access: Option<FieldAccess>,
    visible: Option<bool>,
    #[serde(default)]
    reset: bool,
}

impl Access {
    /// The order to give all access back.
    pub(super) fn all() -> Self {
        Self {
            reset: true,
            ..Self::default()
        }
    }

    fn wanted(&self) -> FieldAccess {
        self.access.unwrap_or(match self.visible {
            Some(true) => FieldAccess::Edit,
            _ => FieldAccess::None,
        })
    }
}

/// Gives or takes access to a field or to a whole object; answers with what is in force.
pub(super) fn set(engine: &Engine, order: &Access) -> Result<Json, ApiError> {
    engine.change(|store| {
        if order.reset {
            store.set_up(|setup| setup.forget_access());
            return Ok(json!({}));
        }
        let name = order.object.as_deref().unwrap_or_default();
        let at = object(store, name)?;
        let schema = std::sync::Arc::clone(&store.schema);
        let schema = &schema.objects[at];
        let access = order.wanted();
        let Some(name) = &order.field else {
            store.set_up(|setup| setup.set_object(schema, access));
            return Ok(json!({ "object": schema.name, "access": access }));
        };
        let field = schema.field_index(name).ok_or_else(|| {
            let problem = format!("{} has no field {name:?}; give its API name", schema.name);
            ApiError::refused(400, problem)
        })?;
        let field = schema.fields[field].name.as_str();
        if ALWAYS_SHOWN.contains(&field) && access == FieldAccess::None {
            let problem = format!("Salesforce shows {field} to everyone who sees the row");
            return Err(ApiError::refused(400, problem));
        }
        store.set_up(|setup| setup.set_field(schema, field, access));
        Ok(json!({ "object": schema.name, "field": field, "access": access }))
    })
}
