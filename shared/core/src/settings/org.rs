//! Settings compared with the describes of the connected org.

use super::{InvalidSetting, Settings};
use crate::{
    SalesforceObject,
    field::FieldType,
    mapping::MappingRow,
    read::{self, Found},
    record::RecordKind,
    salesforce::{DescribedField, FieldPath, Salesforce, SalesforceError},
    schema::Objects,
};

/// The mismatches between valid settings and the connected org.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgFindings {
    /// Settings that can never work, rows that were chosen for fields of another type among them: they are refused.
    pub refused: Vec<InvalidSetting>,
    /// Settings that work as soon as the org is mended; the rest works meanwhile.
    pub warnings: Vec<InvalidSetting>,
}

impl Settings {
    /// Compares the settings with the connected org. A row that brings values of one type to a field of another is
    /// refused where it is chosen, and a warning where the settings before had it, for the org may have changed the type
    /// since. The first settings are chosen elsewhere, and come in as they are. Costs one describe of each object that
    /// the mappings lead through, unless the schema knows it.
    ///
    /// # Errors
    /// Returns the faults of a describe.
    pub async fn check_against<F: Salesforce>(
        &self,
        salesforce: &F,
        before: Option<&Self>,
    ) -> Result<OrgFindings, SalesforceError> {
        let mut findings = OrgFindings::default();
        for object in SalesforceObject::ALL {
            let paths = self.paths_of(object);
            let objects = read::describe(salesforce, object.api_name(), &paths).await?;
            self.compare((object, before), &objects, &mut findings);
            self.compare_external_ids(object, &objects, &mut findings);
        }
        Ok(findings)
    }

    /// Returns every path that the settings name on an object.
    fn paths_of(&self, object: SalesforceObject) -> Vec<FieldPath> {
        let mapping = self.mapping(object);
        let rows = mapping.rows.iter().map(|row| &row.salesforce);
        let fixed = mapping.fixed.iter().map(|fixed| &fixed.salesforce);
        let named = self.party_fields().into_iter().map(|(_, path)| path);
        let named = named.filter(|_| object.is_imported());
        let keys = self.external_ids(object).map(|(_, path)| path);
        rows.chain(fixed)
            .chain(named)
            .chain(keys)
            .cloned()
            .collect()
    }

    /// Returns the External Id fields by which records of the object are created, with the kinds of record that are.
    fn external_ids(
        &self,
        object: SalesforceObject,
    ) -> impl Iterator<Item = (RecordKind, &FieldPath)> {
        let on = self.send.all().filter(|(_, send)| send.is_on());
        on.filter(move |(_, send)| send.objects().contains(&object))
            .map(|(kind, send)| (kind, &send.external_id))
    }

    /// Refuses to have records created under a field by which they could not be found again, and found alone. One that
    /// takes ABC and abc for the same value serves for the ids that have no upper-case letters.
    fn compare_external_ids(
        &self,
        object: SalesforceObject,
        objects: &Objects,
        findings: &mut OrgFindings,
    ) {
        for (kind, path) in self.external_ids(object) {
            let place = format!("send.{}.external_id", kind.as_str());
            let problem = match read::find(object.api_name(), path, objects) {
                Found::Field(field) => match unfit_key(field) {
                    Some(lack) => format!(
                        "{} ({}) of the {object} {lack}: a repeated create would not find what the first one created",
                        field.label, field.name
                    ),
                    None if field.case_sensitive => continue,
                    None => {
                        let problem = format!(
                            "{} ({}) of the {object} takes ABC and abc for the same value: records whose id has upper-case letters are not created until it is case-sensitive",
                            field.label, field.name
                        );
                        findings.warnings.push(InvalidSetting { place, problem });
                        continue;
                    }
                },
                Found::Nothing { object, field } => missing(&object, &field),
            };
            findings.refused.push(InvalidSetting {
                place,
                problem: format!(
                    "{problem}. Create it as a text field that is an External ID, unique and case-sensitive, or choose the mode off"
                ),
            });
        }
    }

    /// Returns `true` if these settings have that row, for a field of the same type.
    fn has(&self, object: SalesforceObject, row: &MappingRow, kind: Option<FieldType>) -> bool {
        let mapping = self.mapping(object);
        let same = |own: &&MappingRow| {
            own.channeltivity == row.channeltivity && own.salesforce.is(row.salesforce.as_str())
        };
        let own = mapping.rows.iter().find(same);
        own.is_some_and(|own| mapping.field(&own.channeltivity).map(|field| field.kind) == kind)
    }

    fn compare(
        &self,
        (object, before): (SalesforceObject, Option<&Self>),
        objects: &Objects,
        findings: &mut OrgFindings,
    ) {
        let setting = object.mappings_setting();
        let mapping = self.mapping(object);
        if matches!(
            objects.get(&object.api_name().to_ascii_lowercase()),
            Some(None)
        ) {
            findings.warnings.push(InvalidSetting {
                place: setting.to_owned(),
                problem: format!(
                    "the integration user cannot see the object {object}: give it read access"
                ),
            });
            return;
        }
        if object.is_imported() {
            for (name, path) in self.party_fields() {
                let problem = match read::find(object.api_name(), path, objects) {
                    Found::Field(field) => named_misfit(name, field),
                    Found::Nothing { object, field } => Some(missing(&object, &field)),
                };
                if let Some(problem) = problem {
                    findings.warnings.push(InvalidSetting {
                        place: format!("fields.{name}"),
                        problem,
                    });
                }
            }
        }
        for (at, row) in mapping.rows.iter().enumerate() {
            let kind = mapping.field(&row.channeltivity).map(|field| field.kind);
            let place = format!("{setting}[{at}].salesforce");
            let problem = match read::find(object.api_name(), &row.salesforce, objects) {
                Found::Field(field) => {
                    if let Some(problem) = unfit(row, kind, field) {
                        let is_known = before.is_none_or(|before| before.has(object, row, kind));
                        let findings = if is_known {
                            &mut findings.warnings
                        } else {
                            &mut findings.refused
                        };
                        findings.push(InvalidSetting {
                            place: place.clone(),
                            problem,
                        });
                    }
                    unwritable(row, field)
                }
                Found::Nothing { object, field } => Some(format!(
                    "{}: the row is left out until then",
                    missing(&object, &field)
                )),
            };
            if let Some(problem) = problem {
                findings.warnings.push(InvalidSetting { place, problem });
            }
        }
        for (at, fixed) in mapping.fixed.iter().enumerate() {
            let problem = match read::find(object.api_name(), &fixed.salesforce, objects) {
                Found::Field(field) if field.updateable => continue,
                Found::Field(field) => format!(
                    "{} ({}) cannot be written by the integration user: give it edit access, or remove the fixed value",
                    field.label, field.name
                ),
                Found::Nothing { object, field } => missing(&object, &field),
            };
            findings.refused.push(InvalidSetting {
                place: format!("fixed_values[{at}].salesforce"),
                problem,
            });
        }
    }
}

fn missing(object: &str, field: &str) -> String {
    format!(
        "Salesforce has no {field} on {object}, or hides it from the integration user: correct the name, or give the integration user access"
    )
}

/// Returns the lack of a field by which records are to be created.
fn unfit_key(field: &DescribedField) -> Option<&'static str> {
    if !field.external_id {
        Some("is not an External ID")
    } else if !field.unique {
        Some("is not unique")
    } else if !field.createable {
        Some("cannot be written by the integration user")
    } else {
        None
    }
}

/// Returns the reason why a field cannot serve the purpose that the settings name it for.
fn named_misfit(setting: &str, field: &DescribedField) -> Option<String> {
    let needed = wanted_type(setting, &field.kind)?;
    Some(format!(
        "{} ({}) is of the type {}: name {needed}",
        field.label, field.name, field.kind
    ))
}

/// Returns the type of field that a setting of `fields` needs; [`None`] if a field of this Salesforce type serves.
pub(crate) fn wanted_type(setting: &str, kind: &str) -> Option<&'static str> {
    let (serves, needed) = if setting.ends_with("_flag") {
        (kind == "boolean", "a checkbox")
    } else {
        (holds_text(kind), "a text, an email or a picklist")
    };
    (!serves).then_some(needed)
}

/// Returns the reason why a row cannot bring the values of a field to its Channeltivity field.
fn unfit(row: &MappingRow, kind: Option<FieldType>, field: &DescribedField) -> Option<String> {
    let reaches_us = row.on_create.reaches_channeltivity() || row.on_update.reaches_channeltivity();
    let kind = kind.filter(|kind| reaches_us && !fits(*kind, &field.kind))?;
    Some(format!(
        "{} ({}) is of the type {}, but {:?} takes {}: map another field, or change the type",
        field.label,
        field.name,
        field.kind,
        row.channeltivity,
        kind.takes()
    ))
}

/// Returns the reason why a row cannot write the field that it is to write.
fn unwritable(row: &MappingRow, field: &DescribedField) -> Option<String> {
    (row.writes_salesforce() && !field.updateable).then(|| {
        format!(
            "{} ({}) cannot be written by the integration user: give it edit access, or use the flow to_channeltivity",
            field.label, field.name
        )
    })
}

/// Returns `true` if a field of a Salesforce type holds text.
fn holds_text(kind: &str) -> bool {
    matches!(
        kind,
        "string"
            | "email"
            | "textarea"
            | "picklist"
            | "combobox"
            | "encryptedstring"
            | "phone"
            | "url"
    )
}

/// Returns `true` if values of a Salesforce type can be those of a Channeltivity type (Object Reference, "Field
/// Types").
fn fits(kind: FieldType, salesforce: &str) -> bool {
    let is_number = matches!(
        salesforce,
        "double" | "int" | "long" | "currency" | "percent"
    );
    // Formulas and roll-ups have the type of their result.
    let is_structure = matches!(
        salesforce,
        "address" | "location" | "base64" | "complexvalue"
    );
    match kind {
        FieldType::Text | FieldType::LongText | FieldType::Picklist => !is_structure,
        FieldType::MultiPicklist => matches!(salesforce, "multipicklist") || holds_text(salesforce),
        FieldType::Number | FieldType::Currency | FieldType::Percent => is_number,
        FieldType::Date => matches!(salesforce, "date" | "datetime"),
        FieldType::Datetime => salesforce == "datetime",
        FieldType::Checkbox => salesforce == "boolean",
        FieldType::Email | FieldType::Url => holds_text(salesforce),
        FieldType::Phone => holds_text(salesforce) || is_number,
    }
}

#[cfg(test)]
mod tests;
