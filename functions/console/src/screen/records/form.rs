//! Submitting and editing a record.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Method, Refusal};
use maud::{Markup, html};

use super::{
    address::{self, about, plural},
    kind::Described,
    refused::Refused,
    sheet::Sheet,
    shown::Shown,
};
use crate::{
    functions::ApiCall,
    html::{
        layout::csrf,
        parts::{self, Tone},
        problem::wrong_fields,
    },
    visit::Visit,
};

/// The code of an edit that is meant for an older version.
const CHANGED: &str = "VERSION_CHANGED";

/// `GET /console/{kind}/new`.
pub(super) async fn new(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    may_write(visit, kind, "create")?;
    let described = Described::read(visit, kind).await?;
    Ok(submission(
        visit,
        kind,
        &Sheet::blank(kind, &described),
        None,
    ))
}

/// `POST /console/{kind}/new`.
pub(super) async fn create(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let described = Described::read(visit, kind).await?;
    let mut sheet = Sheet::blank(kind, &described).typed(&form);
    let call = ApiCall::post("/{kind}")
        .at("kind", kind.collection())
        .json(&sheet.body())
        .once(form.text("key"));
    match visit.call(call).await {
        Ok(answer) => {
            let page = address::of(kind, answer.body["id"].as_str().unwrap_or_default());
            Ok(Answer::see_other(format!("{page}?done=submitted")))
        }
        Err(refusal) => {
            let refused = Refused::of(refusal)?;
            let notice = notice(&refused, &mut sheet);
            Ok(submission(
                visit,
                kind,
                &sheet,
                Some((refused.status, notice)),
            ))
        }
    }
}

/// `GET /console/{kind}/{id}/edit`.
pub(super) async fn edit(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    may_write(visit, kind, "edit")?;
    let record = Shown::read(visit, kind).await?;
    let described = Described::read(visit, kind).await?;
    let sheet = Sheet::of(&record, &described);
    Ok(change(visit, &record, record.version, &sheet, None))
}

/// `POST /console/{kind}/{id}/edit`.
pub(super) async fn save(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    may_write(visit, kind, "edit")?;
    let described = Described::read(visit, kind).await?;
    let record = Shown::read(visit, kind).await?;
    let mut sheet = Sheet::of(&record, &described).typed(&form);
    let seen = form.text("version").parse().unwrap_or_default();
    let call = about(visit, kind, ApiCall::new(Method::Patch, "/{kind}/{id}"))?
        .json(&sheet.body())
        .if_match(seen)
        .once(form.text("key"));
    let refused = match visit.call(call).await {
        Ok(_) => {
            return Ok(Answer::see_other(format!(
                "{}?done=saved",
                record.address()
            )));
        }
        Err(refusal) => Refused::of(refusal)?,
    };
    if refused.code != CHANGED {
        let notice = notice(&refused, &mut sheet);
        return Ok(change(
            visit,
            &record,
            seen,
            &sheet,
            Some((refused.status, notice)),
        ));
    }
    // It may have changed since it was read above: the newest version is what the person decides on.
    let record = Shown::read(visit, kind).await?;
    let sheet = sheet.merged(&record);
    let notice = html! {
        p { strong { "Somebody else changed this " (kind.label()) " meanwhile." } " What you typed is kept; everything else shows the newer values. Look through it, and save again." }
    };
    Ok(change(
        visit,
        &record,
        record.version,
        &sheet,
        Some((refused.status, notice)),
    ))
}

/// Refuses a form to who could not send it, in the API's words.
fn may_write(visit: &Visit<'_>, kind: RecordKind, verb: &str) -> Result<(), Refusal> {
    if visit.caller.may_write(kind) {
        Ok(())
    } else {
        Err(Refusal::forbidden(visit.caller.lacks(verb, kind)))
    }
}

/// The notice above a form that was refused, with the way to each wrong field.
fn notice(refused: &Refused, sheet: &mut Sheet) -> Markup {
    let others = sheet.refused(wrong_fields(&refused.body));
    let wrong = sheet.wrong();
    html! {
        @if wrong.is_empty() && others.is_empty() {
            p { (refused.detail) }
        } @else {
            p { "Nothing is saved yet. Put these right:" }
            ul {
                @for (control, label) in &wrong { li { a href=(format!("#{control}")) { (label) } } }
                @for other in &others { li { (other) } }
            }
        }
    }
}

fn submission(
    visit: &Visit<'_>,
    kind: RecordKind,
    sheet: &Sheet,
    refused: Option<(u16, Markup)>,
) -> Answer {
    let list = format!("/console/{}", kind.collection());
    let status = refused.as_ref().map_or(200, |(status, _)| *status);
    let content = html! {
        @if let Some((_, notice)) = refused { (parts::notice(Tone::Bad, notice)) }
        form method="post" action=(format!("{list}/new")) novalidate {
            (csrf(visit))
            (parts::once())
            section aria-label=(kind.label()) { (sheet.show()) }
            div.row {
                button type="submit" { "Submit" }
                a.button.quiet href=(list) { "Back to " (plural(kind)) }
            }
        }
    };
    visit.page_with(status, &format!("New {}", kind.label()), content)
}

fn change(
    visit: &Visit<'_>,
    record: &Shown,
    version: u64,
    sheet: &Sheet,
    refused: Option<(u16, Markup)>,
) -> Answer {
    let status = refused.as_ref().map_or(200, |(status, _)| *status);
    let tone = if status == 412 {
        Tone::Warning
    } else {
        Tone::Bad
    };
    let content = html! {
        @if let Some((_, notice)) = refused { (parts::notice(tone, notice)) }
        form method="post" action=(format!("{}/edit", record.address())) novalidate {
            (csrf(visit))
            (parts::once())
            input type="hidden" name="version" value=(version);
            section aria-label=(record.kind.label()) { (sheet.show()) }
            div.row {
                button type="submit" { "Save" }
                a.button.quiet href=(record.address()) { "Cancel" }
            }
        }
    };
    visit.page_with(status, &format!("Edit {}", record.title()), content)
}
