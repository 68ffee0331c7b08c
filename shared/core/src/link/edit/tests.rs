use serde_json::json;

use super::*;
use crate::{
    SalesforceId,
    counted::CountedRuns,
    mapping::Flow,
    record::{Link, RecordId, RecordKind},
    testing,
};

const OPPORTUNITY: &str = "006dM00000Mw7VtQAJ";

/// A linked Deal and its claim.
struct Side {
    settings: Settings,
    record: Record,
    claim: Claim,
}

impl Side {
    fn new() -> Self {
        let salesforce = SalesforceId::parse(OPPORTUNITY).unwrap();
        let stamp = SystemModstamp::from_second(1_000);
        let id = RecordId::new(RecordKind::Deal, "d").unwrap();
        let record: Record = serde_json::from_value(json!({
            "version": 4, "fields": { "name": "Acme", "stage": "Prospecting", "amount": 5, "close_date": "2026-09-30" },
        }))
        .unwrap();
        Self {
            settings: testing::settings(),
            record: Record {
                id: id.clone(),
                link: Some(Link {
                    salesforce_id: salesforce,
                    object: SalesforceObject::Opportunity,
                    status: LinkStatus::Synced,
                    reason: None,
                    name: None,
                    linked_at: jiff::Timestamp::UNIX_EPOCH,
                    linked_by: "integration".into(),
                    stamp,
                }),
                ..record
            },
            claim: Claim {
                salesforce,
                state: ClaimState::Live,
                record: id,
                epoch: 0,
                stamp,
                digest: None,
                version: 7,
                counted: CountedRuns::default(),
                pending: None,
                base: Base::default(),
                disconnected: false,
                import_flag_was_off: false,
                suppression: None,
            },
        }
    }

    fn with_status(status: LinkStatus) -> Self {
        let mut side = Self::new();
        if let Some(link) = &mut side.record.link {
            link.status = status;
        }
        side
    }

    /// Edits fields, and takes in what becomes of the link.
    fn edit(&mut self, fields: Value) -> Option<EditedLink> {
        let mut after = self.record.clone();
        after.version += 1;
        for (name, value) in fields.as_object().unwrap() {
            after.fields.insert(name.clone(), value.clone());
        }
        let edited = edit(&self.settings, &self.record, &after, &self.claim);
        if let Some(edited) = &edited {
            self.claim = edited.claim.clone();
            if let Some(link) = &mut after.link {
                link.status = edited.status;
            }
        }
        self.record = after;
        edited
    }

    fn base(&self) -> Value {
        serde_json::to_value(&self.claim.base).unwrap()
    }

    fn edited(&self) -> Vec<&str> {
        let pending = self.claim.pending.iter();
        pending
            .flat_map(|pending| &pending.edited)
            .map(String::as_str)
            .collect()
    }
}

#[test]
fn an_edit_is_pending_with_what_was_agreed_on_before() {
    let mut side = Side::new();

    let edited = side.edit(json!({ "amount": 9 })).unwrap();

    assert_eq!(edited.status, LinkStatus::Pending);
    assert_eq!(
        side.base(),
        json!({ "amount": { "value": { "value": 5 } } })
    );
    let pending = side.claim.pending.clone().unwrap();
    assert_eq!(
        (pending.id.as_str(), pending.seen),
        ("d-5", side.claim.stamp)
    );
    assert_eq!(side.edited(), ["amount"]);
    assert_eq!(side.claim.version, 8);
    let Outbox::Add(PushRequest::Write(request)) = edited.outbox else {
        unreachable!("no note")
    };
    assert_eq!(
        (request.write, request.record),
        (pending.id, side.claim.record)
    );
}

#[test]
fn several_edits_fold_into_one_write_that_knows_what_may_have_been_sent() {
    let mut side = Side::new();
    side.edit(json!({ "amount": 9 }));
    side.edit(json!({ "amount": 10, "name": "Acme 2" }));
    side.edit(json!({ "amount": 5 }));

    assert_eq!(
        side.base(),
        json!({
            "amount": { "value": { "value": 5 }, "sent": [{ "value": 9 }, { "value": 10 }] },
            "name": { "value": { "value": "Acme" } },
        })
    );
    assert_eq!(side.edited(), ["amount", "name"]);
    assert_eq!(side.claim.pending.unwrap().id, "d-7");
}

#[test]
fn what_does_not_flow_to_salesforce_is_remembered_and_not_sent() {
    let mut side = Side::new();

    let edited = side.edit(json!({ "stage": "Won" })).unwrap();

    assert_eq!(
        (edited.status, edited.outbox),
        (LinkStatus::Synced, Outbox::Keep)
    );
    assert_eq!(
        side.base(),
        json!({ "stage": { "value": { "value": "Prospecting" } } })
    );
    side.edit(json!({ "stage": "Prospecting" }));
    assert_eq!(side.base(), json!({}));
    assert_eq!(side.claim.pending, None);
}

#[test]
fn an_edit_that_nothing_of_flows_or_that_changes_no_value_leaves_the_link_alone() {
    let mut side = Side::new();

    assert_eq!(side.edit(json!({ "close_date": "2027-01-01" })), None);
    assert_eq!(side.edit(json!({ "amount": 5.0, "name": " Acme " })), None);
    assert_eq!(side.edit(json!({ "unmapped": "x" })), None);
    side.claim.state = ClaimState::Suppressed;
    assert_eq!(side.edit(json!({ "amount": 9 })), None);
}

#[test]
fn while_the_link_rests_edits_are_kept_for_later() {
    for status in [LinkStatus::Paused, LinkStatus::Disconnected] {
        let mut side = Side::with_status(status);

        let edited = side.edit(json!({ "amount": 9 })).unwrap();

        assert_eq!((edited.status, edited.outbox), (status, Outbox::Keep));
        assert_eq!(
            side.base(),
            json!({ "amount": { "value": { "value": 5 } } })
        );
        assert_eq!(side.claim.pending, None);
        side.edit(json!({ "amount": 5 }));
        assert_eq!(side.base(), json!({}));
    }
}

#[test]
fn what_was_refused_is_tried_again_with_the_next_edit_or_when_asked_for() {
    let mut side = Side::new();
    side.edit(json!({ "amount": 9 }));
    side.claim.pending = None;
    let again = send_again(&side.settings, &side.record, &side.claim).unwrap();
    assert_eq!(again.status, LinkStatus::Pending);
    assert_eq!(
        again.claim.pending.unwrap().edited,
        ["amount".to_owned()].into()
    );

    side.edit(json!({ "name": "Acme 2" }));

    assert_eq!(side.edited(), ["amount", "name"]);
    side.claim.base = Base::default();
    assert_eq!(send_again(&side.settings, &side.record, &side.claim), None);
}

#[test]
fn a_reverted_edit_that_was_refused_leaves_nothing_to_write() {
    let mut side = Side::new();
    side.edit(json!({ "amount": 9 }));
    side.claim.pending = None;

    let edited = side.edit(json!({ "amount": 5 })).unwrap();

    assert_eq!(edited.outbox, Outbox::Keep);
    assert_eq!((side.base(), side.claim.pending), (json!({}), None));
}

#[test]
fn an_edit_replaces_what_a_confirmed_link_was_about_to_write() {
    let mut side = Side::with_status(LinkStatus::Pending);
    let map = |value: Value| value.as_object().unwrap().clone();
    side.claim.pending = Some(PendingWrite {
        id: "d-4".into(),
        fields: map(json!({ "Name": "Acme", "Sync__c": true })),
        before: map(json!({ "Name": "Theirs", "Sync__c": false })),
        ..nothing(SystemModstamp::from_second(900))
    });

    side.edit(json!({ "name": "Acme 2" }));

    let pending = side.claim.pending.clone().unwrap();
    assert_eq!(Value::Object(pending.fields), json!({ "Sync__c": true }));
    assert_eq!(Value::Object(pending.before), json!({ "Sync__c": false }));
    assert_eq!(pending.seen, SystemModstamp::from_second(900));
    assert_eq!(
        side.base(),
        json!({ "name": { "value": { "value": "Theirs" }, "sent": [{ "value": "Acme" }] } })
    );
}

#[test]
fn a_row_that_only_goes_to_salesforce_is_sent_and_a_flag_never() {
    let mut side = Side::new();
    side.settings.mappings[2].on_update = Flow::ToSalesforce;
    side.settings.mappings[0].salesforce = crate::salesforce::FieldPath::parse("sync__C").unwrap();

    side.edit(json!({ "amount": 9, "name": "true" }));

    assert_eq!(side.edited(), ["amount"]);
}
