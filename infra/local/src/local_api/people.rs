//! Changes of users, groups and organizations that the portal's screens make.

use dealbridge_core::{
    Email,
    portal::{MODULES, OrganizationStatus, PartyType, User, UserStatus},
};
use dealbridge_lambda::http::{Answer, Refusal};
use serde::Deserialize;

use super::problem::LocalProblem;
use crate::product::LocalProduct;

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

fn missing(code: LocalProblem, kind: &str, id: &str) -> Refusal {
    Refusal::new(code, format!("There is no {kind} {id:?}."))
}

/// `POST /local/users/{id}`: changes a user, or invites one if the body says all that a user needs.
pub(super) async fn user(
    product: &LocalProduct,
    id: &str,
    change: UserChange,
) -> Result<Answer, Refusal> {
    let portal = &product.portal;
    let mut user = match portal.user(id).await? {
        Some(user) => user,
        None => {
            invited(id, &change).ok_or_else(|| missing(LocalProblem::UserNotFound, "user", id))?
        }
    };
    if let Some(organization) = &change.organization
        && portal.organization(organization).await?.is_none()
    {
        return Err(Refusal::malformed(format!(
            "There is no organization {organization:?}."
        )));
    }
    user.name = change.name.unwrap_or(user.name);
    user.email = change.email.unwrap_or(user.email);
    user.kind = change.kind.unwrap_or(user.kind);
    user.organization = change.organization.unwrap_or(user.organization);
    user.groups = change.groups.unwrap_or(user.groups);
    user.status = change.status.unwrap_or(user.status);
    for id in &user.groups {
        let group = portal.group(id).await?;
        let group =
            group.ok_or_else(|| Refusal::malformed(format!("There is no group {id:?}.")))?;
        if group.kind != user.kind {
            let detail = format!(
                "{id:?} is a group of another type: the user is {}.",
                user.kind.label()
            );
            return Err(Refusal::malformed(detail));
        }
    }
    portal.put_user(&user).await?;
    Answer::json(200, &user)
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
    let portal = &product.portal;
    let mut group = portal
        .group(id)
        .await?
        .ok_or_else(|| missing(LocalProblem::GroupNotFound, "group", id))?;
    group.name = change.name.unwrap_or(group.name);
    group.modules = change.modules.unwrap_or(group.modules);
    if let Some(module) = group.unknown_modules().next() {
        let detail = format!(
            "There is no module {module:?}; there are {}.",
            MODULES.join(", ")
        );
        return Err(Refusal::malformed(detail));
    }
    portal.put_group(&group).await?;
    Answer::json(200, &group)
}

/// `POST /local/organizations/{id}`.
pub(super) async fn organization(
    product: &LocalProduct,
    id: &str,
    change: OrganizationChange,
) -> Result<Answer, Refusal> {
    let portal = &product.portal;
    let mut organization = portal
        .organization(id)
        .await?
        .ok_or_else(|| missing(LocalProblem::OrganizationNotFound, "organization", id))?;
    organization.name = change.name.unwrap_or(organization.name);
    organization.status = change.status.unwrap_or(organization.status);
    portal.put_organization(&organization).await?;
    Answer::json(200, &organization)
}
