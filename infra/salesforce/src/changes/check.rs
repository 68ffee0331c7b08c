//! Holding the values of a body to their fields.

use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::author::Author;
use crate::{
    http::reply::ApiError,
    schema::{Field, FieldType, ObjectSchema},
    setup::FieldAccess,
    store::{Row, Store},
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
    of: &ObjectSchema,
    (field, json): (&Field, &Json),
) -> Result<Value, ApiError> {
    let value = typed(field, json)?;
    match &value {
        Value::Text(text) => check_text(field, text)?,
        Value::Id(id) => check_reference(store, author, of, field, *id)?,
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

fn no_access(id: SalesforceId) -> ApiError {
    let message = format!(
        "insufficient access rights on cross-reference id: {}",
        id.as_str()
    );
    let code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY";
    ApiError::new(400, code, message).about(&[])
}

/// A record type must be an active one of the object.
fn check_record_type(
    store: &Store,
    of: &ObjectSchema,
    types: usize,
    id: SalesforceId,
) -> Result<(), ApiError> {
    let schema = store.object(types);
    let value = |row: &Row, field: &str| {
        let index = schema.field_index(field);
        index.map_or(Value::Null, |index| row.values[index].clone())
    };
    let is_valid = store.live(types, id).is_some_and(|row| {
        value(row, "IsActive").is_true() && value(row, "SobjectType").as_text() == Some(&of.name)
    });
    // The master record type is an id without a row.
    if is_valid || id.as_str()[3..15].bytes().all(|byte| byte == b'0') {
        return Ok(());
    }
    let message = format!(
        "Record Type ID: this ID value isn't valid for the user: {}",
        id.as_str()
    );
    Err(ApiError::new(400, "INVALID_CROSS_REFERENCE_KEY", message).about(&["RecordTypeId"]))
}

/// A reference must name a row the user can see, of an object the field may point to.
fn check_reference(
    store: &Store,
    author: Author,
    of: &ObjectSchema,
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
        return Err(no_access(id));
    }
    if field.name == "RecordTypeId" {
        return check_record_type(store, of, object, id);
    }
    match store.table(object).get(id).filter(|row| !row.is_deleted()) {
        Some(row) if author.sees_hidden || row.is_visible(store.now()) => Ok(()),
        Some(_) => Err(no_access(id)),
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

/// The user may create rows of the object.
pub(super) fn may_create(
    store: &Store,
    author: Author,
    schema: &ObjectSchema,
) -> Result<(), ApiError> {
    if author.sees_hidden || !store.setup.only_reads(schema) {
        return Ok(());
    }
    let message = format!("entity type cannot be inserted: {}", schema.label);
    Err(ApiError::new(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message).about(&[]))
}

/// The user may edit rows of the object.
pub(super) fn may_edit(
    store: &Store,
    author: Author,
    schema: &ObjectSchema,
) -> Result<(), ApiError> {
    if author.sees_hidden || !store.setup.only_reads(schema) {
        return Ok(());
    }
    let message = "insufficient access rights on object id";
    Err(ApiError::new(403, "INSUFFICIENT_ACCESS_OR_READONLY", message).about(&[]))
}

/// The owner that a row is given is active.
pub(super) fn owner(
    store: &Store,
    schema: &ObjectSchema,
    values: &[Value],
    before: Option<&[Value]>,
) -> Result<(), ApiError> {
    let Some(index) = schema.field_index("OwnerId") else {
        return Ok(());
    };
    if before.is_some_and(|before| before[index] == values[index]) {
        return Ok(());
    }
    let (Some(id), Some(users)) = (values[index].as_id(), store.schema.object_index("User")) else {
        return Ok(());
    };
    let active = store.object(users).field_index("IsActive");
    let is_inactive = active.is_some_and(|active| {
        let user = store.table(users).get(id);
        user.is_some_and(|user| !user.values[active].is_true())
    });
    if !is_inactive {
        return Ok(());
    }
    let message = format!(
        "operation performed with inactive user [{}] as owner of {}",
        id.as_str(),
        schema.label.to_lowercase()
    );
    Err(ApiError::new(400, "INACTIVE_OWNER_OR_USER", message).about(&[]))
}

/// No other row has the same value of a key.
pub(super) fn unique(
    store: &Store,
    object: usize,
    values: &[Value],
    own: Option<SalesforceId>,
    author: Author,
) -> Result<(), ApiError> {
    let fields = store.object(object).fields.iter().zip(values).enumerate();
    for (index, (field, value)) in
        fields.filter(|(_, (field, value))| field.unique && !value.is_null())
    {
        let same = store.table(object).iter().map(|(_, row)| row).find(|row| {
            Some(row.id) != own
                && !row.is_deleted()
                && row.values[index].is_same_key(value, field.case_sensitive)
        });
        if let Some(other) = same {
            // A row that the user may not see is not named.
            let (field, id) = if author.sees_hidden || other.is_visible(store.now()) {
                (field.name.as_str(), other.id.as_str())
            } else {
                ("<unknown>", "<unknown>")
            };
            let message =
                format!("duplicate value found: {field} duplicates value on record with id: {id}");
            return Err(ApiError::new(400, "DUPLICATE_VALUE", message).about(&[]));
        }
    }
    Ok(())
}
