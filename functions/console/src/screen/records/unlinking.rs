//! The unlink dialog.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Method, Refusal};
use maud::{Markup, html};

use super::{
    address::about,
    record::{self, Told},
    refused::Refused,
    shown::{Linked, Shown},
};
use crate::{
    functions::ApiCall,
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// `GET /console/{kind}/{id}/unlinking`.
pub(super) async fn page(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let record = Shown::read(visit, kind).await?;
    Ok(dialog(visit, &record, None))
}

/// `POST /console/{kind}/{id}/unlink`.
pub(super) async fn unlink(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let confirmed = if form.is_ticked("confirm") {
        "true"
    } else {
        ""
    };
    let version = form.text("version").parse().unwrap_or_default();
    let call = ApiCall::new(Method::Delete, "/{kind}/{id}/link");
    let call = about(visit, kind, call)?
        .query("confirm", confirmed)
        .if_match(version)
        .once(form.text("key"));
    match visit.call(call).await {
        Ok(answer) => {
            let message = answer.body["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let told = Told {
                status: 200,
                tone: Tone::Good,
                content: html! { (message) },
            };
            record::page(visit, kind, Some(told)).await
        }
        Err(refusal) => {
            let refused = Refused::of(refusal)?;
            let record = Shown::read(visit, kind).await?;
            Ok(dialog(visit, &record, Some(&refused)))
        }
    }
}

fn dialog(visit: &Visit<'_>, record: &Shown, refused: Option<&Refused>) -> Answer {
    let status = refused.map_or(200, |refused| refused.status);
    let not_confirmed = refused.is_some_and(|refused| refused.code == "NOT_CONFIRMED");
    let content = html! {
        @if let Some(refused) = refused.filter(|_| !not_confirmed) {
            (parts::notice(Tone::Bad, html! { p { (refused.detail) } }))
        }
        @match &record.link {
            Some(link) => (form(visit, record, link, not_confirmed)),
            None => section {
                p { "The " (record.kind.label()) " is not linked: there is nothing to unlink." }
                a.button href=(record.address()) { "Back to the record" }
            },
        }
    };
    visit.page_with(status, &format!("Unlink {}", record.title()), content)
}

fn form(visit: &Visit<'_>, record: &Shown, link: &Linked, not_confirmed: bool) -> Markup {
    let object = link.salesforce.object;
    html! {
        section aria-label="Unlink" {
            p {
                "The " (record.kind.label()) " and the Salesforce " (link.salesforce.link())
                " will no longer be linked; both keep their values, and nothing is changed in Salesforce. "
                @if object.is_imported() {
                    "Imports will leave this " (object.api_name()) " alone until it is linked again, its import is allowed under Suppressions, or its Import Flag is cleared and set again after the " (record.kind.label()) " is gone."
                } @else {
                    "Each can then be linked to another record, or to the same one again."
                }
            }
            form method="post" action=(format!("{}/unlink", record.address())) {
                (csrf(visit))
                (parts::once())
                input type="hidden" name="version" value=(record.version);
                div.field {
                    label.check {
                        input type="checkbox" id="confirm" name="confirm" value="yes"
                            aria-describedby=[not_confirmed.then_some("confirm-error")] aria-invalid=[not_confirmed.then_some("true")];
                        "I'm sure I want to unlink this record"
                    }
                    @if not_confirmed {
                        p.error id="confirm-error" { "Tick the box if you mean it: unlinking takes the link apart." }
                    }
                }
                div.row {
                    button.danger type="submit" { "Unlink" }
                    a.button.quiet href=(record.address()) { "Cancel" }
                }
            }
        }
    }
}
