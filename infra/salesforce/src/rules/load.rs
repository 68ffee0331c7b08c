//! Putting loaded rows into their tables.

use crate::{
    store::{Deletion, Row, Store},
    value::Value,
};

/// The stamp of rows about which the folder says no time: 2017-01-01.
pub(crate) const EPOCH: i64 = 1_483_228_800;

/// Puts a loaded row into its table; its id was checked before.
pub(crate) fn load_row(store: &mut Store, object: usize, values: Vec<Value>) {
    let system = store.object(object).system;
    let Some(id) = values[system.id].as_id() else {
        return;
    };
    let is_deleted = system
        .is_deleted
        .is_some_and(|index| values[index].is_true());
    let deleted_at = is_deleted.then(|| values[system.modstamp].as_seconds().unwrap_or(EPOCH));
    if let Some(at) = deleted_at {
        store.deletions.push(Deletion { object, id, at });
    }
    store.put(
        object,
        Row {
            id,
            values,
            hidden: false,
            late_until: None,
            deleted_at,
        },
    );
}
