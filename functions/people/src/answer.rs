//! Members as the API shows them, and refusals.

use std::collections::HashMap;

use dealbridge_core::{
    people::{
        PeopleError, Refusal as Refused,
        member::{Member, MemberKind},
        store::{Dependents, Stored},
        wrong::WrongField,
    },
    portal::Organization,
};
use dealbridge_lambda::{
    http::{IfMatch, ProblemCode, Refusal},
    link_api::sentence,
};
use serde_json::{Value, json};

/// A member. A User's effective status follows from the Organization at this moment.
pub(crate) fn body(
    stored: &Stored,
    organizations: &HashMap<String, Organization>,
) -> Result<Value, Refusal> {
    let body = match &stored.member {
        Member::Organization(organization) => serde_json::to_value(organization),
        Member::Group(group) => serde_json::to_value(group),
        Member::User(user) => serde_json::to_value(user),
        Member::Contact(contact) => serde_json::to_value(contact),
    };
    let mut body = body.map_err(|error| Refusal::internal(&error))?;
    if let Member::User(user) = &stored.member {
        let status = user.effective_status(organizations.get(&user.organization));
        body["effectiveStatus"] = json!(status);
    }
    body["version"] = stored.version.into();
    Ok(body)
}

/// 404: there is no such member.
pub(crate) fn not_found(kind: MemberKind, id: &str) -> Refusal {
    let code = match kind {
        MemberKind::Organization => ProblemCode::OrganizationNotFound,
        MemberKind::Group => ProblemCode::GroupNotFound,
        MemberKind::User => ProblemCode::UserNotFound,
        MemberKind::Contact => ProblemCode::ContactNotFound,
    };
    let id: String = id.chars().take(80).collect();
    Refusal::new(code, format!("There is no {} {id:?}.", kind.as_str()))
}

/// 400 for a form with unknown, missing or mistyped fields, else 422; both name every wrong field.
pub(crate) fn invalid(wrong: &[WrongField]) -> Refusal {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let detail = format!("{}.", lines.join("; "));
    let of_form = wrong.iter().any(|one| one.code.is_of_form());
    let refusal = if of_form {
        Refusal::malformed(detail)
    } else {
        Refusal::new(ProblemCode::FieldsInvalid, detail)
    };
    refusal.with("errors", &wrong)
}

/// A refused or failed use case.
pub(crate) fn refusal(error: PeopleError) -> Refusal {
    let refused = match error {
        PeopleError::Port(error) => return error.into(),
        PeopleError::Refused(refused) => refused,
    };
    let told = sentence(&refused.to_string());
    match refused {
        Refused::NotFound(id) => not_found(id.kind(), id.id()),
        Refused::Invalid(wrong) => invalid(&wrong),
        Refused::Stale { version, .. } => {
            let detail = format!("{told} Read it again, and send its ETag as If-Match.");
            let refusal = Refusal::new(ProblemCode::VersionChanged, detail);
            match version {
                Some(version) => refusal
                    .with("version", &version)
                    .header("etag", IfMatch::etag(version)),
                None => refusal,
            }
        }
        Refused::Needed {
            dependents,
            records,
            id,
        } => {
            let Dependents { users, contacts } = dependents;
            let what = match id.kind() {
                MemberKind::User => "Give the records another owner, or disable the User.",
                MemberKind::Group => "Take the Users out of the Group first.",
                MemberKind::Organization | MemberKind::Contact => {
                    "Move or delete them first, or make the Organization inactive."
                }
            };
            Refusal::new(ProblemCode::StillNeeded, format!("{told} {what}"))
                .with("users", &users)
                .with("contacts", &contacts)
                .with("records", &records)
        }
        Refused::Busy(_) => {
            let detail = format!("{told} Try again.");
            Refusal::new(ProblemCode::Unavailable, detail).header("retry-after", "1")
        }
    }
}
