//! Claims that are found by looking through the whole Links table, and suppressed ones by their index.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use dealbridge_core::{
    SalesforceId,
    claim::{Claim, Suppressed},
    ports::PortError,
    record::RecordId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    item::{self, s},
    keys::{self, Attributes, PK},
    log::Slice,
    store::{Store, port_error},
};

/// A place in the list of suppressions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionPlace {
    at: Timestamp,
    salesforce: SalesforceId,
}

impl SuppressionPlace {
    /// The place of a suppressed claim.
    #[must_use]
    pub fn of(suppressed: &Suppressed) -> Self {
        Self {
            at: suppressed.suppression.at,
            salesforce: suppressed.salesforce,
        }
    }
}

/// The condition on the claims that a Scan returns.
struct Filter {
    expression: &'static str,
    /// The names that the expression uses, and the attributes that they stand for.
    names: &'static [(&'static str, &'static str)],
    /// The values that the expression uses.
    values: Vec<(&'static str, AttributeValue)>,
}

impl Store {
    /// Sends one request of a Scan, which starts after the key `after` and evaluates at most so many items. Returns claims
    /// with their orgs, and the key to continue from.
    async fn scan_claims(
        &self,
        filter: &Filter,
        after: Option<Attributes>,
        most: Option<i32>,
    ) -> Result<(Vec<(SalesforceId, Claim)>, Option<Attributes>), PortError> {
        let mut scan = self
            .dynamodb
            .scan()
            .table_name(&self.tables.links)
            .filter_expression(filter.expression)
            .consistent_read(true)
            .set_exclusive_start_key(after)
            .set_limit(most)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, attribute) in filter.names {
            scan = scan.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in &filter.values {
            scan = scan.expression_attribute_values(*name, value.clone());
        }
        let answer = scan.send().await;
        let answer = answer.map_err(|error| port_error("Scan of the Links table", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let items = answer.items.unwrap_or_default();
        let mut claims = Vec::with_capacity(items.len());
        for item in items {
            let org = item::text(&item, PK).and_then(keys::org_of_claim);
            let org = org.ok_or_else(|| item::unreadable("a claim", "its key has no org"))?;
            claims.push((org, item::claim(item)?));
        }
        Ok((claims, answer.last_evaluated_key))
    }

    /// Scans to the end.
    async fn every_claim(&self, filter: &Filter) -> Result<Vec<(SalesforceId, Claim)>, PortError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (claims, next) = self.scan_claims(filter, after, None).await?;
            all.extend(claims);
            after = next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Links and suppressions of an org, starting after the place `after`, as far as one request to the store reaches: it
    /// evaluates at most so many claims, those of other orgs included. Returns the place to continue from as well.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or a claim cannot be read.
    pub async fn claims_after(
        &self,
        org: SalesforceId,
        after: Option<&str>,
        most: Option<i32>,
    ) -> Result<(Vec<Claim>, Option<String>), PortError> {
        let filter = Filter {
            expression: "begins_with(#pk, :prefix) AND #state <> :released",
            names: &[("#pk", PK), ("#state", "state")],
            values: vec![
                (":prefix", s(keys::claim_prefix(org))),
                (":released", s("released")),
            ],
        };
        let after = after.map(keys::claim_at);
        let (claims, next) = self.scan_claims(&filter, after, most).await?;
        let place = next.and_then(|key| item::text(&key, PK).map(str::to_owned));
        Ok((claims.into_iter().map(|(_, claim)| claim).collect(), place))
    }

    /// Suppressed claims of an org, newest first, starting after a place of the list.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or a claim cannot be read.
    pub async fn suppressed_after(
        &self,
        org: SalesforceId,
        after: Option<&SuppressionPlace>,
        most: usize,
    ) -> Result<Slice<Suppressed>, PortError> {
        let start = after.map(|place| {
            let mut key = keys::claim(org, place.salesforce);
            key.extend(keys::suppressed(org, place.at));
            key
        });
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.tables.links)
            .index_name(keys::SUPPRESSIONS)
            .key_condition_expression("#org = :org")
            .expression_attribute_names("#org", keys::SUPPRESSED_IN)
            .expression_attribute_values(":org", s(org))
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            // One more than asked for tells whether there are more.
            .limit(i32::try_from(most + 1).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| port_error("Query of the suppressions", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let found = answer.items.unwrap_or_default();
        let more =
            found.len() > most || (found.len() < most && answer.last_evaluated_key.is_some());
        let items = found.into_iter().take(most).map(item::suppressed);
        Ok(Slice {
            items: items.collect::<Result<_, _>>()?,
            more,
        })
    }

    /// Every claim of an org, whatever its state.
    pub(crate) async fn claims_of(&self, org: SalesforceId) -> Result<Vec<Claim>, PortError> {
        let filter = Filter {
            expression: "begins_with(#pk, :prefix)",
            names: &[("#pk", PK)],
            values: vec![(":prefix", s(keys::claim_prefix(org)))],
        };
        let claims = self.every_claim(&filter).await?;
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }

    /// Every live claim that names a record, with its org: for a record whose own claim is not where it should be.
    pub(crate) async fn live_claims_of(
        &self,
        record: &RecordId,
    ) -> Result<Vec<(SalesforceId, Claim)>, PortError> {
        let record = serde_dynamo::to_attribute_value(record)
            .map_err(|error| item::unreadable("a record's id", error))?;
        let filter = Filter {
            expression: "#record = :record AND #state = :live",
            names: &[("#record", "record"), ("#state", "state")],
            values: vec![(":record", record), (":live", s("live"))],
        };
        self.every_claim(&filter).await
    }
}
