//! The calls that a function answers: method, path and required role of each, declared in one table.
//!
//! API Gateway routes by `template.yaml`, whose routes a test compares with these tables. An event names its route, and
//! [`Routes::find`] finds the call.

use std::fmt;

use super::{ProblemCode, Refusal, Request};
use crate::access::Caller;

/// An HTTP method that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// The method's name, such as `GET`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The role that a call requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Administrators only.
    Administrator,
    /// Internal users, administrators included.
    InternalUser,
}

/// A route and its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<C> {
    /// The method.
    pub method: Method,
    /// The path with its `{variables}`, as in `template.yaml`.
    pub path: &'static str,
    /// The required role.
    pub access: Access,
    /// The call.
    pub call: C,
}

impl<C> Route<C> {
    /// A route for administrators.
    #[must_use]
    pub const fn admin(method: Method, path: &'static str, call: C) -> Self {
        Self {
            method,
            path,
            access: Access::Administrator,
            call,
        }
    }

    /// A route for internal users.
    #[must_use]
    pub const fn internal(method: Method, path: &'static str, call: C) -> Self {
        Self {
            method,
            path,
            access: Access::InternalUser,
            call,
        }
    }
}

/// The routes of a function.
#[derive(Clone, Copy, Debug)]
pub struct Routes<C: 'static>(pub &'static [Route<C>]);

impl<C: Copy> Routes<C> {
    /// Finds the call of a request, with its authorized caller.
    ///
    /// # Errors
    /// Returns 404 for an unknown path, 405 for another method of a known one, 401 without a verified caller, and 403
    /// without the required role.
    pub fn find<'r>(&self, request: &'r Request) -> Result<(C, &'r Caller), Refusal> {
        let (method, path) = request.route();
        let route = self
            .0
            .iter()
            .find(|route| (route.method.as_str(), route.path) == (method, path))
            .ok_or_else(|| self.unknown(method, path))?;
        let caller = match route.access {
            Access::Administrator => request.require_admin()?,
            Access::InternalUser => request.require_internal()?,
        };
        Ok((route.call, caller))
    }

    fn unknown(&self, method: &str, path: &str) -> Refusal {
        let routes = self.0.iter().filter(|route| route.path == path);
        let allowed: Vec<&str> = routes.map(|route| route.method.as_str()).collect();
        if allowed.is_empty() {
            let detail = format!("There is no call {method} {path}.");
            return Refusal::new(ProblemCode::RouteNotFound, detail);
        }
        let allowed = allowed.join(", ");
        let detail = format!("{path} does not take {method}, but {allowed}.");
        Refusal::new(ProblemCode::MethodNotAllowed, detail).header("allow", allowed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{Groups, testing::signed_in};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Call {
        Start,
        One,
    }

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Post, "/sync-runs", Call::Start),
        Route::internal(Method::Get, "/sync-runs/{id}", Call::One),
    ]);

    fn request(route: &str, groups: Option<&str>) -> Request {
        let mut event: Value = json!({
            "routeKey": route,
            "requestContext": { "http": { "method": route.split(' ').next() } },
        });
        if let Some(group) = groups {
            signed_in(&mut event, group);
        }
        Request::from_event(event, &Groups::default()).unwrap()
    }

    #[test]
    fn a_call_is_found_by_its_route_for_those_who_may_make_it() {
        for (route, group, found) in [
            ("POST /sync-runs", "administrators", Ok(Call::Start)),
            ("POST /sync-runs", "internal-users", Err(403)),
            ("GET /sync-runs/{id}", "internal-users", Ok(Call::One)),
            ("GET /sync-runs/{id}", "administrators", Ok(Call::One)),
            ("GET /sync-runs/{id}", "others", Err(403)),
        ] {
            let request = request(route, Some(group));
            let call = ROUTES.find(&request).map(|(call, _)| call);
            assert_eq!(call.map_err(|refusal| refusal.status()), found, "{route}");
        }
        let refused = request("POST /sync-runs", None);
        assert_eq!(ROUTES.find(&refused).unwrap_err().status(), 401);
    }

    #[test]
    fn a_route_of_another_method_is_told_apart_from_an_unknown_one() {
        let known = request("GET /sync-runs", None);
        let method = ROUTES.find(&known).unwrap_err();
        assert_eq!(method.status(), 405);
        assert_eq!(method.into_answer().headers["allow"], "POST");

        let unknown = request("GET /problems", None);
        assert_eq!(ROUTES.find(&unknown).unwrap_err().status(), 404);
    }
}
