//! A create is repeated after its answer was lost, and meanwhile others had to do with the Lead that it made.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    send::SendStore,
    settings::{SendMode, SendTarget},
};
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole};

/// Values that a user of Salesforce enters.
const ENTERED: (Option<&str>, Option<&str>) = (Some("Doe"), Some("Umbrella"));

/// A harness with the Deal D-1, whose Lead was created, while the answer was lost.
async fn half_way() -> (SendHarness, SalesforceId) {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    let cut = json!({ "match": EXTERNAL_ID, "mode": "cut", "times": 50 });
    harness.app.disturb(cut).await;
    assert_eq!(harness.push().await, (0, 1));
    harness.app.calm().await;
    let (lead, _) = harness.created(SalesforceObject::Lead).await[0].clone();
    (harness, lead)
}

impl SendHarness {
    async fn enter(&self, lead: SalesforceId) {
        let (last_name, company) = ENTERED;
        let fields = json!({ "LastName": last_name, "Company": company });
        let body = json!({ "object": "Lead", "id": lead, "fields": fields });
        self.app.admin("edit", body).await;
    }

    /// Links the Deal D-2, which is not to be created, to a Lead by hand.
    async fn link_another(&self, lead: SalesforceId) {
        self.send_deals(|send| send.mode = SendMode::Manual).await;
        self.submit(whole("D-2")).await;
        self.link_by_hand(&deal("D-2"), lead).await;
    }

    async fn assert_entered(&self, lead: SalesforceId) {
        let row = self.row(lead, &["LastName", "Company"]).await;
        assert_eq!((row.text("LastName"), row.text("Company")), ENTERED);
    }

    /// Asserts that the Lead is D-2's, with its values, and that D-1 has the problem which says so.
    async fn assert_another_s(&self, lead: SalesforceId) {
        self.assert_entered(lead).await;
        assert_eq!(self.linked(&deal("D-2")).await, Some(lead));
        assert_eq!(self.linked(&deal("D-1")).await, None);
        assert_eq!(self.codes(&deal("D-1")).await, ["SF_EXTERNAL_ID_TAKEN"]);
        assert_eq!(self.app.store.send_problems().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_lead_that_was_linked_to_another_record_by_hand_keeps_that_record_s_values() {
    let (harness, lead) = half_way().await;
    harness.link_another(lead).await;
    harness.enter(lead).await;

    assert_eq!(harness.push_again().await, (1, 0));
    harness.assert_another_s(lead).await;

    harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));
    harness.assert_another_s(lead).await;

    for _ in 0..2 {
        harness.app.full().await;
        assert_eq!(harness.push().await, (1, 0));
        harness.assert_another_s(lead).await;
    }
    let other = harness.record(&deal("D-2")).await;
    assert_eq!(
        (&other.fields["last_name"], &other.fields["company"]),
        (&json!("Doe"), &json!("Umbrella"))
    );
    assert_eq!(harness.created(SalesforceObject::Lead).await.len(), 1);
}

#[tokio::test]
async fn a_lead_that_was_linked_to_another_record_keeps_its_values_after_sending_was_off() {
    let (harness, lead) = half_way().await;
    harness.send_deals(|send| send.mode = SendMode::Off).await;
    assert_eq!(harness.push_again().await, (1, 0));
    assert_eq!(harness.record(&deal("D-1")).await.creating, None);
    harness.link_another(lead).await;
    harness.enter(lead).await;

    harness.sync_now(&deal("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));

    harness.assert_another_s(lead).await;
}

#[tokio::test]
async fn what_a_user_of_salesforce_entered_before_the_repeat_stays_and_comes_to_the_record() {
    let (harness, lead) = half_way().await;
    harness.enter(lead).await;

    assert_eq!(harness.push_again().await, (1, 0));
    harness.assert_entered(lead).await;
    assert_eq!(harness.linked(&deal("D-1")).await, Some(lead));

    harness.app.hourly().await;
    harness.push().await;
    harness.assert_entered(lead).await;
    assert_eq!(
        harness.record(&deal("D-1")).await.fields["company"],
        "Umbrella"
    );
}

#[tokio::test]
async fn a_first_attempt_at_a_lead_costs_one_call() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    assert_eq!(harness.push().await, (1, 0));
    let before = harness.app.salesforce.usage().total();

    harness.submit(whole("D-2")).await;
    assert_eq!(harness.push().await, (1, 0));

    assert!(harness.linked(&deal("D-2")).await.is_some());
    assert_eq!(harness.app.salesforce.usage().total(), before + 1);
}
