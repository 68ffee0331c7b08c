//! Standard fields that Salesforce keeps itself.

use crate::{SalesforceObject, salesforce::FieldPath};

/// The read-only fields by object, those of every object first (Object Reference, "System Fields", Opportunity, Lead).
const READ_ONLY: [(Option<SalesforceObject>, &[&str]); 3] = [
    (
        None,
        &[
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
        ],
    ),
    (
        Some(SalesforceObject::Opportunity),
        &[
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
    ),
    (
        Some(SalesforceObject::Lead),
        &[
            "Address",
            "ConvertedAccountId",
            "ConvertedContactId",
            "ConvertedDate",
            "ConvertedOpportunityId",
            "IsConverted",
            "MasterRecordId",
            "Name",
        ],
    ),
];

/// Returns `true` if a field is one of them.
pub(super) fn includes(object: SalesforceObject, path: &FieldPath) -> bool {
    READ_ONLY
        .iter()
        .filter(|(of, _)| of.is_none_or(|of| of == object))
        .flat_map(|(_, names)| names.iter())
        .any(|name| name.eq_ignore_ascii_case(path.as_str()))
}
