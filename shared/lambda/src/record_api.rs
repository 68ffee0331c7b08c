//! Shared parts of the calls that change records: conditions as versions, refusals as problems.

use dealbridge_core::{
    code::Code,
    submit::{Refusal as Refused, Seen, SubmitError},
};
use serde_json::{Value, json};

use crate::{
    http::{IfMatch, ProblemCode, Refusal, Request},
    link_api,
};

/// The most wrong fields that an answer lists.
const MAX_ERRORS: usize = 100;

/// The version in `If-Match`; none without the header.
#[must_use]
pub fn seen(request: &Request) -> Option<Seen> {
    match IfMatch::of(request) {
        IfMatch::Absent => None,
        IfMatch::Any => Some(Seen::Any),
        IfMatch::Version(version) => Some(Seen::Version(version)),
        IfMatch::Never => Some(Seen::Never),
    }
}

/// 403: the vendor alone sets this.
#[must_use]
pub fn reserved(field: &str) -> Refusal {
    let detail = format!("{field} is set by the vendor: leave it out.");
    Refusal::forbidden(detail).with("field", &field)
}

/// Converts a refused or failed use case into a response.
#[must_use]
pub fn refusal(error: SubmitError) -> Refusal {
    let refused = match error {
        SubmitError::Link(error) => return link_api::refusal(error),
        SubmitError::Port(error) => return error.into(),
        SubmitError::Refused(refused) => refused,
    };
    let detail = link_api::sentence(&refused.to_string());
    match refused {
        Refused::NotFound(id) => link_api::record_not_found(id.kind(), id.id()),
        Refused::Reserved(field) => reserved(field),
        Refused::Taken(_) => Refusal::new(ProblemCode::RecordExists, detail),
        Refused::TooLarge { .. } => Refusal::logged(422, Code::DealTooLarge, detail),
        Refused::Changed { version, .. } => Refusal::new(ProblemCode::VersionChanged, detail)
            .with("version", &version)
            .header("etag", IfMatch::etag(version)),
        Refused::UnlinkFirst {
            object, salesforce, ..
        } => Refusal::new(ProblemCode::UnlinkFirst, detail)
            .with("salesforce", &json!({ "object": object, "id": salesforce })),
        Refused::Invalid(wrong) => {
            let errors: Vec<Value> = wrong
                .iter()
                .take(MAX_ERRORS)
                .map(|one| {
                    let message = link_api::sentence(&one.problem);
                    json!({ "field": one.field, "code": one.code.as_str(), "message": message })
                })
                .collect();
            Refusal::new(ProblemCode::FieldsInvalid, detail).with("errors", &errors)
        }
    }
}
