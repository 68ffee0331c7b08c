//! Receipts of writes, for the callers' idempotency keys.

use aws_sdk_dynamodb::types::TransactWriteItem;
use dealbridge_core::{
    change::Expected,
    ports::PortError,
    receipt::{Receipt, ReceiptKey},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, n},
    keys::{self, Attributes, EXPIRES_AT},
    store::Store,
    transaction::{self, Committed},
};

/// How long a receipt answers for its request.
const RECEIPTS_LIVE: SignedDuration = SignedDuration::from_hours(24);

/// A receipt as an item.
///
/// # Errors
/// When it has no form as an item, which none of ours can fail to have.
pub fn encode(
    key: &ReceiptKey,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<Attributes, PortError> {
    let mut item = item::encode(receipt, keys::receipt(key))?;
    let expires = now.saturating_add(RECEIPTS_LIVE).unwrap_or(Timestamp::MAX);
    item.insert(EXPIRES_AT.to_owned(), n(expires.as_second()));
    Ok(item)
}

/// The receipt of an item.
///
/// # Errors
/// When the item is no receipt.
pub fn decode(item: Attributes) -> Result<Receipt, PortError> {
    item::decode(item, "a receipt")
}

impl Store {
    /// The receipt that a key has.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn receipt(&self, key: &ReceiptKey) -> Result<Option<Receipt>, PortError> {
        self.get(&self.tables.log, keys::receipt(key))
            .await?
            .map(decode)
            .transpose()
    }

    /// The action that puts a receipt where there is none, for the transaction of the write that it answers for.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn receipt_action(
        &self,
        key: &ReceiptKey,
        receipt: &Receipt,
    ) -> Result<TransactWriteItem, PortError> {
        transaction::put(
            &self.tables.log,
            encode(key, receipt, self.clock.now())?,
            Expected::Absent,
        )
    }

    /// Keeps a receipt; answers with the one that is there already, if there is one.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn keep_receipt(
        &self,
        key: &ReceiptKey,
        receipt: &Receipt,
    ) -> Result<Option<Receipt>, PortError> {
        let action = self.receipt_action(key, receipt)?;
        let token = format!("receipt|{}|{}|{}", key.caller, key.key, self.ids.next());
        match self.transact(&token, vec![action]).await? {
            Committed::Yes => Ok(None),
            Committed::Refused(_) => self.receipt(key).await,
        }
    }
}
