//! The lists of Deals, Leads and Referrals.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Refusal};
use maud::{Markup, html};

use super::{
    address::plural,
    refused::Refused,
    shown::{self, Shown},
};
use crate::{
    functions::{ApiCall, List},
    html::parts::{self, Field, Tone},
    visit::Visit,
};

/// The link statuses to choose from, each with its label.
const STATUSES: [(&str, &str); 7] = [
    ("", "Any"),
    ("linked", "Linked"),
    ("unlinked", "Not linked"),
    ("synced", "Synced"),
    ("pending", "Pending"),
    ("paused", "Paused"),
    ("disconnected", "Disconnected"),
];

/// The filters of the page's address.
struct Filters {
    q: String,
    owner: String,
    organization: String,
    status: String,
    registration_status: String,
}

impl Filters {
    fn of(visit: &Visit<'_>) -> Self {
        let status = match (visit.query("status"), visit.query("linked")) {
            (status, linked) if status.is_empty() => match linked.as_str() {
                "true" => "linked".to_owned(),
                "false" => "unlinked".to_owned(),
                _ => status,
            },
            (status, _) => status,
        };
        Self {
            q: visit.query("q"),
            owner: visit.query("owner"),
            organization: visit.query("organization"),
            status,
            registration_status: visit.query("registrationStatus"),
        }
    }

    fn pairs(&self) -> [(&str, &str); 5] {
        [
            ("q", &self.q),
            ("owner", &self.owner),
            ("organization", &self.organization),
            ("status", &self.status),
            ("registrationStatus", &self.registration_status),
        ]
    }

    fn are_blank(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }
}

/// `GET /console/{kind}`.
pub(super) async fn page(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let filters = Filters::of(visit);
    let (linked, status) = match filters.status.as_str() {
        "linked" => ("true", ""),
        status => ("", status),
    };
    let call = ApiCall::get("/{kind}")
        .at("kind", kind.collection())
        .query("q", &filters.q)
        .query("owner", &filters.owner)
        .query("organization", &filters.organization)
        .query("linked", linked)
        .query("status", status)
        .query("registrationStatus", &filters.registration_status)
        .query("cursor", &visit.query("cursor"));
    let (page, refused) = match visit.read::<List<Shown>>(call).await {
        Ok(page) => (Some(page), None),
        Err(refusal) => (None, Some(Refused::of(refusal)?)),
    };
    let status = refused.as_ref().map_or(200, |refused| refused.status);
    let content = html! {
        div.title {
            p.muted { (about(kind)) }
            @if visit.caller.may_write(kind) {
                p { a.button href=(format!("/console/{}/new", kind.collection())) { "New " (kind.label()) } }
            }
        }
        @if let Some(refused) = &refused { (parts::notice(Tone::Bad, html! { p { (refused.detail) } })) }
        (search(kind, &filters))
        @if let Some(page) = &page {
            section aria-labelledby="records" {
                h2.hidden id="records" { (plural(kind)) }
                @if page.items.is_empty() {
                    (nothing(visit, kind, &filters, page.cursor.is_some()))
                } @else {
                    (table(kind, &page.items, &filters))
                }
                (parts::next(&format!("/console/{}", kind.collection()), &filters.pairs(), page.cursor.as_deref()))
            }
        }
    };
    Ok(visit.page_with(status, plural(kind), content))
}

fn about(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => {
            "Deal Registrations: submitted by partners, or imported from Opportunities."
        }
        RecordKind::Lead => "Leads that are handed to partners.",
        RecordKind::Referral => "People and companies that partners refer.",
    }
}

fn search(kind: RecordKind, filters: &Filters) -> Markup {
    let text = |name, label, value: &str| {
        let field = Field {
            name,
            label,
            hint: None,
            error: None,
        };
        field.text(value)
    };
    let status = Field {
        name: "status",
        label: "Salesforce",
        hint: None,
        error: None,
    };
    html! {
        section aria-label="Filters" {
            form.row method="get" action=(format!("/console/{}", kind.collection())) role="search" {
                (text("q", "Name begins with", &filters.q))
                (text("owner", "Owner (address or id)", &filters.owner))
                (text("organization", "Organization (id)", &filters.organization))
                (status.select(&STATUSES, &filters.status))
                (text("registrationStatus", "Registration status", &filters.registration_status))
                button type="submit" { "Show" }
                @if !filters.are_blank() {
                    a.button.quiet href=(format!("/console/{}", kind.collection())) { "Show all" }
                }
            }
        }
    }
}

fn table(kind: RecordKind, records: &[Shown], filters: &Filters) -> Markup {
    let path = format!("/console/{}", kind.collection());
    // One click narrows the list to an owner or an Organization.
    let only = |name: &str, value: &str| {
        let others = filters.pairs();
        let others: Vec<(&str, &str)> =
            others.into_iter().filter(|(key, _)| *key != name).collect();
        parts::address(&path, &others, &[(name, value)])
    };
    let person = |name: &str, person: &Option<shown::Named>| {
        html! {
            @match person {
                Some(person) => a href=(only(name, &person.id)) { (shown::cell(person.name.as_deref().unwrap_or(&person.id))) },
                None => span.muted { "none" },
            }
        }
    };
    parts::table(
        plural(kind),
        html! {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "Status" }
                th scope="col" { "Salesforce record" }
                th scope="col" { "Owner" }
                th scope="col" { "Organization" }
                th scope="col" { "Registration status" }
            } }
            tbody {
                @for record in records {
                    tr {
                        th.value scope="row" { a href=(record.address()) { (shown::cell(record.name.as_deref().unwrap_or(&record.id))) } }
                        td { (record.state().badge()) }
                        td.value { @if let Some(link) = &record.link { div.clip { (link.salesforce.link()) } } @else { span.muted { "–" } } }
                        td.value { (person("owner", &record.people.owner)) }
                        td.value { (person("organization", &record.people.organization)) }
                        td.value { (shown::cell(record.registration_status.as_deref().unwrap_or("–"))) }
                    }
                }
            }
        },
    )
}

/// The place of a list without records: what to do.
fn nothing(visit: &Visit<'_>, kind: RecordKind, filters: &Filters, goes_on: bool) -> Markup {
    if goes_on {
        return parts::empty("None so far: the list is long. Go on to the next page.");
    }
    if !filters.are_blank() {
        return parts::empty("Nothing is like that. Change the filters, or choose Show all.");
    }
    let (label, new) = (plural(kind), visit.caller.may_write(kind));
    let text = match (kind, new) {
        (RecordKind::Deal, true) => {
            "There are no Deals yet. Choose New Deal, or set both flags on an Opportunity in Salesforce and run a sync.".to_owned()
        }
        (_, true) => format!("There are no {label} yet. Choose New {}.", kind.label()),
        (RecordKind::Deal, false) => {
            "There are no Deals yet. Set both flags on an Opportunity in Salesforce: the next run imports it.".to_owned()
        }
        (_, false) => format!("There are no {label} yet. They appear when the portal or a colleague submits one."),
    };
    parts::empty(&text)
}
