//! The standard sets of fields and mapping rows: those for Leads, and those that the first settings begin with.

use serde_json::{Value, json};

use crate::{
    field::{Field, FieldType},
    mapping::{Flow, MappingRow},
    salesforce::FieldPath,
};

/// The Deal field that every Deal needs, by design.
pub const STAGE: &str = "stage";

/// Returns what the first settings of a deployment begin with: the names that the deployment guide gives the fields, and
/// what every Opportunity has. The stages are those of the org, where it names them.
#[must_use]
pub fn first(organization_id: &str, my_domain: &str, stages: &[String]) -> Value {
    let stage = if stages.is_empty() {
        json!({ "name": STAGE, "type": "text", "required": true })
    } else {
        json!({ "name": STAGE, "type": "picklist", "required": true, "values": stages })
    };
    let row = |field: &str, salesforce: &str| json!({ "channeltivity": field, "salesforce": salesforce, "on_create": "both", "on_update": "both" });
    json!({
        "organization_id": organization_id,
        "my_domain": my_domain,
        "fields": {
            "sync_flag": "Sync_with_Channeltivity__c",
            "import_flag": "Export_to_Channeltivity_Deal__c",
            "partner_email": "Channeltivity_Partner_Email__c",
            "distributor_email": "Channeltivity_Distributor_Email__c",
            "deal_owner_type": "Deal_Owner_Type__c",
        },
        "distributor_module": {},
        "deal_fields": [
            { "name": "name", "type": "text", "required": true },
            stage,
            { "name": "amount", "type": "currency" },
            { "name": "close_date", "type": "date" },
            { "name": "description", "type": "long_text" },
        ],
        "mappings": [
            row("name", "Name"),
            row(STAGE, "StageName"),
            row("amount", "Amount"),
            row("close_date", "CloseDate"),
            row("description", "Description"),
        ],
    })
}

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
            conflicts: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn the_first_settings_need_nothing_more_than_the_org() {
        for stages in [vec![], vec!["Won".to_owned(), "Lost".to_owned()]] {
            let first = first("00DbY000000001FUAQ", "acme", &stages);

            assert!(Settings::parse(first.clone()).is_ok(), "{first}");
        }
        assert!(Settings::parse(first("", "", &[])).is_err());
    }
}
