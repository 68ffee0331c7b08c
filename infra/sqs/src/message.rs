//! A message: its body, attributes, sizes and digests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};

const MAX_ATTRIBUTES: usize = 10;
const MAX_NAME_CHARS: usize = 256;
const TRACE_HEADER: &str = "AWSTraceHeader";

/// The message as sent, unchanged for its life.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) body: String,
    pub(crate) body_md5: String,
    pub(crate) extras: Extras,
    pub(crate) sent_at: Moment,
    /// The queue it died in, for a message in a dead-letter queue.
    pub(crate) source_arn: Option<String>,
}

/// The parts that few messages have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Extras {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: MessageAttributes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
}

impl Extras {
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.trace_header.is_none() && self.group.is_none()
    }
}

pub(crate) type MessageAttributes = BTreeMap<String, AttributeValue>;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeValue {
    #[serde(default)]
    data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

/// The digest of a body, as a hexadecimal text.
pub(crate) fn body_md5(body: &str) -> String {
    hex(Md5::digest(body.as_bytes()).as_slice())
}

/// The digest of attributes by the documented algorithm; none for none.
pub(crate) fn attributes_md5<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>,
) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    for (name, value) in attributes {
        any = true;
        update_with_length(&mut digest, name.as_bytes());
        update_with_length(&mut digest, value.data_type.as_bytes());
        if let Some(text) = &value.string_value {
            digest.update([1]);
            update_with_length(&mut digest, text.as_bytes());
        } else if let Some(bytes) = value
            .binary_value
            .as_ref()
            .and_then(|t| BASE64.decode(t).ok())
        {
            digest.update([2]);
            update_with_length(&mut digest, &bytes);
        }
    }
    any.then(|| hex(digest.finalize().as_slice()))
}

/// The digest of the one system attribute that may be sent.
pub(crate) fn trace_header_md5(extras: &Extras) -> Option<String> {
    let header = extras.trace_header.as_ref()?;
    let attribute = AttributeValue {
        data_type: "String".to_owned(),
        string_value: Some(header.clone()),
        binary_value: None,
    };
    attributes_md5([(&TRACE_HEADER.to_owned(), &attribute)])
}

fn update_with_length(digest: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The bytes that count towards the size limits: body, and name, type and value of each attribute.
pub(crate) fn size(body: &str, attributes: &MessageAttributes) -> usize {
    let of_attributes: usize = attributes
        .iter()
        .map(|(name, value)| {
            let content = match (&value.string_value, &value.binary_value) {
                (Some(text), _) => text.len(),
                (None, Some(encoded)) => BASE64.decode(encoded).map_or(0, |bytes| bytes.len()),
                (None, None) => 0,
            };
            name.len() + value.data_type.len() + content
        })
        .sum();
    body.len() + of_attributes
}

/// Refuses an empty body, and characters that XML 1.0 does not allow.
pub(crate) fn check_body(body: &str) -> Result<(), QueueError> {
    if body.is_empty() {
        return Err(QueueError::missing("MessageBody"));
    }
    match body.chars().find(|c| !is_allowed(*c)) {
        None => Ok(()),
        Some(refused) => Err(QueueError::new(
            ErrorKind::InvalidMessageContents,
            format!(
                "Invalid characters found: #x{:X}. Valid unicode characters are #x9 | #xA | #xD | \
                 #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.",
                u32::from(refused)
            ),
        )),
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Checks names, types and values of what a producer attached.
pub(crate) fn check_attributes(attributes: &MessageAttributes) -> Result<(), QueueError> {
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
            attributes.len()
        )));
    }
    attributes
        .iter()
        .try_for_each(|(name, value)| check_name(name).and_then(|()| check_value(name, value)))
}

fn check_name(name: &str) -> Result<(), QueueError> {
    let well_formed = !name.is_empty()
        && name.len() <= MAX_NAME_CHARS
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..");
    let lower = name.to_ascii_lowercase();
    if well_formed && !lower.starts_with("aws.") && !lower.starts_with("amazon.") {
        return Ok(());
    }
    Err(invalid(format!(
        "The message (user) attribute name '{name}' is not valid: up to {MAX_NAME_CHARS} letters, \
         digits, underscores, hyphens and single inner periods, not starting with AWS. or Amazon."
    )))
}

fn check_value(name: &str, value: &AttributeValue) -> Result<(), QueueError> {
    let kind = value.data_type.split('.').next().unwrap_or_default();
    let filled = match kind {
        "String" => value
            .string_value
            .as_ref()
            .is_some_and(|text| !text.is_empty()),
        "Number" => {
            if let Some(text) = value.string_value.as_ref().filter(|text| !text.is_empty())
                && text.parse::<f64>().is_err()
            {
                return Err(invalid(format!(
                    "Can't cast the value of message (user) attribute '{name}' to a number."
                )));
            }
            value
                .string_value
                .as_ref()
                .is_some_and(|text| !text.is_empty())
        }
        "Binary" => {
            if let Some(encoded) = &value.binary_value
                && BASE64.decode(encoded).is_err()
            {
                return Err(invalid(format!(
                    "The message (user) attribute '{name}' is not valid base64."
                )));
            }
            value
                .binary_value
                .as_ref()
                .is_some_and(|text| !text.is_empty())
        }
        _ => {
            return Err(invalid(format!(
                "The type of message (user) attribute '{name}' is invalid. You must use only the \
                 following supported type prefixes: Binary, Number, String."
            )));
        }
    };
    if value.data_type.len() > MAX_NAME_CHARS {
        return Err(invalid(format!(
            "The type of message (user) attribute '{name}' is too long."
        )));
    }
    if let Some(text) = &value.string_value
        && text.chars().any(|c| !is_allowed(c))
    {
        return Err(invalid(format!(
            "Invalid characters found in message (user) attribute '{name}'."
        )));
    }
    if filled {
        return Ok(());
    }
    Err(invalid(format!(
        "The message (user) attribute '{name}' must contain a non-empty value of type '{}'.",
        value.data_type
    )))
}

/// Takes the trace header out of the system attributes; it is the only one a producer may send.
pub(crate) fn take_trace_header(
    system: Option<MessageAttributes>,
) -> Result<Option<String>, QueueError> {
    let mut header = None;
    for (name, value) in system.unwrap_or_default() {
        if name != TRACE_HEADER {
            return Err(invalid(format!(
                "Message system attribute name '{name}' is invalid."
            )));
        }
        if value.data_type != "String" || value.string_value.is_none() {
            return Err(invalid(format!(
                "The message system attribute '{name}' must be a non-empty String."
            )));
        }
        header = value.string_value;
    }
    Ok(header)
}

fn invalid(message: String) -> QueueError {
    QueueError::new(ErrorKind::InvalidParameterValue, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> AttributeValue {
        AttributeValue {
            data_type: "String".to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        }
    }

    #[test]
    fn digests_agree_with_those_recorded_from_the_original() {
        let attributes = MessageAttributes::from([
            ("General".to_owned(), text("Kenobi")),
            ("Hello".to_owned(), text("There")),
            ("Help.Me".to_owned(), text("Me")),
        ]);
        let binary =
            AttributeValue {
                data_type: "Binary".to_owned(),
                string_value: None,
                binary_value: Some(BASE64.encode(
                    b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01",
                )),
            };

        assert_eq!(body_md5("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
        assert_eq!(
            attributes_md5(&attributes).as_deref(),
            Some("4c360f3fdafd970e05fae2f149d997f5")
        );
        assert_eq!(
            attributes_md5([(&"attr1".to_owned(), &binary)]).as_deref(),
            Some("8cbe4db156db8a94db8b801b7addb984")
        );
    }

    #[test]
    fn names_reserved_for_the_service_are_refused() {
        for name in ["AWS.x", "amazon.x", ".x", "x.", "a..b", "", "sp ace"] {
            let attributes = MessageAttributes::from([(name.to_owned(), text("v"))]);

            assert!(check_attributes(&attributes).is_err(), "{name}");
        }
    }
}
