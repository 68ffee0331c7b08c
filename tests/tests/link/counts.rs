//! A run's counts stay exact when a record that failed is linked, unlinked and allowed by hand before its messages come
//! again.

use dealbridge_core::{
    run::{Counts, RunStatus},
    sync_request::Requested,
};
use dealbridge_tests::{
    Defect, opportunity,
    world::{IMPORTS, SYNC_REQUESTS},
};
use serde_json::json;

use crate::{
    desk::Desk,
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
        let desk = Desk::start(&folder).await;
        let Requested::Started(run) = desk.world.request_run().await else {
            panic!("no run was active");
        };
        let request = desk.world.receive(SYNC_REQUESTS, 1).await;
        desk.world.work(SYNC_REQUESTS, &request).await;
        let imports = desk.world.receive(IMPORTS, 10).await;
        desk.world.work(IMPORTS, &imports).await;
        let bodies: Vec<String> = imports
            .messages
            .iter()
            .map(|message| message.body().unwrap().to_owned())
            .collect();

        desk.put(&deal("d"), json!({})).await;
        assert_eq!(
            desk.link(&deal("d"), failing, "salesforce").await.status,
            201
        );
        if by_hand != ByHand::Link {
            assert_eq!(desk.unlink(&deal("d")).await.status, 200);
        }
        if by_hand == ByHand::LinkUnlinkAndAllow {
            assert_eq!(desk.allow(failing).await.status, 200);
        }
        desk.world.send(IMPORTS, &bodies).await;
        desk.world.deliver_all().await;

        let ledger = desk.world.ledger().await;
        let expected = Counts {
            listed: 3,
            imported: 2,
            failed: 1,
            ..Counts::default()
        };
        assert_eq!(ledger.runs[&run.id].counts, expected, "{by_hand:?}");
        assert_eq!(desk.world.status(run.id).await, RunStatus::Succeeded);
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{by_hand:?}");
        assert!(ledger.linked(opportunity(1)).is_some());
    }
}
