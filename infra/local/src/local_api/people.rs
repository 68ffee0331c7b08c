//! Changes of users, groups and organizations that the portal's screens make: what the body names is changed, by the
//! use cases of people.

use dealbridge_core::{
    Email,
    people::{
        Condition, People, PeopleError, Refusal as PeopleRefusal,
        member::{Member, MemberId, MemberKind},
    },
    portal::{Group, Organization, OrganizationStatus, PartyType, User, UserStatus},
};
use dealbridge_lambda::{
    http::{Answer, Refusal},
    link_api::sentence,
};
use serde::Deserialize;

use super::problem::LocalProblem;
use crate::product::LocalProduct;

/// The most times that a change is tried because something changed under it.
const MAX_ATTEMPTS: usize = 6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserChange {
    name: Option<String>,
    email: Option<Email>,
    #[serde(rename = "type")]
    kind: Option<PartyType>,
    organization: Option<String>,
    groups: Option<Vec<String>>,
    status: Option<UserStatus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupChange {
    name: Option<String>,
    modules: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationChange {
    name: Option<String>,
    status: Option<OrganizationStatus>,
}

/// `POST /local/users/{id}`: changes a user, or invites one if the body says all that a user needs.
pub(super) async fn user(
    product: &LocalProduct,
    id: &str,
    change: UserChange,
) -> Result<Answer, Refusal> {
    let user = change_member(product, MemberKind::User, id, |seen| {
        let user = match seen {
            Some(Member::User(user)) => user,
            _ => invited(id, &change)?,
        };
        Some(Member::User(User {
            id: user.id,
            name: change.name.clone().unwrap_or(user.name),
            email: change.email.clone().unwrap_or(user.email),
            kind: change.kind.unwrap_or(user.kind),
            organization: change.organization.clone().unwrap_or(user.organization),
            groups: change.groups.clone().unwrap_or(user.groups),
            status: change.status.unwrap_or(user.status),
        }))
    });
    match user.await? {
        Member::User(user) => Answer::json(200, &user),
        other => Err(Refusal::internal(&other.kind().label())),
    }
}

/// A user who has never activated the account.
fn invited(id: &str, change: &UserChange) -> Option<User> {
    Some(User {
        id: id.to_owned(),
        name: change.name.clone()?,
        email: change.email.clone()?,
        kind: change.kind?,
        organization: change.organization.clone()?,
        groups: Vec::new(),
        status: UserStatus::Pending,
    })
}

/// `POST /local/groups/{id}`.
pub(super) async fn group(
    product: &LocalProduct,
    id: &str,
    change: GroupChange,
) -> Result<Answer, Refusal> {
    let group = change_member(product, MemberKind::Group, id, |seen| match seen {
        Some(Member::Group(group)) => Some(Member::Group(Group {
            name: change.name.clone().unwrap_or(group.name),
            modules: change.modules.clone().unwrap_or(group.modules),
            ..group
        })),
        _ => None,
    });
    match group.await? {
        Member::Group(group) => Answer::json(200, &group),
        other => Err(Refusal::internal(&other.kind().label())),
    }
}

/// `POST /local/organizations/{id}`.
pub(super) async fn organization(
    product: &LocalProduct,
    id: &str,
    change: OrganizationChange,
) -> Result<Answer, Refusal> {
    let organization = change_member(product, MemberKind::Organization, id, |seen| match seen {
        Some(Member::Organization(organization)) => Some(Member::Organization(Organization {
            name: change.name.clone().unwrap_or(organization.name),
            status: change.status.unwrap_or(organization.status),
            ..organization
        })),
        _ => None,
    });
    match organization.await? {
        Member::Organization(organization) => Answer::json(200, &organization),
        other => Err(Refusal::internal(&other.kind().label())),
    }
}

/// Changes a member upon what is there.
async fn change_member(
    product: &LocalProduct,
    kind: MemberKind,
    id: &str,
    change: impl Fn(Option<Member>) -> Option<Member>,
) -> Result<Member, Refusal> {
    let people = People {
        store: &product.store,
    };
    let missing = || {
        let code = match kind {
            MemberKind::Organization => LocalProblem::OrganizationNotFound,
            MemberKind::Group => LocalProblem::GroupNotFound,
            MemberKind::User | MemberKind::Contact => LocalProblem::UserNotFound,
        };
        Refusal::new(code, format!("There is no {} {id:?}.", kind.as_str()))
    };
    for _ in 0..MAX_ATTEMPTS {
        let seen = match MemberId::new(kind, id) {
            Err(_) => None,
            Ok(id) => match people.get(&id).await {
                Ok(seen) => Some(seen),
                Err(PeopleError::Refused(_)) => None,
                Err(PeopleError::Port(error)) => return Err(error.into()),
            },
        };
        let version = seen.as_ref().map(|seen| seen.version);
        let member = change(seen.map(|seen| seen.member)).ok_or_else(missing)?;
        let condition = version.map_or(Condition::Always, Condition::Version);
        match people.put(&member, condition).await {
            Ok(_) => return Ok(member),
            // Somebody was faster: the next round sees how the member is then.
            Err(PeopleError::Refused(PeopleRefusal::Stale { .. })) => {}
            Err(PeopleError::Refused(refusal)) => {
                return Err(Refusal::malformed(sentence(&refusal.to_string())));
            }
            Err(PeopleError::Port(error)) => return Err(error.into()),
        }
    }
    let detail = format!("The {} {id} kept changing; try again.", kind.as_str());
    Err(Refusal::new(LocalProblem::Busy, detail))
}
