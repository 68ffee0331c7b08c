//! The console: what administrators and internal users see, as pages of HTML.
//!
//! A page shows what the API answers, and a form does what a call of the API does, with the rights of the person who is
//! signed in. No rule of the product is here (ADR 31).

mod assets;
mod console;
mod environment;
pub mod functions;
mod html;
mod route;
mod screen;
mod session;
mod sign_in;
mod stored;
mod visit;

use dealbridge_lambda::{
    Function, Invocation,
    http::{Answer, Request, respond},
};
use serde_json::Value;

use self::{html::problem, route::Found, visit::Visit};
/// The address of the stylesheet, for pages beside the console's own.
#[must_use]
pub fn stylesheet() -> &'static str {
    assets::stylesheet()
}

pub use self::{
    console::Console,
    environment::Environment,
    route::GATEWAY,
    screen::{Screen, routes},
    session::{SessionKeys, Sessions},
    sign_in::provider::{CALLBACK, Issuer, Provider, SIGNED_OUT},
};

impl Function for Console {
    async fn handle(
        &self,
        event: Value,
        invocation: Invocation,
    ) -> Result<Value, lambda_runtime::Error> {
        let request = Request::from_event(event)?;
        let answer = self.answer(&request, invocation).await;
        Ok(respond(Ok(html::secured(answer))))
    }
}

impl Console {
    async fn answer(&self, request: &Request, invocation: Invocation) -> Answer {
        let answer = match route::find(request) {
            Found::Asset(asset) => Ok(asset.answer(request)),
            Found::SignIn => self.sign_in(request).await,
            Found::Callback => self.callback(request).await,
            Found::SignedOut => Ok(sign_in::signed_out()),
            Found::Start => match self.visit(request, invocation).await {
                Ok(visit) => Ok(Answer::see_other(visit.start())),
                Err(answer) => return answer,
            },
            Found::SignOut => match self.visit(request, invocation).await {
                Ok(visit) => return visit.told(self.sign_out(&visit).await),
                Err(answer) => return answer,
            },
            Found::Screen(route, variables) => {
                let request = Request {
                    path_parameters: variables,
                    ..request.clone()
                };
                match self.visit(&request, invocation).await {
                    Ok(visit) => {
                        let answer = match route.admit(&visit.caller) {
                            Ok(()) => screen::show(route.call, &visit).await,
                            Err(refusal) => Err(refusal),
                        };
                        return visit.told(answer);
                    }
                    Err(answer) => return answer,
                }
            }
            Found::Nothing(refusal) => match self.visit(request, invocation).await {
                Ok(visit) => return visit.told(Err(refusal)),
                Err(_) => Err(refusal),
            },
        };
        answer.unwrap_or_else(|refusal| problem::page(None, refusal))
    }

    /// The visit of the person who is signed in; the way to the sign-in page where nobody is.
    async fn visit<'a>(
        &'a self,
        request: &'a Request,
        invocation: Invocation,
    ) -> Result<Visit<'a>, Answer> {
        let session = self.sessions.of(request, self.clock.now());
        let known = session.and_then(|session| Some((session.token().ok()?, session)));
        let Some((token, session)) = known else {
            return Err(visit::to_sign_in(request));
        };
        let caller = self.rights.caller(&token).await;
        let caller = caller.map_err(|error| problem::page(None, error.into()))?;
        Ok(Visit {
            console: self,
            request,
            caller,
            session,
            invocation,
        })
    }
}

#[cfg(test)]
mod testing {
    //! Requests for the tests of this crate.

    use dealbridge_lambda::http::Request;
    use serde_json::json;

    /// A request with these cookies.
    pub(crate) fn request(cookies: &[&str]) -> Request {
        let event = json!({
            "routeKey": "GET /console",
            "rawPath": "/console",
            "cookies": cookies,
            "requestContext": { "http": { "method": "GET" }, "domainName": "console.example" },
        });
        Request::from_event(event).unwrap()
    }
}
