//! Alarms: faults are watched, someone is told, and the runbook says what to do.

use std::collections::BTreeSet;

use crate::document::{Resource, Template, list, target};
use crate::yaml;

const ALARM: &str = "AWS::CloudWatch::Alarm";

/// Every alarm notifies the topic.
pub(crate) fn every_alarm_tells_the_topic(template: &Template) -> Vec<String> {
    template
        .of_type(ALARM)
        .filter(|alarm| {
            !list(&alarm["AlarmActions"])
                .into_iter()
                .filter_map(target)
                .any(|id| {
                    template
                        .resource(id)
                        .is_some_and(|topic| topic.kind() == "AWS::SNS::Topic")
                })
        })
        .map(|alarm| format!("{} tells nobody", alarm.id))
        .collect()
}

/// The runbook has exactly one section for each alarm, under its name, and no others.
pub(crate) fn every_alarm_is_in_the_runbook(template: &Template) -> Vec<String> {
    let runbook = yaml::text("docs/RUNBOOK.md");
    let sections: BTreeSet<&str> = runbook
        .lines()
        .skip_while(|line| *line != "## Alarms")
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let alarms: BTreeSet<&str> = template.of_type(ALARM).map(|alarm| alarm.id).collect();
    alarms
        .symmetric_difference(&sections)
        .map(|name| format!("{name} is an alarm or a section, not both"))
        .collect()
}

/// Dead letters, old messages and failing workers raise alarms.
pub(crate) fn every_queue_and_worker_is_watched(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |metric: &str, dimension: &str, id: &str| {
        if !template
            .of_type(ALARM)
            .any(|alarm| watches(&alarm, metric, dimension, id))
        {
            faults.push(format!("no alarm on {metric} of {id}"));
        }
    };
    for queue in template.of_type("AWS::SQS::Queue") {
        match template.is_dead_letter_queue(queue.id) {
            true => need("ApproximateNumberOfMessagesVisible", "QueueName", queue.id),
            false => need("ApproximateAgeOfOldestMessage", "QueueName", queue.id),
        }
    }
    for function in template
        .functions()
        .filter(|function| function.events("SQS").next().is_some())
    {
        need("Errors", "FunctionName", function.id);
    }
    for api in template.of_type("AWS::Serverless::HttpApi") {
        need("5xx", "ApiId", api.id);
    }
    faults
}

/// An alarm on a metric of our own is fed by a filter on an existing log.
pub(crate) fn metrics_of_our_own_are_fed(template: &Template) -> Vec<String> {
    let fed: Vec<_> = template
        .of_type("AWS::Logs::MetricFilter")
        .filter(|filter| {
            target(&filter["LogGroupName"]).is_some_and(|id| template.resource(id).is_some())
        })
        .flat_map(|filter| {
            list(filter.property("MetricTransformations"))
                .into_iter()
                .map(|metric| (&metric["MetricNamespace"], &metric["MetricName"]))
        })
        .collect();
    let mut faults: Vec<_> = template
        .of_type(ALARM)
        .filter(|alarm| {
            !alarm["Namespace"]
                .as_str()
                .is_some_and(|name| name.starts_with("AWS/"))
        })
        .filter(|alarm| !fed.contains(&(&alarm["Namespace"], &alarm["MetricName"])))
        .map(|alarm| format!("{} watches a metric that nothing feeds", alarm.id))
        .collect();
    // Both may find that a run cannot continue.
    for name in ["fan-out", "import-worker"] {
        let logs = template
            .functions()
            .find(|function| function.name() == name);
        let logs =
            logs.and_then(|function| target(&function.property("LoggingConfig")["LogGroup"]));
        let counted = template.of_type("AWS::Logs::MetricFilter").any(|filter| {
            target(&filter["LogGroupName"]) == logs
                && filter["MetricTransformations"][0]["MetricName"] == "RunsFailed"
        });
        if logs.is_none() || !counted {
            faults.push(format!("runs that fail in {name} are not counted"));
        }
    }
    faults
}

fn watches(alarm: &Resource<'_>, metric: &str, dimension: &str, id: &str) -> bool {
    alarm["MetricName"] == metric
        && list(&alarm["Dimensions"])
            .into_iter()
            .any(|named| named["Name"] == dimension && target(&named["Value"]) == Some(id))
}
