//! Requests of a batch on their way, each with its known stored items.

use super::read::Rows;
use crate::{
    SalesforceId,
    claim::Claim,
    counted::CountedRuns,
    decide::{Decision, Facts, Predecessor, Verdict},
    message::ImportRequest,
    portal::Directory,
    problem::OpenProblem,
    record::Record,
    run::RunId,
};

/// A request on its way through the rounds.
pub(super) struct Pending {
    pub(super) request: ImportRequest,
    /// The known items of the store; [`None`] before the first read for a request that is not fresh.
    pub(super) known: Option<StoredState>,
    /// `true` if only the listing says that there is no claim.
    pub(super) is_unverified: bool,
    /// The decision, if it was made already.
    pub(super) decision: Option<Decision>,
}

impl Pending {
    /// Returns the Opportunity that a link is about to move to.
    pub(super) fn move_target(&self) -> Option<SalesforceId> {
        match self.decision.as_ref()?.verdict {
            Verdict::Move(opportunity) => Some(opportunity),
            Verdict::TakeOver => Some(self.request.opportunity),
            _ => None,
        }
    }

    /// Returns the request to be read and decided again.
    pub(super) fn again(self) -> Self {
        Self {
            known: None,
            is_unverified: false,
            decision: None,
            ..self
        }
    }
}

impl Pending {
    /// Returns the request to be read again, with its decision made.
    pub(super) fn again_as(self, decision: Decision) -> Self {
        Self {
            decision: Some(decision),
            ..self.again()
        }
    }
}

/// The stored items that a decision is based on.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredState {
    pub(super) claim: Option<Claim>,
    pub(super) problem: Option<OpenProblem>,
    /// The record that the claim names.
    pub(super) record: Option<Record>,
    /// The claim of the Opportunity that a converted Lead became.
    pub(super) successor: Option<Claim>,
    /// The open problem of that Opportunity.
    pub(super) problem_of_successor: Option<OpenProblem>,
    /// The linked Lead that was converted to it.
    pub(super) predecessor: Option<Predecessor>,
    /// The counted runs that are kept beside claim and open problem, if those two are unsure.
    pub(super) counted_before: Option<CountedRuns>,
}

impl StoredState {
    fn sets(&self) -> impl Iterator<Item = &CountedRuns> {
        let of_claim = self.claim.as_ref().map(|claim| &claim.counted);
        let of_problem = self.problem.as_ref().map(|problem| &problem.counted);
        of_claim
            .into_iter()
            .chain(of_problem)
            .chain(&self.counted_before)
    }

    /// Returns `true` if this run has counted the record.
    pub(super) fn counted_in(&self, run: RunId) -> bool {
        self.sets().any(|counted| counted.contains(run))
    }

    pub(super) fn is_unsure_of(&self, run: RunId) -> bool {
        !self.counted_in(run) && self.sets().any(|counted| counted.is_unsure_of(run))
    }

    /// Returns the facts of a decision.
    pub(super) fn facts<'a>(
        &'a self,
        opportunity: SalesforceId,
        rows: &'a Rows,
        directory: &'a Directory,
    ) -> Facts<'a> {
        Facts {
            opportunity,
            row: rows.get(opportunity),
            digest: rows.digest(opportunity),
            directory,
            claim: self.claim.as_ref(),
            record: self.record.as_ref(),
            successor: self.successor.as_ref(),
            predecessor: self.predecessor.as_ref(),
        }
    }
}
