//! Edits as the judge keeps them, and who writes what.

use crate::{SalesforceId, interleavings::set_up::Edited, record::RecordId};

/// The one who writes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::interleavings) enum Writer {
    /// A user of the side that is written.
    User,
    /// A link by hand, whose values its user has seen before.
    Link,
    /// The integration.
    Integration,
}

/// A record of one side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::interleavings) enum Side {
    Here(RecordId),
    There(SalesforceId),
}

/// An edit of a user, with a value that no other edit has.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) side: Side,
    pub(super) field: &'static Edited,
    pub(super) value: String,
    pub(super) at: u32,
    /// The number of entries at that time.
    pub(super) entries: usize,
    /// `true` if a user of the same side has entered another value since.
    pub(super) is_superseded: bool,
}

impl Edit {
    /// Returns `true` if a text names the value, however long it is.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let key = self
            .value
            .trim_end_matches(['>', '!', ' ', 'g', 'n', 'o', 'l']);
        text.match_indices(key)
            .any(|(at, _)| matches!(text[at + key.len()..].chars().next(), Some('>' | ' ')))
    }
}
