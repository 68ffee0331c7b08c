//! Rows that another transaction holds.

use salesforce_id::SalesforceId;

use crate::{http::reply::ApiError, store::Store, value::Value};

/// Refuses a write while somebody else holds the row, or one that a row to be created points to.
///
/// # Errors
/// `UNABLE_TO_LOCK_ROW`, as many times as was ordered.
pub(super) fn take(
    store: &mut Store,
    object: usize,
    row: Option<SalesforceId>,
    values: &[Value],
) -> Result<(), ApiError> {
    let is_held = |held: &SalesforceId| {
        row == Some(*held) || values.iter().any(|value| value.as_id() == Some(*held))
    };
    let lock = store.locks.iter().position(|lock| match lock.row {
        Some(held) => is_held(&held),
        None => lock.object == object,
    });
    let Some(at) = lock else {
        return Ok(());
    };
    let named = store.locks[at].row.or(row);
    store.locks[at].times -= 1;
    store.locks.retain(|lock| lock.times > 0);
    let mut message = "unable to obtain exclusive access to this record".to_owned();
    if let Some(id) = named {
        message = format!("{message} or 1 records: {}", id.as_str());
    }
    Err(ApiError::new(400, "UNABLE_TO_LOCK_ROW", message).about(&[]))
}
