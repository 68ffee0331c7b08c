//! Runs: the one under way, the last ones, and what a failed one met.

use dealbridge_lambda::http::Refusal;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    functions::{ApiCall, List},
    html::parts::{self, Tone, number},
    visit::Visit,
};

/// A run as the API shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) id: String,
    mode: String,
    pub(super) trigger: String,
    status: String,
    pub(super) started_at: Timestamp,
    finished_at: Option<Timestamp>,
    pub(super) counts: Counts,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Counts {
    listed: i64,
    imported: i64,
    updated: i64,
    unchanged: i64,
    pub(super) failed: i64,
    suppressed: i64,
    left: i64,
}

impl Counts {
    fn columns(&self) -> [(&'static str, i64); 7] {
        [
            ("Listed", self.listed),
            ("Imported", self.imported),
            ("Updated", self.updated),
            ("Unchanged", self.unchanged),
            ("Failed", self.failed),
            ("Suppressed", self.suppressed),
            ("Left", self.left),
        ]
    }
}

/// A fault of a run, as the Integration Log has it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fault {
    code: String,
    message: String,
    suggestion: Option<String>,
}

impl Run {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "running")
    }

    pub(super) fn has_failed(&self) -> bool {
        self.status == "failed"
    }

    pub(super) fn address(&self) -> String {
        format!("/console/runs/{}", self.id)
    }

    fn badge(&self) -> Markup {
        match self.status.as_str() {
            "queued" => parts::badge(Tone::Info, "Queued"),
            "running" => parts::badge(Tone::Info, "Running"),
            "succeeded" => parts::badge(Tone::Good, "Succeeded"),
            _ => parts::badge(Tone::Bad, "Failed"),
        }
    }

    /// The origin of the run in words.
    fn origin(&self) -> String {
        let mode = if self.mode == "full" {
            "Full"
        } else {
            "Incremental"
        };
        let by = if self.trigger == "manual" {
            "by hand"
        } else {
            "scheduled"
        };
        format!("{mode}, {by}")
    }
}

/// The faults of a run: what failed it, not what is wrong with one Opportunity.
pub(super) async fn faults(visit: &Visit<'_>, run: &Run) -> Result<Vec<Fault>, Refusal> {
    let call = ApiCall::get("/integration-log")
        .query("run", &run.id)
        .query("level", "error")
        .query("limit", "50");
    #[derive(Deserialize)]
    struct Entry {
        #[serde(flatten)]
        fault: Fault,
        salesforce: Option<serde_json::Value>,
        entity: Option<serde_json::Value>,
    }
    let entries: List<Entry> = visit.read(call).await?;
    let of_run = |entry: &Entry| entry.salesforce.is_none() && entry.entity.is_none();
    Ok(entries
        .items
        .into_iter()
        .filter(of_run)
        .map(|entry| entry.fault)
        .collect())
}

/// The banner of a run that failed.
pub(super) fn failed(run: &Run, faults: &[Fault]) -> Markup {
    parts::notice(
        Tone::Bad,
        html! {
            p { strong { "The last run failed. " } a href=(run.address()) { (run.id) } " began " (parts::time(run.started_at)) "." }
            (told(faults))
        },
    )
}

fn told(faults: &[Fault]) -> Markup {
    html! {
        @if faults.is_empty() {
            p { "Nothing of it is lost: the next run does what this one left. If that one fails too, look at the dead letters below and at docs/RUNBOOK.md." }
        }
        @for fault in faults {
            p { (fault.message) " " @if let Some(suggestion) = &fault.suggestion { strong { (suggestion) } } " " code { (fault.code) } }
        }
    }
}

/// The run under way, which refreshes itself each second until it has ended.
pub(super) fn progress(run: &Run, now: Timestamp) -> Markup {
    let counts = &run.counts;
    let done = counts.listed.saturating_sub(counts.left).max(0);
    let until = run.finished_at.unwrap_or(now);
    let elapsed = until.duration_since(run.started_at).as_secs().max(0);
    let active = run.is_active();
    html! {
        section.progress id="progress" aria-labelledby="progress-title"
            hx-get=[active.then(|| run.address())] hx-trigger=[active.then_some("every 1s")] hx-swap="outerHTML" {
            h2 id="progress-title" { a href=(run.address()) { (run.id) } " " (run.badge()) }
            progress max=(counts.listed.max(1)) value=(if active { done } else { counts.listed.max(1) }) aria-label="Done of listed" {}
            p {
                (number(done)) " of " (number(counts.listed)) " done, "
                (elapsed / 60) " min " (elapsed % 60) " s"
            }
            (figures(counts))
            @if !active { p { a.button href="/console" { "Show all" } } }
        }
    }
}

fn figures(counts: &Counts) -> Markup {
    html! {
        dl.figures {
            @for (label, value) in counts.columns() {
                div { dt { (label) } dd { (number(value)) } }
            }
        }
    }
}

/// The last runs, with a chart of what they imported and what failed.
pub(super) fn list(runs: &[Run]) -> Markup {
    html! {
        section id="runs" aria-labelledby="runs-title" {
            h2 id="runs-title" { "The last runs" }
            @if runs.is_empty() {
                (parts::empty("There was no run yet. The next full hour brings one, or Actions, Run Full Sync Now."))
            } @else {
                (chart(runs))
                (parts::table("The last runs", html! {
                    thead { tr {
                        th scope="col" { "Run" } th scope="col" { "Began" } th scope="col" { "Kind" } th scope="col" { "State" }
                        @for (label, _) in runs[0].counts.columns() { th.number scope="col" { (label) } }
                    } }
                    tbody {
                        @for run in runs {
                            tr {
                                th scope="row" { a href=(run.address()) { (run.id) } }
                                td { (parts::time(run.started_at)) }
                                td { (run.origin()) }
                                td { (run.badge()) }
                                @for (_, value) in run.counts.columns() { td.number { (number(value)) } }
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// Bars of what runs imported and of what failed, the oldest run first.
fn chart(runs: &[Run]) -> Markup {
    const HEIGHT: i64 = 60;
    const STEP: usize = 24;
    let tallest = runs
        .iter()
        .map(|run| run.counts.imported.max(run.counts.failed))
        .max()
        .unwrap_or_default()
        .max(1);
    let bar = |x: usize, value: i64, class: &str| {
        let height = if value == 0 {
            0
        } else {
            (value * HEIGHT / tallest).max(1)
        };
        html! { rect class=(class) x=(x) y=(HEIGHT - height) width="9" height=(height) {} }
    };
    html! {
        figure.chart {
            svg viewBox=(format!("0 0 {} {HEIGHT}", runs.len() * STEP)) width=(runs.len() * STEP) height=(HEIGHT) aria-hidden="true" {
                @for (place, run) in runs.iter().rev().enumerate() {
                    (bar(place * STEP, run.counts.imported, "good"))
                    (bar(place * STEP + 10, run.counts.failed, "bad"))
                }
            }
            figcaption { span.key.good {} "imported " span.key.bad {} "failed, by run; the table has the numbers" }
        }
    }
}

/// The page of one run.
pub(super) fn page(run: &Run, faults: &[Fault], now: Timestamp) -> Markup {
    let log = parts::address("/console/log/entries", &[("run", &run.id)], &[]);
    html! {
        @if run.is_active() {
            (progress(run, now))
        } @else {
            p { (run.badge()) " " (run.origin()) ", began " (parts::time(run.started_at)) ", ended " (parts::time_or(run.finished_at, "not yet")) "." }
            @if run.has_failed() { (parts::notice(Tone::Bad, told(faults))) }
            (figures(&run.counts))
        }
        p { a.button href=(log) { "View its entries in the Integration Log" } }
    }
}
