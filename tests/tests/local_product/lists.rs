//! Lists of the largest items that the store can hold: a page is complete, and the cursor leads to the rest.

use std::collections::BTreeSet;

use dealbridge_aws::{item, keys};
use dealbridge_core::{
    SalesforceId,
    code::Code,
    entry::{LogBatch, LogLine},
    finding::Finding,
    link::store::LinkStore,
    ports::{Clock, Portal},
    problem::OpenProblem,
    record::{RecordId, RecordKind},
    run::{Counts, RunId},
};
use dealbridge_lambda::SystemClock;
use serde_json::Value;

use crate::product::{ADMIN, Product};

/// Items of each list: together they are far larger than a response may be.
const MANY: usize = 12;

/// The largest value that an item takes, of a character that grows most in transit: a quote is escaped, and its escape
/// once more.
fn huge() -> String {
    "\"".repeat(350_000)
}

async fn put(product: &Product, table: &str, item: keys::Attributes) {
    let put = product.app.store.client().put_item().table_name(table);
    put.set_item(Some(item)).send().await.unwrap();
}

/// Every item of a list, page after page. The gateway must be able to return each page.
async fn all(product: &Product, target: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let answer = product.get(ADMIN, &format!("{target}{cursor}")).await;
        assert_eq!(answer.status, 200, "{:.300}", answer.body.to_string());
        items.extend(answer.body["items"].as_array().unwrap().iter().cloned());
        pages += 1;
        match answer.body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages),
        }
    }
}

fn distinct(items: &[Value], id: impl Fn(&Value) -> &Value) -> usize {
    let ids: BTreeSet<String> = items.iter().map(|item| id(item).to_string()).collect();
    ids.len()
}

#[tokio::test]
async fn records_of_the_largest_size_are_listed_to_the_last() {
    let product = Product::start(None).await;
    let id = |id: &str| RecordId::new(RecordKind::Referral, id).unwrap();
    let mut record = LinkStore::record(&product.app.store, &id("ref-lund"))
        .await
        .unwrap()
        .unwrap();
    record
        .fields
        .insert("description".to_owned(), huge().into());
    for number in 0..MANY {
        record.id = id(&format!("huge-{number}"));
        let item = item::encode(&record, keys::record(&record.id)).unwrap();
        put(&product, "Records", item).await;
    }

    let (items, pages) = all(&product, "/referrals?limit=200").await;

    // Those of the sample org are listed as well.
    assert_eq!(distinct(&items, |item| &item["id"]), MANY + 2);
    assert_eq!(items.len(), MANY + 2);
    assert!(pages > 1, "{pages}");
}

#[tokio::test]
async fn problems_of_the_largest_size_are_listed_to_the_last() {
    let product = Product::start(None).await;
    let org = product.app.portal.settings().await.unwrap().organization_id;
    let found = Finding::new(Code::AccountMissing);
    // The name appears in the sentences, too.
    let name = &huge()[..100_000];
    for number in 10..10 + MANY {
        let id = SalesforceId::parse(&format!("006aP000000{number:04}")).unwrap();
        let at = SystemClock.now();
        let problem = OpenProblem::met(None, id, name, vec![found.clone()], RunId::new(1), at);
        let item = item::encode(&problem, keys::problem(org, id)).unwrap();
        put(&product, "Log", item).await;
    }

    let (items, pages) = all(&product, "/problems?limit=500").await;

    assert_eq!(distinct(&items, |item| &item["opportunity"]["id"]), MANY);
    assert_eq!(items.len(), MANY);
    assert!(pages > 1, "{pages}");
}

#[tokio::test]
async fn entries_of_the_longest_texts_are_listed_to_the_last() {
    const LINES: usize = 100;
    let product = Product::start(None).await;
    let text = &huge()[..1_000];
    let said = Finding::new(Code::SettingsReplaced).value(text);
    let line = LogLine {
        salesforce: None,
        name: String::new(),
        entity: None,
        findings: vec![said.other(text).details(text)],
    };
    for number in 0..MANY {
        let packed = LogBatch {
            id: format!("HUGE{number:02}"),
            at: SystemClock.now(),
            counts: Counts::default(),
            lines: vec![line.clone(); LINES],
        };
        let key = keys::action(packed.at, &packed.id);
        put(
            &product,
            "Log",
            item::packed_entry_at(key, &packed).unwrap(),
        )
        .await;
    }

    let (items, pages) = all(&product, "/integration-log?limit=1000").await;

    assert_eq!(distinct(&items, |item| &item["id"]), MANY * LINES);
    assert_eq!(items.len(), MANY * LINES);
    // Two pages would do if a page held everything that may be requested.
    assert!(pages > 2, "{pages}");
}
