//! Values of a portal record, checked against the declared fields.

use serde_json::{Map, Value};

use super::Settings;
use crate::{
    SalesforceObject,
    field::{Field, Misfit, shown},
};

/// A value that a record cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidField {
    /// The field's name.
    pub field: String,
    /// The problem and its remedy.
    pub problem: String,
}

impl Settings {
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
            .filter_map(|(name, value)| self.misfit(name, value))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn misfit(&self, name: &str, value: &Value) -> Option<InvalidField> {
        let mut misfit = None;
        for field in self.record_fields(name) {
            match field.fit(value) {
                Ok(_) => return None,
                Err(found) => misfit = misfit.or(Some((field, found))),
            }
        }
        let problem = match misfit {
            None => {
                let declared = SalesforceObject::ALL.map(SalesforceObject::fields_setting);
                let declared = declared.join(" or ");
                format!("there is no such field: declare it in {declared}, or remove it")
            }
            Some((field, Misfit::Type)) => {
                format!("takes {}, not {:?}", field.kind.takes(), shown(value))
            }
            Some((_, Misfit::Unknown { value })) => {
                format!("{value:?} is not one of its values: correct it, or add it to the values")
            }
            Some((_, Misfit::Length { max, .. })) => {
                format!("is longer than the {max} characters that the field takes: shorten it")
            }
        };
        Some(InvalidField {
            field: name.to_owned(),
            problem,
        })
    }
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
}
