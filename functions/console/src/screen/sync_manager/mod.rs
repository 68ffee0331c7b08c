//! The Sync Manager: integrations, runs, calls of Salesforce, queues.

mod calls;
mod queues;
mod runs;

use dealbridge_core::{
    record::RecordKind,
    run::DEAL_REGISTRATION,
    settings::{SendMode, Settings},
};
use dealbridge_lambda::http::{Answer, Method, Refusal, Route};
use futures::future::try_join4;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde_json::json;

use self::runs::Run;
use crate::{
    functions::{ApiCall, List},
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    stored,
    visit::Visit,
};

/// The runs that are shown.
const SHOWN_RUNS: &str = "20";

/// An integration that the settings know.
struct Integration {
    id: &'static str,
    label: &'static str,
    mode: String,
}

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The start page: integrations, runs, calls, queues.
    Start,
    /// The form that starts a full run.
    RunFullSync,
    /// A run.
    Run,
    /// The form that replays dead letters.
    ReplayDeadLetters,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[
    Route::admin(Method::Get, "/console", Screen::Start),
    Route::admin(Method::Post, "/console/sync", Screen::RunFullSync),
    Route::admin(Method::Get, "/console/runs/{id}", Screen::Run),
    Route::admin(Method::Post, "/console/dead-letters/replay", Screen::ReplayDeadLetters),
];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::Start => page(visit, 200, None).await,
        Screen::RunFullSync => run_full_sync(visit).await,
        Screen::Run => run(visit).await,
        Screen::ReplayDeadLetters => replay(visit).await,
    }
}

/// `POST /console/sync`: **Run Full Sync Now** for the integrations that are ticked.
async fn run_full_sync(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let ticked = form.all("integration");
    if ticked.is_empty() {
        let notice = "Tick the integrations to synchronise, then choose Run Full Sync Now.";
        return page(visit, 422, Some(html! { (notice) })).await;
    }
    // One full run is all of them: it imports, and it sends what waits for Salesforce.
    let call = ApiCall::post("/sync-runs")
        .json(&json!({
            "integration": DEAL_REGISTRATION,
            "overBudget": form.is_ticked("overBudget"),
        }))
        .once(form.text("key"));
    match visit.read::<Run>(call).await {
        Ok(_) => Ok(Answer::see_other("/console#progress")),
        Err(refusal) if refusal.status() == 409 => {
            refusal.log();
            let status = refusal.status();
            let answer = refusal.into_answer();
            let is_budget = answer.body["code"] == "SF_BUDGET_SPENT";
            let detail = answer.body["detail"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let content = html! {
                p { (detail) }
                @if is_budget { (over_budget(visit, &ticked)) }
            };
            page(visit, status, Some(content)).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// The form that starts the run although the budget of calls has no room for it.
fn over_budget(visit: &Visit<'_>, ticked: &[&str]) -> Markup {
    html! {
        form method="post" action="/console/sync" {
            (csrf(visit))
            (parts::once())
            @for id in ticked { input type="hidden" name="integration" value=(id); }
            input type="hidden" name="overBudget" value="yes";
            button type="submit" { "Run it all the same" }
        }
    }
}

/// `GET /console/runs/{id}`: a run as a page, or as the part of the start page that refreshes itself.
async fn run(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let id = visit.at("id")?;
    let run: Run = visit
        .read(ApiCall::get("/sync-runs/{id}").at("id", id))
        .await?;
    let now = visit.console.clock.now();
    if visit.wants_part() {
        let part = runs::progress(&run, now);
        return Ok(crate::html::layout::answer(200, part));
    }
    let faults = runs::faults(visit, &run).await?;
    let title = format!("Run {}", run.id);
    Ok(visit.page(&title, runs::page(&run, &faults, now)))
}

/// `POST /console/dead-letters/replay`.
async fn replay(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let call = ApiCall::post("/dead-letters/replay")
        .json(&json!({ "queue": form.text("queue") }))
        .once(form.text("key"));
    let answer = visit.call(call).await?;
    let told = answer.body["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    page(visit, 200, Some(html! { (told) })).await
}

async fn page(visit: &Visit<'_>, status: u16, notice: Option<Markup>) -> Result<Answer, Refusal> {
    let now = visit.console.clock.now();
    let runs = visit.read::<List<Run>>(ApiCall::get("/sync-runs").query("limit", SHOWN_RUNS));
    let calls = visit.read::<calls::Usage>(ApiCall::get("/usage"));
    let queues = visit.read::<List<queues::Queue>>(ApiCall::get("/dead-letters"));
    let (runs, calls, queues, settings) =
        try_join4(runs, calls, queues, stored::settings(visit)).await?;
    let runs = runs.items;
    let active = runs.iter().find(|run| run.is_active());
    let ended = runs.iter().find(|run| !run.is_active());
    let faults = match ended {
        Some(run) if run.has_failed() => runs::faults(visit, run).await?,
        _ => Vec::new(),
    };
    let tone = if status < 400 { Tone::Info } else { Tone::Bad };
    let content = html! {
        @if let Some(notice) = notice { (parts::notice(tone, notice)) }
        @if let Some(run) = ended.filter(|run| run.has_failed()) { (runs::failed(run, &faults)) }
        @match &settings {
            None => (no_settings()),
            Some((settings, _)) => (integrations(visit, settings, &runs, now)),
        }
        @if let Some(run) = active { (runs::progress(run, now)) }
        (runs::list(&runs))
        (calls::show(&calls))
        (queues::show(visit, &queues.items))
    };
    Ok(visit.page_with(status, "Sync Manager", content))
}

fn no_settings() -> Markup {
    parts::notice(
        Tone::Warning,
        html! {
            "Nothing is imported yet, for there are no settings. "
            a href="/console/settings" { "Store the first ones" } "."
        },
    )
}

fn integrations(visit: &Visit<'_>, settings: &Settings, runs: &[Run], now: Timestamp) -> Markup {
    let last = runs.iter().find(|run| !run.is_active());
    let next = next_run(runs, now);
    let state = state(settings, runs);
    html! {
        section aria-labelledby="integrations" {
            h2 id="integrations" { "Integrations" }
            form method="post" action="/console/sync" {
                (csrf(visit))
                (parts::once())
                details.menu {
                    summary.button { "Actions" }
                    div.items { button type="submit" { "Run Full Sync Now" } }
                }
                (parts::table("Integrations", html! {
                    thead { tr { th scope="col" { "Integration" } th scope="col" { "Mode" } th scope="col" { "Last run" } th scope="col" { "Next run" } th scope="col" { "State" } } }
                    tbody {
                        @for integration in known(settings) {
                            tr {
                                th scope="row" {
                                    label.check {
                                        input type="checkbox" name="integration" value=(integration.id) checked;
                                        (integration.label)
                                    }
                                }
                                td { (integration.mode) }
                                td { @match last { Some(run) => a href=(run.address()) { (parts::time(run.started_at)) }, None => span.muted { "none yet" } } }
                                td { @match next { Some(next) if settings.enabled => { "about " (parts::time(next)) }, _ => span.muted { "not known" } } }
                                td { (state) }
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// The integrations that the settings know: the import of Deals always, the others where their records are sent.
fn known(settings: &Settings) -> Vec<Integration> {
    let sent = |kind: RecordKind| match settings.send.of(kind).mode {
        SendMode::Off => None,
        SendMode::Manual => Some("sent by Sync Now"),
        SendMode::OnSubmit => Some("sent on submission"),
        SendMode::OnStatus => Some("sent on registration status"),
    };
    let deals = match sent(RecordKind::Deal) {
        None => "imports hourly".to_owned(),
        Some(sent) => format!("imports hourly; {sent}"),
    };
    let mut known = vec![Integration {
        id: DEAL_REGISTRATION,
        label: "Deal Registration",
        mode: deals,
    }];
    for (kind, id, label) in [
        (RecordKind::Lead, "lead-distribution", "Lead Distribution"),
        (RecordKind::Referral, "referral", "Referral"),
    ] {
        known.extend(sent(kind).map(|mode| Integration {
            id,
            label,
            mode: mode.to_owned(),
        }));
    }
    known
}

/// The time of the next hourly run: an hour after the last one that a schedule began.
fn next_run(runs: &[Run], now: Timestamp) -> Option<Timestamp> {
    let last = runs.iter().find(|run| run.trigger == "schedule")?;
    let next = last
        .started_at
        .checked_add(SignedDuration::from_hours(1))
        .ok()?;
    (next > now).then_some(next)
}

fn state(settings: &Settings, runs: &[Run]) -> Markup {
    let ended = runs.iter().find(|run| !run.is_active());
    if !settings.enabled {
        return parts::badge(Tone::Warning, "Switched off");
    }
    if runs.iter().any(Run::is_active) {
        return parts::badge(Tone::Info, "Running");
    }
    match ended {
        None => parts::badge(Tone::Info, "Waiting for its first run"),
        Some(run) if run.has_failed() => parts::badge(Tone::Bad, "Failed"),
        Some(run) if run.counts.failed > 0 => parts::badge(Tone::Warning, "Ended with problems"),
        Some(_) => parts::badge(Tone::Good, "OK"),
    }
}
