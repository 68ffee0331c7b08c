//! Batch requests: the rules for entries, and answers entry by entry.

use std::collections::HashSet;

use serde::Serialize;

use crate::error::{ErrorKind, QueueError};

const MAX_ENTRIES: usize = 10;
const MAX_ID_CHARS: usize = 80;

/// An entry of a batch request.
pub(crate) trait BatchEntry {
    fn id(&self) -> Option<&str>;
}

/// Each entry's own outcome.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchAnswer<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailedEntry {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

/// The answer of an entry that only has to say its id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DoneEntry {
    pub(crate) id: String,
}

impl<T> Default for BatchAnswer<T> {
    fn default() -> Self {
        Self {
            successful: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl<T> BatchAnswer<T> {
    pub(crate) fn succeed(&mut self, entry: T) {
        self.successful.push(entry);
    }

    pub(crate) fn fail(&mut self, id: &str, error: &QueueError) {
        self.failed.push(FailedEntry {
            id: id.to_owned(),
            sender_fault: error.is_senders_fault(),
            code: error.code(),
            message: error.message().to_owned(),
        });
    }
}

/// Refuses the request as a whole for what no entry can be answered for: none, too many, ids that
/// are malformed or not distinct. Gives each entry with its id.
pub(crate) fn check<E: BatchEntry>(
    entries: Option<Vec<E>>,
) -> Result<Vec<(String, E)>, QueueError> {
    let entries = entries.unwrap_or_default();
    if entries.is_empty() {
        return Err(QueueError::new(
            ErrorKind::EmptyBatchRequest,
            "There should be at least one entry in the request.",
        ));
    }
    if entries.len() > MAX_ENTRIES {
        return Err(QueueError::new(
            ErrorKind::TooManyEntriesInBatchRequest,
            format!(
                "Maximum number of entries per request are {MAX_ENTRIES}. You have sent {}.",
                entries.len()
            ),
        ));
    }
    let mut checked: Vec<(String, E)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.id().unwrap_or_default().to_owned();
        if !is_well_formed(&id) {
            return Err(QueueError::new(
                ErrorKind::InvalidBatchEntryId,
                "A batch entry id can only contain alphanumeric characters, hyphens and \
                 underscores. It can be at most 80 letters long.",
            ));
        }
        checked.push((id, entry));
    }
    let mut seen = HashSet::new();
    match checked.iter().find(|(id, _)| !seen.insert(id)) {
        None => Ok(checked),
        Some((id, _)) => Err(QueueError::new(
            ErrorKind::BatchEntryIdsNotDistinct,
            format!("Id {id} repeated."),
        )),
    }
}

fn is_well_formed(id: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
