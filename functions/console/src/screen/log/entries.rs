//! Entries of runs and actions, newest first.

use dealbridge_lambda::http::{Answer, Refusal};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    export::MOST_ENTRIES,
    filter::{self, Filter, OF_ENTRIES, Wrong},
    parts::{ENTRIES, EXPORT, RecordName, TITLE, tabs},
};
use crate::{
    functions::{ApiCall, List},
    html::parts::{self, Tone, number},
    visit::Visit,
};

/// The entries on a page.
const PAGE: &str = "40";

/// An entry as the API shows it.
#[derive(Debug, Deserialize)]
struct Entry {
    task: String,
    at: Timestamp,
    level: String,
    code: String,
    message: String,
    suggestion: String,
    entity: Option<RecordName>,
    salesforce: Option<Salesforce>,
    details: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Salesforce {
    object: String,
    id: String,
    name: Option<String>,
    url: String,
}

/// `GET /console/log/entries`.
pub(super) async fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let filter = Filter::of(visit, &OF_ENTRIES);
    let call = filter.ask(ApiCall::get("/integration-log"));
    let call = call
        .query("limit", PAGE)
        .query("cursor", &visit.query("cursor"));
    let (found, wrong) = match visit.read::<List<Entry>>(call).await {
        Ok(found) => (Some(found), None),
        Err(refusal) => (None, Some(Wrong::of(refusal)?)),
    };
    let content = html! {
        (tabs(ENTRIES))
        @if let Some(wrong) = &wrong { @if let Some(notice) = wrong.notice() { (notice) } }
        (filter::form(ENTRIES, &filter, wrong.as_ref(), &OF_ENTRIES))
        @if let Some(found) = &found { (list(found, &filter)) }
    };
    let status = wrong.map_or(200, |wrong| wrong.status);
    Ok(visit.page_with(status, TITLE, content))
}

fn list(found: &List<Entry>, filter: &Filter) -> Markup {
    html! {
        section aria-labelledby="entries" {
            div.title {
                h2 id="entries" { "Entries, newest first" }
                div {
                    a.button.quiet href=(filter.address(EXPORT, &[])) download { "Export CSV" }
                    p.hint { "The first " (number(MOST_ENTRIES)) " that match." }
                }
            }
            @if found.items.is_empty() {
                @if found.cursor.is_some() {
                    (parts::empty("None of those that were looked at so far match. The next page goes on looking."))
                } @else if filter.is_open() {
                    (parts::empty("There is no entry yet. The next run writes the first ones: start it in the Sync Manager by Actions, Run Full Sync Now."))
                } @else {
                    (parts::empty("No entry matches. Take a filter away; entries live 90 days."))
                }
            } @else {
                (table(found, filter))
            }
            (filter.next(ENTRIES, found.cursor.as_deref()))
        }
    }
}

fn table(found: &List<Entry>, filter: &Filter) -> Markup {
    let table = parts::table(
        "Entries",
        html! {
            thead { tr {
                th scope="col" { "Time" } th scope="col" { "Level" } th scope="col" { "What happened, and what to do" }
                th scope="col" { "Records" } th scope="col" { "Run" }
            } }
            tbody {
                @for entry in &found.items {
                    tr {
                        td.nowrap { (parts::time(entry.at)) }
                        td { (level(&entry.level)) }
                        th.said scope="row" {
                            a href=(filter.address(ENTRIES, &[("code", &entry.code)])) { (entry.code) }
                            p.clip.long { (entry.message) }
                            @if entry.level != "info" { p.muted.clip { (entry.suggestion) } }
                            @if let Some(details) = &entry.details { p.muted.clip { (details) } }
                        }
                        td.value { (records(entry)) }
                        td.nowrap { (task(&entry.task)) }
                    }
                }
            }
        },
    );
    html! { div.stacked { (table) } }
}

fn level(level: &str) -> Markup {
    match level {
        "error" => parts::badge(Tone::Bad, "Error"),
        "warning" => parts::badge(Tone::Warning, "Warning"),
        _ => parts::badge(Tone::Info, "Info"),
    }
}

fn records(entry: &Entry) -> Markup {
    html! {
        @if let Some(record) = &entry.entity { p { a href=(record.address()) { (record.label()) } } }
        @if let Some(salesforce) = &entry.salesforce {
            p {
                (parts::out(&salesforce.url, salesforce.name.as_deref().unwrap_or(&salesforce.object)))
                " " code.muted { (salesforce.id) }
            }
            @if salesforce.object == "Opportunity" {
                p { a href=(parts::address("/console/why", &[("q", &salesforce.id)], &[])) { "Why?" span.hidden { " " (salesforce.id) } } }
            }
        }
    }
}

/// The run that an entry is of; an action is none.
fn task(task: &str) -> Markup {
    html! {
        @if task.starts_with("run-") {
            a href=(format!("/console/runs/{task}")) { (task) }
        } @else {
            span.muted { "Action" }
        }
    }
}
