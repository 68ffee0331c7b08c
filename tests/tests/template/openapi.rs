//! The API description agrees with the template, and follows its own rules.

use std::collections::{BTreeMap, BTreeSet};

use dealbridge_lambda::http::{Coded, ProblemCode};
use serde_json::Value;

use crate::api;
use crate::document::{Template, entries, list, strings};
use crate::yaml;

/// The parsed description.
pub(crate) fn description() -> Value {
    yaml::document("docs/openapi.yaml")
}

/// A call of the description: its method and path, and its operation.
fn operations(description: &Value) -> impl Iterator<Item = (String, &Value)> {
    entries(&description["paths"]).flat_map(|(path, item)| {
        entries(item)
            .filter(|(key, _)| ["get", "post", "put", "patch", "delete"].contains(key))
            .map(move |(method, operation)| {
                (format!("{} {path}", method.to_uppercase()), operation)
            })
    })
}

/// Each route is described with the scope that it requires, and nothing else is.
pub(crate) fn described_routes_and_scopes_are_the_templates(template: &Template) -> Vec<String> {
    let description = description();
    let scopes_of = |operation: &Value| -> Vec<String> {
        list(&operation["security"])
            .into_iter()
            .flat_map(|one| {
                entries(one)
                    .flat_map(|(_, scopes)| strings(scopes))
                    .collect::<Vec<_>>()
            })
            .map(str::to_owned)
            .collect()
    };
    let described: BTreeMap<_, _> = operations(&description)
        .map(|(key, operation)| (key, scopes_of(operation)))
        .collect();
    // The console's answers are pages, for people.
    let deployed: BTreeMap<_, _> = api::routes(template)
        .into_iter()
        .filter(|(key, _)| !api::is_of_console(key))
        .map(|(key, route)| (key, route.scopes))
        .collect();
    let keys = described.keys().chain(deployed.keys());
    keys.filter(|key| described.get(*key) != deployed.get(*key))
        .map(|key| {
            format!(
                "{key} is described with {:?}, deployed with {:?}",
                described.get(key),
                deployed.get(key)
            )
        })
        .collect()
}

/// Each operation has a unique name, a response with an example, and problems as problem+json.
pub(crate) fn operations_are_whole(description: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut names = BTreeMap::new();
    for (key, operation) in operations(description) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        if name.is_empty() || names.insert(name, key.clone()).is_some() {
            faults.push(format!("{key} has no operationId of its own"));
        }
        let mut answered = false;
        for (status, response) in entries(&operation["responses"]) {
            let response = resolve(description, response);
            let problem = status.starts_with('4') || status.starts_with('5');
            let media = if problem {
                "application/problem+json"
            } else {
                "application/json"
            };
            answered |= status.starts_with('2');
            if examples(description, &response["content"][media]).is_empty() {
                faults.push(format!("{key} has no example of {status} as {media}"));
            }
        }
        let statuses: Vec<_> = entries(&operation["responses"])
            .map(|(status, _)| status)
            .collect();
        for status in ["400", "401", "403", "429", "503"] {
            if !statuses.contains(&status) {
                faults.push(format!("{key} does not describe {status}"));
            }
        }
        if !answered {
            faults.push(format!("{key} describes no success"));
        }
        let body = &operation["requestBody"];
        if !body.is_null() && examples(description, &body["content"]["application/json"]).is_empty()
        {
            faults.push(format!("{key} has no example of its body"));
        }
    }
    faults
}

/// Each reference can be resolved.
pub(crate) fn references_lead_somewhere(description: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    visit(description, &mut |node| {
        if let Some(reference) = node.get("$ref").and_then(Value::as_str)
            && reference
                .strip_prefix('#')
                .and_then(|pointer| description.pointer(pointer))
                .is_none()
        {
            faults.push(format!("{reference} leads nowhere"));
        }
    });
    faults
}

/// Each example is valid by its schema.
pub(crate) fn examples_fit_their_schemas(description: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, operation) in operations(description) {
        let responses =
            entries(&operation["responses"]).map(|(_, response)| resolve(description, response));
        for place in responses.chain([&operation["requestBody"]]) {
            for (_, media) in entries(&place["content"]) {
                for example in examples(description, media) {
                    faults.extend(
                        misfits(description, &media["schema"], example)
                            .into_iter()
                            .map(|fault| format!("{key}: {fault}")),
                    );
                }
            }
        }
    }
    faults
}

/// The problem codes are listed, all of them and no others.
pub(crate) fn problem_codes_are_those_of_the_api(description: &Value) -> Vec<String> {
    let listed = strings(&description["components"]["schemas"]["ApiCode"]["enum"]);
    let listed: BTreeSet<&str> = listed.into_iter().collect();
    let known = ProblemCode::ALL.iter().map(Coded::code);
    let known: BTreeSet<&str> = known.collect();
    listed
        .symmetric_difference(&known)
        .map(|code| format!("{code} is described or known to the API, not both"))
        .collect()
}

/// The differences between a value and a schema of the description.
fn misfits(description: &Value, schema: &Value, value: &Value) -> Vec<String> {
    // Schemas refer to each other as `#/components/…`, so they are read in a document that has them there.
    let mut whole = serde_json::json!({ "components": description["components"] });
    match schema["$ref"].as_str() {
        Some(reference) => whole["$ref"] = reference.into(),
        None => whole["allOf"] = serde_json::json!([schema]),
    }
    match jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&whole)
    {
        Ok(validator) => validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect(),
        Err(error) => vec![format!("not a schema: {error}")],
    }
}

fn resolve<'a>(description: &'a Value, node: &'a Value) -> &'a Value {
    node.get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| description.pointer(reference.strip_prefix('#')?))
        .unwrap_or(node)
}

fn examples<'a>(description: &'a Value, media: &'a Value) -> Vec<&'a Value> {
    let named =
        entries(&media["examples"]).map(|(_, example)| &resolve(description, example)["value"]);
    media
        .get("example")
        .into_iter()
        .chain(named)
        .filter(|example| !example.is_null())
        .collect()
}

fn visit<'a>(node: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(node);
    match node {
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Object(members) => members.values().for_each(|member| visit(member, see)),
        _ => {}
    }
}
