//! Errors in a pasted text.

use std::{borrow::Cow, error, fmt};

/// A pasted text that names no record that can be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordUrlError {
    /// The kind of error.
    pub kind: ErrorKind,
}

/// The kind of error in a pasted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing, or only blanks and invisible characters.
    Empty,
    /// Longer than any record URL.
    TooLong,
    /// Neither a URL nor an id.
    NotAUrl,
    /// The host is not one of Salesforce's.
    NotSalesforce,
    /// The host belongs to another org than the connected one.
    WrongOrg,
    /// More than one record or URL.
    Multiple,
    /// The text holds a live session or access token.
    SessionUrl,
    /// A Salesforce page without a record.
    NoRecord,
    /// A list of records.
    ListView,
    /// The form of a record that does not exist yet.
    NewRecord,
    /// The text in the place of the id does not have the shape of one.
    BadId,
    /// The id's last three characters do not belong to the first fifteen.
    BadChecksum,
    /// The URL names one object, the id belongs to another.
    ObjectPrefixMismatch,
    /// A record of an object that cannot be linked, with the object's name as far as it is known.
    WrongObject(String),
}

impl ErrorKind {
    /// Returns the kind as one word, with the object after `wrong_object:`.
    #[must_use]
    pub fn as_str(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::NotAUrl => "not_a_url",
            Self::NotSalesforce => "not_salesforce",
            Self::WrongOrg => "wrong_org",
            Self::Multiple => "multiple",
            Self::SessionUrl => "session_url",
            Self::NoRecord => "no_record",
            Self::ListView => "list_view",
            Self::NewRecord => "new_record",
            Self::BadId => "bad_id",
            Self::BadChecksum => "bad_checksum",
            Self::ObjectPrefixMismatch => "object_prefix_mismatch",
            Self::WrongObject(object) => return Cow::Owned(format!("wrong_object:{object}")),
        })
    }
}

impl From<ErrorKind> for RecordUrlError {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl error::Error for RecordUrlError {}

/// Formats the error and what to paste instead. It repeats nothing of the pasted text but an object's name, because the
/// text may hold a session.
impl fmt::Display for RecordUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            ErrorKind::Empty => {
                "Nothing was pasted. Open the Lead or Opportunity in Salesforce and paste the URL from the browser's address bar."
            }
            ErrorKind::TooLong => {
                "The pasted text is longer than any record's URL. Paste only the URL of one Lead or Opportunity."
            }
            ErrorKind::NotAUrl => {
                "The pasted text is neither a web address nor a Salesforce id. Open the Lead or Opportunity in Salesforce and paste the URL from the browser's address bar."
            }
            ErrorKind::NotSalesforce => {
                "The pasted URL is not one of Salesforce's. Open the Lead or Opportunity in the connected Salesforce org and paste its URL."
            }
            ErrorKind::WrongOrg => {
                "The pasted URL belongs to another Salesforce org than the connected one. Open the Lead or Opportunity in the connected org and paste its URL."
            }
            ErrorKind::Multiple => {
                "The pasted text names more than one record or URL. Paste the URL of exactly one Lead or Opportunity."
            }
            ErrorKind::SessionUrl => {
                "The pasted text holds a live Salesforce session, which works like a password, so it was discarded. Log out of Salesforce to end that session, then paste the plain URL of the Lead or Opportunity."
            }
            ErrorKind::NoRecord => {
                "The pasted URL shows a Salesforce page, but no record. Open the Lead or Opportunity itself and paste its URL."
            }
            ErrorKind::ListView => {
                "The pasted URL shows a list of records, not one record. Open the Lead or Opportunity from the list and paste its URL."
            }
            ErrorKind::NewRecord => {
                "The pasted URL is the form of a record that is not saved. Save the Lead or Opportunity, open it and paste its URL."
            }
            ErrorKind::BadId => {
                "The Salesforce id in the pasted text is damaged: an id has exactly 15 or 18 letters and digits. Copy the whole URL of the Lead or Opportunity again."
            }
            ErrorKind::BadChecksum => {
                "The Salesforce id in the pasted text is mistyped: its last three characters do not match the first fifteen. Copy the URL of the Lead or Opportunity again rather than typing it."
            }
            ErrorKind::ObjectPrefixMismatch => {
                "The pasted URL names one object, but its id belongs to another. Open the Lead or Opportunity in Salesforce and paste the URL from the browser's address bar."
            }
            ErrorKind::WrongObject(object) => {
                return write!(
                    f,
                    "The pasted URL shows a record of another kind ({object}), and only a Lead or an Opportunity can be linked. Open the Lead or Opportunity and paste its URL."
                );
            }
        })
    }
}
