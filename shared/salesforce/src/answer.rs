//! A response as it came over the wire, not yet judged.

use std::{borrow::Cow, time::Duration};

use dealbridge_core::decimal::Decimal;
use jiff::fmt::rfc2822;
use reqwest::{
    Response,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use url::Url;

use crate::{api_usage::ApiLimit, transport::TransportError};

/// Limit on a response body: more than any response of Salesforce, which pages at 2,000 rows.
const MAX_BODY_BYTES: usize = 64 << 20;

/// A complete response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) is_html: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) redirect: Option<String>,
    pub(crate) limit: Option<ApiLimit>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads a response to its end.
    pub(crate) async fn read(mut response: Response) -> Result<Self, TransportError> {
        let headers = response.headers();
        let mut answer = Self {
            status: response.status().as_u16(),
            is_html: text(headers, &CONTENT_TYPE).is_some_and(|kind| kind.contains("html")),
            retry_after: retry_after(headers),
            redirect: text(headers, &LOCATION)
                .and_then(|to| response.url().join(to).ok())
                .map(|to| origin_of(&to)),
            limit: headers
                .get("sforce-limit-info")
                .and_then(|info| info.to_str().ok())
                .and_then(ApiLimit::parse),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(TransportError::from)? {
            if answer.body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(TransportError {
                    detail: format!("the answer is larger than {} MiB", MAX_BODY_BYTES >> 20),
                    may_have_arrived: true,
                });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    /// The answer to a request inside the one that this answers.
    pub(crate) fn within(&self, status: u16, body: &Value) -> Self {
        Self {
            status,
            is_html: false,
            retry_after: self.retry_after,
            redirect: None,
            limit: None,
            body: if body.is_null() {
                Vec::new()
            } else {
                body.to_string().into_bytes()
            },
        }
    }

    /// Returns `true` if the request was carried out.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Parses the body as JSON, with numbers that a double cannot hold exactly as strings. The error says what the body
    /// is instead, without showing it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&exact(&self.body)).map_err(|error| {
            if self.is_html || self.body.trim_ascii_start().starts_with(b"<") {
                "answered with an HTML page".to_owned()
            } else if error.is_eof() {
                "answered with a body that breaks off".to_owned()
            } else {
                "answered with a body that cannot be read".to_owned()
            }
        })
    }
}

/// Makes a string of each number that would lose digits as a double.
fn exact(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_text(json, at),
            b'-' | b'0'..=b'9' => {
                let length = json[at..]
                    .iter()
                    .take_while(|byte| {
                        matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                    })
                    .count();
                let number = &json[at..at + length];
                if loses_digits(number) {
                    out.extend_from_slice(&json[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(&json[copied..]);
    Cow::Owned(out)
}

/// The position after the string that begins at a quotation mark.
fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Returns `true` if the JSON reader would change the number. One of up to 15 digits without an exponent always
/// survives.
fn loses_digits(number: &[u8]) -> bool {
    if number.len() <= 15 && !number.contains(&b'e') && !number.contains(&b'E') {
        return false;
    }
    let Some(right) = std::str::from_utf8(number).ok().and_then(Decimal::parse) else {
        return false;
    };
    let read: Option<Number> = serde_json::from_slice(number).ok();
    read.is_some_and(|read| Decimal::of(&read) != Some(right))
}

/// Scheme, host and port: the rest of a URL may carry a session.
fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Parses `Retry-After`: seconds, or a date, which is measured from the response's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = text(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = |date: &str| rfc2822::parse(date).ok().map(|date| date.timestamp());
    let wait = at(asked)?.duration_since(at(text(headers, &DATE)?)?);
    wait.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    reqwest::header::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn read(json: &str) -> String {
        String::from_utf8(exact(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_number_that_a_double_does_not_hold_is_read_as_text() {
        for kept in [
            "{\"a\":50.0,\"b\":1.6147805824397E13,\"c\":[-0.1,0,123456789012345678]}",
            "{\"text\":\"1234567890123456.78, \\\"1234567890123456.78\\\" \\\\\",\"n\":1}",
            "[]",
            "\"unfinished \\",
            "[0.30000000000000004]",
            "[1E400]",
        ] {
            assert_eq!(read(kept), kept);
        }
        assert_eq!(
            read("{\"a\":1234567890123456.78,\"b\":[-123456789012345678.0E0,5.0]}"),
            "{\"a\":\"1234567890123456.78\",\"b\":[\"-123456789012345678.0E0\",5.0]}"
        );
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let date = ("date", "Sat, 21 Nov 2026 10:00:00 GMT");

        assert_eq!(
            retry_after(&headers(&[("retry-after", "7")])),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry_after(&headers(&[
                ("retry-after", "Sat, 21 Nov 2026 10:00:30 GMT"),
                date
            ])),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after(&headers(&[
                ("retry-after", "Sat, 21 Nov 2026 09:00:00 GMT"),
                date
            ])),
            None
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after", "soon"), date])),
            None
        );
    }
}
