//! Which columns the declarations name, and where lookups lead.

use std::collections::{BTreeSet, HashMap};

use salesforce_id::SalesforceId;

use super::{
    cells::is_empty_lookup,
    declared::{Declarations, DeclaredField, DeclaredType, Misfits},
    file::SourceFile,
    problem::shorten,
};
use crate::schema::Schema;

/// The declaration of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The API name as the declaration spells it.
    pub(super) name: String,
    /// The kind of the column.
    pub(super) kind: NamedKind,
}

/// The kinds of named columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedKind {
    /// A value.
    Value(DeclaredType, Misfits),
    /// The lookup that a path leads through.
    Lookup {
        /// The relationship's name: `Partner__r`.
        relationship: String,
        /// The objects it leads to; none when the folder has no file of theirs.
        targets: Vec<String>,
    },
}

/// The named columns of each object, by their names in lower case.
#[derive(Default)]
pub(super) struct NamedColumns(HashMap<(usize, String), Named>);

impl NamedColumns {
    /// The declaration of a column.
    pub(super) fn get(&self, object: usize, column: &str) -> Option<&Named> {
        self.0.get(&(object, column.to_ascii_lowercase()))
    }

    /// Adds what is said about a column. Said twice, a lookup is a lookup, and what is a number to one and a text to
    /// another is a text, which loses nothing; else what was said first counts.
    fn add(&mut self, object: usize, named: Named) {
        use DeclaredType::{Currency, Number, Percent, Text};

        let key = (object, named.name.to_ascii_lowercase());
        let Some(known) = self.0.get_mut(&key) else {
            self.0.insert(key, named);
            return;
        };
        let is_wider = match (&known.kind, &named.kind) {
            (NamedKind::Value(..), NamedKind::Lookup { .. }) => true,
            (
                NamedKind::Value(Number | Currency | Percent, Misfits::MakeText),
                NamedKind::Value(kind, _),
            ) => *kind == Text,
            _ => false,
        };
        if is_wider {
            *known = named;
        }
    }
}

/// Walks every declared path through the standard relationships, and through the lookups that the path itself declares.
/// Answers also with what is odd about them.
pub(super) fn resolve(
    schema: &Schema,
    files: &[SourceFile],
    declarations: &Declarations,
) -> (NamedColumns, Vec<String>) {
    let mut walk = Walk {
        schema,
        files,
        named: NamedColumns::default(),
        notices: Vec::new(),
    };
    for field in &declarations.fields {
        if let Some(object) = schema.object_index(&field.object) {
            let path: Vec<&str> = field.path.split('.').collect();
            walk.from(object, &path, field);
        }
    }
    (walk.named, walk.notices)
}

struct Walk<'a> {
    schema: &'a Schema,
    files: &'a [SourceFile],
    named: NamedColumns,
    notices: Vec<String>,
}

impl Walk<'_> {
    fn from(&mut self, object: usize, path: &[&str], field: &DeclaredField) {
        let (first, rest) = match path {
            [] => return,
            [name] => {
                let named = Named {
                    name: (*name).to_owned(),
                    kind: NamedKind::Value(field.kind, field.misfits),
                };
                return self.named.add(object, named);
            }
            [first, rest @ ..] => (*first, rest),
        };
        for target in self.targets(object, first, rest, field) {
            self.from(target, rest, field);
        }
    }

    /// The objects behind a relationship.
    fn targets(
        &mut self,
        object: usize,
        relationship: &str,
        rest: &[&str],
        field: &DeclaredField,
    ) -> Vec<usize> {
        let schema = &self.schema.objects[object];
        if let Some(reference) = schema.relationship_index(relationship) {
            let names = schema.fields[reference].references.iter();
            return names
                .filter_map(|name| self.schema.object_index(name))
                .collect();
        }
        let Some(stem) = strip_suffix_in_any_case(relationship, "__r") else {
            return Vec::new();
        };
        let column = format!("{stem}__c");
        if let Some(Named {
            kind: NamedKind::Lookup { targets, .. },
            ..
        }) = self.named.get(object, &column)
        {
            let targets = targets.iter();
            return targets
                .filter_map(|name| self.schema.object_index(name))
                .collect();
        }
        let Some(targets) = self.led_to(object, &column, rest, field) else {
            return Vec::new();
        };
        let names = targets
            .iter()
            .map(|target| self.schema.objects[*target].name.clone());
        let named = Named {
            name: column,
            kind: NamedKind::Lookup {
                relationship: format!("{stem}__r"),
                targets: names.collect(),
            },
        };
        self.named.add(object, named);
        targets
    }

    /// The objects whose ids a column holds; nothing where it can be no lookup.
    fn led_to(
        &mut self,
        object: usize,
        column: &str,
        rest: &[&str],
        field: &DeclaredField,
    ) -> Option<Vec<usize>> {
        let file = self.files.iter().find(|file| file.object == object)?;
        let at = file.records.column(column)?;
        let mut prefixes = BTreeSet::new();
        for (line, cell) in file.records.filled(at) {
            if is_empty_lookup(cell) {
                continue;
            }
            let Ok(id) = SalesforceId::parse(cell.trim()) else {
                self.notices.push(format!(
                    "{}: {} ({}) reads {column} as a lookup, but row {line} holds {:?}, which is not an id: it is taken for text, and the path leads nowhere",
                    file.name, field.path, field.place, shorten(cell)
                ));
                return None;
            };
            prefixes.insert(id.key_prefix().to_owned());
        }
        if prefixes.is_empty() {
            // Nothing to follow: any object that has the rest of the path will do.
            let next = rest.first().copied().unwrap_or_default();
            let fits = |object: &usize| {
                let schema = &self.schema.objects[*object];
                schema.field_index(next).is_some() || schema.relationship_index(next).is_some()
            };
            return Some(
                (0..self.schema.objects.len())
                    .find(fits)
                    .into_iter()
                    .collect(),
            );
        }
        let targets: Vec<usize> = prefixes
            .iter()
            .filter_map(|prefix| self.schema.object_of_prefix(prefix))
            .collect();
        if targets.len() < prefixes.len() {
            let prefixes: Vec<_> = prefixes.into_iter().collect();
            self.notices.push(format!(
                "{}: {} ({}) leads to records whose ids begin with {}, of which the folder has no file: the path leads nowhere",
                file.name, field.path, field.place, prefixes.join(" and ")
            ));
        }
        Some(targets)
    }
}

fn strip_suffix_in_any_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    (!stem.is_empty() && end.eq_ignore_ascii_case(suffix)).then_some(stem)
}
