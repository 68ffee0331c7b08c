//! Field mapping: pairs of Channeltivity and Salesforce fields, and the direction in which their values flow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    SalesforceObject,
    decimal::Decimal,
    end_user::EndUserField,
    field::{Field, FieldType},
    salesforce::FieldPath,
    value::{choices, in_type_of, reads_as, same_text, text_of},
};

/// The direction in which a value flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// From Salesforce to Channeltivity.
    ToChanneltivity,
    /// From Channeltivity to Salesforce.
    ToSalesforce,
    /// Either way; on a conflict the master wins.
    Both,
    /// Not at all.
    None,
}

impl Flow {
    /// Returns `true` if Salesforce's value may reach Channeltivity.
    #[must_use]
    pub fn reaches_channeltivity(self) -> bool {
        matches!(self, Self::ToChanneltivity | Self::Both)
    }

    /// Returns `true` if Channeltivity's value may reach Salesforce.
    #[must_use]
    pub fn reaches_salesforce(self) -> bool {
        matches!(self, Self::ToSalesforce | Self::Both)
    }
}

/// The side whose value is taken if both have one and they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Master {
    /// Salesforce's.
    #[default]
    Salesforce,
    /// Channeltivity's.
    Channeltivity,
}

/// One row of the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingRow {
    /// The Channeltivity field's name.
    pub channeltivity: String,
    /// The Salesforce field; a dotted path may be read, not written.
    pub salesforce: FieldPath,
    /// The flow when the record is imported or linked.
    pub on_create: Flow,
    /// The flow afterwards.
    pub on_update: Flow,
    /// The value map, from Salesforce's values to Channeltivity's; other values pass as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The side that wins if the field was changed on both, where the row flows both ways on update; the setting
    /// `conflicts` decides if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Master>,
}

impl MappingRow {
    /// Returns `true` if the row ever writes its Salesforce field.
    #[must_use]
    pub fn writes_salesforce(&self) -> bool {
        self.on_create.reaches_salesforce() || self.on_update.reaches_salesforce()
    }

    /// Translates Salesforce's value to Channeltivity's: the value map applies to the whole value, and if that is a
    /// list of choices, to each of them.
    #[must_use]
    pub fn to_channeltivity(&self, value: &Value, field: &Field) -> Value {
        if let Some(mapped) = self.mapped(value) {
            return Value::String(mapped.to_owned());
        }
        let Value::String(text) = value else {
            return value.clone();
        };
        let has_word = |choice: &str| self.mapped_choice(choice).is_some();
        if !self.is_list(text, field, has_word) {
            return value.clone();
        }
        let mapped = choices(text).flat_map(|choice| self.channeltivity_choices(choice));
        joined(mapped.collect())
    }

    /// Translates Channeltivity's value to Salesforce's, given Salesforce's present value `there`. If several
    /// Salesforce values map to it, those that are present stay; else the one with the same text is taken, else the
    /// first in order.
    #[must_use]
    pub fn to_salesforce(&self, value: &Value, field: &Field, there: &Value) -> Value {
        let Some(text) = text_of(value) else {
            return value.clone();
        };
        let is_target = |choice: &str| self.word_for(choice).is_some();
        if !self.values.is_empty() && self.is_list(&text, field, is_target) {
            return self.choices_to_salesforce(&text, there);
        }
        let is_there = self
            .mapped(there)
            .is_some_and(|mapped| reads_as(mapped, value));
        if is_there {
            return there.clone();
        }
        let translated = match self.word_for(&text) {
            Some(word) => Value::String(word.to_owned()),
            None => value.clone(),
        };
        in_type_of(translated, there)
    }

    /// Returns the value map's entry for a whole value.
    fn mapped(&self, value: &Value) -> Option<&str> {
        let exact = text_of(value).and_then(|text| self.values.get(text.as_ref()));
        let same = || {
            let mut entries = self.values.iter();
            entries.find_map(|(word, mapped)| reads_as(word, value).then_some(mapped))
        };
        exact.or_else(same).map(String::as_str)
    }

    fn mapped_choice(&self, choice: &str) -> Option<&str> {
        let exact = self.values.get(choice);
        let same = || {
            let mut entries = self.values.iter();
            entries.find_map(|(word, mapped)| same_text(word, choice).then_some(mapped))
        };
        exact.or_else(same).map(String::as_str)
    }

    /// Returns Channeltivity's choices that one of Salesforce's stands for.
    fn channeltivity_choices<'a>(&'a self, choice: &'a str) -> Vec<&'a str> {
        choices(self.mapped_choice(choice).unwrap_or(choice)).collect()
    }

    /// Returns Salesforce's choice for one of Channeltivity's.
    fn word_for(&self, text: &str) -> Option<&str> {
        let means = |mapped: &str| same_text(mapped, text) || same_number(mapped, text);
        if self.mapped_choice(text).is_some_and(means) {
            return self
                .values
                .keys()
                .find(|word| same_text(word, text))
                .map(String::as_str);
        }
        let mut entries = self.values.iter();
        entries.find_map(|(word, mapped)| means(mapped).then_some(word.as_str()))
    }

    /// Returns `true` if a text is a list of choices: always in a multi-picklist; in another field only if the value
    /// map knows each choice.
    fn is_list(&self, text: &str, field: &Field, is_known: impl Fn(&str) -> bool) -> bool {
        match field.kind {
            FieldType::MultiPicklist => true,
            _ => text.contains(';') && choices(text).all(is_known),
        }
    }

    fn choices_to_salesforce(&self, text: &str, there: &Value) -> Value {
        let wanted: Vec<&str> = choices(text).collect();
        let is_wanted = |choice: &str| wanted.iter().any(|wanted| same_text(wanted, choice));
        let there = match there {
            Value::String(there) => there.as_str(),
            _ => "",
        };
        let mut taken: Vec<&str> = choices(there)
            .filter(|choice| {
                let mapped = self.channeltivity_choices(choice);
                mapped.iter().all(|choice| is_wanted(choice))
            })
            .collect();
        let mut covered: Vec<&str> = taken
            .iter()
            .flat_map(|choice| self.channeltivity_choices(choice))
            .collect();
        for choice in &wanted {
            if covered.iter().any(|covered| same_text(covered, choice)) {
                continue;
            }
            let itself = self
                .values
                .iter()
                .find(|(word, mapped)| same_text(word, choice) && same_text(mapped, choice));
            let another = || {
                self.values.iter().find(|(_, mapped)| {
                    choices(mapped).any(|mapped| same_text(mapped, choice))
                        && choices(mapped).all(is_wanted)
                })
            };
            match itself.or_else(another) {
                Some((word, mapped)) => {
                    taken.extend(choices(word));
                    covered.extend(choices(mapped));
                }
                None => taken.push(choice),
            }
        }
        joined(taken)
    }
}

/// Joins choices as Salesforce takes them: each once, in order, separated by semicolons.
fn joined(mut choices: Vec<&str>) -> Value {
    choices.sort_unstable();
    choices.dedup();
    Value::String(choices.join(";"))
}

fn same_number(one: &str, other: &str) -> bool {
    let number = |text: &str| Decimal::parse(text.trim());
    number(one).is_some_and(|one| number(other) == Some(one))
}

/// The second kind of row: a fixed value for a Salesforce field, sent when a record is linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedValue {
    /// The Salesforce field.
    pub salesforce: FieldPath,
    /// The value.
    pub value: Value,
}

/// The mapping of one Salesforce object: the Channeltivity fields that it feeds, the rows, and the fixed values that
/// are sent to it.
#[derive(Clone, Copy, Debug)]
pub struct ObjectMapping<'a> {
    /// The Salesforce object.
    pub object: SalesforceObject,
    /// The Channeltivity fields, as declared.
    pub fields: &'a [Field],
    /// The mapping rows.
    pub rows: &'a [MappingRow],
    /// Fixed values for fields of the object.
    pub fixed: &'a [FixedValue],
}

impl<'a> ObjectMapping<'a> {
    /// Returns the Channeltivity field that a row names: a declared one, or one of the end user.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        let declared = self.fields.iter().find(|field| field.name == name);
        declared.or_else(|| EndUserField::mapped(name).map(EndUserField::field))
    }
}

#[cfg(test)]
mod tests;
