//! Pages of Lightning Experience and the mobile app, and the route from any location to its page: by path, query and
//! fragment.

use serde_json::Value;

use crate::record_url::{
    classic,
    location::Location,
    page::Page,
    token::{self, is_id_shaped, looks_like_an_id},
};

/// Reads the page at a location.
pub(super) fn page(location: &Location) -> Page {
    if location.carries_session() {
        return Page::Session;
    }
    let segments = location.segments();
    let word = segments.first().map(|s| s.to_ascii_lowercase());
    let page = match word.as_deref() {
        Some("lightning") => lightning(&segments[1..], location),
        Some("one") => Page::Nothing,
        Some("sobject" | "aloharedirect" | "alohapage" | "entity") => app_route(location),
        _ => classic::page(location),
    };
    page.or_else(|| fragment(location))
}

/// Reads a Lightning Experience page: `/lightning/..`, after that word.
fn lightning(segments: &[&str], location: &Location) -> Page {
    let Some((word, rest)) = segments.split_first() else {
        return Page::Nothing;
    };
    match word.to_ascii_lowercase().as_str() {
        "r" | "sobject" => record_route(rest),
        "o" => match rest {
            [_, action, ..] if action.eq_ignore_ascii_case("new") => Page::New,
            [_, ..] => Page::List,
            [] => Page::Nothing,
        },
        // `/lightning/app/<app>/..` is the same page within an app.
        "app" => lightning(rest.get(1..).unwrap_or_default(), location),
        "_classic" => classic::page_at(rest, location),
        _ => location
            .record_parameter()
            .map_or(Page::Nothing, |id| Page::id(&id))
            .or_else(|| workspace(location)),
    }
}

/// Reads the record tab of the console in which a page without a record is open.
fn workspace(location: &Location) -> Page {
    location
        .parameter("ws")
        .map_or(Page::Nothing, |path| Page::Elsewhere(path.to_owned()))
}

/// Reads `<object>/<id>/view`, `<id>/view`, `<object>/new`, `<object>/list`.
fn record_route(segments: &[&str]) -> Page {
    match segments {
        [id, ..] if is_id_shaped(id) => Page::id(id),
        [object, action, ..] => match action.to_ascii_lowercase().as_str() {
            "new" => Page::New,
            "list" | "home" | "recent" => Page::List,
            "view" | "edit" | "clone" | "related" | "rlname" if has_digit(object) => {
                Page::id(object)
            }
            "view" | "edit" | "clone" | "related" | "rlname" => Page::Nothing,
            _ => Page::named(object, action),
        },
        [id] if has_digit(id) => Page::id(id),
        _ => Page::Nothing,
    }
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Reads a page of the mobile app, or a route behind the hash of `one.app`.
pub(super) fn app_route(location: &Location) -> Page {
    let segments = location.segments();
    let Some((word, rest)) = segments.split_first() else {
        return Page::Nothing;
    };
    match word.to_ascii_lowercase().as_str() {
        "sobject" => record_route(rest),
        "entity" => match rest {
            [action, ..] if action.eq_ignore_ascii_case("create") => Page::New,
            _ => Page::Nothing,
        },
        "aloharedirect" | "alohapage" if rest.is_empty() => {
            location.address().map_or(Page::Nothing, Page::Elsewhere)
        }
        "aloharedirect" | "alohapage" => classic::page_at(rest, location),
        _ => Page::Nothing,
    }
    .or_else(|| {
        location
            .record_parameter()
            .map_or(Page::Nothing, |id| Page::id(&id))
    })
}

/// Reads pages that keep the place in the fragment: `one.app`, the classic console, and those with nothing in the path
/// at all.
fn fragment(location: &Location) -> Page {
    let fragment = location.fragment();
    if fragment.is_empty() {
        return Page::Nothing;
    }
    if fragment.starts_with('/') || fragment.contains("://") {
        return Page::Elsewhere(fragment.to_owned());
    }
    token::decoded_json(fragment).map_or(Page::Nothing, |state| component(&state))
}

/// Reads the component of a base64 fragment: `{"componentDef":..,"attributes":{..},"state":{..}}`.
fn component(state: &Value) -> Page {
    const IDS: &[&str] = &["recordId", "entityId", "sobjectId", "c__recordId", "id"];
    const OBJECTS: &[&str] = &[
        "sObjectName",
        "sobjectName",
        "objectApiName",
        "objectName",
        "entityApiName",
        "entityName",
        "sobjectType",
    ];
    let attributes = &state["attributes"];
    let places = [attributes, &attributes["values"], &state["state"], state];
    let text = |keys: &[&str]| {
        places.iter().find_map(|place| {
            keys.iter()
                .find_map(|key| place[*key].as_str())
                .filter(|text| !text.is_empty())
        })
    };
    let object = text(OBJECTS);
    if let Some(id) = text(IDS) {
        return match object {
            Some(object) => Page::named(object, id),
            None => Page::id(id),
        };
    }
    if let Some(address) = text(&["address", "url", "ws"]) {
        return Page::Elsewhere(address.to_owned());
    }
    let definition = state["componentDef"]
        .as_str()
        .or_else(|| state["type"].as_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let action = text(&["actionName"]).unwrap_or_default();
    if action == "new" || definition.contains("create") {
        Page::New
    } else if matches!(action, "list" | "home")
        || definition.contains("objecthome")
        || definition.contains("list")
    {
        Page::List
    } else {
        Page::Nothing
    }
}

/// Returns `true` if a text that is not within a URL would be taken for an id.
pub(super) fn is_an_attempt(text: &str) -> bool {
    is_id_shaped(text) || looks_like_an_id(text)
}
