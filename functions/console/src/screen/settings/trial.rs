//! **Try it**: the latest Opportunities with these settings beside today's.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{connection::told, offers::Fault};
use crate::html::parts::{self, Tone, number};

/// The changed Opportunities that are shown.
const SHOWN: usize = 40;

const VERDICTS: [(&str, &str, Tone); 6] = [
    ("would_import", "Imported", Tone::Good),
    ("would_update", "Updated", Tone::Good),
    ("unchanged", "Unchanged", Tone::Info),
    ("would_fail", "Fails", Tone::Bad),
    ("suppressed", "Suppressed", Tone::Warning),
    ("not_a_candidate", "Not imported", Tone::Info),
];

/// The answer of `POST /settings/trial`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trial {
    items: Vec<Item>,
    changed: usize,
    today: Option<BTreeMap<String, usize>>,
    then: BTreeMap<String, usize>,
    warnings: Vec<Fault>,
    today_fault: Option<Fault>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    opportunity: Opportunity,
    is_changed: bool,
    today: Option<Fate>,
    then: Fate,
    fields: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Opportunity {
    id: String,
    name: Option<String>,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Fate {
    verdict: String,
    failures: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Change {
    field: String,
    today: Value,
    then: Value,
}

impl Trial {
    /// The trial as a section.
    pub(super) fn show(&self) -> Markup {
        let total = self.items.len();
        let is_shown = |item: &&Item| item.is_changed || self.today.is_none();
        html! {
            section id="trial" aria-labelledby="trial-title" {
                h2 id="trial-title" { "Try it: the last " (total) " Opportunities" }
                p.muted { "Decided with the settings below as the next run would, beside those that are stored. Nothing was written." }
                @if let Some(fault) = &self.today_fault {
                    (parts::notice(Tone::Warning, html! { p { "Today's settings decide nothing:" } (told(fault)) }))
                }
                @for warning in &self.warnings { (parts::notice(Tone::Warning, told(warning))) }
                @if total == 0 {
                    (parts::empty("No Opportunity has the Import Flag on. Set it on one in Salesforce, then try again."))
                } @else {
                    (self.counts())
                    @match (self.today.is_some(), self.changed) {
                        (true, 0) => (parts::notice(Tone::Good, html! { p { "Nothing would change for any of them." } })),
                        (true, changed) => p { strong { (changed) " of " (total) " would fare otherwise." } },
                        (false, _) => p { "There is nothing to compare them with." },
                    }
                    @if self.items.iter().any(|item| is_shown(&item)) { (self.table(is_shown)) }
                }
            }
        }
    }

    fn counts(&self) -> Markup {
        let count = |counts: &BTreeMap<String, usize>, verdict: &str| {
            number(
                i64::try_from(counts.get(verdict).copied().unwrap_or_default()).unwrap_or(i64::MAX),
            )
        };
        let is_met = |verdict: &str| {
            let today = self.today.as_ref();
            self.then.contains_key(verdict)
                || today.is_some_and(|today| today.contains_key(verdict))
        };
        parts::table(
            "Verdicts",
            html! {
                thead { tr {
                    th scope="col" { "Verdict" }
                    @if self.today.is_some() { th.number scope="col" { "Today" } }
                    th.number scope="col" { "With these settings" }
                } }
                tbody {
                    @for (verdict, word, _) in VERDICTS.iter().filter(|(verdict, ..)| is_met(verdict)) {
                        tr {
                            th scope="row" { (word) }
                            @if let Some(today) = &self.today { td.number { (count(today, verdict)) } }
                            td.number { (count(&self.then, verdict)) }
                        }
                    }
                }
            },
        )
    }

    fn table(&self, is_shown: impl Fn(&&Item) -> bool) -> Markup {
        let items: Vec<&Item> = self.items.iter().filter(is_shown).collect();
        html! {
            (parts::table("What would change", html! {
                thead { tr {
                    th scope="col" { "Opportunity" }
                    @if self.today.is_some() { th scope="col" { "Today" } }
                    th scope="col" { "With these settings" }
                    th scope="col" { "Values" }
                } }
                tbody {
                    @for item in items.iter().take(SHOWN) {
                        tr {
                            th scope="row" {
                                (parts::out(&item.opportunity.url, item.opportunity.name.as_deref().unwrap_or(&item.opportunity.id)))
                            }
                            @if self.today.is_some() {
                                td { @if let Some(fate) = &item.today { (fate.show(Some(&item.then))) } }
                            }
                            td { (item.then.show(item.today.as_ref())) }
                            td.value { @for change in &item.fields { (change.show()) } }
                        }
                    }
                }
            }))
            @if items.len() > SHOWN { p.muted { "And " (items.len() - SHOWN) " more." } }
        }
    }
}

impl Fate {
    /// The verdict, with the failures that the other fate has not.
    fn show(&self, other: Option<&Self>) -> Markup {
        let known = VERDICTS
            .iter()
            .find(|(verdict, ..)| *verdict == self.verdict);
        let (word, tone) = known.map_or((&*self.verdict, Tone::Info), |(_, word, tone)| {
            (word, *tone)
        });
        let is_shared = |failure: &&Fault| {
            other.is_some_and(|other| {
                let messages = other.failures.iter().map(|other| &other.message);
                messages
                    .into_iter()
                    .any(|message| *message == failure.message)
            })
        };
        let shared = self.failures.iter().filter(is_shared).count();
        html! {
            (parts::badge(tone, word))
            @for failure in self.failures.iter().filter(|failure| !is_shared(failure)) {
                p { (failure.message) " " code { (failure.code) } }
            }
            @if shared > 0 {
                p.muted { (shared) (if shared == 1 { " condition fails" } else { " conditions fail" }) " with both." }
            }
        }
    }
}

impl Change {
    fn show(&self) -> Markup {
        html! {
            p { (self.field) ": " del { (text(&self.today)) } " → " ins { (text(&self.then)) } }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
