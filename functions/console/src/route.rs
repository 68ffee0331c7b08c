//! The addresses of the console.

use std::collections::BTreeMap;

use dealbridge_lambda::http::{ProblemCode, Refusal, Request, Route};

use crate::{
    assets::Asset,
    screen::{Screen, routes},
    sign_in::provider::{CALLBACK, SIGNED_OUT},
};

/// The routes that the gateway sends to the console. The session, not the gateway's authorizer, says who calls.
///
/// A Lambda function's policy has no room for a route per page. A greedy variable would do, but a route whose segments
/// all match goes before it (AWS: Working with routes for HTTP APIs), and `/{kind}/{id}` would take the console's pages.
pub const GATEWAY: [&str; 7] = [
    "GET /console",
    "GET /console/{page}",
    "GET /console/{page}/{item}",
    "GET /console/{page}/{item}/{part}",
    "POST /console/{page}",
    "POST /console/{page}/{item}",
    "POST /console/{page}/{item}/{part}",
];

/// The page, file or form that an address of the console leads to.
pub(crate) enum Found {
    Asset(&'static Asset),
    SignIn,
    Callback,
    SignedOut,
    SignOut,
    Start,
    Screen(&'static Route<Screen>, BTreeMap<String, String>),
    Nothing(Refusal),
}

/// Finds what a request is for. A written-out segment goes before a variable, for the table has it first.
pub(crate) fn find(request: &Request) -> Found {
    let (method, path) = (request.method.as_str(), request.path.trim_end_matches('/'));
    match (method, path) {
        ("GET", "/console/sign-in") => return Found::SignIn,
        ("GET", "/console/start") => return Found::Start,
        ("GET", CALLBACK) => return Found::Callback,
        ("GET", SIGNED_OUT) => return Found::SignedOut,
        ("POST", "/console/sign-out") => return Found::SignOut,
        _ => {}
    }
    if method == "GET"
        && let Some(asset) = Asset::at(path)
    {
        return Found::Asset(asset);
    }
    let mut others = routes()
        .iter()
        .filter_map(|route| Some((route, variables(route.path, path)?)));
    match others
        .clone()
        .find(|(route, _)| route.method.as_str() == method)
    {
        Some((route, variables)) => Found::Screen(route, variables),
        None if others.next().is_some() => Found::Nothing(Refusal::new(
            ProblemCode::MethodNotAllowed,
            format!(
                "{path} is not a page to open like this. Go back, and use the page's own buttons."
            ),
        )),
        None => Found::Nothing(Refusal::new(
            ProblemCode::RouteNotFound,
            "There is no such page. Look at the address, or go on from the menu.",
        )),
    }
}

/// The values of a pattern's variables in a path, if it matches.
fn variables(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    let (mut own, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (own.next(), given.next()) {
            (None, None) => return Some(variables),
            (Some(own), Some(given)) => {
                let name = own.strip_prefix('{').and_then(|own| own.strip_suffix('}'));
                match name {
                    Some(_) if given.is_empty() => return None,
                    Some(name) => {
                        variables.insert(name.to_owned(), given.to_owned());
                    }
                    None if own == given => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_sends_every_page_here() {
        for route in routes() {
            let segments = route.path.split('/').count();
            let is_sent = |sent: &&&str| {
                let (method, path) = sent.split_once(' ').unwrap();
                method == route.method.as_str() && path.split('/').count() == segments
            };
            assert!(
                GATEWAY.iter().find(is_sent).is_some(),
                "{} {}",
                route.method,
                route.path
            );
        }
    }

    #[test]
    fn a_variable_takes_one_segment_that_is_not_blank() {
        let at = |path: &str| variables("/console/runs/{id}", path);

        assert_eq!(at("/console/runs/run-1").unwrap()["id"], "run-1");
        for path in [
            "/console/runs",
            "/console/runs/",
            "/console/runs/a/b",
            "/console/logs/a",
        ] {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
