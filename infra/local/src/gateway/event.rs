//! API Gateway's event for HTTP APIs, payload format 2.0.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use dealbridge_core::ports::Ids;
use dealbridge_lambda::UlidIds;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::request::ApiRequest;
use crate::template::Route;

/// The call that a request means, and who makes it where the gateway knows.
pub(super) struct Call<'a> {
    pub(super) route: &'a Route,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) authorized: Option<Authorized<'a>>,
}

/// The token that the authorizer has verified.
pub(super) struct Authorized<'a> {
    pub(super) claims: &'a Map<String, Value>,
    /// Those of the route's scopes that the token has.
    pub(super) scopes: Vec<&'a str>,
}

/// The event that the function behind the route gets.
pub(super) fn event(request: &ApiRequest, call: &Call<'_>, now: Timestamp) -> Value {
    let (cookies, headers): (Vec<_>, Vec<_>) = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .partition(|(name, _)| *name == "cookie");
    let mut headers = joined(headers.into_iter());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    let cookies: Vec<&str> = cookies
        .iter()
        .flat_map(|(_, value)| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
        .collect();
    let query = url::form_urlencoded::parse(request.query.as_bytes());
    let query: Vec<(String, String)> = query.into_owned().collect();
    let query = joined(query.iter().map(|(name, value)| (name.as_str(), value)));
    let (body, is_base64) = body(request);
    let host = headers.get("host").cloned().unwrap_or_default();
    let path = request.decoded_path();
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.route.key(),
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": UlidIds.next(),
            "routeKey": call.route.key(),
            "stage": "$default",
            "time": now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": is_base64,
    });
    if let Some(token) = &call.authorized {
        let claims = token.claims.iter();
        let claims: Map<String, Value> = claims
            .map(|(name, value)| (name.clone(), flattened(value).into()))
            .collect();
        event["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": claims, "scopes": token.scopes } });
    }
    // What a request does not have is left out, not null.
    let mut add = |name: &str, value: Value| {
        if let Some(event) = event.as_object_mut() {
            event.insert(name.to_owned(), value);
        }
    };
    if !cookies.is_empty() {
        add("cookies", json!(cookies));
    }
    if !query.is_empty() {
        add("queryStringParameters", json!(query));
    }
    if !call.variables.is_empty() {
        add("pathParameters", json!(call.variables));
    }
    if let Some(body) = body {
        add("body", body.into());
    }
    event
}

/// Values by name in lower case; those of one name are joined with commas.
fn joined<'a>(pairs: impl Iterator<Item = (&'a str, &'a String)>) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        joined
            .entry(name.to_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    joined
}

/// The body: as text where its type says so, else in base64.
fn body(request: &ApiRequest) -> (Option<String>, bool) {
    if request.body.is_empty() {
        return (None, false);
    }
    let kind = request.header("content-type").unwrap_or_default();
    let is_text = kind.starts_with("text/")
        || ["json", "xml", "javascript"]
            .iter()
            .any(|text| kind.contains(text));
    match std::str::from_utf8(&request.body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(&request.body)), true),
    }
}

/// A claim as the gateway passes it on: always a text, a list as `[a b]`.
fn flattened(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flattened).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Authorizer;

    fn request(body: &[u8], kind: &str) -> ApiRequest {
        ApiRequest {
            method: "PUT".into(),
            path: "/deals/a%20b".into(),
            query: "x=1&x=&x=2&y=a%2Bb&z&w=".into(),
            headers: vec![
                ("content-type".into(), kind.into()),
                ("cookie".into(), "a=1;b=2;".into()),
                ("cookie".into(), "c=3; d=4".into()),
                ("x-many".into(), "1".into()),
                ("x-many".into(), String::new()),
                ("x-many".into(), "2".into()),
                ("x-none".into(), String::new()),
            ],
            body: body.to_vec(),
        }
    }

    fn built(request: &ApiRequest) -> Value {
        let route = Route {
            method: "PUT".into(),
            path: "/{kind}/{id}".into(),
            function: "link".into(),
            authorizer: Authorizer::Token,
            scopes: vec!["s/1".into()],
        };
        let claims =
            json!({ "sub": "usr-1", "cognito:groups": ["a", "b c"], "exp": 7, "ok": true });
        let call = Call {
            route: &route,
            variables: BTreeMap::from([("id".to_owned(), "a b".to_owned())]),
            authorized: Some(Authorized {
                claims: claims.as_object().unwrap(),
                scopes: vec!["s/1"],
            }),
        };
        event(request, &call, "2026-01-31T08:09:10Z".parse().unwrap())
    }

    #[test]
    fn the_event_has_the_form_that_api_gateway_gives_it() {
        let event = built(&request(b"{}", "application/json; charset=utf-8"));

        assert_eq!(event["routeKey"], "PUT /{kind}/{id}");
        assert_eq!(event["rawPath"], "/deals/a b");
        assert_eq!(
            event["queryStringParameters"],
            json!({ "x": "1,,2", "y": "a+b", "z": "", "w": "" })
        );
        assert_eq!(event["pathParameters"], json!({ "id": "a b" }));
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3", "d=4"]));
        assert_eq!(event["headers"]["cookie"], Value::Null);
        assert_eq!(event["headers"]["x-many"], "1,,2");
        assert_eq!(event["headers"]["x-none"], "");
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("{}"), &json!(false))
        );
        assert_eq!(
            event["requestContext"]["time"],
            "31/Jan/2026:08:09:10 +0000"
        );
    }

    #[test]
    fn claims_arrive_as_texts_and_a_list_without_its_commas() {
        let event = built(&request(b"", ""));

        assert_eq!(
            event["requestContext"]["authorizer"]["jwt"],
            json!({
                "claims": { "sub": "usr-1", "cognito:groups": "[a b c]", "exp": "7", "ok": "true" },
                "scopes": ["s/1"],
            })
        );
    }

    #[test]
    fn a_body_that_is_no_text_comes_in_base64_and_none_is_left_out() {
        let binary = built(&request(b"\xff", "application/json"));
        assert_eq!(
            (&binary["body"], &binary["isBase64Encoded"]),
            (&json!("/w=="), &json!(true))
        );
        for kind in ["", "application/x-www-form-urlencoded", "image/png"] {
            let other = built(&request(b"x", kind));
            assert_eq!(other["isBase64Encoded"], true, "{kind}");
        }

        assert!(built(&request(b"", "")).get("body").is_none());
    }
}
