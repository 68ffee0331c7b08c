//! A record: its fields, its Salesforce side, its people, its history.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::{
    http::{Answer, Refusal},
    link_api::sentence,
};
use maud::{Markup, html};

use super::{
    act,
    kind::Described,
    menu,
    shown::{self, Linked, Named, Shown, State, whole},
    task,
};
use crate::{
    html::parts::{self, Tone},
    visit::Visit,
};

/// A notice above a record, with the status that the page is answered with.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) tone: Tone,
    pub(super) content: Markup,
}

/// `GET /console/{kind}/{id}`, and the page after a form about the record.
pub(super) async fn page(
    visit: &Visit<'_>,
    kind: RecordKind,
    told: Option<Told>,
) -> Result<Answer, Refusal> {
    // First the task: what it did, the record has by then.
    let task = task::asked(visit, kind).await?;
    let record = Shown::read(visit, kind).await?;
    let described = Described::read(visit, kind).await?;
    let told = told.or_else(|| done(&visit.query("done"), &record));
    let status = told.as_ref().map_or(200, |told| told.status);
    let content = html! {
        div.title {
            p {
                (record.state().badge()) " "
                span.muted { "· " (kind.label()) " " code { (record.id) } ", version " (record.version) }
            }
            div.row {
                @if visit.caller.may_write(kind) {
                    a.button.quiet href=(format!("{}/edit", record.address())) { "Edit" }
                }
                (menu::salesforce(visit, &record, &described))
            }
        }
        @if let Some(told) = &told { (parts::notice(told.tone, html! { (told.content) })) }
        @if let Some(task) = &task { (task) }
        div.columns {
            div {
                (salesforce(&record))
                (end_user(&record))
                (people(&record))
            }
            (fields(&record, &described))
        }
        (history(&record))
    };
    Ok(visit.page_with(status, &record.title(), content))
}

/// The notice of what was just done, which the page itself shows.
fn done(what: &str, record: &Shown) -> Option<Told> {
    let content = match what {
        "submitted" => html! { "The " (record.kind.label()) " is submitted." },
        "saved" => html! { "The " (record.kind.label()) " is saved." },
        "linked" => match &record.link {
            Some(link) => html! { "Linked to the Salesforce " (link.salesforce.link()) "." },
            None => return None,
        },
        _ => return None,
    };
    Some(Told {
        status: 200,
        tone: Tone::Good,
        content,
    })
}

/// The Salesforce side: the state with its reason, and everything about the link.
fn salesforce(record: &Shown) -> Markup {
    let state = record.state();
    let tone = match state {
        State::Failed | State::Disconnected => Tone::Bad,
        _ => Tone::Warning,
    };
    html! {
        section id="salesforce" aria-labelledby="salesforce-title" {
            h2 id="salesforce-title" { "Salesforce" }
            @match state {
                State::Failed | State::Disconnected | State::Converted | State::Paused => {
                    (parts::notice(tone, html! {
                        @if let Some(reason) = record.link.as_ref().and_then(|link| reason(link, state)) { p { strong { (reason) } } }
                        @match &record.send_problem {
                            Some(problem) => {
                                @for issue in &problem.entries { (issue.show()) }
                                p.muted { "Last met " (parts::time(problem.last_seen)) ". It is tried again when the record or the settings change, at Sync Now, and by each full run." }
                            }
                            None => p { (state.sentence()) },
                        }
                    }))
                }
                _ => p { (state.sentence()) }
            }
            @if let Some(link) = &record.link {
                dl.pairs {
                    dt { (link.salesforce.object.api_name()) } dd { (link.salesforce.link()) }
                    dt { "Salesforce id" } dd { code { (link.salesforce.id) } }
                    dt { "Status" } dd { (state.badge()) }
                    dt { "Linked" } dd { (parts::time(link.linked_at)) " by " bdi { (link.linked_by) } }
                }
            }
        }
    }
}

/// The reason of a link's state as a sentence. What cut it off is told of the Salesforce record.
fn reason(link: &Linked, state: State) -> Option<String> {
    let reason = link.reason.as_deref()?;
    Some(match state {
        State::Disconnected | State::Converted => {
            let object = link.salesforce.object.api_name();
            sentence(&format!("The Salesforce {object} {reason}"))
        }
        _ => sentence(reason),
    })
}

fn fields(record: &Shown, described: &Described) -> Markup {
    let declared = described.fields.iter().map(|field| field.name.as_str());
    let undeclared = record
        .fields
        .keys()
        .map(String::as_str)
        .filter(|name| !described.fields.iter().any(|field| field.name == *name));
    let is_shown = |name: &&str| {
        let own = described
            .fields
            .iter()
            .any(|field| field.is_own && field.name == **name);
        own || record.fields.contains_key(*name)
    };
    let names: Vec<&str> = declared.chain(undeclared).filter(is_shown).collect();
    html! {
        section aria-labelledby="fields" {
            h2 id="fields" { "Fields" }
            dl.pairs {
                @for name in names {
                    dt { bdi { (described.label(name)) } }
                    dd { (whole(&record.fields.get(name).map(shown::text).unwrap_or_default())) }
                }
                dt { "Registration status" }
                dd { (whole(record.registration_status.as_deref().unwrap_or_default())) }
            }
        }
    }
}

fn end_user(record: &Shown) -> Markup {
    let imported = record.account.is_some() || record.contact.is_some();
    html! {
        @if let Some(submitted) = &record.end_user {
            section aria-labelledby="end-user" {
                h2 id="end-user" { "End user" }
                dl.pairs {
                    @for (_, label, value) in submitted.values() { dt { (label) } dd { (whole(value)) } }
                }
            }
        } @else if imported {
            section aria-labelledby="end-user" {
                h2 id="end-user" { "End user" }
                dl.pairs {
                    @for (label, side) in [("Account", &record.account), ("Contact", &record.contact)] {
                        @if let Some(side) = side {
                            dt { (label) }
                            dd {
                                (whole(&side.name)) " " code.muted { (side.id) }
                                @if let Some(email) = &side.email { " " bdi { (email) } }
                            }
                        }
                    }
                }
                p.muted { "As Salesforce had them when the Deal was imported." }
            }
        }
    }
}

fn people(record: &Shown) -> Markup {
    let people = &record.people;
    let row = |label: &str, person: &Option<Named>| {
        html! {
            @if let Some(person) = person { dt { (label) } dd { (person.show()) } }
        }
    };
    let nobody = people.owner.is_none() && people.organization.is_none();
    html! {
        section aria-labelledby="people" {
            h2 id="people" { "People" }
            @if nobody && people.partner.is_none() && people.distributor.is_none() {
                (parts::empty("Nobody owns this record yet. Edit it to name its owner."))
            } @else {
                dl.pairs {
                    (row("Owner", &people.owner))
                    (row("Organization", &people.organization))
                    (row("Partner", &people.partner))
                    (row("Distributor", &people.distributor))
                }
            }
        }
    }
}

fn history(record: &Shown) -> Markup {
    html! {
        section id="history" aria-labelledby="history-title" {
            h2 id="history-title" { "History" }
            @if record.history.is_empty() {
                (parts::empty("Nothing was done to it since it came in."))
            } @else {
                (parts::table("History", html! {
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" } th scope="col" { "Salesforce record" } th scope="col" { "Details" } } }
                    tbody {
                        @for one in &record.history {
                            tr {
                                td { (parts::time(one.at)) }
                                th scope="row" { (act::words(&one.action)) }
                                td.value { bdi { (one.by) } }
                                td { @match &one.salesforce { Some(side) => (side.link()), None => "–" } }
                                td.clipped { (whole(one.details.as_deref().unwrap_or_default())) }
                            }
                        }
                    }
                }))
            }
        }
    }
}
