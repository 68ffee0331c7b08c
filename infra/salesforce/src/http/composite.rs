//! `composite`, `composite/batch` and `composite/graph`: several calls in one.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value as Json, json};

use super::{
    call::{Call, Caller},
    reply::{ApiError, Reply},
};

/// The most calls in one.
const MAX_CALLS: usize = 25;

/// Answers a call on a resource: what each call inside is handed to.
pub(crate) type Resource = fn(Caller<'_>) -> Reply;

fn bad_request(message: impl Into<String>) -> Reply {
    ApiError::new(400, "INVALID_INPUT", message).into()
}

/// Answers `composite/batch`: calls that do not know of each other.
pub(crate) fn batch(caller: Caller<'_>, resource: Resource) -> Reply {
    let Caller { call, .. } = caller;
    let body = match call.json() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Some(requests) = body.get("batchRequests").and_then(Json::as_array) else {
        return bad_request("batchRequests is missing");
    };
    if requests.len() > MAX_CALLS {
        return bad_request(format!("at most {MAX_CALLS} batchRequests are allowed"));
    }
    let halt_on_error = body
        .get("haltOnError")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let (mut results, mut has_errors) = (Vec::new(), false);
    for request in requests {
        if has_errors && halt_on_error {
            let halted = json!([{
                "errorCode": "BATCH_PROCESSING_HALTED",
                "message": "Batch processing halted per request. A previous subrequest failed.",
            }]);
            results.push(json!({ "statusCode": 412, "result": halted }));
            continue;
        }
        let text = |key: &str| request.get(key).and_then(Json::as_str).unwrap_or_default();
        let url = text("url").trim_start_matches('/');
        let url = url.strip_prefix("services/data/").unwrap_or(url);
        let sub = Sub {
            method: text("method"),
            url: format!("/services/data/{url}"),
            body: request.get("richInput"),
            headers: None,
        };
        let reply = sub.run(caller, resource);
        has_errors |= !reply.is_success();
        results.push(json!({ "statusCode": reply.status, "result": reply.to_json() }));
    }
    Reply::json(200, &json!({ "hasErrors": has_errors, "results": results }))
}

/// One call inside another.
struct Sub<'a> {
    method: &'a str,
    url: String,
    body: Option<&'a Json>,
    headers: Option<&'a Json>,
}

impl Sub<'_> {
    fn run(&self, outer: Caller<'_>, resource: Resource) -> Reply {
        let Ok(method) = Method::from_bytes(self.method.as_bytes()) else {
            return bad_request(format!("{:?} is not a method", self.method));
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.and_then(Json::as_object).into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = value.as_str().map(HeaderValue::from_str);
            if let (Ok(name), Some(Ok(value))) = (name, value) {
                headers.insert(name, value);
            }
        }
        let body = self
            .body
            .filter(|body| !body.is_null())
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        // A blank in a query of a subrequest may stand as it is.
        let mut call = Call::new(method, &self.url.replace(' ', "%20"), headers, body);
        let is_below = call.path.len() > 2 && call.path[0] == "services" && call.path[1] == "data";
        let is_compound = call.path.get(3).is_some_and(|part| part == "composite")
            && call.path.get(4).is_none_or(|part| part != "sobjects");
        if !is_below || is_compound {
            return Reply::not_found();
        }
        call.version.clone_from(&outer.call.version);
        resource(Caller {
            call: &call,
            ..outer
        })
    }
}

/// Answers `composite`: calls that may use the answers before them.
pub(crate) fn composite(caller: Caller<'_>, resource: Resource) -> Reply {
    let Caller { call, .. } = caller;
    let body = match call.json() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match chain(caller, resource, &body) {
        Ok((answers, _)) => Reply::json(200, &json!({ "compositeResponse": answers })),
        Err(refusal) => refusal,
    }
}

/// Answers `composite/graph`: chains, each whole or not at all.
pub(crate) fn graph(caller: Caller<'_>, resource: Resource) -> Reply {
    let Caller { call, .. } = caller;
    let body = match call.json() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Some(graphs) = body.get("graphs").and_then(Json::as_array) else {
        return bad_request("graphs is missing");
    };
    let mut answers = Vec::new();
    for graph in graphs {
        let mut graph = graph.clone();
        graph["allOrNone"] = json!(true);
        match chain(caller, resource, &graph) {
            Ok((responses, is_successful)) => answers.push(json!({
                "graphId": graph.get("graphId"),
                "graphResponse": { "compositeResponse": responses },
                "isSuccessful": is_successful,
            })),
            Err(refusal) => return refusal,
        }
    }
    Reply::json(200, &json!({ "graphs": answers }))
}

fn chain(caller: Caller<'_>, resource: Resource, body: &Json) -> Result<(Vec<Json>, bool), Reply> {
    let Caller { engine, .. } = caller;
    let all_or_none = body
        .get("allOrNone")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let requests = body
        .get("compositeRequest")
        .and_then(Json::as_array)
        .ok_or_else(|| bad_request("compositeRequest is missing"))?;
    if requests.len() > MAX_CALLS && body.get("graphId").is_none() {
        return Err(bad_request(format!(
            "at most {MAX_CALLS} subrequests are allowed"
        )));
    }
    Ok(engine.compound(|| {
        let (answers, failed) = run_chain(caller, resource, requests, all_or_none);
        let is_kept = !(all_or_none && failed.is_some());
        let answers = if is_kept {
            answers
        } else {
            roll_back(answers, failed)
        };
        ((answers, failed.is_none()), is_kept)
    }))
}

/// The answers, and the place of the first that failed.
fn run_chain(
    caller: Caller<'_>,
    resource: Resource,
    requests: &[Json],
    all_or_none: bool,
) -> (Vec<Json>, Option<usize>) {
    let mut known: HashMap<String, Json> = HashMap::new();
    let mut answers = Vec::new();
    let mut failed = None;
    for (place, request) in requests.iter().enumerate() {
        let text = |key: &str| request.get(key).and_then(Json::as_str).unwrap_or_default();
        let reference = text("referenceId").to_owned();
        let reply = if failed.is_some() && all_or_none {
            halted()
        } else {
            let body = request
                .get("body")
                .map(|body| substitute_all(body, &known))
                .transpose();
            match (substitute(text("url"), &known), body) {
                (Ok(url), Ok(body)) => Sub {
                    method: text("method"),
                    url,
                    body: body.as_ref(),
                    headers: request.get("httpHeaders"),
                }
                .run(caller, resource),
                (Err(reference), _) | (_, Err(reference)) => ApiError::new(
                    400,
                    "PROCESSING_HALTED",
                    format!("Invalid reference specified. No value for {reference} found"),
                )
                .into(),
            }
        };
        if !reply.is_success() && failed.is_none() {
            failed = Some(place);
        }
        let body = reply.to_json();
        let location = reply.headers.iter().find(|(name, _)| *name == "location");
        let headers = location.map_or_else(|| json!({}), |(_, value)| json!({ "Location": value }));
        if reply.is_success() {
            known.insert(reference.clone(), body.clone());
        }
        answers.push(json!({
            "body": body,
            "httpHeaders": headers,
            "httpStatusCode": reply.status,
            "referenceId": reference,
        }));
    }
    (answers, failed)
}

fn halted() -> Reply {
    Reply::json(
        400,
        &json!([{
            "errorCode": "PROCESSING_HALTED",
            "message": "The transaction was rolled back since another operation in the same transaction failed.",
        }]),
    )
}

fn roll_back(answers: Vec<Json>, failed: Option<usize>) -> Vec<Json> {
    let undone = halted().to_json();
    answers
        .into_iter()
        .enumerate()
        .map(|(place, mut answer)| {
            if Some(place) != failed {
                answer["body"] = undone.clone();
                answer["httpHeaders"] = json!({});
                answer["httpStatusCode"] = json!(400);
            }
            answer
        })
        .collect()
}

/// Replaces each `@{reference.path}` of a text; the error is the reference that leads nowhere.
fn substitute(text: &str, known: &HashMap<String, Json>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((reference, tail)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        match look_up(reference, known) {
            Some(Json::String(found)) => out.push_str(found),
            Some(found) => out.push_str(&found.to_string()),
            None => return Err(reference.to_owned()),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn substitute_all(json: &Json, known: &HashMap<String, Json>) -> Result<Json, String> {
    match json {
        Json::String(text) => substitute(text, known).map(Json::String),
        Json::Array(items) => items
            .iter()
            .map(|item| substitute_all(item, known))
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Json::Object(members) => members
            .iter()
            .map(|(key, value)| Ok((key.clone(), substitute_all(value, known)?)))
            .collect::<Result<_, String>>()
            .map(Json::Object),
        other => Ok(other.clone()),
    }
}

/// `first.records[0].Id`
fn look_up<'a>(reference: &str, known: &'a HashMap<String, Json>) -> Option<&'a Json> {
    let mut parts = reference
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']'));
    let mut found = known.get(parts.next()?)?;
    for part in parts {
        found = match part.parse::<usize>() {
            Ok(index) => found.get(index)?,
            Err(_) => found.get(part)?,
        };
    }
    Some(found)
}
