//! `Idempotency-Key`: a repeated request with the same key gets the same answer, another request is refused.

use std::future::Future;

use dealbridge_aws::Store;
use dealbridge_core::receipt::{Receipt, ReceiptKey};
use sha2::{Digest, Sha256};

use super::{Answer, ProblemCode, Refusal, Request};
use crate::access::Caller;

/// Maximum length of a key.
const MAX_KEY_CHARACTERS: usize = 128;

/// The `Idempotency-Key` of a request, if it has one. Without one every request is decided afresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency(Option<Keyed>);

/// The key of a request, with a digest of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Keyed {
    /// The key, within this caller's keys.
    key: ReceiptKey,
    /// A digest of method, path, query, condition and body.
    request: String,
}

impl Idempotency {
    /// Reads the key of a request.
    ///
    /// # Errors
    /// Returns 400 if the key is empty, too long or has invalid characters.
    pub fn of(request: &Request, caller: &Caller) -> Result<Self, Refusal> {
        let Some(key) = request.header("idempotency-key") else {
            return Ok(Self(None));
        };
        let graphic = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if key.is_empty() || key.len() > MAX_KEY_CHARACTERS || !graphic {
            let detail = format!(
                "The Idempotency-Key must have 1 to {MAX_KEY_CHARACTERS} characters of ASCII, and no control character."
            );
            return Err(Refusal::malformed(detail));
        }
        let mut digest = Sha256::new();
        let condition = request.header("if-match").unwrap_or_default();
        for part in [
            &*request.method,
            &*request.path,
            &*request.raw_query,
            condition,
        ] {
            digest.update(part);
            digest.update([0]);
        }
        digest.update(&request.body);
        let hex = |byte: &u8| format!("{byte:02x}");
        Ok(Self(Some(Keyed {
            key: ReceiptKey {
                caller: caller.subject.clone(),
                key: key.to_owned(),
            },
            request: digest.finalize().iter().map(hex).collect(),
        })))
    }

    /// Makes the receipt of an answer to this request, for the transaction of its effect; none without a key.
    #[must_use]
    pub fn receipt(&self, answer: &Answer) -> Option<(ReceiptKey, Receipt)> {
        let keyed = self.0.as_ref()?;
        let receipt = Receipt {
            request: keyed.request.clone(),
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        };
        Some((keyed.key.clone(), receipt))
    }

    /// Returns the answer that was given under this key, if any.
    ///
    /// # Errors
    /// Returns 422 if the key was used for another request, and 503 if the store does not answer.
    pub async fn earlier(&self, store: &Store) -> Result<Option<Answer>, Refusal> {
        let Some(keyed) = &self.0 else {
            return Ok(None);
        };
        let receipt = store.receipt(&keyed.key).await?;
        receipt.map(|receipt| keyed.answer(receipt)).transpose()
    }

    /// Keeps an answer whose effect did not keep it, or returns the answer that was given before.
    ///
    /// # Errors
    /// Returns 422 if the key was used for another request, and 503 if the store does not answer.
    pub async fn keep(&self, store: &Store, answer: Answer) -> Result<Answer, Refusal> {
        let (Some(keyed), Some((key, receipt))) = (&self.0, self.receipt(&answer)) else {
            return Ok(answer);
        };
        match store.keep_receipt(&key, &receipt).await? {
            Some(earlier) => keyed.answer(earlier),
            None => Ok(answer),
        }
    }

    /// Returns the answer that was given under this key meanwhile, if any: its effect may be the reason for this
    /// refusal.
    ///
    /// # Errors
    /// Returns the refusal if no answer was given.
    pub async fn or_earlier(&self, store: &Store, refusal: Refusal) -> Result<Answer, Refusal> {
        self.earlier(store).await?.ok_or(refusal)
    }
}

impl Keyed {
    /// Returns the answer in a receipt of this key; a refusal if it was given to another request.
    fn answer(&self, receipt: Receipt) -> Result<Answer, Refusal> {
        if receipt.request == self.request {
            Ok(Answer::with_headers(
                receipt.status,
                receipt.headers,
                receipt.body,
            ))
        } else {
            let detail = "This Idempotency-Key was used for another request. Use a key of its own for each act.";
            Err(Refusal::new(ProblemCode::IdempotencyKeyReused, detail))
        }
    }
}

/// Does the work and keeps its answer, unless the answer was given before.
///
/// The work is done twice if the function dies before the receipt is kept, so it must be idempotent; a write that is
/// not puts its receipt into its own transaction ([`Store::receipt_action`]). Refusals are not kept: nothing was done,
/// and the next request is decided afresh.
///
/// # Errors
/// Returns the refusal of the work, 422 if the key was used for another request, and 503 if the store does not answer.
pub async fn once(
    store: &Store,
    idempotency: Idempotency,
    work: impl Future<Output = Result<Answer, Refusal>>,
) -> Result<Answer, Refusal> {
    if let Some(answer) = idempotency.earlier(store).await? {
        return Ok(answer);
    }
    match work.await {
        Ok(answer) => idempotency.keep(store, answer).await,
        Err(refusal) => idempotency.or_earlier(store, refusal).await,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::testing::portal;

    fn request(key: Option<&str>, body: &str) -> Request {
        let mut event = json!({
            "routeKey": "PUT /settings",
            "rawPath": "/settings",
            "headers": { "if-match": "\"7\"" },
            "requestContext": { "http": { "method": "PUT" } },
            "body": body,
        });
        if let Some(key) = key {
            event["headers"]["idempotency-key"] = key.into();
        }
        Request::from_event(event).unwrap()
    }

    fn idempotency(key: Option<&str>, body: &str) -> Result<Idempotency, Refusal> {
        Idempotency::of(&request(key, body), &portal())
    }

    #[test]
    fn the_same_request_gets_the_kept_answer_and_another_is_refused() {
        let first = idempotency(Some("k"), "{}").unwrap();
        let answer = Answer::json(200, &json!({ "cleared": 3 }))
            .unwrap()
            .header("etag", "\"8\"");
        let (_, receipt) = first.receipt(&answer).unwrap();

        let same = idempotency(Some("k"), "{}").unwrap().0.unwrap();
        assert_eq!(same.answer(receipt.clone()), Ok(answer));

        let other = idempotency(Some("k"), "{ }").unwrap().0.unwrap();
        let refusal = other.answer(receipt).unwrap_err();
        assert_eq!(
            (refusal.status(), refusal.code()),
            (422, "IDEMPOTENCY_KEY_REUSED")
        );
    }

    #[test]
    fn a_request_without_a_key_has_none_and_a_bad_one_is_refused() {
        assert_eq!(idempotency(None, "{}"), Ok(Idempotency(None)));
        for bad in ["", "a\nb", "ü", &"k".repeat(129)] {
            assert_eq!(idempotency(Some(bad), "{}").unwrap_err().status(), 400);
        }
    }
}
