//! Signing in: tokens for the portal's users and for its machine client.

use dealbridge_core::{
    Email,
    portal::{Group, PartyType, ResolvedUser, SYSTEM_ADMINISTRATION, UserStatus},
    ports::Clock,
};
use dealbridge_lambda::{
    SystemClock,
    access::{AdminGroup, PORTAL_SCOPE},
    http::{Answer, Query, Refusal},
};
use serde_json::json;

use super::problem::LocalProblem;
use crate::{
    gateway::{
        ApiRequest,
        token::{LIFETIME_SECONDS, PORTAL_CLIENT, Subject, Tokens},
    },
    product::LocalProduct,
};

/// The longest lifetime of a token, and the longest time since it expired.
const YEAR_SECONDS: i64 = 366 * 86_400;

/// `GET /local/token`: a token for the user of an address, or for the portal's client.
pub(super) async fn token(
    product: &LocalProduct,
    tokens: &Tokens,
    request: &ApiRequest,
) -> Result<Answer, Refusal> {
    let known = ["user", "client", "expires_in", "scope"];
    let query = Query::parse(&request.query, &known, &[])?;
    let lifetime = query
        .value("expires_in", |text| {
            text.parse::<i64>()
                .ok()
                .filter(|seconds| seconds.abs() <= YEAR_SECONDS)
                .ok_or_else(|| format!("{text:?} is not a number of seconds within a year"))
        })?
        .unwrap_or(LIFETIME_SECONDS);
    let scopes = |all: Vec<String>| match query.text("scope") {
        Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
        None => all,
    };
    let now = SystemClock.now();
    let (token, mut body) = match (query.value("user", Email::parse)?, query.text("client")) {
        (Some(address), None) => {
            let subject = subject(product, &address).await?;
            // As with the original, a client may ask for each of its scopes: what its user may do is looked up in the
            // function.
            let mut all = product.template.scopes();
            all.retain(|scope| scope != PORTAL_SCOPE);
            let token = tokens.sign(&subject, &scopes(all), now, lifetime);
            let body = json!({ "user": subject.id, "groups": subject.groups });
            (token, body)
        }
        (None, Some("portal")) => {
            let scopes: Vec<String> = scopes(vec![PORTAL_SCOPE.to_owned()]);
            let token = tokens.sign_portal(&scopes, now, lifetime);
            (token, json!({ "client": PORTAL_CLIENT }))
        }
        (None, Some(other)) => {
            let detail = format!("There is no client {other:?}: the one there is: portal.");
            return Err(Refusal::malformed(detail));
        }
        (None, None) | (Some(_), Some(_)) => {
            let detail = "The query names not just one caller: add ?user= with the address of a portal user, or ?client=portal.";
            return Err(Refusal::malformed(detail));
        }
    };
    body["token"] = token.map_err(|error| Refusal::internal(&error))?.into();
    body["expiresIn"] = lifetime.into();
    Answer::json(200, &body)
}

/// The one Active user with an address.
pub(crate) async fn subject(product: &LocalProduct, address: &Email) -> Result<Subject, Refusal> {
    let portal = &product.portal;
    let users = portal.users_at_this_moment(address).await?;
    let resolved = match users.as_slice() {
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
        groups: names(resolved, &groups, &product.template.admins),
    })
}

/// The groups claim: the portal's groups by id, and the group of administrators for whom the portal says so.
fn names(resolved: &ResolvedUser, groups: &[Group], admins: &AdminGroup) -> Vec<String> {
    // A portal group that happens to bear that name must not make anybody an administrator.
    let mut names: Vec<String> = groups
        .iter()
        .map(|group| group.id.clone())
        .filter(|id| *id != admins.0)
        .collect();
    let is_internal = resolved.user.kind == PartyType::Internal;
    let administers = |module: &String| module == SYSTEM_ADMINISTRATION;
    if is_internal && resolved.modules.iter().any(administers) {
        names.push(admins.0.clone());
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
        names(&resolved, &groups, &AdminGroup::default())
    }

    #[test]
    fn an_internal_user_of_a_group_with_system_administration_is_an_administrator() {
        use PartyType::{Internal, Partner};

        assert_eq!(
            named(Internal, &[("g", Internal, SYSTEM_ADMINISTRATION)]),
            ["g", "administrators"]
        );
        assert_eq!(named(Internal, &[("g", Internal, "mdf")]), ["g"]);
        assert_eq!(
            named(Internal, &[("g", Partner, SYSTEM_ADMINISTRATION)]),
            ["g"]
        );
        assert_eq!(
            named(Partner, &[("g", Partner, SYSTEM_ADMINISTRATION)]),
            ["g"]
        );
    }

    #[test]
    fn a_portal_group_of_that_name_makes_nobody_an_administrator() {
        use PartyType::Partner;

        let groups = [("administrators", Partner, "mdf"), ("g", Partner, "mdf")];

        assert_eq!(named(Partner, &groups), ["g"]);
    }
}
