//! The second step of the link dialog: what was found, what each field takes, and the link.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Method, Refusal};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    address::{self, about},
    kind::Described,
    linking::{Choice, MASTERS, first_step},
    refused::Refused,
    seen::digest,
    shown::{SalesforceSide, Shown, text, whole},
};
use crate::{
    functions::ApiCall,
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    visit::{Form, Visit},
};

/// A preview as the API shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preview {
    salesforce: SalesforceSide,
    recognise: Vec<(String, String)>,
    preview_token: String,
    expires_at: Timestamp,
    fields: Vec<Row>,
}

/// A mapped field, or a fixed value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    channeltivity_field: Option<String>,
    salesforce_field: String,
    channeltivity_value: Value,
    salesforce_value: Value,
    conflict: bool,
    taken: Taken,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Taken {
    Salesforce,
    Channeltivity,
    Unchanged,
}

impl Row {
    /// A digest of the row as it was shown, for a later preview to tell if it shows something else.
    fn seen(&self) -> String {
        digest(&format!(
            "{:?}|{}|{}|{}|{:?}",
            self.channeltivity_field,
            self.salesforce_field,
            self.channeltivity_value,
            self.salesforce_value,
            self.taken
        ))
    }
}

/// The reason why a preview is shown again.
enum Again {
    /// It is shown for the first time.
    First,
    /// Something changed since the one that was confirmed: the refusal, and what the rows showed then.
    Changed(Refused, Vec<String>),
    /// The box was not ticked.
    NotConfirmed(Vec<String>),
}

/// `POST /console/{kind}/{id}/link-preview`.
pub(super) async fn page(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    second_step(visit, kind, &form, Again::First).await
}

/// `POST /console/{kind}/{id}/link-confirm`.
pub(super) async fn link(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let choice = choice(&form);
    let call = about(visit, kind, ApiCall::new(Method::Put, "/{kind}/{id}/link"))?
        .json(&json!({
            "salesforceUrl": choice.url,
            "master": choice.master,
            "previewToken": form.text("previewToken"),
            "confirm": form.is_ticked("confirm"),
        }))
        .once(form.text("key"));
    let refused = match visit.call(call).await {
        Ok(_) => {
            let page = address::of(kind, visit.at("id")?);
            return Ok(Answer::see_other(format!("{page}?done=linked")));
        }
        Err(refusal) => Refused::of(refusal)?,
    };
    let seen = || form.all("seen").into_iter().map(str::to_owned).collect();
    match refused.code {
        "PREVIEW_STALE" => second_step(visit, kind, &form, Again::Changed(refused, seen())).await,
        "NOT_CONFIRMED" => second_step(visit, kind, &form, Again::NotConfirmed(seen())).await,
        _ => {
            let record = Shown::read(visit, kind).await?;
            Ok(first_step(visit, &record, &choice, Some(&refused)))
        }
    }
}

fn choice(form: &Form) -> Choice {
    Choice {
        url: form.text("salesforceUrl").to_owned(),
        master: form.text("master").to_owned(),
    }
}

/// The preview as it is at this moment; the first step if there is none.
async fn second_step(
    visit: &Visit<'_>,
    kind: RecordKind,
    form: &Form,
    again: Again,
) -> Result<Answer, Refusal> {
    let choice = choice(form);
    let over_budget = form.is_ticked("overBudget");
    let call = about(visit, kind, ApiCall::post("/{kind}/{id}/link/preview"))?.json(&json!({
        "salesforceUrl": choice.url,
        "master": choice.master,
        "overBudget": over_budget,
    }));
    let preview = visit.read::<Preview>(call).await;
    let record = Shown::read(visit, kind).await?;
    let preview = match preview {
        Ok(preview) => preview,
        Err(refusal) => {
            let refused = Refused::of(refusal)?;
            return Ok(first_step(visit, &record, &choice, Some(&refused)));
        }
    };
    let described = Described::read(visit, kind).await?;
    let at = record.address();
    let (status, seen) = match &again {
        Again::First => (200, None),
        Again::Changed(refused, seen) => (refused.status, Some(seen)),
        Again::NotConfirmed(seen) => (400, Some(seen)),
    };
    let not_confirmed = matches!(again, Again::NotConfirmed(_));
    let is_new = |row: &Row| seen.is_some_and(|seen| !seen.contains(&row.seen()));
    let changed = preview.fields.iter().filter(|row| is_new(row)).count();
    let back = parts::address(
        &format!("{at}/linking"),
        &[("url", &preview.salesforce.id), ("master", &choice.master)],
        &[],
    );
    let content = html! {
        @if let Again::Changed(refused, _) = &again {
            (parts::notice(Tone::Warning, html! {
                p { strong { (refused.detail) } }
                p { "This is the preview of this moment. " (match changed { 0 => "Its fields are the same.".to_owned(), 1 => "1 field is marked as changed.".to_owned(), many => format!("{many} fields are marked as changed.") }) " Look at it, and link again." }
            }))
        } @else if changed > 0 {
            (parts::notice(Tone::Warning, html! { p { "Something changed meanwhile: look at the marked fields." } }))
        }
        section aria-labelledby="found" {
            h2 id="found" { "2. Is this the record?" }
            dl.pairs {
                dt { (preview.salesforce.object.api_name()) } dd { (preview.salesforce.link()) }
                dt { "Salesforce id" } dd { code { (preview.salesforce.id) } }
                @for (name, value) in &preview.recognise { dt { (recognised(name)) } dd { (whole(value)) } }
                dt { "Master" } dd { (label_of_master(&choice.master)) }
            }
        }
        form method="post" action=(format!("{at}/link-confirm")) {
            section aria-labelledby="mapped" {
                h2 id="mapped" { "What the link does" }
                @if preview.fields.is_empty() {
                    (parts::empty("No field is mapped for this kind of Salesforce record: the link joins the two and moves no value."))
                } @else {
                    (table(&preview.fields, &described, &is_new))
                }
                (csrf(visit))
                (parts::once())
                input type="hidden" name="salesforceUrl" value=(choice.url);
                input type="hidden" name="master" value=(choice.master);
                input type="hidden" name="previewToken" value=(preview.preview_token);
                @if over_budget { input type="hidden" name="overBudget" value="yes"; }
                @for row in &preview.fields { input type="hidden" name="seen" value=(row.seen()); }
                div.field {
                    label.check {
                        input type="checkbox" id="confirm" name="confirm" value="yes"
                            aria-describedby=[not_confirmed.then_some("confirm-error")] aria-invalid=[not_confirmed.then_some("true")];
                        "This is correct. I wish to link these records"
                    }
                    @if not_confirmed { p.error id="confirm-error" { "Tick the box if the preview is right: linking changes records." } }
                }
                div.row {
                    button type="submit" { "Link" }
                    a.button.quiet href=(back) { "Back" }
                    a.button.quiet href=(at) { "Cancel" }
                }
                p.muted { "This preview is good until " (parts::time(preview.expires_at)) "." }
            }
        }
    };
    let title = format!("Link {}", record.title());
    Ok(visit.page_with(status, &title, content))
}

fn table(rows: &[Row], described: &Described, is_new: &dyn Fn(&Row) -> bool) -> Markup {
    parts::table(
        "Mapped fields",
        html! {
            thead { tr {
                th scope="col" { "Channeltivity field" }
                th scope="col" { "Channeltivity" }
                th scope="col" { "Salesforce" }
                th scope="col" { "Salesforce field" }
                th scope="col" { "Taken" }
            } }
            tbody {
                @for row in rows {
                    @let changed = is_new(row);
                    tr.marked[changed] {
                        th scope="row" {
                            @match &row.channeltivity_field {
                                Some(name) => { bdi { (described.label(name)) } },
                                None => "Fixed value",
                            }
                            @if changed { " " (parts::badge(Tone::Warning, "Changed")) }
                        }
                        td.clipped { (whole(&text(&row.channeltivity_value))) }
                        td.clipped { (whole(&text(&row.salesforce_value))) }
                        td { code { (row.salesforce_field) } }
                        td.value { (taken(row)) }
                    }
                }
            }
        },
    )
}

/// The side that is taken, and why.
fn taken(row: &Row) -> Markup {
    let side = match row.taken {
        Taken::Salesforce => "Salesforce's value is taken",
        Taken::Channeltivity => "Channeltivity's value is taken",
        Taken::Unchanged if row.conflict => "Both stay as they are",
        Taken::Unchanged => "Nothing changes",
    };
    let why = match (&row.note, row.taken) {
        (Some(note), _) => Some(note.as_str()),
        (None, Taken::Salesforce | Taken::Channeltivity) => Some("the master's"),
        (None, Taken::Unchanged) => None,
    };
    html! {
        @if row.conflict { (parts::badge(Tone::Warning, "Conflict")) " " }
        (side)
        @if let Some(why) = why { ": " span.muted { (why) } }
    }
}

/// The label of a field by which a person recognises the record.
fn recognised(path: &str) -> &str {
    match path {
        "StageName" => "Stage",
        "Account.Name" => "Account",
        other => other,
    }
}

fn label_of_master(master: &str) -> &str {
    let known = MASTERS.iter().find(|(name, _)| *name == master);
    known.map_or(master, |(_, label)| label)
}
