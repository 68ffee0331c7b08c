//! The budget that scheduled calls are held to: none is sent that it leaves no room for.

use std::sync::{Arc, Mutex, PoisonError};

use dealbridge_core::{
    budget::{ApiBudget, DayOfCalls, OrgAllowance, Room},
    salesforce::SalesforceError,
};
use jiff::Timestamp;

/// A gate that calls pass as long as the budget has room. Clones count together.
///
/// It knows the calls of the last 24 hours as they were when it was made, counts those that pass, and takes over the
/// org's own figure from each answer: the calls of other clients count as well.
#[derive(Clone, Debug)]
pub struct CallGate {
    budget: ApiBudget,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    day: DayOfCalls,
    /// The calls that passed.
    made: u64,
}

impl CallGate {
    /// A gate over the calls of the last 24 hours, and those that are not in the ledger yet.
    #[must_use]
    pub fn new(budget: ApiBudget, day: DayOfCalls, unwritten: u64) -> Self {
        let state = State {
            day,
            made: unwritten,
        };
        Self {
            budget,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Lets one call pass.
    pub(crate) fn pass(
        &self,
        latest: Option<OrgAllowance>,
        now: Timestamp,
    ) -> Result<(), SalesforceError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.day.org.map(|org| org.read_at);
        if let Some(latest) = latest.filter(|latest| known.is_none_or(|at| latest.read_at >= at)) {
            state.day.org = Some(latest);
        }
        match self.budget.room(&state.day, state.made, now) {
            Room::Left(_) => {
                state.made += 1;
                Ok(())
            }
            Room::Spent(spent) => Err(SalesforceError::BudgetSpent {
                goes_on: spent.goes_on(),
                what: spent.what,
            }),
        }
    }
}
