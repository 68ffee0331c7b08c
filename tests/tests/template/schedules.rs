//! Schedules: their targets, their expressions, and the fate of a tick that fails.

use crate::document::{Event, Function, Template, statements, strings, target};

/// The only function that a schedule starts; every other trigger goes through its queue.
const FAN_OUT: &str = "fan-out";

/// EventBridge Scheduler accepts the expression. It would refuse it only at deployment.
pub(crate) fn every_expression_is_well_formed(template: &Template) -> Vec<String> {
    schedules(template)
        .into_iter()
        .filter_map(|(_, event)| {
            let expression = event.properties["ScheduleExpression"]
                .as_str()
                .unwrap_or_default();
            fault_of(expression).map(|fault| format!("{}: {expression}: {fault}", event.name))
        })
        .collect()
}

/// A tick that Lambda does not accept is retried, and a lost one is visible.
pub(crate) fn every_schedule_retries_and_keeps_what_failed(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (_, event) in schedules(template) {
        let policy = &event.properties["RetryPolicy"];
        if policy["MaximumRetryAttempts"].as_u64().unwrap_or(0) == 0
            || policy["MaximumEventAgeInSeconds"].as_u64().unwrap_or(0) < 60
        {
            faults.push(format!("{} has no retry policy", event.name));
        }
        let queue = target(&event.properties["DeadLetterConfig"]["Arn"])
            .and_then(|id| template.resource(id));
        if queue.is_none_or(|queue| queue.kind() != "AWS::SQS::Queue") {
            faults.push(format!("{} has no dead-letter queue", event.name));
        }
    }
    // Scheduler's own policy ends once Lambda has accepted the event.
    for function in template
        .functions()
        .filter(|function| function.events("ScheduleV2").next().is_some())
    {
        if function.failed_events().is_none() {
            faults.push(format!(
                "{} drops a tick that failed three times",
                function.id
            ));
        }
    }
    faults
}

/// A schedule starts the fan-out and may start nothing else.
pub(crate) fn schedules_start_the_fan_out_only(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (function, event) in schedules(template) {
        if function.name() != FAN_OUT {
            faults.push(format!("{} starts {}", event.name, function.id));
        }
        let Some(role) = target(&event.properties["RoleArn"]).and_then(|id| template.resource(id))
        else {
            faults.push(format!("{} has no role of the template", event.name));
            continue;
        };
        for statement in statements(role.value) {
            if strings(&statement["Action"]).contains(&"lambda:InvokeFunction")
                && target(&statement["Resource"]) != Some(function.id)
            {
                faults.push(format!("{} may invoke more than {}", role.id, function.id));
            }
        }
    }
    // Another kind of timed event would run beside these, without retry policy or dead-letter queue.
    for function in template.functions() {
        for kind in function
            .event_kinds()
            .filter(|kind| ["Schedule", "CloudWatchEvent", "EventBridgeRule"].contains(kind))
        {
            faults.push(format!("{} has an event of type {kind}", function.id));
        }
    }
    for kind in ["AWS::Events::Rule", "AWS::Scheduler::Schedule"] {
        faults.extend(
            template
                .of_type(kind)
                .map(|rule| format!("{} is a {kind}", rule.id)),
        );
    }
    faults
}

/// There is an hourly and a daily schedule, and the input says which.
pub(crate) fn the_hourly_and_the_daily_run_are_there(template: &Template) -> Vec<String> {
    let ticks: Vec<_> = schedules(template)
        .iter()
        .map(|(_, event)| {
            (
                event.properties["ScheduleExpression"]
                    .as_str()
                    .unwrap_or_default(),
                event.properties["Input"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let hourly = |expression: &str| expression == "rate(1 hour)";
    let daily = |expression: &str| {
        let fields: Vec<_> = expression.trim_start_matches("cron(").split(' ').collect();
        fields.len() == 6
            && fields[..2].iter().all(|field| field.parse::<u8>().is_ok())
            && fields[2..4] == ["*", "*"]
    };
    let mut faults = Vec::new();
    if !ticks
        .iter()
        .any(|(at, input)| hourly(at) && *input == r#"{"schedule":"hourly"}"#)
    {
        faults.push("no hourly run".to_owned());
    }
    if !ticks
        .iter()
        .any(|(at, input)| daily(at) && *input == r#"{"schedule":"daily"}"#)
    {
        faults.push("no daily run".to_owned());
    }
    if ticks.len() != 2 {
        faults.push(format!("{} schedules where two are expected", ticks.len()));
    }
    faults
}

/// Schedule names contain the stack's name, so that two stacks in one account do not collide.
pub(crate) fn schedules_are_named_after_the_stack(template: &Template) -> Vec<String> {
    schedules(template)
        .into_iter()
        .filter(|(_, event)| target(&event.properties["Name"]) != Some("AWS::StackName"))
        .map(|(_, event)| format!("{} has a name that only one stack can have", event.name))
        .collect()
}

fn schedules(template: &Template) -> Vec<(Function<'_>, Event<'_>)> {
    template
        .functions()
        .flat_map(|function| {
            function
                .events("ScheduleV2")
                .map(move |event| (function, event))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The fault of a schedule expression, if it has one.
fn fault_of(expression: &str) -> Option<&'static str> {
    let body = |kind: &str| {
        expression
            .strip_prefix(kind)?
            .strip_prefix('(')?
            .strip_suffix(')')
    };
    if let Some(rate) = body("rate") {
        fault_of_rate(rate)
    } else if let Some(cron) = body("cron") {
        fault_of_cron(cron)
    } else {
        Some("neither rate(...) nor cron(...)")
    }
}

fn fault_of_rate(rate: &str) -> Option<&'static str> {
    let Some((value, unit)) = rate.split_once(' ') else {
        return Some("a rate is a number, one space and a unit");
    };
    match (value.parse::<u32>(), unit) {
        (Err(_) | Ok(0), _) => Some("a rate is a whole number from 1"),
        (Ok(1), "minute" | "hour" | "day") | (Ok(2..), "minutes" | "hours" | "days") => None,
        (Ok(1), _) => Some("1 goes with minute, hour or day"),
        (Ok(_), _) => Some("from 2 on the unit is minutes, hours or days"),
    }
}

fn fault_of_cron(cron: &str) -> Option<&'static str> {
    let fields: Vec<_> = cron.split(' ').collect();
    let [minute, hour, day_of_month, month, day_of_week, year] = fields[..] else {
        return Some("six fields, one space apart");
    };
    if (day_of_month == "?") == (day_of_week == "?") {
        return Some("exactly one of day-of-month and day-of-week is ?");
    }
    let bounded = [
        (minute, 0, 59),
        (hour, 0, 23),
        (day_of_month, 1, 31),
        (month, 1, 12),
        (day_of_week, 1, 7),
        (year, 1970, 2199),
    ];
    for (field, low, high) in bounded {
        let known = field
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || ",-*?/#".contains(c));
        let in_range = |number: &str| {
            number
                .parse::<u16>()
                .map_or(true, |number| (low..=high).contains(&number))
        };
        let start = field.split('/').next().unwrap_or_default();
        if field.is_empty() || !known || !start.split([',', '-', '#']).all(in_range) {
            return Some("a field is out of its range");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_scheduler_takes_pass() {
        for expression in [
            "rate(1 hour)",
            "rate(2 hours)",
            "rate(15 minutes)",
            "cron(0 3 * * ? *)",
            "cron(0/15 8-18 ? * MON-FRI 2027)",
        ] {
            assert_eq!(fault_of(expression), None, "{expression}");
        }
    }

    #[test]
    fn expressions_that_scheduler_refuses_do_not() {
        for expression in [
            "rate(1 hours)",
            "rate(2 hour)",
            "rate(0 hours)",
            "rate(1  hour)",
            "rate(1hour)",
            "rate(1 week)",
            "every(1 hour)",
            "rate(1 hour",
            "cron(0 3 * * *)",
            "cron(0 3 * * * *)",
            "cron(0 3 ? * ? *)",
            "cron(60 3 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 32 * ? *)",
            "cron(0 3 * 13 ? *)",
        ] {
            assert!(fault_of(expression).is_some(), "{expression}");
        }
    }
}
