//! ORDER BY.

use std::cmp::Ordering;

use crate::value::Value;

/// The order of two values under ORDER BY.
pub(crate) fn order_values(a: &Value, b: &Value, descending: bool, nulls_last: bool) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_last => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) if nulls_last => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ if descending => b.order(a),
        _ => a.order(b),
    }
}
