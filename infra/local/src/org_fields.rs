//! Declarations of an org folder's fields, from the settings: the files say only their names.

use std::path::Path;

use dealbridge_core::{
    SalesforceObject, field::FieldType, mapping::MappingRow, settings::Settings,
};
use salesforce_simulator::{Declarations, DeclaredField, DeclaredType, Misfits};

use crate::folder::FILE;

/// The fields that the settings name: flags, addresses, mapped and fixed ones.
///
/// A flag can be nothing but a checkbox. A mapped field is what its Channeltivity field takes as long as its values are:
/// a number may be fed by text, and then it is the Opportunity that a wrong value fails, not the folder. With a value map
/// it is the map that says what Salesforce holds.
#[must_use]
pub fn declared(settings: &Settings) -> Declarations {
    let mut fields = Vec::new();
    for (name, path) in settings.fields.named() {
        let kind = match name {
            "sync_flag" | "import_flag" => DeclaredType::Checkbox,
            _ => DeclaredType::Text,
        };
        // The Sync Flag is set on linked Leads too.
        for object in SalesforceObject::ALL {
            fields.push(DeclaredField {
                object: object.api_name().to_owned(),
                path: path.to_string(),
                kind,
                misfits: Misfits::Refused,
                place: format!("settings.fields.{name}"),
            });
        }
    }
    for object in SalesforceObject::ALL {
        let mapping = settings.mapping(object);
        let row = |(at, row): (usize, &MappingRow)| {
            let field = mapping.field(&row.channeltivity)?;
            Some(DeclaredField {
                object: object.api_name().to_owned(),
                path: row.salesforce.to_string(),
                kind: if row.values.is_empty() {
                    kind(field.kind)
                } else {
                    DeclaredType::Picklist
                },
                misfits: Misfits::MakeText,
                place: format!("settings.{}[{at}]", object.mappings_setting()),
            })
        };
        fields.extend(mapping.rows.iter().enumerate().filter_map(row));
    }
    for (at, fixed) in settings.fixed_values.iter().enumerate() {
        let kind = match fixed.value {
            serde_json::Value::Bool(_) => DeclaredType::Checkbox,
            serde_json::Value::Number(_) => DeclaredType::Number,
            _ => DeclaredType::Text,
        };
        for object in SalesforceObject::ALL {
            fields.push(DeclaredField {
                object: object.api_name().to_owned(),
                path: fixed.salesforce.to_string(),
                kind,
                misfits: Misfits::MakeText,
                place: format!("settings.fixed_values[{at}]"),
            });
        }
    }
    Declarations { fields }
}

/// The fields that the settings of a folder name, where the rest of its `channeltivity.json` may be wrong.
#[must_use]
pub fn declared_in(folder: &Path) -> Declarations {
    #[derive(serde::Deserialize)]
    struct Part {
        settings: Settings,
    }
    let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map(|part: Part| declared(&part.settings))
        .unwrap_or_default()
}

fn kind(kind: FieldType) -> DeclaredType {
    match kind {
        FieldType::Text | FieldType::LongText => DeclaredType::Text,
        FieldType::Number => DeclaredType::Number,
        FieldType::Currency => DeclaredType::Currency,
        FieldType::Percent => DeclaredType::Percent,
        FieldType::Date => DeclaredType::Date,
        FieldType::Datetime => DeclaredType::DateTime,
        FieldType::Checkbox => DeclaredType::Checkbox,
        FieldType::Picklist => DeclaredType::Picklist,
        FieldType::MultiPicklist => DeclaredType::MultiPicklist,
        FieldType::Email => DeclaredType::Email,
        FieldType::Phone => DeclaredType::Phone,
        FieldType::Url => DeclaredType::Url,
    }
}
