//! The number of Salesforce calls that links take.

use std::time::Duration;

use dealbridge_tests::opportunity;
use serde_json::json;

use crate::{harness::LinkHarness, portal::folder};

#[tokio::test]
async fn salesforce_calls_grow_with_the_changes_and_daily_by_one_per_two_thousand_links() {
    const LINKS: usize = 2_001;
    let mut folder = folder(0, 0);
    for _ in 0..LINKS {
        folder.add(|opportunity| opportunity.with("Export__c", "false"));
    }
    folder.add(|opportunity| opportunity);
    let harness = LinkHarness::start(&folder).await;
    harness.put_links(LINKS).await;
    harness.app.full().await;
    harness.app.hourly().await;
    let calls = |harness: &LinkHarness| harness.app.org.counters();
    let spent = |before: &std::collections::BTreeMap<&'static str, u64>, name| {
        calls(&harness)[name] - before[name]
    };

    let before = calls(&harness);
    harness.app.clock.advance(Duration::from_secs(24 * 3_600));
    let daily = harness.app.scheduled("daily").await;
    let listed = LINKS as u64 + 1;
    assert_eq!(
        (daily.counts.listed, daily.counts.unchanged),
        (listed, listed)
    );
    assert_eq!(spent(&before, "retrieve"), 2);
    assert!(spent(&before, "total") <= 4, "{:?}", calls(&harness));

    let before = calls(&harness);
    harness.app.hourly().await;
    assert!(spent(&before, "total") <= 1, "{:?}", calls(&harness));

    for number in 1..=20 {
        harness
            .app
            .edit(opportunity(number), json!({ "Amount": 7 }))
            .await;
    }
    let before = calls(&harness);
    let hourly = harness.app.hourly().await;
    assert_eq!(hourly.counts.updated, 20);
    assert!(spent(&before, "total") <= 3, "{:?}", calls(&harness));
}
