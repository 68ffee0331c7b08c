//! Pages of Salesforce, by the thing that they show.

/// The thing that a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// One record. The id is as it was written; it may be damaged.
    Record {
        /// The object as the URL names it, if it does.
        object: Option<String>,
        /// The id.
        id: String,
    },
    /// A list of records.
    List,
    /// The form of a record to be made.
    New,
    /// A login that the URL itself carries.
    Session,
    /// Another address that the page leads to: a URL, or a path on the same host.
    Elsewhere(String),
    /// No record.
    Nothing,
}

impl Page {
    /// Returns the page of a record whose object the URL does not name.
    pub(super) fn id(id: &str) -> Self {
        Self::Record {
            object: None,
            id: id.to_owned(),
        }
    }

    /// Returns the page of a record whose object the URL names.
    pub(super) fn named(object: &str, id: &str) -> Self {
        Self::Record {
            object: Some(object.to_owned()),
            id: id.to_owned(),
        }
    }

    /// Returns the page, or the other one if this shows nothing.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Nothing => other(),
            page => page,
        }
    }
}
