//! The first step of the link dialog: the URL of the Salesforce record, and the master.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Refusal};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{
    address::{self, about},
    kind::Described,
    refused::Refused,
    shown::{SalesforceSide, Shown},
};
use crate::{
    functions::ApiCall,
    html::{
        layout::{self, csrf},
        parts::{self, Tone},
    },
    visit::Visit,
};

/// The masters to choose from: their names in the API, their labels.
pub(super) const MASTERS: [(&str, &str); 2] = [
    ("salesforce", "Salesforce"),
    ("channeltivity", "Channeltivity"),
];

/// The choice as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) url: String,
    pub(super) master: String,
}

/// `GET /console/{kind}/{id}/linking`.
pub(super) async fn page(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let described = Described::read(visit, kind).await?;
    if described.link_requires_admin && !visit.caller.is_admin {
        // The dialog's own calls would be refused: their refusal is the answer.
        let call = about(visit, kind, ApiCall::post("/{kind}/{id}/link/check"))?;
        visit
            .call(call.json(&json!({ "salesforceUrl": "" })))
            .await?;
    }
    let record = Shown::read(visit, kind).await?;
    let choice = Choice {
        url: visit.query("url"),
        master: visit.query("master"),
    };
    Ok(first_step(visit, &record, &choice, None))
}

/// `POST /console/{kind}/{id}/link-check`: the part that says which record the URL names, or what is wrong with it. A
/// `POST`, since what is pasted may hold a session, which belongs in no address.
pub(super) async fn check(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Checked {
        salesforce: SalesforceSide,
    }
    let form = visit.form()?;
    let url = form.text("salesforceUrl");
    if url.is_empty() {
        return Ok(layout::answer(200, html! {}));
    }
    let call = about(visit, kind, ApiCall::post("/{kind}/{id}/link/check"))?
        .json(&json!({ "salesforceUrl": url }));
    let part = match visit.read::<Checked>(call).await {
        Ok(Checked { salesforce }) => html! {
            p {
                (parts::badge(Tone::Good, &format!("{} {}", salesforce.object.api_name(), salesforce.id))) " "
                (parts::out(&salesforce.url, "Look at it in Salesforce"))
            }
        },
        Err(refusal) => wrong(
            &Refused::of(refusal)?,
            &address::of(kind, visit.at("id")?),
        ),
    };
    Ok(layout::answer(200, part))
}

/// The dialog with what was typed, and with what is wrong beside it.
pub(super) fn first_step(
    visit: &Visit<'_>,
    record: &Shown,
    choice: &Choice,
    refused: Option<&Refused>,
) -> Answer {
    let at = record.address();
    let status = refused.map_or(200, |refused| refused.status);
    let of_url = refused.filter(|refused| is_of_url(refused.code));
    let of_master = refused.filter(|refused| refused.code == "MASTER_NOT_CHOSEN");
    let other = refused.filter(|_| of_url.is_none() && of_master.is_none());
    let content = html! {
        @if let Some(refused) = other {
            (parts::notice(Tone::Bad, html! {
                p { (refused.told()) }
                @if refused.is_of_budget() { (all_the_same(visit, &at, choice)) }
            }))
        }
        @if let Some(link) = &record.link {
            (parts::notice(Tone::Warning, html! { p { "This " (record.kind.label()) " is linked to the Salesforce " (link.salesforce.link()) ". To link it to another record, have it unlinked first." } }))
        }
        form method="post" action=(format!("{at}/link-preview")) novalidate {
            (csrf(visit))
            section aria-labelledby="which" {
                h2 id="which" { "1. Which Salesforce record?" }
                div.field {
                    label for="salesforceUrl" { "URL of the Salesforce Lead or Opportunity" }
                    p.hint id="salesforceUrl-hint" { "Open the record in Salesforce, and paste the URL from the browser's address bar." }
                    input type="text" id="salesforceUrl" name="salesforceUrl" value=(choice.url) autocomplete="off" spellcheck="false"
                        aria-describedby="salesforceUrl-hint salesforceUrl-check" aria-invalid=[of_url.map(|_| "true")]
                        hx-post=(format!("{at}/link-check")) hx-trigger="input changed delay:400ms" hx-target="#salesforceUrl-check" hx-swap="innerHTML" hx-sync="this:replace";
                    div id="salesforceUrl-check" role="status" {
                        @if let Some(refused) = of_url { (wrong(refused, &at)) }
                    }
                }
                fieldset aria-describedby=[Some(if of_master.is_some() { "master-hint master-error" } else { "master-hint" })] {
                    legend { "Master" }
                    p.hint id="master-hint" { "Whose values are taken where both sides have one and they differ. The next step shows each of them." }
                    @for (value, label) in MASTERS {
                        label.check { input type="radio" name="master" value=(value) checked[choice.master == value]; (label) }
                    }
                    @if of_master.is_some() { p.error id="master-error" { "Choose the master: Salesforce or Channeltivity." } }
                }
                div.row {
                    button type="submit" { "Next" }
                    a.button.quiet href=(at) { "Cancel" }
                }
            }
        }
    };
    let title = format!(
        "Link {} to a Salesforce Lead or Opportunity",
        record.title()
    );
    visit.page_with(status, &title, content)
}

/// The refusals that are about the record that the URL names.
fn is_of_url(code: &str) -> bool {
    code.starts_with("URL_")
        || code.starts_with("ALREADY_LINKED_")
        || code.starts_with("SF_RECORD_")
        || matches!(code, "SF_LEAD_MERGED" | "SF_LEAD_CONVERTED")
}

/// A refusal beside the URL, with the way to the record that it names.
fn wrong(refused: &Refused, at: &str) -> Markup {
    let text = |place: &str| refused.body.pointer(place).and_then(|value| value.as_str());
    let instead = text("/survivor").or_else(|| text("/opportunity"));
    let holder = match (text("/record/kind"), text("/record/id")) {
        (Some(kind), Some(id)) => RecordKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .map(|kind| (kind, id)),
        _ => None,
    };
    html! {
        p.error id="salesforceUrl-error" { (refused.detail) " " code { (refused.code) } }
        @if let Some(id) = instead {
            p { a href=(parts::address(&format!("{at}/linking"), &[("url", id)], &[])) { "Link to " (id) " instead" } }
        }
        @if let Some((kind, id)) = holder {
            p { a href=(address::of(kind, id)) { "Show the " (kind.label()) " " (id) } }
        }
    }
}

/// The form that looks at Salesforce although the budget of calls has no room for it.
fn all_the_same(visit: &Visit<'_>, at: &str, choice: &Choice) -> Markup {
    html! {
        form method="post" action=(format!("{at}/link-preview")) {
            (csrf(visit))
            input type="hidden" name="salesforceUrl" value=(choice.url);
            input type="hidden" name="master" value=(choice.master);
            input type="hidden" name="overBudget" value="yes";
            button type="submit" { "Do it all the same" }
        }
    }
}
