//! The frame of the pages of people, and the words that they have in common.

use dealbridge_lambda::http::Answer;
use maud::{Markup, html};

use crate::{
    html::parts::{self, Field, Tone},
    visit::Visit,
};

pub(super) const USERS: &str = "/console/people";
pub(super) const GROUPS: &str = "/console/people/groups";
pub(super) const ORGANIZATIONS: &str = "/console/people/organizations";
pub(super) const CONTACTS: &str = "/console/people/contacts";

/// A page of people: the search, the tabs, and what was found.
pub(super) fn page(visit: &Visit<'_>, status: u16, wrong: Option<&str>, content: Markup) -> Answer {
    let here = visit.request.path.trim_end_matches('/');
    let email = visit.query("email");
    let field = Field {
        name: "email",
        label: "Who has this address?",
        hint: Some(
            "Shows the status, type, Groups and modules of every User and Contact with it, and why an import does not find them.",
        ),
        error: wrong,
    };
    let tabs = [
        (USERS, "Users"),
        (GROUPS, "Groups"),
        (ORGANIZATIONS, "Organizations"),
        (CONTACTS, "Contacts"),
    ];
    let content = html! {
        section aria-label="Search by address" {
            form method="get" action=(USERS) role="search" {
                (field.text(&email))
                button type="submit" { "Search" }
            }
        }
        nav aria-label="People" {
            ul.tabs {
                @for (address, text) in tabs {
                    li { a href=(address) aria-current=[(address == here && email.is_empty()).then_some("page")] { (text) } }
                }
            }
        }
        (content)
    };
    visit.page_with(status, "People", content)
}

/// The status of a User or an Organization.
pub(super) fn status(status: &str) -> Markup {
    match status {
        "active" => parts::badge(Tone::Good, "Active"),
        "pending" => parts::badge(Tone::Warning, "Pending"),
        "inactive" => parts::badge(Tone::Warning, "Inactive"),
        _ => parts::badge(Tone::Bad, "Disabled"),
    }
}

/// A word of the API as a person reads it: `deal_registration` as `Deal registration`.
pub(super) fn words(word: &str) -> String {
    if word == "mdf" {
        return "MDF".to_owned();
    }
    let mut words = word.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// The users of an Organization.
pub(super) fn users_of(organization: &str) -> String {
    parts::address(USERS, &[("organization", organization)], &[])
}

/// The page about an address.
pub(super) fn about(email: &str) -> String {
    parts::address(USERS, &[("email", email)], &[])
}

/// The modules of a Group, in words.
pub(super) fn modules(modules: &[String]) -> String {
    let words: Vec<String> = modules.iter().map(|module| words(module)).collect();
    words.join(", ")
}
