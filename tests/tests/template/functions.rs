//! Functions: runtime, build, logs and environment.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use dealbridge_lambda::{environment::Environment, timeouts};
use serde_json::Value;

use crate::document::{Template, target};
use crate::yaml;

/// Every function has the architecture and runtime that is built and measured.
pub(crate) fn every_function_runs_on_arm64_and_al2023(template: &Template) -> Vec<String> {
    template
        .functions()
        .filter(|function| {
            function["Runtime"] != "provided.al2023"
                || function["Architectures"] != serde_json::json!(["arm64"])
                || function["Handler"] != "bootstrap"
        })
        .map(|function| format!("{} does not run on provided.al2023 on arm64", function.id))
        .collect()
}

/// Every function is traced, so that a slow call can be followed from the gateway to the table.
pub(crate) fn every_function_is_traced(template: &Template) -> Vec<String> {
    template
        .functions()
        .filter(|function| function["Tracing"] != "Active")
        .map(|function| format!("{} is not traced", function.id))
        .collect()
}

/// Folder, package, binary and function have the same name, and no folder is left out.
pub(crate) fn functions_and_their_packages_match(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut deployed = BTreeSet::new();
    for function in template.functions() {
        let name = function.name();
        if !deployed.insert(name.to_owned()) {
            faults.push(format!("{} deploys {name} a second time", function.id));
        }
        if !yaml::path(&format!("functions/{name}/Cargo.toml")).is_file() || name.is_empty() {
            faults.push(format!(
                "{} is built from functions/{name}, which is no package",
                function.id
            ));
        }
        if function.metadata()["BuildMethod"] != "rust-cargolambda"
            || function.metadata()["BuildProperties"]["Binary"] != name
        {
            faults.push(format!("{} is not built as the binary {name}", function.id));
        }
        if function["FunctionName"]["Fn::Sub"] != format!("${{AWS::StackName}}-{name}") {
            faults.push(format!(
                "{} is not named after its stack and {name}",
                function.id
            ));
        }
    }
    for package in packages() {
        if !deployed.contains(&package) {
            faults.push(format!("functions/{package} is not deployed"));
        }
    }
    faults
}

/// Logs are kept for a limited time.
pub(crate) fn every_function_logs_to_a_group_with_retention(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut groups = BTreeSet::new();
    for function in template.functions() {
        match target(&function.property("LoggingConfig")["LogGroup"])
            .and_then(|id| template.resource(id))
        {
            Some(group) if group.kind() == "AWS::Logs::LogGroup" => {
                if !groups.insert(group.id) {
                    faults.push(format!("{} shares {}", function.id, group.id));
                }
            }
            _ => faults.push(format!("{} logs to a group that nobody made", function.id)),
        }
    }
    for group in template.of_type("AWS::Logs::LogGroup") {
        if template
            .number(&group["RetentionInDays"])
            .is_none_or(|days| days == 0)
        {
            faults.push(format!("{} is kept for ever", group.id));
        }
    }
    faults
}

/// A function times out before its caller gives up, so that the caller hears the reason.
pub(crate) fn functions_answer_before_the_gateway_gives_up(template: &Template) -> Vec<String> {
    template
        .functions()
        .filter(|function| function.events("HttpApi").next().is_some())
        .filter(|function| {
            template
                .number(&function["Timeout"])
                .is_none_or(|seconds| seconds >= timeouts::GATEWAY.as_secs())
        })
        .map(|function| format!("{} may take longer than the gateway waits", function.id))
        .collect()
}

/// Calls give up before their function does: DynamoDB, SQS, Salesforce with all retries, the function's answer.
pub(crate) fn calls_give_up_before_their_function(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        let seconds = template.number(&function["Timeout"]).unwrap_or_default();
        let whole = Duration::from_secs(seconds);
        let salesforce = timeouts::salesforce(whole);
        let is_call = function.events("HttpApi").next().is_some();
        let last_word = if is_call {
            timeouts::answer(whole)
        } else {
            whole
        };
        for (what, time) in [
            ("a call of AWS", timeouts::AWS_OPERATION),
            ("a request of Salesforce", salesforce.attempt),
            ("a call of Salesforce", salesforce.total),
            ("all calls of Salesforce", salesforce.all),
        ] {
            if time >= last_word {
                faults.push(format!(
                    "{}: {what} may take {time:?} of the {last_word:?} there are",
                    function.id
                ));
            }
        }
    }
    faults
}

/// A variable means the same in every function, and names a resource of its own kind.
pub(crate) fn variables_mean_one_thing(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    for function in template.functions() {
        for (name, value) in function.environment() {
            if *seen.entry(name).or_insert(value) != value {
                faults.push(format!("{name} differs in {}", function.id));
            }
            let kind = match name {
                _ if name.ends_with("_TABLE") => "AWS::DynamoDB::Table",
                _ if ["_QUEUE_URL", "_DLQ_URL", "_COUNT_URL"]
                    .iter()
                    .any(|end| name.ends_with(end)) =>
                {
                    "AWS::SQS::Queue"
                }
                _ => continue,
            };
            let resource = target(value).and_then(|id| template.resource(id));
            if resource.is_none_or(|resource| resource.kind() != kind || !names(name, resource.id))
            {
                faults.push(format!("{}.{name} is not that {kind}", function.id));
            }
        }
    }
    faults
}

/// The variables that a function declares.
fn variables(function: &str) -> Vec<&'static str> {
    match function {
        "console" => console::Environment::variables(),
        "dead-letters" => dead_letters::Environment::variables(),
        "fan-out" => fan_out::Environment::variables(),
        "full-sync" => full_sync::Environment::variables(),
        "import-worker" => import_worker::Environment::variables(),
        "integration-log" => integration_log::Environment::variables(),
        "link" => link::Environment::variables(),
        "people" => people::Environment::variables(),
        "push-worker" => push_worker::Environment::variables(),
        "records" => records::Environment::variables(),
        "settings" => settings::Environment::variables(),
        "unlink" => unlink::Environment::variables(),
        _ => Vec::new(),
    }
}

/// Every variable that a function reads is set, and no others are.
pub(crate) fn the_environment_is_what_the_settings_read(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        let set: BTreeSet<&str> = function.environment().into_keys().collect();
        let read: BTreeSet<&str> = variables(function.name()).into_iter().collect();
        faults.extend(
            read.difference(&set)
                .map(|name| format!("{} reads {name}, which is not set", function.id)),
        );
        faults.extend(
            set.difference(&read)
                .map(|name| format!("{} does not read {name}", function.id)),
        );
    }
    faults
}

/// A secret reaches a function through Secrets Manager, never through a parameter or the template's text.
pub(crate) fn secrets_come_from_the_secrets_manager(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        for (name, value) in function.environment() {
            let secret = [
                "_SECRET",
                "_KEY",
                "_KEYS",
                "_PASSWORD",
                "_TOKEN",
                "_CLIENT_ID",
                "_USERNAME",
            ];
            if secret.iter().any(|suffix| name.ends_with(suffix))
                && !value.to_string().contains("{{resolve:secretsmanager:")
            {
                faults.push(format!(
                    "{}.{name} is not a reference to Secrets Manager",
                    function.id
                ));
            }
        }
    }
    faults
}

/// The folders of `functions/`.
fn packages() -> Vec<String> {
    std::fs::read_dir(yaml::path("functions"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Returns `true` if the variable names the resource: `IMPORTS_DLQ_URL` and `IMPORTS_DLQ_COUNT_URL` name `ImportsDlq`.
fn names(variable: &str, resource: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    plain(variable.trim_end_matches("_URL").trim_end_matches("_COUNT")) == plain(resource)
}
