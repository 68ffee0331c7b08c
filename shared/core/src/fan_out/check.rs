//! Checking the fields that the settings name, before the first query of a full run relies on them.

use serde_json::Value;

use super::{FanOut, Stop};
use crate::{
    code::Code,
    field,
    finding::Finding,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Portal, Progress, RunStore, SyncRequestQueue,
    },
    salesforce::{DescribedField, FieldPath, Row, Salesforce},
    settings::{Settings, wanted_type},
};

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Stops the run if a field cannot serve the purpose that the settings name it for. Costs one call.
    pub(super) async fn check_fields(
        &self,
        progress: &Progress,
        settings: &Settings,
    ) -> Result<(), Stop> {
        let described = self.salesforce.describe("Opportunity").await?;
        let mut wrong = wrong_types(settings, &described).into_iter();
        let Some(first) = wrong.next() else {
            return Ok(());
        };
        for further in wrong {
            let key = format!("TYPE#{}", further.context.other);
            self.store.note(progress.run, &key, &further).await?;
        }
        Err(Stop::Fault(first))
    }
}

/// Returns a finding for each field that the settings name and that has the wrong type. A missing field is ignored: the
/// query that needs it reports it.
fn wrong_types(settings: &Settings, described: &[DescribedField]) -> Vec<Finding> {
    let wrong = |(setting, path): (&str, &FieldPath)| {
        let field = described.iter().find(|field| path.is(&field.name))?;
        let needed = wanted_type(setting, &field.kind)?;
        let is = format!("it is of the type {}, but must be {needed}", field.kind);
        Some(
            Finding::new(Code::SfFieldTypeWrong)
                .field(&field.label, &format!("Opportunity.{}", field.name))
                .other(format!("fields.{setting}"))
                .value(is),
        )
    };
    settings
        .party_fields()
        .into_iter()
        .filter_map(wrong)
        .collect()
}

/// Returns a finding for a flag that a listing shows not to be a checkbox: between full runs there is no describe.
pub(super) fn wrong_flag(settings: &Settings, rows: &[Row]) -> Option<Finding> {
    let is_wrong = |value: &Value| !matches!(value, Value::Null | Value::Bool(_));
    settings
        .fields
        .named()
        .into_iter()
        .filter(|(setting, _)| setting.ends_with("_flag"))
        .find_map(|(setting, path)| {
            let value = rows
                .iter()
                .filter_map(|row| row.get(path.as_str()))
                .find(|value| is_wrong(value))?;
            let mut finding = Finding::new(Code::SfFieldTypeWrong)
                .other(format!("fields.{setting}"))
                .value(format!(
                    "it holds {}, but must be a checkbox",
                    field::shown(value)
                ));
            finding.context.field = format!("Opportunity.{path}");
            Some(finding)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    fn described(kinds: &[(&str, &str)]) -> Vec<DescribedField> {
        let field = |(name, kind): &(&str, &str)| DescribedField {
            name: (*name).to_owned(),
            label: "Label".to_owned(),
            kind: (*kind).to_owned(),
            updateable: true,
            relationship: None,
            reference_to: Vec::new(),
            ..DescribedField::default()
        };
        kinds.iter().map(field).collect()
    }

    #[test]
    fn a_flag_is_a_checkbox_and_a_party_field_a_text() {
        let good = described(&[
            ("Sync__c", "boolean"),
            ("Import__c", "boolean"),
            ("Partner__c", "email"),
            ("Distributor__c", "string"),
            ("Owner_Type__c", "picklist"),
        ]);
        let bad = described(&[
            ("sync__C", "string"),
            ("Import__c", "picklist"),
            ("Partner__c", "reference"),
            ("Distributor__c", "double"),
            ("Owner_Type__c", "boolean"),
        ]);
        let settings_of = |described: &[DescribedField]| -> Vec<String> {
            let wrong = wrong_types(&settings(), described).into_iter();
            wrong.map(|finding| finding.context.other).collect()
        };

        assert_eq!(settings_of(&good), Vec::<String>::new());
        assert_eq!(settings_of(&[]), Vec::<String>::new());
        assert_eq!(
            settings_of(&bad),
            [
                "fields.sync_flag",
                "fields.import_flag",
                "fields.partner_email",
                "fields.distributor_email",
                "fields.deal_owner_type"
            ]
        );
    }

    #[test]
    fn a_listing_shows_a_flag_that_is_no_checkbox() {
        let wrong = |row: Value| {
            let rows: Vec<Row> = serde_json::from_value(json!([{ "Sync__c": true }, row])).unwrap();
            wrong_flag(&settings(), &rows).map(|finding| finding.context.other)
        };

        assert_eq!(wrong(json!({ "Sync__c": false, "Import__c": null })), None);
        assert_eq!(
            wrong(json!({ "Sync__c": true, "Import__c": "true" })).as_deref(),
            Some("fields.import_flag")
        );
        assert_eq!(
            wrong(json!({ "SYNC__C": 1.0 })).as_deref(),
            Some("fields.sync_flag")
        );
    }

    #[test]
    fn without_the_distributor_module_its_fields_may_be_of_any_type() {
        let mut settings = settings();
        settings.distributor_module.enabled = false;

        assert_eq!(
            wrong_types(&settings, &described(&[("Distributor__c", "double")])),
            []
        );
    }
}
