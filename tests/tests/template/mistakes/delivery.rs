//! Mistakes in queues and schedules.

use super::{
    Change::{Move, Remove, Set},
    Seeds,
};

pub(super) const ALL: Seeds = &[
    (
        "visibility_covers_six_timeouts_and_the_window",
        &[
            (
                "a queue that hides messages for exactly six timeouts, without the window",
                Set("ImportsQueue/VisibilityTimeout", "360"),
            ),
            (
                "a queue left at the default visibility of 30 seconds",
                Remove("SalesforceWritesQueue/VisibilityTimeout"),
            ),
            (
                "a worker given more time than its queue knows of",
                Set("PushWorker/Timeout", "300"),
            ),
            (
                "a worker that takes from a queue of nowhere",
                Set(
                    "ImportWorker/Events/Imports/Properties/Queue",
                    r#""arn:aws:sqs:eu-central-1:1:other""#,
                ),
            ),
        ],
    ),
    (
        "a_run_is_stuck_only_after_the_last_try",
        &[(
            "a queue that tries for an hour",
            Set("ImportsQueue/VisibilityTimeout", "720"),
        )],
    ),
    (
        "batches_are_answered_message_by_message",
        &[(
            "a worker whose one bad message fails the batch",
            Remove("ImportWorker/Events/Imports/Properties/FunctionResponseTypes"),
        )],
    ),
    (
        "batches_and_concurrency_are_bounded",
        &[
            (
                "a large batch without a window",
                Set(
                    "ImportWorker/Events/Imports/Properties/MaximumBatchingWindowInSeconds",
                    "0",
                ),
            ),
            (
                "a batch larger than SQS delivers",
                Set("ImportWorker/Events/Imports/Properties/BatchSize", "10001"),
            ),
            (
                "workers without number",
                Remove("ImportWorker/Events/Imports/Properties/ScalingConfig"),
            ),
        ],
    ),
    (
        "every_work_queue_has_one_worker",
        &[
            ("a queue that nobody reads", Remove("PushWorker/Events")),
            (
                "two workers on one queue",
                Set(
                    "PushWorker/Events/SalesforceWrites/Properties/Queue",
                    r#"{"Fn::GetAtt": ["ImportsQueue", "Arn"]}"#,
                ),
            ),
        ],
    ),
    (
        "every_work_queue_redrives_after_five_receives",
        &[
            (
                "a message given up after its first failure",
                Set("ImportsQueue/RedrivePolicy/maxReceiveCount", "1"),
            ),
            (
                "a queue without dead letters",
                Remove("SyncRequestsQueue/RedrivePolicy"),
            ),
            (
                "dead letters of two queues in one",
                Set(
                    "ImportsQueue/RedrivePolicy/deadLetterTargetArn",
                    r#"{"Fn::GetAtt": ["SyncRequestsDlq", "Arn"]}"#,
                ),
            ),
        ],
    ),
    (
        "dead_letters_are_kept_for_fourteen_days",
        &[
            (
                "dead letters left at the default of four days",
                Remove("ImportsDlq/MessageRetentionPeriod"),
            ),
            (
                "a queue that keeps messages as long as its dead letters",
                Set("ImportsQueue/MessageRetentionPeriod", "1209600"),
            ),
            (
                "lost ticks kept for a day",
                Set("SchedulesDlq/MessageRetentionPeriod", "86400"),
            ),
        ],
    ),
    (
        "every_queue_is_encrypted",
        &[
            (
                "a queue without encryption",
                Remove("ImportsDlq/SqsManagedSseEnabled"),
            ),
            (
                "a queue with encryption switched off",
                Set("SalesforceWritesQueue/SqsManagedSseEnabled", "false"),
            ),
        ],
    ),
    (
        "every_expression_is_well_formed",
        &[
            (
                "rate(1 hours)",
                Set(
                    "FanOut/Events/Hourly/Properties/ScheduleExpression",
                    r#""rate(1 hours)""#,
                ),
            ),
            (
                "a cron expression of five fields",
                Set(
                    "FanOut/Events/Daily/Properties/ScheduleExpression",
                    r#""cron(0 3 * * *)""#,
                ),
            ),
            (
                "a cron expression with two days and no ?",
                Set(
                    "FanOut/Events/Daily/Properties/ScheduleExpression",
                    r#""cron(0 3 * * * *)""#,
                ),
            ),
        ],
    ),
    (
        "every_schedule_retries_and_keeps_what_failed",
        &[
            (
                "a schedule that tries once",
                Remove("FanOut/Events/Hourly/Properties/RetryPolicy"),
            ),
            (
                "a schedule that drops what failed",
                Remove("FanOut/Events/Daily/Properties/DeadLetterConfig"),
            ),
            (
                "a tick that is lost inside Lambda",
                Remove("FanOut/EventInvokeConfig"),
            ),
        ],
    ),
    (
        "schedules_start_the_fan_out_only",
        &[
            (
                "a schedule that starts a worker",
                Move("FanOut/Events/Hourly", "ImportWorker/Events/Hourly"),
            ),
            (
                "a scheduler that may start another function",
                Set(
                    "SchedulerRole/Policies/0/PolicyDocument/Statement/0/Resource",
                    r#"{"Fn::GetAtt": ["Unlink", "Arn"]}"#,
                ),
            ),
            (
                "a timed event of the older kind",
                Set(
                    "FanOut/Events/Hourly2",
                    r#"{"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}"#,
                ),
            ),
        ],
    ),
    (
        "the_hourly_and_the_daily_run_are_there",
        &[
            (
                "a daily schedule that asks for the hourly run",
                Set(
                    "FanOut/Events/Daily/Properties/Input",
                    r#""{\"schedule\":\"hourly\"}""#,
                ),
            ),
            ("no daily schedule", Remove("FanOut/Events/Daily")),
            (
                "a daily run on Sundays only",
                Set(
                    "FanOut/Events/Daily/Properties/ScheduleExpression",
                    r#""cron(0 3 ? * 1 *)""#,
                ),
            ),
        ],
    ),
    (
        "schedules_are_named_after_the_stack",
        &[(
            "a schedule named without its stack",
            Remove("FanOut/Events/Hourly/Properties/Name"),
        )],
    ),
];
