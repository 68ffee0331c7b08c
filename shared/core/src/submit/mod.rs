//! Records as the portal's side changes them: submitted, edited, deleted.
//!
//! A change is one transaction with its audit row and with what it sends to Salesforce. Nothing here calls Salesforce.

pub mod create;
pub mod delete;
pub mod edit;
mod owner;
mod reserved;
mod values;

use std::future::Future;

use crate::{
    SalesforceId, SalesforceObject,
    link::{LinkError, store::Audit},
    ports::PortError,
    record::{Record, RecordId},
    settings::{InvalidField, Settings},
    size::Sizes,
};

pub use owner::Owners;
pub use values::Submission;

/// The most times that a change is decided again because something changed under it.
const MAX_ATTEMPTS: usize = 6;

/// The use cases, over their ports.
pub struct Submissions<'a, P, S, O, C: ?Sized> {
    /// Settings.
    pub portal: &'a P,
    /// Records, claims, receipts, audit rows.
    pub store: &'a S,
    /// The Users that own records.
    pub owners: &'a O,
    /// The time.
    pub clock: &'a C,
    /// The connected org's address.
    pub instance_url: &'a str,
}

/// The remains of records that are gone.
pub trait Endings: Send + Sync {
    /// Returns how often a record with this id was unlinked or deleted.
    fn endings(&self, id: &RecordId) -> impl Future<Output = Result<u32, PortError>> + Send;
}

/// The author of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name in audit rows.
    pub by: String,
    /// The Partner or Distributor User; none for the portal itself and for the vendor's own people.
    pub party: Option<Party>,
}

/// A Partner or Distributor User, whose records are those of the Organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The User's id.
    pub user: String,
    /// The Organization's id.
    pub organization: String,
}

impl Author {
    /// Returns `true` if the author may know of a record.
    #[must_use]
    pub fn sees(&self, record: &Record) -> bool {
        let own = |party: &Party| record.organization.as_ref() == Some(&party.organization);
        self.party.as_ref().is_none_or(own)
    }
}

/// The version of a record that a change is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The version that the author has read.
    Version(u64),
    /// Whichever it is at.
    Any,
    /// A version that no record ever has.
    Never,
}

impl Seen {
    fn is(self, version: u64) -> bool {
        match self {
            Self::Version(seen) => seen == version,
            Self::Any => true,
            Self::Never => false,
        }
    }
}

/// The reason why a change is refused. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The record does not exist, as far as the author may know.
    #[error("there is no {0}")]
    NotFound(RecordId),
    /// The record is at another version than the author has read.
    #[error("the {record} is at version {version}: read it again, and decide on that")]
    Changed {
        /// The record.
        record: RecordId,
        /// Its version.
        version: u64,
    },
    /// Values are wrong: all of them.
    #[error("some values are wrong: {}", in_words(.0))]
    Invalid(Vec<InvalidField>),
    /// The author may not set this.
    #[error("{0} is set by the vendor: leave it out")]
    Reserved(&'static str),
    /// Another record has the id.
    #[error("there is another {0}: choose another id, or change that one")]
    Taken(RecordId),
    /// The record is linked.
    #[error(
        "the {record} is linked to the Salesforce {object} {salesforce}: unlink it first, or delete it with unlink=true, which does both"
    )]
    UnlinkFirst {
        /// The record.
        record: RecordId,
        /// The object that it is linked to.
        object: SalesforceObject,
        /// The Salesforce record that it is linked to.
        salesforce: SalesforceId,
    },
    /// The values do not fit into one record.
    #[error(
        "the values of the {record} add up to {size}, but a record holds at most 400 KB; the largest are {largest}: shorten them"
    )]
    TooLarge {
        /// The record.
        record: RecordId,
        /// The size of all values.
        size: String,
        /// The largest values, with their sizes.
        largest: String,
    },
}

/// The reason why a use case stops.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SubmitError {
    /// A refusal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A refusal or a fault of the unlink that goes with a deletion.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A fault of the store.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The most invalid values that a sentence tells.
const TOLD: usize = 10;

fn in_words(wrong: &[InvalidField]) -> String {
    let mut lines: Vec<String> = wrong.iter().take(TOLD).map(ToString::to_string).collect();
    if wrong.len() > TOLD {
        lines.push(format!("{} more", wrong.len() - TOLD));
    }
    lines.join("; ")
}

fn refuse_too_large(record: &Record, settings: &Settings) -> Result<(), Refusal> {
    let sizes = Sizes::of(&record.fields);
    if !sizes.is_too_large() {
        return Ok(());
    }
    let finding = sizes.finding(&settings.deal_fields, &[]);
    Err(Refusal::TooLarge {
        record: record.id.clone(),
        size: finding.context.value,
        largest: finding.context.other,
    })
}

fn refuse_wrong(wrong: Vec<InvalidField>) -> Result<(), Refusal> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(wrong))
    }
}

fn audit(record: &RecordId, action: &'static str, author: &Author, details: String) -> Audit {
    Audit {
        record: record.clone(),
        action,
        by: author.by.clone(),
        salesforce: None,
        details,
        earlier: Vec::new(),
    }
}

fn kept_changing(what: &str, id: &RecordId) -> PortError {
    PortError {
        operation: format!("{what} the {id}"),
        detail: "it kept changing".to_owned(),
    }
}
