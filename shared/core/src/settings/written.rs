//! Settings as somebody writes them: everything that is wrong is told at once, each with its place.

use serde_json::Value;

use super::{InvalidSetting, Settings};
use crate::{SalesforceId, SalesforceObject, record::RecordKind, salesforce::FieldPath};

/// The reason why written settings are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// They have another form than settings: a member of another type, one too many, one that is missing.
    #[error("{0}")]
    Form(InvalidSetting),
    /// They contradict themselves, or name what cannot be.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<InvalidSetting>),
}

impl InvalidSettings {
    /// Returns everything that is wrong.
    #[must_use]
    pub fn all(&self) -> &[InvalidSetting] {
        match self {
            Self::Form(one) => std::slice::from_ref(one),
            Self::Invalid(all) => all,
        }
    }
}

impl Settings {
    /// Reads settings and checks them.
    ///
    /// # Errors
    /// Returns everything that is wrong, each with its place.
    pub fn parse(mut written: Value) -> Result<Self, InvalidSettings> {
        let mut wrong = take_out_unreadable(&mut written);
        let settings: Self = serde_path_to_error::deserialize(written).map_err(|error| {
            InvalidSettings::Form(InvalidSetting {
                place: error.path().to_string(),
                problem: error.inner().to_string(),
            })
        })?;
        let contradictions = settings.check().err().unwrap_or_default();
        let is_told = |one: &InvalidSetting| wrong.iter().any(|told| told.place == one.place);
        let others: Vec<InvalidSetting> = contradictions
            .into_iter()
            .filter(|one| !is_told(one))
            .collect();
        wrong.extend(others);
        if wrong.is_empty() {
            Ok(settings)
        } else {
            Err(InvalidSettings::Invalid(wrong))
        }
    }
}

/// Takes out the texts that are neither ids nor names of fields, and says what is wrong with each: the rest can be read
/// and checked without them.
fn take_out_unreadable(written: &mut Value) -> Vec<InvalidSetting> {
    let mut wrong = Vec::new();
    let mut take_out = |place: String, value: &mut Value, replacement: String, problem: String| {
        wrong.push(InvalidSetting { place, problem });
        *value = Value::String(replacement);
    };
    if let Some(value) = written.get_mut("organization_id")
        && let Some(text) = value.as_str()
        && SalesforceId::parse(text).is_err()
    {
        let problem = format!(
            "{text:?} is not the id of an organization: it begins with 00D and has 15 or 18 characters"
        );
        take_out(
            "organization_id".to_owned(),
            value,
            NO_ORG.to_owned(),
            problem,
        );
    }
    for (at, place) in places(written).into_iter().enumerate() {
        let Some(value) = written.pointer_mut(&place.pointer) else {
            continue;
        };
        if let Some(text) = value.as_str()
            && let Err(error) = FieldPath::parse(text)
        {
            // Each has a name of its own, so that no two seem to be the same field.
            let replacement = format!("{UNREADABLE}{at}__c");
            let problem = if text.is_empty() {
                "no Salesforce field is named: name one by its API name, such as Amount, Product__c or Account.Name".to_owned()
            } else {
                error.to_string()
            };
            take_out(place.shown, value, replacement, problem);
        }
    }
    wrong
}

/// The id of no org.
const NO_ORG: &str = "00D000000000000EAA";

/// The beginning of the names that stand for what cannot be read.
const UNREADABLE: &str = "Unreadable";

/// A place that holds the name of a Salesforce field.
struct Place {
    pointer: String,
    shown: String,
}

/// Every place that holds the name of a Salesforce field.
fn places(written: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |steps: &[&str], shown: String| {
        places.push(Place {
            pointer: format!("/{}", steps.join("/")),
            shown,
        });
    };
    for name in [
        "sync_flag",
        "import_flag",
        "partner_email",
        "distributor_email",
        "deal_owner_type",
    ] {
        add(&["fields", name], format!("fields.{name}"));
    }
    let rows = SalesforceObject::ALL.map(SalesforceObject::mappings_setting);
    for list in rows.into_iter().chain(["fixed_values"]) {
        let length = written[list].as_array().map_or(0, Vec::len);
        for at in 0..length {
            add(
                &[list, &at.to_string(), "salesforce"],
                format!("{list}[{at}].salesforce"),
            );
        }
    }
    for kind in RecordKind::ALL.map(RecordKind::as_str) {
        add(
            &["send", kind, "external_id"],
            format!("send.{kind}.external_id"),
        );
    }
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    fn places(written: Value) -> Vec<String> {
        let wrong = Settings::parse(written).unwrap_err();
        wrong.all().iter().map(|one| one.place.clone()).collect()
    }

    #[test]
    fn settings_read_as_they_are_written() {
        let written = serde_json::to_value(settings()).unwrap();

        assert_eq!(Settings::parse(written), Ok(settings()));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut written = serde_json::to_value(settings()).unwrap();
        written["organization_id"] = json!("acme");
        written["my_domain"] = json!("");
        written["fields"]["sync_flag"] = json!("Sync Flag");
        written["mappings"][0]["salesforce"] = json!("");
        written["mappings"][1]["salesforce"] = json!("x y");
        written["mappings"][2]["channeltivity"] = json!("amuont");

        assert_eq!(
            places(written),
            [
                "organization_id",
                "fields.sync_flag",
                "mappings[0].salesforce",
                "mappings[1].salesforce",
                "my_domain",
                "mappings[2].channeltivity",
            ]
        );
    }

    #[test]
    fn a_member_of_another_form_is_told_with_its_place() {
        let mut written = serde_json::to_value(settings()).unwrap();
        written["mappings"][1]["on_create"] = json!("sideways");

        let error = Settings::parse(written).unwrap_err();

        assert!(matches!(error, InvalidSettings::Form(_)), "{error}");
        assert!(
            error.to_string().starts_with("mappings[1].on_create: "),
            "{error}"
        );
    }
}
