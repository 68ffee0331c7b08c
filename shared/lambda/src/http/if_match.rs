//! `If-Match`: the version that a change is to meet, as an answer gave it in its `ETag`.

use super::Request;

/// The condition of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// There is none.
    Absent,
    /// `*`, any version.
    Any,
    /// This version.
    Version(u64),
    /// A text that is no version. A weak tag is none: RFC 9110 compares strongly.
    Never,
}

impl IfMatch {
    /// Reads the condition of a request. A blank one counts as absent.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let Some(text) = request.header("if-match").filter(|text| !text.is_empty()) else {
            return Self::Absent;
        };
        if text == "*" {
            return Self::Any;
        }
        let version = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        let is_number = version.bytes().all(|byte| byte.is_ascii_digit());
        match version.parse() {
            Ok(version) if is_number => Self::Version(version),
            _ => Self::Never,
        }
    }

    /// The `ETag` of a version.
    #[must_use]
    pub fn etag(version: u64) -> String {
        format!("\"{version}\"")
    }
}
