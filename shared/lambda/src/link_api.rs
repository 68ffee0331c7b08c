//! What the functions of links share: the record of a route, a link as an answer, refusals as problems.

use dealbridge_aws::Store;
use dealbridge_core::{
    link::{LinkError, Refusal as LinkRefusal, SalesforceRecord},
    record::{Record, RecordId, RecordKind},
};
use serde_json::{Value, json};

use crate::http::{Answer, Idempotency, Refusal, Request};

/// The record that a route names: its kind by the collection, its id by the path.
///
/// # Errors
/// 404 when there is no such collection, or no record can have that id.
pub fn record_id(request: &Request) -> Result<RecordId, Refusal> {
    // Routes name the collection as a variable or in words.
    let collection = match request.route().1.split('/').nth(1).unwrap_or_default() {
        "{kind}" => request.path_parameter("kind")?,
        collection => collection,
    };
    let kind = RecordKind::ALL
        .into_iter()
        .find(|kind| kind.collection() == collection);
    let kind = kind.ok_or_else(|| {
        Refusal::not_found(
            "ROUTE_NOT_FOUND",
            format!("There is no collection {collection:?}."),
        )
    })?;
    let id = request.path_parameter("id")?;
    RecordId::new(kind, id).map_err(|invalid| {
        Refusal::not_found(
            "RECORD_NOT_FOUND",
            format!("There is no such {}: {invalid}.", kind.label()),
        )
    })
}

/// A link as the API shows it.
#[must_use]
pub fn link_body(record: &Record, salesforce: &SalesforceRecord) -> Value {
    json!({
        "record": { "kind": record.id.kind(), "id": record.id.id() },
        "salesforce": salesforce,
        "status": record.link.as_ref().map(|link| link.status),
        "reason": record.link.as_ref().and_then(|link| link.reason.clone()),
        "linkedAt": record.link.as_ref().map(|link| link.linked_at),
        "linkedBy": record.link.as_ref().map(|link| link.linked_by.clone()),
        "version": record.version,
    })
}

/// A refused or failed use case as an answer.
#[must_use]
pub fn refusal(error: LinkError) -> Refusal {
    let refused = match error {
        LinkError::Port(error) => return error.into(),
        LinkError::Salesforce(error) => return error.into(),
        LinkError::Refused(refused) => refused,
    };
    let status = match &refused {
        LinkRefusal::RecordNotFound(_) | LinkRefusal::NotSuppressed(_) => 404,
        LinkRefusal::LinkedHere { .. }
        | LinkRefusal::LinkedOther { .. }
        | LinkRefusal::PreviewStale(_)
        | LinkRefusal::OrgChanging(_)
        | LinkRefusal::NotLinked(_) => 409,
        LinkRefusal::Url(_)
        | LinkRefusal::TooLarge { .. }
        | LinkRefusal::SalesforceNotFound { .. }
        | LinkRefusal::SalesforceDeleted { .. }
        | LinkRefusal::LeadMerged { .. }
        | LinkRefusal::LeadConverted { .. } => 422,
    };
    let problem = Refusal::new(status, refused.code(), sentence(&refused.to_string()));
    match &refused {
        LinkRefusal::LinkedHere {
            object, salesforce, ..
        } => problem.with("salesforce", &json!({ "object": object, "id": salesforce })),
        LinkRefusal::LinkedOther { holder, .. } => problem.with(
            "record",
            &json!({ "kind": holder.kind(), "id": holder.id() }),
        ),
        LinkRefusal::LeadMerged { survivor, .. } => problem.with("survivor", survivor),
        LinkRefusal::LeadConverted { opportunity, .. } => problem.with("opportunity", opportunity),
        LinkRefusal::Url(error) => problem.with("kind", &error.kind.as_str()),
        _ => problem,
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let capital: String = characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    });
    if capital.ends_with('.') {
        capital
    } else {
        format!("{capital}.")
    }
}

/// A refused write under a key whose answer was given meanwhile gets that answer: its own effect may be why it was refused.
///
/// # Errors
/// The refusal, when no answer was given.
pub async fn or_earlier(
    store: &Store,
    idempotency: Option<&Idempotency>,
    refusal: Refusal,
) -> Result<Answer, Refusal> {
    match idempotency {
        None => Err(refusal),
        Some(idempotency) => idempotency.earlier(store).await?.ok_or(refusal),
    }
}

/// An answer to a request that changed nothing, kept under its key; the answer that was given before, where there is one.
///
/// # Errors
/// 422 when the key was used for another request; 503 when the store does not answer.
pub async fn keep(
    store: &Store,
    idempotency: Option<&Idempotency>,
    answer: Answer,
) -> Result<Answer, Refusal> {
    let Some(idempotency) = idempotency else {
        return Ok(answer);
    };
    let receipt = idempotency.receipt(&answer);
    match store.keep_receipt(&idempotency.key, &receipt).await? {
        Some(earlier) => idempotency.answer(earlier),
        None => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use dealbridge_core::SalesforceId;

    use super::*;

    #[test]
    fn a_conflict_names_who_holds_the_other_side() {
        let salesforce = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
        let holder = RecordId::new(RecordKind::Lead, "lead-1").unwrap();

        let answer = refusal(LinkRefusal::LinkedOther { salesforce, holder }.into()).into_answer();

        assert_eq!(
            (answer.status, &answer.body["code"]),
            (409, &json!("ALREADY_LINKED_OTHER"))
        );
        assert_eq!(
            answer.body["record"],
            json!({ "kind": "lead", "id": "lead-1" })
        );
        assert_eq!(
            answer.body["detail"],
            "The Salesforce record 006dM00000Mw7VtQAJ is linked to the Lead lead-1 already: unlink that one first."
        );
    }
}
