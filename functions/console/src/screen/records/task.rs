//! A Sync Now, until it has ended.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Refusal};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    address,
    shown::{Issue, SalesforceSide},
};
use crate::{
    functions::ApiCall,
    html::{
        layout,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// A task as the API shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) record: RecordRef,
    status: String,
    asked_at: Timestamp,
    asked_by: String,
    ended_at: Option<Timestamp>,
    salesforce: Option<SalesforceSide>,
    entries: Vec<Issue>,
}

#[derive(Deserialize)]
pub(super) struct RecordRef {
    pub(super) kind: RecordKind,
    pub(super) id: String,
}

/// The Sync Now that the record's page was opened for, if it was.
pub(super) async fn asked(visit: &Visit<'_>, kind: RecordKind) -> Result<Option<Markup>, Refusal> {
    let id = visit.query("task");
    if id.is_empty() {
        return Ok(None);
    }
    let task: Task = visit.read(ApiCall::get("/tasks/{id}").at("id", id)).await?;
    let is_of_record = task.record.kind == kind && task.record.id == visit.at("id")?;
    Ok(is_of_record.then(|| part(&task)))
}

/// `GET /console/tasks/{id}`: a page, or the part of the record's page that refreshes itself.
pub(super) async fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let call = ApiCall::get("/tasks/{id}").at("id", visit.at("id")?);
    let task: Task = visit.read(call).await?;
    if visit.wants_part() {
        let answer = layout::answer(200, part(&task));
        // The record's page is of before: it is asked for again, once.
        return Ok(match task.ended_at {
            Some(_) => answer.header("hx-refresh", "true"),
            None => answer,
        });
    }
    let content = html! {
        (part(&task))
        p { a.button href=(address::of(task.record.kind, &task.record.id)) { "Show the record" } }
    };
    Ok(visit.page("Sync Now", content))
}

/// The task: waiting, it asks for itself each second.
fn part(task: &Task) -> Markup {
    let waits = task.status == "queued";
    let at = format!("/console/tasks/{}", task.id);
    let (tone, state) = match task.status.as_str() {
        "queued" => (Tone::Info, "Sync Now is under way."),
        "succeeded" => (Tone::Good, "Sync Now is done: both sides are up to date."),
        _ => (Tone::Bad, "Sync Now failed."),
    };
    html! {
        div id="task" hx-get=[waits.then_some(&at)] hx-trigger=[waits.then_some("every 1s")] hx-swap="outerHTML" {
            (parts::notice(tone, html! {
                p {
                    strong { (state) } " "
                    @match task.ended_at {
                        Some(ended) => { "Ended " (parts::time(ended)) "." }
                        None => { "Asked for " (parts::time(task.asked_at)) " by " bdi { (task.asked_by) } ". " a href="" { "Look again" } }
                    }
                    @if let Some(salesforce) = &task.salesforce { " " (salesforce.link()) }
                }
                @for entry in &task.entries { (entry.show()) }
            }))
        }
    }
}
