//! Histories that were found once, told by hand: an act meets another one at each of the places between its calls.

use std::{future::Future, sync::Arc};

use serde_json::{Value, json};

use super::{
    acts::{Act, whole},
    org::Into,
    set_up,
    spoiling::Spoiling,
    world::{Handle, Message},
};
use crate::{
    SalesforceId, SalesforceObject,
    link::Master,
    record::{RecordId, RecordKind},
    settings::{SendMode, SendTarget, Settings},
    submit::Submission,
};

fn deal() -> RecordId {
    RecordId::new(RecordKind::Deal, "d-1").unwrap()
}

fn referral() -> RecordId {
    RecordId::new(RecordKind::Referral, "r-1").unwrap()
}

fn settings(target: SendTarget) -> Arc<Settings> {
    let all = set_up::all_settings();
    let is_it = |settings: &&Arc<Settings>| {
        (settings.send.deal.mode, settings.send.deal.target) == (SendMode::OnSubmit, target)
    };
    Arc::clone(all.iter().find(is_it).unwrap())
}

fn fields(fields: &Value) -> Submission {
    Submission {
        fields: fields.as_object().unwrap().clone(),
        ..Submission::default()
    }
}

impl Handle {
    /// A world in which nothing fails.
    fn calm(target: SendTarget) -> Self {
        let handle = Self::new(0, &settings(target), None::<Spoiling>, true);
        handle.world().is_calm = true;
        handle
    }

    /// Makes an act of what a use case does with the world.
    fn act<F: Future<Output = ()> + 'static>(&self, act: impl FnOnce(Self) -> F) -> Act {
        Box::pin(act(self.clone()))
    }

    fn submission(&self, amount: &str) -> Act {
        let values = whole(&json!({ "name": "Acme", "amount": amount, "close_date": "soon" }));
        self.act(async move |handle| handle.submit(&deal(), values).await)
    }

    fn edition(&self, amount: &str) -> Act {
        let values = fields(&json!({ "amount": amount }));
        self.act(async move |handle| handle.edit(&deal(), values).await)
    }

    fn deletion(&self) -> Act {
        self.act(async |handle| handle.delete(&deal()).await)
    }

    /// The delivery of the first message that was ever sent.
    fn delivery(&self) -> Act {
        let message = self.world().sent[0].clone();
        self.act(async move |handle| handle.deliver(vec![message]).await)
    }

    /// Has Salesforce create the record, and the worker die before it hears of that.
    fn create_unheard(&self) -> SalesforceId {
        let mut delivery = self.delivery();
        while self.world().org.rows.is_empty() {
            assert!(!self.step(&mut delivery));
        }
        *self.world().org.rows.keys().next().unwrap()
    }

    fn assert_right(&self) {
        let world = self.world();
        assert!(
            world.judge.wrong.is_empty(),
            "{:#?}\n{}",
            world.judge.wrong,
            world.story()
        );
    }
}

/// Has an act meet another one at each of its places, in a world that was prepared, and everything come to rest.
fn at_each_place(
    prepare: impl Fn() -> Handle,
    act: impl Fn(&Handle) -> Act,
    meanwhile: impl Fn(&Handle) -> Act,
) {
    for place in 0.. {
        let handle = prepare();
        let mut act = act(&handle);
        let is_over = (0..place).any(|_| handle.step(&mut act));
        if is_over {
            assert!(place > 1, "the act has no places");
            return;
        }
        handle.finish(meanwhile(&handle));
        handle.finish(act);
        handle.come_to_rest();
        handle.assert_right();
    }
}

#[test]
fn a_message_of_a_record_that_was_deleted_leaves_its_successor_alone() {
    at_each_place(
        || {
            let handle = Handle::calm(SendTarget::Lead);
            handle.finish(handle.submission("<here 1>"));
            handle.finish(handle.deletion());
            handle
        },
        Handle::delivery,
        |handle| handle.submission("<here 2>"),
    );
}

#[test]
fn a_record_that_goes_while_it_is_submitted_again_has_led_a_life() {
    at_each_place(
        || {
            let handle = Handle::calm(SendTarget::Lead);
            handle.finish(handle.submission("<here 1>"));
            handle
        },
        |handle| handle.submission("<here 2>"),
        Handle::deletion,
    );
}

#[test]
fn an_edit_has_its_create_whatever_is_said_of_the_one_that_was_refused_before() {
    at_each_place(
        || {
            let handle = Handle::calm(SendTarget::Lead);
            handle.finish(handle.submission("<here 1>!"));
            handle.finish(handle.delivery());
            handle
        },
        Handle::delivery,
        |handle| handle.edition("<here 2>"),
    );
}

#[test]
fn a_value_that_was_left_in_salesforce_comes_though_a_run_has_passed_over_it() {
    at_each_place(
        || {
            let handle = Handle::calm(SendTarget::Lead);
            let fields = json!({
                "Name": "Acme", "StageName": "new", "CloseDate": "soon", "Amount": "theirs", "Sync__c": true,
            });
            let object = SalesforceObject::Opportunity;
            let id = handle
                .world()
                .org
                .create(object, fields.as_object().unwrap());
            handle.finish(handle.submission("<here 1>"));
            handle.world().sent.clear();
            let master = Master::Channeltivity;
            handle.finish(handle.act(async move |handle| handle.link(&deal(), id, master).await));
            handle.world().set(id, json!({ "Amount": "<there 2>" }));
            handle
        },
        Handle::delivery,
        |handle| handle.act(async |handle| handle.list_and_import().await),
    );
}

#[test]
fn an_edit_reaches_the_record_that_an_unheard_attempt_created() {
    for target in [SendTarget::Lead, SendTarget::MatchContact] {
        let handle = Handle::calm(target);
        handle.world().org.contacts = 1;
        handle.finish(handle.submission("<here 1>"));
        let id = handle.create_unheard();

        handle.finish(handle.edition("<here 2>"));
        handle.come_to_rest();

        handle.assert_right();
        let world = handle.world();
        let path = if target == SendTarget::Lead {
            "Rating"
        } else {
            "Amount"
        };
        assert_eq!(world.org.rows[&id].fields[path], "<here 2>");
    }
}

#[test]
fn an_edit_reaches_the_opportunity_that_an_unheard_lead_was_converted_to() {
    let handle = Handle::calm(SendTarget::Lead);
    handle.finish(handle.submission("<here 1>"));
    let lead = handle.create_unheard();

    handle.finish(handle.edition("<here 2>"));
    handle.world().org.convert(lead, Into::New);
    handle.come_to_rest();

    handle.assert_right();
    let world = handle.world();
    let became = world
        .org
        .ids(|stored| stored.object == SalesforceObject::Opportunity);
    assert_eq!(world.org.rows[&became[0]].fields["Amount"], "<here 2>");
    assert!(world.waiting.is_empty() && matches!(world.sent[0], Message::Push(_)));
}

#[test]
fn a_lead_that_was_linked_to_another_record_gets_no_value_of_the_repeated_create() {
    at_each_place(
        || {
            let handle = Handle::calm(SendTarget::Lead);
            handle.finish(handle.submission("<here 1>"));
            handle.create_unheard();
            let values =
                whole(&json!({ "name": "Umbrella", "amount": "<here 2>", "close_date": "soon" }));
            handle.finish(handle.act(async move |handle| handle.submit(&referral(), values).await));
            handle
        },
        Handle::delivery,
        |handle| {
            let lead = *handle.world().org.rows.keys().next().unwrap();
            let master = Master::Channeltivity;
            handle.act(async move |handle| handle.link(&referral(), lead, master).await)
        },
    );
}
