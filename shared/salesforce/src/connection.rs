//! The connection to an org, and the hosts that belong to it.

use std::{fmt, str::FromStr};

use dealbridge_core::salesforce::{Locator, SalesforceError};
use url::{Host, Url};

/// The path of the REST API.
const DATA_PATH: &str = "/services/data/";

/// The hosts at which users of any org log in.
const SHARED_LOGIN_HOSTS: [&str; 2] = ["login.salesforce.com", "test.salesforce.com"];

/// The domains of Lightning pages, each with the domain of the same org's API.
const LIGHTNING_AND_MY_DOMAIN: [(&str, &str); 3] = [
    (".lightning.force.com", ".my.salesforce.com"),
    (".lightning.crmforce.mil", ".my.salesforce.mil"),
    (".lightning.sfcrmapps.cn", ".my.sfcrmproducts.cn"),
];

/// A version of the REST API, such as `v66.0`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(u16);

impl ApiVersion {
    /// The oldest version that Salesforce supports.
    pub const OLDEST: Self = Self(41);
    /// The newest version known.
    pub const NEWEST: Self = Self(68);
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self(66)
    }
}

impl FromStr for ApiVersion {
    type Err = SalesforceError;

    /// Parses `v66.0`, `66.0` or `66`.
    fn from_str(text: &str) -> Result<Self, SalesforceError> {
        let digits = text.trim();
        let digits = digits.strip_prefix(['v', 'V']).unwrap_or(digits);
        let digits = digits.strip_suffix(".0").unwrap_or(digits);
        digits
            .parse()
            .map(Self)
            .ok()
            .filter(|version| (Self::OLDEST..=Self::NEWEST).contains(version))
            .ok_or_else(|| {
                not_configured(format!(
                    "{:?} is not a supported API version: use {} to {}",
                    short(text),
                    Self::OLDEST,
                    Self::NEWEST
                ))
            })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.0", self.0)
    }
}

impl fmt::Debug for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The login URL and the API version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    login: Origin,
    version: ApiVersion,
}

impl Connection {
    /// Parses the org's URL: its My Domain, or `https://login.salesforce.com` and `https://test.salesforce.com`.
    ///
    /// A Lightning URL is replaced by its My Domain, and a path is ignored. Plain http is accepted for loopback
    /// addresses only.
    ///
    /// # Errors
    /// Returns [`SalesforceError::NotConfigured`] if the URL cannot be used.
    pub fn parse(url: &str) -> Result<Self, SalesforceError> {
        Ok(Self {
            login: Origin::parse(url.trim())
                .map_err(|reason| not_configured(format!("the org's address {reason}")))?
                .without_lightning(),
            version: ApiVersion::default(),
        })
    }

    /// The same org with another API version.
    #[must_use]
    pub fn with_api_version(self, version: ApiVersion) -> Self {
        Self { version, ..self }
    }

    /// Returns the API version.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        self.version
    }

    /// Returns the login URL, such as `https://acme.my.salesforce.com`.
    #[must_use]
    pub fn login_url(&self) -> String {
        self.login.to_string()
    }

    /// Returns `true` if users of any org log in here, so that the URL does not name the org.
    pub(crate) fn is_shared_login(&self) -> bool {
        SHARED_LOGIN_HOSTS.contains(&self.login.host.as_str())
    }

    /// The audience that Salesforce expects in a JWT for this org.
    pub(crate) fn audience(&self) -> &'static str {
        let host = &self.login.host;
        if host == "test.salesforce.com" || host.contains("--") || host.contains(".sandbox.") {
            "https://test.salesforce.com"
        } else {
            "https://login.salesforce.com"
        }
    }

    /// Checks that the `instance_url` of a token response belongs to the org that was logged in to.
    pub(crate) fn instance(&self, url: &str) -> Result<Origin, SalesforceError> {
        let instance = Origin::parse(url)
            .map_err(|reason| refused(format!("the login's instance_url {reason}")))?;
        if instance == self.login || (self.is_shared_login() && instance.is_my_domain()) {
            return Ok(instance);
        }
        Err(refused(format!(
            "the login's instance_url leads to {instance}, which does not belong to {}",
            self.login
        )))
    }
}

/// A scheme, host and port that a token may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Parses a URL that a token may be sent to. The error gives the reason without the text, which may hold a session.
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|_| "is not a URL such as https://acme.my.salesforce.com".to_owned())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not carry a user name or password".to_owned());
        }
        let Some(host) = url.host() else {
            return Err("names no host".to_owned());
        };
        let is_loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let scheme = match url.scheme() {
            "https" => "https",
            "http" if is_loopback => "http",
            _ => return Err("must begin with https://".to_owned()),
        };
        Ok(Self {
            scheme,
            host: host.to_string(),
            port: url.port(),
        })
    }

    /// Replaces `acme.lightning.force.com`, which serves pages, by the API's host, `acme.my.salesforce.com`.
    fn without_lightning(mut self) -> Self {
        for (lightning, my_domain) in LIGHTNING_AND_MY_DOMAIN {
            if let Some(name) = self.host.strip_suffix(lightning) {
                self.host = format!("{name}{my_domain}");
                break;
            }
        }
        self
    }

    /// Returns `true` if the host can only be an org's own: a My Domain in any of its forms, or an instance such as
    /// `na139`.
    fn is_my_domain(&self) -> bool {
        if self.scheme != "https" || self.port.is_some() {
            return false;
        }
        let is_named = |(_, my_domain): (&str, &str)| {
            self.host
                .strip_suffix(my_domain)
                .is_some_and(|name| !name.is_empty())
        };
        if LIGHTNING_AND_MY_DOMAIN.into_iter().any(is_named) {
            return true;
        }
        self.host
            .strip_suffix(".salesforce.com")
            .is_some_and(|name| {
                let digits = name.trim_start_matches(|c: char| c.is_ascii_lowercase());
                (2..=4).contains(&(name.len() - digits.len()))
                    && !digits.is_empty()
                    && digits.bytes().all(|b| b.is_ascii_digit())
            })
    }

    /// Checks that a `nextRecordsUrl` is a path of the REST API, or a URL of this origin with such a path.
    pub(crate) fn locator(&self, url: &str) -> Result<Locator, SalesforceError> {
        let path = if url.starts_with('/') {
            url
        } else {
            let origin =
                Self::parse(url).map_err(|reason| refused(format!("a nextRecordsUrl {reason}")))?;
            if origin != *self {
                return Err(refused(format!(
                    "a nextRecordsUrl leads to {origin}, not to the connected org"
                )));
            }
            // The origin was parsed from the text, so the path begins at the first slash after it.
            url.find("://")
                .and_then(|at| url[at + 3..].find('/').map(|slash| &url[at + 3 + slash..]))
                .unwrap_or_default()
        };
        locator_path(path)?;
        Ok(Locator(path.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Checks that a locator is a plain path below `/services/data/`, wherever it was stored meanwhile.
pub(crate) fn locator_path(path: &str) -> Result<&str, SalesforceError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let climbs = || {
        path.split('/')
            .skip(1)
            .any(|part| matches!(part, "" | "." | ".."))
    };
    if path.len() > 500 || !path.starts_with(DATA_PATH) || !path.chars().all(plain) || climbs() {
        return Err(refused(
            "a nextRecordsUrl is not a path of the org's REST API".to_owned(),
        ));
    }
    Ok(path)
}

fn not_configured(detail: String) -> SalesforceError {
    SalesforceError::NotConfigured { detail }
}

fn refused(detail: String) -> SalesforceError {
    SalesforceError::Unavailable { detail }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
