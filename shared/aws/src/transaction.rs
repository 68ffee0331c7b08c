//! `TransactWriteItems`, with the handling of conflicts, tokens and cancellation reasons that the SDK leaves to its
//! caller.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
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
    size::{self, MAX_ITEM_BYTES, MAX_TRANSACTION_BYTES},
    store::{Store, port_error},
};

/// DynamoDB's limit on actions per transaction.
pub const MAX_ACTIONS: usize = 100;

const OPERATION: &str = "TransactWriteItems";

/// Attempts at a transaction that only meets conflicts or throttling.
const ATTEMPTS: u32 = 10;

/// The result of a transaction.
#[derive(Debug)]
pub enum Committed {
    /// All of it is durable.
    Yes,
    /// None of it was written: the positions of the failed conditions, each with the current item.
    Refused(Vec<(usize, Option<Attributes>)>),
}

/// The result of a transaction that DynamoDB may refuse regardless of the current items.
#[derive(Debug)]
pub enum Attempt {
    /// It was written, or refused by its conditions.
    Committed(Committed),
    /// DynamoDB will never accept it: an item or the whole is too large, or has invalid content. Nothing was written.
    Impossible {
        /// The positions that DynamoDB names; none if the refusal concerns the whole.
        at: Vec<usize>,
        /// The reason.
        detail: String,
    },
}

impl Store {
    /// Writes all of the actions or none. A transaction that DynamoDB will never accept is an error.
    ///
    /// # Errors
    /// Returns the errors of [`Store::attempt`], and one if the transaction is impossible.
    pub async fn transact(
        &self,
        token: &str,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Committed, PortError> {
        match self.attempt(token, actions).await? {
            Attempt::Committed(committed) => Ok(committed),
            Attempt::Impossible { detail, .. } => Err(PortError {
                operation: OPERATION.to_owned(),
                detail,
            }),
        }
    }

    /// Writes all of the actions or none.
    ///
    /// `token` identifies this very request: a repeat with the same token and actions within ten minutes is the same
    /// write (AWS: TransactWriteItems, ClientRequestToken). Conflicts and throttling are retried here, since the SDK
    /// does not.
    ///
    /// # Errors
    /// Returns an error if the outcome is unknown or DynamoDB cannot be reached.
    pub async fn attempt(
        &self,
        token: &str,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Attempt, PortError> {
        if let Some(impossible) = beyond_bounds(&actions) {
            return Ok(impossible);
        }
        // The service accepts at most 36 characters.
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
                    return Ok(Attempt::Committed(Committed::Yes));
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
                        return Ok(Attempt::Committed(Committed::Refused(refused)));
                    }
                    if let Some(impossible) = impossible_items(canceled.cancellation_reasons()) {
                        return Ok(impossible);
                    }
                    if !canceled.cancellation_reasons().iter().all(is_transient) {
                        return Err(port_error(OPERATION, error));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ if is_impossible(&error) => {
                    return Ok(Attempt::Impossible {
                        at: Vec::new(),
                        detail: in_words(&error),
                    });
                }
                _ => return Err(port_error(OPERATION, error)),
            }
            tokio::time::sleep(jittered(attempt, &token)).await;
        }
        Err(PortError {
            operation: OPERATION.to_owned(),
            detail: format!("it met conflicts or throttling {ATTEMPTS} times"),
        })
    }
}

/// Refuses what DynamoDB would refuse for its size; the embedded database has no limit on a whole transaction.
fn beyond_bounds(actions: &[TransactWriteItem]) -> Option<Attempt> {
    let sizes: Vec<usize> = actions.iter().map(size::action).collect();
    let large: Vec<usize> = (0..sizes.len())
        .filter(|at| sizes[*at] > MAX_ITEM_BYTES)
        .collect();
    let total: usize = sizes.iter().sum();
    let detail = if let Some(at) = large.first() {
        format!("an item of {} bytes, where 400 KB are the most", sizes[*at])
    } else if total > MAX_TRANSACTION_BYTES {
        format!("items of {total} bytes together, where 4 MB are the most")
    } else if actions.len() > MAX_ACTIONS {
        format!("{} actions, where 100 are the most", actions.len())
    } else {
        return None;
    };
    Some(Attempt::Impossible { at: large, detail })
}

/// The items that can never be written: DynamoDB names each in the reasons of the cancellation.
fn impossible_items(reasons: &[CancellationReason]) -> Option<Attempt> {
    let is_for_good = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            Some("ValidationError" | "ItemCollectionSizeLimitExceeded")
        )
    };
    let at: Vec<usize> = (0..reasons.len())
        .filter(|at| is_for_good(&reasons[*at]))
        .collect();
    let first = reasons.get(*at.first()?)?;
    let detail = first
        .message()
        .unwrap_or("the item is not valid")
        .to_owned();
    Some(Attempt::Impossible { at, detail })
}

/// Returns `true` if the whole request is refused for its content, without naming the place.
fn is_impossible(error: &SdkError<TransactWriteItemsError>) -> bool {
    let too_large = error
        .raw_response()
        .is_some_and(|response| response.status().as_u16() == 413);
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    too_large || matches!(code, Some("ValidationException" | "RequestEntityTooLarge"))
}

/// DynamoDB's own words for a refusal.
fn in_words(error: &SdkError<TransactWriteItemsError>) -> String {
    let service = error.as_service_error();
    let code = service.and_then(ProvideErrorMetadata::code);
    let message = service.and_then(ProvideErrorMetadata::message);
    let words: Vec<&str> = code.into_iter().chain(message).collect();
    if words.is_empty() {
        "the request is too large".to_owned()
    } else {
        words.join(": ")
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

/// Exponential backoff, spread by the token, so that writers that collided do not collide again.
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

/// Puts an item, on the condition that the stored one is as expected.
///
/// # Errors
/// Returns an error if the builder lacks a table or an item, which cannot happen here.
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

/// Puts an item unconditionally.
///
/// # Errors
/// As [`put`].
pub fn put_unconditional(table: &str, item: Attributes) -> Result<TransactWriteItem, PortError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .build()
        .map_err(|error| port_error("building a Put", error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Deletes an item, on the condition that it is as expected. For an item that must be absent, this only checks its
/// absence.
///
/// # Errors
/// As [`put`].
pub fn delete(
    table: &str,
    key: Attributes,
    expected: Expected,
) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let delete = match expected {
        Expected::Absent => delete
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK),
        Expected::Version(version) => delete
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":seen", n(version)),
    };
    let delete = delete
        .build()
        .map_err(|error| port_error("building a Delete", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Deletes an item unconditionally.
///
/// # Errors
/// As [`put`].
pub fn delete_unconditional(table: &str, key: Attributes) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .build()
        .map_err(|error| port_error("building a Delete", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Wraps an update.
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

/// Wraps a condition on an item that is not written.
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
