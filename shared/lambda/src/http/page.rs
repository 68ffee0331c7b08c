//! A page of a list: as many items as were requested, but no more than fit into one answer.

use serde_json::{Value, json};

/// Limit on the bytes of a page's items in transit. Lambda's limit is 6 MB for a whole response.
const MAX_BYTES: usize = 5_000_000;

/// A page that is being filled.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    items: Vec<Value>,
    most: usize,
    bytes: usize,
}

impl Page {
    /// An empty page for at most that many items.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            items: Vec::new(),
            most,
            bytes: 0,
        }
    }

    /// Adds an item and returns `true` if there is room for it. The first one always fits: an item of the store is far
    /// smaller than a response may be.
    #[must_use]
    pub fn take(&mut self, item: Value) -> bool {
        let bytes = size(&item);
        let fits = self.bytes + bytes <= MAX_BYTES || self.items.is_empty();
        if self.items.len() < self.most && fits {
            self.bytes += bytes;
            self.items.push(item);
            return true;
        }
        false
    }

    /// Returns `true` if the page holds as many items as were requested.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.items.len() >= self.most
    }

    /// Returns the items.
    #[must_use]
    pub fn into_items(self) -> Vec<Value> {
        self.items
    }

    /// The response body: the items, and the cursor of the next page.
    #[must_use]
    pub fn into_body(self, cursor: Option<String>) -> Value {
        json!({ "items": self.items, "cursor": cursor })
    }
}

/// The size of an item inside a function's response, whose body is a JSON string: quotes are escaped once more.
fn size(item: &Value) -> usize {
    let json = item.to_string();
    let escaped = json.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    json.len() + escaped.count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Answer, respond};

    #[test]
    fn a_page_ends_with_the_items_that_were_asked_for() {
        let mut page = Page::new(2);

        assert!(page.take(json!(1)) && !page.is_complete());
        assert!(page.take(json!(2)) && page.is_complete());
        assert!(!page.take(json!(3)));
        assert_eq!(
            page.into_body(Some("next".to_owned())),
            json!({ "items": [1, 2], "cursor": "next" })
        );
    }

    #[test]
    fn a_page_of_the_largest_items_fits_into_one_answer() {
        // Quotes take four bytes each in transit; an item of the store has 400 KB at most.
        for text in [
            "\"".repeat(400_000),
            "x".repeat(400_000),
            "ü".repeat(200_000),
        ] {
            let mut page = Page::new(1_000);
            while page.take(json!({ "value": text })) {}

            let answer = respond(Answer::json(200, &page.clone().into_body(None)));
            let size = answer.to_string().len();
            assert!((3_000_000..6_291_556).contains(&size), "{size}");
            assert!(!page.is_complete());
        }
    }

    #[test]
    fn the_first_item_always_finds_room() {
        let mut page = Page::new(10);

        assert!(page.take(json!("x".repeat(MAX_BYTES + 1))));
        assert!(!page.take(json!("y")));
    }
}
