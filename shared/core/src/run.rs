//! A SyncRun: one pass over the org's Opportunities, and its counts.

use std::{fmt, iter::Sum, ops::AddAssign};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The integration's name in requests, answers and keys.
pub const DEAL_REGISTRATION: &str = "deal-registration";

/// A run's id: runs of the integration are numbered, so ids order as the runs did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(u32);

/// A text that is not a run id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a run id such as run-00000042")]
pub struct InvalidRunId {
    /// The text, shortened.
    pub text: String,
}

impl RunId {
    /// Creates the id of the run with this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// Parses `run-00000042`.
    ///
    /// # Errors
    /// Returns an error if the text has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidRunId> {
        text.strip_prefix("run-")
            .filter(|digits| digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| InvalidRunId {
                text: text.chars().take(40).collect(),
            })
    }

    /// Returns the number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run-{:08}", self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, InvalidRunId> {
        Self::parse(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.to_string()
    }
}

/// The extent of a run's listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything that changed since the watermark, and every open problem.
    Incremental,
    /// Everything that is flagged or linked.
    Full,
}

/// The origin of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The hourly or daily schedule.
    Schedule,
    /// An administrator.
    Manual,
}

/// The status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The run was asked for; no function has acquired it.
    Queued,
    /// The run is listing, or its messages are being worked on.
    Running,
    /// Everything that the run listed is counted.
    Succeeded,
    /// The run met a fault that is not a record's, or something of it is stuck in the dead-letter queue.
    Failed,
}

/// Counts of the Opportunities (and linked Leads) of a run, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Included in the run.
    pub listed: u64,
    /// Became a Deal.
    pub imported: u64,
    /// Their Deal was brought up to date.
    pub updated: u64,
    /// Nothing to do.
    pub unchanged: u64,
    /// Have an open problem.
    pub failed: u64,
    /// Left alone after an unlink.
    pub suppressed: u64,
}

impl Counts {
    /// Returns the number of those that have an outcome.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.imported + self.updated + self.unchanged + self.failed + self.suppressed
    }

    /// Returns the number of those that were listed and not yet counted: in the queue, in flight, in the dead-letter
    /// queue, or left to the next run by a fault. If it is negative, more were counted than listed, which is a fault of
    /// ours and hides as many that are left.
    #[must_use]
    pub fn left(&self) -> i64 {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        signed(self.listed).saturating_sub(signed(self.settled()))
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.listed += other.listed;
        self.imported += other.imported;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.failed += other.failed;
        self.suppressed += other.suppressed;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

/// A run as the store has it, with its counts added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The extent of its listing.
    pub mode: Mode,
    /// The origin of the run.
    pub trigger: Trigger,
    /// The time at which it was asked for.
    pub started_at: Timestamp,
    /// `true` once a function has begun to list.
    pub taken_up: bool,
    /// The time at which everything was listed and enqueued.
    pub listed_at: Option<Timestamp>,
    /// The time at which it met a fault that is not a record's.
    pub failed_at: Option<Timestamp>,
    /// The time at which its counts last moved.
    pub last_counted_at: Option<Timestamp>,
    /// The counts.
    pub counts: Counts,
}

/// The time that a run whose listing is done may stand still before the rest of it counts as stuck.
///
/// Five receives, a visibility timeout of six times the worker's minute apart.
pub const STUCK_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(40);

impl Run {
    /// Returns the run's status at that time.
    #[must_use]
    pub fn status(&self, at: Timestamp) -> RunStatus {
        let drained = self.listed_at.is_some() && self.counts.left() == 0;
        let is_stuck = self.stands_still_for(at) > Some(STUCK_AFTER);
        match (self.failed_at, self.listed_at) {
            (Some(_), _) => RunStatus::Failed,
            (None, Some(_)) if drained => RunStatus::Succeeded,
            // Waiting does not mend it.
            (None, Some(_)) if self.counts.left() < 0 => RunStatus::Failed,
            (None, Some(_)) if is_stuck => RunStatus::Failed,
            (None, None) if !self.taken_up => RunStatus::Queued,
            (None, _) => RunStatus::Running,
        }
    }

    /// Returns the time for which a run has waited for its messages without any of them being worked on; none while it
    /// lists.
    #[must_use]
    pub fn stands_still_for(&self, at: Timestamp) -> Option<jiff::SignedDuration> {
        let listed_at = self.listed_at?;
        let moved = self.last_counted_at.unwrap_or(listed_at).max(listed_at);
        Some(at.duration_since(moved))
    }

    /// Returns `true` if it has listed everything, met no fault, and still has messages to work on.
    #[must_use]
    pub fn waits_for_messages(&self) -> bool {
        self.listed_at.is_some() && self.failed_at.is_none() && self.counts.left() > 0
    }

    /// Returns the time at which it ended, if it has.
    #[must_use]
    pub fn finished_at(&self, at: Timestamp) -> Option<Timestamp> {
        match self.status(at) {
            RunStatus::Queued | RunStatus::Running => None,
            RunStatus::Failed if self.failed_at.is_some() => self.failed_at,
            RunStatus::Succeeded | RunStatus::Failed => self.last_counted_at.max(self.listed_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(listed: u64, failed: u64) -> Run {
        Run {
            id: RunId::new(1),
            mode: Mode::Full,
            trigger: Trigger::Manual,
            started_at: at(0),
            taken_up: true,
            listed_at: Some(at(10)),
            failed_at: None,
            last_counted_at: Some(at(20)),
            counts: Counts {
                listed,
                failed,
                ..Counts::default()
            },
        }
    }

    #[test]
    fn a_run_has_succeeded_when_all_that_it_listed_is_counted() {
        assert_eq!(run(3, 3).status(at(30)), RunStatus::Succeeded);
        assert_eq!(run(3, 3).finished_at(at(30)), Some(at(20)));
        assert_eq!(run(3, 2).status(at(30)), RunStatus::Running);
        assert_eq!(run(3, 2).finished_at(at(30)), None);
    }

    #[test]
    fn a_run_that_stands_still_has_failed_until_what_is_left_is_counted() {
        assert_eq!(run(3, 2).status(at(20 + 41 * 60)), RunStatus::Failed);
        assert_eq!(run(3, 3).status(at(20 + 41 * 60)), RunStatus::Succeeded);
    }

    #[test]
    fn a_run_that_counted_more_than_it_listed_says_so_and_has_not_succeeded() {
        let twice = run(42, 43);

        assert_eq!(twice.counts.left(), -1);
        assert_eq!(twice.status(at(30)), RunStatus::Failed);
    }

    #[test]
    fn ids_order_as_numbers_and_read_back() {
        assert!(RunId::new(9).to_string() < RunId::new(10).to_string());
        assert_eq!(RunId::parse("run-00000042"), Ok(RunId::new(42)));
        for text in [
            "",
            "run-",
            "run-42",
            "run-0000004x",
            "42",
            "run-99999999999",
        ] {
            assert!(RunId::parse(text).is_err(), "{text}");
        }
    }
}
