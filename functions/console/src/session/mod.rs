//! Sessions: who is signed in, kept by the browser in one encrypted cookie.

mod cookies;
mod keys;

use dealbridge_lambda::{
    access::{AccessError, AdminGroup, Token},
    http::Request,
};
use jiff::{SignedDuration, Timestamp};
use openidconnect::CsrfToken;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::cookies::Cookies;
pub use self::keys::SessionKeys;

/// The life of a session.
const LIFETIME: SignedDuration = SignedDuration::from_hours(8);
/// The time that a person has to sign in.
const SIGN_IN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The claims that say who a person is. Scopes are none of them: a session is never the portal's client.
const KEPT: [&str; 7] = [
    "sub",
    "email",
    "email_verified",
    "username",
    "cognito:username",
    "preferred_username",
    "upn",
];
/// The claims that name groups.
const GROUPS: [&str; 2] = ["cognito:groups", "groups"];

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    claims: Map<String, Value>,
    /// The token that every form of the session carries.
    pub csrf: String,
    expires: Timestamp,
}

impl Session {
    /// The verified token that the session began with.
    ///
    /// # Errors
    /// Returns an error if it names no subject, which no session does.
    pub fn token(&self) -> Result<Token, AccessError> {
        Token::of_claims(&self.claims)
    }
}

/// A sign-in that has begun: what the browser brings back must match it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInAttempt {
    /// The state that the provider returns.
    pub state: String,
    /// The nonce that the ID token carries.
    pub nonce: String,
    /// The secret behind the code challenge (RFC 7636).
    pub verifier: String,
    /// The page to go to.
    pub to: Option<String>,
    /// The time until which the person may sign in.
    pub expires: Timestamp,
}

/// Writes and reads the cookies of sessions.
#[derive(Clone)]
pub struct Sessions {
    cookies: Cookies,
    admins: AdminGroup,
}

impl Sessions {
    /// Sessions under these keys. Of the groups that a token names, the administrators' alone matters.
    #[must_use]
    pub fn new(keys: SessionKeys, admins: AdminGroup) -> Self {
        Self {
            cookies: Cookies::new(keys),
            admins,
        }
    }

    /// Begins a session for the person of these claims, which were verified, and returns its cookie.
    #[must_use]
    pub fn begin(&self, claims: &Map<String, Value>, now: Timestamp) -> String {
        let mut kept: Map<String, Value> = claims
            .iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for name in GROUPS {
            let Some(groups) = claims.get(name).and_then(Value::as_array) else {
                continue;
            };
            let is_admin = groups.iter().any(|group| *group == self.admins.0.as_str());
            let groups = if is_admin {
                vec![&*self.admins.0]
            } else {
                Vec::new()
            };
            kept.insert(name.to_owned(), json!(groups));
        }
        let session = Session {
            claims: kept,
            csrf: CsrfToken::new_random().into_secret(),
            expires: now.saturating_add(LIFETIME).unwrap_or(now),
        };
        self.cookies.set(cookies::SESSION, &session, LIFETIME)
    }

    /// Returns the session of a request, unless it is over.
    #[must_use]
    pub fn of(&self, request: &Request, now: Timestamp) -> Option<Session> {
        let session: Session = self.cookies.get(cookies::SESSION, request)?;
        (now < session.expires).then_some(session)
    }

    /// Returns the cookie that ends a session in the browser.
    #[must_use]
    pub fn end() -> String {
        cookies::removed(cookies::SESSION)
    }

    /// Keeps what a sign-in begins with, and returns its cookie.
    #[must_use]
    pub fn attempt(&self, attempt: &SignInAttempt) -> String {
        self.cookies
            .set(cookies::SIGN_IN, attempt, SIGN_IN_LIFETIME)
    }

    /// Returns the sign-in that the browser has begun, unless its time is over.
    #[must_use]
    pub fn attempted(&self, request: &Request, now: Timestamp) -> Option<SignInAttempt> {
        let attempt: SignInAttempt = self.cookies.get(cookies::SIGN_IN, request)?;
        (now < attempt.expires).then_some(attempt)
    }

    /// Returns the cookie that ends a sign-in in the browser.
    #[must_use]
    pub fn attempt_over() -> String {
        cookies::removed(cookies::SIGN_IN)
    }

    /// Returns the time until which a person who begins at that time may sign in.
    #[must_use]
    pub fn attempt_expires(now: Timestamp) -> Timestamp {
        now.saturating_add(SIGN_IN_LIFETIME).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::request;

    fn sessions(keys: &str) -> Sessions {
        Sessions::new(SessionKeys::parse(keys).unwrap(), AdminGroup::default())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn claims() -> Map<String, Value> {
        let claims = json!({
            "sub": "usr-1",
            "email": "ann@vendor.example",
            "scope": "portal/write",
            "cognito:groups": ["sales", "administrators"],
        });
        claims.as_object().unwrap().clone()
    }

    /// The cookie as the browser sends it back.
    fn sent(cookie: &str) -> String {
        cookie.split(';').next().unwrap().to_owned()
    }

    const OLD: &str = "an-old-key-of-enough-characters-for-a-session-key";
    const YOUNG: &str = "a-young-key-of-enough-characters-for-a-session-key";

    #[test]
    fn a_session_names_the_person_and_lasts_eight_hours() {
        let sessions = sessions(OLD);
        let cookie = sent(&sessions.begin(&claims(), at(0)));

        let session = sessions
            .of(&request(&[&cookie]), at(8 * 3_600 - 1))
            .unwrap();

        let token = session.token().unwrap();
        assert_eq!(token.user, "ann@vendor.example");
        assert!(token.is_member_of("administrators"));
        assert!(!token.is_portal);
        assert_eq!(sessions.of(&request(&[&cookie]), at(8 * 3_600)), None);
    }

    #[test]
    fn the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts() {
        let cookie = sessions(OLD).begin(&claims(), at(0));

        assert!(cookie.starts_with("__Host-dealbridge="), "{cookie}");
        for attribute in [
            "HttpOnly",
            "Secure",
            "SameSite=Lax",
            "Path=/",
            "Max-Age=28800",
        ] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"));
        assert!(!cookie.contains("ann"));
    }

    #[test]
    fn a_session_outlives_the_change_of_its_key_while_the_old_one_is_kept() {
        let cookie = sent(&sessions(OLD).begin(&claims(), at(0)));

        let both = sessions(&format!("{YOUNG} {OLD}"));
        assert!(both.of(&request(&[&cookie]), at(1)).is_some());
        let young = sent(&both.begin(&claims(), at(0)));
        assert_eq!(sessions(OLD).of(&request(&[&young]), at(1)), None);
        assert_eq!(sessions(YOUNG).of(&request(&[&cookie]), at(1)), None);
    }

    #[test]
    fn what_is_no_session_of_ours_is_none() {
        let sessions = sessions(OLD);
        let cookie = sent(&sessions.begin(&claims(), at(0)));
        let attempt = SignInAttempt {
            state: "s".into(),
            nonce: "n".into(),
            verifier: "v".into(),
            to: None,
            expires: at(900),
        };
        let other = sent(&sessions.attempt(&attempt)).replace("-sign-in=", "=");

        let (name, value) = cookie.split_once('=').unwrap();
        let tampered = format!("{name}=A{}", &value[1..]);
        for cookie in [
            &tampered,
            &other,
            "__Host-dealbridge=",
            "__Host-dealbridge=e30",
        ] {
            assert_eq!(sessions.of(&request(&[cookie]), at(1)), None, "{cookie}");
        }
        assert_eq!(sessions.of(&request(&[]), at(1)), None);
    }

    #[test]
    fn a_sign_in_is_remembered_for_a_quarter_of_an_hour() {
        let sessions = sessions(OLD);
        let attempt = SignInAttempt {
            state: "s".into(),
            nonce: "n".into(),
            verifier: "v".into(),
            to: Some("/console/log".into()),
            expires: Sessions::attempt_expires(at(0)),
        };
        let cookie = sent(&sessions.attempt(&attempt));

        let request = request(&[&cookie]);
        assert_eq!(sessions.attempted(&request, at(899)), Some(attempt));
        assert_eq!(sessions.attempted(&request, at(900)), None);
    }
}
