//! A bound query: places instead of names.

use std::sync::Arc;

use super::{aggregate::Grouping, filter::Filter};
use crate::{
    schema::ChildRelationship,
    store::{Row, Store},
    value::Value,
};

/// Which rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those outside the recycle bin: `query`.
    Live,
    /// Those in it too: `queryAll`.
    All,
}

/// For whom rows and fields are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The API user, from whom some may be hidden.
    Api,
    /// The org itself, which sees everything.
    System,
}

/// A store as one query sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The rows.
    pub(crate) store: &'a Store,
    /// Which of them.
    pub(crate) scope: Scope,
    /// For whom.
    pub(crate) sight: Sight,
}

impl<'a> View<'a> {
    /// The API user's view.
    pub(crate) fn of_api(store: &'a Store, scope: Scope) -> Self {
        Self {
            store,
            scope,
            sight: Sight::Api,
        }
    }

    /// Whether the query sees the row.
    pub(crate) fn sees(&self, row: &Row) -> bool {
        (self.sight == Sight::System || row.is_visible(self.store.now()))
            && (self.scope == Scope::All || !row.is_deleted())
    }

    /// The place of an object that may be read.
    pub(crate) fn object(&self, name: &str) -> Option<usize> {
        let object = self.store.schema.object_index(name)?;
        (self.sight == Sight::System || !self.store.setup.hides_object(self.store.object(object)))
            .then_some(object)
    }

    /// The place of a field that may be read.
    pub(crate) fn field(&self, object: usize, name: &str) -> Option<usize> {
        let field = self.store.object(object).field_index(name)?;
        self.shows(object, field).then_some(field)
    }

    /// Whether a field may be read.
    pub(crate) fn shows(&self, object: usize, field: usize) -> bool {
        let schema = self.store.object(object);
        self.sight == Sight::System
            || !self
                .store
                .setup
                .hides_field(schema, &schema.fields[field].name)
    }

    /// The reference field behind a relationship name, and the object it leads to, if both may be read.
    pub(crate) fn relationship(&self, object: usize, name: &str) -> Option<(usize, usize)> {
        let schema = self.store.object(object);
        let reference = schema.relationship_index(name)?;
        let target = self.store.schema.target_of(&schema.fields[reference])?;
        let all = &self.store.schema;
        (self.sight == Sight::System || !self.store.setup.hides_reference(all, schema, reference))
            .then_some((reference, target))
    }

    /// A child relationship, the object of the children and their field that points to the parent, if they may be read.
    pub(crate) fn children(
        &self,
        object: usize,
        name: &str,
    ) -> Option<(&'a ChildRelationship, usize, usize)> {
        let child = self.store.object(object).child(name)?;
        let children = self.object(&child.object)?;
        let field = self.field(children, &child.field)?;
        Some((child, children, field))
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
