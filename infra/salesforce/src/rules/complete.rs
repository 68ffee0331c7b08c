//! Fields that Salesforce fills by itself: stamps, owners, defaults, and those that follow from others of the row.

use salesforce_id::SalesforceId;

use super::{fields::Fields, load::EPOCH, parents, stage::stage};
use crate::{
    schema::{FieldType, ObjectSchema},
    store::{Row, Store},
    value::{Value, quarter_of},
};

/// Fills what a folder leaves out: stamps, owners, defaults, derived fields.
pub(crate) fn complete(store: &mut Store, api_user: SalesforceId) {
    parents::add(store);
    let schema = std::sync::Arc::clone(&store.schema);
    for (object, schema) in schema.objects.iter().enumerate() {
        let rows: Vec<Row> = store
            .table(object)
            .iter()
            .map(|(_, row)| Row::clone(row))
            .collect();
        for mut row in rows {
            fill_stamps(schema, &mut row.values, api_user);
            fill_defaults(schema, &mut row.values, api_user);
            if schema.name == "Opportunity" {
                complete_opportunity(store, schema, &mut row);
            }
            derive(schema, &mut row.values);
            store.put(object, row);
        }
    }
}

fn fill_stamps(schema: &ObjectSchema, values: &mut [Value], api_user: SalesforceId) {
    let system = schema.system;
    let first = |indexes: [usize; 3]| {
        indexes
            .into_iter()
            .find_map(|index| values[index].as_seconds())
            .unwrap_or(EPOCH)
    };
    let modstamp = first([system.modstamp, system.modified_date, system.created_date]);
    let modified = first([system.modified_date, system.modstamp, system.created_date]);
    let created = first([system.created_date, system.modified_date, system.modstamp]);
    values[system.modstamp] = Value::DateTime(modstamp);
    values[system.modified_date] = Value::DateTime(modified);
    values[system.created_date] = Value::DateTime(created);
    let owner = schema
        .field_index("OwnerId")
        .and_then(|index| values[index].as_id())
        .filter(|id| id.key_prefix() == "005")
        .unwrap_or(api_user);
    for index in [system.created_by, system.modified_by] {
        if values[index].is_null() {
            values[index] = Value::Id(owner);
        }
    }
}

/// Gives each empty field that may not be empty its default.
pub(crate) fn fill_defaults(schema: &ObjectSchema, values: &mut [Value], api_user: SalesforceId) {
    for (field, value) in schema.fields.iter().zip(values) {
        if !value.is_null() {
            continue;
        }
        let default = field.choices.iter().find(|choice| choice.is_default);
        if field.kind == FieldType::Boolean {
            // Users, campaigns and the like are active unless somebody said otherwise.
            *value = Value::Bool(field.name == "IsActive");
        } else if field.name == "OwnerId" {
            *value = Value::Id(api_user);
        } else if let Some(default) = default {
            *value = Value::text(&default.value);
        }
    }
}

fn complete_opportunity(store: &Store, schema: &ObjectSchema, row: &mut Row) {
    let roles = primary_contact(store, row.id);
    let mut fields = Fields::new(schema, &mut row.values);
    if let Some(contact) = roles {
        fields.fill("ContactId", Value::Id(contact));
    }
    fields.fill("PushCount", Value::Number(0.0));
    let Some(stage) = fields
        .get("StageName")
        .as_text()
        .and_then(|name| stage(store, name))
    else {
        return;
    };
    fields.fill("Probability", Value::Number(stage.probability));
    // A checkbox that no column held was filled with false; the stage knows better.
    if !fields.get("IsClosed").is_true() && !fields.get("IsWon").is_true() {
        fields.set("IsClosed", Value::Bool(stage.is_closed));
        fields.set("IsWon", Value::Bool(stage.is_won));
    }
    fields.fill("ForecastCategory", Value::text(stage.forecast.0));
    fields.fill("ForecastCategoryName", Value::text(stage.forecast.1));
}

/// The contact of an Opportunity's primary role.
pub(crate) fn primary_contact(store: &Store, opportunity: SalesforceId) -> Option<SalesforceId> {
    let object = store.schema.object_index("OpportunityContactRole")?;
    let schema = store.object(object);
    let (parent, primary, contact) = (
        schema.field_index("OpportunityId")?,
        schema.field_index("IsPrimary")?,
        schema.field_index("ContactId")?,
    );
    let table = store.table(object);
    table
        .referring(parent, opportunity)
        .iter()
        .filter_map(|position| table.at(*position))
        .find(|row| !row.is_deleted() && row.values[primary].is_true())?
        .values[contact]
        .as_id()
}

/// Computes the fields that follow from others of the row.
pub(crate) fn derive(schema: &ObjectSchema, values: &mut [Value]) {
    let mut fields = Fields::new(schema, values);
    match schema.name.as_str() {
        "Contact" | "Lead" | "User" => {
            let part = |name| fields.get(name).as_text().unwrap_or_default();
            let name = format!("{} {}", part("FirstName"), part("LastName"));
            fields.set("Name", Value::text(name.trim()));
        }
        "Opportunity" => {
            if let (Value::Number(amount), Value::Number(probability)) =
                (fields.get("Amount"), fields.get("Probability"))
            {
                let expected = amount * probability / 100.0;
                fields.set("ExpectedRevenue", Value::Number(expected));
            } else {
                fields.set("ExpectedRevenue", Value::Null);
            }
            if let Value::Date(date) = *fields.get("CloseDate") {
                let quarter = quarter_of(date);
                fields.set("FiscalQuarter", Value::Number(f64::from(quarter)));
                fields.set("FiscalYear", Value::Number(f64::from(date.year())));
                fields.set("Fiscal", Value::text(&format!("{} {quarter}", date.year())));
            }
        }
        _ => {}
    }
}
