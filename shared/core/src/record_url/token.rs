//! Classes of single words: ids, attempts at ids, sessions, encoded state.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use crate::{SalesforceObject, record_url::text::decoded};

/// Returns `true` if the text has the shape of an id: 15 or 18 letters and digits, at least one of them a digit.
pub(super) fn is_id_shaped(text: &str) -> bool {
    matches!(text.len(), 15 | 18)
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// Returns `true` if the text starts like the ids of Opportunities and Leads, in whatever case.
pub(super) fn starts_like_a_linkable(text: &str) -> bool {
    text.get(..3).is_some_and(|prefix| {
        SalesforceObject::ALL
            .iter()
            .any(|object| prefix.eq_ignore_ascii_case(object.key_prefix()))
    })
}

/// Returns `true` if the text seems to be meant as an id, though it is damaged.
pub(super) fn looks_like_an_id(text: &str) -> bool {
    let length = text.chars().count();
    (starts_like_a_linkable(text) && (10..=24).contains(&length))
        || ((12..=22).contains(&length)
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// Returns `true` if a text holds an access token: the org's id, an exclamation mark and the secret.
pub(super) fn holds_session(text: &str) -> bool {
    let text = decoded(text);
    text.match_indices("00D").any(|(at, _)| {
        let rest = text.as_bytes().get(at + 3..).unwrap_or_default();
        [12, 15].iter().any(|length| {
            rest.get(*length) == Some(&b'!')
                && rest[..*length].iter().all(u8::is_ascii_alphanumeric)
        })
    })
}

/// Returns the JSON object of a base64 text in either alphabet, with or without padding.
pub(super) fn decoded_json(text: &str) -> Option<Value> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text: String = decoded(text)
        .trim_matches('/')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(text)
        .ok()?;
    serde_json::from_slice::<Value>(&bytes)
        .ok()
        .filter(Value::is_object)
}
