//! Signing in and out: the authorization code grant with PKCE at the OpenID Connect provider.

pub(crate) mod provider;

use dealbridge_lambda::http::{Answer, ProblemCode, Refusal, Request};
use maud::html;

use crate::{
    console::Console,
    html::layout,
    session::{Sessions, SignInAttempt},
    visit::Visit,
};

/// The start page.
const START: &str = "/console/start";

impl Console {
    /// `GET /console/sign-in`: sends the browser to the provider.
    pub(crate) async fn sign_in(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["to"])?;
        let to = query.text("to").filter(|path| is_of_console(path));
        let begun = self.provider.begin(&base(request)).await?;
        let attempt = SignInAttempt {
            state: begun.state,
            nonce: begun.nonce,
            verifier: begun.verifier,
            to: to.map(str::to_owned),
            expires: Sessions::attempt_expires(self.clock.now()),
        };
        Ok(Answer::see_other(begun.url).cookie(self.sessions.attempt(&attempt)))
    }

    /// `GET /console/callback`: exchanges the provider's code for an ID token, and begins the session.
    pub(crate) async fn callback(&self, request: &Request) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        let known = [
            "code",
            "state",
            "error",
            "error_description",
            "error_uri",
            "iss",
            "session_state",
        ];
        let query = request.query(&known)?;
        let attempt = self.sessions.attempted(request, now);
        let attempt = attempt.filter(|attempt| query.text("state") == Some(&attempt.state));
        let Some(attempt) = attempt else {
            return Err(Refusal::new(
                ProblemCode::Unauthorized,
                "This sign-in was not begun in this browser, or longer than 15 minutes ago. Sign in again.",
            ));
        };
        if let Some(error) = query.text("error") {
            let told = query.text("error_description").unwrap_or(error);
            let told: String = told.chars().take(200).collect();
            let detail = format!(
                "The sign-in page answered: {told}. Sign in again, or ask whoever runs it."
            );
            return Err(Refusal::new(ProblemCode::Unauthorized, detail));
        }
        let code = query.text("code").unwrap_or_default();
        let claims = self.provider.claims(&base(request), code, &attempt).await?;
        let to = attempt.to.as_deref().unwrap_or(START);
        Ok(Answer::see_other(to)
            .cookie(self.sessions.begin(&claims, now))
            .cookie(Sessions::attempt_over()))
    }

    /// `POST /console/sign-out`: ends the session here, and sends the browser to the provider to end it there.
    pub(crate) async fn sign_out(&self, visit: &Visit<'_>) -> Result<Answer, Refusal> {
        visit.form()?;
        let url = self.provider.end_session(&base(visit.request)).await?;
        // A page that moves on, for the answer to a form may send the browser to no other host (CSP form-action).
        let page = layout::plain(
            "Signing out",
            html! {
                meta http-equiv="refresh" content=(format!("0;url={url}"));
                p { "You are signed out here. " a href=(url) { "Sign out of the sign-in page too" } }
            },
        );
        Ok(layout::answer(200, page).cookie(Sessions::end()))
    }
}

/// `GET /console/signed-out`.
pub(crate) fn signed_out() -> Answer {
    let page = layout::plain(
        "Signed out",
        html! {
            p { "You are signed out." }
            p { a.button href="/console/sign-in" { "Sign in" } }
        },
    );
    layout::answer(200, page)
}

/// The address at which the console is reached, as the gateway knows it.
fn base(request: &Request) -> String {
    let scheme = match request.header("x-forwarded-proto") {
        Some("http") => "http",
        _ => "https",
    };
    format!("{scheme}://{}", request.domain)
}

/// Returns whether a text is a path of the console: what anybody else wrote into it must not lead elsewhere.
fn is_of_console(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let rest = path.strip_prefix("/console");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        && path.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_only_pages_of_the_console_come_next() {
        for path in ["/console", "/console/log?code=X", "/console?x=1"] {
            assert!(is_of_console(path), "{path}");
        }
        for path in [
            "https://evil.example/console",
            "//evil.example/console",
            "/consolex",
            "/local/token",
            "/console/\\evil.example",
            "/console/ x",
            "",
        ] {
            assert!(!is_of_console(path), "{path}");
        }
    }
}
