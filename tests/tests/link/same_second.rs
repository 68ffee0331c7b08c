//! A record that is linked by hand and edited again within one second of Salesforce's clock.

use std::time::Duration;

use dealbridge_core::record::LinkStatus;
use dealbridge_tests::opportunity;
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    life::Pair,
    portal::{deal, folder, lead},
};

#[tokio::test]
async fn an_edit_under_the_stamp_of_the_one_before_reaches_linked_leads_and_unflagged_opportunities()
 {
    for schedule in ["hourly", "daily"] {
        let pair = Pair::make().await;
        pair.harness.app.admin("clock", json!({ "step": 0 })).await;
        for value in ["first", "second"] {
            for (record, id) in pair.links() {
                let (fields, name) = if id == lead(1) {
                    (json!({ "Company": value }), "company")
                } else {
                    (json!({ "Name": value }), "name")
                };
                pair.edit(id, fields).await;
                pair.harness.app.clock.advance(Duration::from_secs(3_600));
                pair.harness.app.scheduled(schedule).await;

                let record = pair.harness.record(record).await;
                assert_eq!(record.fields[name], value, "{schedule} {id}");
            }
            pair.harness.assert_whole().await;
        }
    }
}

#[tokio::test]
async fn a_lead_that_is_converted_under_the_stamp_it_was_read_with_moves_its_link() {
    for schedule in ["hourly", "daily"] {
        let pair = Pair::make().await;
        pair.harness.app.admin("clock", json!({ "step": 0 })).await;
        pair.edit(lead(1), json!({ "Company": "Acme" })).await;
        pair.hourly().await;
        let order = json!({ "lead": lead(1), "opportunity": true });
        let answer: Value = pair.harness.app.admin("convert", order).await;

        pair.harness.app.clock.advance(Duration::from_secs(3_600));
        pair.harness.app.scheduled(schedule).await;

        let link = pair.harness.record(&pair.of_lead).await.link.unwrap();
        assert_eq!(
            answer["opportunity"],
            link.salesforce_id.as_str(),
            "{schedule}"
        );
        assert_ne!(link.status, LinkStatus::Disconnected);
        pair.harness.assert_whole().await;
    }
}

#[tokio::test]
async fn a_sync_flag_that_is_cleared_under_the_stamp_with_which_the_link_set_it_pauses_the_link() {
    for schedule in ["hourly", "daily"] {
        let harness = LinkHarness::start(&folder(1, 0)).await;
        let (id, off) = (opportunity(1), json!({ "Sync__c": false }));
        harness.put(&deal("d"), json!({})).await;
        harness.app.admin("clock", json!({ "step": 0 })).await;
        harness.app.edit(id, off.clone()).await;
        assert_eq!(harness.link(&deal("d"), id, "salesforce").await.status, 201);
        harness.push().await;
        assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
        harness.app.edit(id, off).await;

        harness.app.clock.advance(Duration::from_secs(3_600));
        harness.app.scheduled(schedule).await;

        let status = harness.status(&deal("d")).await;
        assert_eq!(status, Some(LinkStatus::Paused), "{schedule}");
        harness.assert_whole().await;
    }
}
