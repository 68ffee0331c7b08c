//! Signing in: tokens for the portal's users.

use std::collections::HashSet;

use dealbridge_core::{
    Email,
    portal::{Group, PartyType, ResolvedUser, SYSTEM_ADMINISTRATION, UserStatus},
    ports::{Clock, Portal},
};
use dealbridge_lambda::{
    SystemClock,
    access::Groups,
    http::{Answer, Query, Refusal},
};
use serde_json::json;

use super::problem::LocalProblem;
use crate::{
    gateway::{
        ApiRequest,
        token::{LIFETIME_SECONDS, Subject, Tokens},
    },
    product::LocalProduct,
};

/// The longest lifetime of a token, and the longest time since it expired.
const YEAR_SECONDS: i64 = 366 * 86_400;

/// `GET /local/token`: a token for the user of an address.
pub(super) async fn token(
    product: &LocalProduct,
    tokens: &Tokens,
    request: &ApiRequest,
) -> Result<Answer, Refusal> {
    let query = Query::parse(&request.query, &["user", "expires_in", "scope"], &[])?;
    let address = query.value("user", Email::parse)?.ok_or_else(|| {
        Refusal::malformed("The query names no user: add ?user= with the address of a portal user.")
    })?;
    let lifetime = query
        .value("expires_in", |text| {
            text.parse::<i64>()
                .ok()
                .filter(|seconds| seconds.abs() <= YEAR_SECONDS)
                .ok_or_else(|| format!("{text:?} is not a number of seconds within a year"))
        })?
        .unwrap_or(LIFETIME_SECONDS);
    let scopes = match query.text("scope") {
        Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
        // As with the original, a client may ask for every scope: what a user may do is decided by group, in the function.
        None => product.template.scopes(),
    };
    let subject = subject(product, &address).await?;
    let token = tokens
        .sign(&subject, &scopes, SystemClock.now(), lifetime)
        .map_err(|error| Refusal::internal(&error))?;
    Answer::json(
        200,
        &json!({ "token": token, "expiresIn": lifetime, "user": subject.id, "groups": subject.groups }),
    )
}

/// The one Active user with an address.
async fn subject(product: &LocalProduct, address: &Email) -> Result<Subject, Refusal> {
    let portal = &product.portal;
    portal.settings().await?;
    let directory = portal.directory(&HashSet::from([address.clone()])).await?;
    let users = directory
        .get(address)
        .map(|holders| holders.users.as_slice())
        .unwrap_or_default();
    let resolved = match users {
        [] => {
            let detail = format!("No portal user has the address {address}.");
            return Err(Refusal::new(LocalProblem::UserNotFound, detail));
        }
        [user] => user,
        several => {
            let detail = format!(
                "{} portal users have the address {address}: only one of them could sign in.",
                several.len()
            );
            return Err(Refusal::new(LocalProblem::UserAmbiguous, detail));
        }
    };
    let status = match resolved.status {
        UserStatus::Active => None,
        UserStatus::Pending => Some("has never activated the account"),
        UserStatus::Inactive => Some("belongs to an Organization that is not active"),
        UserStatus::Disabled => Some("is disabled"),
    };
    if let Some(status) = status {
        let detail = format!("The portal user {address} {status}, so there is no token.");
        return Err(Refusal::forbidden(detail));
    }
    let mut groups = Vec::new();
    for id in &resolved.user.groups {
        groups.extend(portal.group(id).await?);
    }
    Ok(Subject {
        id: resolved.user.id.clone(),
        email: address.to_string(),
        groups: names(resolved, &groups, &product.template.groups),
    })
}

/// The groups claim: the portal's groups by id, and the two that say what a user may do here.
fn names(resolved: &ResolvedUser, groups: &[Group], counting: &Groups) -> Vec<String> {
    // A portal group that happens to bear one of the two names must not make anybody an administrator.
    let mut names: Vec<String> = groups
        .iter()
        .map(|group| group.id.clone())
        .filter(|id| *id != counting.admin && *id != counting.internal)
        .collect();
    if resolved.user.kind != PartyType::Internal {
        return names;
    }
    names.push(counting.internal.clone());
    let administers = groups.iter().any(|group| {
        group.kind == PartyType::Internal
            && group
                .modules
                .iter()
                .any(|module| module == SYSTEM_ADMINISTRATION)
    });
    if administers {
        names.push(counting.admin.clone());
    }
    names
}

#[cfg(test)]
mod tests {
    use dealbridge_core::portal::{Organization, OrganizationStatus, User};

    use super::*;

    fn named(kind: PartyType, groups: &[(&str, PartyType, &str)]) -> Vec<String> {
        let organization = Organization {
            id: "o".into(),
            name: "O".into(),
            kind,
            status: OrganizationStatus::Active,
        };
        let user = User {
            id: "usr-1".into(),
            name: "Ann".into(),
            email: Email::parse("ann@vendor.example").unwrap(),
            kind,
            organization: "o".into(),
            groups: Vec::new(),
            status: UserStatus::Active,
        };
        let group = |(id, kind, module): &(&str, PartyType, &str)| Group {
            id: (*id).into(),
            name: String::new(),
            kind: *kind,
            modules: vec![(*module).into()],
        };
        let groups: Vec<Group> = groups.iter().map(group).collect();
        let resolved = ResolvedUser::new(user, Some(&organization), &groups);
        names(&resolved, &groups, &Groups::default())
    }

    #[test]
    fn an_internal_user_of_a_group_with_system_administration_is_an_administrator() {
        use PartyType::{Internal, Partner};

        assert_eq!(
            named(Internal, &[("g", Internal, SYSTEM_ADMINISTRATION)]),
            ["g", "internal-users", "administrators"]
        );
        assert_eq!(
            named(Internal, &[("g", Internal, "mdf")]),
            ["g", "internal-users"]
        );
        assert_eq!(
            named(Internal, &[("g", Partner, SYSTEM_ADMINISTRATION)]),
            ["g", "internal-users"]
        );
        assert_eq!(
            named(Partner, &[("g", Partner, SYSTEM_ADMINISTRATION)]),
            ["g"]
        );
    }

    #[test]
    fn a_portal_group_of_a_counting_name_makes_nobody_an_administrator() {
        use PartyType::Partner;

        let groups = [
            ("administrators", Partner, "mdf"),
            ("internal-users", Partner, "mdf"),
            ("g", Partner, "mdf"),
        ];

        assert_eq!(named(Partner, &groups), ["g"]);
    }
}
