//! The answer to a create is lost, and the record is deleted, linked or unlinked before the create is repeated: what
//! Salesforce has by then is named once, and stays as it is.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    record::RecordId,
    settings::{SendMode, SendTarget},
};
use dealbridge_tests::test_app::WRITES;
use serde_json::json;

use crate::harness::{EXTERNAL_ID, SendHarness, deal, whole, with_end_user};

/// A Deal whose Salesforce record was created, while the answer was lost.
struct HalfWay {
    harness: SendHarness,
    deal: RecordId,
    created: SalesforceId,
    /// The message, which has gone back to the queue.
    message: String,
}

impl HalfWay {
    async fn lead() -> Self {
        Self::of(SendTarget::Lead, SalesforceObject::Lead).await
    }

    async fn of(target: SendTarget, object: SalesforceObject) -> Self {
        let harness = SendHarness::start(SendMode::OnSubmit, target).await;
        let contact = json!({ "LastName": "Roe", "Email": "roe@end.example", "AccountId": "001dM0000000001" });
        harness.create_row("Contact", contact).await;
        harness
            .submit(with_end_user("D-1", "roe@end.example"))
            .await;
        let message = harness.message().await;
        let lead = format!("/sobjects/Lead/{EXTERNAL_ID}");
        let cut = json!({ "match": lead, "mode": "cut", "times": 50 });
        let composite = json!({ "match": "/composite", "mode": "cut", "times": 50 });
        for fault in [cut, composite] {
            harness.app.disturb(fault).await;
        }
        assert_eq!(harness.push_again().await, (0, 1));
        harness.app.calm().await;
        let (created, _) = harness.created(object).await[0].clone();
        Self {
            harness,
            deal: deal("D-1"),
            created,
            message,
        }
    }

    /// Another Lead of the org.
    async fn other_lead(&self) -> SalesforceId {
        let fields = json!({ "LastName": "Doe", "Company": "Umbrella" });
        self.harness.create_row("Lead", fields).await
    }

    /// Asserts that the created record is named once with these words, however often the create is asked for again,
    /// and that it stays.
    async fn assert_named_once(&self, words: &str) {
        let Self {
            harness, created, ..
        } = self;
        for again in 0..3 {
            let warnings = harness.warnings().await;
            assert_eq!(warnings.len(), 1, "{again}: {warnings:?}");
            assert!(warnings[0].contains(created.as_str()), "{warnings:?}");
            assert!(warnings[0].contains(words), "{warnings:?}");
            let message = std::slice::from_ref(&self.message);
            harness.app.send(WRITES, message).await;
            harness.app.hourly().await;
            while harness.push().await != (0, 0) {}
        }
        assert_eq!(harness.outbox().await, 0);
        assert!(!harness.row(*created, &["Id"]).await.is_checked("IsDeleted"));
    }

    /// Asserts that nobody is warned, however often the create is asked for again.
    async fn assert_silent(&self) {
        let harness = &self.harness;
        for _ in 0..2 {
            let message = std::slice::from_ref(&self.message);
            harness.app.send(WRITES, message).await;
            harness.app.hourly().await;
            while harness.push().await != (0, 0) {}
            assert_eq!(harness.warnings().await, Vec::<String>::new());
        }
        assert_eq!(harness.outbox().await, 0);
    }
}

impl SendHarness {
    /// The messages of the entries about records that were created and not linked.
    async fn warnings(&self) -> Vec<String> {
        let entries = self.entries().await.into_iter();
        entries
            .filter(|entry| entry.code.as_str() == "CREATED_BUT_NOT_LINKED")
            .map(|entry| entry.message)
            .collect()
    }
}

#[tokio::test]
async fn what_was_created_for_a_record_that_is_deleted_before_the_repeat_is_named_once() {
    let half_way = HalfWay::lead().await;
    half_way.harness.delete(&half_way.deal).await;

    assert_eq!(half_way.harness.push_again().await, (1, 0));

    half_way.assert_named_once("was deleted").await;
    let entry = half_way.harness.entries().await.pop().unwrap();
    assert!(entry.suggestion.starts_with("Delete it in Salesforce"));
}

#[tokio::test]
async fn what_was_created_for_a_record_that_is_linked_elsewhere_before_the_repeat_is_named_once() {
    let half_way = HalfWay::lead().await;
    let other = half_way.other_lead().await;
    half_way.harness.link_by_hand(&half_way.deal, other).await;

    assert_eq!(half_way.harness.push_again().await.1, 0);

    half_way
        .assert_named_once(&format!("linked to the Lead {other}"))
        .await;
    assert_eq!(half_way.harness.linked(&half_way.deal).await, Some(other));
}

#[tokio::test]
async fn what_was_created_in_a_life_that_an_unlink_ended_is_named_once() {
    let half_way = HalfWay::lead().await;
    let other = half_way.other_lead().await;
    half_way.harness.link_by_hand(&half_way.deal, other).await;
    half_way.harness.unlink(&half_way.deal).await;

    assert_eq!(half_way.harness.push_again().await.1, 0);

    half_way.assert_named_once("unlinked").await;
}

#[tokio::test]
async fn a_create_of_the_next_life_does_not_hide_what_was_created_in_the_one_before() {
    let half_way = HalfWay::lead().await;
    let other = half_way.other_lead().await;
    half_way.harness.link_by_hand(&half_way.deal, other).await;
    half_way.harness.unlink(&half_way.deal).await;
    half_way.harness.sync_now(&half_way.deal).await;
    while half_way.harness.push_again().await != (0, 0) {}

    let second = half_way.harness.linked(&half_way.deal).await.unwrap();
    assert_ne!(second, half_way.created);
    half_way
        .assert_named_once(&format!("linked to the Lead {second}"))
        .await;
}

#[tokio::test]
async fn a_record_that_is_linked_by_hand_to_what_was_created_for_it_warns_nobody() {
    let half_way = HalfWay::lead().await;
    let created = half_way.created;
    half_way.harness.link_by_hand(&half_way.deal, created).await;

    half_way.harness.push_again().await;
    half_way.assert_silent().await;
    half_way.harness.unlink(&half_way.deal).await;
    half_way.harness.push_again().await;
    half_way.assert_silent().await;
}

#[tokio::test]
async fn what_was_created_before_sending_was_switched_off_is_named_once() {
    let half_way = HalfWay::lead().await;
    half_way
        .harness
        .send_deals(|send| send.mode = SendMode::Off)
        .await;

    assert_eq!(half_way.harness.push_again().await, (1, 0));

    half_way.assert_named_once("creation withdrawn").await;
}

#[tokio::test]
async fn what_was_created_for_a_record_that_is_refused_and_then_deleted_is_named_by_the_next_run() {
    let half_way = HalfWay::lead().await;
    let (harness, deal) = (&half_way.harness, &half_way.deal);
    harness
        .edit(deal, |record| {
            record.fields.remove("company");
        })
        .await;
    assert_eq!(harness.push_again().await.1, 0);
    assert_eq!(harness.codes(deal).await, ["SF_REQUIRED_FIELD_MISSING"]);
    harness.delete(deal).await;
    assert_eq!(harness.push().await, (0, 0));

    harness.app.hourly().await;
    assert_eq!(harness.push().await, (1, 0));

    half_way.assert_named_once("was deleted").await;
}

#[tokio::test]
async fn an_opportunity_that_was_created_is_named_too() {
    let target = SendTarget::MatchContact;
    let half_way = HalfWay::of(target, SalesforceObject::Opportunity).await;
    half_way.harness.delete(&half_way.deal).await;

    assert_eq!(half_way.harness.push_again().await, (1, 0));

    half_way.assert_named_once("was deleted").await;
}

#[tokio::test]
async fn of_a_lead_that_was_converted_meanwhile_its_opportunity_is_named() {
    let mut half_way = HalfWay::lead().await;
    let body = json!({ "lead": half_way.created, "opportunity": true });
    half_way.harness.app.admin("convert", body).await;
    half_way.harness.delete(&half_way.deal).await;
    let row = half_way
        .harness
        .row(half_way.created, &["ConvertedOpportunityId"]);
    let opportunity = row.await.text("ConvertedOpportunityId").unwrap().to_owned();
    half_way.created = SalesforceId::parse(&opportunity).unwrap();

    assert_eq!(half_way.harness.push_again().await, (1, 0));

    half_way.assert_named_once("was deleted").await;
}

#[tokio::test]
async fn while_salesforce_cannot_be_asked_the_create_waits_and_the_record_is_named_afterwards() {
    let half_way = HalfWay::lead().await;
    let harness = &half_way.harness;
    harness.delete(&half_way.deal).await;
    let down = json!({ "match": "/query", "status": 503, "times": 50 });
    harness.app.disturb(down).await;

    assert_eq!(harness.push_again().await, (0, 1));
    assert_eq!(harness.warnings().await, Vec::<String>::new());
    harness.app.calm().await;
    assert_eq!(harness.push_again().await, (1, 0));

    half_way.assert_named_once("was deleted").await;
}

#[tokio::test]
async fn two_deliveries_that_find_the_same_record_at_once_name_it_once() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    let message = harness.message().await;
    harness
        .app
        .clock
        .advance(std::time::Duration::from_secs(900));

    // Between the first one's answer and its link the record goes, and the second one asks for it.
    harness
        .between(async || {
            harness.delete(&deal("D-1")).await;
            harness.hand_over(&message).await;
        })
        .await;

    assert_eq!(harness.warnings().await.len(), 1);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn a_record_that_goes_before_anything_was_created_warns_nobody() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    harness.delete(&deal("D-1")).await;

    assert_eq!(harness.push().await, (1, 0));

    assert_eq!(harness.warnings().await, Vec::<String>::new());
    assert_eq!(harness.created(SalesforceObject::Lead).await, []);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn late_messages_of_a_create_that_came_to_its_end_ask_salesforce_for_nothing() {
    let harness = SendHarness::start(SendMode::OnSubmit, SendTarget::Lead).await;
    harness.submit(whole("D-1")).await;
    let message = harness.message().await;
    assert_eq!(harness.push_again().await, (1, 0));
    let calls = harness.app.salesforce.usage().total();

    for change in [0, 1] {
        if change == 1 {
            harness.unlink(&deal("D-1")).await;
        }
        harness
            .app
            .send(WRITES, std::slice::from_ref(&message))
            .await;
        assert_eq!(harness.push().await, (1, 0));
    }

    assert_eq!(harness.warnings().await, Vec::<String>::new());
    assert_eq!(harness.app.salesforce.usage().total(), calls);
}
