//! Mistakes in the HTTP API.

use super::{
    Change::{Move, Remove, Set},
    Seeds,
};

pub(super) const ALL: Seeds = &[
    (
        "every_method_is_one_of_http",
        &[
            (
                "a method that HTTP does not have",
                Set("Unlink/Events/Unlink/Properties/Method", r#""REMOVE""#),
            ),
            (
                "a method in lower case",
                Set("Settings/Events/GetSettings/Properties/Method", r#""get""#),
            ),
            (
                "any method",
                Set("FullSync/Events/StartRun/Properties/Method", r#""ANY""#),
            ),
        ],
    ),
    (
        "the_routes_are_those_that_functions_declare",
        &[
            (
                "a route that is missing",
                Remove("IntegrationLog/Events/ClearProblems"),
            ),
            (
                "a route with a typo",
                Set(
                    "IntegrationLog/Events/ListProblems/Properties/Path",
                    r#""/problem""#,
                ),
            ),
            (
                "a route at the wrong function",
                Move("Unlink/Events/Unlink", "Link/Events/Unlink"),
            ),
        ],
    ),
    (
        "every_route_asks_for_a_scope",
        &[
            (
                "an open route",
                Set(
                    "DeadLetters/Events/CountDeadLetters/Properties/Auth",
                    r#"{"Authorizer": "NONE"}"#,
                ),
            ),
            (
                "a page of the console behind the authorizer",
                Set(
                    "Console/Events/ShowPage/Properties/Auth",
                    r#"{"Authorizer": "Oidc", "AuthorizationScopes": ["dealbridge/runs.read"]}"#,
                ),
            ),
            (
                "a route that any token opens",
                Remove("Unlink/Events/Unlink/Properties/Auth/AuthorizationScopes"),
            ),
            (
                "an administrator's route that the portal's scope opens",
                Set(
                    "Settings/Events/PutSettings/Properties/Auth/AuthorizationScopes",
                    r#"["dealbridge/settings.write", "portal/write"]"#,
                ),
            ),
            (
                "tokens for anyone",
                Set("Api/Auth/Authorizers/Oidc/JwtConfiguration/audience", "[]"),
            ),
        ],
    ),
    (
        "scopes_tell_reading_from_writing",
        &[(
            "a scope that reads and writes",
            Set(
                "Settings/Events/PutSettings/Properties/Auth/AuthorizationScopes/0",
                r#""dealbridge/settings.read""#,
            ),
        )],
    ),
    (
        "every_scope_can_be_had",
        &[
            (
                "a scope that nobody issues",
                Set(
                    "Settings/Events/PutSettings/Properties/Auth/AuthorizationScopes/0",
                    r#""dealbridge/settings.change""#,
                ),
            ),
            (
                "a scope that the client may not ask for",
                Set("UserPoolClient/AllowedOAuthScopes", r#"["openid"]"#),
            ),
            (
                "the portal's scope for people",
                Set(
                    "UserPoolClient/AllowedOAuthFlows",
                    r#"["client_credentials"]"#,
                ),
            ),
            (
                "a portal's client that anybody can be",
                Set("PortalClient/GenerateSecret", "false"),
            ),
        ],
    ),
    (
        "the_login_can_come_back",
        &[(
            "a client of people that knows the console alone",
            Set(
                "UserPoolClient/CallbackURLs",
                r#"["http://localhost:8400/callback"]"#,
            ),
        )],
    ),
    (
        "the_console_signs_in_by_a_client_of_its_own",
        &[
            (
                "a sign-in that ends elsewhere",
                Set("ConsoleClient/CallbackURLs", r#"["https://evil.example"]"#),
            ),
            (
                "an API that takes the console's tokens",
                Set(
                    "Api/Auth/Authorizers/Oidc/JwtConfiguration/audience",
                    r#"[{"Ref": "ConsoleClient"}]"#,
                ),
            ),
            (
                "a console with the scopes of people",
                Set(
                    "ConsoleClient/AllowedOAuthScopes",
                    r#"["dealbridge/runs.read"]"#,
                ),
            ),
        ],
    ),
    (
        "calls_are_throttled_and_logged",
        &[
            ("an API without a limit", Remove("Api/DefaultRouteSettings")),
            (
                "an API without an access log",
                Remove("Api/AccessLogSettings"),
            ),
            (
                "an access log with what callers paste",
                Set(
                    "Api/AccessLogSettings/Format",
                    r#""{\"path\":\"$context.path\"}""#,
                ),
            ),
            (
                "a limit on no route",
                Set(
                    "Api/RouteSettings",
                    r#"{"POST /sync-run": {"ThrottlingRateLimit": 1}}"#,
                ),
            ),
        ],
    ),
    (
        "described_routes_and_scopes_are_the_templates",
        &[
            (
                "a route that is not described",
                Set(
                    "Settings/Events/PutSettings/Properties/Path",
                    r#""/setting""#,
                ),
            ),
            (
                "a scope that is described otherwise",
                Set(
                    "Records/Events/GetRecord/Properties/Auth/AuthorizationScopes/0",
                    r#""dealbridge/log.read""#,
                ),
            ),
        ],
    ),
];
