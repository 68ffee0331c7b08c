//! The versions of the settings: who, when, what differs, and back to one.

use dealbridge_lambda::http::{Answer, Method, Refusal};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{connection, controls::Said, difference, draft::Draft, page::current};
use crate::{
    functions::{ApiCall, List},
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// A version as the API shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) version: u64,
    stored_at: Option<Timestamp>,
    stored_by: Option<String>,
    #[serde(default)]
    settings: Value,
}

impl Version {
    /// Who stored it, and when.
    pub(super) fn origin(&self) -> Markup {
        html! {
            @match &self.stored_by {
                Some(by) => (by),
                None => span.muted { "nobody who is known" },
            }
            @if let Some(at) = self.stored_at { ", " (parts::time(at)) }
        }
    }

    /// Its settings.
    pub(super) fn draft(&self) -> Draft {
        Draft::of_json(&self.settings)
    }
}

/// A version with its settings.
pub(super) async fn read(visit: &Visit<'_>, version: &str) -> Result<Version, Refusal> {
    let call = ApiCall::get("/settings/versions/{version}").at("version", version);
    visit.read(call).await
}

/// `GET /console/settings/versions`.
pub(super) async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let cursor = visit.query("cursor");
    let call = ApiCall::get("/settings/versions").query("cursor", &cursor);
    let versions: List<Version> = visit.read(call).await?;
    let current = cursor
        .is_empty()
        .then(|| versions.items.first().map(|one| one.version));
    let content = html! {
        p { a href="/console/settings" { "Back to the settings" } }
        section {
            @if versions.items.is_empty() {
                (parts::empty("No settings were stored yet. Store the first ones on the settings page."))
            } @else {
                (parts::table("Versions", html! {
                    thead { tr { th scope="col" { "Version" } th scope="col" { "Stored by" } th scope="col" { "Stored" } } }
                    tbody {
                        @for version in &versions.items {
                            tr {
                                th scope="row" {
                                    a href=(format!("/console/settings/versions/{}", version.version)) { "Version " (version.version) }
                                    @if current.flatten() == Some(version.version) { " " (parts::badge(Tone::Good, "Current")) }
                                }
                                td { (version.stored_by.as_deref().unwrap_or("not known")) }
                                td { (parts::time_or(version.stored_at, "not known")) }
                            }
                        }
                    }
                }))
                p.muted { "The last 100 versions that were replaced are kept." }
                (parts::next("/console/settings/versions", &[], versions.cursor.as_deref()))
            }
        }
    };
    Ok(visit.page("Versions of the settings", content))
}

/// `GET /console/settings/versions/{version}`.
pub(super) async fn show(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    page(visit, 200, html! {}).await
}

async fn page(visit: &Visit<'_>, status: u16, notice: Markup) -> Result<Answer, Refusal> {
    let version = read(visit, visit.at("version")?).await?;
    let now = current(visit).await?;
    let before = match version.version.checked_sub(1) {
        None | Some(0) => None,
        Some(before) => read(visit, &before.to_string()).await.ok(),
    };
    let is_current = now
        .as_ref()
        .is_some_and(|now| now.version == version.version);
    let title = format!("Version {} of the settings", version.version);
    let content = html! {
        (notice)
        p { a href="/console/settings/versions" { "All versions" } }
        p { "Stored by " (version.origin()) "." @if is_current { " " (parts::badge(Tone::Good, "Current")) } }
        @if let Some(now) = now.as_ref().filter(|_| !is_current) {
            section aria-labelledby="to-current" {
                h2 id="to-current" { "What differs from the current version" }
                (difference::show(&version.draft(), now, (&format!("Version {}", version.version), &format!("Version {} (current)", now.version))))
                form method="post" action=(format!("/console/settings/versions/{}", version.version)) {
                    (csrf(visit))
                    (parts::once())
                    input type="hidden" name="over" value=(now.version);
                    button type="submit" { "Restore version " (version.version) }
                }
            }
        }
        section aria-labelledby="by-this" {
            h2 id="by-this" { "What this version changed" }
            @match &before {
                Some(before) => (difference::show(&before.draft(), &version.draft(), (&format!("Version {}", before.version), &format!("Version {}", version.version)))),
                None => p.muted { "The version before it is not kept." },
            }
        }
    };
    Ok(visit.page_with(status, &title, content))
}

/// `POST /console/settings/versions/{version}`: stores the settings of a former version over the current one.
pub(super) async fn restore(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let version = read(visit, visit.at("version")?).await?;
    let call = ApiCall::new(Method::Put, "/settings")
        .json(&version.settings)
        .if_match(form.text("over").parse().unwrap_or_default())
        .once(form.text("key"));
    match visit.call(call).await {
        Ok(_) => Ok(Answer::see_other("/console/settings?saved=yes")),
        Err(refusal) if (400..500).contains(&refusal.status()) => {
            refusal.log();
            let status = refusal.status();
            let body = refusal.into_answer().body;
            let said = Said::of_refusal(&body);
            let notice = parts::notice(
                Tone::Bad,
                html! {
                    p { strong { "It was not restored. " } @if said.is_empty() { (body["detail"].as_str().unwrap_or_default()) } }
                    (connection::list(&said))
                },
            );
            page(visit, status, notice).await
        }
        Err(refusal) => Err(refusal),
    }
}
