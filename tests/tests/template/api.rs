//! The HTTP API: every route that a function declares, each with its scope.

use std::collections::{BTreeMap, BTreeSet};

use dealbridge_lambda::{
    Api,
    access::PORTAL_SCOPE,
    http::{Access, Route},
};
use dealbridge_local::login;
use serde_json::Value;

use crate::document::{Resource, Template, list, strings};

/// A call that a function declares.
struct Declared {
    function: &'static str,
    access: Access,
}

/// The calls that functions declare.
fn declared() -> BTreeMap<String, Declared> {
    fn of<A: Api>(function: &'static str) -> impl Iterator<Item = (String, Declared)> {
        let key = |route: &Route<A::Call>| format!("{} {}", route.method, route.path);
        A::ROUTES.0.iter().map(move |route| {
            let access = route.access;
            (key(route), Declared { function, access })
        })
    }
    of::<dead_letters::DeadLettersFunction>("dead-letters")
        .chain(of::<full_sync::FullSync>("full-sync"))
        .chain(of::<integration_log::IntegrationLog>("integration-log"))
        .chain(of::<link::LinkFunction>("link"))
        .chain(of::<people::PeopleFunction>("people"))
        .chain(of::<records::Records>("records"))
        .chain(of::<settings::SettingsFunction>("settings"))
        .chain(of::<unlink::UnlinkFunction>("unlink"))
        .collect()
}

/// A route of the template.
pub(crate) struct DeployedRoute {
    pub(crate) function: String,
    pub(crate) authorizer: Value,
    pub(crate) scopes: Vec<String>,
}

/// Every route of the template, by method and path; a duplicate is distinguished by its event's name.
pub(crate) fn routes(template: &Template) -> BTreeMap<String, DeployedRoute> {
    let mut routes = BTreeMap::new();
    for function in template.functions() {
        for event in function.events("HttpApi") {
            let text = |key: &str| event.properties[key].as_str().unwrap_or_default();
            let mut key = format!("{} {}", text("Method"), text("Path"));
            if routes.contains_key(&key) {
                key = format!("{key} (again, {})", event.name);
            }
            let route = DeployedRoute {
                function: function.name().to_owned(),
                authorizer: event.properties["Auth"]["Authorizer"].clone(),
                scopes: strings(&event.properties["Auth"]["AuthorizationScopes"])
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            };
            routes.insert(key, route);
        }
    }
    routes
}

/// Methods are HTTP's own, spelt as HTTP spells them.
pub(crate) fn every_method_is_one_of_http(template: &Template) -> Vec<String> {
    routes(template)
        .into_keys()
        .filter(|route| {
            !["GET ", "POST ", "PUT ", "PATCH ", "DELETE "]
                .iter()
                .any(|method| route.starts_with(method))
        })
        .collect()
}

/// The routes are those that functions declare, each at its function.
pub(crate) fn the_routes_are_those_that_functions_declare(template: &Template) -> Vec<String> {
    let found: BTreeMap<_, _> = routes(template)
        .into_iter()
        .map(|(key, route)| (key, route.function))
        .collect();
    let of_api = declared()
        .into_iter()
        .map(|(key, call)| (key, call.function));
    let of_console = console::GATEWAY.map(|key| (key.to_owned(), "console"));
    let expected: BTreeMap<String, &str> = of_api.chain(of_console).collect();
    let missing = expected
        .iter()
        .filter(|(key, function)| found.get(*key).is_none_or(|name| name != *function))
        .map(|(key, function)| format!("{key} does not go to {function}"));
    let unknown = found
        .keys()
        .filter(|key| !expected.contains_key(*key))
        .map(|key| format!("no function declares {key}"));
    missing.chain(unknown).collect()
}

/// The routes of the console, which asks its callers for a session.
pub(crate) fn is_of_console(key: &str) -> bool {
    console::GATEWAY.contains(&key)
}

/// Every route requires a token with its scope, but the console's. The portal's scope opens those routes besides that
/// admit its client.
pub(crate) fn every_route_asks_for_a_scope(template: &Template) -> Vec<String> {
    let (mut faults, declared) = (Vec::new(), declared());
    for api in template.of_type("AWS::Serverless::HttpApi") {
        let authorizers = &api["Auth"]["Authorizers"];
        if authorizers
            .get(
                api["Auth"]["DefaultAuthorizer"]
                    .as_str()
                    .unwrap_or_default(),
            )
            .is_none()
        {
            faults.push(format!("{} has no default authorizer", api.id));
        }
        for (key, route) in routes(template) {
            if is_of_console(&key) {
                if route.authorizer != "NONE" || !route.scopes.is_empty() {
                    faults.push(format!("{key} asks for a token, which no browser sends"));
                }
                continue;
            }
            let authorizer = route
                .authorizer
                .as_str()
                .and_then(|name| authorizers.get(name));
            let token = authorizer.is_some_and(|authorizer| {
                let jwt = &authorizer["JwtConfiguration"];
                !jwt["issuer"].is_null()
                    && !list(&jwt["audience"]).is_empty()
                    && !authorizer["IdentitySource"].is_null()
            });
            if !token {
                faults.push(format!("{key} is open, no authorizer checks a token"));
            }
            let of_portal = |scope: &&String| *scope == PORTAL_SCOPE;
            let own = route
                .scopes
                .iter()
                .filter(|scope| !of_portal(scope))
                .count();
            if own != 1 {
                faults.push(format!("{key} asks for {own} scopes, not one"));
            }
            let opens = route.scopes.iter().filter(of_portal).count();
            let admits = declared.get(&key).map_or(0, |call| {
                usize::from(matches!(call.access, Access::Portal | Access::Records))
            });
            if opens != admits {
                faults.push(format!(
                    "{key} is opened {opens} times by the portal's scope, not {admits}"
                ));
            }
        }
    }
    if template.of_type("AWS::Serverless::HttpApi").count() != 1 {
        faults.push("there is not exactly one HTTP API".to_owned());
    }
    faults
}

/// A scope for reading does not allow writing; the portal's is for both.
pub(crate) fn scopes_tell_reading_from_writing(template: &Template) -> Vec<String> {
    let routes = routes(template);
    let by_scope = |reads: bool| -> BTreeSet<String> {
        routes
            .iter()
            .filter(|(key, _)| key.starts_with("GET ") == reads)
            .flat_map(|(_, route)| route.scopes.iter().cloned())
            .filter(|scope| scope != PORTAL_SCOPE)
            .collect()
    };
    by_scope(true)
        .intersection(&by_scope(false))
        .map(|scope| format!("{scope} reads and writes"))
        .collect()
}

/// The user pool issues each scope that a route asks for: to people by the code grant and without a secret, to the portal
/// by its credentials and in nobody's name.
pub(crate) fn every_scope_can_be_had(template: &Template) -> Vec<String> {
    let mut issued = BTreeSet::new();
    for server in template.of_type("AWS::Cognito::UserPoolResourceServer") {
        for scope in list(&server["Scopes"]) {
            let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            issued.insert(format!(
                "{}/{}",
                part(&server["Identifier"]),
                part(&scope["ScopeName"])
            ));
        }
    }
    let asked: BTreeSet<_> = routes(template)
        .into_values()
        .flat_map(|route| route.scopes)
        .collect();
    let differs = |name: &str, asked: &BTreeSet<String>, had: &BTreeSet<String>| -> Vec<String> {
        asked
            .symmetric_difference(had)
            .map(|scope| format!("{scope} is asked for or {name}, not both"))
            .collect()
    };
    let mut faults = differs("issued", &asked, &issued);
    let (portals, people): (BTreeSet<_>, BTreeSet<_>) =
        asked.into_iter().partition(|scope| scope == PORTAL_SCOPE);
    for (flow, has_secret, wanted) in [
        ("code", false, people),
        ("client_credentials", true, portals),
    ] {
        let mut granted = BTreeSet::new();
        for client in template.of_type("AWS::Cognito::UserPoolClient") {
            if strings(&client["AllowedOAuthFlows"]) != [flow] {
                continue;
            }
            if (client["GenerateSecret"] == true) != has_secret {
                faults.push(format!("{} has a secret or none by mistake", client.id));
            }
            let scopes = strings(&client["AllowedOAuthScopes"]).into_iter();
            // Those of OpenID Connect are about the person, and open no route.
            let scopes = scopes.filter(|scope| !["openid", "email"].contains(scope));
            granted.extend(scopes.map(str::to_owned));
        }
        faults.extend(differs(&format!("granted by {flow}"), &wanted, &granted));
    }
    faults
}

/// The clients of people know the address that `dealbridge login` comes back to: Cognito takes no other.
pub(crate) fn the_login_can_come_back(template: &Template) -> Vec<String> {
    let address = login::callback_address(login::CALLBACK_PORT);
    template
        .of_type("AWS::Cognito::UserPoolClient")
        .filter(|client| strings(&client["AllowedOAuthFlows"]).contains(&"code"))
        .filter(|client| !is_of_console_alone(client))
        .filter(|client| !strings(&client["CallbackURLs"]).contains(&&*address))
        .map(|client| format!("{} does not know {address}", client.id))
        .collect()
}

fn is_of_console_alone(client: &Resource<'_>) -> bool {
    let scopes = strings(&client["AllowedOAuthScopes"]);
    scopes
        .iter()
        .all(|scope| ["openid", "email"].contains(scope))
}

/// The client of the console comes back to the console alone, and its tokens open no route of the API.
pub(crate) fn the_console_signs_in_by_a_client_of_its_own(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found = 0;
    for client in template.of_type("AWS::Cognito::UserPoolClient") {
        if !is_of_console_alone(&client) {
            continue;
        }
        found += 1;
        let url = |path: &str| serde_json::json!([{ "Fn::Sub": format!("${{ConsoleUrl}}{path}") }]);
        if client["CallbackURLs"] != url(console::CALLBACK) {
            faults.push(format!("{} comes back elsewhere", client.id));
        }
        if client["LogoutURLs"] != url(console::SIGNED_OUT) {
            faults.push(format!("{} signs out to elsewhere", client.id));
        }
        for api in template.of_type("AWS::Serverless::HttpApi") {
            if api["Auth"].to_string().contains(client.id) {
                faults.push(format!("{} takes the tokens of {}", api.id, client.id));
            }
        }
    }
    if found != 1 {
        faults.push(format!("the console has {found} clients"));
    }
    faults
}

/// Callers are throttled, and each call is logged without the text that was pasted into its path.
pub(crate) fn calls_are_throttled_and_logged(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for api in template.of_type("AWS::Serverless::HttpApi") {
        let limit = |key: &str| api["DefaultRouteSettings"][key].as_u64().unwrap_or(0);
        if limit("ThrottlingBurstLimit") == 0 || limit("ThrottlingRateLimit") == 0 {
            faults.push(format!("{} is not throttled", api.id));
        }
        for (route, _) in crate::document::entries(&api["RouteSettings"]) {
            if !routes(template).contains_key(route) {
                faults.push(format!("{} limits {route}, which is no route", api.id));
            }
        }
        let format = api["AccessLogSettings"]["Format"]
            .as_str()
            .unwrap_or_default();
        if api["AccessLogSettings"]["DestinationArn"].is_null()
            || serde_json::from_str::<Value>(format).is_err()
        {
            faults.push(format!(
                "{} has no access log of one JSON object a line",
                api.id
            ));
        }
        if [
            "$context.path",
            "$context.queryString",
            "$context.requestOverride",
        ]
        .iter()
        .any(|part| format.contains(part))
        {
            faults.push(format!("{} logs what callers paste into a path", api.id));
        }
    }
    faults
}
