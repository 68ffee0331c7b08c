//! Fields of an object, as its describe names them.

/// A field as its object's describe shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedField {
    /// API name.
    pub name: String,
    /// Label.
    pub label: String,
    /// Salesforce's type name, e.g. `boolean`, `currency`.
    pub kind: String,
    /// `true` if it can be written.
    pub updateable: bool,
    /// For a lookup: the relationship's name (`Account` for `AccountId`).
    pub relationship: Option<String>,
    /// For a lookup: the objects it may point to.
    pub reference_to: Vec<String>,
}
