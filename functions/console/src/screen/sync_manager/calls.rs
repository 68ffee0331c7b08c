//! The calls of Salesforce of the last 24 hours, against their budget.

use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::html::parts::{self, Tone, number};

/// `GET /usage`, as far as it is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    hours: Vec<Hour>,
    total: i64,
    org: Option<Org>,
    budget: Budget,
    full_run: Option<FullRun>,
}

#[derive(Debug, Deserialize)]
struct Hour {
    hour: Timestamp,
    total: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Org {
    used: i64,
    allowed: i64,
    read_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Budget {
    limit: Option<i64>,
    left: Option<i64>,
    goes_on: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct FullRun {
    calls: i64,
}

pub(super) fn show(usage: &Usage) -> Markup {
    html! {
        section aria-labelledby="calls" {
            h2 id="calls" { "Calls of Salesforce, last 24 hours" }
            @if let Some(goes_on) = usage.budget.goes_on {
                (parts::notice(Tone::Warning, html! { "The budget of calls is spent: scheduled runs go on " (parts::time(goes_on)) "." }))
            }
            dl.figures {
                div { dt { "Calls" } dd { (number(usage.total)) } }
                @if let Some(limit) = usage.budget.limit { div { dt { "Budget" } dd { (number(limit)) } } }
                @if let Some(left) = usage.budget.left { div { dt { "Left" } dd { (number(left)) } } }
                @if let Some(org) = &usage.org {
                    div { dt { "The org's own figure" } dd { (number(org.used)) " of " (number(org.allowed)) " " span.muted { (parts::time(org.read_at)) } } }
                }
                @if let Some(full) = &usage.full_run { div { dt { "A full run takes" } dd { (number(full.calls)) } } }
            }
            @if usage.hours.is_empty() {
                (parts::empty("No call was made in the last 24 hours."))
            } @else {
                (by_hour(&usage.hours))
            }
        }
    }
}

fn by_hour(hours: &[Hour]) -> Markup {
    let most = hours
        .iter()
        .map(|hour| hour.total)
        .max()
        .unwrap_or_default()
        .max(1);
    html! {
        details {
            summary { "By hour" }
            (parts::table("Calls by hour", html! {
                thead { tr { th scope="col" { "Hour" } th.number scope="col" { "Calls" } th scope="col" { span.hidden { "Share" } } } }
                tbody {
                    @for hour in hours {
                        tr {
                            th scope="row" { (parts::time(hour.hour)) }
                            td.number { (number(hour.total)) }
                            td { meter max=(most) value=(hour.total) aria-label="Calls" { (hour.total) } }
                        }
                    }
                }
            }))
        }
    }
}
