//! The integration's settings: field names, switches, Deal fields and mappings. Versioned; an administrator edits them.

use std::collections::HashSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    field::{Field, FieldType},
    mapping::{FixedValue, MappingRow},
    salesforce::FieldPath,
};

/// The Deal field that every Deal needs, by design.
pub const STAGE: &str = "stage";

/// The settings of the Deal Registration integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The id of the connected Salesforce org.
    pub organization_id: SalesforceId,
    /// Its My Domain name.
    pub my_domain: String,
    /// Whether the integration runs at all.
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
    /// How far before the mark an incremental run reads again, in minutes.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub overlap_minutes: u32,
    /// The first step of a registration.
    #[serde(default = "submitted", skip_serializing_if = "is_submitted")]
    pub default_registration_status: String,
    /// Whether only administrators may link.
    #[serde(default, skip_serializing_if = "is_no")]
    pub link_requires_admin: bool,
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
    /// "Channeltivity Distributor Email".
    pub distributor_email: FieldPath,
    /// "Deal Owner Type".
    pub deal_owner_type: FieldPath,
}

/// The Distributor module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistributorModule {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether every Deal needs a Distributor.
    pub partners_must_select_distributor: bool,
    /// Whether a Distributor-Owned Deal may come without a Partner.
    pub distributor_deals_may_omit_partner: bool,
}

/// The standard set for Leads, pre-filled.
mod standard {
    use crate::{
        field::{Field, FieldType},
        mapping::{Flow, MappingRow},
        salesforce::FieldPath,
    };

    const LEAD: [(&str, FieldType, &str); 8] = [
        ("first_name", FieldType::Text, "FirstName"),
        ("last_name", FieldType::Text, "LastName"),
        ("company", FieldType::Text, "Company"),
        ("email", FieldType::Email, "Email"),
        ("phone", FieldType::Phone, "Phone"),
        ("title", FieldType::Text, "Title"),
        ("website", FieldType::Url, "Website"),
        ("description", FieldType::LongText, "Description"),
    ];

    pub(super) fn lead_fields() -> Vec<Field> {
        let field = |(name, kind, _): &(&str, FieldType, &str)| Field {
            name: (*name).to_owned(),
            label: None,
            kind: *kind,
            required: false,
            values: Vec::new(),
            max_length: None,
        };
        LEAD.iter().map(field).collect()
    }

    pub(super) fn lead_mappings() -> Vec<MappingRow> {
        let row = |(name, _, salesforce): &(&str, FieldType, &str)| {
            Some(MappingRow {
                channeltivity: (*name).to_owned(),
                salesforce: FieldPath::parse(salesforce).ok()?,
                on_create: Flow::Both,
                on_update: Flow::Both,
                values: std::collections::BTreeMap::new(),
            })
        };
        LEAD.iter().filter_map(row).collect()
    }

    pub(super) fn is_lead_fields(fields: &[Field]) -> bool {
        fields == lead_fields()
    }

    pub(super) fn is_lead_mappings(rows: &[MappingRow]) -> bool {
        rows == lead_mappings()
    }
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

fn is_submitted(value: &str) -> bool {
    value == "Submitted"
}

/// Something in the settings that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct InvalidSetting {
    /// Where, as a path into the settings.
    pub place: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Settings {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn check(&self) -> Result<(), Vec<InvalidSetting>> {
        let mut wrong = Vec::new();
        let mut add =
            |place: String, problem: String| wrong.push(InvalidSetting { place, problem });
        if self.organization_id.key_prefix() != "00D" {
            add(
                "organization_id".into(),
                format!(
                    "{} is no organization's id: it begins with 00D",
                    self.organization_id
                ),
            );
        }
        let label_ok = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !label_ok(&self.my_domain) {
            add(
                "my_domain".into(),
                format!(
                    "{:?} is no My Domain name: give the part before .my.salesforce.com",
                    self.my_domain
                ),
            );
        }
        let mut names = HashSet::new();
        for (at, field) in self.deal_fields.iter().enumerate() {
            if field.name.trim().is_empty() || !names.insert(field.name.as_str()) {
                add(
                    format!("deal_fields[{at}].name"),
                    format!(
                        "{:?} is empty or stands twice: each Deal field needs a name of its own",
                        field.name
                    ),
                );
            }
            if matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist)
                && field.values.iter().any(|value| value.trim().is_empty())
            {
                add(
                    format!("deal_fields[{at}].values"),
                    "a picklist value is blank: remove it".into(),
                );
            }
        }
        if self.deal_fields.is_empty() {
            add(
                "deal_fields".into(),
                "no Deal field is declared: a Deal needs at least its stage".into(),
            );
        }
        let mut mapped = HashSet::new();
        for (at, row) in self.mappings.iter().enumerate() {
            if !names.contains(row.channeltivity.as_str()) {
                add(
                    format!("mappings[{at}].channeltivity"),
                    format!(
                        "there is no Deal field {:?}: declare it in deal_fields, or remove the row",
                        row.channeltivity
                    ),
                );
            }
            if !mapped.insert(row.channeltivity.as_str()) {
                add(
                    format!("mappings[{at}].channeltivity"),
                    format!(
                        "the Deal field {:?} is mapped twice: keep one row",
                        row.channeltivity
                    ),
                );
            }
            if row.salesforce.is_parent_path()
                && (row.on_create.reaches_salesforce() || row.on_update.reaches_salesforce())
            {
                add(
                    format!("mappings[{at}].salesforce"),
                    format!(
                        "{} belongs to a parent record, which can be read but not written: use the flow to_channeltivity",
                        row.salesforce
                    ),
                );
            }
        }
        for (at, fixed) in self.fixed_values.iter().enumerate() {
            if fixed.salesforce.is_parent_path()
                || fixed.value.is_object()
                || fixed.value.is_array()
            {
                add(format!("fixed_values[{at}]"), "a fixed value is a text, a number, true or false for a field of the record itself".into());
            }
        }
        for (name, path) in self.fields.named() {
            if path.is_parent_path() {
                add(
                    format!("fields.{name}"),
                    format!("{path} belongs to a parent record: name a field of the Opportunity"),
                );
            }
        }
        if self.overlap_minutes > 24 * 60 {
            add(
                "overlap_minutes".into(),
                "at most 1440 (a day): the daily run reads everything".into(),
            );
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The Deal field of that name.
    #[must_use]
    pub fn deal_field(&self, name: &str) -> Option<&Field> {
        self.deal_fields.iter().find(|field| field.name == name)
    }

    /// How far before the mark an incremental run reads again.
    #[must_use]
    pub fn overlap(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.overlap_minutes))
    }

    /// Every Opportunity field that the import reads, each once.
    #[must_use]
    pub fn opportunity_fields(&self) -> Vec<FieldPath> {
        let mut fields: Vec<FieldPath> = self
            .fields
            .named()
            .into_iter()
            .map(|(_, path)| path.clone())
            .collect();
        let mapped = self.mappings.iter().filter(|row| {
            row.on_create.reaches_channeltivity() || row.on_update.reaches_channeltivity()
        });
        for path in mapped.map(|row| &row.salesforce) {
            if !fields
                .iter()
                .any(|known| known.as_str().eq_ignore_ascii_case(path.as_str()))
            {
                fields.push(path.clone());
            }
        }
        fields
    }
}

impl FieldNames {
    /// The five, with the names of their settings.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &FieldPath); 5] {
        [
            ("sync_flag", &self.sync_flag),
            ("import_flag", &self.import_flag),
            ("partner_email", &self.partner_email),
            ("distributor_email", &self.distributor_email),
            ("deal_owner_type", &self.deal_owner_type),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    #[test]
    fn settings_that_contradict_nothing_pass() {
        assert_eq!(settings().check(), Ok(()));
    }

    #[test]
    fn every_contradiction_is_named_with_its_place() {
        let mut settings = settings();
        settings.my_domain = "acme.my.salesforce.com".into();
        settings.mappings[0].channeltivity = "nothing".into();
        settings.mappings[1].salesforce = FieldPath::parse("Account.Name").unwrap();
        settings.overlap_minutes = 5000;

        let places: Vec<String> = settings
            .check()
            .unwrap_err()
            .into_iter()
            .map(|wrong| wrong.place)
            .collect();

        assert_eq!(
            places,
            [
                "my_domain",
                "mappings[0].channeltivity",
                "mappings[1].salesforce",
                "overlap_minutes"
            ]
        );
    }

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
    fn each_field_is_read_once_and_only_if_its_value_comes_here() {
        let fields: Vec<String> = settings()
            .opportunity_fields()
            .iter()
            .map(ToString::to_string)
            .collect();

        assert_eq!(
            fields,
            [
                "Sync__c",
                "Import__c",
                "Partner__c",
                "Distributor__c",
                "Owner_Type__c",
                "Name",
                "StageName",
                "Amount",
                "CloseDate"
            ]
        );
    }
}
