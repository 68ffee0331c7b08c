//! The names of one query and the places they stand for.

use crate::{
    schema::{Field, ObjectSchema},
    soql::{
        error::SoqlError,
        plan::Path,
        tree::{Name, Query},
        view::View,
    },
};

/// The most parents that a path may climb.
const MAX_PATH_HOPS: usize = 5;

/// Binds the names of one query or subquery.
pub(crate) struct Binder<'a> {
    /// The store.
    pub(crate) view: View<'a>,
    /// The whole text, for errors.
    pub(crate) query: &'a str,
    /// The object whose names are bound.
    pub(crate) object: usize,
    alias: Option<String>,
}

impl<'a> Binder<'a> {
    /// A binder for a query on an object that the view has.
    ///
    /// # Errors
    /// `INVALID_TYPE` for one that it has not.
    pub(crate) fn of(view: View<'a>, query: &'a str, tree: &Query) -> Result<Self, SoqlError> {
        match view.object(&tree.from.text) {
            Some(object) => Ok(Self::on(view, query, object, tree)),
            None => {
                let reason = unsupported(&tree.from.text);
                Err(SoqlError::at("INVALID_TYPE", query, tree.from.at, &reason))
            }
        }
    }

    /// A binder for a query whose rows are of this object.
    pub(crate) fn on(view: View<'a>, query: &'a str, object: usize, tree: &Query) -> Self {
        Self {
            view,
            query,
            object,
            alias: tree.alias.as_ref().map(|alias| alias.text.clone()),
        }
    }

    /// An error at a place of the query.
    pub(crate) fn refuse<T>(
        &self,
        code: &'static str,
        at: usize,
        reason: &str,
    ) -> Result<T, SoqlError> {
        Err(SoqlError::at(code, self.query, at, reason))
    }

    /// The schema of an object.
    pub(crate) fn schema(&self, object: usize) -> &'a ObjectSchema {
        &self.view.store.schema.objects[object]
    }

    /// The field at the end of a path.
    pub(crate) fn field(&self, path: &Path) -> &'a Field {
        &self.schema(path.object).fields[path.field]
    }

    /// The place of a field, perhaps of a parent.
    ///
    /// # Errors
    /// `INVALID_FIELD` for a name that is not there.
    pub(crate) fn path(&self, name: &Name) -> Result<Path, SoqlError> {
        let mut parts: Vec<&str> = name.text.split('.').collect();
        let own = self.schema(self.object);
        let names_this = |part: &str| {
            self.alias
                .as_ref()
                .is_some_and(|alias| alias.eq_ignore_ascii_case(part))
                || own.name.eq_ignore_ascii_case(part)
        };
        let is_hop = |part: &str| self.view.relationship(self.object, part).is_some();
        if parts.len() > 1 && !is_hop(parts[0]) && names_this(parts[0]) {
            parts.remove(0);
        }
        let last = parts.pop().unwrap_or_default();
        if parts.len() > MAX_PATH_HOPS {
            let reason = format!(
                "Maximum relationship depth of {MAX_PATH_HOPS} exceeded in '{}'",
                name.text
            );
            return self.refuse("INVALID_FIELD", name.at, &reason);
        }
        let (mut object, mut hops) = (self.object, Vec::new());
        for part in parts {
            let Some(hop) = self.view.relationship(object, part) else {
                let reason = format!(
                    "Didn't understand relationship '{part}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
                );
                return self.refuse("INVALID_FIELD", name.at, &reason);
            };
            hops.push(hop);
            object = hop.1;
        }
        let schema = self.schema(object);
        let Some(field) = self.view.field(object, last) else {
            let reason = format!(
                "No such column '{last}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
                schema.name
            );
            return self.refuse("INVALID_FIELD", name.at, &reason);
        };
        Ok(Path {
            hops,
            object,
            field,
        })
    }
}

fn unsupported(object: &str) -> String {
    format!(
        "sObject type '{object}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
}
