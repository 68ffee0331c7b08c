//! Merging records, which REST does not offer.

use std::sync::Arc;

use salesforce_id::SalesforceId;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    author::Author,
    named::{object, row},
    row::{present, set},
};
use crate::{
    http::reply::ApiError,
    schema::FieldType,
    store::{Deletion, Row, Store},
    value::Value,
};

/// The most records that lose in one merge.
const MAX_LOSERS: usize = 2;

/// An order to merge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Merge {
    object: String,
    winner: String,
    losers: Vec<String>,
}

/// Merges one or two records into a third: what points to them points to it, and they go to the recycle bin naming it.
pub(crate) fn merge(store: &mut Store, author: Author, order: &Merge) -> Result<Json, ApiError> {
    let object = object(store, &order.object)?;
    let schema = Arc::clone(&store.schema);
    let name = schema.objects[object].name.as_str();
    if !matches!(name, "Lead" | "Contact" | "Account") {
        return Err(ApiError::refused(
            400,
            format!("{name} cannot be merged; only Lead, Contact and Account can"),
        ));
    }
    if order.losers.is_empty() || order.losers.len() > MAX_LOSERS {
        return Err(ApiError::refused(
            400,
            format!("losers must name one or {MAX_LOSERS} records"),
        ));
    }
    let winner_id = row(store, object, &order.winner)?;
    let winner = present(store, author, object, winner_id)?;
    let losers: Vec<SalesforceId> = order
        .losers
        .iter()
        .map(|id| row(store, object, id))
        .collect::<Result<_, _>>()?;
    for loser in &losers {
        if *loser == winner_id {
            return Err(ApiError::refused(
                400,
                "the winner cannot be one of the losers",
            ));
        }
        let loser = present(store, author, object, *loser)?;
        point_elsewhere(store, author, name, loser.id, winner_id);
        bury_merged(store, author, object, &loser, winner_id);
    }
    set(store, author, object, &winner, &[]);
    Ok(
        json!({ "id": winner_id.as_str(), "losers": losers.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>() }),
    )
}

/// Every reference to the loser names the winner. Nobody edited those rows, so only their system stamp moves.
fn point_elsewhere(
    store: &mut Store,
    author: Author,
    target: &str,
    loser: SalesforceId,
    winner: SalesforceId,
) {
    let schema = Arc::clone(&store.schema);
    for (object, schema) in schema.objects.iter().enumerate() {
        let fields: Vec<usize> = schema
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| {
                field.kind == FieldType::Reference && field.name != "MasterRecordId"
            })
            .filter(|(_, field)| field.references.iter().any(|object| object == target))
            .map(|(index, _)| index)
            .collect();
        if fields.is_empty() {
            continue;
        }
        let rows: Vec<Row> = store
            .table(object)
            .iter()
            .map(|(_, row)| row)
            .filter(|row| {
                fields
                    .iter()
                    .any(|field| row.values[*field].as_id() == Some(loser))
            })
            .map(|row| Row::clone(row))
            .collect();
        for mut row in rows {
            for field in &fields {
                if row.values[*field].as_id() == Some(loser) {
                    row.values[*field] = Value::Id(winner);
                }
            }
            row.values[schema.system.modstamp] = Value::DateTime(author.stamp);
            store.put(object, row);
        }
    }
}

fn bury_merged(
    store: &mut Store,
    author: Author,
    object: usize,
    loser: &Row,
    winner: SalesforceId,
) {
    let mut row = loser.clone();
    row.deleted_at = Some(author.stamp);
    set(
        store,
        author,
        object,
        &row,
        &[
            ("IsDeleted", Value::Bool(true)),
            ("MasterRecordId", Value::Id(winner)),
        ],
    );
    store.deletions.push(Deletion {
        object,
        id: loser.id,
        at: author.stamp,
    });
}
