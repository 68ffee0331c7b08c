//! Groups of rows and what is computed of them.

use super::{filter::Test, path::Path};
use crate::schema::FieldType;

/// A function over a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `COUNT`
    Count,
    /// `COUNT_DISTINCT`
    CountDistinct,
    /// `SUM`
    Sum,
    /// `AVG`
    Average,
    /// `MIN`
    Least,
    /// `MAX`
    Greatest,
}

/// The origin of a result's value.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A field by which rows are grouped.
    Key(usize),
    /// A function of the group's rows.
    Function(Function, Option<Path>),
}

/// A condition on groups.
#[derive(Clone, Debug)]
pub(crate) enum Having {
    /// All of them.
    And(Vec<Having>),
    /// Any of them.
    Or(Vec<Having>),
    /// The opposite.
    Not(Box<Having>),
    /// A test of one value.
    Test(Source, Test),
}

/// One member of a group's answer.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The alias, the grouped field, or `expr0`.
    pub(crate) name: String,
    /// Its origin: the grouped field, or the function of a field.
    pub(crate) shown: String,
    /// The type of its values.
    pub(crate) kind: FieldType,
    /// Where its value comes from.
    pub(crate) source: Source,
}

impl Column {
    /// Returns whether it is computed of the group's rows.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self.source, Source::Function(..))
    }
}

/// The answer of a grouped query: groups, their members, which of them and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    /// The fields by which rows are grouped.
    pub(crate) keys: Vec<Path>,
    /// The members of each group's answer.
    pub(crate) columns: Vec<Column>,
    /// Which groups.
    pub(crate) having: Option<Having>,
    /// In which order: by what, whether the greatest comes first, whether groups without a value come last.
    pub(crate) order: Vec<(Source, bool, bool)>,
}
