//! A record as the API shows it, and its values as a person reads them.

use dealbridge_core::{
    SalesforceObject,
    record::{EndUser, LinkStatus, RecordKind},
};
use dealbridge_lambda::http::Refusal;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::{self, about};
use crate::{
    functions::ApiCall,
    html::parts::{self, Tone},
    visit::Visit,
};

/// The longest text that a cell of a list shows, in characters.
const CELL: usize = 200;
/// The longest text that is shown at once, in characters.
const AT_ONCE: usize = 400;
/// The longest title, in characters.
const TITLE: usize = 90;

/// A record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    pub(super) kind: RecordKind,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) people: People,
    pub(super) account: Option<EndUser>,
    pub(super) contact: Option<EndUser>,
    pub(super) end_user: Option<Submitted>,
    pub(super) registration_status: Option<String>,
    pub(super) fields: Map<String, Value>,
    pub(super) link: Option<Linked>,
    pub(super) salesforce: Option<Creating>,
    pub(super) version: u64,
    #[serde(default)]
    pub(super) history: Vec<Act>,
    #[serde(default)]
    pub(super) send_problem: Option<SendProblem>,
}

/// The people of a record.
#[derive(Debug, Deserialize)]
pub(super) struct People {
    pub(super) owner: Option<Named>,
    pub(super) organization: Option<Named>,
    pub(super) partner: Option<Named>,
    pub(super) distributor: Option<Named>,
}

/// A User or an Organization.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// An end user as it was submitted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Submitted {
    company: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// A link.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Linked {
    pub(super) salesforce: SalesforceSide,
    status: LinkStatus,
    pub(super) reason: Option<String>,
    pub(super) linked_at: Timestamp,
    pub(super) linked_by: String,
}

/// A Salesforce record.
#[derive(Debug, Deserialize)]
pub(super) struct SalesforceSide {
    pub(super) object: SalesforceObject,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) url: String,
}

/// The creation of the Salesforce record.
#[derive(Debug, Deserialize)]
pub(super) struct Creating {
    status: String,
}

/// An act on a record.
#[derive(Debug, Deserialize)]
pub(super) struct Act {
    pub(super) at: Timestamp,
    pub(super) by: String,
    pub(super) action: String,
    pub(super) salesforce: Option<SalesforceSide>,
    pub(super) details: Option<String>,
}

/// The reason why a record did not become a Salesforce record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendProblem {
    pub(super) last_seen: Timestamp,
    pub(super) entries: Vec<Issue>,
}

/// One thing that is wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) details: Option<String>,
}

/// The state of a record's Salesforce side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotLinked,
    Creating,
    Failed,
    Synced,
    Pending,
    Paused,
    Disconnected,
    Converted,
}

impl Shown {
    /// The record that the visit's path names.
    pub(super) async fn read(visit: &Visit<'_>, kind: RecordKind) -> Result<Self, Refusal> {
        let call = about(visit, kind, ApiCall::get("/{kind}/{id}"))?;
        visit.read(call).await
    }

    pub(super) fn address(&self) -> String {
        address::of(self.kind, &self.id)
    }

    /// The name, or else the id, of a length for a title.
    pub(super) fn title(&self) -> String {
        let name = self.name.as_deref().unwrap_or(&self.id);
        // The isolates keep a name that is written from right to left to itself, where no element can.
        format!("\u{2068}{}\u{2069}", shortened(name, TITLE))
    }

    pub(super) fn state(&self) -> State {
        match (&self.link, &self.salesforce) {
            (Some(link), _) => link.state(),
            (None, Some(creating)) if creating.status == "refused" => State::Failed,
            (None, Some(_)) => State::Creating,
            (None, None) => State::NotLinked,
        }
    }
}

impl Linked {
    fn state(&self) -> State {
        // A converted Lead whose link could not follow to the Opportunity.
        let is_converted = self
            .reason
            .as_ref()
            .is_some_and(|reason| reason.contains("was converted"));
        match self.status {
            LinkStatus::Synced => State::Synced,
            LinkStatus::Pending => State::Pending,
            LinkStatus::Paused => State::Paused,
            LinkStatus::Disconnected if is_converted => State::Converted,
            LinkStatus::Disconnected => State::Disconnected,
        }
    }
}

impl State {
    pub(super) fn badge(self) -> Markup {
        match self {
            Self::NotLinked => html! { span.muted { "Not linked" } },
            Self::Creating => parts::badge(Tone::Info, "Creating"),
            Self::Failed => parts::badge(Tone::Bad, "Failed"),
            Self::Synced => parts::badge(Tone::Good, "Synced"),
            Self::Pending => parts::badge(Tone::Info, "Pending"),
            Self::Paused => parts::badge(Tone::Warning, "Paused"),
            Self::Disconnected => parts::badge(Tone::Bad, "Disconnected"),
            Self::Converted => parts::badge(Tone::Warning, "Converted"),
        }
    }

    /// The state in a sentence.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::NotLinked => "This record has no Salesforce record.",
            Self::Creating => "Its Salesforce record is being created.",
            Self::Failed => "Salesforce refused to create its record.",
            Self::Synced => "Both sides are joined, and nothing is on its way.",
            Self::Pending => "Values are on their way to Salesforce.",
            Self::Paused => {
                "The Sync Flag is off in Salesforce: nothing flows until it is set again."
            }
            Self::Disconnected => {
                "Nothing flows. Restore the Salesforce record, or have an administrator unlink this one."
            }
            Self::Converted => {
                "The Lead was converted, and the link could not follow. Have an administrator unlink the record, then link it to the Opportunity."
            }
        }
    }
}

impl Submitted {
    /// The values, by their names in the API and by their labels.
    pub(super) fn values(&self) -> [(&'static str, &'static str, &str); 5] {
        let values = [
            &self.company,
            &self.first_name,
            &self.last_name,
            &self.email,
            &self.phone,
        ];
        let mut values = values.into_iter();
        END_USER.map(|(name, label)| {
            let value = values.next().and_then(Option::as_deref);
            (name, label, value.unwrap_or_default())
        })
    }
}

/// The fields of an end user: their names in the API, their labels.
pub(super) const END_USER: [(&str, &str); 5] = [
    ("company", "Company"),
    ("firstName", "First name"),
    ("lastName", "Last name"),
    ("email", "E-mail"),
    ("phone", "Phone"),
];

impl Named {
    /// The name with the address; the id for somebody who was deleted.
    pub(super) fn show(&self) -> Markup {
        html! {
            bdi { (shortened(self.name.as_deref().unwrap_or(&self.id), CELL)) }
            @if let Some(email) = &self.email { " " span.muted { bdi { (email) } } }
        }
    }
}

impl SalesforceSide {
    pub(super) fn label(&self) -> String {
        let object = self.object.api_name();
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => format!("{object} \u{2068}{}\u{2069}", shortened(name, TITLE)),
            None => format!("{object} {}", self.id),
        }
    }

    pub(super) fn link(&self) -> Markup {
        parts::out(&self.url, &self.label())
    }
}

impl Issue {
    pub(super) fn show(&self) -> Markup {
        html! {
            p { (self.message) " " @if let Some(suggestion) = &self.suggestion { strong { (suggestion) } } " " code { (self.code) } }
            @if let Some(details) = &self.details { pre.muted { (details) } }
        }
    }
}

/// A value as a person reads it; blank for none.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        other => other.to_string(),
    }
}

/// A value with room for all of it: a long one is opened.
pub(super) fn whole(text: &str) -> Markup {
    let length = text.chars().count();
    html! {
        @if text.trim().is_empty() {
            span.muted { "–" }
        } @else if length > AT_ONCE {
            details {
                summary { bdi { (shortened(text, CELL)) } " " span.muted { "(" (parts::number(i64::try_from(length).unwrap_or(i64::MAX))) " characters)" } }
                bdi { (text) }
            }
        } @else {
            bdi { (text) }
        }
    }
}

/// A text in a cell of a list.
pub(super) fn cell(text: &str) -> Markup {
    html! { div.clip { bdi { (shortened(text, CELL)) } } }
}

/// A text of at most so many characters, with an ellipsis where some are left out.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_between_characters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("", 2), "");
    }

    #[test]
    fn hostile_values_stay_texts_of_their_own() {
        let shown = whole("<script>alert(1)</script>\u{202e}").into_string();
        assert!(shown.starts_with("<bdi>&lt;script&gt;"), "{shown}");
        let long = whole(&"x".repeat(10_000)).into_string();
        assert!(long.starts_with("<details><summary>"), "{long}");
        assert!(cell(&"x".repeat(10_000)).into_string().len() < 300);
    }

    #[test]
    fn a_value_reads_as_a_person_says_it() {
        use serde_json::json;
        assert_eq!(text(&json!(null)), "");
        assert_eq!(text(&json!(false)), "No");
        assert_eq!(text(&json!(1200.5)), "1200.5");
        assert_eq!(text(&json!("=1+1")), "=1+1");
    }
}
