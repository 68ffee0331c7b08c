//! The provider's endpoints, by OpenID Connect Discovery.

use oauth2::{AuthUrl, TokenUrl};
use serde::Deserialize;
use url::{Host, Url};

use crate::error::LocalError;

/// Where the provider signs people in, and where it exchanges codes for tokens.
pub(super) struct Provider {
    pub(super) authorization: AuthUrl,
    pub(super) token: TokenUrl,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

impl Provider {
    /// Asks an issuer for its endpoints.
    pub(super) async fn discover(http: &reqwest::Client, issuer: &str) -> Result<Self, LocalError> {
        let issuer = issuer.trim_end_matches('/');
        checked("the issuer", issuer)?;
        let url = format!("{issuer}/.well-known/openid-configuration");
        let failed = |why: &dyn std::fmt::Display| {
            LocalError::new(format!(
                "{url} does not say where to sign in ({why}): give the issuer of the tokens as --issuer, for a deployment its output Issuer"
            ))
        };
        let answer = http.get(&url).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let body = answer.map_err(|error| failed(&error.without_url()))?;
        let body = body.bytes().await.map_err(|error| failed(&error))?;
        let document: Document = serde_json::from_slice(&body).map_err(|error| failed(&error))?;
        if document.issuer.trim_end_matches('/') != issuer {
            return Err(failed(&format!("it is of {:?}", document.issuer)));
        }
        checked(
            "the authorization endpoint",
            &document.authorization_endpoint,
        )?;
        checked("the token endpoint", &document.token_endpoint)?;
        Ok(Self {
            authorization: AuthUrl::new(document.authorization_endpoint)
                .map_err(|error| failed(&error))?,
            token: TokenUrl::new(document.token_endpoint).map_err(|error| failed(&error))?,
        })
    }
}

/// Refuses an address that codes and tokens would go to in the clear.
fn checked(what: &str, address: &str) -> Result<(), LocalError> {
    let url = Url::parse(address)
        .map_err(|error| LocalError::new(format!("{what} {address:?} is no address: {error}")))?;
    let is_here = match url.host() {
        Some(Host::Ipv4(host)) => host.is_loopback(),
        Some(Host::Ipv6(host)) => host.is_loopback(),
        Some(Host::Domain(host)) => host == "localhost",
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && is_here) {
        Ok(())
    } else {
        Err(LocalError::new(format!(
            "{what} {address} is not an https address"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_clear_is_of_this_machine_alone() {
        for address in [
            "https://issuer.example/pool",
            "http://127.0.0.1:9000",
            "http://[::1]:9000/x",
            "http://localhost:9000",
        ] {
            assert_eq!(checked("it", address), Ok(()), "{address}");
        }
        for address in [
            "http://issuer.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "issuer.example",
            "",
        ] {
            assert!(checked("it", address).is_err(), "{address}");
        }
    }
}
