//! The base of a three-way comparison: the values that a linked record and its Salesforce record last agreed on, kept
//! only for the fields in which the linked record differs from them, and for those that were written to Salesforce
//! until a run has seen them there.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    SystemModstamp,
    field::{Field, FieldValue},
    value::composed,
};

/// The longest text that is kept as it is; of a longer one the digest is kept.
const MAX_BYTES: usize = 64;

/// The most values of earlier writes that are remembered for a field.
const MAX_SENT: usize = 16;

/// The last agreed values of a linked record's fields, by name. A field that is absent holds the agreed value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Base(BTreeMap<String, Agreed>);

/// The last agreed value of one field, in Channeltivity's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The value.
    pub value: Remembered,
    /// Values that Salesforce may hold without anybody's edit there: those of earlier writes, which may have arrived
    /// without an answer, and the blank of a record that a Lead was converted to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Remembered>,
    /// The end of the time before Salesforce held the agreed value: a row of that time may be decided on later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// The time before Salesforce held an agreed value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The values that the field had in the end.
    pub values: Vec<Remembered>,
    /// The latest stamp that a row of that time can have.
    pub up_to: SystemModstamp,
}

/// A value, or the digest of a long one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remembered {
    /// The value.
    Value(Value),
    /// The digest.
    Digest(String),
}

impl Base {
    /// Returns `true` if every field holds the agreed value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what was last agreed on for a field, if the record's value differs from it.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Agreed> {
        self.0.get(field)
    }

    /// Returns the same, or what `agreed` makes if there is nothing yet.
    pub fn entry(&mut self, field: &str, agreed: impl FnOnce() -> Agreed) -> &mut Agreed {
        self.0.entry(field.to_owned()).or_insert_with(agreed)
    }

    /// Remembers that a value of a field may arrive, or may have arrived, in Salesforce.
    pub fn send(&mut self, field: &Field, value: &Value) {
        if let Some(agreed) = self.0.get_mut(&field.name) {
            agreed.send(Remembered::of(value, field));
        }
    }

    /// Sets what was agreed on.
    pub fn set(&mut self, field: &str, agreed: Agreed) {
        self.0.insert(field.to_owned(), agreed);
    }

    /// Removes a field: both sides hold the same value.
    pub fn settle(&mut self, field: &str) {
        self.0.remove(field);
    }

    /// Returns the names of the fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes the base to another Salesforce record, for the fields for which the condition holds: a blank there is
    /// nobody's edit.
    #[must_use]
    pub fn elsewhere(&self, is_kept: impl Fn(&str, &Agreed) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, agreed)| is_kept(name, agreed));
        let moved = kept.map(|(name, agreed)| {
            let mut agreed = Agreed {
                before: None,
                ..agreed.clone()
            };
            agreed.send(Remembered::Value(Value::Null));
            (name.clone(), agreed)
        });
        Self(moved.collect())
    }
}

impl Agreed {
    /// Creates the entry for a value that both sides held.
    #[must_use]
    pub fn on(value: &Value, field: &Field) -> Self {
        Self {
            value: Remembered::of(value, field),
            sent: Vec::new(),
            before: None,
        }
    }

    /// Notes the values that the field had in Salesforce up to a stamp: what was agreed on until then.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>, up_to: SystemModstamp) -> Self {
        let values: Vec<Remembered> = earlier
            .into_iter()
            .flat_map(|earlier| std::iter::once(&earlier.value).chain(&earlier.sent))
            .cloned()
            .collect();
        self.before = Some(Before { values, up_to });
        self
    }

    /// Returns `true` if a row of this stamp that shows this value was read too early to tell anything.
    #[must_use]
    pub fn is_outdated(&self, there: &Value, stamp: Option<SystemModstamp>, field: &Field) -> bool {
        self.before.as_ref().is_some_and(|before| {
            // Stamps count whole seconds: what was written within the second of what it replaced is told by its value.
            let is_former = || before.values.iter().any(|known| known.is(there, field));
            match stamp.map(|stamp| stamp.cmp(&before.up_to)) {
                None | Some(Ordering::Less) => true,
                Some(Ordering::Equal) => is_former() && !self.value.is(there, field),
                Some(Ordering::Greater) => false,
            }
        })
    }

    /// Returns `true` if the record's value is not what was agreed on, or may not be what Salesforce holds.
    #[must_use]
    pub fn differs(&self, here: &Value, field: &Field) -> bool {
        !self.sent.is_empty() || !self.value.is(here, field)
    }

    /// Remembers a value that may arrive, or may have arrived, in Salesforce.
    pub fn send(&mut self, value: Remembered) {
        if self.value == value || self.sent.contains(&value) {
            return;
        }
        self.sent.push(value);
        if self.sent.len() > MAX_SENT {
            self.sent.remove(0);
        }
    }

    /// Returns `true` if nobody changed the field in Salesforce, where it has this value.
    #[must_use]
    pub fn is_unchanged(&self, there: &Value, field: &Field) -> bool {
        std::iter::once(&self.value)
            .chain(&self.sent)
            .any(|known| known.is(there, field))
    }
}

impl Remembered {
    /// Remembers a value of a field.
    #[must_use]
    pub fn of(value: &Value, field: &Field) -> Self {
        match value {
            Value::String(text) if text.len() > MAX_BYTES => Self::Digest(digest(value, field)),
            _ => Self::Value(value.clone()),
        }
    }

    /// Returns `true` if this is the value, to the field.
    #[must_use]
    pub fn is(&self, value: &Value, field: &Field) -> bool {
        match self {
            Self::Value(known) => agree(known, value, field),
            Self::Digest(known) => *known == digest(value, field),
        }
    }
}

/// Returns `true` if two values are the same to a field; values that do not fit it are the same if they are equal.
#[must_use]
pub fn agree(one: &Value, other: &Value, field: &Field) -> bool {
    one == other || field.same(one, other)
}

/// Digests a value in the form in which the field compares it.
fn digest(value: &Value, field: &Field) -> String {
    let text = match field.fit(value) {
        Ok(None) => String::new(),
        Ok(Some(FieldValue::Text(text))) => composed(text.trim()).into_owned(),
        Ok(Some(FieldValue::Choices(choices))) => {
            let mut choices: Vec<_> = choices
                .iter()
                .map(|choice| composed(choice).into_owned())
                .collect();
            choices.sort();
            choices.dedup();
            choices.join(";")
        }
        Ok(Some(fitted)) => fitted.to_json().to_string(),
        Err(_) => value.to_string(),
    };
    Sha256::digest(text)[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::field::FieldType;

    fn field(kind: FieldType) -> Field {
        Field {
            name: "f".into(),
            label: None,
            kind,
            required: false,
            values: Vec::new(),
            max_length: None,
        }
    }

    #[test]
    fn a_value_is_known_again_in_whatever_form_its_type_takes_it() {
        let long = "é ".repeat(100);
        let choices = |order: [&str; 3]| json!(order.map(|choice| choice.repeat(30)).join(";"));
        for (kind, one, other) in [
            (FieldType::Currency, json!(1054), json!(1054.0)),
            (FieldType::Number, json!("12"), json!(12)),
            (FieldType::Text, json!(null), json!("  ")),
            (
                FieldType::Date,
                json!("2026-05-01"),
                json!("2026-05-01T23:00:00Z"),
            ),
            (
                FieldType::Datetime,
                json!("2026-05-01T07:25:37Z"),
                json!("2026-05-01T09:25:37+02:00"),
            ),
            (
                FieldType::LongText,
                json!(long.trim()),
                json!(format!(" {} ", long.replace('é', "e\u{301}"))),
            ),
            (
                FieldType::MultiPicklist,
                choices(["A", "B", "C"]),
                choices(["C", "A", "B"]),
            ),
        ] {
            let field = field(kind);
            let known = Remembered::of(&one, &field);
            assert!(known.is(&other, &field), "{one} {other}");
            assert!(!known.is(&json!("2030-01-01"), &field), "{one}");
        }
    }

    #[test]
    fn a_long_text_takes_the_place_of_its_digest_alone() {
        let text = field(FieldType::LongText);
        let agreed = Agreed::on(&json!("x".repeat(100_000)), &text);

        let stored = serde_json::to_string(&agreed).unwrap();

        assert!(stored.len() < 60, "{stored}");
        assert_eq!(serde_json::from_str::<Agreed>(&stored).unwrap(), agreed);
    }

    #[test]
    fn what_was_sent_is_nobody_s_edit_and_the_oldest_of_many_is_forgotten() {
        let number = field(FieldType::Number);
        let mut agreed = Agreed::on(&json!(0), &number);
        for sent in 1..=20 {
            agreed.send(Remembered::of(&json!(sent), &number));
            agreed.send(Remembered::of(&json!(sent), &number));
        }

        let known = |there: i64| agreed.is_unchanged(&json!(there), &number);
        assert!(known(0) && known(20) && known(5));
        assert!(!known(4) && !known(21));
    }
}
