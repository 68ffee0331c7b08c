//! Linked Leads that were converted: the link that an Opportunity takes over, and the items that belong to that
//! Opportunity.

use std::collections::HashMap;

use super::{
    Import, Stop,
    read::Rows,
    state::{Pending, StoredState},
};
use crate::{
    SalesforceId, SalesforceObject,
    claim::ClaimState,
    decide::{self, Predecessor, Verdict},
    link::plan,
    portal::Directory,
    ports::{ClaimStore, Clock, Consistency, ImportStore, Portal, RunStore},
    read::Columns,
    salesforce::{Row, Salesforce, SalesforceError},
    settings::Settings,
};

impl<F, P, S, C> Import<'_, F, P, S, C>
where
    F: Salesforce,
    P: Portal,
    S: ImportStore + ClaimStore + RunStore,
    C: Clock + ?Sized,
{
    /// Decides each request. An Opportunity that would be imported takes over the link of a Lead that was converted to
    /// it instead, whichever of the two is decided first. Costs one more call, and only if a record was ever linked to
    /// a Lead.
    pub(super) async fn decide_all(
        &self,
        pending: &mut [Pending],
        rows: &Rows,
        directory: &Directory,
        settings: &Settings,
    ) -> Result<(), Stop> {
        let nothing = StoredState::default();
        let decide = |item: &Pending| {
            if rows.hides(item.request.opportunity) {
                return decide::Decision::only(Verdict::Unchanged);
            }
            let known = item.known.as_ref().unwrap_or(&nothing);
            decide::decide(
                &known.facts(item.request.opportunity, rows, directory),
                settings,
            )
        };
        let mut importing = Vec::new();
        for item in pending.iter_mut() {
            let decision = item.decision.take().unwrap_or_else(|| decide(item));
            if matches!(decision.verdict, Verdict::Import(_)) {
                importing.push(item.request.opportunity);
            }
            item.decision = Some(decision);
        }
        if importing.is_empty() {
            return Ok(());
        }
        let org = settings.organization_id;
        let salesforce = self.salesforce.of(org).await?;
        let mut predecessors = find_predecessors(&salesforce, self.store, &importing, org).await?;
        for item in pending.iter_mut() {
            let Some(predecessor) = predecessors.remove(&item.request.opportunity) else {
                continue;
            };
            item.known.get_or_insert_default().predecessor = Some(predecessor);
            item.decision = Some(decide(item));
        }
        Ok(())
    }

    /// Returns the Opportunities that links of converted Leads are about to move to, as they are in Salesforce.
    pub(super) async fn move_targets(
        &self,
        pending: &[Pending],
        settings: &Settings,
    ) -> Result<HashMap<SalesforceId, Row>, Stop> {
        let ids: Vec<SalesforceId> = pending.iter().filter_map(Pending::move_target).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let object = SalesforceObject::Opportunity;
        let fields = plan::fields_to_read(settings, object);
        let mut columns = Columns::new(object.api_name(), Vec::new(), fields);
        let salesforce = self.salesforce.of(settings.organization_id).await?;
        columns.recall(&salesforce);
        let rows = loop {
            let asked = columns.asked();
            match salesforce.records(object, &ids, &asked).await {
                Ok(rows) => break columns.settle(rows),
                Err(error) => columns.go_without(&salesforce, error).await?,
            }
        };
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((row.id()?, row)))
            .collect())
    }
}

/// Returns the linked Leads that were converted to these Opportunities, by Opportunity.
pub(crate) async fn find_predecessors<F: Salesforce, S: ImportStore + ClaimStore>(
    salesforce: &F,
    store: &S,
    opportunities: &[SalesforceId],
    org: SalesforceId,
) -> Result<HashMap<SalesforceId, Predecessor>, Stop> {
    let mut found = HashMap::new();
    // Asked for after the Opportunities were read: a Lead that was linked and converted before that is known by then.
    if opportunities.is_empty() || !store.has_lead_links().await? {
        return Ok(found);
    }
    let mut leads = match salesforce.converted_leads(opportunities).await {
        // Leads, or the field that names their Opportunity, are hidden. The work on the links of Leads reports it.
        Err(SalesforceError::FieldMissing { .. }) => return Ok(found),
        leads => leads?,
    };
    if leads.is_empty() {
        return Ok(found);
    }
    // If there are several, the link of the Lead that was converted first moves; the others find the Opportunity taken.
    leads.sort_by_key(|row| (row.stamp(), row.id()));
    let ids: Vec<SalesforceId> = leads.iter().filter_map(Row::id).collect();
    let mut claims = store.known(org, &ids, Consistency::Strong).await?.claims;
    claims.retain(|_, claim| claim.state == ClaimState::Live);
    let records: Vec<_> = claims.values().map(|claim| claim.record.clone()).collect();
    let mut records = if records.is_empty() {
        HashMap::new()
    } else {
        store.records(&records).await?
    };
    for row in &leads {
        let linked = row
            .id()
            .and_then(|id| claims.remove(&id))
            .and_then(|claim| {
                let record = records.remove(&claim.record)?;
                let opportunity = row.text("ConvertedOpportunityId")?;
                Some((SalesforceId::parse(opportunity).ok()?, claim, record))
            });
        if let Some((opportunity, claim, record)) = linked {
            found.entry(opportunity).or_insert_with(|| Predecessor {
                claim,
                record,
                name: row.text("Name").unwrap_or_default().to_owned(),
            });
        }
    }
    Ok(found)
}
