//! The calls of Salesforce around an invocation: what it may make, and who made them.
//!
//! A process adds its calls up and writes them down when there are some, not call by call. What it has not written down
//! when it dies is missing from the ledger: few calls, which the org's own figure holds, and that one comes with each
//! answer of Salesforce.

use dealbridge_aws::Store;
use dealbridge_core::{
    budget::{ApiBudget, Room, full_run_estimate},
    call_ledger::CallLedger,
    code::Code,
    ports::PortError,
    run::{Mode, RunId},
};
use dealbridge_salesforce::{CallGate, SalesforceClient};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use crate::http::Refusal;

/// The number of calls that a process writes down at the latest.
const MAX_UNWRITTEN_CALLS: u64 = 20;

/// The time after which it writes down what it has.
const MAX_UNWRITTEN_AGE: SignedDuration = SignedDuration::from_mins(1);

/// The runs among which a full one is looked for: those of some days.
const RUNS: usize = 66;

/// The runs that are read at once.
const RUNS_AT_ONCE: usize = 11;

/// The moment at which calls are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Now.
    Now,
    /// When there are many, or a minute after the first.
    WhenDue,
}

/// Writes down the calls that this process has made, at the end of an invocation.
///
/// A ledger that cannot be reached gets them with a later invocation: no work is refused for it.
pub async fn keep<L: CallLedger>(
    salesforce: &SalesforceClient,
    ledger: &L,
    now: Timestamp,
    flush: Flush,
) {
    let calls = salesforce.take_calls(|calls, since| {
        flush == Flush::Now
            || calls.charged() >= MAX_UNWRITTEN_CALLS
            || now.duration_since(since) >= MAX_UNWRITTEN_AGE
    });
    let Some(calls) = calls else { return };
    if let Err(error) = ledger.add_calls(&calls, salesforce.allowance()).await {
        warn!(error.detail = %error, "Could not write down calls of Salesforce, a later invocation does: {error}");
        salesforce.give_back(calls);
    }
}

/// The gate of scheduled work: it knows what the last 24 hours have cost.
///
/// # Errors
/// Returns an error if the ledger cannot be reached.
pub async fn gate<L: CallLedger>(
    salesforce: &SalesforceClient,
    ledger: &L,
    budget: ApiBudget,
) -> Result<CallGate, PortError> {
    let day = ledger.day_of_calls().await?;
    Ok(CallGate::new(budget, day, salesforce.untaken()))
}

/// A full run, as it would be today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullRun {
    /// The calls that it would take.
    pub calls: u64,
    /// The records that the run listed from which that follows.
    pub listed: u64,
    /// The run.
    pub as_of: RunId,
}

/// Returns what a full run would take, from the latest one that listed everything and the latest run; nothing before
/// the first.
///
/// # Errors
/// Returns an error if the store cannot be reached.
pub async fn full_run(store: &Store) -> Result<Option<FullRun>, PortError> {
    let newest = store.latest_run().await?;
    let ids: Vec<RunId> = (1..=newest).rev().take(RUNS).map(RunId::new).collect();
    let mut latest = None;
    for ids in ids.chunks(RUNS_AT_ONCE) {
        let runs = store.runs(ids).await?;
        let latest = latest.get_or_insert_with(|| runs.first().map(|run| run.counts));
        let full = runs
            .iter()
            .find(|run| run.mode == Mode::Full && run.listed_at.is_some());
        if let Some(run) = full {
            return Ok(Some(FullRun {
                calls: full_run_estimate(&run.counts, &latest.unwrap_or_default()),
                listed: run.counts.listed,
                as_of: run.id,
            }));
        }
    }
    Ok(None)
}

/// Refuses what a person asks for if the budget has no room for that many calls, unless the person asked for it all the
/// same.
///
/// # Errors
/// Returns 409 `SF_BUDGET_SPENT`, or an error if the ledger cannot be reached.
pub async fn ask_for_room<L: CallLedger>(
    ledger: &L,
    budget: ApiBudget,
    (calls, over_budget): (u64, bool),
    now: Timestamp,
) -> Result<(), Refusal> {
    if over_budget {
        return Ok(());
    }
    let day = ledger.day_of_calls().await?;
    let (what, left) = match budget.room(&day, 0, now) {
        Room::Left(None) => return Ok(()),
        Room::Left(Some(left)) if left >= calls => return Ok(()),
        Room::Left(Some(left)) => (
            format!("it takes about {calls} calls, and the budget has room for {left}"),
            left,
        ),
        Room::Spent(spent) => (format!("{}; it goes on {}", spent.what, spent.goes_on()), 0),
    };
    let detail = format!(
        "The budget of Salesforce API calls is spent: {what}. Ask again with \"overBudget\": true to do it all the same."
    );
    Err(Refusal::logged(409, Code::SfBudgetSpent, detail).with("left", &left))
}
