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
    /// Settings that can never work: they are refused.
    pub refused: Vec<InvalidSetting>,
    /// Settings that work as soon as the org is mended; the rest works meanwhile.
    pub warnings: Vec<InvalidSetting>,
}

impl Settings {
    /// Compares the settings with the connected org. Costs one describe of each object that the mappings lead through.
    ///
    /// # Errors
    /// Returns the faults of a describe.
    pub async fn check_against<F: Salesforce>(
        &self,
        salesforce: &F,
    ) -> Result<OrgFindings, SalesforceError> {
        salesforce.schema().forget();
        let mut findings = OrgFindings::default();
        for object in SalesforceObject::ALL {
            let paths = self.paths_of(object);
            let objects = read::describe(salesforce, object.api_name(), &paths).await?;
            self.compare(object, &objects, &mut findings);
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

    fn compare(&self, object: SalesforceObject, objects: &Objects, findings: &mut OrgFindings) {
        let setting = object.mappings_setting();
        let mapping = self.mapping(object);
        let mut warn = |place: String, problem: String| {
            findings.warnings.push(InvalidSetting { place, problem });
        };
        if matches!(
            objects.get(&object.api_name().to_ascii_lowercase()),
            Some(None)
        ) {
            warn(
                setting.to_owned(),
                format!("the integration user cannot see the object {object}: give it read access"),
            );
            return;
        }
        if object.is_imported() {
            for (name, path) in self.party_fields() {
                let problem = match read::find(object.api_name(), path, objects) {
                    Found::Field(field) => named_misfit(name, field),
                    Found::Nothing { object, field } => Some(missing(&object, &field)),
                };
                if let Some(problem) = problem {
                    warn(format!("fields.{name}"), problem);
                }
            }
        }
        for (at, row) in mapping.rows.iter().enumerate() {
            let kind = mapping.field(&row.channeltivity).map(|field| field.kind);
            let problems = match read::find(object.api_name(), &row.salesforce, objects) {
                Found::Field(field) => row_misfits(row, kind, field),
                Found::Nothing { object, field } => vec![format!(
                    "{}: the row is left out until then",
                    missing(&object, &field)
                )],
            };
            for problem in problems {
                warn(format!("{setting}[{at}].salesforce"), problem);
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

fn row_misfits(row: &MappingRow, kind: Option<FieldType>, field: &DescribedField) -> Vec<String> {
    let mut problems = Vec::new();
    let reaches_us = row.on_create.reaches_channeltivity() || row.on_update.reaches_channeltivity();
    if let Some(kind) = kind.filter(|kind| reaches_us && !fits(*kind, &field.kind)) {
        problems.push(format!(
            "{} ({}) is of the type {}, but {:?} takes {}: map another field, or change the type",
            field.label,
            field.name,
            field.kind,
            row.channeltivity,
            kind.takes()
        ));
    }
    if row.writes_salesforce() && !field.updateable {
        problems.push(format!(
            "{} ({}) cannot be written by the integration user: give it edit access, or use the flow to_channeltivity",
            field.label, field.name
        ));
    }
    problems
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{mapping::FixedValue, testing::settings};

    /// Creates described objects: fields as `Name type`, a `!` before one that cannot be written, a lookup `Name
    /// Relationship>Object`.
    fn objects(described: &[(&str, &[&str])]) -> Objects {
        let field = |text: &&str| {
            let (name, rest) = text.split_once(' ').unwrap();
            let lookup = rest.split_once('>');
            DescribedField {
                name: name.trim_start_matches('!').to_owned(),
                label: "Label".to_owned(),
                kind: lookup.map_or(rest, |_| "reference").to_owned(),
                updateable: !name.starts_with('!'),
                relationship: lookup.map(|(relationship, _)| relationship.to_owned()),
                reference_to: lookup.iter().map(|(_, to)| (*to).to_owned()).collect(),
                ..DescribedField::default()
            }
        };
        let object = |(name, fields): &(&str, &[&str])| {
            let fields: Vec<DescribedField> = fields.iter().map(field).collect();
            (name.to_ascii_lowercase(), Some(fields.into()))
        };
        described.iter().map(object).collect()
    }

    const GOOD: [&str; 9] = [
        "Sync__c boolean",
        "Import__c boolean",
        "Partner__c email",
        "Distributor__c string",
        "Owner_Type__c picklist",
        "Name string",
        "StageName picklist",
        "Amount currency",
        "CloseDate date",
    ];

    fn places(settings: &Settings, fields: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut findings = OrgFindings::default();
        let objects = objects(&[("Opportunity", fields), ("Account", &["Site string"])]);
        settings.compare(SalesforceObject::Opportunity, &objects, &mut findings);
        let places = |wrong: Vec<InvalidSetting>| wrong.into_iter().map(|one| one.place).collect();
        (places(findings.refused), places(findings.warnings))
    }

    #[test]
    fn settings_that_the_org_can_serve_have_nothing_against_them() {
        assert_eq!(places(&settings(), &GOOD), (vec![], vec![]));
    }

    #[test]
    fn what_is_missing_of_another_type_or_read_only_is_listed_by_row() {
        let mut fields = GOOD.to_vec();
        fields[0] = "Sync__c string";
        fields.retain(|field| !field.starts_with("Partner__c"));
        fields[5] = "!StageName picklist";
        fields[6] = "Amount string";
        fields.pop();

        assert_eq!(
            places(&settings(), &fields).1,
            [
                "fields.sync_flag",
                "fields.partner_email",
                "mappings[1].salesforce",
                "mappings[2].salesforce",
                "mappings[3].salesforce",
            ]
        );
    }

    #[test]
    fn a_path_is_followed_to_its_field() {
        let mut settings = settings();
        settings.mappings[2].salesforce = FieldPath::parse("Account.Size__c").unwrap();
        let fields = [&GOOD[..], &["AccountId Account>Account"]].concat();

        assert_eq!(places(&settings, &fields).1, ["mappings[2].salesforce"]);
    }

    #[test]
    fn a_fixed_value_that_salesforce_cannot_take_is_refused() {
        let mut settings = settings();
        for name in ["Nothing__c", "Locked__c", "NextStep"] {
            settings.fixed_values.push(FixedValue {
                salesforce: FieldPath::parse(name).unwrap(),
                value: json!("x"),
            });
        }
        let fields = [&GOOD[..], &["!Locked__c string", "NextStep string"]].concat();

        assert_eq!(
            places(&settings, &fields).0,
            ["fixed_values[0].salesforce", "fixed_values[1].salesforce"]
        );
    }

    #[test]
    fn records_are_created_only_under_a_field_by_which_they_are_found_again() {
        let mut settings = settings();
        settings.send.lead.mode = crate::settings::SendMode::Manual;
        settings.send.deal.mode = crate::settings::SendMode::OnSubmit;
        settings.send.deal.target = crate::settings::SendTarget::MatchContact;
        let key = |lack: &str| DescribedField {
            name: "Channeltivity_Id__c".to_owned(),
            label: "Channeltivity Id".to_owned(),
            kind: "string".to_owned(),
            external_id: lack != "external",
            unique: lack != "unique",
            case_sensitive: lack != "case",
            createable: lack != "access",
            ..DescribedField::default()
        };
        let compared = |object: SalesforceObject, lack: Option<&str>| {
            let mut findings = OrgFindings::default();
            let fields: Vec<DescribedField> = lack.map(key).into_iter().collect();
            let name = object.api_name().to_ascii_lowercase();
            let objects = Objects::from([(name, Some(fields.into()))]);
            settings.compare_external_ids(object, &objects, &mut findings);
            let places = |found: Vec<InvalidSetting>| -> Vec<String> {
                found.into_iter().map(|one| one.place).collect()
            };
            (places(findings.refused), places(findings.warnings))
        };
        let refused = |object, lack| {
            let (refused, warned) = compared(object, lack);
            assert_eq!(warned, Vec::<String>::new());
            refused
        };

        let (deal, lead) = ("send.deal.external_id", "send.lead.external_id");
        assert_eq!(
            refused(SalesforceObject::Lead, Some("none")),
            Vec::<String>::new()
        );
        for lack in [None, Some("external"), Some("unique"), Some("access")] {
            assert_eq!(refused(SalesforceObject::Lead, lack), [deal, lead]);
            assert_eq!(refused(SalesforceObject::Opportunity, lack), [deal]);
        }
        let (refused, warned) = compared(SalesforceObject::Lead, Some("case"));
        assert_eq!(
            (refused, warned),
            (vec![], vec![deal.to_owned(), lead.to_owned()])
        );
    }

    #[test]
    fn an_object_that_is_hidden_is_one_warning() {
        let mut findings = OrgFindings::default();
        let hidden = Objects::from([("lead".to_owned(), None)]);

        settings().compare(SalesforceObject::Lead, &hidden, &mut findings);

        assert_eq!(findings.warnings.len(), 1);
        assert_eq!(findings.warnings[0].place, "lead_mappings");
    }
}
