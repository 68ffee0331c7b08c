//! Following a path from a row to its value.

use crate::{
    soql::{plan::Path, view::View},
    store::Row,
    value::Value,
};

/// The value at the end of a path from a row; null where a parent is missing.
pub(crate) fn value_at<'a>(view: View<'a>, path: &Path, row: &'a Row) -> &'a Value {
    let mut row = row;
    for (reference, object) in &path.hops {
        match view.parent(*object, &row.values[*reference]) {
            Some(parent) => row = parent,
            None => return &Value::Null,
        }
    }
    &row.values[path.field]
}
