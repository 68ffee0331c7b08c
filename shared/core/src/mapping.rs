//! Field mapping: which Channeltivity field belongs to which Salesforce field, and which way values flow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{SalesforceObject, field::Field, salesforce::FieldPath};

/// Which way a value flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// From Salesforce to Channeltivity.
    ToChanneltivity,
    /// From Channeltivity to Salesforce.
    ToSalesforce,
    /// Either way; on a conflict the master wins.
    Both,
    /// Not at all.
    None,
}

impl Flow {
    /// Whether Salesforce's value may reach Channeltivity.
    #[must_use]
    pub fn reaches_channeltivity(self) -> bool {
        matches!(self, Self::ToChanneltivity | Self::Both)
    }

    /// Whether Channeltivity's value may reach Salesforce.
    #[must_use]
    pub fn reaches_salesforce(self) -> bool {
        matches!(self, Self::ToSalesforce | Self::Both)
    }
}

/// One row of the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingRow {
    /// The Channeltivity field's name.
    pub channeltivity: String,
    /// The Salesforce field; a dotted path may be read, not written.
    pub salesforce: FieldPath,
    /// The flow when the record is imported or linked.
    pub on_create: Flow,
    /// The flow afterwards.
    pub on_update: Flow,
    /// Salesforce's value to Channeltivity's, where they differ; other values pass as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl MappingRow {
    /// Whether the row writes its Salesforce field, at whatever time.
    #[must_use]
    pub fn writes_salesforce(&self) -> bool {
        self.on_create.reaches_salesforce() || self.on_update.reaches_salesforce()
    }

    /// Salesforce's value in Channeltivity's words.
    #[must_use]
    pub fn to_channeltivity(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self
                .values
                .get(text.trim())
                .map_or_else(|| value.clone(), |mapped| Value::String(mapped.clone())),
            other => other.clone(),
        }
    }

    /// Channeltivity's value in Salesforce's words. Where several Salesforce values map to it, the one that is the same
    /// text is kept, else the first in order.
    #[must_use]
    pub fn to_salesforce(&self, value: &Value) -> Value {
        let Value::String(text) = value else {
            return value.clone();
        };
        if self.values.get(text).is_some_and(|mapped| mapped == text) {
            return value.clone();
        }
        self.values
            .iter()
            .find(|(_, mapped)| *mapped == text)
            .map_or_else(
                || value.clone(),
                |(salesforce, _)| Value::String(salesforce.clone()),
            )
    }
}

/// The second kind of row: a fixed value for a Salesforce field, sent when a record is linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedValue {
    /// The Salesforce field.
    pub salesforce: FieldPath,
    /// The value.
    pub value: Value,
}

/// The mapping of one Salesforce object: the portal's fields that it feeds, the rows, and the fixed values that it is sent.
#[derive(Clone, Copy, Debug)]
pub struct ObjectMapping<'a> {
    /// The Salesforce object.
    pub object: SalesforceObject,
    /// The Channeltivity fields, as declared.
    pub fields: &'a [Field],
    /// The mapping rows.
    pub rows: &'a [MappingRow],
    /// Fixed values for fields of the object.
    pub fixed: &'a [FixedValue],
}

impl<'a> ObjectMapping<'a> {
    /// The Channeltivity field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(values: &[(&str, &str)]) -> MappingRow {
        MappingRow {
            channeltivity: "stage".into(),
            salesforce: FieldPath::parse("StageName").unwrap(),
            on_create: Flow::Both,
            on_update: Flow::Both,
            values: values
                .iter()
                .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_value_map_works_in_both_directions_and_lets_other_values_pass() {
        let row = row(&[("Closed Won", "Won")]);

        assert_eq!(row.to_channeltivity(&json!("Closed Won")), json!("Won"));
        assert_eq!(row.to_salesforce(&json!("Won")), json!("Closed Won"));
        assert_eq!(
            row.to_channeltivity(&json!("Prospecting")),
            json!("Prospecting")
        );
        assert_eq!(row.to_salesforce(&json!(3)), json!(3));
    }

    #[test]
    fn a_value_that_maps_to_itself_stays_itself_on_the_way_back() {
        let row = row(&[("Closed", "Won"), ("Won", "Won")]);

        assert_eq!(row.to_salesforce(&json!("Won")), json!("Won"));
    }
}
