//! Records in the form that Salesforce's REST API returns.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{SalesforceId, SystemModstamp};

/// One record in the form that Salesforce's REST API returns: fields by API name, parents as nested objects, child
/// subqueries as `{"totalSize","done","records":[…]}` (complete: the client follows inner locators).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(pub Map<String, Value>);

impl Row {
    /// Returns the value at a path; [`None`] if the field is not in the row at all. A null or absent parent reads as
    /// null.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let mut value = field(&self.0, parts.next()?)?;
        for part in parts {
            match value {
                Value::Object(parent) => value = field(parent, part)?,
                _ => return Some(&Value::Null),
            }
        }
        Some(value)
    }

    /// Returns the text at a path, [`None`] for null, absent or another type.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// Returns the record's id.
    #[must_use]
    pub fn id(&self) -> Option<SalesforceId> {
        self.text("Id").and_then(|id| SalesforceId::parse(id).ok())
    }

    /// Returns the record's SystemModstamp.
    #[must_use]
    pub fn stamp(&self) -> Option<SystemModstamp> {
        self.text("SystemModstamp")
            .and_then(|stamp| SystemModstamp::parse(stamp).ok())
    }

    /// Returns `true` if a checkbox is on. Null and absent read as off.
    #[must_use]
    pub fn is_checked(&self, path: &str) -> bool {
        self.get(path).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Returns the value of a field, in whatever case: Salesforce spells keys as its schema does, however the query wrote
/// them.
pub(crate) fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name).or_else(|| {
        map.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}
