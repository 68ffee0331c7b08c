//! The integration's settings: field names, switches, Deal fields and mappings. Versioned; an administrator edits them.

mod check;
mod offer;
mod org;
mod record_fields;
mod send;
mod standard;
mod written;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId, SalesforceObject,
    budget::ApiBudget,
    field::Field,
    mapping::{FixedValue, MappingRow, Master, ObjectMapping},
    salesforce::FieldPath,
};

pub use check::InvalidSetting;
pub use offer::{OfferedField, OfferedObject, Serving, offered};
pub use org::OrgFindings;
pub(crate) use org::wanted_type;
pub use record_fields::{Declared, FieldCode, InvalidField, fitted};
pub use send::{SendMode, SendSettings, SendTarget, Sending};
pub use standard::{STAGE, first};
pub use written::InvalidSettings;

/// The settings of the Deal Registration integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The id of the connected Salesforce org.
    pub organization_id: SalesforceId,
    /// Its My Domain name.
    pub my_domain: String,
    /// `true` if the integration runs at all.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// The API names of the five fields on the Opportunity that are the customer's choice.
    pub fields: FieldNames,
    /// The Distributor module's switches.
    #[serde(default)]
    pub distributor_module: DistributorModule,
    /// The Deal fields.
    pub deal_fields: Vec<Field>,
    /// The mapping rows.
    pub mappings: Vec<MappingRow>,
    /// The fields of a record that is linked to a Salesforce Lead.
    #[serde(
        default = "standard::lead_fields",
        skip_serializing_if = "standard::is_lead_fields"
    )]
    pub lead_fields: Vec<Field>,
    /// The mapping rows for a Salesforce Lead.
    #[serde(
        default = "standard::lead_mappings",
        skip_serializing_if = "standard::is_lead_mappings"
    )]
    pub lead_mappings: Vec<MappingRow>,
    /// Fixed values for Salesforce fields, sent when a record is linked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed_values: Vec<FixedValue>,
    /// The currencies that the portal takes; all when empty. Only orgs with several currencies have the field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub currencies: Vec<String>,
    /// The overlap, in minutes: the distance before the watermark from which an incremental run reads again.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub overlap_minutes: u32,
    /// The first step of a registration.
    #[serde(default = "submitted", skip_serializing_if = "is_submitted")]
    pub default_registration_status: String,
    /// The side that wins if a field of a linked record was changed on both; a mapping row may say otherwise.
    #[serde(default, skip_serializing_if = "is_salesforce")]
    pub conflicts: Master,
    /// The part of the org's API calls that scheduled work may spend.
    #[serde(default, skip_serializing_if = "is_usual_budget")]
    pub api_budget: ApiBudget,
    /// `true` if only administrators may link.
    #[serde(default, skip_serializing_if = "is_no")]
    pub link_requires_admin: bool,
    /// The creation of the portal's records in Salesforce.
    #[serde(default, skip_serializing_if = "send::is_default_send")]
    pub send: SendSettings,
}

/// API names on the Opportunity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldNames {
    /// "Sync with Channeltivity".
    pub sync_flag: FieldPath,
    /// "Export to Channeltivity Deal".
    pub import_flag: FieldPath,
    /// "Channeltivity Partner Email".
    pub partner_email: FieldPath,
    /// "Channeltivity Distributor Email": only with the Distributor module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributor_email: Option<FieldPath>,
    /// "Deal Owner Type": only with the Distributor module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_owner_type: Option<FieldPath>,
}

/// The Distributor module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistributorModule {
    /// `true` if the module is on.
    pub enabled: bool,
    /// `true` if every Deal needs a Distributor.
    pub partners_must_select_distributor: bool,
    /// `true` if a Distributor-Owned Deal may come without a Partner.
    pub distributor_deals_may_omit_partner: bool,
}

fn yes() -> bool {
    true
}

fn ten() -> u32 {
    10
}

fn submitted() -> String {
    "Submitted".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_no(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_ten(value: &u32) -> bool {
    *value == 10
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_salesforce(value: &Master) -> bool {
    *value == Master::Salesforce
}

fn is_usual_budget(value: &ApiBudget) -> bool {
    *value == ApiBudget::default()
}

fn is_submitted(value: &str) -> bool {
    value == "Submitted"
}

impl Settings {
    /// Returns the Deal field with this name.
    #[must_use]
    pub fn deal_field(&self, name: &str) -> Option<&Field> {
        self.deal_fields.iter().find(|field| field.name == name)
    }

    /// Returns the fields and rows that belong to a Salesforce object.
    #[must_use]
    pub fn mapping(&self, object: SalesforceObject) -> ObjectMapping<'_> {
        match object {
            SalesforceObject::Opportunity => ObjectMapping {
                object,
                fields: &self.deal_fields,
                rows: &self.mappings,
                fixed: &self.fixed_values,
            },
            SalesforceObject::Lead => ObjectMapping {
                object,
                fields: &self.lead_fields,
                rows: &self.lead_mappings,
                fixed: &[],
            },
        }
    }

    /// Returns `true` if a mapping may write a Salesforce field: it belongs to the record itself and is not one of the
    /// integration's flags.
    #[must_use]
    pub fn writes(&self, path: &FieldPath) -> bool {
        let flags = [&self.fields.sync_flag, &self.fields.import_flag];
        !path.is_parent_path() && !flags.iter().any(|flag| flag.is(path.as_str()))
    }

    /// Returns the overlap: the distance before the watermark from which an incremental run reads again.
    #[must_use]
    pub fn overlap(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.overlap_minutes))
    }

    /// Returns the fields on the Opportunity whose API names are settings and that the import reads, with the names of
    /// their settings: without the Distributor module, its two fields are ignored.
    #[must_use]
    pub fn party_fields(&self) -> Vec<(&'static str, &FieldPath)> {
        let is_read = |name: &str| {
            self.distributor_module.enabled
                || !matches!(name, "distributor_email" | "deal_owner_type")
        };
        let named = self.fields.named().into_iter();
        named.filter(|(name, _)| is_read(name)).collect()
    }
}

impl FieldNames {
    /// Returns the fields that are set, with the names of their settings.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, &FieldPath)> {
        [
            ("sync_flag", Some(&self.sync_flag)),
            ("import_flag", Some(&self.import_flag)),
            ("partner_email", Some(&self.partner_email)),
            ("distributor_email", self.distributor_email.as_ref()),
            ("deal_owner_type", self.deal_owner_type.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path?)))
        .collect()
    }

    /// Returns the fields that hold the email addresses of portal users.
    #[must_use]
    pub fn emails(&self, module: &DistributorModule) -> Vec<&FieldPath> {
        let distributor = self.distributor_email.as_ref();
        std::iter::once(&self.partner_email)
            .chain(distributor.filter(|_| module.enabled))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    #[test]
    fn an_unknown_setting_is_refused() {
        let mut value = serde_json::to_value(settings()).unwrap();
        value["distributor_module"]["on"] = json!(true);

        let error = serde_json::from_value::<Settings>(value)
            .unwrap_err()
            .to_string();

        assert!(error.contains("unknown field `on`"), "{error}");
    }

    #[test]
    fn without_the_distributor_module_its_fields_may_be_left_out_and_with_it_they_are_needed() {
        let mut value = serde_json::to_value(settings()).unwrap();
        let fields = value["fields"].as_object_mut().unwrap();
        fields.retain(|name, _| !matches!(name.as_str(), "distributor_email" | "deal_owner_type"));
        let mut settings: Settings = serde_json::from_value(value).unwrap();

        let places = |settings: &Settings| -> Vec<String> {
            let wrong = settings.check().err().unwrap_or_default();
            wrong.into_iter().map(|wrong| wrong.place).collect()
        };

        assert_eq!(
            places(&settings),
            ["fields.distributor_email", "fields.deal_owner_type"]
        );
        settings.distributor_module.enabled = false;
        assert_eq!(places(&settings), Vec::<String>::new());
    }
}
