//! The size of a record's values in the store (AWS: Amazon DynamoDB item sizes and formats).

use serde_json::Value;

use crate::{code::Code, field::Field, finding::Finding, mapping::MappingRow};

/// The maximum size of one record in bytes, its owner and link included.
pub const MAX_BYTES: usize = 400 * 1024;

/// The bytes reserved for owner, end user, link and keys, all of which have bounded values.
const REST: usize = 10 * 1024;

/// The number of largest values that are named.
const NAMED: usize = 3;

/// Returns the bytes that a value takes.
#[must_use]
pub fn of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(_) => 21,
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| of(value) + 1).sum::<usize>(),
        Value::Object(fields) => {
            let each = fields
                .iter()
                .map(|(name, value)| name.len() + of(value) + 1);
            3 + each.sum::<usize>()
        }
    }
}

/// The sizes of the values that a record is to hold.
#[derive(Debug, Default)]
pub struct Sizes {
    values: Vec<(String, usize)>,
}

impl Sizes {
    /// Returns the sizes of fields by name.
    pub fn of<'v>(fields: impl IntoIterator<Item = (&'v String, &'v Value)>) -> Self {
        let mut sizes = Self::default();
        for (name, value) in fields {
            sizes.add(name, value);
        }
        sizes
    }

    /// Adds a field.
    pub fn add(&mut self, name: &str, value: &Value) {
        self.values.push((name.to_owned(), of(value)));
    }

    fn total(&self) -> usize {
        let each = self.values.iter().map(|(name, size)| name.len() + size + 1);
        each.sum()
    }

    /// Returns `true` if the values do not fit into one record.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.total() > MAX_BYTES - REST
    }

    /// Returns the finding for values that do not fit: their size, and which are the largest.
    #[must_use]
    pub fn finding(mut self, fields: &[Field], rows: &[MappingRow]) -> Finding {
        let total = shown(self.total());
        self.values
            .sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let named = |name: &str| {
            let declared = fields.iter().find(|field| field.name == name);
            let label = declared.map_or_else(|| name.to_owned(), Field::label);
            let row = rows.iter().find(|row| row.channeltivity == name);
            let api_name = row.map_or(name, |row| row.salesforce.as_str());
            (label, api_name.to_owned())
        };
        let largest: Vec<String> = self
            .values
            .iter()
            .take(NAMED)
            .map(|(name, size)| {
                let (label, api_name) = named(name);
                format!("{label} ({api_name}) with {}", shown(*size))
            })
            .collect();
        let finding = Finding::new(Code::DealTooLarge)
            .value(total)
            .other(largest.join(", "));
        match self.values.first() {
            Some((name, _)) => {
                let (label, api_name) = named(name);
                finding.field(&label, &api_name)
            }
            None => finding,
        }
    }
}

/// Returns a size as a sentence shows it.
#[must_use]
pub fn shown(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        _ => format!("{} KB", bytes.div_ceil(1024)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::settings;

    #[test]
    fn a_value_takes_its_bytes_not_its_characters() {
        for (value, bytes) in [
            (json!(null), 1),
            (json!(true), 1),
            (json!(12.5), 21),
            (json!("äöü"), 6),
            (json!([1, "ab"]), 3 + 22 + 3),
            (json!({ "name": "ab" }), 3 + 4 + 2 + 1),
        ] {
            assert_eq!(of(&value), bytes, "{value}");
        }
    }

    #[test]
    fn values_beyond_400_kb_are_said_with_the_largest_of_them() {
        let settings = settings();
        let fields =
            json!({ "amount": 5, "stage": "s".repeat(100_000), "name": "n".repeat(300_000) });
        let fields = fields.as_object().unwrap();

        let sizes = Sizes::of(fields);

        assert!(sizes.is_too_large());
        let finding = sizes.finding(&settings.deal_fields, &settings.mappings);
        assert_eq!(finding.context.value, "391 KB");
        assert_eq!(finding.context.field, "Name (Name)");
        assert_eq!(
            finding.context.other,
            "Name (Name) with 293 KB, Stage (StageName) with 98 KB, Amount (Amount) with 21 bytes"
        );
        assert!(!Sizes::of(fields.iter().take(2)).is_too_large());
    }
}
