//! Acts of the page and its buttons.

use dealbridge_lambda::http::{Answer, Refusal};
use maud::html;
use serde_json::json;

use super::{
    connection::{self, Test},
    controls,
    draft::{Draft, row_of},
    labels::{self, List},
    page::{Shown, check, checked, current, not_done, offers, page, refused},
    saving::save,
    trial::Trial,
};
use crate::{
    functions::ApiCall,
    html::{
        layout,
        parts::{self, Tone},
    },
    visit::Visit,
};

/// `GET /console/settings`.
pub(super) async fn stored(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let offers = offers(visit).await?;
    let mut shown = Shown {
        status: 200,
        ..Shown::default()
    };
    match current(visit).await? {
        None => {
            shown.draft = Draft::first(&offers.standard);
            shown.notice = parts::notice(
                Tone::Info,
                html! { p { "No settings were stored yet. This is what they may begin with: look it through, Try it, and Save." } },
            );
        }
        Some(draft) if visit.query("saved").is_empty() => shown.draft = draft,
        Some(draft) => {
            shown.said = check(visit, &draft).await?;
            shown.notice = parts::notice(
                Tone::Good,
                html! {
                    p { "Version " (draft.version) " is stored. The next run works by it." }
                    (connection::list(&shown.said))
                },
            );
            shown.draft = draft;
        }
    }
    Ok(page(visit, &shown, &offers))
}

/// `POST /console/settings`.
pub(super) async fn sent(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let mut draft = Draft::typed(&form);
    let (act, of) = form
        .text("act")
        .split_once(':')
        .unwrap_or((form.text("act"), ""));
    match act {
        "add" => {
            if let Some(list) = List::named(of) {
                draft.add(list);
            }
            changed(visit, draft).await
        }
        "edit" | "remove" => {
            if let Some((list, row)) = row_of(of) {
                match act {
                    "edit" => draft.open(list, row),
                    _ => draft.remove(list, row),
                }
            }
            changed(visit, draft).await
        }
        "test" => test(visit, draft).await,
        "try" => attempt(visit, draft).await,
        "save" => save(visit, draft, &form).await,
        "over" => {
            draft.version = of.parse().unwrap_or(draft.version);
            save(visit, draft, &form).await
        }
        _ => checked(visit, draft).await,
    }
}

/// The form again, changed.
async fn changed(visit: &Visit<'_>, draft: Draft) -> Result<Answer, Refusal> {
    let shown = Shown {
        status: 200,
        draft,
        ..Shown::default()
    };
    Ok(page(visit, &shown, &offers(visit).await?))
}

async fn test(visit: &Visit<'_>, draft: Draft) -> Result<Answer, Refusal> {
    let said = check(visit, &draft).await?;
    let body = if said.problems.is_empty() {
        json!({ "settings": draft.json() })
    } else {
        // What cannot be read as settings is not held against the org; the connection is tested all the same.
        json!({})
    };
    let tested: Test = match visit
        .read(ApiCall::post("/settings/test").json(&body))
        .await
    {
        Err(refusal) if refusal.status() == 422 => {
            visit
                .read(ApiCall::post("/settings/test").json(&json!({})))
                .await?
        }
        tested => tested?,
    };
    let shown = Shown {
        status: 200,
        notice: tested.show(),
        said: if said.problems.is_empty() {
            tested.said()
        } else {
            said
        },
        draft,
    };
    Ok(page(visit, &shown, &offers(visit).await?))
}

/// **Try it**.
async fn attempt(visit: &Visit<'_>, draft: Draft) -> Result<Answer, Refusal> {
    let said = check(visit, &draft).await?;
    if !said.problems.is_empty() {
        return Ok(page(visit, &refused(draft, said), &offers(visit).await?));
    }
    let call = ApiCall::post("/settings/trial").json(&draft.json());
    let (status, notice) = match visit.read::<Trial>(call).await {
        Ok(trial) => (200, trial.show()),
        Err(refusal) if refusal.status() != 500 => not_done(refusal, "It could not be tried."),
        Err(refusal) => return Err(refusal),
    };
    let shown = Shown {
        status,
        draft,
        said,
        notice,
    };
    Ok(page(visit, &shown, &offers(visit).await?))
}

/// `POST /console/settings/row`: what is wrong with a row, as something else is chosen in it.
pub(super) async fn row(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let draft = Draft::typed(&visit.form()?);
    let said = check(visit, &draft).await?;
    let prefix = format!("{}.", visit.query("at"));
    let of_row = said.below(&prefix);
    let content = html! {
        @for (weight, place, text) in of_row {
            @let member = place.strip_prefix(&prefix).unwrap_or(place);
            (controls::sentence(weight, &format!("{}: {text}", labels::label(member))))
        }
    };
    Ok(layout::answer(200, content))
}
