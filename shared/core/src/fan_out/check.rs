//! Looking at the fields that the settings name, before the first query of a full run goes by them.

use super::{FanOut, Stop};
use crate::{
    code::Code,
    finding::Finding,
    ports::{
        ClaimStore, Clock, ImportQueue, ListingStore, Portal, Progress, RunStore, SyncRequestQueue,
    },
    salesforce::{DescribedField, Salesforce},
    settings::Settings,
};

/// Types of fields that hold a text.
const TEXTS: [&str; 6] = [
    "string",
    "email",
    "textarea",
    "picklist",
    "combobox",
    "encryptedstring",
];

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Stops the run where a field cannot serve as what the settings name it for. Costs one call.
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

/// What is wrong with the types of the fields that the settings name. A field that is missing is not looked at: the query
/// that needs it says so.
fn wrong_types(settings: &Settings, described: &[DescribedField]) -> Vec<Finding> {
    let wrong = |(setting, path): (&str, &crate::salesforce::FieldPath)| {
        let field = described.iter().find(|field| path.is(&field.name))?;
        let (fits, needed) = if setting.ends_with("_flag") {
            (field.kind == "boolean", "a checkbox")
        } else {
            (TEXTS.contains(&field.kind.as_str()), "a text")
        };
        (!fits).then(|| {
            Finding::new(Code::SfFieldTypeWrong)
                .field(&field.label, &format!("Opportunity.{}", field.name))
                .other(format!("fields.{setting}"))
                .value(format!(
                    "it is of the type {}, and must be {needed}",
                    field.kind
                ))
        })
    };
    settings
        .party_fields()
        .into_iter()
        .filter_map(wrong)
        .collect()
}

#[cfg(test)]
mod tests {
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
    fn without_the_distributor_module_its_fields_may_be_of_any_type() {
        let mut settings = settings();
        settings.distributor_module.enabled = false;

        assert_eq!(
            wrong_types(&settings, &described(&[("Distributor__c", "double")])),
            []
        );
    }
}
