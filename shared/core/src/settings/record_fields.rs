//! Values of a portal record, checked against the declared fields.

use serde_json::{Map, Value};

use super::Settings;
use crate::{
    SalesforceObject,
    field::{Field, Misfit, shown},
    record::RecordKind,
};

/// A value that a record cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidField {
    /// The field's name.
    pub field: String,
    /// The kind of problem.
    pub code: FieldCode,
    /// The problem and its remedy.
    pub problem: String,
}

/// The kind of problem of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldCode {
    /// No field of this name is declared.
    Unknown,
    /// The value is of another type.
    Type,
    /// The value is not one of the picklist's.
    Picklist,
    /// The value is longer than the field.
    Length,
    /// The value has a control character.
    Character,
    /// The field needs a value.
    Required,
    /// No User has this id.
    OwnerNotFound,
    /// The User is not active.
    OwnerNotActive,
    /// No Group of the User grants the module.
    OwnerNoAccess,
}

impl FieldCode {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Type,
        Self::Picklist,
        Self::Length,
        Self::Character,
        Self::Required,
        Self::OwnerNotFound,
        Self::OwnerNotActive,
        Self::OwnerNoAccess,
    ];

    /// Returns the code's name in the API: the Integration Log's where it has one for the same problem.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "FIELD_UNKNOWN",
            Self::Type => "VALUE_TYPE_INVALID",
            Self::Picklist => "PICKLIST_VALUE_UNKNOWN",
            Self::Length => "VALUE_TOO_LONG",
            Self::Character => "CHARACTER_INVALID",
            Self::Required => "REQUIRED_FIELD_EMPTY",
            Self::OwnerNotFound => "OWNER_NOT_FOUND",
            Self::OwnerNotActive => "OWNER_NOT_ACTIVE",
            Self::OwnerNoAccess => "OWNER_NO_ACCESS",
        }
    }
}

/// The settings that declare a field of a kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Those of the kind itself.
    Own,
    /// Those of the other object that a record of the kind can be linked to.
    OfOther,
}

impl InvalidField {
    /// Names a field, the kind of its problem, and the problem with its remedy.
    #[must_use]
    pub fn new(field: impl Into<String>, code: FieldCode, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            problem: problem.into(),
        }
    }

    /// Says that a field needs a value.
    #[must_use]
    pub fn required(field: &str, problem: impl Into<String>) -> Self {
        Self::new(field, FieldCode::Required, problem)
    }

    /// Returns the problem of a value that does not fit a field, under the name that the caller knows the field by.
    #[must_use]
    pub fn misfit(name: &str, field: &Field, value: &Value, misfit: &Misfit) -> Self {
        let (code, problem) = match misfit {
            Misfit::Type => (
                FieldCode::Type,
                format!("takes {}, not {:?}", field.kind.takes(), shown(value)),
            ),
            Misfit::Unknown { value } => (
                FieldCode::Picklist,
                format!(
                    "{:?} is not one of its values: correct it, or add it to the values",
                    shown(&Value::String(value.clone()))
                ),
            ),
            Misfit::Length { max, .. } => (
                FieldCode::Length,
                format!("is longer than the {max} characters that the field takes: shorten it"),
            ),
        };
        Self::new(name, code, problem)
    }
}

impl Settings {
    /// Returns the object whose fields a kind of record has first of all. A Referral hands over a person, as a Lead
    /// does.
    fn own_object(kind: RecordKind) -> SalesforceObject {
        match kind {
            RecordKind::Deal => SalesforceObject::Opportunity,
            RecordKind::Lead | RecordKind::Referral => SalesforceObject::Lead,
        }
    }

    /// Returns the fields that every record of a kind needs, as declared.
    pub fn required_fields(&self, kind: RecordKind) -> impl Iterator<Item = &Field> {
        let own = self.mapping(Self::own_object(kind)).fields;
        own.iter().filter(|field| field.required)
    }

    /// Returns the field with this name of a kind of record: one that its own settings declare, or else one of the
    /// other object that it can be linked to.
    #[must_use]
    pub fn record_field(&self, kind: RecordKind, name: &str) -> Option<&Field> {
        let own = Self::own_object(kind);
        let others = SalesforceObject::ALL
            .into_iter()
            .filter(|object| *object != own);
        std::iter::once(own)
            .chain(others)
            .flat_map(|object| self.mapping(object).fields)
            .find(|field| field.name == name)
    }

    /// Returns every field that a kind of record may have, each name once: first those that its own settings declare,
    /// then those of the other object that it can be linked to.
    pub fn fields_of(&self, kind: RecordKind) -> impl Iterator<Item = (Declared, &Field)> {
        let own = self.mapping(Self::own_object(kind)).fields;
        let others = SalesforceObject::ALL
            .into_iter()
            .filter(move |object| *object != Self::own_object(kind))
            .flat_map(|object| self.mapping(object).fields)
            .filter(|field| !own.iter().any(|known| known.name == field.name));
        own.iter()
            .map(|field| (Declared::Own, field))
            .chain(others.map(|field| (Declared::OfOther, field)))
    }

    /// Returns a value of a record as its field keeps it; none for a blank one.
    ///
    /// # Errors
    /// Returns the problem if there is no such field, or if the value does not fit it.
    pub fn record_value(
        &self,
        kind: RecordKind,
        name: &str,
        value: &Value,
    ) -> Result<Option<Value>, InvalidField> {
        let field = self
            .record_field(kind, name)
            .ok_or_else(|| unknown(name, "check the name, or have an administrator declare it"))?;
        fitted(name, field, value)
    }

    /// Returns the fields with this name that a record may have: a Lead, Deal or Referral can be linked to a record of any object,
    /// so the fields of every mapping are its own.
    fn record_fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        SalesforceObject::ALL
            .into_iter()
            .flat_map(|object| self.mapping(object).fields)
            .filter(move |field| field.name == name)
    }

    /// Checks the fields of a portal record: each is declared, and its value fits it. A blank value fits every field.
    ///
    /// # Errors
    /// Returns every field that is invalid.
    pub fn check_record(&self, fields: &Map<String, Value>) -> Result<(), Vec<InvalidField>> {
        let wrong: Vec<InvalidField> = fields
            .iter()
            .filter_map(|(name, value)| self.wrong(name, value))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn wrong(&self, name: &str, value: &Value) -> Option<InvalidField> {
        let mut first = None;
        for field in self.record_fields(name) {
            match field.fit(value) {
                Ok(_) => return None,
                Err(misfit) => {
                    first =
                        first.or_else(|| Some(InvalidField::misfit(name, field, value, &misfit)));
                }
            }
        }
        Some(first.unwrap_or_else(|| {
            let declared = SalesforceObject::ALL.map(SalesforceObject::fields_setting);
            let remedy = format!("declare it in {}, or remove it", declared.join(" or "));
            unknown(name, &remedy)
        }))
    }
}

/// Fits a value to a field, under the name that the caller knows the field by; none for a blank one.
///
/// # Errors
/// Returns the problem if the value does not fit, or if a text has characters that no screen shows.
pub fn fitted(name: &str, field: &Field, value: &Value) -> Result<Option<Value>, InvalidField> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some(character) = value
        .as_str()
        .and_then(|text| text.chars().find(|c| is_control(*c)))
    {
        return Err(InvalidField::new(
            name,
            FieldCode::Character,
            format!(
                "has the control character U+{:04X}: remove it",
                u32::from(character)
            ),
        ));
    }
    match field.fit(value) {
        Ok(value) => Ok(value.map(|value| value.to_json())),
        Err(misfit) => Err(InvalidField::misfit(name, field, value, &misfit)),
    }
}

fn unknown(name: &str, remedy: &str) -> InvalidField {
    let shown = shown(&Value::String(name.to_owned()));
    InvalidField::new(
        shown,
        FieldCode::Unknown,
        format!("there is no such field: {remedy}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    fn checked(fields: Value) -> Vec<String> {
        let fields = fields.as_object().unwrap();
        let wrong = settings().check_record(fields).err().unwrap_or_default();
        wrong.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_record_holds_what_deals_or_leads_declare() {
        let fields = json!({
            "name": "Quayside", "amount": 30, "close_date": null, "company": "Quayside Hotels", "stage": " ",
        });

        assert_eq!(checked(fields), Vec::<String>::new());
    }

    #[test]
    fn unknown_fields_and_values_that_do_not_fit_are_all_named() {
        let fields = json!({ "nmae": "Quayside", "amount": "thirty", "stage": "Gone" });

        assert_eq!(
            checked(fields),
            [
                "nmae: there is no such field: declare it in deal_fields or lead_fields, or remove it",
                "amount: takes an amount, not \"thirty\"",
                "stage: \"Gone\" is not one of its values: correct it, or add it to the values",
            ]
        );
    }

    #[test]
    fn the_own_declaration_of_a_kind_counts_where_both_objects_have_the_name() {
        let mut settings = settings();
        let mut amount = settings.deal_field("amount").unwrap().clone();
        amount.kind = crate::field::FieldType::Text;
        settings.lead_fields.push(amount);
        let value = |kind| settings.record_value(kind, "amount", &json!("thirty"));

        assert_eq!(value(RecordKind::Lead), Ok(Some(json!("thirty"))));
        assert_eq!(value(RecordKind::Referral), Ok(Some(json!("thirty"))));
        assert_eq!(
            value(RecordKind::Deal).map_err(|wrong| wrong.code),
            Err(FieldCode::Type)
        );
        let company = settings.record_value(RecordKind::Deal, "company", &json!(" Acme "));
        assert_eq!(company, Ok(Some(json!("Acme"))));
    }

    #[test]
    fn the_fields_of_a_kind_are_its_own_and_then_the_other_object_s_each_once() {
        let settings = settings();
        let names = |kind, by| -> Vec<&str> {
            let fields = settings
                .fields_of(kind)
                .filter(|(declared, _)| *declared == by);
            fields.map(|(_, field)| field.name.as_str()).collect()
        };
        let both = |fields: &[Field]| -> Vec<String> {
            fields.iter().map(|field| field.name.clone()).collect()
        };

        assert_eq!(
            names(RecordKind::Deal, Declared::Own),
            both(&settings.deal_fields)
        );
        assert_eq!(
            names(RecordKind::Referral, Declared::Own),
            both(&settings.lead_fields)
        );
        for kind in RecordKind::ALL {
            let (own, others) = (names(kind, Declared::Own), names(kind, Declared::OfOther));
            assert!(!others.is_empty() && others.iter().all(|name| !own.contains(name)));
        }
    }

    #[test]
    fn a_text_with_a_control_character_is_refused_and_one_of_several_lines_is_not() {
        let settings = settings();
        let value = |text: &str| {
            let fitted = settings.record_value(RecordKind::Lead, "description", &json!(text));
            fitted.map_err(|wrong| wrong.problem)
        };

        assert_eq!(value("a\r\n\tb"), Ok(Some(json!("a\r\n\tb"))));
        assert_eq!(
            value("a\u{0}b"),
            Err("has the control character U+0000: remove it".to_owned())
        );
        assert!(value("a\u{85}b").is_err());
    }
}
