//! The parts that screens are made of.

use dealbridge_core::ports::Ids;
use dealbridge_lambda::UlidIds;
use jiff::Timestamp;
use maud::{Markup, html};

/// The weight of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Info,
    Warning,
    Bad,
}

impl Tone {
    /// The class in the stylesheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The sign beside the text, for colour alone says nothing to some.
    const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Info => "ℹ",
            Self::Warning => "▲",
            Self::Bad => "✕",
        }
    }
}

/// A time: in UTC, which a script turns into the viewer's zone, with the exact time on hover.
pub(crate) fn time(at: Timestamp) -> Markup {
    let text = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(at) title=(at) { (text) } }
}

/// A time that may be missing.
pub(crate) fn time_or(at: Option<Timestamp>, missing: &str) -> Markup {
    match at {
        Some(at) => time(at),
        None => html! { span.muted { (missing) } },
    }
}

/// A state as a coloured text with a sign.
pub(crate) fn badge(tone: Tone, text: &str) -> Markup {
    html! {
        span class=(format!("badge {}", tone.class())) {
            span.sign aria-hidden="true" { (tone.sign()) } " " (text)
        }
    }
}

/// A notice across the page.
pub(crate) fn notice(tone: Tone, content: Markup) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! {
        div class=(format!("notice {}", tone.class())) role=(role) {
            span.sign aria-hidden="true" { (tone.sign()) }
            div { (content) }
        }
    }
}

/// The place of a list that has nothing to show, with what to do.
pub(crate) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A wide table, which scrolls by itself where the window is narrow.
pub(crate) fn table(label: &str, content: Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(format!("Table: {label}")) tabindex="0" {
            table { (content) }
        }
    }
}

/// A labelled field, with what is wrong with it beside it.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
}

impl Field<'_> {
    /// The ids of the texts about the field, for assistive technology.
    pub(crate) fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// The field around a control whose id is the field's name.
    pub(crate) fn around(&self, control: Markup) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if let Some(hint) = self.hint {
                    p.hint id=(format!("{}-hint", self.name)) { (hint) }
                }
                (control)
                @if let Some(error) = self.error {
                    p.error id=(format!("{}-error", self.name)) { (error) }
                }
            }
        }
    }

    /// A line of text.
    pub(crate) fn text(&self, value: &str) -> Markup {
        self.around(html! {
            input type="text" id=(self.name) name=(self.name) value=(value) autocomplete="off"
                aria-describedby=[self.described_by()] aria-invalid=[self.error.map(|_| "true")];
        })
    }

    /// A choice among values, each with its label.
    pub(crate) fn select(&self, options: &[(&str, &str)], chosen: &str) -> Markup {
        self.around(html! {
            select id=(self.name) name=(self.name)
                aria-describedby=[self.described_by()] aria-invalid=[self.error.map(|_| "true")] {
                @for (value, label) in options {
                    option value=(value) selected[*value == chosen] { (label) }
                }
            }
        })
    }
}

/// A link to a record in Salesforce. Only an https address is linked: it opens beside the console, and learns nothing of it.
pub(crate) fn out(url: &str, text: &str) -> Markup {
    let is_web = url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
    html! {
        @if is_web {
            a href=(url) target="_blank" rel="noopener noreferrer" { (text) span.out aria-hidden="true" { " ↗" } }
        } @else {
            (text)
        }
    }
}

/// The key by which a form acts once, however often it is sent.
pub(crate) fn once() -> Markup {
    html! { input type="hidden" name="key" value=(UlidIds.next()); }
}

/// The way to the next page of a list.
pub(crate) fn next(path: &str, query: &[(&str, &str)], cursor: Option<&str>) -> Markup {
    html! {
        @if let Some(cursor) = cursor {
            nav.pages aria-label="Pages" {
                a.button rel="next" href=(address(path, query, &[("cursor", cursor)])) { "Next page" }
            }
        }
    }
}

/// A path with those query parameters that are not blank.
pub(crate) fn address(path: &str, query: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    let pairs = query
        .iter()
        .chain(more)
        .filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A number with thin spaces between its thousands.
pub(crate) fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", groups.join("\u{202f}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000), "1\u{202f}000");
        assert_eq!(number(-1_234_567), "−1\u{202f}234\u{202f}567");
    }

    #[test]
    fn only_a_web_address_is_linked() {
        assert!(
            out("https://x.my.salesforce.com/006", "X")
                .into_string()
                .contains("href")
        );
        assert_eq!(out("javascript:alert(1)", "X").into_string(), "X");
        let hostile = out("https://x.example/\"><script>", "<b>").into_string();
        assert!(
            !hostile.contains("<script>") && !hostile.contains("<b>"),
            "{hostile}"
        );
    }

    #[test]
    fn an_address_has_only_what_was_asked_for() {
        assert_eq!(address("/x", &[("a", ""), ("b", "1&2")], &[]), "/x?b=1%262");
        assert_eq!(address("/x", &[("a", "")], &[]), "/x");
    }
}
