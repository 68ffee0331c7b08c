//! Salesforce's refusals of a record that was to be created, in the Integration Log's terms.

use crate::{
    SalesforceObject,
    code::Code,
    finding::Finding,
    salesforce::{Match, SalesforceError},
};

/// A refusal in Salesforce's own terms.
pub(super) struct Refused<'a> {
    /// Salesforce's errorCode.
    pub(super) code: &'a str,
    /// Salesforce's message.
    pub(super) message: &'a str,
    /// The fields that it names.
    pub(super) fields: &'a [String],
    /// The records that stand in the way.
    pub(super) duplicates: &'a [Match],
}

/// Salesforce's code for a row that another transaction holds: it passes by itself.
const LOCKED: &str = "UNABLE_TO_LOCK_ROW";

impl Refused<'_> {
    /// Returns `true` if it passes by itself, as where a trigger met a locked row.
    pub(super) fn passes(&self) -> bool {
        self.code == LOCKED || self.message.contains(LOCKED)
    }

    /// Returns the finding.
    pub(super) fn finding(&self, object: SalesforceObject) -> Finding {
        let code = self.log_code();
        let mut finding = Finding::new(code)
            .value(sentence(self.message))
            .other(object.api_name());
        finding.context.field = match (code, self.fields) {
            (Code::SfDuplicateDetected, _) => self.matches(),
            (_, []) => "no field is named".to_owned(),
            (_, fields) => fields.join(", "),
        };
        let mut details = format!("{}: {}", self.code, self.message);
        for found in self.duplicates {
            details = format!("{details}; {} {}", found.object, found.id);
        }
        finding.details(details)
    }

    fn log_code(&self) -> Code {
        let is_about_the_type = || {
            self.fields
                .iter()
                .any(|field| field.eq_ignore_ascii_case("RecordTypeId"))
                || self.message.to_ascii_lowercase().contains("record type")
        };
        match self.code {
            "REQUIRED_FIELD_MISSING" => Code::SfRequiredFieldMissing,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION" => Code::SfValidationRule,
            "DUPLICATES_DETECTED" | "DUPLICATE_VALUE" => Code::SfDuplicateDetected,
            "INVALID_CROSS_REFERENCE_KEY" | "INVALID_RECORD_TYPE" | "MALFORMED_ID"
                if is_about_the_type() =>
            {
                Code::SfRecordTypeInvalid
            }
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => Code::SfPicklistRestricted,
            "STRING_TOO_LONG" => Code::SfValueTooLong,
            "INVALID_FIELD_FOR_INSERT_UPDATE" | "INVALID_FIELD" => Code::SfFieldNotWritable,
            // Without the right to create the object, Salesforce says so by the code of a failed trigger.
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
                if self.message.contains("entity type cannot") =>
            {
                Code::SfInsufficientAccess
            }
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
            | "CANNOT_EXECUTE_FLOW_TRIGGER"
            | "APEX_ERROR" => Code::SfApexFailed,
            code if code.starts_with("INSUFFICIENT_ACCESS") => Code::SfInsufficientAccess,
            _ => Code::SfValueRefused,
        }
    }

    fn matches(&self) -> String {
        if self.duplicates.is_empty() {
            return "a record that the integration user cannot see".to_owned();
        }
        let name = |found: &Match| match found.object.as_str() {
            "" => format!("the record {}", found.id),
            object => format!("the {object} {}", found.id),
        };
        self.duplicates
            .iter()
            .map(name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Returns the finding about an error that stays until someone mends the record, the settings or the org; none for one
/// that passes by itself.
pub(super) fn of_error(error: &SalesforceError, object: SalesforceObject) -> Option<Finding> {
    match error {
        SalesforceError::FieldMissing {
            object: named,
            field,
        } => {
            let mut finding = Finding::new(Code::SfFieldNotWritable)
                .value("Salesforce has no such field, or hides it from the integration user.")
                .other(object.api_name())
                .details(error.to_string());
            finding.context.field = format!("{named}.{field}");
            Some(finding)
        }
        SalesforceError::PermissionDenied { detail } => Some(
            Finding::new(Code::SfInsufficientAccess)
                .value(sentence(detail))
                .other(object.api_name())
                .details(error.to_string()),
        ),
        SalesforceError::Refused {
            code,
            message,
            fields,
            ..
        } => {
            let refused = Refused {
                code,
                message,
                fields,
                duplicates: &[],
            };
            (!refused.passes()).then(|| refused.finding(object))
        }
        _ => None,
    }
}

/// Ends a text as a sentence ends.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SalesforceId;

    fn code(code: &str, message: &str, fields: &[&str]) -> Code {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let refused = Refused {
            code,
            message,
            fields: &fields,
            duplicates: &[],
        };
        refused.finding(SalesforceObject::Lead).code
    }

    #[test]
    fn each_refusal_of_salesforce_has_a_code_that_says_who_can_mend_it() {
        for (salesforce, message, fields, ours) in [
            (
                "REQUIRED_FIELD_MISSING",
                "Required fields are missing: [X]",
                &["X"][..],
                Code::SfRequiredFieldMissing,
            ),
            (
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "Call first",
                &[],
                Code::SfValidationRule,
            ),
            (
                "DUPLICATES_DETECTED",
                "Use one of these records?",
                &[],
                Code::SfDuplicateDetected,
            ),
            (
                "DUPLICATE_VALUE",
                "duplicate value found",
                &[],
                Code::SfDuplicateDetected,
            ),
            (
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                "bad value",
                &["LeadSource"],
                Code::SfPicklistRestricted,
            ),
            (
                "STRING_TOO_LONG",
                "data value too large",
                &["Title"],
                Code::SfValueTooLong,
            ),
            (
                "INVALID_CROSS_REFERENCE_KEY",
                "Record Type ID: this ID value isn't valid for the user",
                &["RecordTypeId"],
                Code::SfRecordTypeInvalid,
            ),
            (
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
                Code::SfValueRefused,
            ),
            (
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: X",
                &["X"],
                Code::SfFieldNotWritable,
            ),
            (
                "INSUFFICIENT_ACCESS_OR_READONLY",
                "insufficient access",
                &[],
                Code::SfInsufficientAccess,
            ),
            (
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "T: execution of BeforeInsert",
                &[],
                Code::SfApexFailed,
            ),
            (
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "entity type cannot be inserted: Lead",
                &[],
                Code::SfInsufficientAccess,
            ),
            (
                "INVALID_EMAIL_ADDRESS",
                "Email: invalid email address: x",
                &["Email"],
                Code::SfValueRefused,
            ),
        ] {
            assert_eq!(code(salesforce, message, fields), ours, "{salesforce}");
        }
    }

    #[test]
    fn a_duplicate_names_the_records_that_it_could_be_linked_to() {
        let duplicates = [Match {
            object: "Lead".into(),
            id: SalesforceId::parse("00Q4S000002sSac").unwrap(),
        }];
        let refused = Refused {
            code: "DUPLICATES_DETECTED",
            message: "Use one of these records?",
            fields: &[],
            duplicates: &duplicates,
        };

        let finding = refused.finding(SalesforceObject::Lead);
        let (message, suggestion) = finding.sentences("Deal D-17");

        assert_eq!(
            message,
            "A duplicate rule of Salesforce refuses Deal D-17 as a Lead, because it is much like the Lead 00Q4S000002sSacUAE: Use one of these records?"
        );
        assert!(suggestion.starts_with("Link the record to one of those"));
        assert!(finding.details.unwrap().contains("00Q4S000002sSacUAE"));
    }

    #[test]
    fn a_row_that_a_trigger_met_locked_is_no_problem_of_the_record() {
        let refused = |code, message| Refused {
            code,
            message,
            fields: &[],
            duplicates: &[],
        };
        assert!(refused("UNABLE_TO_LOCK_ROW", "").passes());
        assert!(
            refused(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "first error: UNABLE_TO_LOCK_ROW"
            )
            .passes()
        );
        assert!(!refused("STRING_TOO_LONG", "").passes());
    }
}
