//! **Why?**: the conditions of one Opportunity, each with the value read and the fix.

use dealbridge_lambda::http::{Answer, Method, Refusal, Route};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    functions::ApiCall,
    html::parts::{self, Field, Tone},
    visit::Visit,
};

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The explanation of an Opportunity.
    Explanation,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] =
    &[Route::admin(Method::Get, PATH, Screen::Explanation)];

const PATH: &str = "/console/why";

/// `GET /explanations`.
#[derive(Debug, Deserialize)]
struct Explanation {
    opportunity: Opportunity,
    verdict: String,
    conditions: Vec<Condition>,
    warnings: Vec<Warning>,
}

#[derive(Debug, Deserialize)]
struct Opportunity {
    id: String,
    name: Option<String>,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Condition {
    code: String,
    condition: Option<String>,
    passed: bool,
    field: Option<String>,
    value: Option<String>,
    message: Option<String>,
    suggestion: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Warning {
    code: String,
    message: String,
    suggestion: String,
}

/// A refusal: of what was pasted, or of the moment.
enum Refused {
    Text(String),
    Moment(String),
}

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::Explanation => explanation(visit).await,
    }
}

async fn explanation(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let pasted = visit.query("q");
    if pasted.is_empty() {
        return Ok(page(visit, 200, &pasted, None, introduction()));
    }
    let call = ApiCall::get("/explanations").query("opportunity", &pasted);
    match visit.read::<Explanation>(call).await {
        Ok(found) => Ok(page(visit, 200, &pasted, None, explained(&found))),
        Err(refusal) if matches!(refusal.status(), 401 | 403 | 500) => Err(refusal),
        Err(refusal) => {
            refusal.log();
            let status = refusal.status();
            let is_of_text = matches!(status, 400 | 404 | 422);
            let answer = refusal.into_answer();
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            let refused = if is_of_text {
                Refused::Text(detail.to_owned())
            } else {
                Refused::Moment(detail.to_owned())
            };
            Ok(page(visit, status, &pasted, Some(&refused), html! {}))
        }
    }
}

fn page(
    visit: &Visit<'_>,
    status: u16,
    pasted: &str,
    refused: Option<&Refused>,
    result: Markup,
) -> Answer {
    let (error, notice) = match refused {
        Some(Refused::Text(detail)) => (Some(&**detail), None),
        Some(Refused::Moment(detail)) => (None, Some(detail)),
        None => (None, None),
    };
    let field = Field {
        name: "q",
        label: "Opportunity",
        hint: Some("Its id, or the address of its page in Salesforce."),
        error,
    };
    let content = html! {
        @if let Some(notice) = notice {
            (parts::notice(Tone::Bad, html! { p { (notice) } }))
        }
        section aria-label="Ask" {
            form method="get" action=(PATH) {
                (field.text(pasted))
                button type="submit" { "Check" }
            }
        }
        (result)
    };
    visit.page_with(status, "Why?", content)
}

fn introduction() -> Markup {
    parts::empty(
        "Paste an Opportunity to see every condition of its import, with the value that is in Salesforce at this moment, and what to do about those that are not met. Nothing is imported or changed by looking.",
    )
}

/// The act of the next run, as a badge and a sentence.
fn outlook(verdict: &str) -> (Tone, &'static str, &'static str) {
    match verdict {
        "would_import" => (
            Tone::Good,
            "Would import",
            "Every condition is met: the next run makes a Deal of it.",
        ),
        "would_update" => (
            Tone::Good,
            "Would update",
            "It is linked, and the next run brings what changed.",
        ),
        "unchanged" => (
            Tone::Good,
            "Nothing to do",
            "It is linked, and nothing has changed.",
        ),
        "would_fail" => (
            Tone::Bad,
            "Would not import",
            "A condition is not met. Each that fails says what to do; the next run looks again.",
        ),
        "suppressed" => (
            Tone::Info,
            "Left alone",
            "It was unlinked on purpose, and imports leave it alone until its import is allowed.",
        ),
        _ => (
            Tone::Info,
            "Not looked at",
            "It is not flagged for import, or it is gone.",
        ),
    }
}

fn explained(found: &Explanation) -> Markup {
    let (tone, short, sentence) = outlook(&found.verdict);
    let name = found
        .opportunity
        .name
        .as_deref()
        .unwrap_or("An Opportunity whose name cannot be read");
    let failed = found.conditions.iter().filter(|one| !one.passed).count();
    let id = found.opportunity.id.as_str();
    html! {
        section aria-labelledby="outlook" {
            h2 id="outlook" { (parts::out(&found.opportunity.url, name)) " " code.muted { (id) } }
            p { (parts::badge(tone, short)) " " (sentence) }
            @if found.verdict == "suppressed" {
                p { a href="/console/suppressions" { "See Suppressions, and allow its import there" } }
            }
            p.row {
                a.button.quiet href=(parts::address(PATH, &[("q", id)], &[])) { "Check again" }
                a.button.quiet href=(parts::address("/console/log/entries", &[("opportunity", id)], &[])) { "View its entries in the Integration Log" }
            }
        }
        @for warning in &found.warnings {
            (parts::notice(Tone::Warning, html! {
                p { code { (warning.code) } " " (warning.message) }
                p { (warning.suggestion) }
            }))
        }
        section aria-labelledby="conditions" {
            h2 id="conditions" {
                "Conditions"
                @if failed > 0 { span.count { ", " (failed) " not met" } }
            }
            @if found.conditions.is_empty() {
                (parts::empty("No condition was looked at: it is linked, and follows its link."))
            } @else {
                (table(&found.conditions))
            }
        }
    }
}

/// Every condition, those that are not met first.
fn table(conditions: &[Condition]) -> Markup {
    let (passed, failed): (Vec<_>, Vec<_>) = conditions.iter().partition(|one| one.passed);
    let table = parts::table(
        "Conditions",
        html! {
            thead { tr {
                th scope="col" { "Result" } th scope="col" { "Condition" } th scope="col" { "Value read" } th scope="col" { "What is wrong, and the fix" }
            } }
            tbody {
                @for one in failed.into_iter().chain(passed) {
                    tr.marked[!one.passed] {
                        td { @if one.passed { (parts::badge(Tone::Good, "Pass")) } @else { (parts::badge(Tone::Bad, "Fail")) } }
                        th.said scope="row" {
                            (one.condition.as_deref().unwrap_or(&one.code))
                            @if let Some(field) = &one.field { p.muted { code { (field) } } }
                        }
                        td.value data-label="Value read" { @match &one.value { Some(value) => span.clip { (value) }, None => span.muted { "blank" } } }
                        td.said {
                            @if let Some(message) = &one.message { p { (message) } }
                            @if let Some(suggestion) = &one.suggestion { @if !one.passed { p { strong { "What to do: " } (suggestion) } } }
                            @if !one.passed { p.muted { code { (one.code) } } }
                        }
                    }
                }
            }
        },
    );
    html! { div.stacked { (table) } }
}
