//! URLs of Salesforce records: reading one that an administrator pastes, in any form or as an id, and writing one.
//!
//! The text is read, never fetched. The checks, in this order: the host, the kind of page, the id's shape, its
//! checksum, the object that the URL names against the id's, and the object's being one that can be linked.

mod classic;
mod error;
mod host;
mod lightning;
mod location;
mod org;
mod page;
mod prefix;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod wrapper;

use url::Url;

pub use error::{ErrorKind, RecordUrlError};
pub use org::{ConnectedOrg, InvalidInstanceUrl, url_of};

use crate::{
    SalesforceObject,
    id::{InvalidId, SalesforceId},
    record_url::{host::Host, location::Location, page::Page, text::Address},
};

/// No browser shows a record under a longer URL; pasted mails and documents are longer.
const MAX_CHARACTERS: usize = 2048;

/// The most times that one address may lead to another: wrapped by a mail filter, then a login page, then a hash.
const MAX_REDIRECTS: u8 = 5;

/// The record that a pasted text names. Only the org can tell if it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordUrl {
    /// Its object.
    pub object: SalesforceObject,
    /// Its id.
    pub id: SalesforceId,
}

/// Reads the record from a pasted text.
///
/// # Errors
/// Returns a [`RecordUrlError`] that repeats nothing of the text that could be a session.
pub fn parse(text: &str, org: &ConnectedOrg) -> Result<RecordUrl, RecordUrlError> {
    let tidy = text::tidy(text);
    let result = read(&tidy, org);
    let refused_for_host = matches!(result, Err(ErrorKind::WrongOrg | ErrorKind::NotSalesforce));
    if !refused_for_host && token::holds_session(&tidy) {
        return Err(ErrorKind::SessionUrl.into());
    }
    Ok(result?)
}

fn read(text: &str, org: &ConnectedOrg) -> Result<RecordUrl, ErrorKind> {
    if text.is_empty() {
        return Err(ErrorKind::Empty);
    }
    if text.chars().count() > MAX_CHARACTERS {
        return Err(ErrorKind::TooLong);
    }
    let result = read_line(text, org);
    if matches!(result, Err(ErrorKind::NoRecord | ErrorKind::BadId)) {
        let joined = joined(text);
        if joined != text {
            return read_line(&joined, org).or(result);
        }
    }
    result
}

/// Returns the text without the line breaks that a mail program put into a URL, and without the blanks that they
/// became.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']) {
        let mut words = line.split_whitespace();
        joined.extend(words.next());
        for word in words {
            if !joined.ends_with('/') {
                joined.push(' ');
            }
            joined.push_str(word);
        }
    }
    joined
}

fn read_line(text: &str, org: &ConnectedOrg) -> Result<RecordUrl, ErrorKind> {
    let addresses = text::addresses(text, |authority| is_instance(authority, org));
    let Some((first, others)) = addresses.split_first() else {
        if text::begins_with_other_scheme(text) {
            return Err(ErrorKind::NotAUrl);
        }
        return without_address(text);
    };
    let result = read_address(first, org);
    if others.is_empty() {
        return match result {
            Ok(record) if names_another(text, record) => Err(ErrorKind::Multiple),
            result => result,
        };
    }
    // The same record twice, as a link and its text, is one record.
    let mut same = true;
    for other in others {
        let other = read_address(other, org);
        if other == Err(ErrorKind::SessionUrl) {
            return other;
        }
        same &= result.is_ok() && other == result;
    }
    if same || result == Err(ErrorKind::SessionUrl) {
        return result;
    }
    Err(ErrorKind::Multiple)
}

/// Returns `true` if a whole id of another Lead or Opportunity stands beside the URL.
fn names_another(text: &str, record: RecordUrl) -> bool {
    text.split_whitespace()
        .map(text::bare)
        .filter(|word| word.len() == 18 && token::starts_like_a_linkable(word))
        .filter_map(|word| SalesforceId::parse(word).ok())
        .any(|id| id != record.id)
}

fn is_instance(authority: &str, org: &ConnectedOrg) -> bool {
    Url::parse(&format!("http://{authority}")).is_ok_and(|url| org.is_instance(&url))
}

/// Reads an id, alone or in a sentence. In a sentence only the checksum shows that it is whole.
fn without_address(text: &str) -> Result<RecordUrl, ErrorKind> {
    let word = text::bare(text);
    if word.is_empty() {
        return Err(ErrorKind::NotAUrl);
    }
    if token::is_id_shaped(word)
        || (token::starts_like_a_linkable(word) && word.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        return judge(None, word);
    }
    let mut linkable: Vec<&str> = text::words(text)
        .filter(|word| token::is_id_shaped(word) && token::starts_like_a_linkable(word))
        .collect();
    linkable.dedup();
    match linkable.as_slice() {
        [id] if id.len() == 18 => judge(None, id),
        [_, _, ..] => Err(ErrorKind::Multiple),
        _ if text::words(text).any(lightning::is_an_attempt) => Err(ErrorKind::BadId),
        _ => Err(ErrorKind::NotAUrl),
    }
}

fn read_address(address: &Address, org: &ConnectedOrg) -> Result<RecordUrl, ErrorKind> {
    match address {
        Address::Web(url) => read_web(url, org, MAX_REDIRECTS),
        Address::Mobile(path) => show(
            &lightning::app_route(&Location::parse(path)),
            org,
            MAX_REDIRECTS,
        ),
        Address::Path(path) => {
            let location = Location::parse(path);
            match lightning::page(&location) {
                Page::Nothing if !path.starts_with(['/', '#']) => Err(ErrorKind::NotAUrl),
                page => show(&page, org, MAX_REDIRECTS),
            }
        }
    }
}

fn read_web(text: &str, org: &ConnectedOrg, depth: u8) -> Result<RecordUrl, ErrorKind> {
    // Browsers read `host\@other` as a path on host, other software as a login at other: nobody pastes that.
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('\\') && authority.contains('@') {
        return Err(ErrorKind::NotSalesforce);
    }
    let url = Url::parse(text).map_err(|_| ErrorKind::NotAUrl)?;
    let (Some(host), "http" | "https") = (url.host_str(), url.scheme()) else {
        return Err(ErrorKind::NotAUrl);
    };
    let location = Location::parse(url[url::Position::BeforePath..].trim());
    match host::classify(host) {
        _ if org.is_instance(&url) => {}
        Host::Org(host) if org.owns(&host) => {}
        Host::Instance => {}
        Host::Org(_) => return Err(ErrorKind::WrongOrg),
        Host::NoOrg => {
            return Err(match lightning::page(&location) {
                Page::Session => ErrorKind::SessionUrl,
                _ => ErrorKind::NoRecord,
            });
        }
        Host::Foreign => {
            return match wrapper::unwrapped(&url) {
                Some(inner) if depth > 0 => read_web(&inner, org, depth - 1),
                _ => Err(ErrorKind::NotSalesforce),
            };
        }
    }
    show(&lightning::page(&location), org, depth)
}

fn show(page: &Page, org: &ConnectedOrg, depth: u8) -> Result<RecordUrl, ErrorKind> {
    match page {
        Page::Record { object, id } => judge(object.as_deref(), id),
        Page::List => Err(ErrorKind::ListView),
        Page::New => Err(ErrorKind::NewRecord),
        Page::Session => Err(ErrorKind::SessionUrl),
        Page::Nothing => Err(ErrorKind::NoRecord),
        Page::Elsewhere(_) if depth == 0 => Err(ErrorKind::NoRecord),
        Page::Elsewhere(target) => {
            let target = target.trim();
            if target.contains("://") && !target.starts_with('/') {
                read_web(target, org, depth - 1)
            } else {
                show(&lightning::page(&Location::parse(target)), org, depth - 1)
            }
        }
    }
}

/// Checks the id's shape and its checksum, that it is of the named object, and that the object can be linked.
fn judge(object: Option<&str>, id: &str) -> Result<RecordUrl, ErrorKind> {
    let id = SalesforceId::parse(id).map_err(|error| match error {
        InvalidId::Shape { .. } => ErrorKind::BadId,
        InvalidId::Checksum { .. } => ErrorKind::BadChecksum,
    })?;
    let own = prefix::objects(id.key_prefix());
    let object = object.filter(|name| !name.eq_ignore_ascii_case("sObject"));
    if let Some(name) = object {
        let agrees = if own.is_empty() {
            !prefix::knows(name)
        } else {
            own.iter().any(|own| own.eq_ignore_ascii_case(name))
        };
        if !agrees {
            return Err(ErrorKind::ObjectPrefixMismatch);
        }
    }
    match SalesforceObject::of(&id) {
        Some(object) => Ok(RecordUrl { object, id }),
        None => Err(ErrorKind::WrongObject(
            object
                .filter(|name| own.is_empty() && is_api_name(name))
                .unwrap_or_else(|| prefix::name(id.key_prefix()))
                .to_owned(),
        )),
    }
}

fn is_api_name(name: &str) -> bool {
    name.len() <= 80
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
