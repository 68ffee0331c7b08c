//! From the pasted text to the addresses in it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::record_url::host::{self, Host};

/// Characters around a pasted URL that belong to the prose, the mark-up or the quotation.
const AROUND: &[char] = &[
    '"', '\'', '`', '<', '>', '(', ')', '[', ']', '{', '}', ',', ';', ':', '!', '?', '*', '_', '|',
    '~', '\\', '.', '…', '“', '”', '„', '‘', '’', '‚', '«', '»', '‹', '›', '•', '·', '–', '—',
    '。', '，', '、', '）', '（', '」', '「',
];

/// Characters that end a token beside blanks.
const BREAKS: &[char] = &[
    '<', '>', '"', '\'', '`', '|', '^', '“', '”', '„', '‘', '’', '«', '»',
];

/// Schemes that do not open a Salesforce address inside them.
const OTHER_SCHEMES: &[&str] = &[
    "about:",
    "blob:",
    "chrome-extension:",
    "chrome:",
    "cid:",
    "data:",
    "edge:",
    "feed:",
    "file:",
    "filesystem:",
    "ftp:",
    "ftps:",
    "intent:",
    "jar:",
    "javascript:",
    "mailto:",
    "moz-extension:",
    "ms-excel:",
    "ms-word:",
    "sftp:",
    "sms:",
    "tel:",
    "urn:",
    "vbscript:",
    "view-source:",
    "ws:",
    "wss:",
];

/// An address found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Scheme http or https.
    Web(String),
    /// The part after the scheme of the mobile app, as a path.
    Mobile(String),
    /// A path without a host.
    Path(String),
}

/// Returns the text without invisible characters, HTML entities and surrounding blanks.
pub(super) fn tidy(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    // A copy of a copy is escaped twice.
    for _ in 0..2 {
        if text.contains('&') {
            text = without_entities(&text);
        }
    }
    text.retain(|c| !is_invisible(c));
    text.trim().replace("\\/", "/")
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || (c.is_control() && !c.is_whitespace())
}

fn without_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let entity = from.find(';').filter(|end| *end <= 8).and_then(|end| {
            let name = from.get(1..end)?;
            Some((entity(name)?, end + 1))
        });
        let (character, length) = entity.unwrap_or(('&', 1));
        out.push(character);
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name.to_ascii_lowercase().as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "sol" => '/',
        "colon" => ':',
        "num" => '#',
        "quest" => '?',
        "equals" => '=',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Returns the words of a text, without punctuation around them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| {
        c.is_whitespace() || BREAKS.contains(&c) || matches!(c, ',' | ';' | '(' | ')' | '=' | ':')
    })
    .map(bare)
    .filter(|word| !word.is_empty())
}

/// Returns the text without the characters around it.
pub(super) fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || AROUND.contains(&c))
}

/// Decodes percent escapes until nothing changes, three times at most, and drops invisible characters.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..3 {
        if !text.contains('%') {
            break;
        }
        let mut next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        next.retain(|c| !is_invisible(c));
        if next == *text {
            break;
        }
        text = Cow::Owned(next);
    }
    text
}

/// Returns the distinct addresses in a tidy text. `own` tells if a host without a scheme is one to expect.
pub(super) fn addresses(text: &str, own: impl Fn(&str) -> bool) -> Vec<Address> {
    if begins_with_other_scheme(text) {
        return Vec::new();
    }
    let tokens: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || BREAKS.contains(&c))
        .map(bare)
        .filter(|token| !token.is_empty())
        .collect();
    let alone = tokens.len() == 1;
    let mut found: Vec<Address> = Vec::new();
    for token in &tokens {
        for address in in_token(token, alone, &own) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    if let ([token], true) = (tokens.as_slice(), found.is_empty())
        && (token.contains('/') || token.starts_with('#'))
        && !has_scheme(token)
        && !token.starts_with("//")
    {
        found.push(Address::Path((*token).to_owned()));
    }
    found
}

fn in_token(token: &str, alone: bool, own: &impl Fn(&str) -> bool) -> Vec<Address> {
    let lower = token.to_ascii_lowercase();
    if lower.starts_with("http%") || lower.starts_with("https%") {
        let plain = decoded(token);
        return if plain == token {
            Vec::new()
        } else {
            in_token(&plain, alone, own)
        };
    }
    for scheme in ["salesforce1://", "com.salesforce.fieldservice://v1/"] {
        if let Some(at) = lower.find(scheme)
            && !token.get(..at).unwrap_or_default().contains('/')
        {
            let path = token.get(at + scheme.len()..).unwrap_or_default();
            return vec![Address::Mobile(format!("/{path}"))];
        }
    }
    if is_other_scheme(token) {
        return Vec::new();
    }
    let starts = starts(&lower);
    let first = starts.first().copied().unwrap_or(token.len());
    let before = token.get(..first).unwrap_or_default();
    // `host/path?u=https://..`: the outer address is what would be opened.
    if is_host_like(before, alone, own) && (starts.is_empty() || before.contains('/')) {
        return vec![Address::Web(format!(
            "https://{}",
            token.trim_start_matches('/')
        ))];
    }
    let mut found = Vec::new();
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(token.len());
        let url = bare(token.get(*start..end).unwrap_or_default());
        // Only a scheme, as in `https://https://..` or before a blank.
        if url.trim_end_matches(['/', '\\', ':']).contains(['/', '\\']) {
            found.push(Address::Web(url.to_owned()));
        }
    }
    found
}

/// Returns `true` if a text is an address under a scheme other than the web's: its content, a script or a document,
/// must not fall apart into an address or an id.
pub(super) fn begins_with_other_scheme(text: &str) -> bool {
    text.split_whitespace()
        .next()
        .is_some_and(|word| is_other_scheme(&decoded(bare(word))))
}

/// Returns `true` if a word is more than the bare name of a scheme other than the web's.
fn is_other_scheme(word: &str) -> bool {
    const OPENED: &[&str] = &[
        "http",
        "https",
        "salesforce1",
        "com.salesforce.fieldservice",
    ];
    let word = word.to_ascii_lowercase();
    let is_listed = OTHER_SCHEMES
        .iter()
        .any(|scheme| word.len() > scheme.len() && word.starts_with(scheme));
    let is_unknown = word.split_once("://").is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !OPENED.contains(&scheme)
    });
    is_listed || is_unknown
}

/// Returns the places where web addresses start; those inside the query or path of another are part of it.
fn starts(lower: &str) -> Vec<usize> {
    let mut starts: Vec<usize> = Vec::new();
    for (at, _) in lower.match_indices("http") {
        let after = lower.get(at + 4..).unwrap_or_default();
        let after = after.strip_prefix('s').unwrap_or(after);
        let is_scheme = after
            .strip_prefix(':')
            .is_some_and(|rest| rest.starts_with(['/', '\\']));
        if !is_scheme {
            continue;
        }
        let before = lower.get(..at).unwrap_or_default();
        let nested = starts.last().is_some_and(|outer| {
            let outer = lower.get(*outer..at).unwrap_or_default();
            let doubled = matches!(outer, "http://" | "https://");
            !doubled
                && (before.ends_with(['=', '/', '&', '?', '#', '_', '%', '@', '+'])
                    || before.ends_with("%3d")
                    || before.ends_with("%2f"))
        });
        if !nested {
            starts.push(at);
        }
    }
    starts
}

fn has_scheme(token: &str) -> bool {
    token.split_once(':').is_some_and(|(scheme, rest)| {
        !scheme.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Returns `true` if a token without a scheme starts with a host.
fn is_host_like(token: &str, alone: bool, own: &impl Fn(&str) -> bool) -> bool {
    let token = token.strip_prefix("//").unwrap_or(token);
    let head_length = token.find(['/', '\\', '?', '#']).unwrap_or(token.len());
    let (authority, path) = token.split_at(head_length);
    if authority.contains('@') && path.is_empty() {
        return false;
    }
    if own(authority) {
        return true;
    }
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => host,
    };
    if host::classify(host) != Host::Foreign {
        return host.contains('.');
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let named = labels.len() > 1
        && labels.iter().all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
        && labels
            .last()
            .is_some_and(|top| top.len() > 1 && top.chars().all(char::is_alphabetic));
    let common = ["com", "net", "org", "io", "eu", "app", "dev", "example"];
    alone
        && named
        && (path.starts_with('/')
            || labels.first() == Some(&"www")
            || labels.last().is_some_and(|top| common.contains(top)))
}
