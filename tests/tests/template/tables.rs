//! Tables: retained, encrypted, restorable, and keyed as the code expects.

use serde_json::{Value, json};

use crate::document::{Resource, Template, list};

const TABLE: &str = "AWS::DynamoDB::Table";

/// Tables are on demand: no capacity to guess and none to exceed.
pub(crate) fn every_table_is_on_demand(template: &Template) -> Vec<String> {
    every(template, "is not on demand", |table| {
        table["BillingMode"] == "PAY_PER_REQUEST"
    })
}

/// A table can be restored to any second of the last 35 days.
pub(crate) fn every_table_restores_to_a_point_in_time(template: &Template) -> Vec<String> {
    every(template, "has no point-in-time recovery", |table| {
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true
    })
}

/// Neither a person nor a stack deletes a table by mistake.
pub(crate) fn every_table_outlives_its_stack(template: &Template) -> Vec<String> {
    every(template, "can be deleted", |table| {
        table["DeletionProtectionEnabled"] == true
            && table.value["DeletionPolicy"] == "Retain"
            && table.value["UpdateReplacePolicy"] == "Retain"
    })
}

/// Records are encrypted with a key whose use is logged.
pub(crate) fn every_table_is_encrypted(template: &Template) -> Vec<String> {
    every(template, "is not encrypted", |table| {
        table["SSESpecification"]["SSEEnabled"] == true
    })
}

/// Keys are those that the code writes; a wrong one cannot be changed once there is data.
pub(crate) fn tables_have_the_keys_of_the_design(template: &Template) -> Vec<String> {
    let expected = [
        ("RecordsTable", json!([{"pk": "HASH"}])),
        ("LinksTable", json!([{"pk": "HASH"}])),
        ("LogTable", json!([{"pk": "HASH"}, {"sk": "RANGE"}])),
    ];
    let mut faults = Vec::new();
    for (id, key) in &expected {
        let Some(table) = template.resource(id).filter(|table| table.kind() == TABLE) else {
            faults.push(format!("{id} is missing"));
            continue;
        };
        if key_of(&table["KeySchema"]) != *key {
            faults.push(format!("{id} has the key {}", key_of(&table["KeySchema"])));
        }
        // Each write to an index is billed again: only the one over suppressed claims is worth it (ADR 34).
        let indexes: Vec<Value> = list(&table["GlobalSecondaryIndexes"])
            .into_iter()
            .map(|index| {
                json!([
                    index["IndexName"],
                    key_of(&index["KeySchema"]),
                    index["Projection"]
                ])
            })
            .collect();
        let wanted = match *id {
            "LinksTable" => vec![json!([
                "suppressions",
                [{"suppressed_in": "HASH"}, {"suppressed_at": "RANGE"}],
                {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["record", "suppression"]},
            ])],
            _ => Vec::new(),
        };
        if indexes != wanted {
            faults.push(format!("{id} has the indexes {}", json!(indexes)));
        }
        for attribute in list(&table["AttributeDefinitions"]) {
            if attribute["AttributeType"] != "S" {
                faults.push(format!(
                    "{id}.{} is not a string",
                    attribute["AttributeName"]
                ));
            }
        }
    }
    if template.of_type(TABLE).count() != expected.len() {
        faults.push("there are other tables than the design's three".to_owned());
    }
    faults
}

/// Log items expire; records and links never do.
pub(crate) fn only_log_rows_expire(template: &Template) -> Vec<String> {
    every(template, "has the wrong time to live", |table| {
        let expected = match table.id {
            "LogTable" => json!({"AttributeName": "expires_at", "Enabled": true}),
            _ => Value::Null,
        };
        table["TimeToLiveSpecification"] == expected
    })
}

fn every(template: &Template, fault: &str, holds: impl Fn(&Resource<'_>) -> bool) -> Vec<String> {
    template
        .of_type(TABLE)
        .filter(|table| !holds(table))
        .map(|table| format!("{} {fault}", table.id))
        .collect()
}

fn key_of(schema: &Value) -> Value {
    list(schema)
        .into_iter()
        .map(
            |part| json!({ (part["AttributeName"].as_str().unwrap_or_default()): part["KeyType"] }),
        )
        .collect()
}
