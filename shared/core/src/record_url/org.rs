//! The connected org, as far as URLs show it.

use url::{Host as UrlHost, Url};

use crate::{
    SalesforceId, SalesforceObject,
    record_url::host::{self, Cloud, Host, OrgHost, Partition},
};

/// The connected org: which pasted hosts are its own, and where its records are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedOrg {
    /// The My Domain name in lower case; none while it is not known.
    name: Option<String>,
    layout: Layout,
    /// Scheme, host and port of an instance that is not on one of Salesforce's own hosts, or has no My Domain.
    instance: Option<Url>,
    /// The org is only known by an instance that it shares with others: its name cannot be checked.
    shared_instance: bool,
}

/// The layout of the org's hosts, beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Read from the instance URL.
    Known(Cloud, Option<Partition>),
    /// Only the name is known.
    Unknown,
}

/// A text that is not an instance URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an instance URL: it needs http or https and a host, and must not contain a login"
)]
pub struct InvalidInstanceUrl {
    /// The text, without a user's name and password.
    text: String,
}

impl ConnectedOrg {
    /// Creates the org at an instance URL, e.g. `https://acme--uat.sandbox.my.salesforce.com`.
    ///
    /// # Errors
    /// Returns [`InvalidInstanceUrl`] if the text is not an http or https URL.
    pub fn from_instance_url(instance_url: &str) -> Result<Self, InvalidInstanceUrl> {
        Self::new(instance_url, None)
    }

    /// Creates the org at an instance URL whose host may say nothing, like that of a simulated org on this machine:
    /// then the My Domain name says which Salesforce hosts are the org's, beside the instance's own host and port.
    ///
    /// # Errors
    /// Returns [`InvalidInstanceUrl`] if the text is not an http or https URL.
    pub fn new(instance_url: &str, my_domain: Option<&str>) -> Result<Self, InvalidInstanceUrl> {
        let refused = || InvalidInstanceUrl {
            text: instance_url
                .rsplit_once('@')
                .map_or(instance_url, |(_, host)| host)
                .chars()
                .take(80)
                .collect(),
        };
        let url = Url::parse(instance_url.trim()).map_err(|_| refused())?;
        let (Some(host), "http" | "https") = (url.host_str(), url.scheme()) else {
            return Err(refused());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused());
        }
        let named = my_domain
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(Self::my_domain);
        Ok(match host::classify(host) {
            Host::Org(org) => Self::of(&org),
            kind => {
                let mut org = named.unwrap_or(Self {
                    name: None,
                    layout: Layout::Unknown,
                    instance: None,
                    shared_instance: kind == Host::Instance,
                });
                if matches!(kind, Host::Foreign) || org.name.is_none() {
                    org.instance = Some(url);
                }
                org
            }
        })
    }

    /// Creates the org of a My Domain name, e.g. `acme` or `acme--uat`, or with its partition `acme--uat.sandbox`. A
    /// whole host is understood too.
    #[must_use]
    pub fn my_domain(name: &str) -> Self {
        let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
        if let Host::Org(org) = host::classify(&name) {
            return Self::of(&org);
        }
        let (name, layout) = match name.split_once('.') {
            Some((name, label)) if Partition::from_label(label).is_some() => (
                name.to_owned(),
                Layout::Known(Cloud::Commercial, Partition::from_label(label)),
            ),
            _ => (name, Layout::Unknown),
        };
        Self {
            name: Some(name),
            layout,
            instance: None,
            shared_instance: false,
        }
    }

    fn of(org: &OrgHost) -> Self {
        Self {
            name: Some(org.name.clone()),
            layout: Layout::Known(org.cloud, org.partition),
            instance: None,
            shared_instance: false,
        }
    }

    /// Returns `true` if the host is one of the org's, as far as name, cloud and partition can tell.
    pub(super) fn owns(&self, host: &OrgHost) -> bool {
        let Some(name) = &self.name else {
            return self.shared_instance;
        };
        if host.name != *name && host.alias.as_ref() != Some(name) {
            return false;
        }
        let (cloud_fits, partition) = match self.layout {
            Layout::Known(cloud, partition) => (cloud == host.cloud, partition),
            Layout::Unknown => (true, None),
        };
        // Hosts without a partition are from before partitions; Salesforce redirects them.
        cloud_fits
            && match (host.partition, partition) {
                (None, _) => true,
                (Some(pasted), Some(own)) => pasted == own,
                (Some(Partition::Sandbox), None) => name.contains("--"),
                (Some(_), None) => self.layout == Layout::Unknown || name.ends_with("-dev-ed"),
            }
    }

    /// Returns `true` if the URL is on the host and port of an instance that is not on one of Salesforce's hosts.
    pub(super) fn is_instance(&self, url: &Url) -> bool {
        self.instance.as_ref().is_some_and(|own| {
            own.port() == url.port()
                && (own.host() == url.host() || (is_loopback(own) && is_loopback(url)))
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns the URL of a record's Lightning page in the org.
#[must_use]
pub fn url_of(org: &ConnectedOrg, object: SalesforceObject, id: SalesforceId) -> String {
    let path = format!("/lightning/r/{object}/{id}/view");
    if let Some(instance) = &org.instance {
        return format!("{}{path}", instance.origin().ascii_serialization());
    }
    let name = org.name.as_deref().unwrap_or_default();
    let (cloud, partition) = match org.layout {
        Layout::Known(cloud, partition) => (cloud, partition),
        Layout::Unknown if name.contains("--") => (Cloud::Commercial, Some(Partition::Sandbox)),
        Layout::Unknown => (Cloud::Commercial, None),
    };
    let suffix = cloud.lightning_suffix();
    match partition {
        Some(partition) => format!("https://{name}.{}.{suffix}{path}", partition.label()),
        None => format!("https://{name}.{suffix}{path}"),
    }
}
