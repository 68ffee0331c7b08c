//! The calls of the HTTP API, and which of them a request means.

use std::collections::BTreeMap;

use super::document::Node;

/// One call of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: String,
    /// The path, with its variables in braces.
    pub path: String,
    /// The function behind it.
    pub function: String,
    /// The check of the gateway's.
    pub authorizer: Authorizer,
    /// The scopes of which a token must have one.
    pub scopes: Vec<String>,
}

/// The check that the gateway makes before it invokes the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorizer {
    /// A token must be there, and good.
    Token,
    /// None: the function knows its callers by itself.
    None,
}

impl Route {
    pub(super) fn read(function: &str, properties: Node<'_>) -> Option<Self> {
        let authorizer = match properties.at("Auth.Authorizer")?.text()? {
            "NONE" => Authorizer::None,
            _ => Authorizer::Token,
        };
        let scopes = match authorizer {
            Authorizer::None => Vec::new(),
            Authorizer::Token => properties
                .at("Auth.AuthorizationScopes")?
                .items()
                .map(|scope| scope.text().map(str::to_owned))
                .collect::<Option<_>>()?,
        };
        Some(Self {
            method: properties.at("Method")?.text()?.to_owned(),
            path: properties.at("Path")?.text()?.to_owned(),
            function: function.to_owned(),
            authorizer,
            scopes,
        })
    }

    /// Its key, as events name it: `GET /sync-runs/{id}`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The values of its variables in a decoded path whose segments are given, if it matches.
    fn matches(&self, segments: &[&str]) -> Option<BTreeMap<String, String>> {
        let own: Vec<&str> = segments_of(&self.path);
        if own.len() != segments.len() {
            return None;
        }
        let mut variables = BTreeMap::new();
        for (own, given) in own.into_iter().zip(segments) {
            match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
                Some(_) if given.is_empty() => return None,
                Some(name) => {
                    variables.insert(name.to_owned(), (*given).to_owned());
                }
                None if own == *given => {}
                None => return None,
            }
        }
        Some(variables)
    }

    /// Returns whether it says more than another at the first segment where they differ in kind.
    fn is_more_specific(&self, other: &Self) -> bool {
        let variables = |route: &Self| -> Vec<bool> {
            segments_of(&route.path)
                .iter()
                .map(|segment| segment.starts_with('{'))
                .collect()
        };
        variables(self) < variables(other)
    }
}

/// The segments of a decoded path. A slash at its end, and each of two in a row, begins one more.
fn segments_of(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

/// The call that a request with that decoded path means, with the values of its variables. A written-out segment goes
/// before a variable; methods and paths are told apart by case.
#[must_use]
pub fn find<'a>(
    routes: &'a [Route],
    method: &str,
    path: &str,
) -> Option<(&'a Route, BTreeMap<String, String>)> {
    let segments = segments_of(path);
    let mut found: Option<(&Route, BTreeMap<String, String>)> = None;
    for route in routes.iter().filter(|route| route.method == method) {
        let Some(variables) = route.matches(&segments) else {
            continue;
        };
        let better = found
            .as_ref()
            .is_none_or(|(best, _)| route.is_more_specific(best));
        if better {
            found = Some((route, variables));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn found(method: &str, path: &str) -> Option<(String, Vec<String>)> {
        let routes = Template::load().unwrap().routes;
        find(&routes, method, path)
            .map(|(route, variables)| (route.path.clone(), variables.into_values().collect()))
    }

    #[test]
    fn a_written_out_segment_goes_before_a_variable() {
        assert_eq!(
            found("GET", "/sync-runs"),
            Some(("/sync-runs".into(), vec![]))
        );
        assert_eq!(
            found("GET", "/deals"),
            Some(("/{kind}".into(), vec!["deals".into()]))
        );
        assert_eq!(found("GET", "/users"), Some(("/users".into(), vec![])));
        assert_eq!(
            found("GET", "/users/usr-1"),
            Some(("/users/{id}".into(), vec!["usr-1".into()]))
        );
        assert_eq!(
            found("GET", "/sync-runs/run-00000001"),
            Some(("/sync-runs/{id}".into(), vec!["run-00000001".into()]))
        );
        assert_eq!(
            found("DELETE", "/suppressions/006dM00000Mw7Vt"),
            Some((
                "/suppressions/{salesforceId}".into(),
                vec!["006dM00000Mw7Vt".into()]
            ))
        );
    }

    #[test]
    fn the_slashes_of_an_address_divide_a_path() {
        assert_eq!(
            found("GET", "/opportunities/006dM00000Mw7Vt/explanation"),
            Some((
                "/opportunities/{idOrUrl}/explanation".into(),
                vec!["006dM00000Mw7Vt".into()]
            ))
        );
        assert_eq!(
            found("GET", "/opportunities/https://a.example/006/explanation"),
            None
        );
    }

    #[test]
    fn what_no_route_has_is_not_found() {
        assert_eq!(found("PATCH", "/settings"), None);
        assert_eq!(found("HEAD", "/settings"), None);
        assert_eq!(found("OPTIONS", "/settings"), None);
        assert_eq!(found("get", "/settings"), None);
        assert_eq!(found("GET", "/deals/"), None);
        assert_eq!(found("GET", "/sync-runs/"), None);
        assert_eq!(found("GET", "//sync-runs"), None);
        assert_eq!(found("PUT", "/Settings"), None);
        assert_eq!(found("GET", "/"), None);
        assert_eq!(found("GET", "/a/b/c/d"), None);
    }
}
