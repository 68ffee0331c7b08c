//! Policies: each function may do its own work on its own resources, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::document::{Function, Resource, Template, allows, list, statements, target};

const ROLE: &str = "AWS::IAM::Role";

/// Permissions of a worker on its queue.
const TAKE: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// Every statement names each action and each resource, and none is negated.
pub(crate) fn no_policy_has_a_wildcard(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for role in template.of_type(ROLE) {
        for statement in statements(role.value) {
            let said = json!([statement["Action"], statement["Resource"]]).to_string();
            if said.contains('*') || said.contains('?') {
                faults.push(format!("{} has a wildcard: {said}", role.id));
            }
            let turned = ["NotAction", "NotResource", "Principal"];
            if turned.iter().any(|key| !statement[key].is_null()) || statement["Effect"] != "Allow"
            {
                faults.push(format!(
                    "{} has a statement that does not simply allow",
                    role.id
                ));
            }
            if list(&statement["Action"]).is_empty() || list(&statement["Resource"]).is_empty() {
                faults.push(format!(
                    "{} has a statement without action or resource",
                    role.id
                ));
            }
        }
    }
    faults
}

/// Every function has a role of its own, which only Lambda can assume.
pub(crate) fn every_function_has_a_role_of_its_own(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut taken = BTreeSet::new();
    for function in template.functions() {
        let Some(role) = target(function.property("Role"))
            .and_then(|id| template.resource(id))
            .filter(|role| role.kind() == ROLE)
        else {
            faults.push(format!("{} has no role of the template", function.id));
            continue;
        };
        if !taken.insert(role.id) {
            faults.push(format!("{} shares {}", function.id, role.id));
        }
        let trusted: Vec<_> = list(&role.property("AssumeRolePolicyDocument")["Statement"])
            .into_iter()
            .map(|statement| &statement["Principal"])
            .collect();
        if trusted != [&json!({"Service": "lambda.amazonaws.com"})] {
            faults.push(format!("{} can be assumed by others than Lambda", role.id));
        }
        // SAM adds managed policies to a role that it generates; ours are written out.
        if !function["Policies"].is_null() {
            faults.push(format!("{} has policies beside its role", function.id));
        }
    }
    faults
}

/// AWS's managed policies reach further than a statement would; only tracing has no other way.
pub(crate) fn the_only_managed_policy_is_for_tracing(template: &Template) -> Vec<String> {
    template
        .of_type(ROLE)
        .flat_map(|role| {
            list(role.property("ManagedPolicyArns"))
                .into_iter()
                .map(move |policy| (role.id, policy.to_string()))
        })
        .filter(|(_, policy)| !policy.contains(":iam::aws:policy/AWSXRayDaemonWriteAccess"))
        .map(|(role, policy)| format!("{role} has {policy}"))
        .collect()
}

/// A role names the tables and queues that its function is configured with, all of them and no others.
pub(crate) fn roles_name_what_their_functions_are_told_of(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        let known = known(template, &function);
        let allowed: BTreeSet<_> = function
            .statements(template)
            .into_iter()
            .flat_map(|statement| list(&statement["Resource"]))
            .filter_map(target)
            .filter(|id| template.resource(id).is_some_and(is_store))
            .collect();
        for id in allowed.difference(&known) {
            faults.push(format!(
                "{} may touch {id}, of which it is not told",
                function.id
            ));
        }
        for id in known.difference(&allowed) {
            faults.push(format!(
                "{} is told of {id} and may not touch it",
                function.id
            ));
        }
    }
    faults
}

/// A function may take from its own queue and send to the others.
pub(crate) fn queues_can_be_used_as_they_are_meant(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        let statements = function.statements(template);
        let mut need = |action: &str, queue: &str| {
            if !allows(&statements, action, queue) {
                faults.push(format!("{} may not {action} on {queue}", function.id));
            }
        };
        for queue in function
            .events("SQS")
            .filter_map(|event| target(&event.properties["Queue"]))
        {
            TAKE.iter().for_each(|action| need(action, queue));
        }
        for (name, value) in function.environment() {
            match target(value) {
                Some(queue) if name.ends_with("_QUEUE_URL") => need("sqs:SendMessage", queue),
                Some(queue) if name.ends_with("_COUNT_URL") => {
                    need("sqs:GetQueueAttributes", queue);
                }
                // A replay is a move task, which acts with the permissions of the caller that starts it.
                Some(queue) if name.ends_with("_DLQ_URL") => {
                    TAKE.iter().for_each(|action| need(action, queue));
                    need("sqs:StartMessageMoveTask", queue);
                    need("sqs:ListMessageMoveTasks", queue);
                    template
                        .sources_of(queue)
                        .for_each(|source| need("sqs:SendMessage", source.id));
                }
                _ => {}
            }
        }
        if let Some(queue) = function.failed_events() {
            need("sqs:SendMessage", queue);
        }
        if let Some(logs) = target(&function["LoggingConfig"]["LogGroup"]) {
            need("logs:CreateLogStream", logs);
            need("logs:PutLogEvents", logs);
        }
    }
    faults
}

fn is_store(resource: Resource<'_>) -> bool {
    ["AWS::DynamoDB::Table", "AWS::SQS::Queue"].contains(&resource.kind())
}

/// The tables and queues that a function gets by environment, by event, or as its failure destination.
fn known<'a>(template: &'a Template, function: &Function<'a>) -> BTreeSet<&'a str> {
    let told = function
        .environment()
        .into_iter()
        .filter(|(name, _)| name.ends_with("_TABLE") || name.ends_with("_URL"));
    let mut known: BTreeSet<&str> = told
        .filter_map(|(_, value): (_, &Value)| target(value))
        .filter(|id| template.resource(id).is_some_and(is_store))
        .collect();
    let sources: Vec<_> = known
        .iter()
        .flat_map(|id| template.sources_of(id))
        .map(|queue| queue.id)
        .collect();
    known.extend(sources);
    known.extend(
        function
            .events("SQS")
            .filter_map(|event| target(&event.properties["Queue"])),
    );
    known.extend(function.failed_events());
    known
}
