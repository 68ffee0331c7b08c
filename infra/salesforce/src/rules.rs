//! What Salesforce derives by itself: stages, defaults, composed names, the rows no export holds.

mod parents;
mod seed;

use jiff::civil::Date;
use salesforce_id::SalesforceId;

pub(crate) use seed::{
    add_api_user, add_lead_statuses, add_missing_users, add_organization, add_primary_role,
    add_stages,
};

use crate::{
    schema::{FieldType, ObjectSchema},
    store::{Row, Store},
    value::Value,
};

/// The stamp of rows about which the folder says no time: 2017-01-01.
pub(crate) const EPOCH: i64 = 1_483_228_800;

/// What a stage says about its Opportunities.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// In percent.
    pub(crate) probability: f64,
    /// Whether it ends the Opportunity.
    pub(crate) is_closed: bool,
    /// Whether it ends it well.
    pub(crate) is_won: bool,
    /// The forecast category's API name and label.
    pub(crate) forecast: (&'static str, &'static str),
}

impl Stage {
    fn of(probability: f64, is_closed: bool, is_won: bool) -> Self {
        let forecast = match (is_closed, is_won) {
            (true, true) => ("Closed", "Closed"),
            (true, false) => ("Omitted", "Omitted"),
            _ => ("Pipeline", "Pipeline"),
        };
        Self {
            probability,
            is_closed,
            is_won,
            forecast,
        }
    }
}

/// The stages of a developer org.
const STAGES: [(&str, f64, bool, bool); 10] = [
    ("Prospecting", 10.0, false, false),
    ("Qualification", 10.0, false, false),
    ("Needs Analysis", 20.0, false, false),
    ("Value Proposition", 50.0, false, false),
    ("Id. Decision Makers", 60.0, false, false),
    ("Perception Analysis", 70.0, false, false),
    ("Proposal/Price Quote", 75.0, false, false),
    ("Negotiation/Review", 90.0, false, false),
    ("Closed Won", 100.0, true, true),
    ("Closed Lost", 0.0, true, false),
];

/// Lead statuses of a developer org: name, default, converted.
const LEAD_STATUSES: [(&str, bool, bool); 4] = [
    ("Open - Not Contacted", true, false),
    ("Working - Contacted", false, false),
    ("Closed - Converted", false, true),
    ("Closed - Not Converted", false, false),
];

/// Whether Salesforce takes this text as an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && local.chars().all(allowed)
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || c == '.' || c == '-')
}

/// A row under construction, its fields set by name.
pub(crate) struct Draft<'a> {
    object: &'a ObjectSchema,
    /// One value per field.
    pub(crate) values: Vec<Value>,
}

impl<'a> Draft<'a> {
    /// An empty row.
    pub(crate) fn new(object: &'a ObjectSchema) -> Self {
        Self {
            object,
            values: vec![Value::Null; object.fields.len()],
        }
    }

    /// Sets a field that the object has; others are left out.
    pub(crate) fn set(&mut self, field: &str, value: Value) {
        if let Some(index) = self.object.field_index(field) {
            self.values[index] = value;
        }
    }
}

/// The values of a row by field name.
pub(crate) struct Fields<'a> {
    object: &'a ObjectSchema,
    values: &'a mut [Value],
}

impl<'a> Fields<'a> {
    /// A view on these values.
    pub(crate) fn new(object: &'a ObjectSchema, values: &'a mut [Value]) -> Self {
        Self { object, values }
    }

    /// A value; null for a field the object has not.
    pub(crate) fn get(&self, field: &str) -> &Value {
        self.object
            .field_index(field)
            .map_or(&Value::Null, |index| &self.values[index])
    }

    /// Sets a field that the object has.
    pub(crate) fn set(&mut self, field: &str, value: Value) {
        if let Some(index) = self.object.field_index(field) {
            self.values[index] = value;
        }
    }

    /// Sets a field that is empty.
    pub(crate) fn fill(&mut self, field: &str, value: Value) {
        if self.get(field).is_null() {
            self.set(field, value);
        }
    }
}

/// The stage of that name as the org's OpportunityStage rows have it.
pub(crate) fn stage(store: &Store, name: &str) -> Option<Stage> {
    let object = store.schema.object_index("OpportunityStage")?;
    let schema = store.object(object);
    let at = |field| schema.field_index(field);
    let (label, probability, closed, won) = (
        at("ApiName")?,
        at("DefaultProbability")?,
        at("IsClosed")?,
        at("IsWon")?,
    );
    let row = store.table(object).iter().map(|(_, row)| row).find(|row| {
        row.values[label]
            .as_text()
            .is_some_and(|label| label.eq_ignore_ascii_case(name))
    })?;
    let probability = match row.values[probability] {
        Value::Number(number) => number,
        _ => 0.0,
    };
    Some(Stage::of(
        probability,
        row.values[closed].is_true(),
        row.values[won].is_true(),
    ))
}

/// The status that a converted lead gets.
pub(crate) fn converted_status() -> &'static str {
    LEAD_STATUSES
        .iter()
        .find(|(_, _, converted)| *converted)
        .map_or("Closed - Converted", |(name, _, _)| name)
}

/// Whether a lead status is one that only conversion sets.
pub(crate) fn is_converted_status(name: &str) -> bool {
    LEAD_STATUSES
        .iter()
        .any(|(status, _, converted)| *converted && status.eq_ignore_ascii_case(name))
}

/// Puts a loaded row into its table; its id was checked before.
pub(crate) fn load_row(store: &mut Store, object: usize, values: Vec<Value>) {
    let system = store.object(object).system;
    let Some(id) = values[system.id].as_id() else {
        return;
    };
    let is_deleted = system
        .is_deleted
        .is_some_and(|index| values[index].is_true());
    let deleted_at = is_deleted.then(|| values[system.modstamp].as_seconds().unwrap_or(EPOCH));
    if let Some(at) = deleted_at {
        store
            .deletions
            .push(crate::store::Deletion { object, id, at });
    }
    store.put(
        object,
        Row {
            id,
            values,
            hidden: false,
            late_until: None,
            deleted_at,
        },
    );
}

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
            *value = Value::Bool(false);
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

/// The quarter of a day, 1 to 4.
pub(crate) fn quarter_of(date: Date) -> i8 {
    (date.month() + 2) / 3
}
