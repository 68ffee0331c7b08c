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
use dealbridge_tests::{opportunity, world::WRITES};
use serde_json::json;

use crate::{
    desk::Desk,
    portal::{deal, folder},
    push::confirmed,
};

const OTHER: &str = "00DdM0000000002UAA";

fn other() -> SalesforceId {
    SalesforceId::parse(OTHER).unwrap()
}

impl Desk {
    async fn refresh(&self, id: SalesforceId) {
        let body = json!({ "organization_id": id });
        self.world.admin("refresh", body).await;
    }

    async fn settings_name(&self, id: SalesforceId) {
        self.world
            .set(|settings| settings.organization_id = id)
            .await;
    }

    /// Removes the claim of an Opportunity, or moves it to another org if one is named.
    async fn misplace(&self, id: SalesforceId, to: Option<SalesforceId>) {
        let store = &self.world.store;
        let table = &store.tables().links;
        let claim = self.claim(id).await.unwrap();
        let own = keys::claim(self.world.organization(), id);
        let mut actions = vec![transaction::delete_anyway(table, own).unwrap()];
        if let Some(org) = to {
            let item = item::encode(&claim, keys::claim(org, id)).unwrap();
            actions.push(transaction::put_anyway(table, item).unwrap());
        }
        store
            .transact(&format!("misplace|{id}"), actions)
            .await
            .unwrap();
    }

    async fn claim_in(&self, org: SalesforceId, id: SalesforceId) -> Option<Claim> {
        self.world.store.claim(org, id).await.unwrap()
    }
}

#[tokio::test]
async fn another_org_is_neither_previewed_nor_linked() {
    let desk = Desk::start(&folder(2, 0)).await;
    desk.put(&deal("d"), json!({ "name": "Ours" })).await;
    let token = desk
        .preview(&deal("d"), opportunity(1), "salesforce")
        .await
        .token();
    let before = desk.dump().await;
    desk.refresh(other()).await;

    let preview = desk.preview(&deal("d"), opportunity(1), "salesforce").await;
    let confirm = desk
        .confirm(&deal("d"), opportunity(1), "salesforce", &token)
        .await;

    for refused in [preview, confirm] {
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("SF_ORG_CHANGED"))
        );
        let connected = desk.world.organization();
        assert_eq!(refused.body["settings"], connected.as_str());
        assert_eq!(refused.body["connected"], OTHER);
    }
    desk.assert_untouched_since(&before).await;
}

#[tokio::test]
async fn a_write_waits_in_the_outbox_while_the_login_leads_to_another_org() {
    let desk = confirmed().await;
    let (own, before) = (desk.world.organization(), desk.values().await);
    desk.refresh(other()).await;

    assert_eq!(desk.push().await, (1, 0));

    assert_eq!(desk.status(&deal("d")).await, Some(LinkStatus::Pending));
    desk.refresh(own).await;
    assert_eq!(desk.values().await, before);
    desk.world.hourly().await;
    assert_eq!(desk.push().await, (1, 0));
    assert_eq!(desk.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn a_write_of_another_org_than_the_settings_is_said_and_not_sent() {
    let desk = confirmed().await;
    desk.settings_name(other()).await;

    assert_eq!(desk.push().await, (1, 0));

    assert_eq!(desk.salesforce_writes(), 0);
    let codes = desk.codes().await;
    let said = codes.iter().filter(|code| *code == "MESSAGE_OF_OTHER_ORG");
    assert_eq!(said.count(), 1);
    let message = desk.message(Code::MessageOfOtherOrg).await;
    assert!(
        message.contains(desk.world.organization().as_str()),
        "{message}"
    );
    assert!(desk.world.store.outbox().await.unwrap().requests.is_empty());
    assert_eq!(desk.world.waiting(WRITES), 0);
}

#[tokio::test]
async fn a_record_whose_claim_is_another_org_s_can_be_unlinked() {
    let desk = Desk::start(&folder(2, 0)).await;
    desk.put_links(2).await;
    let (record, id) = (deal("d1"), opportunity(1));
    desk.misplace(id, Some(other())).await;

    let unlinked = desk.unlink(&record).await;

    assert_eq!(unlinked.status, 200, "{unlinked:?}");
    assert_eq!(desk.status(&record).await, None);
    let claim = desk.claim_in(other(), id).await.unwrap();
    assert_eq!((claim.state, claim.epoch), (ClaimState::Suppressed, 1));
    assert_eq!(desk.claim(id).await, None);
    assert_eq!(desk.unlink(&record).await.body["code"], "NOT_LINKED");
}

#[tokio::test]
async fn a_record_whose_claim_is_gone_can_be_unlinked_and_stays_alone() {
    let desk = Desk::start(&folder(2, 0)).await;
    desk.put_links(2).await;
    let (record, id) = (deal("d1"), opportunity(1));
    desk.misplace(id, None).await;

    let unlinked = desk.unlink(&record).await;

    assert_eq!(unlinked.status, 200, "{unlinked:?}");
    assert_eq!(desk.status(&record).await, None);
    let claim = desk.claim(id).await.unwrap();
    assert_eq!(
        (claim.state, claim.record),
        (ClaimState::Suppressed, record)
    );
}

#[tokio::test]
async fn of_two_records_of_one_salesforce_record_either_can_be_unlinked_and_the_other_stays() {
    for (unlinked, stays) in [("d1", "d2"), ("d2", "d1")] {
        let desk = Desk::start(&folder(2, 0)).await;
        desk.put_links(1).await;
        let id = opportunity(1);
        // The twin: the same Salesforce record, claimed by the other org for another record.
        let store = &desk.world.store;
        let mut twin = desk.record(&deal("d1")).await;
        twin.id = deal("d2");
        let claim = Claim {
            record: twin.id.clone(),
            ..desk.claim(id).await.unwrap()
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
        .map(|(table, item)| transaction::put_anyway(table, item).unwrap());
        store.transact("twin", puts.to_vec()).await.unwrap();

        let answer = desk.unlink(&deal(unlinked)).await;

        assert_eq!(answer.status, 200, "{unlinked}: {answer:?}");
        assert_eq!(desk.status(&deal(unlinked)).await, None);
        assert_eq!(desk.status(&deal(stays)).await, Some(LinkStatus::Synced));
        let (here, there) = (
            desk.claim(id).await.unwrap(),
            desk.claim_in(other(), id).await.unwrap(),
        );
        let live = |claim: &Claim| claim.state == ClaimState::Live;
        assert_eq!((live(&here), live(&there)), (stays == "d1", stays == "d2"));
    }
}
