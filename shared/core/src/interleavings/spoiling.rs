//! Defects that the judge of the histories must find, each at a port of the product.

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoiling {
    /// A record is written whatever its version.
    RecordUnconditional,
    /// A claim is written whatever its version.
    ClaimUnconditional,
    /// The External Id lacks the record's life.
    KeyWithoutLife,
    /// The base stays as it was before a delivery.
    BaseKept,
    /// A resolved conflict has no entry.
    ConflictUntold,
    /// The note of a create goes before its link is there.
    NoteFirst,
    /// An unlink does not suppress.
    Unsuppressed,
    /// The object that a record becomes is not kept.
    ChoiceForgotten,
}

impl Spoiling {
    /// Every one.
    pub(super) const ALL: [Self; 8] = [
        Self::RecordUnconditional,
        Self::ClaimUnconditional,
        Self::KeyWithoutLife,
        Self::BaseKept,
        Self::ConflictUntold,
        Self::NoteFirst,
        Self::Unsuppressed,
        Self::ChoiceForgotten,
    ];
}
