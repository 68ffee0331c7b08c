//! The claims of a verified token that say who calls.
//!
//! The gateway's authorizer has verified the token. It flattens claims to texts, a list to `[a b]`, which cannot be
//! told from a group of that name; so lists are read from the token itself and compared exactly.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_core::Email;
use serde_json::{Map, Value};

/// The scope by which a machine client is the portal.
pub const PORTAL_SCOPE: &str = "portal/write";

/// The claims that may name a person, in order of preference.
const NAMES: [&str; 5] = [
    "email",
    "username",
    "cognito:username",
    "preferred_username",
    "upn",
];

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

/// A verified token, as far as it says who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The subject.
    pub subject: String,
    /// The person's e-mail address or name; the subject if the token has neither.
    pub user: String,
    /// The person's e-mail address, by which the portal knows the person.
    pub email: Option<Email>,
    /// `true` for the portal's client: a machine client with [`PORTAL_SCOPE`], whose token names no user.
    pub is_portal: bool,
    groups: Vec<String>,
}

impl Token {
    /// Reads the token that the authorizer has verified.
    ///
    /// # Errors
    /// Returns [`AccessError`] unless claims and token are both present and have the same subject.
    pub fn read(
        verified: Option<&Map<String, Value>>,
        authorization: Option<&str>,
    ) -> Result<Self, AccessError> {
        let verified = verified.ok_or(AccessError::NotVerified)?;
        let subject = text(verified, "sub").ok_or(AccessError::NotVerified)?;
        let token = payload(authorization.ok_or(AccessError::Unreadable)?)
            .ok_or(AccessError::Unreadable)?;
        let same = |claim| match (text(verified, claim), text(&token, claim)) {
            (Some(verified), Some(sent)) => verified == sent,
            _ => true,
        };
        if text(&token, "sub") != Some(subject) || !same("iss") || !same("jti") {
            return Err(AccessError::AnotherToken);
        }
        Self::of_claims(&token)
    }

    /// Reads the claims of a token that was verified.
    ///
    /// # Errors
    /// Returns [`AccessError`] if they name no subject.
    pub fn of_claims(token: &Map<String, Value>) -> Result<Self, AccessError> {
        let subject = text(token, "sub").ok_or(AccessError::NotVerified)?;
        let email = names(token).find_map(address);
        let user = match &email {
            Some(email) => email.as_str(),
            None => names(token).next().unwrap_or(subject),
        };
        let names_user = NAMES.iter().any(|claim| token.contains_key(*claim));
        Ok(Self {
            subject: subject.to_owned(),
            user: user.to_owned(),
            is_portal: !names_user && scopes(token).any(|scope| scope == PORTAL_SCOPE),
            groups: groups(token).map(str::to_owned).collect(),
            email,
        })
    }

    /// Returns `true` if the groups claim holds that very name.
    #[must_use]
    pub fn is_member_of(&self, group: &str) -> bool {
        self.groups.iter().any(|name| name == group)
    }
}

/// The names of the person. An address that the provider itself calls unverified could be anybody's, and is none.
///
/// Cognito's access token carries no `email`, but the user's name in the pool, which is the address (template.yaml);
/// other providers name the person by `preferred_username` or `upn`.
fn names(token: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_unverified = token
        .get("email_verified")
        .is_some_and(|verified| *verified == false || *verified == "false");
    NAMES
        .into_iter()
        .filter(move |claim| !(is_unverified && *claim == "email"))
        .filter_map(|claim| text(token, claim))
}

/// The address that a claim holds. One that becomes another's only by leaving out what cannot be seen, or by taking one
/// letter for another, is another mailbox's for the provider, and none here.
fn address(name: &str) -> Option<Email> {
    let email = Email::parse(name).ok()?;
    let local = |text: &str| text.split('@').next().map(str::to_ascii_lowercase);
    (local(name) == local(email.as_str())).then_some(email)
}

/// The names in the groups claim; none unless it is a list.
fn groups(token: &Map<String, Value>) -> impl Iterator<Item = &str> {
    token
        .get("cognito:groups")
        .or_else(|| token.get("groups"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The scopes: a text with blanks between them, or a list.
fn scopes(token: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let claim = token.get("scope").or_else(|| token.get("scp"));
    let text = claim.and_then(Value::as_str).unwrap_or_default();
    let list = claim.and_then(Value::as_array).into_iter().flatten();
    text.split(' ').chain(list.filter_map(Value::as_str))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The claims of the token in an `Authorization` header.
fn payload(authorization: &str) -> Option<Map<String, Value>> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| claims_of(token.trim()))?
}

/// Reads the claims of a signed token, unverified: exactly three parts, the second of them a JSON object in base64url.
#[must_use]
pub fn claims_of(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::testing::bearer;

    fn verified(subject: &str) -> Map<String, Value> {
        let claims = json!({ "sub": subject, "cognito:groups": "[administrators]" });
        claims.as_object().unwrap().clone()
    }

    /// The token of these claims, whose subject is `s-1`.
    fn token(mut claims: Value) -> Token {
        claims["sub"] = "s-1".into();
        Token::read(Some(&verified("s-1")), Some(&bearer(&claims))).unwrap()
    }

    #[test]
    fn a_person_is_named_by_the_e_mail_address_whichever_claim_has_it() {
        let ann = "ann@vendor.example";
        let id = "9a1c2b3d-0000-4000-8000-5e6f7a8b9c0d";
        for (claims, user) in [
            (json!({ "username": ann }), ann),
            (json!({ "username": id, "email": ann }), ann),
            (json!({ "username": id, "preferred_username": ann }), ann),
            (json!({ "upn": "Ann@Vendor.example" }), ann),
            (
                json!({ "username": ann, "email": "eve@x.example", "email_verified": false }),
                ann,
            ),
            (json!({ "username": "ann" }), "ann"),
            (
                json!({ "username": "an\u{200b}n@vendor.example" }),
                "an\u{200b}n@vendor.example",
            ),
            (
                json!({ "username": "mi\u{212a}e@vendor.example" }),
                "mi\u{212a}e@vendor.example",
            ),
            (json!({ "email": ann, "email_verified": "false" }), "s-1"),
            (json!({}), "s-1"),
        ] {
            let token = token(claims.clone());

            assert_eq!(token.user, user, "{claims}");
            let email = (user == ann).then(|| Email::parse(ann).unwrap());
            assert_eq!(token.email, email, "{claims}");
        }
    }

    #[test]
    fn a_group_that_only_looks_like_another_is_another() {
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
            let token = token(json!({ "cognito:groups": groups }));
            assert!(!token.is_member_of("administrators"), "{groups}");
        }
        let token = token(json!({ "cognito:groups": ["sales", "administrators"] }));
        assert!(token.is_member_of("administrators"));
    }

    #[test]
    fn another_provider_s_groups_claim_counts_where_cognito_s_is_missing() {
        let theirs = token(json!({ "groups": ["administrators"] }));
        assert!(theirs.is_member_of("administrators"));

        let both = json!({ "cognito:groups": ["sales"], "groups": ["administrators"] });
        assert!(!token(both).is_member_of("administrators"));
    }

    #[test]
    fn only_a_client_with_the_scope_and_without_a_user_is_the_portal() {
        for (claims, is_portal) in [
            (json!({ "scope": "portal/write" }), true),
            (json!({ "scope": "openid portal/write" }), true),
            (json!({ "scp": ["portal/write"] }), true),
            (json!({ "scope": "portal/write2 portal" }), false),
            (json!({ "scope": "portal/read" }), false),
            (json!({ "scope": ["portal", "write"] }), false),
            (json!({}), false),
            (
                json!({ "scope": "portal/write", "username": "ann@vendor.example" }),
                false,
            ),
            (
                json!({ "scope": "portal/write", "email": "ann@vendor.example", "email_verified": false }),
                false,
            ),
            (
                json!({ "scope": "portal/write", "preferred_username": "ann" }),
                false,
            ),
        ] {
            assert_eq!(token(claims.clone()).is_portal, is_portal, "{claims}");
        }
    }

    #[test]
    fn without_the_authorizer_s_word_a_token_counts_for_nothing() {
        let token = bearer(&json!({ "sub": "s-1", "cognito:groups": ["administrators"] }));

        for missing in [None, Some(&Map::new())] {
            assert_eq!(
                Token::read(missing, Some(&token)),
                Err(AccessError::NotVerified)
            );
        }
    }

    #[test]
    fn a_token_about_another_subject_or_issuer_than_the_verified_one_is_refused() {
        let other = bearer(&json!({ "sub": "s-2", "cognito:groups": ["administrators"] }));
        assert_eq!(
            Token::read(Some(&verified("s-1")), Some(&other)),
            Err(AccessError::AnotherToken)
        );

        let mut claims = verified("s-1");
        claims.insert("iss".into(), "https://ours.example".into());
        let foreign = bearer(&json!({ "sub": "s-1", "iss": "https://theirs.example" }));
        assert_eq!(
            Token::read(Some(&claims), Some(&foreign)),
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
                Token::read(Some(&verified("s-1")), Some(header)),
                Err(AccessError::Unreadable),
                "{header}"
            );
        }
    }
}
