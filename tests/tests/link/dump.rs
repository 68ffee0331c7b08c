//! A dump of the three tables, to compare before and after. The ledger of Salesforce calls is left out: it counts what was
//! asked, whatever became of it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{
    Store,
    keys::{Attributes, CALLS},
};

/// Items by table and key, as text in a canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dump(BTreeMap<String, String>);

impl Dump {
    /// Reads everything.
    pub(crate) async fn of(store: &Store) -> Self {
        let tables = store.tables();
        let mut items = BTreeMap::new();
        for table in [&tables.records, &tables.links, &tables.log] {
            let mut start = None;
            loop {
                let scan = store
                    .client()
                    .scan()
                    .table_name(table)
                    .consistent_read(true);
                let answer = scan.set_exclusive_start_key(start).send().await.unwrap();
                for item in answer.items.unwrap_or_default() {
                    if item.get("pk").map(text).as_deref() == Some(CALLS) {
                        continue;
                    }
                    let key = ["pk", "sk"].map(|name| item.get(name).map(text).unwrap_or_default());
                    items.insert(format!("{table} {}", key.join(" ")), map(&item));
                }
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Self(items)
    }

    /// The differences from a later dump, as lines.
    pub(crate) fn differences(&self, later: &Self) -> Vec<String> {
        let keys: std::collections::BTreeSet<&String> =
            self.0.keys().chain(later.0.keys()).collect();
        keys.into_iter()
            .filter(|key| self.0.get(*key) != later.0.get(*key))
            .map(|key| format!("{key}: {:?} became {:?}", self.0.get(key), later.0.get(key)))
            .collect()
    }
}

fn map(item: &Attributes) -> String {
    let sorted: BTreeMap<&String, String> = item
        .iter()
        .map(|(name, value)| (name, text(value)))
        .collect();
    format!("{sorted:?}")
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(inner) => map(inner),
        AttributeValue::L(inner) => format!("{:?}", inner.iter().map(text).collect::<Vec<_>>()),
        AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
