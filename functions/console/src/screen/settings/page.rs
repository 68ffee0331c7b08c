//! The page around the form, and what the API says about a draft.

use dealbridge_lambda::http::{Answer, Refusal};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    connection::{self, told},
    controls::{At, Said},
    draft::Draft,
    form,
    offers::Offers,
};
use crate::{
    functions::ApiCall,
    html::parts::{self, Tone},
    stored,
    visit::Visit,
};

/// The title of the page, as the menu of the seed names it.
const TITLE: &str = "Settings ▸ Salesforce Integration";

/// The page around the form.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) draft: Draft,
    pub(super) said: Said,
    pub(super) notice: Markup,
}

/// The settings as they are stored, with their version; none where none were stored yet.
pub(super) async fn current(visit: &Visit<'_>) -> Result<Option<Draft>, Refusal> {
    let stored = stored::settings(visit).await?;
    Ok(stored.map(|(settings, version)| Draft::of(&settings, version)))
}

/// The fields and objects that settings may name.
pub(super) async fn offers(visit: &Visit<'_>) -> Result<Offers, Refusal> {
    visit.read(ApiCall::get("/settings/fields")).await
}

/// The page.
pub(super) fn page(visit: &Visit<'_>, shown: &Shown, offers: &Offers) -> Answer {
    let content = html! {
        @if shown.draft.version > 0 {
            p { "Version " (shown.draft.version) ". " a href="/console/settings/versions" { "All versions" } }
        }
        (shown.notice)
        @if let Some(fault) = &offers.problem {
            (parts::notice(Tone::Warning, html! {
                p { "The fields of the org cannot be listed, so names are typed here, and checked when Salesforce answers:" }
                (told(fault))
            }))
        }
        (form::show(visit, &shown.draft, &shown.said, offers))
    };
    visit.page_with(shown.status, TITLE, content)
}

/// Everything that is wrong with a draft: by the API's word, and notations of the form's own that cannot be read.
pub(super) async fn check(visit: &Visit<'_>, draft: &Draft) -> Result<Said, Refusal> {
    #[derive(Deserialize)]
    struct Checked {
        problems: Vec<At>,
        warnings: Vec<At>,
    }
    let call = ApiCall::post("/settings/check").json(&draft.json());
    let checked: Checked = visit.read(call).await?;
    let mut said = Said::of(checked.problems, checked.warnings);
    said.problems.extend(draft.unreadable());
    Ok(said)
}

/// The page that says what is wrong with a draft.
pub(super) async fn checked(visit: &Visit<'_>, draft: Draft) -> Result<Answer, Refusal> {
    let said = check(visit, &draft).await?;
    Ok(page(visit, &refused(draft, said), &offers(visit).await?))
}

/// The page that says what is wrong, or that nothing is.
pub(super) fn refused(draft: Draft, said: Said) -> Shown {
    let (status, notice) = if !said.problems.is_empty() {
        let notice = html! {
            p { strong { "These settings cannot be stored:" } }
            (connection::list(&said))
        };
        (422, parts::notice(Tone::Bad, notice))
    } else if !said.warnings.is_empty() {
        let notice = html! {
            p { strong { "These settings can be stored. What is to be looked at:" } }
            (connection::list(&said))
        };
        (200, parts::notice(Tone::Warning, notice))
    } else {
        let notice =
            html! { p { "Nothing is wrong with these settings. They are not stored yet." } };
        (200, parts::notice(Tone::Good, notice))
    };
    Shown {
        status,
        draft,
        said,
        notice,
    }
}

/// The notice of a refusal, with its status.
pub(super) fn not_done(refusal: Refusal, what: &str) -> (u16, Markup) {
    refusal.log();
    let status = refusal.status();
    let body = refusal.into_answer().body;
    let detail = body["detail"].as_str().unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default();
    let notice = html! { p { strong { (what) " " } (detail) " " code { (code) } } };
    (status, parts::notice(Tone::Bad, notice))
}
