//! Run-level faults: Salesforce as a whole, as the Integration Log describes it.

use crate::{
    SalesforceObject,
    code::Code,
    finding::Finding,
    salesforce::{OBJECT_ITSELF, SalesforceError},
    settings::Settings,
};

/// Returns a Salesforce fault as a finding.
#[must_use]
pub fn finding(error: &SalesforceError) -> Finding {
    let (code, value) = match error {
        SalesforceError::AuthFailed { detail } => (Code::SfAuthFailed, detail.clone()),
        SalesforceError::ApiDisabled { detail } => (Code::SfApiDisabled, detail.clone()),
        SalesforceError::PermissionDenied { detail } => (Code::SfPermissionDenied, detail.clone()),
        SalesforceError::RequestLimit { detail } => (Code::SfRequestLimit, detail.clone()),
        SalesforceError::NotConfigured { detail } => (Code::SfNotConfigured, detail.clone()),
        SalesforceError::BudgetSpent { what, goes_on } => {
            return Finding::new(Code::SfBudgetSpent)
                .value(what.as_str())
                .other(goes_on.as_str());
        }
        SalesforceError::OrgChanged {
            settings,
            connected,
        } => {
            return Finding::new(Code::SfOrgChanged)
                .value(connected.to_string())
                .other(settings.to_string());
        }
        SalesforceError::FieldMissing { object, field } => {
            let mut finding = Finding::new(Code::SfFieldMissing);
            finding.context.field = format!("{object}.{field}");
            return finding;
        }
        SalesforceError::TooLarge { detail } => (Code::SfQueryTooLarge, detail.clone()),
        SalesforceError::Unavailable { detail } | SalesforceError::NoAnswer { detail } => {
            (Code::SfUnavailable, detail.clone())
        }
        SalesforceError::LocatorExpired => (
            Code::SfUnavailable,
            "the query locator kept expiring".to_owned(),
        ),
        SalesforceError::Refused {
            status,
            code,
            message,
            ..
        } => {
            let finding = match error.refused_field() {
                Some(field) => {
                    let mut finding = Finding::new(Code::SfFieldTypeWrong)
                        .value(message.as_str())
                        .other("that names it");
                    field.clone_into(&mut finding.context.field);
                    finding
                }
                // The code of the error decides, so that both say the same.
                None => Finding::new(Code::parse(error.code()).unwrap_or(Code::SfQueryRefused))
                    .value(format!("{code}: {message}")),
            };
            return finding.details(format!("HTTP {status} {code}"));
        }
    };
    Finding::new(code).value(value)
}

/// Returns a Salesforce fault as a finding that names the setting it is about.
#[must_use]
pub fn finding_by_setting(error: &SalesforceError, settings: &Settings) -> Finding {
    let mut finding = finding(error);
    let field = match error {
        SalesforceError::FieldMissing { field, .. } => Some(field.as_str()),
        error => error.refused_field(),
    };
    let named = settings.fields.named().into_iter();
    let setting = named
        .filter(|(_, path)| field.is_some_and(|field| path.is(field)))
        .map(|(name, _)| format!("fields.{name}"))
        .next();
    if let Some(setting) = setting {
        if finding.code == Code::SfFieldMissing {
            finding.context.value = format!("; it is named by the setting {setting}");
        } else {
            finding.context.other = setting;
        }
    }
    finding
}

/// Returns the finding, with its key, for an object that cannot be read: links to its records stay as they are.
pub(crate) fn hidden(object: SalesforceObject) -> (String, Finding) {
    let mut finding = Finding::new(Code::SfFieldMissing).value(format!(
        "; links to {object}s stay as they are until it can be read"
    ));
    finding.context.field = format!("{object}.{OBJECT_ITSELF}");
    (format!("OBJECT#{object}"), finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::settings;

    fn refused(code: &str, message: &str) -> SalesforceError {
        SalesforceError::Refused {
            status: 400,
            code: code.into(),
            message: message.into(),
            fields: vec![],
        }
    }

    #[test]
    fn a_refused_query_is_a_fault_of_the_settings_and_names_the_one_that_it_is_about() {
        let of_type = "value of filter criterion for field 'import__C' must be of type string and should be enclosed in quotes";
        let unfilterable = "field 'Partner__c' can not be filtered in a query call";
        for (error, code, names) in [
            (
                refused("INVALID_FIELD", of_type),
                Code::SfFieldTypeWrong,
                "fields.import_flag",
            ),
            (
                refused("INVALID_FIELD", unfilterable),
                Code::SfFieldTypeWrong,
                "fields.partner_email",
            ),
            (
                refused("INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
                Code::SfQueryRefused,
                "invalid operator",
            ),
            (
                refused("MALFORMED_QUERY", "unexpected token: 'x'"),
                Code::SfQueryRefused,
                "unexpected token",
            ),
            (
                SalesforceError::FieldMissing {
                    object: "Opportunity".into(),
                    field: "Sync__c".into(),
                },
                Code::SfFieldMissing,
                "fields.sync_flag",
            ),
            (
                refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"),
                Code::SfUnavailable,
                "exclusive access",
            ),
        ] {
            let finding = finding_by_setting(&error, &settings());

            let (message, suggestion) = finding.sentences("the run");
            assert_eq!(finding.code, code, "{error}");
            assert_eq!(error.code(), code.as_str(), "{error}");
            assert!(message.contains(names), "{message}");
            assert_eq!(
                error.is_configuration(),
                !suggestion.contains("Nothing to do"),
                "{suggestion}"
            );
        }
    }
}
