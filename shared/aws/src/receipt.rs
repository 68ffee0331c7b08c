//! Receipts of writes, for the callers' idempotency keys.

use aws_sdk_dynamodb::types::TransactWriteItem;
use dealbridge_core::{
    change::Expected,
    ports::PortError,
    receipt::{Receipt, ReceiptKey},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, n, s, text},
    keys::{self, Attributes, EXPIRES_AT},
    store::Store,
    transaction::{self, Committed},
};

/// The attribute of the answer's body.
const BODY: &str = "body";

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
    // As text: a map would come back in another order, and the repeat's answer is to be the same.
    item.insert(BODY.to_owned(), s(&receipt.body));
    let expires = now.saturating_add(RECEIPTS_LIVE).unwrap_or(Timestamp::MAX);
    item.insert(EXPIRES_AT.to_owned(), n(expires.as_second()));
    Ok(item)
}

/// The receipt of an item.
///
/// # Errors
/// When the item is no receipt.
pub fn decode(item: Attributes) -> Result<Receipt, PortError> {
    let body = text(&item, BODY).map(serde_json::from_str).transpose();
    let body = body.map_err(|error| item::unreadable("a receipt", error))?;
    Ok(Receipt {
        body: body.unwrap_or_default(),
        ..item::decode(item, "a receipt")?
    })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_reads_back_word_for_word() {
        let key = ReceiptKey {
            caller: "s-1".into(),
            key: "k".into(),
        };
        let receipt = Receipt {
            request: "digest".into(),
            status: 202,
            headers: BTreeMap::from([("etag".to_owned(), "\"8\"".to_owned())]),
            body: json!({ "z": 1, "a": { "y": null, "b": [2.50, "x"] } }),
        };

        let item = encode(&key, &receipt, Timestamp::UNIX_EPOCH).unwrap();

        assert_eq!(item[EXPIRES_AT], n(86_400));
        let back = decode(item).unwrap();
        assert_eq!(back.body.to_string(), receipt.body.to_string());
        assert_eq!(back, receipt);
    }
}
