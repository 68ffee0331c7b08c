//! Holding the values of a body to their fields.

use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::author::Author;
use crate::{
    http::reply::ApiError,
    schema::{Field, FieldType, ObjectSchema},
    setup::FieldAccess,
    store::Store,
    value::{Value, day_of, is_email, parse_date, parse_datetime},
};

/// The use of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
}

/// The place of a field that the operation may set.
pub(super) fn writable(
    schema: &ObjectSchema,
    access: impl Fn(&str) -> FieldAccess,
    name: &str,
    operation: Operation,
) -> Result<usize, ApiError> {
    let found = schema.field_index(name);
    let access = found.map_or(FieldAccess::None, |index| {
        access(&schema.fields[index].name)
    });
    // A field that the user may not see is not there for it; one that it may only read cannot be set.
    let Some(index) = found.filter(|_| access != FieldAccess::None) else {
        return Err(ApiError::new(
            400,
            "INVALID_FIELD",
            format!("No such column '{name}' on sobject of type {}", schema.name),
        ));
    };
    let field = &schema.fields[index];
    let is_allowed = match operation {
        Operation::Create => field.createable,
        Operation::Update => field.updateable,
    };
    if is_allowed && access == FieldAccess::Edit {
        return Ok(index);
    }
    let message = match operation {
        Operation::Create if field.name == "Id" => "cannot specify Id in an insert call".to_owned(),
        _ => format!(
            "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
            field.name
        ),
    };
    Err(ApiError::new(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message).about(&[&field.name]))
}

/// The value a body gives for a field.
pub(super) fn value(
    store: &Store,
    author: Author,
    field: &Field,
    json: &Json,
) -> Result<Value, ApiError> {
    let value = typed(field, json)?;
    match &value {
        Value::Text(text) => check_text(field, text)?,
        Value::Id(id) => check_reference(store, author, field, *id)?,
        _ => {}
    }
    Ok(value)
}

fn typed(field: &Field, json: &Json) -> Result<Value, ApiError> {
    let wrong = |shown: &str| {
        let kind = match field.kind {
            FieldType::DateTime => "datetime",
            FieldType::Currency | FieldType::Percent => "double",
            other => other.name(),
        };
        ApiError::new(
            400,
            "JSON_PARSER_ERROR",
            format!(
                "Cannot deserialize instance of {kind} from VALUE_STRING value {shown} or request may be missing a required field"
            ),
        )
    };
    match (field.kind, json) {
        (_, Json::Null) if field.kind == FieldType::Boolean => Ok(Value::Bool(false)),
        (_, Json::Null) => Ok(Value::Null),
        (FieldType::Boolean, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (kind, Json::Number(number)) if kind.is_number() => number
            .as_f64()
            .map(Value::Number)
            .ok_or_else(|| wrong(&number.to_string())),
        (_, Json::String(text)) if text.is_empty() => Ok(Value::Null),
        (FieldType::Date, Json::String(text)) => {
            let day = parse_date(text).or_else(|| parse_datetime(text).map(day_of));
            day.map(Value::Date).ok_or_else(|| wrong(text))
        }
        (FieldType::DateTime, Json::String(text)) => {
            let seconds =
                parse_datetime(text).or_else(|| parse_date(text).map(crate::value::start_of));
            seconds.map(Value::DateTime).ok_or_else(|| wrong(text))
        }
        (kind, Json::String(text)) if kind.is_id() => {
            SalesforceId::parse(text).map(Value::Id).map_err(|_| {
                ApiError::new(
                    400,
                    "MALFORMED_ID",
                    format!("{}: id value of incorrect type: {text}", field.label),
                )
                .about(&[&field.name])
            })
        }
        (kind, Json::String(text)) => Value::from_cell(kind, text).map_err(|_| wrong(text)),
        // Numbers and booleans are taken for texts, as Salesforce does.
        (kind, Json::Number(number)) if kind.is_text() => Ok(Value::text(&number.to_string())),
        (kind, Json::Bool(value)) if kind.is_text() => Ok(Value::text(&value.to_string())),
        (_, other) => Err(wrong(&other.to_string())),
    }
}

fn check_text(field: &Field, text: &str) -> Result<(), ApiError> {
    let about = [field.name.as_str()];
    if field.kind == FieldType::Email && !is_email(text) {
        let message = format!("{}: invalid email address: {text}", field.label);
        return Err(ApiError::new(400, "INVALID_EMAIL_ADDRESS", message).about(&about));
    }
    if field.length > 0 && text.chars().count() > field.length {
        let message = format!(
            "{}: data value too large: {text} (max length={})",
            field.label, field.length
        );
        return Err(ApiError::new(400, "STRING_TOO_LONG", message).about(&about));
    }
    let is_choice = || {
        field
            .choices
            .iter()
            .any(|choice| choice.value.eq_ignore_ascii_case(text))
    };
    if field.restricted && !is_choice() {
        let message = format!(
            "{}: bad value for restricted picklist field: {text}",
            field.label
        );
        return Err(
            ApiError::new(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).about(&about),
        );
    }
    Ok(())
}

/// A reference must name a row the user can see, of an object the field may point to.
fn check_reference(
    store: &Store,
    author: Author,
    field: &Field,
    id: SalesforceId,
) -> Result<(), ApiError> {
    let targets: Vec<usize> = field
        .references
        .iter()
        .filter_map(|name| store.schema.object_index(name))
        .collect();
    if targets.is_empty()
        || (id.key_prefix() == "00G" && field.references.iter().any(|name| name == "Group"))
    {
        return Ok(());
    }
    let Some(object) = targets
        .into_iter()
        .find(|object| store.object(*object).key_prefix == id.key_prefix())
    else {
        let message = format!(
            "{}: id value of incorrect type: {}",
            field.label,
            id.as_str()
        );
        return Err(ApiError::new(400, "MALFORMED_ID", message).about(&[&field.name]));
    };
    if !author.sees_hidden && store.setup.hides_object(store.object(object)) {
        let message = format!(
            "insufficient access rights on cross-reference id: {}",
            id.as_str()
        );
        let code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY";
        return Err(ApiError::new(400, code, message).about(&[]));
    }
    match store.live(object, id) {
        Some(_) => Ok(()),
        None => Err(ApiError::new(
            400,
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
        )
        .about(&[])),
    }
}

/// Every field that may not be empty has a value. A row that was loaded without one keeps so: only a change that empties
/// the field is refused.
pub(super) fn required(
    schema: &ObjectSchema,
    values: &[Value],
    before: Option<&[Value]>,
) -> Result<(), ApiError> {
    let was_empty = |at: usize| before.is_some_and(|before| before[at].is_null());
    let missing: Vec<&str> = schema
        .fields
        .iter()
        .zip(values)
        .enumerate()
        .filter(|(at, (field, value))| field.is_required() && value.is_null() && !was_empty(*at))
        .map(|(_, (field, _))| field.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Required fields are missing: [{}]", missing.join(", "));
    Err(ApiError::new(400, "REQUIRED_FIELD_MISSING", message).about(&missing))
}

/// No other row has the same external id.
pub(super) fn unique(
    store: &Store,
    object: usize,
    values: &[Value],
    own: Option<SalesforceId>,
) -> Result<(), ApiError> {
    let fields = store.object(object).fields.iter().zip(values).enumerate();
    for (index, (field, value)) in
        fields.filter(|(_, (field, value))| field.external_id && !value.is_null())
    {
        let same = store.table(object).iter().map(|(_, row)| row).find(|row| {
            Some(row.id) != own && !row.is_deleted() && row.values[index].order(value).is_eq()
        });
        if let Some(other) = same {
            let message = format!(
                "duplicate value found: {} duplicates value on record with id: {}",
                field.name,
                other.id.as_str()
            );
            return Err(ApiError::new(400, "DUPLICATE_VALUE", message).about(&[]));
        }
    }
    Ok(())
}
