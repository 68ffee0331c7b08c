//! Links that the listing of Opportunities does not show: those of Leads, and of records that are gone or no longer
//! flagged.

use jiff::Timestamp;

use super::{
    FanOut, Stop,
    page::{Candidates, Ids},
    pages::Pages,
    query::Query,
    steps::Step,
};
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    claim::{Claim, ClaimState},
    digest::Digested,
    fault,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingPosition, ListingStore, Portal, Progress, RunStore,
        SyncRequestQueue,
    },
    read::Columns,
    salesforce::{Deleted, Listing, Row, Salesforce},
    settings::Settings,
};

/// The number of links that are checked together: one call returns as many records.
const LINKS: usize = 2_000;

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Lists the Leads that changed, only if a record was ever linked to one. Returns `false` if the deadline came
    /// first.
    pub(super) async fn list_leads(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        let Some(since) = candidates.since(settings.overlap()) else {
            return Ok(true);
        };
        let after = match progress.place {
            ListingPosition::Leads(stamp, id) => Some((stamp, id)),
            _ => None,
        };
        if after.is_none() {
            // The size was that of the Opportunities' parts.
            progress.part = None;
        }
        let org = settings.organization_id;
        let digested = Digested::of(settings, SalesforceObject::Lead);
        let listing = Listing {
            object: SalesforceObject::Lead,
            fields: Vec::new(),
            flag: None,
            since: Some(since),
            before: None,
            after,
            up_to: None,
            deleted: Deleted::Included,
        };
        let query = Query::new(self.salesforce, listing, &[], digested.fields());
        let mut pages = Pages::new(self.salesforce, query, self.clock.now(), progress.part);
        loop {
            let rows = match pages.step().await {
                Err(error) if error.hides(SalesforceObject::Lead) => {
                    self.say_hidden_leads(progress).await?;
                    return Ok(true);
                }
                rows => rows?,
            };
            progress.part = pages.size();
            self.take_leads(progress, candidates, &rows, &digested, org)
                .await?;
            if !pages.has_more() {
                return Ok(true);
            }
            let place = pages.place();
            let place = place.map(|(stamp, id)| ListingPosition::Leads(stamp, id));
            if self.is_handed_over(progress, place, deadline).await? {
                return Ok(false);
            }
        }
    }

    async fn take_leads(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        rows: &[Row],
        digested: &Digested,
        org: SalesforceId,
    ) -> Result<(), Stop> {
        let rows: Vec<(SalesforceId, SystemModstamp, &Row)> = rows
            .iter()
            .filter_map(|row| Some((row.id()?, row.stamp()?, row)))
            .collect();
        let ids: Vec<SalesforceId> = rows.iter().map(|(id, ..)| *id).collect();
        let Some((last, stamp, _)) = rows.last() else {
            return Ok(());
        };
        let place = ListingPosition::Leads(*stamp, *last);
        let claims = self.store.claims(org, &ids).await?;
        let changed = rows.iter().filter(|(id, stamp, row)| {
            claims.get(id).is_some_and(|claim| {
                let is_gone = row.is_checked("IsDeleted") && !claim.disconnected;
                let is_known = claim.is_up_to(*stamp, Some(digested.digest(row))) && !is_gone;
                claim.state == ClaimState::Live
                    && !is_known
                    && !claim.counted.contains(progress.run)
                    // Open problems were enqueued first of all.
                    && !candidates.problems().contains(id)
            })
        });
        let step = Step {
            work: changed.map(|(id, ..)| (*id, false)).collect(),
            ..Step::at(place)
        };
        self.enqueue(progress, org, step).await
    }

    /// Reports that Leads cannot be read: their links stay as they are, and Opportunities are imported all the same.
    async fn say_hidden_leads(&self, progress: &Progress) -> Result<(), Stop> {
        let (key, finding) = fault::hidden(SalesforceObject::Lead);
        Ok(self.store.note(progress.run, &key, &finding).await?)
    }

    /// Checks, in a full run, the linked records that the listing did not show: no longer flagged, deleted, hidden,
    /// purged. Returns `false` if the deadline came first.
    ///
    /// For a listing that an earlier attempt began, `seen_until` is the newest stamp that it could show: the records
    /// that attempt handled are recognised by their own fields, because the listing would show all that are flagged.
    pub(super) async fn check_unlisted_links(
        &self,
        progress: &mut Progress,
        candidates: &Candidates<'_>,
        settings: &Settings,
        seen_until: Option<SystemModstamp>,
        deadline: Option<Timestamp>,
    ) -> Result<bool, Stop> {
        let org = settings.organization_id;
        let after = match progress.place {
            ListingPosition::Links(id) => Some(id),
            _ => None,
        };
        // By id, Opportunities come before Leads: one position tells how far both were checked.
        for object in [SalesforceObject::Opportunity, SalesforceObject::Lead] {
            let digested = Digested::of(settings, object);
            let own = digested
                .fields()
                .iter()
                .filter(|path| !path.is_parent_path());
            let shown_until = seen_until.filter(|_| object == SalesforceObject::Opportunity);
            let flag = shown_until.map(|_| settings.fields.import_flag.clone());
            let mut columns =
                Columns::new(object.api_name(), flag.into_iter().collect(), own.cloned());
            columns.recall(self.salesforce);
            let unlisted = candidates.unlisted(object);
            let mut unlisted: Vec<&Claim> = unlisted
                .filter(|claim| Some(claim.salesforce) > after)
                .collect();
            unlisted.sort_unstable_by_key(|claim| claim.salesforce);
            for claims in unlisted.chunks(LINKS) {
                let ids: Vec<SalesforceId> = claims.iter().map(|claim| claim.salesforce).collect();
                let Some(last) = ids.last() else { continue };
                let mut step = Step::at(ListingPosition::Links(*last));
                let rows = self.retrieve_around_missing(object, &ids, &mut columns);
                let rows = match rows.await {
                    Err(error) if object == SalesforceObject::Lead && error.hides(object) => {
                        self.say_hidden_leads(progress).await?;
                        return Ok(true);
                    }
                    rows => rows?,
                };
                let shown = match shown_until {
                    Some(until) => self.shown(&ids, &rows, until, settings).await?,
                    None => Ids::new(),
                };
                let unlisted = claims
                    .iter()
                    .zip(rows)
                    .filter(|(claim, _)| !shown.contains(&claim.salesforce));
                for (claim, row) in unlisted {
                    if is_as_before(claim, row.as_ref(), &digested) {
                        step.counts.listed += 1;
                        step.counts.unchanged += 1;
                    } else {
                        step.work.push((claim.salesforce, false));
                    }
                }
                self.enqueue(progress, org, step).await?;
                let place = Some(ListingPosition::Links(*last));
                if self.is_handed_over(progress, place, deadline).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Returns those of these Opportunities that a full listing has shown: flagged, in the recycle bin too, or edited
    /// since, so that they may have been. Those that were edited since are left to the next run.
    async fn shown(
        &self,
        ids: &[SalesforceId],
        rows: &[Option<Row>],
        until: SystemModstamp,
        settings: &Settings,
    ) -> Result<Ids, Stop> {
        let flag = &settings.fields.import_flag;
        let is_shown = |row: &Row| row.is_checked(flag.as_str()) || row.stamp() > Some(until);
        let gone: Vec<SalesforceId> = ids
            .iter()
            .zip(rows)
            .filter(|(_, row)| row.is_none())
            .map(|(id, _)| *id)
            .collect();
        let object = SalesforceObject::Opportunity;
        let binned = if gone.is_empty() {
            Vec::new()
        } else {
            let flag = std::slice::from_ref(flag);
            self.salesforce.records(object, &gone, flag).await?
        };
        let all = rows.iter().flatten().chain(&binned);
        Ok(all
            .filter(|row| is_shown(row))
            .filter_map(Row::id)
            .collect())
    }
}

fn is_as_before(claim: &Claim, row: Option<&Row>, digested: &Digested) -> bool {
    let is_known = match row {
        Some(row) => {
            let digest = digested.digest(row);
            // A record that is read by id shows no parents.
            let known = claim.digest.filter(|known| known.has_own_values_of(digest));
            let stamp = row.stamp();
            !claim.disconnected && stamp.is_some_and(|stamp| claim.is_up_to(stamp, known))
        }
        None => claim.disconnected,
    };
    claim.state == ClaimState::Live && is_known
}
