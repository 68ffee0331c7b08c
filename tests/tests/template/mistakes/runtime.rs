//! Mistakes in functions and their policies.

use super::{
    Change::{Remove, Set},
    Seeds,
};

pub(super) const ALL: Seeds = &[
    (
        "every_function_runs_on_arm64_and_al2023",
        &[
            (
                "every function on x86",
                Set("/Globals/Function/Architectures", r#"["x8664"]"#),
            ),
            (
                "one function on the runtime before",
                Set("Link/Runtime", r#""provided.al2""#),
            ),
        ],
    ),
    (
        "every_function_is_traced",
        &[(
            "a function that is not traced",
            Set("Settings/Tracing", r#""PassThrough""#),
        )],
    ),
    (
        "functions_and_their_packages_match",
        &[
            (
                "a function built from the folder of another",
                Set("Unlink/CodeUri", r#""functions/link/""#),
            ),
            (
                "a function built as another binary",
                Set(
                    "/Resources/Link/Metadata/BuildProperties/Binary",
                    r#""unlink""#,
                ),
            ),
            (
                "a package that is not deployed",
                Remove("/Resources/DeadLetters"),
            ),
        ],
    ),
    (
        "every_function_logs_to_a_group_with_retention",
        &[
            ("a log kept for ever", Remove("FanOutLogs/RetentionInDays")),
            (
                "a function that logs where Lambda decides",
                Remove("Records/LoggingConfig"),
            ),
            (
                "two functions in one log",
                Set("Unlink/LoggingConfig/LogGroup", r#"{"Ref": "LinkLogs"}"#),
            ),
        ],
    ),
    (
        "functions_answer_before_the_gateway_gives_up",
        &[(
            "an API function that outlasts the gateway",
            Set("Link/Timeout", "60"),
        )],
    ),
    (
        "calls_give_up_before_their_function",
        &[
            (
                "a function that ends while DynamoDB may still answer",
                Set("/Globals/Function/Timeout", "10"),
            ),
            (
                "a worker without a time of its own",
                Set("ImportWorker/Timeout", "0"),
            ),
        ],
    ),
    (
        "the_environment_is_what_the_settings_read",
        &[
            (
                "a variable that nobody set",
                Remove("FanOut/Environment/Variables/IMPORTS_QUEUE_URL"),
            ),
            (
                "a variable with a typo",
                Set(
                    "ImportWorker/Environment/Variables/LINK_TABLE",
                    r#"{"Ref": "LinksTable"}"#,
                ),
            ),
            (
                "the level of the log set for no function",
                Remove("/Globals/Function/Environment"),
            ),
        ],
    ),
    (
        "variables_mean_one_thing",
        &[
            (
                "two functions with different API versions",
                Set(
                    "Link/Environment/Variables/SALESFORCE_API_VERSION",
                    r#""v50.0""#,
                ),
            ),
            (
                "a variable that names the wrong table",
                Set(
                    "Settings/Environment/Variables/RECORDS_TABLE",
                    r#"{"Ref": "LinksTable"}"#,
                ),
            ),
            (
                "a variable that names a queue by ARN-less text",
                Set(
                    "FullSync/Environment/Variables/SYNC_REQUESTS_QUEUE_URL",
                    r#""https://queue""#,
                ),
            ),
        ],
    ),
    (
        "secrets_come_from_the_secrets_manager",
        &[
            (
                "a secret as plain text",
                Set(
                    "PushWorker/Environment/Variables/SALESFORCE_CLIENT_SECRET",
                    r#""hunter2""#,
                ),
            ),
            (
                "the keys of sessions as plain text",
                Set(
                    "Console/Environment/Variables/CONSOLE_SESSION_KEYS",
                    r#""hunter2hunter2hunter2hunter2hunter2""#,
                ),
            ),
            (
                "a secret as a parameter",
                Set(
                    "Link/Environment/Variables/PREVIEW_TOKEN_KEY",
                    r#"{"Ref": "Key"}"#,
                ),
            ),
        ],
    ),
    (
        "no_policy_has_a_wildcard",
        &[
            (
                "every DynamoDB action",
                Set(
                    "SettingsRole/Policies/0/PolicyDocument/Statement/1/Action",
                    r#"["dynamodb:*"]"#,
                ),
            ),
            (
                "actions of one prefix",
                Set(
                    "RecordsRole/Policies/0/PolicyDocument/Statement/1/Action",
                    r#""dynamodb:Get*""#,
                ),
            ),
            (
                "every table",
                Set(
                    "UnlinkRole/Policies/0/PolicyDocument/Statement/1/Resource",
                    r#""*""#,
                ),
            ),
            (
                "every index of a table",
                Set(
                    "RecordsRole/Policies/0/PolicyDocument/Statement/1/Resource/1",
                    r#"{"Fn::Sub": "${RecordsTable.Arn}/index/*"}"#,
                ),
            ),
            (
                "everything but some actions",
                Set(
                    "LinkRole/Policies/0/PolicyDocument/Statement/1/NotAction",
                    r#"["dynamodb:DeleteTable"]"#,
                ),
            ),
        ],
    ),
    (
        "every_function_has_a_role_of_its_own",
        &[
            (
                "two functions with one role",
                Set("Unlink/Role", r#"{"Fn::GetAtt": ["LinkRole", "Arn"]}"#),
            ),
            ("a function whose role SAM makes", Remove("Settings/Role")),
            (
                "a role that a person can take",
                Set(
                    "LinkRole/AssumeRolePolicyDocument/Statement/0/Principal",
                    r#"{"AWS": "arn:aws:iam::1:root"}"#,
                ),
            ),
        ],
    ),
    (
        "the_only_managed_policy_is_for_tracing",
        &[(
            "the managed policy for every queue",
            Set(
                "FanOutRole/ManagedPolicyArns/0",
                r#""arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole""#,
            ),
        )],
    ),
    (
        "roles_name_what_their_functions_are_told_of",
        &[
            (
                "a right to a table that the function does not use",
                Set(
                    "DeadLettersRole/Policies/0/PolicyDocument/Statement/1/Resource",
                    r#"[{"Fn::GetAtt": ["LogTable", "Arn"]}, {"Fn::GetAtt": ["LinksTable", "Arn"]}]"#,
                ),
            ),
            (
                "a table that the function is told of and may not read",
                Set(
                    "FullSync/Environment/Variables/LINKS_TABLE",
                    r#"{"Ref": "LinksTable"}"#,
                ),
            ),
        ],
    ),
    (
        "queues_can_be_used_as_they_are_meant",
        &[
            (
                "a worker that may not delete its messages",
                Set(
                    "ImportWorkerRole/Policies/0/PolicyDocument/Statement/3/Action",
                    r#"["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]"#,
                ),
            ),
            (
                "a replay that may not send to the source",
                Set(
                    "DeadLettersRole/Policies/0/PolicyDocument/Statement/3/Resource",
                    r#"[{"Fn::GetAtt": ["ImportsQueue", "Arn"]}]"#,
                ),
            ),
            (
                "a function that may not write its log",
                Set(
                    "LinkRole/Policies/0/PolicyDocument/Statement/0/Action",
                    r#"["logs:CreateLogStream"]"#,
                ),
            ),
        ],
    ),
];
