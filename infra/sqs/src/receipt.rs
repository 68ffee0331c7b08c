//! Receipt handles: which message, and which delivery of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use uuid::Uuid;

use crate::error::QueueError;
use crate::queue::{MessageKey, QueueId};

const CONTENT: usize = 36;
const LENGTH: usize = 40;

/// One delivery of one message. The message's own id guards against a key that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) queue: QueueId,
    pub(crate) key: MessageKey,
    pub(crate) message: Uuid,
    pub(crate) delivery: u32,
}

impl Receipt {
    pub(crate) fn encode(self) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.queue.to_be_bytes());
        bytes.extend(self.key.to_be_bytes());
        bytes.extend(self.message.as_bytes());
        bytes.extend(self.delivery.to_be_bytes());
        let check = check(&bytes);
        bytes.extend(check);
        BASE64.encode(bytes)
    }

    /// Refuses text that this server did not hand out, and handles of other queues.
    pub(crate) fn decode(handle: &str, queue: QueueId) -> Result<Self, QueueError> {
        Self::parse(handle)
            .filter(|receipt| receipt.queue == queue)
            .ok_or_else(|| QueueError::bad_receipt(handle))
    }

    fn parse(handle: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = BASE64.decode(handle).ok()?.try_into().ok()?;
        let (content, tail) = bytes.split_at(CONTENT);
        if tail != check(content) {
            return None;
        }
        Some(Self {
            queue: u64::from_be_bytes(content.get(..8)?.try_into().ok()?),
            key: u64::from_be_bytes(content.get(8..16)?.try_into().ok()?),
            message: Uuid::from_slice(content.get(16..32)?).ok()?,
            delivery: u32::from_be_bytes(content.get(32..36)?.try_into().ok()?),
        })
    }
}

fn check(content: &[u8]) -> [u8; 4] {
    let digest: [u8; 16] = Md5::digest(content).into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_its_delivery_and_nothing_else_passes() {
        let receipt = Receipt {
            queue: 3,
            key: 9,
            message: Uuid::from_u128(77),
            delivery: 2,
        };
        let handle = receipt.encode();

        assert_eq!(Receipt::decode(&handle, 3), Ok(receipt));
        assert!(Receipt::decode(&handle, 4).is_err());
        assert!(Receipt::decode("nonsense", 3).is_err());
        assert!(Receipt::decode(&handle.replacen('A', "B", 1), 3).is_err());
    }
}
