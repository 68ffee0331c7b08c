//! Nothing is linked or written after a login to another org than the settings name. Records whose claim is not where
//! it should be can be unlinked.

use dealbridge_aws::{item, keys, transaction};
use dealbridge_core::{
    SalesforceId,
    claim::{Claim, ClaimState},
    code::Code,
    link::store::LinkStore,
    record::LinkStatus,
};
use dealbridge_tests::{opportunity, test_app::WRITES};
use serde_json::json;

use crate::{
    harness::LinkHarness,
    portal::{deal, folder},
    push::confirmed,
};

const OTHER: &str = "00DdM0000000002UAA";

fn other() -> SalesforceId {
    SalesforceId::parse(OTHER).unwrap()
}

impl LinkHarness {
    async fn refresh(&self, id: SalesforceId) {
        let body = json!({ "organization_id": id });
        self.app.admin("refresh", body).await;
    }

    async fn settings_name(&self, id: SalesforceId) {
        self.app.set(|settings| settings.organization_id = id).await;
    }

    /// Removes the claim of an Opportunity, or moves it to another org if one is named.
    async fn misplace(&self, id: SalesforceId, to: Option<SalesforceId>) {
        let store = &self.app.store;
        let table = &store.tables().links;
        let claim = self.claim(id).await.unwrap();
        let own = keys::claim(self.app.organization(), id);
        let mut actions = vec![transaction::delete_unconditional(table, own).unwrap()];
        if let Some(org) = to {
            let item = item::encode(&claim, keys::claim(org, id)).unwrap();
            actions.push(transaction::put_unconditional(table, item).unwrap());
        }
        store
            .transact(&format!("misplace|{id}"), actions)
            .await
            .unwrap();
    }

    async fn claim_in(&self, org: SalesforceId, id: SalesforceId) -> Option<Claim> {
        self.app.store.claim(org, id).await.unwrap()
    }
}

#[tokio::test]
async fn another_org_is_neither_previewed_nor_linked() {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    harness.put(&deal("d"), json!({ "name": "Ours" })).await;
    let token = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let before = harness.dump().await;
    harness.refresh(other()).await;

    let preview = harness
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await;
    let confirm = harness
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;

    for refused in [preview, confirm] {
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("SF_ORG_CHANGED"))
        );
        let connected = harness.app.organization();
        assert_eq!(refused.body["settings"], connected.as_str());
        assert_eq!(refused.body["connected"], OTHER);
    }
    harness.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_write_waits_in_the_outbox_while_the_login_leads_to_another_org() {
    let harness = confirmed().await;
    let (own, before) = (harness.app.organization(), harness.values().await);
    harness.refresh(other()).await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    harness.refresh(own).await;
    assert_eq!(harness.values().await, before);
    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn a_write_of_another_org_than_the_settings_is_said_and_not_sent() {
    let harness = confirmed().await;
    harness.settings_name(other()).await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.salesforce_writes(), 0);
    let codes = harness.codes().await;
    let said = codes.iter().filter(|code| *code == "MESSAGE_OF_OTHER_ORG");
    assert_eq!(said.count(), 1);
    let message = harness.message(Code::MessageOfOtherOrg).await;
    assert!(
        message.contains(harness.app.organization().as_str()),
        "{message}"
    );
    assert!(
        harness
            .app
            .store
            .outbox()
            .await
            .unwrap()
            .requests
            .is_empty()
    );
    assert_eq!(harness.app.waiting(WRITES), 0);
}

#[tokio::test]
async fn a_record_whose_claim_is_another_org_s_can_be_unlinked() {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    harness.put_links(2).await;
    let (record, id) = (deal("d1"), opportunity(1));
    harness.misplace(id, Some(other())).await;

    let unlinked = harness.unlink(&record).await;

    assert_eq!(unlinked.status, 200, "{unlinked:?}");
    assert_eq!(harness.status(&record).await, None);
    let claim = harness.claim_in(other(), id).await.unwrap();
    assert_eq!((claim.state, claim.epoch), (ClaimState::Suppressed, 1));
    assert_eq!(harness.claim(id).await, None);
    assert_eq!(harness.unlink(&record).await.body["code"], "NOT_LINKED");
}

#[tokio::test]
async fn a_record_whose_claim_is_gone_can_be_unlinked_and_stays_alone() {
    let harness = LinkHarness::start(&folder(2, 0)).await;
    harness.put_links(2).await;
    let (record, id) = (deal("d1"), opportunity(1));
    harness.misplace(id, None).await;

    let unlinked = harness.unlink(&record).await;

    assert_eq!(unlinked.status, 200, "{unlinked:?}");
    assert_eq!(harness.status(&record).await, None);
    let claim = harness.claim(id).await.unwrap();
    assert_eq!(
        (claim.state, claim.record),
        (ClaimState::Suppressed, record)
    );
}

#[tokio::test]
async fn of_two_records_of_one_salesforce_record_either_can_be_unlinked_and_the_other_stays() {
    for (unlinked, stays) in [("d1", "d2"), ("d2", "d1")] {
        let harness = LinkHarness::start(&folder(2, 0)).await;
        harness.put_links(1).await;
        let id = opportunity(1);
        // The twin: the same Salesforce record, claimed by the other org for another record.
        let store = &harness.app.store;
        let mut twin = harness.record(&deal("d1")).await;
        twin.id = deal("d2");
        let claim = Claim {
            record: twin.id.clone(),
            ..harness.claim(id).await.unwrap()
        };
        let puts = [
            (
                &store.tables().records,
                item::encode(&twin, keys::record(&twin.id)).unwrap(),
            ),
            (
                &store.tables().links,
                item::encode(&claim, keys::claim(other(), id)).unwrap(),
            ),
        ]
        .map(|(table, item)| transaction::put_unconditional(table, item).unwrap());
        store.transact("twin", puts.to_vec()).await.unwrap();

        let answer = harness.unlink(&deal(unlinked)).await;

        assert_eq!(answer.status, 200, "{unlinked}: {answer:?}");
        assert_eq!(harness.status(&deal(unlinked)).await, None);
        assert_eq!(harness.status(&deal(stays)).await, Some(LinkStatus::Synced));
        let (here, there) = (
            harness.claim(id).await.unwrap(),
            harness.claim_in(other(), id).await.unwrap(),
        );
        let live = |claim: &Claim| claim.state == ClaimState::Live;
        assert_eq!((live(&here), live(&there)), (stays == "d1", stays == "d2"));
    }
}
