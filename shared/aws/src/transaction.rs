//! TransactWriteItems: what the SDK leaves to its caller about conflicts, tokens and reasons.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use dealbridge_core::{change::Expected, ports::PortError};
use sha2::{Digest, Sha256};

use crate::{
    item::n,
    keys::{Attributes, PK, VERSION},
    store::{Store, port_error},
};

/// DynamoDB's bound on actions per transaction.
pub const MOST_ACTIONS: usize = 100;

/// Attempts at a transaction that only met conflicts or throttling.
const ATTEMPTS: u32 = 10;

/// What became of a transaction.
#[derive(Debug)]
pub enum Committed {
    /// All of it is durable.
    Yes,
    /// None of it was written: the positions whose conditions failed, with the items that are there.
    Refused(Vec<(usize, Option<Attributes>)>),
}

impl Store {
    /// Writes all of the actions or none.
    ///
    /// `token` names this very request: a repeat with the same token and actions within ten minutes is the same write
    /// (AWS: TransactWriteItems, ClientRequestToken). Conflicts and throttling are waited out; the SDK does not repeat them.
    ///
    /// # Errors
    /// When the outcome is unknown or DynamoDB cannot be reached.
    pub async fn transact(
        &self,
        token: &str,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Committed, PortError> {
        let operation = "TransactWriteItems";
        // The service takes at most 36 characters.
        let token: String = Sha256::digest(token)
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for attempt in 0..ATTEMPTS {
            let sent = self
                .dynamodb
                .transact_write_items()
                .set_transact_items(Some(actions.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match sent {
                Ok(answer) => {
                    self.meter.wrote(answer.consumed_capacity());
                    return Ok(Committed::Yes);
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    let refused: Vec<(usize, Option<Attributes>)> = canceled
                        .cancellation_reasons()
                        .iter()
                        .enumerate()
                        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
                        .map(|(at, reason)| (at, reason.item().cloned()))
                        .collect();
                    if !refused.is_empty() {
                        return Ok(Committed::Refused(refused));
                    }
                    if !canceled.cancellation_reasons().iter().all(is_transient) {
                        return Err(port_error(operation, error));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(port_error(operation, error)),
            }
            tokio::time::sleep(jittered(attempt, &token)).await;
        }
        Err(PortError {
            operation: operation.to_owned(),
            detail: format!("it met conflicts or throttling {ATTEMPTS} times"),
        })
    }
}

fn is_transient(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        None | Some(
            "None"
                | "TransactionConflict"
                | "ThrottlingError"
                | "ProvisionedThroughputExceeded"
                | "RequestLimitExceeded"
        )
    )
}

/// Exponential, spread by the token: writers that met each other do not meet again at the same instant.
fn jittered(attempt: u32, token: &str) -> Duration {
    let spread = token
        .bytes()
        .cycle()
        .skip(attempt as usize)
        .take(2)
        .fold(0_u64, |sum, byte| sum * 31 + u64::from(byte))
        % 100;
    let ceiling = 10_u64 << attempt.min(7);
    Duration::from_millis(ceiling / 2 + ceiling * spread / 200)
}

/// Puts an item that must be as expected.
///
/// # Errors
/// Never for items of ours: the builder only misses a table or an item.
pub fn put(
    table: &str,
    item: Attributes,
    expected: Expected,
) -> Result<TransactWriteItem, PortError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let put = match expected {
        Expected::Absent => put
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK),
        Expected::Version(version) => put
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":seen", n(version)),
    };
    let put = put
        .build()
        .map_err(|error| port_error("building a Put", error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Puts an item whatever was there.
///
/// # Errors
/// As [`put`].
pub fn put_anyway(table: &str, item: Attributes) -> Result<TransactWriteItem, PortError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .build()
        .map_err(|error| port_error("building a Put", error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Deletes an item that must be at that version.
///
/// # Errors
/// As [`put`].
pub fn delete(table: &str, key: Attributes, version: u64) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .condition_expression("#version = :seen")
        .expression_attribute_names("#version", VERSION)
        .expression_attribute_values(":seen", n(version))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(|error| port_error("building a Delete", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Deletes an item whatever it is.
///
/// # Errors
/// As [`put`].
pub fn delete_anyway(table: &str, key: Attributes) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .build()
        .map_err(|error| port_error("building a Delete", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// An update.
///
/// # Errors
/// As [`put`].
pub fn update(
    update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
) -> Result<TransactWriteItem, PortError> {
    let update: Update = update
        .build()
        .map_err(|error| port_error("building an Update", error))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// A condition on an item that is not written.
///
/// # Errors
/// As [`put`].
pub fn check(
    check: aws_sdk_dynamodb::types::builders::ConditionCheckBuilder,
) -> Result<TransactWriteItem, PortError> {
    let check: ConditionCheck = check
        .build()
        .map_err(|error| port_error("building a ConditionCheck", error))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}
