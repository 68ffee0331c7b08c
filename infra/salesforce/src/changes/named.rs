//! Objects and rows by the names and ids that a person gives.

use salesforce_id::SalesforceId;

use crate::{http::reply::ApiError, store::Store};

/// The place of an object, by its name.
///
/// # Errors
/// A sentence for an unknown one.
pub(crate) fn object(store: &Store, name: &str) -> Result<usize, ApiError> {
    store.schema.object_index(name).ok_or_else(|| {
        let known: Vec<&str> = store
            .schema
            .objects
            .iter()
            .map(|object| object.name.as_str())
            .collect();
        ApiError::refused(
            400,
            format!(
                "there is no object {name:?}; there are {}",
                known.join(", ")
            ),
        )
    })
}

/// An id of a row that exists, hidden or deleted or not.
///
/// # Errors
/// A sentence for one that does not.
pub(crate) fn row(store: &Store, object: usize, id: &str) -> Result<SalesforceId, ApiError> {
    let parsed =
        SalesforceId::parse(id).map_err(|error| ApiError::refused(400, error.to_string()))?;
    let name = &store.object(object).name;
    match store.table(object).get(parsed) {
        Some(row) => Ok(row.id),
        None => Err(ApiError::refused(404, format!("there is no {name} {id}"))),
    }
}
