//! Shared parts of the functions about links: the record of a route, a link as a response, refusals as problems.

use dealbridge_core::{
    code::Code,
    link::{LinkError, Refusal as LinkRefusal, SalesforceRecord},
    record::{Record, RecordId, RecordKind},
    record_url::{ErrorKind, RecordUrlError},
};
use serde_json::{Value, json};

use crate::http::{ProblemCode, Refusal, Request};

/// The record that a route names: kind by collection, id by path.
///
/// # Errors
/// Returns 404 if there is no such collection, or if no record can have that id.
pub fn record_id(request: &Request) -> Result<RecordId, Refusal> {
    let kind = record_kind(request)?;
    let id = request.path_parameter("id")?;
    RecordId::new(kind, id).map_err(|_| record_not_found(kind, id))
}

/// The kind of record that a route names by its collection.
///
/// # Errors
/// Returns 404 if there is no such collection.
pub fn record_kind(request: &Request) -> Result<RecordKind, Refusal> {
    let collection = request.path_parameter("kind")?;
    RecordKind::ALL
        .into_iter()
        .find(|kind| kind.collection() == collection)
        .ok_or_else(|| {
            let known = RecordKind::ALL.map(RecordKind::collection).join(", ");
            let detail = format!("There is no list {collection:?}; records are in {known}.");
            Refusal::new(ProblemCode::RouteNotFound, detail)
        })
}

/// 404: no record of that kind has that id.
#[must_use]
pub fn record_not_found(kind: RecordKind, id: &str) -> Refusal {
    let detail = format!("There is no {} {id:?}.", kind.label());
    Refusal::new(ProblemCode::RecordNotFound, detail)
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

/// Converts a refused or failed use case into a response.
#[must_use]
pub fn refusal(error: LinkError) -> Refusal {
    let refused = match error {
        LinkError::Port(error) => return error.into(),
        LinkError::Salesforce(error) => return error.into(),
        LinkError::Refused(refused) => refused,
    };
    let detail = sentence(&refused.to_string());
    let problem = match &refused {
        LinkRefusal::Url(error) => return url_refusal(error),
        LinkRefusal::LinkedHere { .. } => Refusal::logged(409, Code::AlreadyLinkedHere, detail),
        LinkRefusal::LinkedOther { .. } => Refusal::logged(409, Code::AlreadyLinkedOther, detail),
        LinkRefusal::TooLarge { .. } => Refusal::logged(422, Code::DealTooLarge, detail),
        LinkRefusal::RecordNotFound(_) => Refusal::new(ProblemCode::RecordNotFound, detail),
        LinkRefusal::NotSuppressed(_) => Refusal::new(ProblemCode::NotSuppressed, detail),
        LinkRefusal::PreviewStale(_) => Refusal::new(ProblemCode::PreviewStale, detail),
        LinkRefusal::OrgChanging(_) => Refusal::new(ProblemCode::OrgChanging, detail),
        LinkRefusal::NotLinked(_) => Refusal::new(ProblemCode::NotLinked, detail),
        LinkRefusal::SalesforceNotFound { .. } => {
            Refusal::new(ProblemCode::SalesforceRecordNotFound, detail)
        }
        LinkRefusal::SalesforceDeleted { .. } => {
            Refusal::new(ProblemCode::SalesforceRecordDeleted, detail)
        }
        LinkRefusal::LeadMerged { .. } => Refusal::new(ProblemCode::LeadMerged, detail),
        LinkRefusal::LeadConverted { .. } => Refusal::new(ProblemCode::LeadConverted, detail),
    };
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
        _ => problem,
    }
}

/// 422: the pasted URL or id cannot be linked to. The detail says why.
#[must_use]
pub fn url_refusal(error: &RecordUrlError) -> Refusal {
    Refusal::new(url_code(&error.kind), error.to_string()).with("kind", &error.kind.as_str())
}

/// The problem code of a URL or id that cannot be linked to.
#[must_use]
pub fn url_code(kind: &ErrorKind) -> ProblemCode {
    match kind {
        ErrorKind::WrongOrg | ErrorKind::NotSalesforce => ProblemCode::UrlOtherOrg,
        ErrorKind::WrongObject(_) => ProblemCode::UrlNotLeadOrOpportunity,
        _ => ProblemCode::UrlInvalid,
    }
}

/// Makes a sentence of an error's text: a capital and a full stop.
#[must_use]
pub fn sentence(text: &str) -> String {
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
            "The Salesforce record 006dM00000Mw7VtQAJ is already linked to the Lead lead-1: unlink that one first."
        );
    }

    #[test]
    fn a_text_that_is_no_record_s_url_has_the_code_of_its_kind() {
        let code = |kind: ErrorKind| url_refusal(&kind.into()).code();
        for kind in [ErrorKind::WrongOrg, ErrorKind::NotSalesforce] {
            assert_eq!(code(kind), "URL_OTHER_ORG");
        }
        assert_eq!(
            code(ErrorKind::WrongObject("Account".into())),
            "URL_NOT_LEAD_OR_OPPORTUNITY"
        );
        for kind in [
            ErrorKind::Empty,
            ErrorKind::TooLong,
            ErrorKind::NotAUrl,
            ErrorKind::Multiple,
            ErrorKind::SessionUrl,
            ErrorKind::NoRecord,
            ErrorKind::ListView,
            ErrorKind::NewRecord,
            ErrorKind::BadId,
            ErrorKind::BadChecksum,
            ErrorKind::ObjectPrefixMismatch,
        ] {
            assert_eq!(code(kind), "URL_INVALID");
        }
    }
}
