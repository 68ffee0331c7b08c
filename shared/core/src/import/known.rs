//! The stored items that belong to the requests of a batch.

use std::collections::HashMap;

use super::{
    Import,
    read::Rows,
    state::{Pending, StoredState},
};
use crate::{
    SalesforceId,
    decide::{self, Verdict},
    message::ImportRequest,
    portal::Directory,
    ports::{ClaimStore, Clock, Consistency, ImportStore, PortError, Portal, RunStore},
    salesforce::Salesforce,
    settings::Settings,
};

impl<F, P, S, C> Import<'_, F, P, S, C>
where
    F: Salesforce,
    P: Portal,
    S: ImportStore + ClaimStore + RunStore,
    C: Clock + ?Sized,
{
    /// Prepares the requests of a batch. For a fresh one only the open problem is read: an existing claim makes the
    /// import fail, but a problem would stay open beside it.
    pub(super) async fn pending(
        &self,
        requests: Vec<ImportRequest>,
        org: SalesforceId,
    ) -> Result<Vec<Pending>, PortError> {
        let fresh: Vec<SalesforceId> = requests
            .iter()
            .filter(|request| request.fresh)
            .map(|request| request.opportunity)
            .collect();
        let problems = if fresh.is_empty() {
            HashMap::new()
        } else {
            self.store.problems(org, &fresh).await?
        };
        let pending = requests.into_iter().map(|request| {
            let fresh = request.fresh && !problems.contains_key(&request.opportunity);
            Pending {
                known: fresh.then(StoredState::default),
                is_unverified: fresh,
                decision: None,
                request,
            }
        });
        Ok(pending.collect())
    }

    /// Reads the claims of requests whose claim was not looked for. An import may rely on the listing for
    /// that, because its conditions check it again; any other decision on a fresh request waits for its claim to be
    /// read.
    pub(super) async fn verify_claims(
        &self,
        pending: &mut [Pending],
        rows: &Rows,
        directory: &Directory,
        settings: &Settings,
    ) -> Result<(), PortError> {
        let nothing = StoredState::default();
        let mut unverified = Vec::new();
        for item in pending.iter_mut().filter(|item| item.is_unverified) {
            let facts = nothing.facts(item.request.opportunity, rows, directory);
            let decision = decide::decide(&facts, settings);
            if !matches!(decision.verdict, Verdict::Import(_)) {
                unverified.push(item.request.opportunity);
            }
            item.decision = Some(decision);
        }
        if unverified.is_empty() {
            return Ok(());
        }
        let claims = self
            .store
            .claims(settings.organization_id, &unverified)
            .await?;
        for item in pending.iter_mut().filter(|item| item.is_unverified) {
            item.is_unverified = false;
            if claims.contains_key(&item.request.opportunity) {
                (item.known, item.decision) = (None, None);
            }
        }
        Ok(())
    }

    /// Reads claims, open problems and records for the requests of which nothing is known.
    pub(super) async fn read_known(
        &self,
        pending: &mut [Pending],
        rows: &Rows,
        org: SalesforceId,
        consistency: Consistency,
    ) -> Result<(), PortError> {
        let unknown: Vec<SalesforceId> = pending
            .iter()
            .filter(|item| item.known.is_none())
            .map(|item| item.request.opportunity)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let successors = unknown.iter().filter_map(|id| rows.successor(*id));
        let ids: Vec<SalesforceId> = unknown.iter().copied().chain(successors).collect();
        let known = self.store.known(org, &ids, consistency).await?;
        let record_ids: Vec<_> = known
            .claims
            .values()
            .map(|claim| claim.record.clone())
            .collect();
        let records = if record_ids.is_empty() {
            HashMap::new()
        } else {
            self.store.records(&record_ids).await?
        };
        for item in pending.iter_mut().filter(|item| item.known.is_none()) {
            let id = item.request.opportunity;
            let claim = known.claims.get(&id).cloned();
            let record = claim
                .as_ref()
                .and_then(|claim| records.get(&claim.record))
                .cloned();
            let successor = rows
                .successor(id)
                .and_then(|id| known.claims.get(&id))
                .cloned();
            item.known = Some(StoredState {
                claim,
                problem: known.problems.get(&id).cloned(),
                record,
                successor,
                problem_of_successor: rows
                    .successor(id)
                    .and_then(|id| known.problems.get(&id))
                    .cloned(),
                predecessor: None,
                counted_before: None,
            });
        }
        self.read_counted_before(pending, org).await
    }

    /// Items remember the latest runs that counted them. For a message of an older run, the counted runs beside them
    /// are read.
    async fn read_counted_before(
        &self,
        pending: &mut [Pending],
        org: SalesforceId,
    ) -> Result<(), PortError> {
        let mut unsure: Vec<(SalesforceId, &mut StoredState)> = pending
            .iter_mut()
            .filter_map(|item| {
                let run = item.request.run;
                let known = item
                    .known
                    .as_mut()
                    .filter(|known| known.is_unsure_of(run))?;
                Some((item.request.opportunity, known))
            })
            .collect();
        if unsure.is_empty() {
            return Ok(());
        }
        let ids: Vec<SalesforceId> = unsure.iter().map(|(id, _)| *id).collect();
        let before = self.store.counted_before(org, &ids).await?;
        for (id, known) in &mut unsure {
            known.counted_before = before.get(id).cloned();
        }
        Ok(())
    }
}
