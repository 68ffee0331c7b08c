//! Cursors: where the next page starts, opaque to callers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::Refusal;

/// A cursor for a place.
///
/// # Errors
/// When the place cannot be written as JSON, which none of ours can fail to be.
pub fn encode<T: Serialize>(place: &T) -> Result<String, Refusal> {
    let json = serde_json::to_vec(place).map_err(|error| Refusal::broken(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The place that a cursor names.
///
/// # Errors
/// `CURSOR_INVALID` when it is none that this list has given out.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Refusal> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(invalid)
}

/// The refusal of a cursor.
#[must_use]
pub fn invalid() -> Refusal {
    let detail = "The cursor is damaged or belongs to another list. Leave it out to start from the first page.";
    Refusal::new(400, "CURSOR_INVALID", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_a_damaged_one_is_refused() {
        let place = (7_u32, "01J".to_owned());
        let cursor = encode(&place).unwrap();

        assert_eq!(decode::<(u32, String)>(&cursor).unwrap(), place);
        for damaged in [&cursor[1..], "%%%", "bnVsbA", ""] {
            let refusal = decode::<(u32, String)>(damaged).unwrap_err();
            assert_eq!((refusal.status(), refusal.code()), (400, "CURSOR_INVALID"));
        }
    }
}
