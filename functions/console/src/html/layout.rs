//! The frame of a page.

use dealbridge_lambda::http::Answer;
use maud::{DOCTYPE, Markup, html};

use crate::{assets, visit::Visit};

/// An entry of the menu: its text, its address, and whether administrators alone see it.
struct Entry(&'static str, &'static str, Seen);

#[derive(PartialEq, Eq)]
enum Seen {
    ByAdministrators,
    ByInternalUsers,
}

const MENU: [Entry; 9] = [
    Entry("Sync Manager", "/console", Seen::ByAdministrators),
    Entry("Integration Log", "/console/log", Seen::ByAdministrators),
    Entry("Why?", "/console/why", Seen::ByAdministrators),
    Entry("Deals", "/console/deals", Seen::ByInternalUsers),
    Entry("Leads", "/console/leads", Seen::ByInternalUsers),
    Entry("Referrals", "/console/referrals", Seen::ByInternalUsers),
    Entry(
        "Suppressions",
        "/console/suppressions",
        Seen::ByAdministrators,
    ),
    Entry("Settings", "/console/settings", Seen::ByAdministrators),
    Entry("People", "/console/people", Seen::ByAdministrators),
];

impl Visit<'_> {
    /// A page.
    pub(crate) fn page(&self, title: &str, content: Markup) -> Answer {
        self.page_with(200, title, content)
    }

    /// A page with another status than 200, for a form that was refused.
    pub(crate) fn page_with(&self, status: u16, title: &str, content: Markup) -> Answer {
        answer(status, page(self, title, content))
    }
}

/// An answer with a page.
pub(crate) fn answer(status: u16, page: Markup) -> Answer {
    Answer::text(status, "text/html; charset=utf-8", page.into_string())
}

/// A page of somebody who is signed in.
fn page(visit: &Visit<'_>, title: &str, content: Markup) -> Markup {
    let path = visit.request.path.trim_end_matches('/');
    let is_here = |at: &str| match at {
        "/console" => path == at || path.starts_with("/console/runs"),
        at => {
            path == at
                || path
                    .strip_prefix(at)
                    .is_some_and(|rest| rest.starts_with('/'))
        }
    };
    let caller = &visit.caller;
    let is_seen = |entry: &&Entry| match entry.2 {
        Seen::ByAdministrators => caller.is_admin,
        Seen::ByInternalUsers => caller.is_internal,
    };
    document(
        title,
        html! {
            a.skip href="#content" { "Skip to the content" }
            header.top {
                a.brand href=(visit.start()) { "dealbridge" }
                nav aria-label="Menu" {
                    ul {
                        @for entry in MENU.iter().filter(is_seen) {
                            li {
                                a href=(entry.1) aria-current=[is_here(entry.1).then_some("page")] { (entry.0) }
                            }
                        }
                    }
                }
                form.account method="post" action="/console/sign-out" {
                    span.who title=(caller.user) { (caller.user) }
                    (csrf(visit))
                    button.quiet type="submit" { "Sign out" }
                }
            }
            main id="content" tabindex="-1" {
                h1 { (title) }
                (content)
            }
        },
    )
}

/// A page without a menu, for somebody who is not signed in.
pub(crate) fn plain(title: &str, content: Markup) -> Markup {
    document(
        title,
        html! {
            header.top { span.brand { "dealbridge" } }
            main id="content" {
                h1 { (title) }
                (content)
            }
        },
    )
}

/// The field by which a form shows that it comes from a page of this session.
pub(crate) fn csrf(visit: &Visit<'_>) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.session.csrf); }
}

fn document(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // htmx must neither evaluate texts nor write styles into the page: the policy forbids both.
                meta name="htmx-config" content=r#"{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0,"selfRequestsOnly":true}"#;
                title { (title) " · dealbridge" }
                link rel="icon" type="image/svg+xml" href=(assets::icon());
                link rel="stylesheet" href=(assets::stylesheet());
                script src=(assets::htmx()) defer {}
                script src=(assets::script()) defer {}
            }
            body { (body) }
        }
    }
}
