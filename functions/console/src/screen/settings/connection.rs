//! The connection: who is connected to which org, and what the settings miss there.

use maud::{Markup, html};
use serde::Deserialize;

use super::{
    controls::{At, Said},
    labels,
    offers::Fault,
};
use crate::html::parts::{self, Tone};

/// The answer of `POST /settings/test`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Test {
    connected: bool,
    login_url: String,
    api_version: String,
    organization: Option<String>,
    instance_url: Option<String>,
    user: Option<User>,
    problem: Option<Fault>,
    problems: Vec<At>,
    warnings: Vec<At>,
}

#[derive(Debug, Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    username: Option<String>,
}

impl Test {
    /// Its words about settings.
    pub(super) fn said(&self) -> Said {
        Said::of(self.problems.clone(), self.warnings.clone())
    }

    /// The result in words.
    pub(super) fn show(&self) -> Markup {
        let said = self.said();
        let tone = match (&self.problem, said.is_empty()) {
            (Some(_), _) => Tone::Bad,
            (None, false) => Tone::Warning,
            (None, true) => Tone::Good,
        };
        parts::notice(
            tone,
            html! {
                p { strong { (if self.connected { "The connection works." } else { "The connection does not work." }) } }
                @if let Some(fault) = &self.problem { (told(fault)) }
                dl.pairs {
                    dt { "Logs in at" } dd { (self.login_url) }
                    dt { "API version" } dd { (self.api_version) }
                    dt { "Host" } dd { (self.instance_url.as_deref().unwrap_or("not known")) }
                    dt { "Organization" } dd { (self.organization.as_deref().unwrap_or("not known")) }
                    dt { "Integration user" }
                    dd { @match &self.user {
                        Some(user) => {
                            (user.username.as_deref().unwrap_or("a user whose name cannot be read"))
                            " " span.muted { (user.name.as_deref().unwrap_or_default()) " " (user.id) }
                        },
                        None => "not named by the login",
                    } }
                }
                @if said.is_empty() && self.connected { p { "The integration user sees everything that the settings name." } }
                (list(&said))
            },
        )
    }
}

/// A fault with what to do.
pub(super) fn told(fault: &Fault) -> Markup {
    html! { p { (fault.message) " " strong { (fault.suggestion) } " " code { (fault.code) } } }
}

/// Everything that is said about settings, each with a link to its control.
pub(super) fn list(said: &Said) -> Markup {
    html! {
        @if !said.is_empty() {
            ul.plain.findings {
                @for (weight, place, text) in said.below("") {
                    li {
                        a href=(format!("#{place}")) { (labels::place(place)) }
                        ": " (super::controls::sentence(weight, text))
                    }
                }
            }
        }
    }
}
