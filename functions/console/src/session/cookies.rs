//! Encrypted cookies.

use cookie::{Cookie, CookieJar, Key, SameSite};
use dealbridge_lambda::http::Request;
use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};

use super::keys::SessionKeys;

/// The cookie of a session. The prefix holds the browser to Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
pub(super) const SESSION: &str = "__Host-dealbridge";
/// The cookie of a sign-in.
pub(super) const SIGN_IN: &str = "__Host-dealbridge-sign-in";

/// Encrypts what the browser keeps (AES-256-GCM), so that it can neither be read nor changed there, nor be used under
/// another cookie's name.
#[derive(Clone)]
pub(super) struct Cookies {
    keys: Vec<Key>,
}

impl Cookies {
    pub(super) fn new(keys: SessionKeys) -> Self {
        Self { keys: keys.0 }
    }

    /// The `Set-Cookie` header of a value.
    pub(super) fn set<T: Serialize>(
        &self,
        name: &'static str,
        value: &T,
        life: SignedDuration,
    ) -> String {
        let mut jar = CookieJar::new();
        if let (Some(key), Ok(text)) = (self.keys.first(), serde_json::to_string(value)) {
            let mut cookie = of_this_host(name);
            cookie.set_value(text);
            cookie.set_max_age(cookie::time::Duration::seconds(life.as_secs()));
            jar.private_mut(key).add(cookie);
        }
        jar.get(name).map(ToString::to_string).unwrap_or_default()
    }

    /// The value in a request's cookie.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str, request: &Request) -> Option<T> {
        let cookies = request.cookies.iter();
        let sent = cookies.filter_map(|cookie| Cookie::parse(cookie.as_str()).ok());
        for cookie in sent.filter(|cookie| cookie.name() == name) {
            let mut jar = CookieJar::new();
            jar.add_original(cookie.into_owned());
            let read = self.keys.iter().find_map(|key| jar.private(key).get(name));
            let value = read.and_then(|cookie| serde_json::from_str(cookie.value()).ok());
            if value.is_some() {
                return value;
            }
        }
        None
    }
}

/// The `Set-Cookie` header that makes the browser forget a cookie.
pub(super) fn removed(name: &'static str) -> String {
    let mut cookie = of_this_host(name);
    cookie.make_removal();
    cookie.to_string()
}

fn of_this_host(name: &'static str) -> Cookie<'static> {
    Cookie::build((name, ""))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}
