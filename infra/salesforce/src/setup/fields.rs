//! Fields that an administrator adds or changes.

use serde::{Deserialize, Serialize};

use crate::schema::{Choice, FieldType, ObjectSchema, blank_field, parse_type};

/// A field as an administrator sets it up; what is not said stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldChange {
    /// The object.
    pub(crate) object: String,
    /// The field's API name; one that the object has not must be a custom field's.
    pub(crate) name: String,
    /// The type of an added field, as describe names it; a text without.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) length: Option<usize>,
    pub(crate) required: Option<bool>,
    /// The values of a picklist.
    pub(crate) values: Option<Vec<String>>,
    /// True if a picklist takes only those.
    pub(crate) restricted: Option<bool>,
    pub(crate) external_id: Option<bool>,
    pub(crate) unique: Option<bool>,
    pub(crate) case_sensitive: Option<bool>,
}

impl FieldChange {
    /// Changes the field of an object, or adds it.
    ///
    /// # Errors
    /// A sentence for a name that no added field can have.
    pub(crate) fn apply(&self, object: &mut ObjectSchema) -> Result<(), String> {
        let index = match object.field_index(&self.name) {
            Some(index) => index,
            None => self.add(object)?,
        };
        let field = &mut object.fields[index];
        if let Some(label) = &self.label {
            field.label.clone_from(label);
        }
        field.length = self.length.unwrap_or(field.length);
        if let Some(required) = self.required {
            field.nillable = !required;
        }
        if let Some(values) = &self.values {
            let choice = |value: &String| Choice {
                value: value.clone(),
                is_default: false,
            };
            field.choices = values.iter().map(choice).collect();
        }
        field.restricted = self.restricted.unwrap_or(field.restricted);
        field.external_id = self.external_id.unwrap_or(field.external_id);
        field.unique = self.unique.unwrap_or(field.unique);
        field.case_sensitive = self.case_sensitive.unwrap_or(field.case_sensitive);
        Ok(())
    }

    fn add(&self, object: &mut ObjectSchema) -> Result<usize, String> {
        let stem = self.name.strip_suffix("__c").unwrap_or_default();
        let is_name = stem.starts_with(|first: char| first.is_ascii_alphabetic())
            && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return Err(format!(
                "{} has no field {:?}; a field that is added has a name such as Portal_Id__c",
                object.name, self.name
            ));
        }
        let kind = self.kind.as_deref().map_or(FieldType::String, parse_type);
        let mut field = blank_field(&self.name, &stem.replace('_', " "), kind);
        field.custom = true;
        if kind == FieldType::Boolean {
            field.nillable = false;
            field.defaulted = true;
        }
        let index = object.fields.len();
        object.add_field(field);
        Ok(index)
    }
}
