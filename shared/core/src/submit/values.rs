//! The values of a submission, merged into a record (RFC 7396) and checked against the declared fields.

use serde_json::{Map, Value};

use crate::{
    Email,
    end_user::{EndUserField, SubmittedEndUser},
    field::{Field, FieldType},
    record::{Record, RecordKind},
    settings::{FieldCode, InvalidField, Settings, fitted},
    value::{is_blank, same, shown},
};

/// The longest registration status, in characters.
const MAX_STATUS_CHARACTERS: usize = 80;

/// The values that an author sends, as they came. What is not given stays as it is; null or a blank clears a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// The record's fields.
    pub fields: Map<String, Value>,
    /// The id of the User who is to own the record.
    pub owner: Option<Value>,
    /// The end user.
    pub end_user: Option<Value>,
    /// The step of the registration.
    pub registration_status: Option<Value>,
}

/// The stage of a record: being made, with the values that it cannot be without, or there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is made by this submission and needs every required value.
    Making,
    /// It is edited and only may not lose a required value: an imported or older one may lack others.
    Editing,
}

/// Returns the record with the submitted values, all but the owner, and adds what is wrong with them.
pub(super) fn merged(
    record: &Record,
    values: &Submission,
    settings: &Settings,
    stage: Stage,
    wrong: &mut Vec<InvalidField>,
) -> Record {
    let mut next = record.clone();
    for (name, value) in &values.fields {
        if let Err(invalid) = merge_field(&mut next, name, value, settings) {
            wrong.push(invalid);
        }
    }
    if let Some(value) = &values.end_user {
        merge_end_user(&mut next, value, wrong);
    }
    if let Some(value) = &values.registration_status {
        match status(value) {
            Ok(status) => next.registration_status = Some(status),
            Err(invalid) => wrong.push(invalid),
        }
    }
    let is_wrong = |name: &str, wrong: &[InvalidField]| wrong.iter().any(|one| one.field == name);
    for field in settings.required_fields(record.id.kind()) {
        let is_looked_at = stage == Stage::Making || values.fields.contains_key(&field.name);
        if is_looked_at && is_blank(&next.value(&field.name)) && !is_wrong(&field.name, wrong) {
            let problem = format!("{} is required: give it a value", field.label());
            wrong.push(InvalidField::required(&field.name, problem));
        }
    }
    next
}

fn merge_field(
    record: &mut Record,
    name: &str,
    value: &Value,
    settings: &Settings,
) -> Result<(), InvalidField> {
    let kind = record.id.kind();
    // What is no longer declared can still be cleared.
    if value.is_null() && record.fields.contains_key(name) {
        record.fields.shift_remove(name);
        return Ok(());
    }
    let Some(value) = settings.record_value(kind, name, value)? else {
        record.fields.shift_remove(name);
        return Ok(());
    };
    let stored = record.fields.get(name);
    let is_same = |field: &Field| stored.is_some_and(|stored| field.same(stored, &value));
    if !settings.record_field(kind, name).is_some_and(is_same) {
        record.fields.insert(name.to_owned(), value);
    }
    Ok(())
}

fn merge_end_user(record: &mut Record, value: &Value, wrong: &mut Vec<InvalidField>) {
    let at = |member: &str| format!("endUser.{member}");
    if record.id.kind() == RecordKind::Lead && !value.is_null() {
        let problem =
            "a Lead is its own end user: send its company, names and address among its fields";
        wrong.push(InvalidField::new("endUser", FieldCode::Unknown, problem));
        return;
    }
    let members = match value {
        Value::Null => {
            record.end_user = None;
            return;
        }
        Value::Object(members) => members,
        other => {
            let problem = format!(
                "takes an object of company, firstName, lastName, email and phone, not {:?}",
                shown(other)
            );
            wrong.push(InvalidField::new("endUser", FieldCode::Type, problem));
            return;
        }
    };
    let mut end_user = record.end_user.clone().unwrap_or_default();
    for (name, value) in members {
        let Some(field) = api_field(name) else {
            let name = at(&shown(&Value::String(name.clone())));
            let problem = "there is no such field: an end user has company, firstName, lastName, email and phone";
            wrong.push(InvalidField::new(name, FieldCode::Unknown, problem));
            continue;
        };
        match fitted(&at(name), field.field(), value) {
            Ok(value) => set(&mut end_user, field, value.as_ref().and_then(Value::as_str)),
            Err(invalid) => wrong.push(invalid),
        }
    }
    record.end_user = (!end_user.is_empty()).then_some(end_user);
}

/// Returns the end user's field with this name in the API.
fn api_field(name: &str) -> Option<EndUserField> {
    match name {
        "firstName" => Some(EndUserField::FirstName),
        "lastName" => Some(EndUserField::LastName),
        "company" | "email" | "phone" => EndUserField::named(name),
        _ => None,
    }
}

fn set(end_user: &mut SubmittedEndUser, field: EndUserField, value: Option<&str>) {
    let text = value.map(str::to_owned);
    match field {
        EndUserField::Company => end_user.company = text,
        EndUserField::FirstName => end_user.first_name = text,
        EndUserField::LastName => end_user.last_name = text,
        EndUserField::Email => end_user.email = value.and_then(|text| Email::parse(text).ok()),
        EndUserField::Phone => end_user.phone = text,
    }
}

fn status(value: &Value) -> Result<String, InvalidField> {
    const NAME: &str = "registrationStatus";
    let field = Field {
        name: NAME.to_owned(),
        label: None,
        kind: FieldType::Text,
        required: true,
        values: Vec::new(),
        max_length: Some(MAX_STATUS_CHARACTERS),
    };
    if !matches!(value, Value::String(_) | Value::Null) {
        let problem = format!("takes text, not {:?}", shown(value));
        return Err(InvalidField::new(NAME, FieldCode::Type, problem));
    }
    match fitted(NAME, &field, value)? {
        Some(Value::String(status)) => Ok(status),
        _ => Err(InvalidField::required(
            NAME,
            "is empty: name a step of the registration",
        )),
    }
}

/// Returns `true` if a submission repeats what a record holds. A registration status that it does not give is as good
/// as any: the record may have taken its next steps since.
pub(super) fn is_repeat(asked: &Record, stored: &Record, values: &Submission) -> bool {
    let same_fields = asked.fields.len() == stored.fields.len()
        && asked.fields.iter().all(|(name, value)| {
            let stored = stored.fields.get(name);
            stored.is_some_and(|stored| same(stored, value))
        });
    same_fields
        && asked.end_user == stored.end_user
        && asked.owner == stored.owner
        && (values.registration_status.is_none()
            || asked.registration_status == stored.registration_status)
}

/// Returns the names of what differs between two states of a record, as the API has them.
pub(super) fn changed(before: &Record, after: &Record) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in before.fields.keys().chain(after.fields.keys()) {
        if before.fields.get(name) != after.fields.get(name) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    for (name, differs) in [
        ("endUser", before.end_user != after.end_user),
        ("owner", before.owner != after.owner),
        (
            "registrationStatus",
            before.registration_status != after.registration_status,
        ),
    ] {
        if differs {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests;
