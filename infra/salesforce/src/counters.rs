//! Counts of calls.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// The kind that a call is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CallKind {
    /// A login.
    Token,
    /// The first page of a query.
    Query,
    /// The first page of a query with deleted rows.
    QueryAll,
    /// A further page of either.
    QueryMore,
    /// Rows by their ids: `composite/sobjects` read.
    Retrieve,
    /// The objects and their fields.
    Describe,
    /// One row, or the lists of changed and deleted ones.
    Read,
    /// Rows created, changed or deleted, one or many.
    Write,
    /// Several requests in one.
    Composite,
    /// The limits.
    Limits,
    /// Everything else that counts as a call.
    Other,
}

const KINDS: [(CallKind, &str); 11] = [
    (CallKind::Token, "token"),
    (CallKind::Query, "query"),
    (CallKind::QueryAll, "queryAll"),
    (CallKind::QueryMore, "queryMore"),
    (CallKind::Retrieve, "retrieve"),
    (CallKind::Describe, "describe"),
    (CallKind::Read, "read"),
    (CallKind::Write, "write"),
    (CallKind::Composite, "composite"),
    (CallKind::Limits, "limits"),
    (CallKind::Other, "other"),
];

/// Counts of calls since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: [AtomicU64; KINDS.len()],
}

impl Counters {
    /// Counts one.
    pub(crate) fn count(&self, kind: CallKind) {
        if let Some(place) = KINDS.iter().position(|(known, _)| *known == kind) {
            self.counts[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Begins again at nothing.
    pub(crate) fn clear(&self) {
        for count in &self.counts {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// The calls of each kind, by name, and `total`: all but logins, as Salesforce counts API calls.
    pub(crate) fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        let mut counts: BTreeMap<&'static str, u64> = KINDS
            .iter()
            .zip(&self.counts)
            .map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
            .collect();
        let total = counts
            .iter()
            .filter(|(name, _)| **name != "token")
            .map(|(_, count)| count)
            .sum();
        counts.insert("total", total);
        counts
    }
}
