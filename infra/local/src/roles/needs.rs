//! Grants that a request of DynamoDB or SQS needs, as the Service Authorization Reference has them.
//!
//! A transaction needs the rights of its parts and none of its own; a batch of messages needs that of one message.

use serde_json::Value;

use super::grant::Grant;

/// The prefix of a DynamoDB request's target.
pub const DYNAMODB: &str = "DynamoDB_20120810.";
/// The prefix of an SQS request's target.
pub const SQS: &str = "AmazonSQS.";

/// The name that stands for the resources of an action that has none of its own.
const ALL: &str = "*";

/// The grants that a request needs, by the header `X-Amz-Target` and the body.
#[must_use]
pub fn needs(target: &str, body: &[u8]) -> Vec<Grant> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(operation) = target.strip_prefix(DYNAMODB) {
        of_dynamodb(operation, &body)
    } else if let Some(action) = target.strip_prefix(SQS) {
        of_sqs(action, &body)
    } else {
        vec![Grant::new(target, ALL)]
    }
}

fn of_dynamodb(operation: &str, body: &Value) -> Vec<Grant> {
    let grant = |action: &str, table: &str| Grant::new(format!("dynamodb:{action}"), table);
    match operation {
        "TransactWriteItems" | "TransactGetItems" => body["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(part, item)| {
                let action = match part.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    part => format!("{part}Item"),
                };
                grant(&action, &table(item))
            })
            .collect(),
        "BatchGetItem" | "BatchWriteItem" => body["RequestItems"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(table, _)| grant(operation, table))
            .collect(),
        _ => vec![grant(operation, &table(body))],
    }
}

/// The table or the index that a request or a part of one names.
fn table(item: &Value) -> String {
    let table = item["TableName"].as_str().unwrap_or(ALL);
    match item["IndexName"].as_str() {
        Some(index) => format!("{table}/index/{index}"),
        None => table.to_owned(),
    }
}

fn of_sqs(action: &str, body: &Value) -> Vec<Grant> {
    let grant = |action: &str, queue: &str| Grant::new(format!("sqs:{action}"), queue);
    // Queues are named by address, by ARN or by name, and the last part of each is the name.
    let named = |field: &str| {
        let text = body[field].as_str()?;
        text.rsplit(['/', ':']).next()
    };
    let queue = ["QueueUrl", "SourceArn", "QueueName"]
        .into_iter()
        .find_map(named)
        .unwrap_or(ALL);
    match action {
        // The messages are moved in the name of who asks for it.
        "StartMessageMoveTask" => {
            let taken = [
                action,
                "ReceiveMessage",
                "DeleteMessage",
                "GetQueueAttributes",
            ];
            let mut grants: Vec<Grant> = taken.iter().map(|action| grant(action, queue)).collect();
            grants.push(grant("SendMessage", named("DestinationArn").unwrap_or(ALL)));
            grants
        }
        _ => vec![grant(action.strip_suffix("Batch").unwrap_or(action), queue)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needed(target: &str, body: &Value) -> Vec<String> {
        needs(target, body.to_string().as_bytes())
            .into_iter()
            .map(|need| format!("{} {}", need.action, need.resource))
            .collect()
    }

    #[test]
    fn a_transaction_needs_the_rights_of_its_parts() {
        let parts = json!({ "TransactItems": [
            { "Put": { "TableName": "Records" } },
            { "Update": { "TableName": "Links" } },
            { "Delete": { "TableName": "Log" } },
            { "ConditionCheck": { "TableName": "Log" } },
        ] });

        assert_eq!(
            needed("DynamoDB_20120810.TransactWriteItems", &parts),
            [
                "dynamodb:PutItem Records",
                "dynamodb:UpdateItem Links",
                "dynamodb:DeleteItem Log",
                "dynamodb:ConditionCheckItem Log",
            ]
        );
    }

    #[test]
    fn a_batch_of_reads_needs_its_right_on_each_table_and_a_query_that_of_its_index() {
        let batch = json!({ "RequestItems": { "Links": {}, "Records": {} } });
        let query = json!({ "TableName": "Log", "IndexName": "ByCode" });

        assert_eq!(
            needed("DynamoDB_20120810.BatchGetItem", &batch),
            [
                "dynamodb:BatchGetItem Links",
                "dynamodb:BatchGetItem Records"
            ]
        );
        assert_eq!(
            needed("DynamoDB_20120810.Query", &query),
            ["dynamodb:Query Log/index/ByCode"]
        );
    }

    #[test]
    fn a_batch_of_messages_needs_the_right_of_one_and_a_move_those_of_both_its_ends() {
        let send = json!({ "QueueUrl": "http://127.0.0.1:1/000000000000/imports" });
        let moves = json!({
            "SourceArn": "arn:aws:sqs:us-east-1:000000000000:imports-dlq",
            "DestinationArn": "arn:aws:sqs:us-east-1:000000000000:imports",
        });

        assert_eq!(
            needed("AmazonSQS.SendMessageBatch", &send),
            ["sqs:SendMessage imports"]
        );
        assert_eq!(
            needed("AmazonSQS.StartMessageMoveTask", &moves),
            [
                "sqs:StartMessageMoveTask imports-dlq",
                "sqs:ReceiveMessage imports-dlq",
                "sqs:DeleteMessage imports-dlq",
                "sqs:GetQueueAttributes imports-dlq",
                "sqs:SendMessage imports",
            ]
        );
    }
}
