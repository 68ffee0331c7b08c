//! The values of a row by the names of their fields.

use crate::{schema::ObjectSchema, value::Value};

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
