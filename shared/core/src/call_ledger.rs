//! The ledger of Salesforce calls, and the warning that the budget is nearly spent.

use std::future::Future;

use tracing::warn;

use crate::{
    budget::{Calls, DayOfCalls, OrgAllowance},
    ports::{PortError, RunStore},
    run::RunId,
    settings::Settings,
};

/// The key of the warning in a run's log.
const KEY: &str = "BUDGET";

/// The ledger of calls.
pub trait CallLedger: Send + Sync {
    /// Adds calls to the present hour, with the org's own figure if there is one.
    ///
    /// A repeat after a lost answer may count them twice.
    fn add_calls(
        &self,
        calls: &Calls,
        org: Option<OrgAllowance>,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Returns the calls of the last 24 hours.
    fn day_of_calls(&self) -> impl Future<Output = Result<DayOfCalls, PortError>> + Send;

    /// Returns `true` for the first caller in 24 hours: that one warns.
    fn may_warn_of_budget(&self) -> impl Future<Output = Result<bool, PortError>> + Send;
}

/// Warns once in 24 hours that four fifths of the budget are spent: an entry of the run, and a line that the metric
/// counts (template.yaml, ApiBudgetNearlySpent). A run that failed warns of nothing: its one entry says why it did.
///
/// # Errors
/// Returns an error if the store cannot be reached.
pub async fn warn_of_budget<S: CallLedger + RunStore>(
    store: &S,
    settings: &Settings,
    run: RunId,
) -> Result<(), PortError> {
    let day = store.day_of_calls().await?;
    let Some(finding) = settings.api_budget.nearly_spent(&day) else {
        return Ok(());
    };
    let has_failed = store
        .run(run)
        .await?
        .is_some_and(|run| run.failed_at.is_some());
    if !has_failed && store.may_warn_of_budget().await? {
        warn!(
            event = "api_budget_nearly_spent",
            salesforce.calls = day.charged(),
            "{}",
            finding.sentences("the run").0
        );
        store.note(run, KEY, &finding).await?;
    }
    Ok(())
}
