//! **Sync Now**.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::{Answer, Refusal};
use maud::html;
use serde_json::json;

use super::{
    address,
    record::{self, Told},
    refused::Refused,
    task::Task,
};
use crate::{
    functions::ApiCall,
    html::{
        layout::csrf,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// `POST /console/{kind}/{id}/sync-now`.
pub(super) async fn now(visit: &Visit<'_>, kind: RecordKind) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let call = address::about(visit, kind, ApiCall::post("/{kind}/{id}/sync"))?
        .json(&json!({ "overBudget": form.is_ticked("overBudget") }))
        .once(form.text("key"));
    let refused = match visit.read::<Task>(call).await {
        Ok(task) => {
            let page = address::of(task.record.kind, &task.record.id);
            return Ok(Answer::see_other(parts::address(
                &page,
                &[("task", &task.id)],
                &[],
            )));
        }
        Err(refusal) => Refused::of(refusal)?,
    };
    let id = visit.at("id")?;
    let content = html! {
        p { (refused.told()) }
        @if refused.is_of_budget() {
            form method="post" action=(format!("{}/sync-now", address::of(kind, id))) {
                (csrf(visit))
                (parts::once())
                input type="hidden" name="overBudget" value="yes";
                button type="submit" { "Do it all the same" }
            }
        }
    };
    let told = Told {
        status: refused.status,
        tone: Tone::Bad,
        content,
    };
    record::page(visit, kind, Some(told)).await
}
