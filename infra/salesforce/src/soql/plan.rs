//! A bound query as plain data: places instead of names.

mod filter;
mod grouping;
mod path;

use std::sync::Arc;

pub(crate) use filter::{Filter, Members, Test, Wildcard, pattern};
pub(crate) use grouping::{Column, Function, Grouping, Having, Source};
pub(crate) use path::Path;

/// The fields that are read of each row, nested as they are answered.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The object.
    pub(crate) object: usize,
    /// The answer's members in order.
    pub(crate) slots: Vec<Slot>,
}

/// One member of an answer's row.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// A field.
    Field(usize),
    /// A parent.
    Parent {
        /// The relationship.
        name: String,
        /// The reference field.
        reference: usize,
        /// The fields that are read of the parent.
        shape: Shape,
    },
    /// Children.
    Children {
        /// The relationship.
        name: String,
        /// The children's field that points to the row.
        field: usize,
        /// The query that reads them.
        plan: Arc<Plan>,
    },
}

/// The answer of a query.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Rows.
    Rows(Shape),
    /// Only how many there are.
    Count,
    /// One row per group.
    Groups(Box<Grouping>),
}

/// One sort key.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    /// By what.
    pub(crate) path: Path,
    /// Greatest first.
    pub(crate) descending: bool,
    /// True if rows without a value come last.
    pub(crate) nulls_last: bool,
}

/// A query that can run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The object whose rows are read.
    pub(crate) object: usize,
    /// The form of the answer.
    pub(crate) output: Output,
    /// Which rows.
    pub(crate) filter: Option<Filter>,
    /// In which order.
    pub(crate) order: Vec<Sort>,
    /// Their number.
    pub(crate) limit: Option<usize>,
    /// From which on.
    pub(crate) offset: usize,
    /// True if a long text is read: Salesforce then gives smaller pages.
    pub(crate) reads_long_text: bool,
}
