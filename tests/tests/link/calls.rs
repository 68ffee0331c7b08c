//! The number of Salesforce calls that links take.

use std::time::Duration;

use dealbridge_tests::opportunity;
use serde_json::json;

use crate::{desk::Desk, portal::folder};

#[tokio::test]
async fn salesforce_calls_grow_with_the_changes_and_daily_by_one_per_two_thousand_links() {
    const LINKS: usize = 2_001;
    let mut folder = folder(0, 0);
    for _ in 0..LINKS {
        folder.add(|opportunity| opportunity.with("Export__c", "false"));
    }
    folder.add(|opportunity| opportunity);
    let desk = Desk::start(&folder).await;
    desk.put_links(LINKS).await;
    desk.world.full().await;
    desk.world.hourly().await;
    let calls = |desk: &Desk| desk.world.org.counters();
    let spent = |before: &std::collections::BTreeMap<&'static str, u64>, name| {
        calls(&desk)[name] - before[name]
    };

    let before = calls(&desk);
    desk.world.clock.advance(Duration::from_secs(24 * 3_600));
    let daily = desk.world.scheduled("daily").await;
    let listed = LINKS as u64 + 1;
    assert_eq!(
        (daily.counts.listed, daily.counts.unchanged),
        (listed, listed)
    );
    assert_eq!(spent(&before, "retrieve"), 2);
    assert!(spent(&before, "total") <= 4, "{:?}", calls(&desk));

    let before = calls(&desk);
    desk.world.hourly().await;
    assert!(spent(&before, "total") <= 1, "{:?}", calls(&desk));

    for number in 1..=20 {
        desk.world
            .edit(opportunity(number), json!({ "Amount": 7 }))
            .await;
    }
    let before = calls(&desk);
    let hourly = desk.world.hourly().await;
    assert_eq!(hourly.counts.updated, 20);
    assert!(spent(&before, "total") <= 3, "{:?}", calls(&desk));
}
