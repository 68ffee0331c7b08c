//! Queues and their workers.

use crate::document::{Template, list, target};

/// SQS's maximum retention period, which every dead-letter queue uses.
const FOURTEEN_DAYS: u64 = 14 * 24 * 60 * 60;

/// SQS's default retention period.
const FOUR_DAYS: u64 = 4 * 24 * 60 * 60;

/// A message is not delivered again while its worker, or Lambda's own retry, may still be busy with it.
pub(crate) fn visibility_covers_six_timeouts_and_the_window(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for function in template.functions() {
        for event in function.events("SQS") {
            let Some(queue) =
                target(&event.properties["Queue"]).and_then(|id| template.resource(id))
            else {
                faults.push(format!(
                    "{}.{} takes from no queue of the template",
                    function.id, event.name
                ));
                continue;
            };
            let timeout = template.number(&function["Timeout"]).unwrap_or(3);
            let window = event.properties["MaximumBatchingWindowInSeconds"]
                .as_u64()
                .unwrap_or(0);
            let visibility = template.number(&queue["VisibilityTimeout"]).unwrap_or(30);
            let least = 6 * timeout + window;
            if visibility < least {
                faults.push(format!(
                    "{} hides a message for {visibility} s, {} needs {least} s",
                    queue.id, function.id
                ));
            }
        }
    }
    faults
}

/// A run counts as stuck only after its messages have had all their attempts, so that "stuck" means dead letters.
pub(crate) fn a_run_is_stuck_only_after_the_last_try(template: &Template) -> Vec<String> {
    let stuck = dealbridge_core::run::STUCK_AFTER.as_secs().unsigned_abs();
    let import_queues = template
        .functions()
        .filter(|function| function.name() == "import-worker")
        .flat_map(|function| function.events("SQS").collect::<Vec<_>>())
        .filter_map(|event| target(&event.properties["Queue"]))
        .filter_map(|id| template.resource(id));
    import_queues
        .filter_map(|queue| {
            let receives = queue["RedrivePolicy"]["maxReceiveCount"]
                .as_u64()
                .unwrap_or(0);
            let visibility = template.number(&queue["VisibilityTimeout"]).unwrap_or(30);
            let tries = receives * visibility;
            (tries > stuck).then(|| {
                format!(
                    "{} tries for {tries} s, a run is stuck after {stuck} s",
                    queue.id
                )
            })
        })
        .collect()
}

/// A bad message fails alone.
pub(crate) fn batches_are_answered_message_by_message(template: &Template) -> Vec<String> {
    sqs_events(template)
        .filter(|(_, properties)| {
            !list(&properties["FunctionResponseTypes"]).contains(&&"ReportBatchItemFailures".into())
        })
        .map(|(event, _)| format!("{event} does not report batch item failures"))
        .collect()
}

/// Batch sizes are within SQS's limits, and there are no more workers than Salesforce bears.
pub(crate) fn batches_and_concurrency_are_bounded(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (event, properties) in sqs_events(template) {
        let size = properties["BatchSize"].as_u64().unwrap_or(0);
        let window = properties["MaximumBatchingWindowInSeconds"]
            .as_u64()
            .unwrap_or(0);
        if !(1..=10_000).contains(&size) {
            faults.push(format!("{event} has a batch size of {size}"));
        }
        if size > 10 && window == 0 {
            faults.push(format!(
                "{event} needs a batching window for batches of {size}"
            ));
        }
        if !(2..=1000).contains(
            &properties["ScalingConfig"]["MaximumConcurrency"]
                .as_u64()
                .unwrap_or(0),
        ) {
            faults.push(format!("{event} has no maximum concurrency of 2 to 1000"));
        }
    }
    faults
}

/// Every work queue has exactly one worker: two would each see half of the messages.
pub(crate) fn every_work_queue_has_one_worker(template: &Template) -> Vec<String> {
    template
        .work_queues()
        .filter_map(|queue| {
            let workers = sqs_events(template)
                .filter(|(_, properties)| target(&properties["Queue"]) == Some(queue.id))
                .count();
            (workers != 1).then(|| format!("{} has {workers} workers", queue.id))
        })
        .collect()
}

/// A fault of a minute does not cause dead letters, and failures end in a dead-letter queue of their own.
pub(crate) fn every_work_queue_redrives_after_five_receives(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for queue in template.work_queues() {
        let policy = &queue["RedrivePolicy"];
        let receives = policy["maxReceiveCount"].as_u64().unwrap_or(0);
        if receives < 5 {
            faults.push(format!("{} gives up after {receives} receives", queue.id));
        }
        match target(&policy["deadLetterTargetArn"])
            .filter(|id| *id != queue.id)
            .and_then(|id| template.resource(id))
        {
            Some(dead_letters) if dead_letters.kind() == "AWS::SQS::Queue" => {
                if template.sources_of(dead_letters.id).count() > 1 {
                    faults.push(format!(
                        "{} is shared, a replay could not tell its letters apart",
                        dead_letters.id
                    ));
                }
            }
            _ => faults.push(format!("{} has no dead-letter queue", queue.id)),
        }
    }
    faults
}

/// Dead letters are kept for 14 days, longer than they can have waited before.
pub(crate) fn dead_letters_are_kept_for_fourteen_days(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let retention =
        |properties: &serde_json::Value| template.number(properties).unwrap_or(FOUR_DAYS);
    for queue in template
        .of_type("AWS::SQS::Queue")
        .filter(|queue| template.is_dead_letter_queue(queue.id))
    {
        let kept = retention(&queue["MessageRetentionPeriod"]);
        if kept != FOURTEEN_DAYS {
            faults.push(format!("{} keeps dead letters for {kept} s", queue.id));
        }
        // The age of a message counts from its first sending, not from its arrival here.
        for source in template
            .sources_of(queue.id)
            .filter(|source| retention(&source["MessageRetentionPeriod"]) >= kept)
        {
            faults.push(format!(
                "{} keeps messages as long as its dead-letter queue {}",
                source.id, queue.id
            ));
        }
    }
    faults
}

/// Messages are encrypted at rest.
pub(crate) fn every_queue_is_encrypted(template: &Template) -> Vec<String> {
    template
        .of_type("AWS::SQS::Queue")
        .filter(|queue| queue["SqsManagedSseEnabled"] != true && queue["KmsMasterKeyId"].is_null())
        .map(|queue| format!("{} is not encrypted", queue.id))
        .collect()
}

fn sqs_events(template: &Template) -> impl Iterator<Item = (String, &serde_json::Value)> {
    template.functions().flat_map(|function| {
        function
            .events("SQS")
            .map(|event| (format!("{}.{}", function.id, event.name), event.properties))
            .collect::<Vec<_>>()
    })
}
