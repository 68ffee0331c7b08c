//! Promises of the template that no linter checks: one small rule per promise, and at least one seeded mistake per rule
//! to show that the rule finds it.

mod alarms;
mod api;
mod document;
mod functions;
mod mains;
mod mistakes;
mod openapi;
mod policies;
mod queues;
mod schedules;
mod tables;
mod yaml;

use document::Template;

/// A rule: returns the violations in a template.
type Rule = fn(&Template) -> Vec<String>;

/// Makes one test of each rule, and the list of all of them.
macro_rules! rules {
    ($($module:ident { $($rule:ident),+ $(,)? })+) => {
        /// Every rule by its name.
        const RULES: &[(&str, Rule)] = &[$($((stringify!($rule), $module::$rule)),+),+];

        mod template {
            $(mod $module {
                $(#[test]
                fn $rule() {
                    assert_eq!(crate::$module::$rule(&crate::Template::read()), Vec::<String>::new());
                })+
            })+
        }
    };
}

rules! {
    queues {
        visibility_covers_six_timeouts_and_the_window,
        a_run_is_stuck_only_after_the_last_try,
        batches_are_answered_message_by_message,
        batches_and_concurrency_are_bounded,
        every_work_queue_has_one_worker,
        every_work_queue_redrives_after_five_receives,
        dead_letters_are_kept_for_fourteen_days,
        every_queue_is_encrypted,
    }
    schedules {
        every_expression_is_well_formed,
        every_schedule_retries_and_keeps_what_failed,
        schedules_start_the_fan_out_only,
        the_hourly_and_the_daily_run_are_there,
        schedules_are_named_after_the_stack,
    }
    functions {
        every_function_runs_on_arm64_and_al2023,
        every_function_is_traced,
        functions_and_their_packages_match,
        every_function_logs_to_a_group_with_retention,
        functions_answer_before_the_gateway_gives_up,
        calls_give_up_before_their_function,
        the_environment_is_what_the_settings_read,
        variables_mean_one_thing,
        secrets_come_from_the_secrets_manager,
    }
    policies {
        no_policy_has_a_wildcard,
        every_function_has_a_role_of_its_own,
        the_only_managed_policy_is_for_tracing,
        roles_name_what_their_functions_are_told_of,
        queues_can_be_used_as_they_are_meant,
    }
    api {
        every_method_is_one_of_http,
        the_routes_are_those_that_functions_declare,
        every_route_asks_for_a_scope,
        scopes_tell_reading_from_writing,
        every_scope_can_be_had,
        the_login_can_come_back,
        the_console_signs_in_by_a_client_of_its_own,
        calls_are_throttled_and_logged,
    }
    tables {
        every_table_is_on_demand,
        every_table_restores_to_a_point_in_time,
        every_table_outlives_its_stack,
        every_table_is_encrypted,
        tables_have_the_keys_of_the_design,
        only_log_rows_expire,
    }
    alarms {
        every_alarm_tells_the_topic,
        every_alarm_is_in_the_runbook,
        every_queue_and_worker_is_watched,
        metrics_of_our_own_are_fed,
    }
    openapi {
        described_routes_and_scopes_are_the_templates,
    }
}

#[test]
fn the_api_description_is_whole() {
    let description = openapi::description();

    assert_eq!(
        openapi::operations_are_whole(&description),
        Vec::<String>::new()
    );
    assert_eq!(
        openapi::references_lead_somewhere(&description),
        Vec::<String>::new()
    );
    assert_eq!(
        openapi::examples_fit_their_schemas(&description),
        Vec::<String>::new()
    );
    assert_eq!(
        openapi::problem_codes_are_those_of_the_api(&description),
        Vec::<String>::new()
    );
}

#[test]
fn every_seeded_mistake_is_caught_by_its_rule() {
    let whole = Template::read();
    let mut missed = Vec::new();
    for (name, what, change) in mistakes::all() {
        let template = Template(change.made_in(&whole.0));
        assert!(template.0 != whole.0, "{what}: changes nothing");

        if !RULES
            .iter()
            .any(|(rule, check)| *rule == name && !check(&template).is_empty())
        {
            missed.push(what);
        }
    }

    assert_eq!(missed, Vec::<&str>::new());
}

#[test]
fn every_rule_has_a_mistake_to_catch() {
    let unproven: Vec<_> = RULES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| mistakes::all().all(|(rule, ..)| rule != *name))
        .collect();

    assert_eq!(unproven, Vec::<&str>::new());
}
