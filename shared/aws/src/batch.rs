//! `BatchGetItem`: up to 100 keys per request; unprocessed keys are requested again.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use dealbridge_core::ports::{Consistency, PortError};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    keys::Attributes,
    store::{Store, port_error},
};

/// DynamoDB's limit on keys per request.
const MAX_KEYS: usize = 100;
/// Requests in flight at once.
const CONCURRENT: usize = 4;
/// Attempts at keys that DynamoDB leaves unprocessed.
const MAX_ATTEMPTS: u32 = 8;

impl Store {
    /// Gets the items of these keys, by table, in no particular order. A key without an item is left out.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or leaves keys unprocessed in every attempt.
    pub async fn batch_get(
        &self,
        keys: Vec<(String, Attributes)>,
        consistency: Consistency,
    ) -> Result<HashMap<String, Vec<Attributes>>, PortError> {
        let chunks: Vec<Vec<(String, Attributes)>> =
            keys.chunks(MAX_KEYS).map(<[_]>::to_vec).collect();
        let answers: Vec<HashMap<String, Vec<Attributes>>> = stream::iter(
            chunks
                .into_iter()
                .map(|chunk| self.batch_get_chunk(chunk, consistency)),
        )
        .buffer_unordered(CONCURRENT)
        .try_collect()
        .await?;
        let mut items: HashMap<String, Vec<Attributes>> = HashMap::new();
        for (table, found) in answers.into_iter().flatten() {
            items.entry(table).or_default().extend(found);
        }
        Ok(items)
    }

    async fn batch_get_chunk(
        &self,
        chunk: Vec<(String, Attributes)>,
        consistency: Consistency,
    ) -> Result<HashMap<String, Vec<Attributes>>, PortError> {
        let operation = "BatchGetItem";
        let mut by_table: HashMap<String, Vec<Attributes>> = HashMap::new();
        for (table, key) in chunk {
            let keys = by_table.entry(table).or_default();
            // DynamoDB rejects a request that names a key twice.
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut ask = HashMap::new();
        for (table, keys) in by_table {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(consistency == Consistency::Strong)
                .build();
            ask.insert(table, keys.map_err(|error| port_error(operation, error))?);
        }
        let mut items: HashMap<String, Vec<Attributes>> = HashMap::new();
        for round in 0..MAX_ATTEMPTS {
            let answer = self
                .dynamodb
                .batch_get_item()
                .set_request_items(Some(ask))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| port_error(operation, error))?;
            self.meter.read(answer.consumed_capacity());
            for (table, found) in answer.responses.unwrap_or_default() {
                items.entry(table).or_default().extend(found);
            }
            ask = answer.unprocessed_keys.unwrap_or_default();
            if ask.is_empty() {
                return Ok(items);
            }
            tokio::time::sleep(Duration::from_millis(20 << round)).await;
        }
        Err(PortError {
            operation: operation.to_owned(),
            detail: "DynamoDB kept leaving keys unprocessed".to_owned(),
        })
    }
}
