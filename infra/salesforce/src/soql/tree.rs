//! A query as parsed: names are still text, with their places.

use jiff::civil::Date;

/// A name, perhaps with dots, and the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    /// As written.
    pub(crate) text: String,
    /// Where.
    pub(crate) at: usize,
}

/// A whole query or subquery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    /// The SELECT list.
    pub(crate) select: Vec<Item>,
    /// The object, or the child relationship of a subquery.
    pub(crate) from: Name,
    /// Its alias.
    pub(crate) alias: Option<Name>,
    /// Which rows.
    pub(crate) filter: Option<Condition>,
    /// The fields by which rows are grouped.
    pub(crate) group_by: Vec<Name>,
    /// Which groups.
    pub(crate) having: Option<Condition>,
    /// In which order.
    pub(crate) order_by: Vec<Order>,
    /// Their number.
    pub(crate) limit: Option<usize>,
    /// From which on.
    pub(crate) offset: Option<(usize, usize)>,
}

/// One element of the SELECT list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A field, perhaps of a parent, perhaps with an alias.
    Field(Name, Option<Name>),
    /// `COUNT()`.
    CountAll(Name),
    /// A function of a field.
    Aggregate(FunctionCall, Option<Name>),
    /// Rows that point to each row.
    Children(Box<Query>),
    /// `FIELDS(ALL)` and its like.
    Fields(Name),
}

/// A function of a field; the field is missing in `COUNT()`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FunctionCall {
    /// The function.
    pub(crate) function: Name,
    /// Its argument.
    pub(crate) field: Option<Name>,
}

/// The left side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// A field.
    Field(Name),
    /// A function of one, in HAVING and ORDER BY.
    Aggregate(FunctionCall),
}

impl Operand {
    /// Where it stands.
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Field(name) => name.at,
            Self::Aggregate(call) => call.function.at,
        }
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A comparison with one value.
    Compare(Operand, Comparison, Literal),
    /// A list that holds the field's value.
    In(Operand, Vec<Literal>),
    /// A query that finds it.
    InQuery(Operand, Box<Query>),
    /// Sets of which a multi-select picklist holds one.
    Includes(Operand, Vec<Literal>),
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

/// A literal and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    /// The value.
    pub(crate) value: LiteralValue,
    /// Where.
    pub(crate) at: usize,
}

/// The value of a literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LiteralValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text; the second form keeps the escapes that LIKE needs.
    Text(String, String),
    /// A day.
    Date(Date),
    /// A point in time.
    DateTime(i64),
    /// `TODAY`, `LAST_N_DAYS:7`.
    Named(String, Option<u32>),
}

/// One element of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    /// By what.
    pub(crate) by: Operand,
    /// Greatest first.
    pub(crate) descending: bool,
    /// True if rows without a value come last.
    pub(crate) nulls_last: bool,
}
