//! One mistake at a time, of the kind that deploys well and hurts later.

use serde_json::{Value, json};

/// A mistake, and the rule that is to see it.
pub(crate) struct Mistake {
    pub(crate) what: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) make: fn(&mut Value),
}

const fn mistake(what: &'static str, rule: &'static str, make: fn(&mut Value)) -> Mistake {
    Mistake { what, rule, make }
}

/// Every mistake.
pub(crate) const ALL: &[Mistake] = &[
    mistake(
        "a queue that hides messages for exactly six timeouts, without the window",
        "visibility_covers_six_timeouts_and_the_window",
        |t| t["Resources"]["ImportsQueue"]["Properties"]["VisibilityTimeout"] = json!(360),
    ),
    mistake(
        "a queue left at the default visibility of 30 seconds",
        "visibility_covers_six_timeouts_and_the_window",
        |t| {
            remove(
                &mut t["Resources"]["SalesforceWritesQueue"]["Properties"],
                "VisibilityTimeout",
            )
        },
    ),
    mistake(
        "a worker given more time than its queue knows of",
        "visibility_covers_six_timeouts_and_the_window",
        |t| t["Resources"]["FanOut"]["Properties"]["Timeout"] = json!(900),
    ),
    mistake(
        "a worker that takes from a queue of nowhere",
        "visibility_covers_six_timeouts_and_the_window",
        |t| {
            t["Resources"]["ImportWorker"]["Properties"]["Events"]["Imports"]["Properties"]["Queue"] =
                json!("arn:aws:sqs:eu-central-1:1:other")
        },
    ),
    mistake(
        "a worker whose one bad message fails the batch",
        "batches_are_answered_message_by_message",
        |t| {
            remove(
                &mut t["Resources"]["ImportWorker"]["Properties"]["Events"]["Imports"]["Properties"],
                "FunctionResponseTypes",
            )
        },
    ),
    mistake(
        "a large batch without a window",
        "batches_and_concurrency_are_bounded",
        |t| {
            t["Resources"]["ImportWorker"]["Properties"]["Events"]["Imports"]["Properties"]["MaximumBatchingWindowInSeconds"] =
                json!(0)
        },
    ),
    mistake(
        "a batch larger than SQS delivers",
        "batches_and_concurrency_are_bounded",
        |t| {
            t["Resources"]["ImportWorker"]["Properties"]["Events"]["Imports"]["Properties"]["BatchSize"] =
                json!(10_001)
        },
    ),
    mistake(
        "workers without number",
        "batches_and_concurrency_are_bounded",
        |t| {
            remove(
                &mut t["Resources"]["ImportWorker"]["Properties"]["Events"]["Imports"]["Properties"],
                "ScalingConfig",
            )
        },
    ),
    mistake(
        "a queue that nobody reads",
        "every_work_queue_has_one_worker",
        |t| remove(&mut t["Resources"]["PushWorker"]["Properties"], "Events"),
    ),
    mistake(
        "two workers on one queue",
        "every_work_queue_has_one_worker",
        |t| {
            t["Resources"]["PushWorker"]["Properties"]["Events"]["SalesforceWrites"]["Properties"]
                ["Queue"] = json!({"Fn::GetAtt": ["ImportsQueue", "Arn"]})
        },
    ),
    mistake(
        "a message given up after its first failure",
        "every_work_queue_redrives_after_five_receives",
        |t| {
            t["Resources"]["ImportsQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] =
                json!(1)
        },
    ),
    mistake(
        "a queue without dead letters",
        "every_work_queue_redrives_after_five_receives",
        |t| {
            remove(
                &mut t["Resources"]["SyncRequestsQueue"]["Properties"],
                "RedrivePolicy",
            )
        },
    ),
    mistake(
        "dead letters of two queues in one",
        "every_work_queue_redrives_after_five_receives",
        |t| {
            t["Resources"]["ImportsQueue"]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] =
                json!({"Fn::GetAtt": ["SyncRequestsDlq", "Arn"]})
        },
    ),
    mistake(
        "dead letters left at the default of four days",
        "dead_letters_are_kept_for_fourteen_days",
        |t| {
            remove(
                &mut t["Resources"]["ImportsDlq"]["Properties"],
                "MessageRetentionPeriod",
            )
        },
    ),
    mistake(
        "a queue that keeps messages as long as its dead letters",
        "dead_letters_are_kept_for_fourteen_days",
        |t| {
            t["Resources"]["ImportsQueue"]["Properties"]["MessageRetentionPeriod"] =
                json!(1_209_600)
        },
    ),
    mistake(
        "lost ticks kept for a day",
        "dead_letters_are_kept_for_fourteen_days",
        |t| t["Resources"]["SchedulesDlq"]["Properties"]["MessageRetentionPeriod"] = json!(86_400),
    ),
    mistake(
        "a queue without encryption",
        "every_queue_is_encrypted",
        |t| {
            remove(
                &mut t["Resources"]["ImportsDlq"]["Properties"],
                "SqsManagedSseEnabled",
            )
        },
    ),
    mistake(
        "a queue with encryption switched off",
        "every_queue_is_encrypted",
        |t| {
            t["Resources"]["SalesforceWritesQueue"]["Properties"]["SqsManagedSseEnabled"] =
                json!(false)
        },
    ),
    mistake("rate(1 hours)", "every_expression_is_well_formed", |t| {
        t["Resources"]["FanOut"]["Properties"]["Events"]["Hourly"]["Properties"]["ScheduleExpression"] =
            json!("rate(1 hours)")
    }),
    mistake(
        "a cron expression of five fields",
        "every_expression_is_well_formed",
        |t| {
            t["Resources"]["FanOut"]["Properties"]["Events"]["Daily"]["Properties"]["ScheduleExpression"] =
                json!("cron(0 3 * * *)")
        },
    ),
    mistake(
        "a cron expression with two days and no ?",
        "every_expression_is_well_formed",
        |t| {
            t["Resources"]["FanOut"]["Properties"]["Events"]["Daily"]["Properties"]["ScheduleExpression"] =
                json!("cron(0 3 * * * *)")
        },
    ),
    mistake(
        "a schedule that tries once",
        "every_schedule_retries_and_keeps_what_failed",
        |t| {
            remove(
                &mut t["Resources"]["FanOut"]["Properties"]["Events"]["Hourly"]["Properties"],
                "RetryPolicy",
            )
        },
    ),
    mistake(
        "a schedule that drops what failed",
        "every_schedule_retries_and_keeps_what_failed",
        |t| {
            remove(
                &mut t["Resources"]["FanOut"]["Properties"]["Events"]["Daily"]["Properties"],
                "DeadLetterConfig",
            )
        },
    ),
    mistake(
        "a tick that is lost inside Lambda",
        "every_schedule_retries_and_keeps_what_failed",
        |t| {
            remove(
                &mut t["Resources"]["FanOut"]["Properties"],
                "EventInvokeConfig",
            )
        },
    ),
    mistake(
        "a schedule that starts a worker",
        "schedules_start_the_fan_out_only",
        |t| move_event(t, "FanOut", "Hourly", "ImportWorker"),
    ),
    mistake(
        "a scheduler that may start another function",
        "schedules_start_the_fan_out_only",
        |t| {
            t["Resources"]["SchedulerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [0]["Resource"] = json!({"Fn::GetAtt": ["Unlink", "Arn"]})
        },
    ),
    mistake(
        "a timed event of the older kind",
        "schedules_start_the_fan_out_only",
        |t| {
            t["Resources"]["FanOut"]["Properties"]["Events"]["Hourly2"] =
                json!({"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}})
        },
    ),
    mistake(
        "a daily schedule that asks for the hourly run",
        "the_hourly_and_the_daily_run_are_there",
        |t| {
            t["Resources"]["FanOut"]["Properties"]["Events"]["Daily"]["Properties"]["Input"] =
                json!("{\"schedule\":\"hourly\"}")
        },
    ),
    mistake(
        "no daily schedule",
        "the_hourly_and_the_daily_run_are_there",
        |t| {
            remove(
                &mut t["Resources"]["FanOut"]["Properties"]["Events"],
                "Daily",
            )
        },
    ),
    mistake(
        "a daily run on Sundays only",
        "the_hourly_and_the_daily_run_are_there",
        |t| {
            t["Resources"]["FanOut"]["Properties"]["Events"]["Daily"]["Properties"]["ScheduleExpression"] =
                json!("cron(0 3 ? * 1 *)")
        },
    ),
    mistake(
        "a schedule named without its stack",
        "schedules_are_named_after_the_stack",
        |t| {
            remove(
                &mut t["Resources"]["FanOut"]["Properties"]["Events"]["Hourly"]["Properties"],
                "Name",
            )
        },
    ),
    mistake(
        "every function on x86",
        "every_function_runs_on_arm64_and_al2023",
        |t| t["Globals"]["Function"]["Architectures"] = json!(["x86_64"]),
    ),
    mistake(
        "one function on the runtime before",
        "every_function_runs_on_arm64_and_al2023",
        |t| t["Resources"]["Link"]["Properties"]["Runtime"] = json!("provided.al2"),
    ),
    mistake(
        "a function that is not traced",
        "every_function_is_traced",
        |t| t["Resources"]["Settings"]["Properties"]["Tracing"] = json!("PassThrough"),
    ),
    mistake(
        "a function built from the folder of another",
        "functions_and_their_packages_match",
        |t| t["Resources"]["Unlink"]["Properties"]["CodeUri"] = json!("functions/link/"),
    ),
    mistake(
        "a function built as another binary",
        "functions_and_their_packages_match",
        |t| t["Resources"]["Link"]["Metadata"]["BuildProperties"]["Binary"] = json!("unlink"),
    ),
    mistake(
        "a package that is not deployed",
        "functions_and_their_packages_match",
        |t| remove(&mut t["Resources"], "DeadLetters"),
    ),
    mistake(
        "a log kept for ever",
        "every_function_logs_to_a_group_with_retention",
        |t| {
            remove(
                &mut t["Resources"]["FanOutLogs"]["Properties"],
                "RetentionInDays",
            )
        },
    ),
    mistake(
        "a function that logs where Lambda decides",
        "every_function_logs_to_a_group_with_retention",
        |t| {
            remove(
                &mut t["Resources"]["Records"]["Properties"],
                "LoggingConfig",
            )
        },
    ),
    mistake(
        "two functions in one log",
        "every_function_logs_to_a_group_with_retention",
        |t| {
            t["Resources"]["Unlink"]["Properties"]["LoggingConfig"]["LogGroup"] =
                json!({"Ref": "LinkLogs"})
        },
    ),
    mistake(
        "an API function that outlasts the gateway",
        "functions_answer_before_the_gateway_gives_up",
        |t| t["Resources"]["Link"]["Properties"]["Timeout"] = json!(60),
    ),
    mistake(
        "two functions with different API versions",
        "variables_mean_one_thing",
        |t| {
            t["Resources"]["Link"]["Properties"]["Environment"]["Variables"]["SALESFORCE_API_VERSION"] =
                json!("v50.0")
        },
    ),
    mistake(
        "a variable that names the wrong table",
        "variables_mean_one_thing",
        |t| {
            t["Resources"]["Settings"]["Properties"]["Environment"]["Variables"]["RECORDS_TABLE"] =
                json!({"Ref": "LinksTable"})
        },
    ),
    mistake(
        "a variable that names a queue by ARN-less text",
        "variables_mean_one_thing",
        |t| {
            t["Resources"]["FullSync"]["Properties"]["Environment"]["Variables"]["SYNC_REQUESTS_QUEUE_URL"] =
                json!("https://queue")
        },
    ),
    mistake(
        "a secret as plain text",
        "secrets_come_from_the_secrets_manager",
        |t| {
            t["Resources"]["PushWorker"]["Properties"]["Environment"]["Variables"]["SALESFORCE_CLIENT_SECRET"] =
                json!("hunter2")
        },
    ),
    mistake(
        "a secret as a parameter",
        "secrets_come_from_the_secrets_manager",
        |t| {
            t["Resources"]["Link"]["Properties"]["Environment"]["Variables"]["PREVIEW_TOKEN_KEY"] =
                json!({"Ref": "Key"})
        },
    ),
    mistake("every DynamoDB action", "no_policy_has_a_wildcard", |t| {
        t["Resources"]["SettingsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            [1]["Action"] = json!(["dynamodb:*"])
    }),
    mistake("actions of one prefix", "no_policy_has_a_wildcard", |t| {
        t["Resources"]["RecordsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            [1]["Action"] = json!("dynamodb:Get*")
    }),
    mistake("every table", "no_policy_has_a_wildcard", |t| {
        t["Resources"]["UnlinkRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            [1]["Resource"] = json!("*")
    }),
    mistake("every index of a table", "no_policy_has_a_wildcard", |t| {
        t["Resources"]["RecordsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            [1]["Resource"][1] = json!({"Fn::Sub": "${RecordsTable.Arn}/index/*"})
    }),
    mistake(
        "everything but some actions",
        "no_policy_has_a_wildcard",
        |t| {
            t["Resources"]["LinkRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [1]["NotAction"] = json!(["dynamodb:DeleteTable"])
        },
    ),
    mistake(
        "two functions with one role",
        "every_function_has_a_role_of_its_own",
        |t| {
            t["Resources"]["Unlink"]["Properties"]["Role"] =
                json!({"Fn::GetAtt": ["LinkRole", "Arn"]})
        },
    ),
    mistake(
        "a function whose role SAM makes",
        "every_function_has_a_role_of_its_own",
        |t| remove(&mut t["Resources"]["Settings"]["Properties"], "Role"),
    ),
    mistake(
        "a role that a person can take",
        "every_function_has_a_role_of_its_own",
        |t| {
            t["Resources"]["LinkRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] =
                json!({"AWS": "arn:aws:iam::1:root"})
        },
    ),
    mistake(
        "the managed policy for every queue",
        "the_only_managed_policy_is_for_tracing",
        |t| {
            t["Resources"]["FanOutRole"]["Properties"]["ManagedPolicyArns"][0] =
                json!("arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole")
        },
    ),
    mistake(
        "a right to a table that the function does not use",
        "roles_name_what_their_functions_are_told_of",
        |t| {
            t["Resources"]["SettingsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [1]["Resource"] = json!([{"Fn::GetAtt": ["RecordsTable", "Arn"]}, {"Fn::GetAtt": ["LinksTable", "Arn"]}])
        },
    ),
    mistake(
        "a table that the function is told of and may not read",
        "roles_name_what_their_functions_are_told_of",
        |t| {
            t["Resources"]["FullSync"]["Properties"]["Environment"]["Variables"]["LINKS_TABLE"] =
                json!({"Ref": "LinksTable"})
        },
    ),
    mistake(
        "a worker that may not delete its messages",
        "queues_can_be_used_as_they_are_meant",
        |t| {
            t["Resources"]["ImportWorkerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [2]["Action"] = json!(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"])
        },
    ),
    mistake(
        "a replay that may not send to the source",
        "queues_can_be_used_as_they_are_meant",
        |t| {
            t["Resources"]["DeadLettersRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [2]["Resource"] = json!([{"Fn::GetAtt": ["ImportsQueue", "Arn"]}])
        },
    ),
    mistake(
        "a function that may not write its log",
        "queues_can_be_used_as_they_are_meant",
        |t| {
            t["Resources"]["LinkRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                [0]["Action"] = json!(["logs:CreateLogStream"])
        },
    ),
    mistake(
        "a method that HTTP does not have",
        "every_method_is_one_of_http",
        |t| {
            t["Resources"]["Unlink"]["Properties"]["Events"]["Unlink"]["Properties"]["Method"] =
                json!("REMOVE")
        },
    ),
    mistake(
        "a method in lower case",
        "every_method_is_one_of_http",
        |t| {
            t["Resources"]["Settings"]["Properties"]["Events"]["GetSettings"]["Properties"]["Method"] =
                json!("get")
        },
    ),
    mistake("any method", "every_method_is_one_of_http", |t| {
        t["Resources"]["FullSync"]["Properties"]["Events"]["StartRun"]["Properties"]["Method"] =
            json!("ANY")
    }),
    mistake(
        "a route that is missing",
        "the_routes_are_those_of_the_design",
        |t| {
            remove(
                &mut t["Resources"]["IntegrationLog"]["Properties"]["Events"],
                "ClearProblems",
            )
        },
    ),
    mistake(
        "a route with a typo",
        "the_routes_are_those_of_the_design",
        |t| {
            t["Resources"]["IntegrationLog"]["Properties"]["Events"]["ListProblems"]["Properties"]
                ["Path"] = json!("/problem")
        },
    ),
    mistake(
        "a route at the wrong function",
        "the_routes_are_those_of_the_design",
        |t| move_event(t, "Unlink", "Unlink", "Link"),
    ),
    mistake("an open route", "every_route_asks_for_a_scope", |t| {
        t["Resources"]["DeadLetters"]["Properties"]["Events"]["CountDeadLetters"]["Properties"]["Auth"] =
            json!({"Authorizer": "NONE"})
    }),
    mistake(
        "a route that any token opens",
        "every_route_asks_for_a_scope",
        |t| {
            remove(
                &mut t["Resources"]["Unlink"]["Properties"]["Events"]["Unlink"]["Properties"]["Auth"],
                "AuthorizationScopes",
            )
        },
    ),
    mistake("tokens for anyone", "every_route_asks_for_a_scope", |t| {
        t["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]["Oidc"]["JwtConfiguration"]["audience"] =
            json!([])
    }),
    mistake(
        "a scope that reads and writes",
        "scopes_tell_reading_from_writing",
        |t| {
            t["Resources"]["Settings"]["Properties"]["Events"]["PutSettings"]["Properties"]["Auth"]
                ["AuthorizationScopes"][0] = json!("dealbridge/settings.read")
        },
    ),
    mistake(
        "a scope that nobody issues",
        "every_scope_can_be_had",
        |t| {
            t["Resources"]["Settings"]["Properties"]["Events"]["PutSettings"]["Properties"]["Auth"]
                ["AuthorizationScopes"][0] = json!("dealbridge/settings.change")
        },
    ),
    mistake(
        "a scope that the client may not ask for",
        "every_scope_can_be_had",
        |t| {
            t["Resources"]["UserPoolClient"]["Properties"]["AllowedOAuthScopes"] = json!(["openid"])
        },
    ),
    mistake(
        "an API without a limit",
        "calls_are_throttled_and_logged",
        |t| {
            remove(
                &mut t["Resources"]["Api"]["Properties"],
                "DefaultRouteSettings",
            )
        },
    ),
    mistake(
        "an API without an access log",
        "calls_are_throttled_and_logged",
        |t| {
            remove(
                &mut t["Resources"]["Api"]["Properties"],
                "AccessLogSettings",
            )
        },
    ),
    mistake(
        "an access log with what callers paste",
        "calls_are_throttled_and_logged",
        |t| {
            t["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"] =
                json!("{\"path\":\"$context.path\"}")
        },
    ),
    mistake(
        "a limit on no route",
        "calls_are_throttled_and_logged",
        |t| {
            t["Resources"]["Api"]["Properties"]["RouteSettings"]["POST /sync-run"] =
                json!({"ThrottlingRateLimit": 1})
        },
    ),
    mistake(
        "a table with capacity to guess",
        "every_table_is_on_demand",
        |t| t["Resources"]["LogTable"]["Properties"]["BillingMode"] = json!("PROVISIONED"),
    ),
    mistake(
        "a table that cannot be restored",
        "every_table_restores_to_a_point_in_time",
        |t| {
            remove(
                &mut t["Resources"]["RecordsTable"]["Properties"],
                "PointInTimeRecoverySpecification",
            )
        },
    ),
    mistake(
        "a table that can be deleted",
        "every_table_outlives_its_stack",
        |t| t["Resources"]["LinksTable"]["Properties"]["DeletionProtectionEnabled"] = json!(false),
    ),
    mistake(
        "a table that goes with its stack",
        "every_table_outlives_its_stack",
        |t| t["Resources"]["RecordsTable"]["DeletionPolicy"] = json!("Delete"),
    ),
    mistake(
        "a table without encryption",
        "every_table_is_encrypted",
        |t| {
            remove(
                &mut t["Resources"]["LogTable"]["Properties"],
                "SSESpecification",
            )
        },
    ),
    mistake(
        "a table with another key",
        "tables_have_the_keys_of_the_design",
        |t| {
            t["Resources"]["LinksTable"]["Properties"]["KeySchema"][0]["AttributeName"] =
                json!("id")
        },
    ),
    mistake(
        "an index that copies every attribute",
        "tables_have_the_keys_of_the_design",
        |t| {
            t["Resources"]["RecordsTable"]["Properties"]["GlobalSecondaryIndexes"][0]["Projection"]
                ["ProjectionType"] = json!("ALL")
        },
    ),
    mistake("a log that grows for ever", "only_log_rows_expire", |t| {
        remove(
            &mut t["Resources"]["LogTable"]["Properties"],
            "TimeToLiveSpecification",
        )
    }),
    mistake("links that expire", "only_log_rows_expire", |t| {
        t["Resources"]["LinksTable"]["Properties"]["TimeToLiveSpecification"] =
            json!({"AttributeName": "expires_at", "Enabled": true})
    }),
    mistake(
        "an alarm that tells nobody",
        "every_alarm_tells_the_topic",
        |t| {
            remove(
                &mut t["Resources"]["RunFailed"]["Properties"],
                "AlarmActions",
            )
        },
    ),
    mistake(
        "an alarm that the runbook does not know",
        "every_alarm_is_in_the_runbook",
        |t| rename(t, "ImportsTooOld", "ImportsAreOld"),
    ),
    mistake(
        "dead letters that nobody watches",
        "every_queue_and_worker_is_watched",
        |t| remove(&mut t["Resources"], "SalesforceWritesDlqNotEmpty"),
    ),
    mistake(
        "an alarm on the wrong queue",
        "every_queue_and_worker_is_watched",
        |t| {
            t["Resources"]["ImportsTooOld"]["Properties"]["Dimensions"][0]["Value"] =
                json!({"Fn::GetAtt": ["ImportsDlq", "QueueName"]})
        },
    ),
    mistake(
        "failed runs that nobody counts",
        "metrics_of_our_own_are_fed",
        |t| remove(&mut t["Resources"], "RunFailedFilter"),
    ),
    mistake(
        "an alarm on a misspelt metric",
        "metrics_of_our_own_are_fed",
        |t| t["Resources"]["RunFailed"]["Properties"]["MetricName"] = json!("RunFailed"),
    ),
    mistake(
        "a route that is not described",
        "described_routes_and_scopes_are_the_templates",
        |t| {
            t["Resources"]["Settings"]["Properties"]["Events"]["PutSettings"]["Properties"]["Path"] =
                json!("/setting")
        },
    ),
    mistake(
        "a scope that is described otherwise",
        "described_routes_and_scopes_are_the_templates",
        |t| {
            t["Resources"]["Records"]["Properties"]["Events"]["GetRecord"]["Properties"]["Auth"]["AuthorizationScopes"]
                [0] = json!("dealbridge/log.read")
        },
    ),
];

fn remove(object: &mut Value, key: &str) {
    object
        .as_object_mut()
        .and_then(|members| members.remove(key));
}

fn move_event(template: &mut Value, from: &str, event: &str, to: &str) {
    let moved = template["Resources"][from]["Properties"]["Events"][event].clone();
    remove(
        &mut template["Resources"][from]["Properties"]["Events"],
        event,
    );
    template["Resources"][to]["Properties"]["Events"][event] = moved;
}

fn rename(template: &mut Value, from: &str, to: &str) {
    let renamed = template["Resources"][from].clone();
    remove(&mut template["Resources"], from);
    template["Resources"][to] = renamed;
}
