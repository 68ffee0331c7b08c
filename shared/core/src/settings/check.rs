//! The validator of the settings: the rules that their types cannot express, checked before anything runs.

mod end_user;
mod found;
mod send;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use self::found::Found;
use super::{STAGE, Settings};
use crate::{
    SalesforceObject,
    field::{self, Field, FieldType, Misfit, shown},
    mapping::{MappingRow, ObjectMapping},
    salesforce::FieldPath,
    size,
};

pub use self::found::InvalidSetting;

/// The maximum size of the settings in bytes, keys and version left out.
const MAX_BYTES: usize = size::MAX_BYTES - 1024;

impl Settings {
    /// Checks the rules that the types cannot express.
    ///
    /// # Errors
    /// Returns every invalid setting, each with its place.
    pub fn check(&self) -> Result<(), Vec<InvalidSetting>> {
        let mut found = Found::default();
        self.check_size(&mut found);
        self.check_connection(&mut found);
        self.check_names(&mut found);
        self.check_stage(&mut found);
        send::check(self, &mut found);
        for object in SalesforceObject::ALL {
            let check = ObjectCheck {
                settings: self,
                mapping: self.mapping(object),
                fields: object.fields_setting(),
                rows: object.mappings_setting(),
            };
            check.fields(&mut found);
            check.rows(&mut found);
            check.fixed_values(&mut found);
        }
        if found.is_empty() {
            Ok(())
        } else {
            Err(found.into_all())
        }
    }

    /// Checks the size: the settings are one item of the store.
    fn check_size(&self, found: &mut Found) {
        let bytes = serde_json::to_string(self).map_or(0, |json| json.len());
        if bytes > MAX_BYTES {
            found.add(
                "settings",
                format!(
                    "they add up to {}, but at most {} can be stored: remove picklist values, value maps or rows that are not needed",
                    size::shown(bytes),
                    size::shown(MAX_BYTES)
                ),
            );
        }
    }

    fn check_connection(&self, found: &mut Found) {
        if self.organization_id.key_prefix() != "00D" {
            found.add(
                "organization_id",
                format!(
                    "{} is not an organization id: an organization id begins with 00D",
                    self.organization_id
                ),
            );
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !is_label(&self.my_domain) {
            found.add(
                "my_domain",
                format!(
                    "{:?} is not a My Domain name: give the part before .my.salesforce.com",
                    shown(&Value::String(self.my_domain.clone()))
                ),
            );
        }
        if !(0.0..=1.0).contains(&self.api_budget.share) {
            found.add(
                "api_budget.share",
                "is a part of the org's API calls: give a number from 0 to 1, such as 0.5",
            );
        }
        if self.overlap_minutes > 24 * 60 {
            found.add(
                "overlap_minutes",
                "must be at most 1440 (a day): the daily run reads everything",
            );
        }
    }

    /// Checks the fields that the customer names: each on the Opportunity itself, and no two the same.
    fn check_names(&self, found: &mut Found) {
        if self.distributor_module.enabled {
            for (name, path) in [
                ("distributor_email", &self.fields.distributor_email),
                ("deal_owner_type", &self.fields.deal_owner_type),
            ] {
                if path.is_none() {
                    found.add(
                        format!("fields.{name}"),
                        "the Distributor module is on and needs this field: name it, or switch the module off",
                    );
                }
            }
        }
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (name, path) in self.fields.named() {
            if path.is_parent_path() {
                found.add(
                    format!("fields.{name}"),
                    format!("{path} belongs to a parent record: name a field of the Opportunity"),
                );
            }
            match seen.get(&path.as_str().to_ascii_lowercase()) {
                Some(other) => found.add(
                    format!("fields.{name}"),
                    format!("{path} is already named by fields.{other}: name another field"),
                ),
                None => {
                    seen.insert(path.as_str().to_ascii_lowercase(), name);
                }
            }
        }
    }

    fn check_stage(&self, found: &mut Found) {
        let stage = self
            .deal_fields
            .iter()
            .position(|field| field.name == STAGE);
        match stage {
            None => found.add(
                "deal_fields",
                format!("there is no field {STAGE:?}, which every Deal needs: declare it as a picklist or a text"),
            ),
            Some(at)
                if !matches!(
                    self.deal_fields[at].kind,
                    FieldType::Picklist | FieldType::Text
                ) =>
            {
                found.add(
                    format!("deal_fields[{at}].type"),
                    format!("the {STAGE} takes {}: it must be a picklist or a text", self.deal_fields[at].kind.takes()),
                );
            }
            Some(_) => {}
        }
    }
}

/// The check of one Salesforce object's fields, rows and fixed values.
struct ObjectCheck<'a> {
    settings: &'a Settings,
    mapping: ObjectMapping<'a>,
    /// The setting that declares the fields.
    fields: &'static str,
    /// The setting that holds the rows.
    rows: &'static str,
}

impl ObjectCheck<'_> {
    fn fields(&self, found: &mut Found) {
        let mut names = HashSet::new();
        for (at, field) in self.mapping.fields.iter().enumerate() {
            let place = |member: &str| format!("{}[{at}].{member}", self.fields);
            if field.name.trim().is_empty() {
                found.add(place("name"), "the name is empty: each field needs one");
            } else if !names.insert(field.name.as_str()) {
                found.add(
                    place("name"),
                    format!(
                        "{:?} is declared twice: each field needs a name of its own",
                        field.name
                    ),
                );
            }
            end_user::check_name(field, &place, found);
            let is_list = matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist);
            if is_list && field.values.is_empty() {
                found.add(
                    place("values"),
                    format!(
                        "the picklist {:?} has no values: list those that it takes",
                        field.name
                    ),
                );
            }
            if !is_list && !field.values.is_empty() {
                found.add(
                    place("values"),
                    format!(
                        "{:?} takes {}: only a picklist has values",
                        field.name,
                        field.kind.takes()
                    ),
                );
            }
            let mut values = HashSet::new();
            for value in field.values.iter().filter(|_| is_list) {
                if value.trim().is_empty() {
                    found.add(place("values"), "a picklist value is blank: remove it");
                } else if !values.insert(value.as_str()) {
                    found.add(
                        place("values"),
                        format!("the picklist value {value:?} is listed twice: remove one"),
                    );
                }
            }
            if field.max_length == Some(0) {
                found.add(
                    place("max_length"),
                    "0 leaves no room for a value: give at least 1, or leave it out",
                );
            }
        }
    }

    fn rows(&self, found: &mut Found) {
        let mut mapped = HashSet::new();
        let mut writers: HashMap<String, usize> = HashMap::new();
        for (at, row) in self.mapping.rows.iter().enumerate() {
            let place = |member: &str| format!("{}[{at}].{member}", self.rows);
            match self.mapping.field(&row.channeltivity) {
                None => found.add(
                    place("channeltivity"),
                    format!(
                        "there is no field {:?}: declare it in {}, or remove the row",
                        row.channeltivity, self.fields
                    ),
                ),
                Some(field) => check_value_map(row, field, &place, found),
            }
            end_user::check_row(row, &place, found);
            if !mapped.insert(row.channeltivity.as_str()) {
                found.add(
                    place("channeltivity"),
                    format!("{:?} is mapped twice: keep one row", row.channeltivity),
                );
            }
            if !row.writes_salesforce() {
                continue;
            }
            let path = &row.salesforce;
            if let Some(reason) = self.unwritable(path) {
                found.add(
                    place("salesforce"),
                    format!("{path} {reason}: use the flow to_channeltivity"),
                );
            }
            let other = *writers
                .entry(path.as_str().to_ascii_lowercase())
                .or_insert(at);
            if other != at {
                found.add(
                    place("salesforce"),
                    format!(
                        "{path} is already written by {}[{other}]: let one row write it, and give the other the flow to_channeltivity",
                        self.rows
                    ),
                );
            }
        }
    }

    fn fixed_values(&self, found: &mut Found) {
        let mut seen = HashSet::new();
        for (at, fixed) in self.mapping.fixed.iter().enumerate() {
            let place = |member: &str| format!("fixed_values[{at}].{member}");
            let path = &fixed.salesforce;
            let is_it = |other: &FieldPath| other.as_str().eq_ignore_ascii_case(path.as_str());
            if let Some(reason) = self.unwritable(path) {
                found.add(
                    place("salesforce"),
                    format!("{path} {reason}: remove the fixed value"),
                );
            }
            if !seen.insert(path.as_str().to_ascii_lowercase()) {
                found.add(
                    place("salesforce"),
                    format!("{path} has two fixed values: keep one"),
                );
            }
            let row = self
                .mapping
                .rows
                .iter()
                .position(|row| row.writes_salesforce() && is_it(&row.salesforce));
            if let Some(row) = row {
                found.add(
                    place("salesforce"),
                    format!(
                        "{path} is already written by {}[{row}]: remove one of them",
                        self.rows
                    ),
                );
            }
            if fixed.value.is_object() || fixed.value.is_array() || field::is_blank(&fixed.value) {
                found.add(
                    place("value"),
                    "a fixed value is a text, a number, true or false",
                );
            }
        }
    }

    /// Returns the reason why no row and no fixed value may write a field.
    fn unwritable(&self, path: &FieldPath) -> Option<&'static str> {
        let names = &self.settings.fields;
        let is_flag = [&names.sync_flag, &names.import_flag]
            .iter()
            .any(|flag| flag.as_str().eq_ignore_ascii_case(path.as_str()));
        if path.is_parent_path() {
            Some("belongs to a parent record, which can be read but not written")
        } else if is_flag {
            Some("is a flag: the integration sets the Sync Flag itself, and the Import Flag never")
        } else if self.mapping.object.keeps(path.as_str()) {
            Some("is read-only in Salesforce")
        } else {
            None
        }
    }
}

/// Checks that each value that a map leads to is one that the field takes.
fn check_value_map(
    row: &MappingRow,
    field: &Field,
    place: &impl Fn(&str) -> String,
    found: &mut Found,
) {
    for (from, to) in &row.values {
        let Err(misfit) = field.fit(&Value::String(to.clone())) else {
            continue;
        };
        let why = match misfit {
            Misfit::Unknown { .. } => format!("is not in the values of {:?}", field.name),
            Misfit::Length { max, .. } => format!(
                "is longer than the {max} characters that {:?} takes",
                field.name
            ),
            Misfit::Type => format!(
                "does not fit {:?}, which takes {}",
                field.name,
                field.kind.takes()
            ),
        };
        found.add(
            place("values"),
            format!("{from:?} is mapped to {to:?}, which {why}"),
        );
    }
}

#[cfg(test)]
mod tests;
