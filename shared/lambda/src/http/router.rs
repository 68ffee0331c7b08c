//! The calls that a function answers: method, path and admitted callers of each, declared in one table.
//!
//! API Gateway routes by `template.yaml`, whose routes a test compares with these tables. An event names its route,
//! [`Routes::find`] finds it, and [`Route::admit`] refuses callers whom it is not for.

use std::fmt;

use dealbridge_core::portal::SYSTEM_ADMINISTRATION;

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
    /// `PATCH`.
    Patch,
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
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The callers whom a call admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Administrators only.
    Administrator,
    /// Internal users, administrators included.
    InternalUser,
    /// The portal's client and administrators.
    Portal,
    /// The portal's client and every Active portal user. The call itself asks for the module of the record's kind, and
    /// for the Organization.
    Records,
}

impl Access {
    fn admits(self, caller: &Caller) -> bool {
        match self {
            Self::Administrator => caller.is_admin,
            Self::InternalUser => caller.is_internal,
            Self::Portal => caller.is_portal || caller.is_admin,
            Self::Records => caller.is_portal || caller.person.is_some(),
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Administrator => "Only an administrator may do this.",
            Self::InternalUser => "Only an internal user may do this.",
            Self::Portal => "Only the portal's client or an administrator may do this.",
            Self::Records => "Only the portal's client or an Active portal user may do this.",
        }
    }
}

/// A route and its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<C> {
    /// The method.
    pub method: Method,
    /// The path with its `{variables}`, as in `template.yaml`.
    pub path: &'static str,
    /// The admitted callers.
    pub access: Access,
    /// The call.
    pub call: C,
}

impl<C> Route<C> {
    /// A route for administrators.
    #[must_use]
    pub const fn admin(method: Method, path: &'static str, call: C) -> Self {
        Self::of(Access::Administrator, method, path, call)
    }

    /// A route for internal users.
    #[must_use]
    pub const fn internal(method: Method, path: &'static str, call: C) -> Self {
        Self::of(Access::InternalUser, method, path, call)
    }

    /// A route for the portal's client and for administrators.
    #[must_use]
    pub const fn portal(method: Method, path: &'static str, call: C) -> Self {
        Self::of(Access::Portal, method, path, call)
    }

    /// A route of records: for the portal's client and for every Active portal user. The call itself narrows it by
    /// [`Caller::may_write`], [`Caller::may_submit`], [`Caller::may_read`] and [`Caller::sees`].
    #[must_use]
    pub const fn records(method: Method, path: &'static str, call: C) -> Self {
        Self::of(Access::Records, method, path, call)
    }

    const fn of(access: Access, method: Method, path: &'static str, call: C) -> Self {
        Self {
            method,
            path,
            access,
            call,
        }
    }

    /// The same route with another call.
    #[must_use]
    pub fn map<D>(self, call: impl FnOnce(C) -> D) -> Route<D> {
        Route {
            method: self.method,
            path: self.path,
            access: self.access,
            call: call(self.call),
        }
    }

    /// Admits a caller whom the route is for.
    ///
    /// # Errors
    /// Returns 403 for any other, with what the caller lacks.
    pub fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        if self.access.admits(caller) {
            return Ok(());
        }
        let why = match &caller.person {
            None => caller.why_nobody(),
            Some(person) if !caller.is_internal => {
                format!("{} is {}.", person.email, person.kind.label())
            }
            Some(person) if person.has(SYSTEM_ADMINISTRATION) => format!(
                "{} has the module System Administration, but the token lacks the group of administrators: add the person to it at the identity provider, and sign in again.",
                person.email
            ),
            Some(person) => format!(
                "No Group of the portal user {} grants the module System Administration.",
                person.email
            ),
        };
        Err(Refusal::forbidden(format!(
            "{} {why}",
            self.access.wanted()
        )))
    }
}

/// The routes of a function.
#[derive(Clone, Copy, Debug)]
pub struct Routes<C: 'static>(pub &'static [Route<C>]);

impl<C: Copy> Routes<C> {
    /// Finds the route of a request.
    ///
    /// # Errors
    /// Returns 404 for an unknown path, and 405 for another method of a known one.
    pub fn find(&self, request: &Request) -> Result<&'static Route<C>, Refusal> {
        let (method, path) = request.route();
        self.0
            .iter()
            .find(|route| (route.method.as_str(), route.path) == (method, path))
            .ok_or_else(|| self.unknown(method, path))
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
    use dealbridge_core::portal::{
        DEAL_REGISTRATION,
        PartyType::{Distributor, Internal, Partner},
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{
        Exclusion,
        testing::{excluded, person, portal},
    };

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Call {
        Start,
        One,
    }

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Post, "/sync-runs", Call::Start),
        Route::internal(Method::Get, "/sync-runs/{id}", Call::One),
    ]);

    fn request(route: &str) -> Request {
        let event: Value = json!({
            "routeKey": route,
            "requestContext": { "http": { "method": route.split(' ').next() } },
        });
        Request::from_event(event).unwrap()
    }

    #[test]
    fn a_call_is_found_by_its_route() {
        for (route, call) in [
            ("POST /sync-runs", Call::Start),
            ("GET /sync-runs/{id}", Call::One),
        ] {
            assert_eq!(ROUTES.find(&request(route)).unwrap().call, call);
        }
    }

    #[test]
    fn a_route_of_another_method_is_told_apart_from_an_unknown_one() {
        let method = ROUTES.find(&request("PATCH /sync-runs")).unwrap_err();
        assert_eq!(method.status(), 405);
        assert_eq!(method.into_answer().headers["allow"], "POST");

        let unknown = ROUTES.find(&request("GET /problems")).unwrap_err();
        assert_eq!(unknown.status(), 404);
    }

    #[test]
    fn a_route_admits_whom_it_is_for() {
        const ADMINS: &[&str] = &["administrators"];
        let everything = [SYSTEM_ADMINISTRATION, DEAL_REGISTRATION];
        let callers = [
            ("portal", portal()),
            ("admin", person(Internal, &everything, ADMINS)),
            ("without the group", person(Internal, &everything, &[])),
            ("without the module", person(Internal, &[], ADMINS)),
            ("partner", person(Partner, &everything, ADMINS)),
            ("distributor", person(Distributor, &everything, ADMINS)),
            ("nobody", excluded(Exclusion::NoAddress)),
        ];
        let internals = ["admin", "without the group", "without the module"];
        let people = ["partner", "distributor"];
        for (access, admitted) in [
            (Access::Administrator, vec!["admin"]),
            (Access::InternalUser, internals.to_vec()),
            (Access::Portal, vec!["portal", "admin"]),
            (
                Access::Records,
                [&["portal"][..], &internals, &people].concat(),
            ),
        ] {
            let route = Route::of(access, Method::Get, "/", Call::One);
            for (name, caller) in &callers {
                let status = route.admit(caller).map_err(|refusal| refusal.status());
                let expected = if admitted.contains(name) {
                    Ok(())
                } else {
                    Err(403)
                };
                assert_eq!(status, expected, "{access:?} {name}");
            }
        }
    }

    #[test]
    fn who_is_refused_is_told_why_and_what_to_do() {
        let told = |caller: &Caller| {
            let route = Route::admin(Method::Get, "/", Call::One);
            let body = route.admit(caller).unwrap_err().into_answer().body;
            let detail = body["detail"].as_str().unwrap();
            let why = detail.strip_prefix("Only an administrator may do this. ");
            why.unwrap().to_owned()
        };

        for (caller, why) in [
            (
                portal(),
                "The portal's client may not do this: sign in as a person.",
            ),
            (
                person(Partner, &[], &[]),
                "ann@vendor.example is a Partner User.",
            ),
            (
                person(Internal, &[], &["administrators"]),
                "No Group of the portal user ann@vendor.example grants the module System Administration.",
            ),
            (
                person(Internal, &[SYSTEM_ADMINISTRATION], &[]),
                "ann@vendor.example has the module System Administration, but the token lacks the group of administrators: add the person to it at the identity provider, and sign in again.",
            ),
            (
                excluded(Exclusion::NoAddress),
                "The token names no person by a verified e-mail address: sign in as a portal user, or call as the portal's client with the scope portal/write.",
            ),
        ] {
            assert_eq!(told(&caller), why);
        }
    }
}
