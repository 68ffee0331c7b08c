//! Receipts of writes, by the caller's idempotency key.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use dealbridge_core::{
    change::Expected,
    ports::PortError,
    receipt::{Receipt, ReceiptKey},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    item::{self, n, s},
    keys::{self, Attributes, EXPIRES_AT},
    store::Store,
    transaction::{self, Committed},
};

/// The attribute of the response body.
const BODY: &str = "body";

/// The longest body that is stored as it is. A longer one is deflated, so that its item stays within DynamoDB's limit.
const MAX_PLAIN_BYTES: usize = 100 * 1024;

/// Retention of receipts.
const RECEIPTS_LIVE: SignedDuration = SignedDuration::from_hours(24);

/// Encodes a receipt as an item.
///
/// # Errors
/// Returns an error if it cannot be represented as an item, which no receipt causes.
pub fn encode(
    key: &ReceiptKey,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<Attributes, PortError> {
    let mut item = item::encode(receipt, keys::receipt(key))?;
    // As text: a map would lose the order of its members, and a repeated request gets the same answer.
    let body = receipt.body.to_string();
    let stored = if body.len() > MAX_PLAIN_BYTES {
        item::deflate_bytes(body.as_bytes())?
    } else {
        s(body)
    };
    item.insert(BODY.to_owned(), stored);
    let expires = now.saturating_add(RECEIPTS_LIVE).unwrap_or(Timestamp::MAX);
    item.insert(EXPIRES_AT.to_owned(), n(expires.as_second()));
    Ok(item)
}

/// Decodes a receipt.
///
/// # Errors
/// Returns an error if the item is not a receipt.
pub fn decode(mut item: Attributes) -> Result<Receipt, PortError> {
    let unreadable = |error| item::unreadable("a receipt", error);
    let body = match item.get(BODY) {
        Some(AttributeValue::S(text)) => serde_json::from_str(text).map_err(unreadable)?,
        Some(AttributeValue::B(packed)) => {
            let bytes = item::inflate(packed, "a receipt")?;
            serde_json::from_slice(&bytes).map_err(unreadable)?
        }
        _ => Value::Null,
    };
    item.insert(BODY.to_owned(), AttributeValue::Null(true));
    Ok(Receipt {
        body,
        ..item::decode(item, "a receipt")?
    })
}

impl Store {
    /// Returns the receipt of a key.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn receipt(&self, key: &ReceiptKey) -> Result<Option<Receipt>, PortError> {
        self.get(&self.tables.log, keys::receipt(key))
            .await?
            .map(decode)
            .transpose()
    }

    /// Creates a receipt, within the transaction of the write that it belongs to; the transaction fails if the key has
    /// one.
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

    /// Stores a receipt, or returns the one that the key already has.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
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
    use crate::size::{self, MAX_ITEM_BYTES};

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

    #[test]
    fn a_long_answer_is_kept_within_an_item() {
        let key = ReceiptKey {
            caller: "s-1".into(),
            key: "k".into(),
        };
        let fields: Vec<_> = (0..20_000)
            .map(|at| json!({ "name": format!("field_{at}"), "type": "text" }))
            .collect();
        let receipt = Receipt {
            request: "digest".into(),
            status: 200,
            headers: BTreeMap::new(),
            body: json!({ "deal_fields": fields }),
        };

        let item = encode(&key, &receipt, Timestamp::UNIX_EPOCH).unwrap();

        assert!(receipt.body.to_string().len() > MAX_ITEM_BYTES);
        assert!(size::item(&item) < MAX_ITEM_BYTES);
        assert_eq!(decode(item).unwrap(), receipt);
    }
}
