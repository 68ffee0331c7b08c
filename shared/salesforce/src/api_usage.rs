//! The requests actually sent, and the share of the org's API request limit that is spent.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use dealbridge_core::budget::{Calls, OrgAllowance, Purpose};
use jiff::Timestamp;

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    Token,
    Query,
    QueryMore,
    Retrieve,
    Describe,
    Update,
    Upsert,
}

impl CallKind {
    /// Returns `true` if a refusal concerns the record that was to be written.
    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Update | Self::Upsert)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Query => "query",
            Self::QueryMore => "queryMore",
            Self::Retrieve => "retrieve",
            Self::Describe => "describe",
            Self::Update => "update",
            Self::Upsert => "upsert",
        }
    }
}

/// Requests sent to Salesforce since the client was built, retries included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiUsage {
    /// Logins, which do not count towards the org's API requests.
    pub token: u64,
    /// `query` and `queryAll`.
    pub query: u64,
    /// Further pages of a query.
    pub query_more: u64,
    /// Retrievals of rows by id, without SOQL.
    pub retrieve: u64,
    /// Describes of objects.
    pub describe: u64,
    /// Writes of one record.
    pub update: u64,
    /// Records made under their External Ids.
    pub upsert: u64,
    /// The org's API request limit as Salesforce last reported it.
    pub limit: Option<ApiLimit>,
}

impl ApiUsage {
    /// Returns the number of all requests, logins included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.token
            + self.query
            + self.query_more
            + self.retrieve
            + self.describe
            + self.update
            + self.upsert
    }
}

/// The org's API requests of the last 24 hours, of all its applications.
///
/// Approximate: Salesforce's own counter may go down between calls in quick succession.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimit {
    /// Requests spent.
    pub used: u64,
    /// Requests allowed.
    pub max: u64,
}

impl ApiLimit {
    /// Parses a `Sforce-Limit-Info` header: `api-usage=22/15000`, possibly with more parts after it.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let part = header
            .split([',', ';'])
            .find_map(|part| part.trim().strip_prefix("api-usage="))?;
        let (used, max) = part.split_once('/')?;
        Some(Self {
            used: used.trim().parse().ok()?,
            max: max.trim().parse().ok().filter(|max| *max > 0)?,
        })
    }

    /// Returns `true` if more than 90 % is spent, so that the rest should be left to others.
    #[must_use]
    pub fn is_nearly_spent(&self) -> bool {
        u128::from(self.used) * 10 > u128::from(self.max) * 9
    }
}

/// The counters that [`ApiUsage`] is read from.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    kinds: [AtomicU64; 7],
    limit: Mutex<Option<(ApiLimit, Timestamp)>>,
    untaken: Mutex<Untaken>,
}

/// Calls that no ledger has yet.
#[derive(Debug, Default)]
struct Untaken {
    calls: Calls,
    /// The time of the first of them.
    since: Option<Timestamp>,
}

impl Counters {
    /// Counts a request that is about to be sent.
    pub(crate) fn count(&self, kind: CallKind, purpose: Purpose, at: Timestamp) {
        self.kinds[kind as usize].fetch_add(1, Ordering::Relaxed);
        let purpose = match kind {
            CallKind::Token => Purpose::Login,
            CallKind::Describe => Purpose::Describe,
            _ => purpose,
        };
        let mut untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner);
        untaken.calls.add(purpose, 1);
        untaken.since.get_or_insert(at);
    }

    /// Takes the calls that no ledger has yet, if `is_due` says so of them and the time of the first.
    pub(crate) fn take(&self, is_due: impl FnOnce(&Calls, Timestamp) -> bool) -> Option<Calls> {
        let mut untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner);
        let since = untaken.since?;
        is_due(&untaken.calls, since).then(|| std::mem::take(&mut *untaken).calls)
    }

    /// The number of calls that no ledger has yet, logins left out.
    pub(crate) fn untaken(&self) -> u64 {
        let untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner);
        untaken.calls.charged()
    }

    /// Gives calls back that a ledger did not take.
    pub(crate) fn give_back(&self, calls: Calls, at: Timestamp) {
        let mut untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner);
        untaken.calls += calls;
        untaken.since.get_or_insert(at);
    }

    /// The org's own figure, as it was last read.
    pub(crate) fn allowance(&self) -> Option<OrgAllowance> {
        let limit = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.map(|(limit, read_at)| OrgAllowance {
            used: limit.used,
            allowed: limit.max,
            read_at,
        })
    }

    /// Stores the reported limit, and warns each time the usage passes 90 %.
    pub(crate) fn saw_limit(&self, limit: ApiLimit, at: Timestamp) {
        let before = self
            .limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace((limit, at));
        if limit.is_nearly_spent() && !before.is_some_and(|(before, _)| before.is_nearly_spent()) {
            tracing::warn!(
                salesforce.api_used = limit.used,
                salesforce.api_max = limit.max,
                "The Salesforce org has spent {} of its {} API requests of 24 hours",
                limit.used,
                limit.max
            );
        }
    }

    pub(crate) fn snapshot(&self) -> ApiUsage {
        let of = |kind: CallKind| self.kinds[kind as usize].load(Ordering::Relaxed);
        ApiUsage {
            token: of(CallKind::Token),
            query: of(CallKind::Query),
            query_more: of(CallKind::QueryMore),
            retrieve: of(CallKind::Retrieve),
            describe: of(CallKind::Describe),
            update: of(CallKind::Update),
            upsert: of(CallKind::Upsert),
            limit: self
                .limit
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .map(|(limit, _)| limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_header_is_read_in_its_known_forms() {
        let limit = |used, max| Some(ApiLimit { used, max });

        assert_eq!(ApiLimit::parse("api-usage=22/15000"), limit(22, 15000));
        assert_eq!(
            ApiLimit::parse("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)"),
            limit(25, 5000)
        );
        for other in ["", "api-usage=", "api-usage=1/0", "api-usage=a/b", "x=1/2"] {
            assert_eq!(ApiLimit::parse(other), None, "{other}");
        }
    }

    #[test]
    fn nearly_spent_begins_above_nine_tenths() {
        let spent = |used| ApiLimit { used, max: 1000 }.is_nearly_spent();

        assert!(!spent(900));
        assert!(spent(901));
    }
}
