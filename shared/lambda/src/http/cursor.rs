//! Opaque cursors, which say where the next page starts.
//!
//! A cursor is valid only for the list that returned it, with the same filters: elsewhere it would name a meaningless
//! position and silently skip records.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{ProblemCode, Query, Refusal, Request};

/// Parameters in which the next page may differ.
const OF_A_PAGE: [&str; 2] = ["cursor", "limit"];

/// A list: its path and its filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    digest: String,
}

/// A cursor's text, decoded.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor<T> {
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "p")]
    place: T,
}

impl List {
    /// The list that a request asks for.
    #[must_use]
    pub fn of(request: &Request, query: &Query) -> Self {
        let mut digest = Sha256::new();
        let filters = query
            .pairs()
            .filter(|(name, _)| !OF_A_PAGE.contains(name))
            .flat_map(|(name, value)| [name, value]);
        for part in std::iter::once(&*request.path).chain(filters) {
            digest.update(part);
            digest.update([0]);
        }
        Self {
            digest: digest.finalize()[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// Encodes a position as a cursor.
    ///
    /// # Errors
    /// Returns an error if the position cannot be serialized, which no position here causes.
    pub fn encode<T: Serialize>(&self, place: &T) -> Result<String, Refusal> {
        let cursor = Cursor {
            list: self.digest.clone(),
            place,
        };
        let json = serde_json::to_vec(&cursor).map_err(|error| Refusal::internal(&error))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// Decodes the position of a cursor.
    ///
    /// # Errors
    /// Returns `CURSOR_INVALID` unless this list, with these filters, has returned the cursor.
    pub fn decode<T: DeserializeOwned>(&self, cursor: &str) -> Result<T, Refusal> {
        URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|json| serde_json::from_slice::<Cursor<T>>(&json).ok())
            .filter(|cursor| cursor.list == self.digest)
            .map(|cursor| cursor.place)
            .ok_or_else(invalid)
    }
}

/// 400: the cursor is not one of this list's.
#[must_use]
pub fn invalid() -> Refusal {
    let detail = "The cursor is damaged, or belongs to another list or to other filters. Leave it out to start from the first page.";
    Refusal::new(ProblemCode::CursorInvalid, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(path: &str, query: &str) -> List {
        let event = json!({
            "routeKey": format!("GET {path}"), "rawPath": path, "rawQueryString": query,
            "requestContext": { "http": { "method": "GET" } },
        });
        let request = Request::from_event(event).unwrap();
        let query = request
            .query(&["status", "code", "cursor", "limit"])
            .unwrap();
        List::of(&request, &query)
    }

    #[test]
    fn a_cursor_leads_back_to_its_place_and_a_damaged_one_is_refused() {
        let place = (7_u32, "01J".to_owned());
        let list = list("/deals", "");
        let cursor = list.encode(&place).unwrap();

        assert_eq!(list.decode::<(u32, String)>(&cursor).unwrap(), place);
        for damaged in [&cursor[1..], "%%%", "bnVsbA", "", "WzcsIjAxSiJd"] {
            let refusal = list.decode::<(u32, String)>(damaged).unwrap_err();
            assert_eq!((refusal.status(), refusal.code()), (400, "CURSOR_INVALID"));
        }
    }

    #[test]
    fn a_cursor_of_another_list_or_of_other_filters_is_refused() {
        let cursor = list("/deals", "status=synced&limit=2")
            .encode(&"DEAL#1")
            .unwrap();

        for (path, query) in [
            ("/deals", "status=synced"),
            ("/deals", "limit=9&status=synced&cursor=x"),
        ] {
            let place = list(path, query).decode::<String>(&cursor);
            assert_eq!(place.unwrap(), "DEAL#1", "{path}?{query}");
        }
        for (path, query) in [
            ("/leads", "status=synced"),
            ("/deals", ""),
            ("/deals", "status=paused"),
            ("/deals", "status=synced&code=X"),
            ("/deals", "code=synced"),
        ] {
            let refusal = list(path, query).decode::<String>(&cursor).unwrap_err();
            assert_eq!(refusal.code(), "CURSOR_INVALID", "{path}?{query}");
        }
    }
}
