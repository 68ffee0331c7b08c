//! The standard set of fields and mapping rows for Leads.

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
