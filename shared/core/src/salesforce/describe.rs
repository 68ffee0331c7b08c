//! Fields of an object, as its describe names them.

/// A field as its object's describe shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribedField {
    /// API name.
    pub name: String,
    /// Label.
    pub label: String,
    /// Salesforce's type name, e.g. `boolean`, `currency`.
    pub kind: String,
    /// For a picklist: the values that are active.
    pub values: Vec<String>,
    /// `true` if it can be written on a record that exists.
    pub updateable: bool,
    /// `true` if it can be given to a record that is created.
    pub createable: bool,
    /// `true` if a record may be without a value of it.
    pub nillable: bool,
    /// `true` if Salesforce gives a created record a value of it.
    pub defaulted: bool,
    /// `true` if records can be named by it.
    pub external_id: bool,
    /// `true` if no two records may have the same value of it.
    pub unique: bool,
    /// `true` if values that differ in case alone are two.
    pub case_sensitive: bool,
    /// For a lookup: the relationship's name (`Account` for `AccountId`).
    pub relationship: Option<String>,
    /// For a lookup: the objects it may point to.
    pub reference_to: Vec<String>,
}
