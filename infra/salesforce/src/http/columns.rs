//! The undocumented `columns=true` of a query, without which the `sf` command line does not work.

use serde_json::{Value as Json, json};

use crate::{
    schema::{Field, FieldType},
    soql::plan::{Column, Output, Plan, Shape, Slot},
    store::Store,
};

/// The columns that a query would answer with.
pub(crate) fn metadata(store: &Store, plan: &Plan) -> Json {
    let object = store.object(plan.object);
    let columns = match &plan.output {
        Output::Rows(shape) => columns(store, shape),
        Output::Groups(grouping) => grouping.columns.iter().map(grouped_column).collect(),
        Output::Count => Vec::new(),
    };
    let id_selected = columns.iter().any(|column| column["columnName"] == "Id");
    json!({
        "columnMetadata": columns,
        "entityName": object.name,
        "groupBy": matches!(plan.output, Output::Groups(_)),
        "idSelected": id_selected,
        "keyPrefix": object.key_prefix,
    })
}

fn columns(store: &Store, shape: &Shape) -> Vec<Json> {
    let object = store.object(shape.object);
    shape
        .slots
        .iter()
        .map(|slot| match slot {
            Slot::Field(index) => field_column(&object.fields[*index]),
            Slot::Parent { name, shape, .. } => {
                group_column(name, "Reference", columns(store, shape))
            }
            Slot::Children { name, plan, .. } => {
                let inner = match &plan.output {
                    Output::Rows(shape) => columns(store, shape),
                    _ => Vec::new(),
                };
                group_column(name, "QueryResult", inner)
            }
        })
        .collect()
}

/// The Apex type that holds values of this kind.
fn apex_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::Reference => "Id",
        FieldType::Boolean => "Boolean",
        FieldType::Int => "Integer",
        FieldType::Double | FieldType::Currency | FieldType::Percent => "Double",
        FieldType::Date => "Date",
        FieldType::DateTime => "Datetime",
        FieldType::Address => "Address",
        _ => "String",
    }
}

fn grouped_column(column: &Column) -> Json {
    json!({
        "aggregate": column.is_function(),
        "apexType": apex_type(column.kind),
        "booleanType": column.kind == FieldType::Boolean,
        "columnName": column.name,
        "custom": false,
        "displayName": column.shown,
        "foreignKeyName": null,
        "insertable": false,
        "joinColumns": [],
        "numberType": column.kind.is_number(),
        "textType": column.kind.is_text(),
        "updatable": false,
    })
}

fn field_column(field: &Field) -> Json {
    json!({
        "aggregate": false,
        "apexType": apex_type(field.kind),
        "booleanType": field.kind == FieldType::Boolean,
        "columnName": field.name,
        "custom": field.custom,
        "displayName": field.name,
        "foreignKeyName": null,
        "insertable": field.createable,
        "joinColumns": [],
        "numberType": field.kind.is_number(),
        "textType": field.kind.is_text(),
        "updatable": field.updateable,
    })
}

fn group_column(name: &str, apex: &str, inner: Vec<Json>) -> Json {
    json!({
        "aggregate": apex == "QueryResult",
        "apexType": apex,
        "booleanType": false,
        "columnName": name,
        "custom": false,
        "displayName": name,
        "foreignKeyName": null,
        "insertable": false,
        "joinColumns": inner,
        "numberType": false,
        "textType": false,
        "updatable": false,
    })
}
