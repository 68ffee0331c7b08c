//! The page that says what is wrong.

use dealbridge_lambda::http::{Answer, Refusal};
use maud::html;
use serde_json::Value;

use super::layout;
use crate::visit::Visit;

impl Visit<'_> {
    /// The answer, or the page that says what is wrong.
    pub(crate) fn told(&self, answer: Result<Answer, Refusal>) -> Answer {
        answer.unwrap_or_else(|refusal| page(Some(self), refusal))
    }
}

/// A refusal as a page, with the status that the API would answer with.
pub(crate) fn page(visit: Option<&Visit<'_>>, refusal: Refusal) -> Answer {
    refusal.log();
    let retry = refusal.status() == 503;
    let answer = refusal.into_answer();
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
    let (title, detail) = (text("title"), text("detail"));
    let errors: Vec<String> = wrong_fields(&answer.body)
        .map(|(field, message)| format!("{field}: {message}"))
        .collect();
    let content = html! {
        p { (detail) }
        @if !errors.is_empty() {
            ul { @for error in errors { li { (error) } } }
        }
        p.muted { "Code " code { (text("code")) } ", status " (answer.status) "." }
        @if retry {
            p { a.button href="" { "Try again" } }
        }
        @if visit.is_none() && answer.status == 401 {
            p { a.button href="/console/sign-in" { "Sign in" } }
        }
    };
    match visit {
        Some(visit) => visit.page_with(answer.status, &title, content),
        None => layout::answer(answer.status, layout::plain(&title, content)),
    }
}

/// The fields that a problem document calls wrong, each with its message.
pub(crate) fn wrong_fields(body: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = |name: &str| body[name].as_array().into_iter().flatten();
    list("errors").chain(list("problems")).filter_map(|error| {
        let text = |name: &str| error[name].as_str();
        let field = text("field").or_else(|| text("place"));
        Some((field?, text("message").or_else(|| text("problem"))?))
    })
}
