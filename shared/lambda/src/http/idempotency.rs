//! `Idempotency-Key`: a repeated request with the same key gets the same answer, another request is refused.

use std::future::Future;

use dealbridge_aws::Store;
use dealbridge_core::receipt::{Receipt, ReceiptKey};
use sha2::{Digest, Sha256};

use super::{Answer, ProblemCode, Refusal, Request};
use crate::access::Caller;

/// Maximum length of a key.
const MAX_KEY_CHARACTERS: usize = 128;

/// The key of a request, with a digest of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, within this caller's keys.
    pub key: ReceiptKey,
    /// A digest of method, path, query, condition and body.
    pub request: String,
}

impl Idempotency {
    /// Reads the key of a request, if it has one.
    ///
    /// # Errors
    /// Returns 400 if the key is empty, too long or has invalid characters.
    pub fn of(request: &Request, caller: &Caller) -> Result<Option<Self>, Refusal> {
        let Some(key) = request.header("idempotency-key") else {
            return Ok(None);
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
        Ok(Some(Self {
            key: ReceiptKey {
                caller: caller.subject.clone(),
                key: key.to_owned(),
            },
            request: digest.finalize().iter().map(hex).collect(),
        }))
    }

    /// Makes the receipt of an answer to this request.
    #[must_use]
    pub fn receipt(&self, answer: &Answer) -> Receipt {
        Receipt {
            request: self.request.clone(),
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        }
    }

    /// Returns the answer in a receipt of this key.
    ///
    /// # Errors
    /// Returns 422 if it was given to another request.
    pub fn answer(&self, receipt: Receipt) -> Result<Answer, Refusal> {
        if receipt.request == self.request {
            Ok(Answer {
                status: receipt.status,
                headers: receipt.headers,
                body: receipt.body,
            })
        } else {
            let detail = "This Idempotency-Key was used for another request. Use a key of its own for each act.";
            Err(Refusal::new(ProblemCode::IdempotencyKeyReused, detail))
        }
    }

    /// Returns the answer that was given under this key, if any.
    ///
    /// # Errors
    /// Returns 422 if the key was used for another request, and 503 if the store does not answer.
    pub async fn earlier(&self, store: &Store) -> Result<Option<Answer>, Refusal> {
        store
            .receipt(&self.key)
            .await?
            .map(|receipt| self.answer(receipt))
            .transpose()
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
    idempotency: Option<Idempotency>,
    work: impl Future<Output = Result<Answer, Refusal>>,
) -> Result<Answer, Refusal> {
    let Some(idempotency) = idempotency else {
        return work.await;
    };
    if let Some(answer) = idempotency.earlier(store).await? {
        return Ok(answer);
    }
    match work.await {
        Ok(answer) => {
            let receipt = idempotency.receipt(&answer);
            match store.keep_receipt(&idempotency.key, &receipt).await? {
                Some(earlier) => idempotency.answer(earlier),
                None => Ok(answer),
            }
        }
        // The same request may have succeeded meanwhile, and its effect be the reason for this refusal.
        Err(refusal) => match idempotency.earlier(store).await? {
            Some(answer) => Ok(answer),
            None => Err(refusal),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Groups;

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
        Request::from_event(event, &Groups::default()).unwrap()
    }

    fn idempotency(key: Option<&str>, body: &str) -> Result<Option<Idempotency>, Refusal> {
        let caller = Caller {
            subject: "s-1".into(),
            user: "ann".into(),
            is_admin: true,
            is_internal: true,
        };
        Idempotency::of(&request(key, body), &caller)
    }

    #[test]
    fn the_same_request_gets_the_kept_answer_and_another_is_refused() {
        let first = idempotency(Some("k"), "{}").unwrap().unwrap();
        let answer = Answer::json(200, &json!({ "cleared": 3 }))
            .unwrap()
            .header("etag", "\"8\"");
        let receipt = first.receipt(&answer);

        let same = idempotency(Some("k"), "{}").unwrap().unwrap();
        assert_eq!(same.answer(receipt.clone()), Ok(answer));

        let other = idempotency(Some("k"), "{ }").unwrap().unwrap();
        let refusal = other.answer(receipt).unwrap_err();
        assert_eq!(
            (refusal.status(), refusal.code()),
            (422, "IDEMPOTENCY_KEY_REUSED")
        );
    }

    #[test]
    fn a_request_without_a_key_has_none_and_a_bad_one_is_refused() {
        assert_eq!(idempotency(None, "{}"), Ok(None));
        for bad in ["", "a\nb", "ü", &"k".repeat(129)] {
            assert_eq!(idempotency(Some(bad), "{}").unwrap_err().status(), 400);
        }
    }
}
