//! Effects of a change: stages, primary contacts, converted leads.

use salesforce_id::SalesforceId;

use super::{
    author::Author,
    body::{Body, names},
    row::touch,
};
use crate::{
    http::reply::ApiError,
    rules::{self, Draft, Fields},
    schema::ObjectSchema,
    store::{Row, Store},
    value::Value,
};

/// A converted lead can be read and deleted, not changed.
pub(super) fn refuse_converted(schema: &ObjectSchema, row: &Row) -> Result<(), ApiError> {
    if is_converted(schema, row) {
        return Err(ApiError::new(
            400,
            "CANNOT_UPDATE_CONVERTED_LEAD",
            "cannot reference converted lead",
        )
        .about(&[]));
    }
    Ok(())
}

/// Returns whether a row is a converted lead.
pub(crate) fn is_converted(schema: &ObjectSchema, row: &Row) -> bool {
    schema.name == "Lead"
        && schema
            .field_index("IsConverted")
            .is_some_and(|index| row.values[index].is_true())
}

/// Completes a row that is about to be created.
pub(super) fn before_create(
    store: &Store,
    schema: &ObjectSchema,
    row: &mut Row,
    body: &Body,
    author: Author,
) -> Result<(), ApiError> {
    match schema.name.as_str() {
        "Opportunity" => {
            apply_stage(store, schema, row, body);
            let mut fields = Fields::new(schema, &mut row.values);
            fields.set("PushCount", Value::Number(0.0));
            fields.set("LastStageChangeDate", Value::DateTime(author.stamp));
        }
        "Lead" => refuse_converted_status(schema, row)?,
        _ => {}
    }
    Ok(())
}

/// Completes a row that is about to be changed.
pub(super) fn before_update(
    store: &Store,
    schema: &ObjectSchema,
    before: &Row,
    row: &mut Row,
    body: &Body,
    author: Author,
) -> Result<(), ApiError> {
    let changed = |row: &Row, field: &str| {
        schema
            .field_index(field)
            .is_some_and(|index| before.values[index] != row.values[index])
    };
    match schema.name.as_str() {
        "Opportunity" => {
            if changed(row, "StageName") {
                apply_stage(store, schema, row, body);
                Fields::new(schema, &mut row.values)
                    .set("LastStageChangeDate", Value::DateTime(author.stamp));
            }
            count_push(schema, before, row);
        }
        "Lead" if changed(row, "Status") => refuse_converted_status(schema, row)?,
        _ => {}
    }
    Ok(())
}

/// The number of times the close date went to a later month.
fn count_push(schema: &ObjectSchema, before: &Row, row: &mut Row) {
    let Some(index) = schema.field_index("CloseDate") else {
        return;
    };
    if let (Value::Date(old), Value::Date(new)) = (&before.values[index], &row.values[index])
        && (new.year(), new.month()) > (old.year(), old.month())
    {
        let mut fields = Fields::new(schema, &mut row.values);
        let count = match fields.get("PushCount") {
            Value::Number(count) => *count,
            _ => 0.0,
        };
        fields.set("PushCount", Value::Number(count + 1.0));
    }
}

fn refuse_converted_status(schema: &ObjectSchema, row: &Row) -> Result<(), ApiError> {
    let status = schema
        .field_index("Status")
        .and_then(|index| row.values[index].as_text())
        .unwrap_or_default();
    if rules::is_converted_status(status) {
        return Err(ApiError::new(
            400,
            "INVALID_STATUS",
            format!("invalid status: {status}; use convertLead()"),
        )
        .about(&["Status"]));
    }
    Ok(())
}

/// The stage says whether an Opportunity is closed and won, and how probable it is unless the call says so.
fn apply_stage(store: &Store, schema: &ObjectSchema, row: &mut Row, body: &Body) {
    let mut fields = Fields::new(schema, &mut row.values);
    let stage = fields
        .get("StageName")
        .as_text()
        .and_then(|name| rules::stage(store, name));
    let stage = stage.unwrap_or(rules::Stage {
        probability: 0.0,
        is_closed: false,
        is_won: false,
        forecast: ("Pipeline", "Pipeline"),
    });
    fields.set("IsClosed", Value::Bool(stage.is_closed));
    fields.set("IsWon", Value::Bool(stage.is_won));
    fields.set("ForecastCategory", Value::text(stage.forecast.0));
    if !names(body, "ForecastCategoryName") {
        fields.set("ForecastCategoryName", Value::text(stage.forecast.1));
    }
    if !names(body, "Probability") {
        fields.set("Probability", Value::Number(stage.probability));
    }
}

/// Carries out the effects of a created row.
pub(super) fn after_create(
    store: &mut Store,
    schema: &ObjectSchema,
    row: &Row,
    author: Author,
) -> Result<(), ApiError> {
    match schema.name.as_str() {
        "OpportunityContactRole" => settle_primary(store, schema, row, author),
        "Opportunity" => {
            let contact = schema
                .field_index("ContactId")
                .and_then(|index| row.values[index].as_id());
            if let Some(contact) = contact {
                add_primary_role(store, row.id, contact, author);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Carries out the effects of a changed row.
pub(super) fn after_update(store: &mut Store, schema: &ObjectSchema, row: &Row, author: Author) {
    if schema.name == "OpportunityContactRole" {
        settle_primary(store, schema, row, author);
    }
}

/// Makes a primary contact role without any check; its Opportunity's stamps do not move.
pub(crate) fn add_primary_role(
    store: &mut Store,
    opportunity: SalesforceId,
    contact: SalesforceId,
    author: Author,
) {
    let all = std::sync::Arc::clone(&store.schema);
    let Some(object) = all.object_index("OpportunityContactRole") else {
        return;
    };
    let schema = &all.objects[object];
    let id = store.next_id(object);
    let mut draft = Draft::new(schema);
    draft.set("Id", Value::Id(id));
    draft.set("OpportunityId", Value::Id(opportunity));
    draft.set("ContactId", Value::Id(contact));
    draft.set("IsPrimary", Value::Bool(true));
    draft.set("CreatedDate", Value::DateTime(author.stamp));
    draft.set("CreatedById", Value::Id(author.user));
    rules::fill_defaults(schema, &mut draft.values, author.user);
    let mut row = Row {
        id,
        values: draft.values,
        hidden: false,
        late_until: None,
        deleted_at: None,
    };
    touch(schema, &mut row, author);
    store.put(object, row.clone());
    settle_primary(store, schema, &row, author);
}

/// An Opportunity has one primary role: a second one clears the first. `Opportunity.ContactId` mirrors it, silently.
fn settle_primary(store: &mut Store, schema: &ObjectSchema, role: &Row, author: Author) {
    let Some(object) = store.schema.object_index("OpportunityContactRole") else {
        return;
    };
    let (Some(parent), Some(primary)) = (
        schema.field_index("OpportunityId"),
        schema.field_index("IsPrimary"),
    ) else {
        return;
    };
    let Some(opportunity) = role.values[parent].as_id() else {
        return;
    };
    if role.values[primary].is_true() {
        let table = store.table(object);
        let others: Vec<Row> = table
            .referring(parent, opportunity)
            .iter()
            .filter_map(|position| table.at(*position))
            .filter(|row| row.id != role.id && row.values[primary].is_true())
            .map(|row| Row::clone(row))
            .collect();
        for mut other in others {
            other.values[primary] = Value::Bool(false);
            touch(schema, &mut other, author);
            store.put(object, other);
        }
    }
    mirror_primary(store, opportunity);
}

/// Sets `Opportunity.ContactId` to the contact of the primary role; no stamp moves.
pub(super) fn mirror_primary(store: &mut Store, opportunity: SalesforceId) {
    let contact = rules::primary_contact(store, opportunity).map_or(Value::Null, Value::Id);
    let Some(object) = store.schema.object_index("Opportunity") else {
        return;
    };
    let Some(field) = store.object(object).field_index("ContactId") else {
        return;
    };
    if let Some(row) = store.table(object).get(opportunity)
        && !row.is_deleted()
        && row.values[field] != contact
    {
        let mut row = Row::clone(row);
        row.values[field] = contact;
        store.put(object, row);
    }
}
