//! Requests for authorization (RFC 6749, 4.1.1, with RFC 7636 and OpenID Connect Core, 3.1.2.1).

use std::collections::BTreeMap;

use url::{Host, Url};

/// A request that a client may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthorizationRequest {
    pub(super) client: String,
    pub(super) redirect: Url,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
}

impl AuthorizationRequest {
    /// Reads a query string; the error says what is wrong with it.
    pub(super) fn read(query: &str, clients: &[&str]) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            if parameters.insert(name.clone(), value).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_empty());
        let client = take("client_id").ok_or("client_id is missing")?;
        if !clients.contains(&client.as_str()) {
            let known = clients.join(", ");
            return Err(format!(
                "there is no client {client:?}: the clients are {known}"
            ));
        }
        let redirect = take("redirect_uri").ok_or("redirect_uri is missing")?;
        if !is_of_this_machine(&redirect) {
            return Err("redirect_uri is no address of this machine".to_owned());
        }
        let redirect = Url::parse(&redirect).map_err(|error| format!("redirect_uri: {error}"))?;
        if take("response_type").as_deref() != Some("code") {
            return Err("response_type is not code".to_owned());
        }
        if take("code_challenge_method").as_deref() != Some("S256") {
            return Err("code_challenge_method is not S256".to_owned());
        }
        Ok(Self {
            client,
            redirect,
            challenge: take("code_challenge").ok_or("code_challenge is missing")?,
            state: take("state"),
            nonce: take("nonce"),
        })
    }

    /// The address by which the browser goes back with a code.
    pub(super) fn back(&self, code: &str) -> String {
        let mut url = self.redirect.clone();
        url.query_pairs_mut().append_pair("code", code);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        url.into()
    }
}

/// Returns whether an address is one of this machine's, at which codes may arrive.
pub(super) fn is_of_this_machine(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.host() {
        Some(Host::Ipv4(host)) => host.is_loopback(),
        Some(Host::Ipv6(host)) => host.is_loopback(),
        Some(Host::Domain(host)) => host == "localhost",
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "client_id=c&redirect_uri=http://127.0.0.1:1/x&response_type=code&code_challenge=h&code_challenge_method=S256&state=s&nonce=n";

    #[test]
    fn a_request_is_read_and_answered_with_its_state() {
        let asked = AuthorizationRequest::read(GOOD, &["c"]).unwrap();

        assert_eq!(
            (asked.challenge.as_str(), asked.nonce.as_deref()),
            ("h", Some("n"))
        );
        assert_eq!(asked.back("k"), "http://127.0.0.1:1/x?code=k&state=s");
    }

    #[test]
    fn codes_go_to_this_machine_and_to_known_clients_alone() {
        for (from, to) in [
            ("client_id=c", "client_id=d"),
            ("127.0.0.1", "evil.example"),
            ("127.0.0.1", "127.0.0.1.evil.example"),
            ("response_type=code", "response_type=token"),
            ("S256", "plain"),
            ("&code_challenge=h", ""),
            ("state=s", "client_id=c"),
        ] {
            let query = GOOD.replacen(from, to, 1);
            assert!(
                AuthorizationRequest::read(&query, &["c"]).is_err(),
                "{query}"
            );
        }
    }
}
