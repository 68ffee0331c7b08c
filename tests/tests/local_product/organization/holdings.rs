//! Claims of all orgs and links of all records, as the store has them.

use std::collections::{BTreeMap, BTreeSet};

use dealbridge_aws::{
    item,
    keys::{self, Attributes},
};
use dealbridge_core::{
    SalesforceId,
    claim::{Claim, ClaimState},
    record::{Record, RecordId},
};

use crate::product::Product;

/// Claims and records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Holdings {
    /// Claims by org and Salesforce record.
    pub(super) claims: BTreeMap<(SalesforceId, SalesforceId), Claim>,
    /// Linkable records.
    pub(super) records: BTreeMap<RecordId, Record>,
}

async fn scan(product: &Product, table: &str) -> Vec<Attributes> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        let scan = product.app.onlooker.client().scan().table_name(table);
        let scan = scan.consistent_read(true).set_exclusive_start_key(start);
        let answer = scan.send().await.unwrap();
        items.extend(answer.items.unwrap_or_default());
        start = answer.last_evaluated_key;
        if start.is_none() {
            return items;
        }
    }
}

impl Holdings {
    /// Reads everything.
    pub(super) async fn read(product: &Product) -> Self {
        let tables = product.app.onlooker.tables();
        let mut holdings = Self::default();
        for item in scan(product, &tables.links).await {
            let org = item::text(&item, keys::PK).and_then(keys::org_of_claim);
            let claim = item::claim(item).unwrap();
            let key = (org.unwrap(), claim.salesforce);
            holdings.claims.insert(key, claim);
        }
        for item in scan(product, &tables.records).await {
            let id = item::text(&item, keys::PK).and_then(item::record_id);
            if let Some(id) = id {
                holdings.records.insert(id, item::record(item).unwrap());
            }
        }
        holdings
    }

    /// Reads until nothing changes any more: what a dead process has sent may still arrive.
    pub(super) async fn at_rest(product: &Product) -> Self {
        let mut before = Self::read(product).await;
        loop {
            let holdings = Self::read(product).await;
            if holdings == before {
                return holdings;
            }
            before = holdings;
        }
    }

    /// The live claims of an org: Salesforce record and linked record.
    pub(super) fn live_in(&self, org: SalesforceId) -> BTreeMap<SalesforceId, RecordId> {
        self.of(org, ClaimState::Live)
    }

    /// The suppressed Salesforce records of an org.
    pub(super) fn suppressed_in(&self, org: SalesforceId) -> BTreeSet<SalesforceId> {
        self.of(org, ClaimState::Suppressed).into_keys().collect()
    }

    fn of(&self, org: SalesforceId, state: ClaimState) -> BTreeMap<SalesforceId, RecordId> {
        let claims = self.claims.iter();
        claims
            .filter(|((of, _), claim)| *of == org && claim.state == state)
            .map(|((_, id), claim)| (*id, claim.record.clone()))
            .collect()
    }

    /// The faults in the links' being one-to-one, over all orgs.
    pub(super) fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut live: BTreeMap<SalesforceId, Vec<&RecordId>> = BTreeMap::new();
        let claims = self.claims.values();
        for claim in claims.filter(|claim| claim.state == ClaimState::Live) {
            let holders = live.entry(claim.salesforce).or_default();
            holders.push(&claim.record);
        }
        for (id, holders) in &live {
            let points_back = |holder: &&RecordId| self.link_of(holder) == Some(*id);
            if holders.len() > 1 || !holders.iter().all(points_back) {
                broken.push(format!("{id} is claimed for {holders:?}"));
            }
        }
        for record in self.records.values() {
            let Some(id) = self.link_of(&record.id) else {
                continue;
            };
            if live.get(&id).is_none_or(|holders| holders != &[&record.id]) {
                let holders = live.get(&id);
                broken.push(format!(
                    "{} is linked to {id}, claimed for {holders:?}",
                    record.id
                ));
            }
        }
        broken
    }

    /// The Salesforce record that a record is linked to.
    pub(super) fn link_of(&self, record: &RecordId) -> Option<SalesforceId> {
        let link = self.records.get(record)?.link.as_ref();
        link.map(|link| link.salesforce_id)
    }
}
