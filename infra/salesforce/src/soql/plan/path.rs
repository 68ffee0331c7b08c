//! The way from a row to a field.

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
