//! The preview token: binds the values that an administrator has seen and agreed to, for fifteen minutes.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{SalesforceId, SystemModstamp, mapping::Master, record::RecordId};

/// The lifetime of a preview.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The facts that were previewed: both sides' versions, the user and the choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    /// The record.
    pub record: RecordId,
    /// Its version.
    pub version: u64,
    /// The Salesforce record.
    pub salesforce: SalesforceId,
    /// Its SystemModstamp.
    pub stamp: SystemModstamp,
    /// The epoch of its claim, which each unlink moves; none if there was no claim. The claim's version would move with
    /// each run that counts it.
    pub epoch: Option<u32>,
    /// The version of the settings' mappings, as a digest: other mappings would have other effects.
    pub mapping: String,
    /// The choice of the master.
    pub master: Master,
    /// The user.
    pub user: String,
    /// The time at which the token expires, in Unix seconds.
    pub expires: i64,
}

/// Signs and checks tokens with a key that all functions share.
pub struct PreviewTokens(Hmac<Sha256>);

impl std::fmt::Debug for PreviewTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreviewTokens")
    }
}

impl PreviewTokens {
    /// Creates tokens under this key, which may have any length; 32 random bytes are right.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self)
    }

    /// Signs a preview.
    #[must_use]
    pub fn issue(&self, previewed: &Previewed) -> String {
        let body = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(previewed).unwrap_or_default());
        let signature = BASE64_URL_SAFE_NO_PAD
            .encode(self.0.clone().chain_update(&body).finalize().into_bytes());
        format!("{body}.{signature}")
    }

    /// Returns the content of a token; none if it was not signed with this key, is damaged or has expired.
    #[must_use]
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Previewed> {
        let (body, signature) = token.split_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.0
            .clone()
            .chain_update(body)
            .verify_slice(&signature)
            .ok()?;
        let previewed: Previewed =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        (previewed.expires > now.as_second()).then_some(previewed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordKind;

    fn previewed(expires: i64) -> Previewed {
        Previewed {
            record: RecordId::new(RecordKind::Deal, "d").unwrap(),
            version: 3,
            salesforce: SalesforceId::parse("006dM00000Mw7Vt").unwrap(),
            stamp: SystemModstamp::from_second(5),
            epoch: None,
            mapping: "m".into(),
            master: Master::Salesforce,
            user: "ada".into(),
            expires,
        }
    }

    #[test]
    fn a_token_reads_back_until_it_expires() {
        let tokens = PreviewTokens::new(b"key").unwrap();
        let token = tokens.issue(&previewed(100));

        assert_eq!(
            tokens.read(&token, Timestamp::from_second(99).unwrap()),
            Some(previewed(100))
        );
        assert_eq!(
            tokens.read(&token, Timestamp::from_second(100).unwrap()),
            None
        );
    }

    #[test]
    fn a_token_that_was_changed_or_signed_by_another_key_is_refused() {
        let tokens = PreviewTokens::new(b"key").unwrap();
        let token = tokens.issue(&previewed(100));
        let now = Timestamp::from_second(1).unwrap();
        let mut other = previewed(100);
        other.master = Master::Channeltivity;
        let forged = format!(
            "{}.{}",
            tokens.issue(&other).split_once('.').unwrap().0,
            token.split_once('.').unwrap().1
        );

        assert_eq!(tokens.read(&forged, now), None);
        assert_eq!(
            PreviewTokens::new(b"other").unwrap().read(&token, now),
            None
        );
        for damaged in ["", ".", "a.b", &token[1..], &token[..token.len() - 2]] {
            assert_eq!(tokens.read(damaged, now), None);
        }
    }
}
