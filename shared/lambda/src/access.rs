//! The caller of a request and the caller's rights.
//!
//! A token proves who calls, by an e-mail address; what the person may do is looked up in the portal's data. A machine
//! client has no user, and is the portal by its scope.

mod caller;
mod rights;
mod token;

pub use self::{
    caller::{Caller, Exclusion, Person},
    rights::{AdminGroup, MAX_AGE, People, Rights},
    token::{AccessError, PORTAL_SCOPE, Token, claims_of},
};

#[cfg(test)]
pub(crate) mod testing {
    //! Callers for the tests of this crate.

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use dealbridge_core::{
        Email,
        portal::{Organization, OrganizationStatus, PartyType, ResolvedUser, User, UserStatus},
    };
    use serde_json::{Value, json};

    use super::{Caller, Exclusion, Token};

    /// The `Authorization` header of a token with these claims.
    pub(crate) fn bearer(claims: &Value) -> String {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("Bearer e30.{payload}.c2ln")
    }

    /// The verified token of these claims.
    pub(crate) fn token(claims: &Value) -> Token {
        Token::read(claims.as_object(), Some(&bearer(claims))).unwrap()
    }

    /// The address of [`person`].
    pub(crate) fn ann() -> Email {
        Email::parse("ann@vendor.example").unwrap()
    }

    /// The token of Ann, with these groups.
    pub(crate) fn token_of_ann(groups: &[&str]) -> Token {
        token(&json!({ "sub": "s-1", "username": "ann@vendor.example", "cognito:groups": groups }))
    }

    /// Ann as the portal knows her.
    pub(crate) fn user(kind: PartyType, status: UserStatus, modules: &[&str]) -> ResolvedUser {
        let organization = Organization {
            id: "org-1".into(),
            name: "Org".into(),
            kind,
            status: OrganizationStatus::Active,
        };
        let user = User {
            id: "usr-ann".into(),
            name: "Ann".into(),
            email: ann(),
            kind,
            organization: "org-1".into(),
            groups: Vec::new(),
            status,
        };
        ResolvedUser {
            modules: modules.iter().map(|module| (*module).to_owned()).collect(),
            ..ResolvedUser::new(user, Some(&organization), [])
        }
    }

    /// Ann with these modules and a token of these groups.
    pub(crate) fn person(kind: PartyType, modules: &[&str], groups: &[&str]) -> Caller {
        let users = [user(kind, UserStatus::Active, modules)];
        Caller::of(&token_of_ann(groups), &ann(), &users, "administrators")
    }

    /// The portal's client.
    pub(crate) fn portal() -> Caller {
        Caller::portal(&token(&json!({ "sub": "s-1", "scope": "portal/write" })))
    }

    /// A caller without any right.
    pub(crate) fn excluded(exclusion: Exclusion) -> Caller {
        Caller::excluded(&token(&json!({ "sub": "s-1" })), exclusion)
    }
}
