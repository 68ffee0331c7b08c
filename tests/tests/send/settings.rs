//! `PUT /settings` accepts a mode of sending if, and only if, the org has the External Id as it must be.

use std::sync::Arc;

use dealbridge_core::settings::{SendMode, SendTarget};
use dealbridge_lambda::Function;
use dealbridge_tests::{caller::Caller, event::event, reply::Reply, test_app::UNLIMITED};
use serde_json::{Value, json};
use settings::SettingsFunction;

use crate::harness::{EXTERNAL_ID, SendHarness};

impl SendHarness {
    /// Puts the stored settings with another way of sending Deals.
    async fn put_send(&self, deal: &Value) -> Reply {
        let store = self.app.store_of("settings");
        let function = SettingsFunction {
            salesforce: self.app.salesforce.clone(),
            rights: self.app.rights(&store),
            store,
            clock: Arc::new(self.app.clock.clone()),
        };
        let (_, stored) = self.app.portal.versioned_settings().await.unwrap();
        let mut body = serde_json::to_value(&*stored).unwrap();
        body["send"] = json!({ "deal": deal });
        let mut event = event("PUT", "/settings", "", Some(&body));
        Caller::admin().sign(&mut event);
        event["headers"]["if-match"] = "*".into();
        Reply::read(&function.handle(event, UNLIMITED).await.unwrap())
    }

    /// Asserts that a mode is refused with one problem, at this place and in these words, and that nothing is stored.
    async fn assert_refused(&self, deal: &Value, place: &str, words: &[&str]) {
        let (before, _) = self.app.portal.versioned_settings().await.unwrap();
        let reply = self.put_send(deal).await;
        assert_eq!(reply.verdict(), (422, "SETTINGS_INVALID"), "{}", reply.body);
        let errors = reply.body["problems"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{}", reply.body);
        let error = errors[0].to_string();
        for word in words.iter().chain([&place]) {
            assert!(error.contains(word), "{word}: {error}");
        }
        let (after, _) = self.app.portal.versioned_settings().await.unwrap();
        assert_eq!(after, before);
    }
}

/// A harness whose settings do not have Deals sent.
async fn off() -> SendHarness {
    SendHarness::start(SendMode::Off, SendTarget::Lead).await
}

const PLACE: &str = "send.deal.external_id";

#[tokio::test]
async fn each_mode_but_off_is_refused_until_the_field_is_as_it_must_be() {
    let harness = off().await;
    let change = |change: Value| harness.external_id(change);
    for mode in ["manual", "on_submit", "on_status"] {
        let deal = json!({ "mode": mode, "statuses": ["Approved"] });
        for (wrong, right, words) in [
            (
                json!({ "unique": false }),
                json!({ "unique": true }),
                "is not unique",
            ),
            (
                json!({ "externalId": false }),
                json!({ "externalId": true }),
                "is not an External ID",
            ),
        ] {
            change(wrong).await;
            let words = [words, EXTERNAL_ID, "Lead"];
            harness.assert_refused(&deal, PLACE, &words).await;
            let off = harness.put_send(&json!({ "mode": "off" })).await;
            assert_eq!(off.status, 200, "{}", off.body);
            change(right).await;
        }
        let reply = harness.put_send(&deal).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(!reply.body["warnings"].to_string().contains(PLACE));
    }
}

#[tokio::test]
async fn a_field_that_is_not_there_is_hidden_or_cannot_be_written_is_refused() {
    let harness = off().await;
    let deal = json!({ "mode": "manual" });
    let missing = json!({ "mode": "manual", "external_id": "Missing__c" });
    let words = ["has no Missing__c on Lead"];
    harness.assert_refused(&missing, PLACE, &words).await;

    for (access, words) in [
        ("none", "has no Channeltivity_Id__c on Lead"),
        ("read", "cannot be written by the integration user"),
    ] {
        let fls = json!({ "object": "Lead", "field": EXTERNAL_ID, "access": access });
        harness.app.admin("fls", fls).await;
        harness.assert_refused(&deal, PLACE, &[words]).await;
    }
    harness.app.admin("fls", json!({ "reset": true })).await;
    assert_eq!(harness.put_send(&deal).await.status, 200);
}

#[tokio::test]
async fn each_object_that_a_record_may_become_needs_the_field() {
    let harness = off().await;
    let field = json!({ "object": "Opportunity", "name": EXTERNAL_ID, "unique": false });
    harness.app.admin("field", field).await;

    let lead = json!({ "mode": "manual", "target": "lead" });
    assert_eq!(harness.put_send(&lead).await.status, 200);
    let either = json!({ "mode": "manual", "target": "match_contact" });
    let words = ["of the Opportunity is not unique"];
    harness.assert_refused(&either, PLACE, &words).await;
}

#[tokio::test]
async fn a_field_that_takes_abc_and_abc_for_the_same_is_accepted_with_a_warning() {
    let harness = off().await;
    harness.external_id(json!({ "caseSensitive": false })).await;

    let reply = harness.put_send(&json!({ "mode": "manual" })).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    let warnings = reply.body["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|warning| warning["place"] == PLACE);
    let problem = warning.unwrap()["problem"].as_str().unwrap();
    assert!(problem.contains("upper-case letters"), "{problem}");
}

#[tokio::test]
async fn while_salesforce_does_not_answer_sending_cannot_be_switched_on() {
    let harness = off().await;
    let down = json!({ "match": "/describe", "status": 503, "times": 500 });
    harness.app.disturb(down).await;

    let words = ["could not be held against the connected org"];
    let deal = json!({ "mode": "manual" });
    harness
        .assert_refused(&deal, "send.deal.mode", &words)
        .await;
    let off = harness.put_send(&json!({ "mode": "off" })).await;
    assert_eq!(off.status, 200, "{}", off.body);
}
