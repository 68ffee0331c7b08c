//! Reads of the fan-out: open problems, claims by id, all claims.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
};

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::{
    SalesforceId,
    claim::Claim,
    ports::{ClaimStore, Consistency, ListingStore, PortError},
};

use crate::{
    item,
    keys::{self, SK},
    partition::Partition,
    store::{Store, port_error},
};

/// Attribute of a closed problem, which only remembers the runs that have counted its Opportunity.
const CLOSED: &str = "closed";

impl ClaimStore for Store {
    async fn claims(
        &self,
        org: SalesforceId,
        ids: &[SalesforceId],
    ) -> Result<HashMap<SalesforceId, Claim>, PortError> {
        let keys = ids
            .iter()
            .map(|id| (self.tables.links.clone(), keys::claim(org, *id)))
            .collect();
        // A claim missed here costs one message whose conditions find it: half the read units are worth that.
        let mut found = self.batch_get(keys, Consistency::Eventual).await?;
        let items = found.remove(&self.tables.links).unwrap_or_default();
        items
            .into_iter()
            .map(|item| item::claim(item).map(|claim| (claim.salesforce, claim)))
            .collect()
    }

    async fn has_lead_links(&self) -> Result<bool, PortError> {
        // The note is never removed, so a hit can be cached.
        if self.lead_links.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let key = (self.tables.log.clone(), keys::lead_links());
        let found = self.batch_get(vec![key], Consistency::Strong).await?;
        let is_there = found.values().any(|items| !items.is_empty());
        self.lead_links.store(is_there, Ordering::Relaxed);
        Ok(is_there)
    }
}

impl ListingStore for Store {
    async fn open_problems(&self, org: SalesforceId) -> Result<HashSet<SalesforceId>, PortError> {
        let partition = Partition {
            key: &keys::problems(org),
            prefix: None,
            attributes: &[SK, CLOSED],
        };
        let items = self.partition(&partition).await?;
        Ok(items
            .iter()
            .filter(|item| !item.contains_key(CLOSED))
            .filter_map(|item| SalesforceId::parse(item::text(item, SK)?).ok())
            .collect())
    }

    /// One Scan costs an eighth of reading the same claims by key, and finds the claims that no listing names.
    async fn all_claims(
        &self,
        org: SalesforceId,
    ) -> Result<HashMap<SalesforceId, Claim>, PortError> {
        let claims = self.claims_of(org).await?.into_iter();
        Ok(claims.map(|claim| (claim.salesforce, claim)).collect())
    }
}

impl Store {
    /// Reads one item with strong consistency.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn get(
        &self,
        table: &str,
        key: keys::Attributes,
    ) -> Result<Option<keys::Attributes>, PortError> {
        let answer = self
            .dynamodb
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| port_error("GetItem", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        Ok(answer.item)
    }
}
