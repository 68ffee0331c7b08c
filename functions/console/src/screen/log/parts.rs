//! The parts that both halves of the log have in common.

use maud::{Markup, html};
use serde::Deserialize;

pub(super) const TITLE: &str = "Integration Log";
pub(super) const PROBLEMS: &str = "/console/log";
pub(super) const CLEAR: &str = "/console/log/clear";
pub(super) const ENTRIES: &str = "/console/log/entries";
pub(super) const EXPORT: &str = "/console/log/export";

/// A Channeltivity record, as entries and problems name it.
#[derive(Debug, Deserialize)]
pub(super) struct RecordName {
    kind: String,
    id: String,
}

impl RecordName {
    /// The record's page.
    pub(super) fn address(&self) -> String {
        format!("/console/{}s/{}", self.kind, self.id)
    }

    /// The record as the API names it in a text.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }

    pub(super) fn label(&self) -> String {
        let mut kind = self.kind.clone();
        if let Some(first) = kind.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{kind} {}", self.id)
    }
}

/// The two halves of the log.
pub(super) fn tabs(here: &str) -> Markup {
    html! {
        nav aria-label="Integration Log" {
            ul.tabs {
                @for (address, text) in [(PROBLEMS, "Open problems"), (ENTRIES, "Entries")] {
                    li { a href=(address) aria-current=[(address == here).then_some("page")] { (text) } }
                }
            }
        }
    }
}
