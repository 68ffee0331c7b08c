//! Sizes as DynamoDB counts them (AWS: Amazon DynamoDB item sizes and formats), and its limits on them.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::keys::Attributes;

/// DynamoDB's limit on one item.
pub const MAX_ITEM_BYTES: usize = 400 * 1024;

/// DynamoDB's limit on the items of one transaction together.
pub const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;

/// The bytes of an item: names and values.
#[must_use]
pub fn item(attributes: &Attributes) -> usize {
    let each = attributes
        .iter()
        .map(|(name, attribute)| name.len() + value(attribute));
    each.sum()
}

fn value(attribute: &AttributeValue) -> usize {
    match attribute {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => digits(number),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| digits(number)).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|blob| blob.as_ref().len()).sum(),
        // A list or map takes three bytes, plus one for each of its elements, besides the elements themselves.
        AttributeValue::L(values) => {
            3 + values
                .iter()
                .map(|element| value(element) + 1)
                .sum::<usize>()
        }
        AttributeValue::M(fields) => 3 + item(fields) + fields.len(),
        _ => 1,
    }
}

/// About one byte for two significant digits, one more, and one for the sign.
fn digits(number: &str) -> usize {
    let digits = number
        .trim_start_matches(['-', '0', '.'])
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    digits.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
}

/// The bytes that an action adds to its transaction: for a put the item, for others at least their keys and values.
#[must_use]
pub fn action(action: &TransactWriteItem) -> usize {
    let values = |values: Option<&Attributes>| values.map_or(0, item);
    if let Some(put) = action.put() {
        item(put.item())
    } else if let Some(update) = action.update() {
        item(update.key()) + values(update.expression_attribute_values())
    } else if let Some(delete) = action.delete() {
        item(delete.key())
    } else {
        action
            .condition_check()
            .map_or(0, |check| item(check.key()))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;

    use super::*;
    use crate::item::{n, s};

    #[test]
    fn an_item_takes_its_names_and_values() {
        for (attribute, bytes) in [
            (s("äöü"), 6),
            (n(0), 1),
            (n(1054), 3),
            (n(-1054), 4),
            (n("0.00025"), 2),
            (n("1e10"), 3),
            (AttributeValue::B(Blob::new([0; 9])), 9),
            (AttributeValue::Bool(true), 1),
            (AttributeValue::Null(true), 1),
            (AttributeValue::L(vec![s("ab"), n(7)]), 3 + 3 + 3),
            (
                AttributeValue::M([("key".to_owned(), s("ab"))].into()),
                3 + 3 + 2 + 1,
            ),
            (AttributeValue::Ss(vec!["a".into(), "bc".into()]), 3),
        ] {
            let shown = format!("{attribute:?}");
            let attributes = Attributes::from([("name".to_owned(), attribute)]);
            assert_eq!(item(&attributes), 4 + bytes, "{shown}");
        }
    }
}
