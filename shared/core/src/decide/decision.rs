//! A decision on one Opportunity or linked Lead.

use super::{condition::Condition, deal::NewDeal, record_update::RecordUpdate};
use crate::{SalesforceId, finding::Finding};

/// A decision, with every condition that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Every condition, with the value read.
    pub conditions: Vec<Condition>,
    /// The verdict.
    pub verdict: Verdict,
}

/// The fate of the Opportunity.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It becomes a Deal.
    Import(Box<NewDeal>),
    /// Its record changes.
    Update(Box<RecordUpdate>),
    /// It is a Lead that was converted: its link moves to this Opportunity.
    Move(SalesforceId),
    /// A linked Lead was converted to it: that one's link moves here, and no other Deal is made.
    TakeOver,
    /// Its record is up to date.
    Unchanged,
    /// At least one condition failed.
    Fail,
    /// At least one condition failed, and the record that it is linked to follows it as far as it can.
    FailAndUpdate(Box<RecordUpdate>),
    /// It was unlinked on purpose.
    Suppressed,
    /// It is not flagged for import, or is gone.
    NotACandidate(Finding),
}

impl Decision {
    /// Returns the failed conditions as findings.
    #[must_use]
    pub fn failures(&self) -> Vec<Finding> {
        self.conditions
            .iter()
            .filter(|condition| !condition.passed)
            .map(|condition| condition.finding.clone())
            .collect()
    }

    /// Returns the decision for one failed condition; the record follows as far as the update says.
    pub(super) fn failed(finding: Finding, update: Option<RecordUpdate>) -> Self {
        Self {
            conditions: vec![Condition::failed(finding)],
            verdict: update.map_or(Verdict::Fail, |update| {
                Verdict::FailAndUpdate(Box::new(update))
            }),
        }
    }

    /// Returns a decision for which no condition was checked.
    pub(crate) fn only(verdict: Verdict) -> Self {
        Self {
            conditions: Vec::new(),
            verdict,
        }
    }
}
