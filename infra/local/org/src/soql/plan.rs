//! A bound query: places instead of names.

use std::sync::Arc;

use super::{aggregate::Grouping, filter::Filter};
use crate::{
    store::{Row, Store},
    value::Value,
};

/// A store as one query sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The rows.
    pub(crate) store: &'a Store,
    /// Whether rows in the recycle bin count (`queryAll`).
    pub(crate) with_deleted: bool,
}

impl<'a> View<'a> {
    /// Whether the query sees the row.
    pub(crate) fn sees(&self, row: &Row) -> bool {
        row.is_visible(self.store.clock) && (self.with_deleted || !row.is_deleted())
    }

    /// The row to which a reference leads, if the query sees it.
    pub(crate) fn parent(&self, object: usize, reference: &Value) -> Option<&'a Arc<Row>> {
        let row = self.store.table(object).get(reference.as_id()?)?;
        self.sees(row).then_some(row)
    }
}

/// A field of the row or of one of its parents.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// For each parent the reference field and the object it leads to.
    pub(crate) hops: Vec<(usize, usize)>,
    /// The object that has the field.
    pub(crate) object: usize,
    /// The field.
    pub(crate) field: usize,
}

impl Path {
    /// The value for a row; null without parent.
    pub(crate) fn value<'a>(&self, view: View<'a>, row: &'a Row) -> &'a Value {
        let mut row = row;
        for (reference, object) in &self.hops {
            match view.parent(*object, &row.values[*reference]) {
                Some(parent) => row = parent,
                None => return &Value::Null,
            }
        }
        &row.values[self.field]
    }
}

/// What is read of each row, nested as it is answered.
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
        /// What is read of the parent.
        shape: Shape,
    },
    /// Children.
    Children {
        /// The relationship.
        name: String,
        /// The children's field that points to the row.
        field: usize,
        /// What is read of them.
        plan: Arc<Plan>,
    },
}

/// What a query answers with.
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
    /// Whether rows without a value come last.
    pub(crate) nulls_last: bool,
}

/// A query that can run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The object whose rows are read.
    pub(crate) object: usize,
    /// What is answered.
    pub(crate) output: Output,
    /// Which rows.
    pub(crate) filter: Option<Filter>,
    /// In which order.
    pub(crate) order: Vec<Sort>,
    /// How many.
    pub(crate) limit: Option<usize>,
    /// From which on.
    pub(crate) offset: usize,
    /// Whether a long text is read: Salesforce then gives smaller pages.
    pub(crate) reads_long_text: bool,
}
