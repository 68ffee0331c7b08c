//! The Salesforce objects whose records can be linked, with all that tells one from another in one table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::SalesforceId;

/// A Salesforce object whose records can be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SalesforceObject {
    /// A Lead, key prefix `00Q`.
    Lead,
    /// An Opportunity, key prefix `006`.
    Opportunity,
}

/// A row of the table.
struct Traits {
    api_name: &'static str,
    key_prefix: &'static str,
    /// The settings that hold its fields and its mapping rows.
    fields_setting: &'static str,
    mappings_setting: &'static str,
    /// The field that the status of a link follows; none where it is the Sync Flag.
    status_field: Option<&'static str>,
    /// Fields that tell a record and its fate.
    described_by: &'static [&'static str],
    /// Standard fields that Salesforce keeps itself, beside those of every object.
    read_only: &'static [&'static str],
}

const OPPORTUNITY: Traits = Traits {
    api_name: "Opportunity",
    key_prefix: "006",
    fields_setting: "deal_fields",
    mappings_setting: "mappings",
    status_field: None,
    described_by: &["Name", "StageName", "Account.Name"],
    read_only: &[
        "ContactId",
        "ExpectedRevenue",
        "Fiscal",
        "FiscalQuarter",
        "FiscalYear",
        "ForecastCategory",
        "HasOpenActivity",
        "HasOpportunityLineItem",
        "HasOverdueTask",
        "IsClosed",
        "IsWon",
        "LastStageChangeDate",
        "PushCount",
    ],
};

const LEAD: Traits = Traits {
    api_name: "Lead",
    key_prefix: "00Q",
    fields_setting: "lead_fields",
    mappings_setting: "lead_mappings",
    // A Lead need not have the Sync Flag.
    status_field: Some("IsConverted"),
    described_by: &[
        "Name",
        "Company",
        "Status",
        "IsConverted",
        "ConvertedOpportunityId",
        "MasterRecordId",
    ],
    read_only: &[
        "Address",
        "ConvertedAccountId",
        "ConvertedContactId",
        "ConvertedDate",
        "ConvertedOpportunityId",
        "IsConverted",
        "MasterRecordId",
        "Name",
    ],
};

/// Standard fields of every object that Salesforce keeps itself.
const READ_ONLY: [&str; 10] = [
    "Id",
    "IsDeleted",
    "CreatedById",
    "CreatedDate",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
];

impl SalesforceObject {
    /// Every one, in the order of their ids.
    pub const ALL: [Self; 2] = [Self::Opportunity, Self::Lead];

    const fn traits(self) -> &'static Traits {
        match self {
            Self::Lead => &LEAD,
            Self::Opportunity => &OPPORTUNITY,
        }
    }

    /// Returns the object that the id's key prefix names, if its records can be linked.
    #[must_use]
    pub fn of(id: &SalesforceId) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|object| object.key_prefix() == id.key_prefix())
    }

    /// Returns the object's API name.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        self.traits().api_name
    }

    /// Returns the three characters that its records' ids begin with.
    #[must_use]
    pub fn key_prefix(self) -> &'static str {
        self.traits().key_prefix
    }

    /// Returns `true` for the object whose records are imported; those of the others are linked by hand alone.
    #[must_use]
    pub fn is_imported(self) -> bool {
        self == Self::Opportunity
    }

    /// Returns the name of the setting that holds its fields.
    pub(crate) fn fields_setting(self) -> &'static str {
        self.traits().fields_setting
    }

    /// Returns the name of the setting that holds its mapping rows.
    #[must_use]
    pub fn mappings_setting(self) -> &'static str {
        self.traits().mappings_setting
    }

    /// Returns the field that the status of a link follows; none where it is the Sync Flag.
    pub(crate) fn status_field(self) -> Option<&'static str> {
        self.traits().status_field
    }

    /// Returns fields that tell a record and its fate, beside mapped ones.
    pub(crate) fn described_by(self) -> &'static [&'static str] {
        self.traits().described_by
    }

    /// Returns `true` for a standard field that Salesforce keeps itself.
    pub(crate) fn keeps(self, field: &str) -> bool {
        READ_ONLY
            .iter()
            .chain(self.traits().read_only)
            .any(|name| name.eq_ignore_ascii_case(field))
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
