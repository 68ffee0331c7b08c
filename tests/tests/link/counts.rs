//! A run's counts stay exact when a record that failed is linked, unlinked and allowed by hand before its messages come
//! again.

use dealbridge_core::{
    run::{Counts, RunStatus},
    sync_request::Requested,
};
use dealbridge_tests::{
    Defect, opportunity,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use serde_json::json;

use crate::{
    harness::LinkHarness,
    portal::{deal, folder},
};

/// An act by hand between two deliveries of the same messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByHand {
    Link,
    LinkAndUnlink,
    LinkUnlinkAndAllow,
}

#[tokio::test]
async fn a_failure_that_was_linked_by_hand_counts_once_when_its_message_comes_again() {
    for by_hand in [
        ByHand::Link,
        ByHand::LinkAndUnlink,
        ByHand::LinkUnlinkAndAllow,
    ] {
        let mut folder = folder(2, 0);
        let failing = folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
        let harness = LinkHarness::start(&folder).await;
        let Requested::Started(run) = harness.app.request_run().await else {
            panic!("no run was active");
        };
        let request = harness.app.receive(SYNC_REQUESTS, 1).await;
        harness.app.work(SYNC_REQUESTS, &request).await;
        let imports = harness.app.receive(IMPORTS, 10).await;
        harness.app.work(IMPORTS, &imports).await;
        let bodies: Vec<String> = imports
            .messages
            .iter()
            .map(|message| message.body().unwrap().to_owned())
            .collect();

        harness.put(&deal("d"), json!({})).await;
        assert_eq!(
            harness.link(&deal("d"), failing, "salesforce").await.status,
            201
        );
        if by_hand != ByHand::Link {
            assert_eq!(harness.unlink(&deal("d")).await.status, 200);
        }
        if by_hand == ByHand::LinkUnlinkAndAllow {
            assert_eq!(harness.allow(failing).await.status, 200);
        }
        harness.app.send(IMPORTS, &bodies).await;
        harness.app.deliver_all().await;

        let ledger = harness.app.ledger().await;
        let expected = Counts {
            listed: 3,
            imported: 2,
            failed: 1,
            ..Counts::default()
        };
        assert_eq!(ledger.runs[&run.id].counts, expected, "{by_hand:?}");
        assert_eq!(harness.app.status(run.id).await, RunStatus::Succeeded);
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{by_hand:?}");
        assert!(ledger.linked(opportunity(1)).is_some());
    }
}
