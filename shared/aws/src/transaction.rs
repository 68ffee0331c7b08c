//! TransactWriteItems: what the SDK leaves to its caller about conflicts, tokens and reasons.

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
    size::{self, MOST_ITEM_BYTES, MOST_TRANSACTION_BYTES},
    store::{Store, port_error},
};

/// DynamoDB's bound on actions per transaction.
pub const MOST_ACTIONS: usize = 100;

const OPERATION: &str = "TransactWriteItems";

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

/// What became of a transaction that DynamoDB may refuse whatever the items are.
#[derive(Debug)]
pub enum Attempt {
    /// It was written, or refused by its conditions.
    Committed(Committed),
    /// DynamoDB never takes it: an item or all of them are too large, or hold what cannot be stored. Nothing was written.
    Impossible {
        /// The positions that it names; none where it speaks of the whole.
        at: Vec<usize>,
        /// Why.
        detail: String,
    },
}

impl Store {
    /// Writes all of the actions or none. What DynamoDB never takes is an error.
    ///
    /// # Errors
    /// As [`Store::attempt`], and when the transaction is impossible.
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
    /// `token` names this very request: a repeat with the same token and actions within ten minutes is the same write
    /// (AWS: TransactWriteItems, ClientRequestToken). Conflicts and throttling are waited out; the SDK does not repeat them.
    ///
    /// # Errors
    /// When the outcome is unknown or DynamoDB cannot be reached.
    pub async fn attempt(
        &self,
        token: &str,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Attempt, PortError> {
        if let Some(impossible) = beyond_bounds(&actions) {
            return Ok(impossible);
        }
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

/// What DynamoDB would refuse for its size; the embedded database knows no bound on a whole transaction.
fn beyond_bounds(actions: &[TransactWriteItem]) -> Option<Attempt> {
    let sizes: Vec<usize> = actions.iter().map(size::action).collect();
    let large: Vec<usize> = (0..sizes.len())
        .filter(|at| sizes[*at] > MOST_ITEM_BYTES)
        .collect();
    let total: usize = sizes.iter().sum();
    let detail = if let Some(at) = large.first() {
        format!("an item of {} bytes, where 400 KB are the most", sizes[*at])
    } else if total > MOST_TRANSACTION_BYTES {
        format!("items of {total} bytes together, where 4 MB are the most")
    } else if actions.len() > MOST_ACTIONS {
        format!("{} actions, where 100 are the most", actions.len())
    } else {
        return None;
    };
    Some(Attempt::Impossible { at: large, detail })
}

/// The items that cannot be written whatever is tried: DynamoDB says so of each in the reasons of the cancellation.
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

/// Whether the whole request is refused for what is in it, without a word on where.
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

/// Deletes an item that must be as expected. What must be absent only must not appear meanwhile.
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
