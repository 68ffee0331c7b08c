//! Salesforce record ids, and the objects whose records can be linked.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use salesforce_id::{InvalidId, SalesforceId};

/// A Salesforce object whose records can be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SalesforceObject {
    /// A Lead, key prefix `00Q`.
    Lead,
    /// An Opportunity, key prefix `006`.
    Opportunity,
}

impl SalesforceObject {
    /// Returns the object that the id's key prefix names, if its records can be linked.
    #[must_use]
    pub fn of(id: &SalesforceId) -> Option<Self> {
        match id.key_prefix() {
            "006" => Some(Self::Opportunity),
            "00Q" => Some(Self::Lead),
            _ => None,
        }
    }

    /// Returns the object's API name.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Lead => "Lead",
            Self::Opportunity => "Opportunity",
        }
    }

    /// Returns the three characters that the ids of its records begin with.
    #[must_use]
    pub fn key_prefix(self) -> &'static str {
        match self {
            Self::Lead => "00Q",
            Self::Opportunity => "006",
        }
    }
}

impl fmt::Display for SalesforceObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.api_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_names_the_object() {
        assert_eq!(
            SalesforceObject::of(&SalesforceId::parse("006dM00000Mw7Vt").unwrap()),
            Some(SalesforceObject::Opportunity)
        );
        assert_eq!(
            SalesforceObject::of(&SalesforceId::parse("00Q4S000002sSac").unwrap()),
            Some(SalesforceObject::Lead)
        );
        assert_eq!(
            SalesforceObject::of(&SalesforceId::parse("001D000000IRFma").unwrap()),
            None
        );
    }
}
