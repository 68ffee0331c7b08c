//! Addresses that carry another one: the redirects of mail filters, search engines and chats.

use url::Url;

use crate::record_url::text::decoded;

/// Hosts, or their endings, with the parameter that holds the address.
const REDIRECTS: &[(&str, &str)] = &[
    ("safelinks.protection.outlook.com", "url"),
    ("statics.teams.cdn.office.net", "url"),
    ("slack-redir.net", "url"),
    ("linkprotect.cudasvc.com", "a"),
    ("l.facebook.com", "u"),
    ("www.linkedin.com", "url"),
    ("www.google.com", "q"),
    ("www.google.com", "url"),
    ("google.com", "q"),
    ("google.com", "url"),
];

/// Returns the address within the address, without calling any host.
pub(super) fn unwrapped(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    if matches!(host, "urldefense.com" | "urldefense.proofpoint.com") {
        return proofpoint(url);
    }
    let found = REDIRECTS.iter().find_map(|(redirect, parameter)| {
        let is_it = host
            .strip_suffix(redirect)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'));
        let (_, value) = url
            .query_pairs()
            .find(|(key, _)| is_it && key == *parameter)?;
        Some(value.into_owned())
    });
    found.filter(|inner| inner.contains("://"))
}

/// Reads `/v3/__<address>__;..`, and `/v2/url?u=` with `-` for `%` and `_` for `/`.
fn proofpoint(url: &Url) -> Option<String> {
    if let Some((_, rest)) = url.as_str().split_once("/v3/__") {
        let (inner, _) = rest.split_once("__;").or_else(|| rest.rsplit_once("__"))?;
        return Some(inner.to_owned());
    }
    let (_, inner) = url.query_pairs().find(|(key, _)| key == "u")?;
    let inner = inner.replace('-', "%").replace('_', "/");
    Some(decoded(&inner).into_owned())
}
