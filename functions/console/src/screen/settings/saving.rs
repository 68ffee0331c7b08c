//! **Save**, and what to do where somebody else saved meanwhile.

use dealbridge_lambda::http::{Answer, Method, Refusal};
use maud::{Markup, html};

use super::{
    controls::Said,
    difference,
    draft::Draft,
    page::{Shown, checked, current, not_done, offers, page, refused},
    versions,
};
use crate::{
    functions::ApiCall,
    html::parts::{self, Tone},
    visit::{Form, Visit},
};

/// The API's code where somebody else stored settings meanwhile.
const SETTINGS_CHANGED: &str = "SETTINGS_CHANGED";

/// Stores the draft over the version that it was loaded from.
pub(super) async fn save(visit: &Visit<'_>, draft: Draft, form: &Form) -> Result<Answer, Refusal> {
    let unreadable = draft.unreadable();
    if !unreadable.is_empty() {
        return checked(visit, draft).await;
    }
    let call = ApiCall::new(Method::Put, "/settings")
        .json(&draft.json())
        .if_match(draft.version)
        .once(form.text("key"));
    let refusal = match visit.call(call).await {
        Ok(_) => return Ok(Answer::see_other("/console/settings?saved=yes")),
        Err(refusal) => refusal,
    };
    let shown = if refusal.code() == SETTINGS_CHANGED {
        refusal.log();
        let notice = stale(visit, &draft).await?;
        Shown {
            status: refusal.status(),
            draft,
            notice,
            ..Shown::default()
        }
    } else if refusal.status() == 500 {
        return Err(refusal);
    } else {
        let body = refusal.clone().into_answer().body;
        let said = Said::of_refusal(&body);
        if said.is_empty() {
            let (status, notice) = not_done(refusal, "They were not stored.");
            Shown {
                status,
                draft,
                notice,
                ..Shown::default()
            }
        } else {
            let status = refusal.status();
            refusal.log();
            Shown {
                status,
                ..refused(draft, said)
            }
        }
    };
    Ok(page(visit, &shown, &offers(visit).await?))
}

/// Says who stored what since the form was loaded, and offers to store over it.
async fn stale(visit: &Visit<'_>, draft: &Draft) -> Result<Markup, Refusal> {
    let Some(now) = current(visit).await? else {
        return Ok(html! {});
    };
    let by = versions::read(visit, &now.version.to_string()).await?;
    let loaded = versions::read(visit, &draft.version.to_string()).await.ok();
    let of_now = format!("Version {}", now.version);
    let notice = html! {
        p { strong { "Somebody else stored settings meanwhile. " } "Version " (now.version) " was stored by " (by.origin()) "; yours began with version " (draft.version) ". What you typed is below." }
        p { button type="submit" form="settings" name="act" value=(format!("over:{}", now.version)) { "Save mine over version " (now.version) } " " a.button.quiet href="/console/settings" { "Leave mine, show version " (now.version) } }
    };
    Ok(html! {
        (parts::notice(Tone::Bad, notice))
        @if let Some(loaded) = loaded {
            section aria-labelledby="meanwhile" {
                h2 id="meanwhile" { "What changed meanwhile" }
                (difference::show(&loaded.draft(), &now, (&format!("Version {}", draft.version), &of_now)))
            }
        }
        section aria-labelledby="mine" {
            h2 id="mine" { "What yours would change of it" }
            (difference::show(&now, draft, (&of_now, "Yours")))
        }
    })
}
