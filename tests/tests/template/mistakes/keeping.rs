//! Mistakes in tables and alarms.

use super::{
    Change::{Move, Remove, Set},
    Seeds,
};

pub(super) const ALL: Seeds = &[
    (
        "every_table_is_on_demand",
        &[(
            "a table with capacity to guess",
            Set("LogTable/BillingMode", r#""PROVISIONED""#),
        )],
    ),
    (
        "every_table_restores_to_a_point_in_time",
        &[(
            "a table that cannot be restored",
            Remove("RecordsTable/PointInTimeRecoverySpecification"),
        )],
    ),
    (
        "every_table_outlives_its_stack",
        &[
            (
                "a table that can be deleted",
                Set("LinksTable/DeletionProtectionEnabled", "false"),
            ),
            (
                "a table that goes with its stack",
                Set("/Resources/RecordsTable/DeletionPolicy", r#""Delete""#),
            ),
        ],
    ),
    (
        "every_table_is_encrypted",
        &[(
            "a table without encryption",
            Remove("LogTable/SSESpecification"),
        )],
    ),
    (
        "tables_have_the_keys_of_the_design",
        &[
            (
                "a table with another key",
                Set("LinksTable/KeySchema/0/AttributeName", r#""id""#),
            ),
            (
                "an index that nobody asks",
                Set(
                    "RecordsTable/GlobalSecondaryIndexes",
                    r#"[{"IndexName": "by_kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}]}]"#,
                ),
            ),
        ],
    ),
    (
        "only_log_rows_expire",
        &[
            (
                "a log that grows for ever",
                Remove("LogTable/TimeToLiveSpecification"),
            ),
            (
                "links that expire",
                Set(
                    "LinksTable/TimeToLiveSpecification",
                    r#"{"AttributeName": "expires_at", "Enabled": true}"#,
                ),
            ),
        ],
    ),
    (
        "every_alarm_tells_the_topic",
        &[(
            "an alarm that tells nobody",
            Remove("RunFailed/AlarmActions"),
        )],
    ),
    (
        "every_alarm_is_in_the_runbook",
        &[(
            "an alarm that the runbook does not know",
            Move("/Resources/ImportsTooOld", "/Resources/ImportsAreOld"),
        )],
    ),
    (
        "every_queue_and_worker_is_watched",
        &[
            (
                "dead letters that nobody watches",
                Remove("/Resources/SalesforceWritesDlqNotEmpty"),
            ),
            (
                "an alarm on the wrong queue",
                Set(
                    "ImportsTooOld/Dimensions/0/Value",
                    r#"{"Fn::GetAtt": ["ImportsDlq", "QueueName"]}"#,
                ),
            ),
        ],
    ),
    (
        "metrics_of_our_own_are_fed",
        &[
            (
                "runs that fail in the fan-out and that nobody counts",
                Remove("/Resources/RunFailedInFanOut"),
            ),
            (
                "an alarm on a misspelt metric",
                Set("RunFailed/MetricName", r#""RunFailed""#),
            ),
        ],
    ),
];
