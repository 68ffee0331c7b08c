//! Messages of another org than the one that the settings name.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use tracing::warn;

use super::{Import, MAX_ATTEMPTS};
use crate::{
    SalesforceId,
    change::{Change, Expected, Settled, Write},
    code::Code,
    finding::Finding,
    message::ImportRequest,
    ports::{
        ClaimStore, Clock, Consistency, ImportStore, PortError, Portal, RunStore, StoredStates,
    },
    problem::OpenProblem,
    run::{Counts, RunId},
    salesforce::Salesforce,
};

impl<F, P, S, C> Import<'_, F, P, S, C>
where
    F: Salesforce,
    P: Portal,
    S: ImportStore + ClaimStore + RunStore,
    C: Clock + ?Sized,
{
    /// Reports once per run and org that its messages are of an org that the settings do not name, and counts each of
    /// them as unchanged, so that its run can end. Neither Salesforce nor any record is touched.
    ///
    /// Safe to repeat: the org's own claims and open problems remember which runs have counted.
    pub(super) async fn settle_foreign(
        &self,
        requests: Vec<ImportRequest>,
        own: SalesforceId,
    ) -> Result<Vec<(RunId, SalesforceId)>, PortError> {
        let mut by_run: BTreeMap<(SalesforceId, RunId), HashSet<SalesforceId>> = BTreeMap::new();
        for request in requests {
            let ids = by_run.entry((request.org, request.run)).or_default();
            ids.insert(request.opportunity);
        }
        let mut settled = Vec::new();
        for ((org, run), mut left) in by_run {
            let finding = Finding::new(Code::MessageOfOtherOrg)
                .value(org.to_string())
                .other("records to import");
            warn!(
                error.code = finding.code.as_str(),
                run.id = %run,
                import.left = left.len(),
                "Left {} messages of {run} undone: they are of the org {org}, which the settings do not name",
                left.len()
            );
            self.store
                .note(run, &format!("ORG#{org}"), &finding)
                .await?;
            for _ in 0..MAX_ATTEMPTS {
                if left.is_empty() {
                    break;
                }
                for id in self.count_foreign([org, own], run, &left).await? {
                    left.remove(&id);
                    settled.push((run, id));
                }
            }
        }
        Ok(settled)
    }

    /// Works one round; returns the requests that the run has counted.
    async fn count_foreign(
        &self,
        [org, own]: [SalesforceId; 2],
        run: RunId,
        ids: &HashSet<SalesforceId>,
    ) -> Result<Vec<SalesforceId>, PortError> {
        let mut ids: Vec<SalesforceId> = ids.iter().copied().collect();
        ids.sort_unstable();
        let known = self.store.known(org, &ids, Consistency::Strong).await?;
        let known_here = self.store.known(own, &ids, Consistency::Strong).await?;
        let now = self.clock.now();
        let mut counted = Vec::with_capacity(ids.len());
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids {
            if has_counted(&known, id, run) || has_counted(&known_here, id, run) {
                counted.push(id);
            } else {
                changes.push(counting(id, run, &known, now));
            }
        }
        let results = self.store.commit(org, run, &changes).await?;
        for (change, result) in changes.iter().zip(results) {
            if result == Settled::Done {
                counted.push(change.opportunity);
            }
        }
        Ok(counted)
    }
}

/// Returns `true` if the run has counted the record.
fn has_counted(known: &StoredStates, id: SalesforceId, run: RunId) -> bool {
    let of_claim = known.claims.get(&id).map(|claim| &claim.counted);
    let of_problem = known.problems.get(&id).map(|problem| &problem.counted);
    of_claim
        .into_iter()
        .chain(of_problem)
        .any(|counted| counted.contains(run))
}

/// Marks the claim, else the open problem, as counted by the run, and leaves everything else of it unchanged.
fn counting(id: SalesforceId, run: RunId, known: &StoredStates, now: Timestamp) -> Change {
    let write = match (known.claims.get(&id), known.problems.get(&id)) {
        (Some(claim), _) => {
            let mut next = claim.clone();
            next.version += 1;
            next.counted = claim.counted.with(run);
            Write::Claim(next, Expected::Version(claim.version))
        }
        (None, Some(problem)) => {
            let mut next = problem.clone();
            next.version += 1;
            next.counted = problem.counted.with(run);
            Write::Problem(next, Expected::Version(problem.version))
        }
        (None, None) => Write::Problem(OpenProblem::closed(None, id, run, now), Expected::Absent),
    };
    Change {
        opportunity: id,
        writes: vec![write],
        line: None,
        counts: Counts {
            unchanged: 1,
            ..Counts::default()
        },
    }
}
