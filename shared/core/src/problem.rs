//! An open problem: the reasons why one Opportunity does not import, kept until it does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    code::Code,
    counted::CountedRuns,
    finding::{self, Finding},
    run::RunId,
};

/// The open problem of one Opportunity. Without findings it is a note that the next run must look at the Opportunity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenProblem {
    /// The Opportunity; part of the key in the store.
    #[serde(skip, default = "unset_id")]
    pub opportunity: SalesforceId,
    /// Its name when last read.
    #[serde(default)]
    pub name: String,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The time at which a run first met it.
    pub first_seen: Timestamp,
    /// The time at which a run last met it.
    pub last_seen: Timestamp,
    /// The number of runs that met it.
    pub times: u32,
    /// `true` if an administrator acknowledged these codes.
    #[serde(default)]
    pub cleared: bool,
    /// The runs that counted it.
    #[serde(default)]
    pub counted: CountedRuns,
    /// `true` if the problem is settled. The item stays for a while, because only it knows which runs have counted the
    /// Opportunity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// The number of changes of this item.
    pub version: u64,
}

fn unset_id() -> SalesforceId {
    SalesforceId::UNSET
}

impl OpenProblem {
    /// Returns the problem as a run met it. It stays acknowledged while its codes are the same.
    #[must_use]
    pub fn met(
        earlier: Option<&Self>,
        opportunity: SalesforceId,
        name: &str,
        findings: Vec<Finding>,
        run: RunId,
        at: Timestamp,
    ) -> Self {
        let counted = Self::counted_with(earlier, run);
        let version = Self::next_version(earlier);
        let earlier = earlier.filter(|earlier| !earlier.closed);
        let cleared = earlier
            .is_some_and(|earlier| earlier.cleared && earlier.codes() == finding::codes(&findings));
        Self {
            opportunity,
            name: name.to_owned(),
            findings,
            first_seen: earlier.map_or(at, |earlier| earlier.first_seen),
            last_seen: at,
            times: earlier.map_or(0, |earlier| earlier.times) + 1,
            cleared,
            counted,
            closed: false,
            version,
        }
    }

    /// Returns the closed item of an Opportunity that a run counted and that has neither a claim nor a problem.
    #[must_use]
    pub fn closed(
        earlier: Option<&Self>,
        opportunity: SalesforceId,
        run: RunId,
        at: Timestamp,
    ) -> Self {
        Self {
            counted: Self::counted_with(earlier, run),
            version: Self::next_version(earlier),
            closed: true,
            ..Self::watch(opportunity, "", at)
        }
    }

    fn counted_with(earlier: Option<&Self>, run: RunId) -> CountedRuns {
        earlier.map_or_else(|| CountedRuns::by(run), |earlier| earlier.counted.with(run))
    }

    fn next_version(earlier: Option<&Self>) -> u64 {
        earlier.map_or(0, |earlier| earlier.version) + 1
    }

    /// Returns a note that the next run must look at this Opportunity, though its stamp did not move.
    #[must_use]
    pub fn watch(opportunity: SalesforceId, name: &str, at: Timestamp) -> Self {
        Self {
            opportunity,
            name: name.to_owned(),
            findings: Vec::new(),
            first_seen: at,
            last_seen: at,
            times: 0,
            cleared: true,
            counted: CountedRuns::default(),
            closed: false,
            version: 1,
        }
    }

    /// Returns the codes, each once, in the table's order.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        finding::codes(&self.findings)
    }

    /// Returns `true` if it is only a note: for the next run, or of the runs that counted.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        self.findings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(earlier: Option<&OpenProblem>, code: Code, run: u32) -> OpenProblem {
        let id = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
        let at = Timestamp::from_second(i64::from(run)).unwrap();
        OpenProblem::met(
            earlier,
            id,
            "Acme",
            vec![Finding::new(code)],
            RunId::new(run),
            at,
        )
    }

    #[test]
    fn a_problem_keeps_when_it_was_first_seen_and_counts_how_often() {
        let first = met(None, Code::StageEmpty, 1);
        let second = met(Some(&first), Code::StageEmpty, 2);

        assert_eq!(
            (second.first_seen, second.times, second.version),
            (first.first_seen, 2, 2)
        );
        assert!(second.counted.contains(RunId::new(1)) && second.counted.contains(RunId::new(2)));
    }

    #[test]
    fn what_is_met_again_after_it_was_closed_is_met_for_the_first_time_and_remembers_its_runs() {
        let first = met(None, Code::StageEmpty, 1);
        let at = Timestamp::from_second(2).unwrap();
        let closed = OpenProblem::closed(Some(&first), first.opportunity, RunId::new(2), at);
        let again = met(Some(&closed), Code::StageEmpty, 3);

        assert!(closed.is_watch() && closed.closed && !again.closed);
        assert_eq!((again.times, again.first_seen), (1, again.last_seen));
        assert_eq!(
            (again.counted.to_string(), again.version),
            ("1-3".to_owned(), 3)
        );
    }

    #[test]
    fn an_acknowledged_problem_is_open_again_when_its_codes_change() {
        let cleared = OpenProblem {
            cleared: true,
            ..met(None, Code::StageEmpty, 1)
        };

        assert!(met(Some(&cleared), Code::StageEmpty, 2).cleared);
        assert!(!met(Some(&cleared), Code::AccountMissing, 2).cleared);
    }
}
