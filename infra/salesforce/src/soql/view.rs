//! A store as one query sees it: which rows, and for whom.

use std::sync::Arc;

use crate::{
    schema::ChildRelationship,
    store::{Row, Store},
    value::Value,
};

/// The rows that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those outside the recycle bin: `query`.
    Live,
    /// Those in it too: `queryAll`.
    All,
}

/// The one for whom rows and fields are read.
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

    /// Returns whether the query sees the row.
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

    /// Returns whether a field may be read.
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
