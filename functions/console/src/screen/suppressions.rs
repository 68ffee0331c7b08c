//! Suppressions: what imports leave alone, since when and by whom.

use dealbridge_lambda::http::{Answer, Method, Refusal, Route};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    functions::{ApiCall, List},
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The list.
    List,
    /// The form that allows an import again.
    Allow,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[
        Route::admin(Method::Get, LIST, Screen::List),
        Route::admin(Method::Post, ALLOW, Screen::Allow),
];

const LIST: &str = "/console/suppressions";
const ALLOW: &str = "/console/suppressions/allow";
/// The suppressions on a page.
const PAGE: &str = "50";

/// An item of `GET /suppressions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suppression {
    salesforce: Salesforce,
    record: Record,
    record_exists: bool,
    since: Timestamp,
    by: String,
}

#[derive(Debug, Deserialize)]
struct Salesforce {
    object: String,
    id: String,
    name: Option<String>,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Record {
    kind: String,
    id: String,
}

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::List => {
            let allowed = visit.query("allowed");
            let notice = html! {
                p {
                    code { (allowed) } " may be imported again; the next run looks at it. "
                    a href=(parts::address("/console/why", &[("q", &allowed)], &[])) { "Why?" }
                    " says what that run will do."
                }
            };
            let notice = (!allowed.is_empty()).then_some((Tone::Good, notice));
            list(visit, 200, notice).await
        }
        Screen::Allow => allow(visit).await,
    }
}

/// `POST /console/suppressions/allow`: **Allow import**.
async fn allow(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let id = form.text("salesforce");
    // A page has one key and many buttons, each an act of its own.
    let key: String = format!("{}:{id}", form.text("key"))
        .chars()
        .take(128)
        .collect();
    let call = ApiCall::new(Method::Delete, "/suppressions/{salesforceId}")
        .at("salesforceId", id)
        .once(&key);
    match visit.call(call).await {
        Ok(_) => Ok(Answer::see_other(parts::address(
            LIST,
            &[("allowed", id)],
            &[],
        ))),
        Err(refusal) if matches!(refusal.status(), 400 | 404 | 409) => {
            refusal.log();
            let status = refusal.status();
            let answer = refusal.into_answer();
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            let notice = html! { p { (detail) } };
            list(visit, status, Some((Tone::Bad, notice))).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn list(
    visit: &Visit<'_>,
    status: u16,
    notice: Option<(Tone, Markup)>,
) -> Result<Answer, Refusal> {
    let call = ApiCall::get("/suppressions")
        .query("limit", PAGE)
        .query("cursor", &visit.query("cursor"));
    let found: List<Suppression> = visit.read(call).await?;
    let content = html! {
        @if let Some((tone, notice)) = notice { (parts::notice(tone, notice)) }
        p {
            "Opportunities that were unlinked on purpose, or whose Deal was deleted. Imports leave them alone until they are linked again, until their import is allowed here, or until the Import Flag is set anew after the Deal is gone."
        }
        section aria-label="Suppressions" {
            @if found.items.is_empty() {
                (parts::empty("Imports leave nothing alone. An Opportunity appears here when its Deal is unlinked: open the record, then Salesforce, Unlink."))
            } @else {
                form method="post" action=(ALLOW) {
                    (csrf(visit))
                    (parts::once())
                    (table(&found.items))
                }
            }
            (parts::next(LIST, &[], found.cursor.as_deref()))
        }
    };
    Ok(visit.page_with(status, "Suppressions", content))
}

fn table(suppressions: &[Suppression]) -> Markup {
    parts::table(
        "Suppressions",
        html! {
            thead { tr {
                th scope="col" { "In Salesforce" } th scope="col" { "Was linked to" } th scope="col" { "Since" } th scope="col" { "By" }
                th scope="col" { span.hidden { "Act" } }
            } }
            tbody {
                @for one in suppressions {
                    @let salesforce = &one.salesforce;
                    tr {
                        th.value scope="row" {
                            (parts::out(&salesforce.url, salesforce.name.as_deref().unwrap_or(&salesforce.object)))
                            " " code.muted { (salesforce.id) }
                        }
                        td.value {
                            @if one.record_exists {
                                a href=(format!("/console/{}s/{}", one.record.kind, one.record.id)) { (one.record.id) }
                            } @else {
                                (one.record.id) " " span.muted { "(deleted)" }
                            }
                        }
                        td.nowrap { (parts::time(one.since)) }
                        td { (one.by) }
                        td { button.quiet type="submit" name="salesforce" value=(salesforce.id) { "Allow import" span.hidden { " of " (salesforce.id) } } }
                    }
                }
            }
        },
    )
}
