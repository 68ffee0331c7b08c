//! Describe: the fields of an object.

use dealbridge_core::salesforce::{DescribedField, FieldPath, SalesforceError};
use serde::Deserialize;

use crate::{answer::Answer, api_usage::CallKind, call::Call, client::SalesforceClient};

impl SalesforceClient {
    /// The fields of an object that the session sees.
    pub(crate) async fn described(
        &self,
        object: &str,
    ) -> Result<Vec<DescribedField>, SalesforceError> {
        #[derive(Deserialize)]
        struct Described {
            fields: Vec<Field>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Field {
            name: String,
            label: String,
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            picklist_values: Vec<Choice>,
            updateable: bool,
            #[serde(default)]
            createable: bool,
            #[serde(default)]
            nillable: bool,
            #[serde(default, rename = "defaultedOnCreate")]
            defaulted: bool,
            #[serde(default)]
            external_id: bool,
            #[serde(default)]
            unique: bool,
            #[serde(default)]
            case_sensitive: bool,
            relationship_name: Option<String>,
            #[serde(default)]
            reference_to: Vec<String>,
        }

        #[derive(Deserialize)]
        struct Choice {
            value: String,
            active: bool,
        }

        // A name of Salesforce's shape cannot change the path.
        if FieldPath::parse(object).is_ok_and(|name| !name.is_parent_path()) {
            let path = self.path(&format!("sobjects/{object}/describe"));
            let call = Call::get(CallKind::Describe, &path, Some(object));
            let (described, _) = self.make(&call, Answer::json::<Described>).await.result?;
            return Ok(described
                .fields
                .into_iter()
                .map(|field| DescribedField {
                    name: field.name,
                    label: field.label,
                    kind: field.kind,
                    values: field
                        .picklist_values
                        .into_iter()
                        .filter(|choice| choice.active)
                        .map(|choice| choice.value)
                        .collect(),
                    updateable: field.updateable,
                    createable: field.createable,
                    nillable: field.nillable,
                    defaulted: field.defaulted,
                    external_id: field.external_id,
                    unique: field.unique,
                    case_sensitive: field.case_sensitive,
                    relationship: field.relationship_name,
                    reference_to: field.reference_to,
                })
                .collect());
        }
        Err(SalesforceError::NotConfigured {
            detail: format!(
                "{:?} is not the API name of an object",
                object.chars().take(80).collect::<String>()
            ),
        })
    }
}
