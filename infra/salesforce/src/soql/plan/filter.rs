//! Conditions on rows: fields with typed values.

use std::collections::HashSet;

use salesforce_id::SalesforceId;

use super::path::Path;
use crate::{soql::tree::Comparison, value::Value};

/// A condition that can be asked of a row.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A test of one field.
    Field(Path, Test),
}

/// A test of one value.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// A comparison; rows without a value pass only "not equal".
    Compare(Comparison, Value),
    /// A comparison with a range of which the second value is the end.
    Range(Comparison, Value, Value),
    /// One of these.
    Among(Members),
    /// A text with wildcards.
    Like(Vec<Wildcard>),
    /// A multi-select picklist that holds one of these sets.
    Includes(Vec<Vec<String>>),
    /// Nothing passes.
    Never,
}

impl Filter {
    /// The conditions that all must hold.
    pub(crate) fn conjuncts(&self) -> &[Filter] {
        match self {
            Self::And(all) => all,
            one => std::slice::from_ref(one),
        }
    }
}

/// The values of an IN list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// The ids.
    pub(crate) ids: HashSet<SalesforceId>,
    /// The texts, in lower case.
    pub(crate) texts: HashSet<String>,
    /// Values of other types.
    pub(crate) others: Vec<Test>,
    /// True if a row without a value passes.
    pub(crate) null: bool,
}

impl Members {
    /// These ids.
    pub(crate) fn of_ids(ids: HashSet<SalesforceId>) -> Self {
        Self {
            ids,
            ..Self::default()
        }
    }

    /// Returns whether only ids can pass.
    pub(crate) fn is_ids_only(&self) -> bool {
        self.texts.is_empty() && self.others.is_empty() && !self.null
    }
}

/// One element of a LIKE pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wildcard {
    /// `%`
    Any,
    /// `_`
    One,
    /// A character, in lower case.
    Exactly(char),
}

/// Reads a LIKE pattern; a backslash takes the next character as it is.
pub(crate) fn pattern(like: &str) -> Vec<Wildcard> {
    let mut pattern = Vec::new();
    let mut chars = like.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => pattern.push(Wildcard::Any),
            '_' => pattern.push(Wildcard::One),
            '\\' => pattern.extend(
                chars
                    .next()
                    .into_iter()
                    .flat_map(char::to_lowercase)
                    .map(Wildcard::Exactly),
            ),
            c => pattern.extend(c.to_lowercase().map(Wildcard::Exactly)),
        }
    }
    pattern
}
