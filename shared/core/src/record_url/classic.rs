//! Salesforce Classic, Visualforce, Experience Cloud and the REST API: pages outside Lightning Experience.

use crate::record_url::{
    location::Location,
    page::Page,
    prefix,
    token::{is_id_shaped, looks_like_an_id, starts_like_a_linkable},
};

/// Reads the page at a location outside Lightning Experience.
pub(super) fn page(location: &Location) -> Page {
    page_at(&location.segments(), location)
}

/// Reads the page at a path within another.
pub(super) fn page_at(segments: &[&str], location: &Location) -> Page {
    let Some((first, rest)) = segments.split_first() else {
        return login(location).or_else(|| parameter(location));
    };
    if is_id_shaped(first) || looks_like_an_id(first) || is_damaged_linkable(first) {
        return Page::id(first);
    }
    if is_key_prefix(first) {
        return match rest {
            [action, ..] if action.eq_ignore_ascii_case("e") => Page::New,
            _ => Page::List,
        };
    }
    match first.to_ascii_lowercase().as_str() {
        "s" => site(rest, location),
        "services" => rest_api(rest),
        "apex" => visualforce(location),
        "setup" if rest.iter().any(|s| s.starts_with("recordtypeselect")) => Page::New,
        "setup" => Page::Nothing,
        "login" | "secur" | "visualforce" | "index.jsp" => login(location),
        _ => match rest.split_first() {
            Some((second, rest)) if second.eq_ignore_ascii_case("s") => site(rest, location),
            Some((second, _)) if second.eq_ignore_ascii_case("apex") => visualforce(location),
            _ => parameter(location).or_else(|| only_linkable(segments)),
        },
    }
}

/// Returns `true` for `006..` with the wrong number of characters, where a record page has its id.
fn is_damaged_linkable(segment: &str) -> bool {
    starts_like_a_linkable(segment) && segment.len() > 3
}

/// Returns `true` for three characters with a digit among them: the tab of an object.
fn is_key_prefix(segment: &str) -> bool {
    segment.len() == 3
        && segment.bytes().all(|b| b.is_ascii_alphanumeric())
        && segment.bytes().any(|b| b.is_ascii_digit())
}

/// Reads a login page that leads on to the record.
fn login(location: &Location) -> Page {
    ["startURL", "url"]
        .iter()
        .find_map(|name| location.parameter(name))
        .map_or(Page::Nothing, |target| Page::Elsewhere(target.to_owned()))
}

fn parameter(location: &Location) -> Page {
    location
        .record_parameter()
        .map_or(Page::Nothing, |id| Page::id(&id))
}

/// Reads a Visualforce page: its record is in `id`, whatever is written there.
fn visualforce(location: &Location) -> Page {
    parameter(location).or_else(|| match location.parameter("id") {
        Some(id) => Page::id(id.trim()),
        None => Page::Nothing,
    })
}

/// Returns the only segment that is the id of a Lead or Opportunity.
fn only_linkable(segments: &[&str]) -> Page {
    let mut ids = segments
        .iter()
        .filter(|segment| is_id_shaped(segment) && starts_like_a_linkable(segment));
    match (ids.next(), ids.next()) {
        (Some(id), None) => Page::id(id),
        _ => Page::Nothing,
    }
}

/// Reads an Experience Cloud page, after `/s/`.
fn site(segments: &[&str], location: &Location) -> Page {
    let Some((first, rest)) = segments.split_first() else {
        return login(location).or_else(|| parameter(location));
    };
    let object = prefix::knows(first);
    match (first.to_ascii_lowercase().as_str(), rest) {
        ("login", _) => login(location),
        ("createrecord", _) => Page::New,
        ("recordlist", _) => Page::List,
        (_, [second, ..]) if second.eq_ignore_ascii_case(first) => Page::List,
        (_, [second, ..]) if matches!(*second, "new" | "create") => Page::New,
        (_, [second, ..]) if object && matches!(*second, "home" | "list") => Page::List,
        ("detail" | "record" | "relatedlist" | "sobject", [id, ..]) => Page::id(id),
        (_, [id, ..]) if object => Page::Record {
            object: Some((*first).to_owned()),
            id: (*id).to_owned(),
        },
        (_, [id, ..]) if is_id_shaped(id) => Page::id(id),
        _ if is_id_shaped(first) => Page::id(first),
        _ => parameter(location).or_else(|| only_linkable(segments)),
    }
}

/// Reads a REST API resource, after `/services/`.
fn rest_api(segments: &[&str]) -> Page {
    let after = |words: &[&str]| {
        let at = segments
            .iter()
            .position(|segment| words.iter().any(|word| segment.eq_ignore_ascii_case(word)))?;
        segments.get(at + 1..)
    };
    if let Some([object, id, ..]) = after(&["sobjects"]) {
        if is_id_shaped(id) || looks_like_an_id(id) {
            return Page::Record {
                object: Some((*object).to_owned()),
                id: (*id).to_owned(),
            };
        }
        return Page::Nothing;
    }
    match after(&["records", "record-ui"]) {
        Some([id, ..]) => Page::id(id),
        _ => Page::Nothing,
    }
}
