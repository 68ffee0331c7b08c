//! A location on a host: path, query and fragment, decoded.

use url::form_urlencoded;

use crate::record_url::{
    text::{bare, decoded},
    token::{is_id_shaped, starts_like_a_linkable},
};

/// Parameters that hold the record of a page, without a package's prefix.
const RECORD_PARAMETERS: &[&str] = &[
    "id",
    "recordid",
    "record_id",
    "sobjectid",
    "entityid",
    "opportunityid",
    "opportunity_id",
    "oppid",
    "opp_id",
    "leadid",
    "lead_id",
    "eid",
];

/// Parameters that hold a target to go on to, not the record that is shown.
const OTHER_PLACES: &[&str] = &[
    "returl",
    "saveurl",
    "save_new_url",
    "cancelurl",
    "starturl",
    "backgroundcontext",
    "ws",
];

/// Path, query and fragment of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    path: String,
    query: Vec<(String, String)>,
    fragment: String,
}

impl Location {
    /// Reads the part of a URL after the host.
    pub(super) fn parse(text: &str) -> Self {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = decoded(path).replace('\\', "/");
        // An encoded path may hold a query and a fragment of its own.
        let (path, inner_fragment) = path.split_once('#').unwrap_or((&path, ""));
        let (path, inner_query) = path.split_once('?').unwrap_or((path, ""));
        let query = form_urlencoded::parse(query.as_bytes())
            .chain(form_urlencoded::parse(inner_query.as_bytes()))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let fragment = if fragment.is_empty() {
            inner_fragment
        } else {
            fragment
        };
        Self {
            path: path.to_owned(),
            query,
            fragment: decoded(fragment).into_owned(),
        }
    }

    /// Returns the path's segments that are not blank, without surrounding blanks and punctuation.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path
            .split('/')
            .map(|segment| match bare(segment) {
                // `_ui` and `_classic` keep their underscore.
                _ if segment.starts_with('_') => segment.trim(),
                bare => bare,
            })
            .filter(|segment| !segment.is_empty())
            .collect()
    }

    /// Returns the query's parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the first value of a parameter that has one, whatever the case of its name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.trim().is_empty())
            .map(|(_, value)| value)
    }

    /// Returns the classic page that a page of Lightning Experience frames. Its own parameters stand beside it once all
    /// is decoded.
    pub(super) fn address(&self) -> Option<String> {
        let mut parameters = self
            .parameters()
            .skip_while(|(key, _)| !key.eq_ignore_ascii_case("address"));
        let (_, address) = parameters.next()?;
        let mut address = address.trim().to_owned();
        if address.contains('?') {
            for (key, value) in parameters {
                address.extend(["&", key, "=", value]);
            }
        }
        (!address.is_empty()).then_some(address)
    }

    /// Returns the part after the hash.
    pub(super) fn fragment(&self) -> &str {
        self.fragment.trim()
    }

    /// Returns the id in the parameters: in the one that says so, or else the only one of a Lead or Opportunity.
    pub(super) fn record_parameter(&self) -> Option<String> {
        let named = RECORD_PARAMETERS.iter().find_map(|name| {
            self.parameters().find_map(|(key, value)| {
                let key = key.rsplit("__").next().unwrap_or(key);
                let value = bare(value);
                (key.eq_ignore_ascii_case(name) && is_id_shaped(value)).then_some(value)
            })
        });
        if let Some(id) = named {
            return Some(id.to_owned());
        }
        let mut only = None;
        for (key, value) in self.parameters() {
            let value = bare(value);
            let elsewhere = OTHER_PLACES
                .iter()
                .any(|name| key.eq_ignore_ascii_case(name));
            if elsewhere || !is_id_shaped(value) || !starts_like_a_linkable(value) {
                continue;
            }
            if only.is_some_and(|only| only != value) {
                return None;
            }
            only = Some(value);
        }
        only.map(str::to_owned)
    }

    /// Returns `true` if the location carries a login: the front door, or a token in query or fragment.
    pub(super) fn carries_session(&self) -> bool {
        const TOKENS: &[&str] = &["access_token", "refresh_token", "sessionid", "session_id"];
        self.segments()
            .iter()
            .any(|segment| segment.eq_ignore_ascii_case("frontdoor.jsp"))
            || self.parameters().any(|(key, value)| {
                (key.eq_ignore_ascii_case("sid")
                    && (value.starts_with("00D") || value.contains('!')))
                    || (TOKENS.iter().any(|token| key.eq_ignore_ascii_case(token))
                        && !value.is_empty())
            })
            || self.fragment().contains("access_token=")
            || self.fragment().contains("frontdoor.jsp")
    }
}
