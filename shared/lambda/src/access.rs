//! The caller of a request, and the groups that make one an administrator or an internal user.
//!
//! The gateway's authorizer has verified the token. It flattens claims to texts, a list to `[a b]`, which cannot be
//! told from a group of that name; so the groups are read from the token itself and compared exactly.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_core::Email;
use serde_json::{Map, Value};

/// The groups that grant access, exactly as the token names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// The group of administrators.
    pub admin: String,
    /// The group of internal users.
    pub internal: String,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            admin: "administrators".to_owned(),
            internal: "internal-users".to_owned(),
        }
    }
}

/// The caller of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's subject.
    pub subject: String,
    /// The user's e-mail address or name; the subject if the token has neither.
    pub user: String,
    /// `true` for an administrator.
    pub is_admin: bool,
    /// `true` for an internal user, which every administrator is.
    pub is_internal: bool,
}

/// The reason why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The request did not come through the gateway's authorizer.
    #[error("The request carries no verified token.")]
    NotVerified,
    /// The header holds no readable token.
    #[error("The Authorization header holds no bearer token that can be read.")]
    Unreadable,
    /// The header's token is not the one that the authorizer has verified.
    #[error("The bearer token is not the one that was verified.")]
    AnotherToken,
}

/// Determines the caller from the authorizer's claims and the token that it has verified.
///
/// # Errors
/// Returns [`AccessError`] unless both are present and have the same subject.
pub fn caller(
    verified: Option<&Map<String, Value>>,
    authorization: Option<&str>,
    groups: &Groups,
) -> Result<Caller, AccessError> {
    let verified = verified.ok_or(AccessError::NotVerified)?;
    let subject = text(verified, "sub").ok_or(AccessError::NotVerified)?;
    let token =
        payload(authorization.ok_or(AccessError::Unreadable)?).ok_or(AccessError::Unreadable)?;
    let same = |claim| match (text(verified, claim), text(&token, claim)) {
        (Some(verified), Some(sent)) => verified == sent,
        _ => true,
    };
    if text(&token, "sub") != Some(subject) || !same("iss") || !same("jti") {
        return Err(AccessError::AnotherToken);
    }
    let member = |group: &str| groups_of(&token).any(|name| name == group);
    let is_admin = member(&groups.admin);
    let user = name_of(&token).unwrap_or(subject);
    Ok(Caller {
        subject: subject.to_owned(),
        user: user.to_owned(),
        is_admin,
        is_internal: is_admin || member(&groups.internal),
    })
}

/// The claims that may name a person, in order of preference.
const NAMES: [&str; 5] = [
    "email",
    "username",
    "cognito:username",
    "preferred_username",
    "upn",
];

/// The person's e-mail address if any claim holds one, otherwise the first name in that order.
///
/// Cognito's access token carries no `email`, but the user's name in the pool, which is the address (template.yaml);
/// other providers name the person by `preferred_username` or `upn`.
fn name_of(token: &Map<String, Value>) -> Option<&str> {
    let named = || NAMES.into_iter().filter_map(|claim| text(token, claim));
    named()
        .find(|name| Email::parse(name).is_ok())
        .or_else(|| named().next())
}

/// The names in the groups claim; none unless it is a list.
fn groups_of(token: &Map<String, Value>) -> impl Iterator<Item = &str> {
    token
        .get("cognito:groups")
        .or_else(|| token.get("groups"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The claims of a bearer token: exactly three parts, the second of them a JSON object in base64url.
fn payload(authorization: &str) -> Option<Map<String, Value>> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parts = token.trim().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
pub(crate) mod testing {
    use serde_json::json;

    use super::*;

    /// The `Authorization` header of a token with these claims.
    pub(crate) fn bearer(claims: &Value) -> String {
        format!(
            "Bearer e30.{}.c2ln",
            URL_SAFE_NO_PAD.encode(claims.to_string())
        )
    }

    /// Signs an API Gateway event in as a member of that group.
    pub(crate) fn signed_in(event: &mut Value, group: &str) {
        let token = json!({ "sub": "s-1", "cognito:groups": [group] });
        event["headers"]["authorization"] = bearer(&token).into();
        event["requestContext"]["authorizer"]["jwt"]["claims"] = json!({ "sub": "s-1" });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{testing::bearer, *};

    fn verified(subject: &str) -> Map<String, Value> {
        let claims = json!({ "sub": subject, "cognito:groups": "[administrators]" });
        claims.as_object().unwrap().clone()
    }

    fn called_with(groups: Value) -> Caller {
        let token =
            json!({ "sub": "s-1", "username": "ann@vendor.example", "cognito:groups": groups });
        caller(
            Some(&verified("s-1")),
            Some(&bearer(&token)),
            &Groups::default(),
        )
        .unwrap()
    }

    #[test]
    fn a_member_of_the_group_is_an_administrator_and_an_internal_user() {
        assert_eq!(
            called_with(json!(["sales", "administrators"])),
            Caller {
                subject: "s-1".into(),
                user: "ann@vendor.example".into(),
                is_admin: true,
                is_internal: true,
            }
        );
        let internal = called_with(json!(["internal-users"]));
        assert!(internal.is_internal && !internal.is_admin);
    }

    #[test]
    fn a_person_is_named_by_the_e_mail_address_whichever_claim_has_it() {
        let sub = "9a1c2b3d-0000-4000-8000-5e6f7a8b9c0d";
        for (claims, user) in [
            (
                json!({ "username": "ann@vendor.example" }),
                "ann@vendor.example",
            ),
            (
                json!({ "username": sub, "email": "ann@vendor.example" }),
                "ann@vendor.example",
            ),
            (
                json!({ "username": sub, "preferred_username": "ann@vendor.example" }),
                "ann@vendor.example",
            ),
            (json!({ "upn": "ann@vendor.example" }), "ann@vendor.example"),
            (json!({ "username": "ann" }), "ann"),
            (json!({}), sub),
        ] {
            let mut token = claims.clone();
            token["sub"] = sub.into();
            let called = caller(
                Some(&verified(sub)),
                Some(&bearer(&token)),
                &Groups::default(),
            );
            assert_eq!(called.unwrap().user, user, "{claims}");
        }
    }

    #[test]
    fn a_group_that_only_looks_like_the_administrators_is_none() {
        for groups in [
            json!(["non-administrators"]),
            json!(["administrators "]),
            json!(["Administrators"]),
            json!(["x administrators y"]),
            json!(["[administrators]"]),
            json!("administrators"),
            json!("[x administrators y]"),
            json!([["administrators"]]),
            json!({ "administrators": true }),
            json!([]),
            Value::Null,
        ] {
            let caller = called_with(groups.clone());
            assert!(!caller.is_admin && !caller.is_internal, "{groups}");
        }
    }

    #[test]
    fn another_provider_s_groups_claim_counts_where_cognito_s_is_missing() {
        let groups = Groups::default();
        let token =
            json!({ "sub": "s-1", "email": "ann@vendor.example", "groups": ["administrators"] });
        assert!(
            caller(Some(&verified("s-1")), Some(&bearer(&token)), &groups)
                .unwrap()
                .is_admin
        );

        let both =
            json!({ "sub": "s-1", "cognito:groups": ["sales"], "groups": ["administrators"] });
        assert!(
            !caller(Some(&verified("s-1")), Some(&bearer(&both)), &groups)
                .unwrap()
                .is_admin
        );
    }

    #[test]
    fn without_the_authorizer_s_word_a_token_counts_for_nothing() {
        let groups = Groups::default();
        let token = bearer(&json!({ "sub": "s-1", "cognito:groups": ["administrators"] }));

        for missing in [None, Some(&Map::new())] {
            assert_eq!(
                caller(missing, Some(&token), &groups),
                Err(AccessError::NotVerified)
            );
        }
    }

    #[test]
    fn a_token_about_another_subject_or_issuer_than_the_verified_one_is_refused() {
        let groups = Groups::default();
        let other = bearer(&json!({ "sub": "s-2", "cognito:groups": ["administrators"] }));
        assert_eq!(
            caller(Some(&verified("s-1")), Some(&other), &groups),
            Err(AccessError::AnotherToken)
        );

        let mut claims = verified("s-1");
        claims.insert("iss".into(), "https://ours.example".into());
        let foreign = bearer(&json!({ "sub": "s-1", "iss": "https://theirs.example" }));
        assert_eq!(
            caller(Some(&claims), Some(&foreign), &groups),
            Err(AccessError::AnotherToken)
        );
    }

    #[test]
    fn what_is_no_bearer_token_is_refused() {
        let token = bearer(&json!({ "sub": "s-1" }));
        for header in [
            "",
            "Bearer",
            "Bearer a.b",
            "Basic YTpi",
            "Bearer e30.W10.c2ln",
            &format!("{token}.x"),
            &format!("{token}, {token}"),
        ] {
            assert_eq!(
                caller(Some(&verified("s-1")), Some(header), &Groups::default()),
                Err(AccessError::Unreadable),
                "{header}"
            );
        }
    }
}
