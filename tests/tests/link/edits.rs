//! Edits of linked records go both ways, and none is lost without an entry.

use dealbridge_core::{
    SalesforceId,
    change::{Expected, Write},
    code::Code,
    entry::LogLine,
    link::{
        edit::{edit, send_again},
        store::{Audit, Committed, LinkChange, LinkStore, Outbox, PushQueue},
    },
    mapping::Master,
    ports::Portal,
    record::{LinkStatus, RecordId, RecordKind},
    run::Run,
    salesforce::FieldPath,
};
use dealbridge_tests::{Fault, opportunity};
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    portal::{agreeing, deal, folder, lead, record_id},
    push::error,
};

/// A Deal that agrees with the first Opportunity and is linked to it.
async fn linked() -> LinkHarness {
    let harness = LinkHarness::start(&folder(1, 2)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    let link = harness.link(&deal("d"), opportunity(1), "salesforce").await;
    assert_eq!(link.status, 201);
    harness.push().await;
    harness.app.full().await;
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    harness
}

impl LinkHarness {
    /// Edits a linked record in the portal; null clears a field.
    pub(crate) async fn edit_linked(&self, id: &RecordId, fields: Value) {
        let settings = self.app.portal.settings().await.unwrap();
        for _ in 0..10 {
            let record = self.record(id).await;
            let salesforce = record.link.as_ref().unwrap().salesforce_id;
            let claim = self.claim(salesforce).await.unwrap();
            let mut after = record.clone();
            after.version += 1;
            for (name, value) in fields.as_object().unwrap() {
                after.fields.insert(name.clone(), value.clone());
            }
            let mut writes = Vec::new();
            let mut outbox = Outbox::Keep;
            if let Some(edited) = edit(&settings, &record, &after, &claim) {
                if let Some(link) = &mut after.link {
                    link.status = edited.status;
                }
                writes.push(Write::Claim(edited.claim, Expected::Version(claim.version)));
                outbox = edited.outbox;
            }
            writes.push(Write::Record(
                Box::new(after),
                Expected::Version(record.version),
            ));
            if self.commit_act(id, salesforce, writes, outbox).await {
                return;
            }
        }
        unreachable!("the record kept changing");
    }

    /// Asks for everything that differs to be sent again.
    async fn send_again(&self, id: &RecordId) {
        let settings = self.app.portal.settings().await.unwrap();
        let record = self.record(id).await;
        let salesforce = record.link.as_ref().unwrap().salesforce_id;
        let claim = self.claim(salesforce).await.unwrap();
        let mut after = record.clone();
        after.version += 1;
        let edited = send_again(&settings, &after, &claim).unwrap();
        after.link.as_mut().unwrap().status = edited.status;
        let writes = vec![
            Write::Claim(edited.claim, Expected::Version(claim.version)),
            Write::Record(Box::new(after), Expected::Version(record.version)),
        ];
        assert!(self.commit_act(id, salesforce, writes, edited.outbox).await);
    }

    async fn commit_act(
        &self,
        id: &RecordId,
        salesforce: SalesforceId,
        writes: Vec<Write>,
        outbox: Outbox,
    ) -> bool {
        let change = LinkChange {
            org: self.app.organization(),
            writes,
            audit: Some(Audit {
                record: id.clone(),
                action: "edit",
                by: "usr-admin".to_owned(),
                salesforce: Some(salesforce),
                details: String::new(),
                earlier: Vec::new(),
            }),
            line: LogLine {
                salesforce: None,
                name: String::new(),
                entity: None,
                findings: Vec::new(),
            },
            outbox: outbox.clone(),
            watch: None,
            links_lead: false,
            receipt: None,
        };
        let done = self.app.store.commit_link(&change).await.unwrap() == Committed::Yes;
        if let (true, Outbox::Add(request)) = (done, outbox) {
            self.app.writes_of("link").send(&[request]).await.unwrap();
        }
        done
    }

    async fn field(&self, id: SalesforceId, field: &str) -> Value {
        self.row(id, &[field]).await.get(field).unwrap().clone()
    }

    async fn value(&self, field: &str) -> Value {
        let record = self.record(&deal("d")).await;
        record.fields.get(field).cloned().unwrap_or_default()
    }

    /// Codes of everything that was said about the first Opportunity since the link: actions, then the run's entries.
    async fn said_by(&self, run: &Run) -> Vec<Code> {
        let said = self.said(run.id, opportunity(1)).await;
        said.iter().map(|entry| entry.code).collect()
    }
}

#[tokio::test]
async fn an_edit_arrives_in_salesforce_by_one_call_and_does_not_come_back() {
    let harness = linked().await;
    let before = harness.app.org.counters();
    let codes = harness.codes().await.len();

    harness
        .edit_linked(&deal("d"), json!({ "amount": 5, "name": "Ours" }))
        .await;
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    assert_eq!(harness.push().await, (1, 0));

    let after = harness.app.org.counters();
    assert_eq!(after["total"] - before["total"], 1, "{before:?} {after:?}");
    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    // The history of the record tells it, and the Integration Log does not repeat it.
    assert_eq!(harness.codes().await.len(), codes);
    let history = harness.history(&deal("d")).await;
    assert_eq!(history[..2], ["write-delivered", "edit"]);
    for run in [harness.app.hourly().await, harness.app.full().await] {
        assert_eq!((run.counts.updated, run.counts.failed), (0, 0));
        assert_eq!(harness.said_by(&run).await, []);
    }
    let claim = harness.claim(opportunity(1)).await.unwrap();
    assert!(claim.base.is_empty() && claim.pending.is_none());
    assert_eq!(harness.push().await, (0, 0));
    harness.assert_whole().await;
}

#[tokio::test]
async fn edits_in_a_row_are_one_write_and_their_messages_are_done() {
    let harness = linked().await;
    let writes = harness.salesforce_writes();

    for amount in [5, 6, 7] {
        harness
            .edit_linked(&deal("d"), json!({ "amount": amount }))
            .await;
    }
    harness.push().await;

    assert_eq!(harness.salesforce_writes() - writes, 1);
    assert_eq!(harness.field(opportunity(1), "Amount").await, 7.0);
    assert_eq!(harness.app.hourly().await.counts.updated, 0);
    harness.assert_whole().await;
}

#[tokio::test]
async fn a_field_that_changed_on_both_sides_is_salesforce_s_unless_the_settings_say_otherwise() {
    for push_first in [true, false] {
        let harness = linked().await;
        harness
            .app
            .set(|settings| settings.mappings[2].conflicts = Some(Master::Channeltivity))
            .await;
        harness
            .edit_linked(&deal("d"), json!({ "name": "Ours", "amount": 5 }))
            .await;
        harness
            .app
            .edit(opportunity(1), json!({ "Name": "Theirs", "Amount": 77 }))
            .await;

        let mut said = Vec::new();
        if push_first {
            assert_eq!(harness.push().await, (1, 0));
            said.extend(harness.messages().await);
        } else {
            let run = harness.app.hourly().await;
            let entries = harness.said(run.id, opportunity(1)).await;
            said.extend(
                entries
                    .into_iter()
                    .map(|entry| (entry.code.as_str().to_owned(), entry.message)),
            );
            harness.push().await;
        }
        harness.app.hourly().await;
        harness.push().await;

        assert_eq!(harness.values().await, (json!("Theirs"), json!(5.0)));
        assert_eq!(
            (harness.value("name").await, harness.value("amount").await),
            (json!("Theirs"), json!(5))
        );
        let conflicts: Vec<&String> = said
            .iter()
            .filter(|(code, _)| code == "CONFLICT_RESOLVED")
            .map(|(_, message)| message)
            .collect();
        assert_eq!(conflicts.len(), 2, "{said:?}");
        for message in conflicts {
            let both = if message.contains("(Name)") {
                ["\"Theirs\"", "\"Ours\"; Salesforce's is kept"]
            } else {
                ["\"77\"", "\"5\"; Channeltivity's is kept"]
            };
            assert!(both.iter().all(|part| message.contains(part)), "{message}");
        }
        assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
        assert!(harness.claim(opportunity(1)).await.unwrap().base.is_empty());
        harness.assert_whole().await;
    }
}

#[tokio::test]
async fn the_same_value_on_both_sides_is_no_conflict() {
    let harness = linked().await;
    let codes = harness.codes().await.len();
    harness
        .edit_linked(&deal("d"), json!({ "amount": 5 }))
        .await;
    harness
        .app
        .edit(opportunity(1), json!({ "Amount": 5.0 }))
        .await;
    let edited = harness.row(opportunity(1), &["Amount"]).await;

    harness.push().await;

    assert_eq!(harness.row(opportunity(1), &["Amount"]).await, edited);
    assert_eq!(harness.codes().await.len(), codes);
    assert_eq!(harness.history(&deal("d")).await[0], "write-delivered");
    assert_eq!(harness.app.hourly().await.counts.updated, 0);
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
}

#[tokio::test]
async fn while_the_link_is_paused_nothing_flows_and_what_was_edited_goes_on_with_it() {
    let harness = linked().await;
    harness
        .app
        .edit(opportunity(1), json!({ "Sync__c": false }))
        .await;
    harness.app.hourly().await;
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Paused));
    let writes = harness.salesforce_writes();

    harness
        .edit_linked(&deal("d"), json!({ "name": "Ours", "amount": 5 }))
        .await;
    harness
        .app
        .edit(opportunity(1), json!({ "Name": "Theirs" }))
        .await;
    harness.app.hourly().await;
    assert_eq!(
        (harness.push().await, harness.salesforce_writes()),
        ((0, 0), writes)
    );
    assert_eq!(harness.value("name").await, "Ours");
    harness
        .app
        .edit(opportunity(1), json!({ "Sync__c": true }))
        .await;
    let run = harness.app.hourly().await;

    let said = harness.said_by(&run).await;
    assert!(
        said.contains(&Code::LinkResumed) && said.contains(&Code::ConflictResolved),
        "{said:?}"
    );
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
    harness.app.hourly().await;
    harness.push().await;
    assert_eq!(harness.values().await, (json!("Theirs"), json!(5.0)));
    assert_eq!(harness.value("name").await, "Theirs");
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    harness.assert_whole().await;
}

#[tokio::test]
async fn a_link_that_is_paused_or_cut_before_the_write_arrives_keeps_the_edit() {
    for (off, on) in [
        (json!({ "Sync__c": false }), json!({ "Sync__c": true })),
        (Value::Null, Value::Null),
    ] {
        let harness = linked().await;
        let writes = harness.salesforce_writes();
        harness
            .edit_linked(&deal("d"), json!({ "amount": 5 }))
            .await;
        if off.is_null() {
            harness.app.on_opportunity("delete", opportunity(1)).await;
        } else {
            harness.app.edit(opportunity(1), off.clone()).await;
        }
        let run = harness.app.hourly().await;
        assert_eq!(run.counts.updated, 1);
        assert_eq!(harness.claim(opportunity(1)).await.unwrap().pending, None);
        harness.push().await;
        assert_eq!(harness.salesforce_writes(), writes);
        if off.is_null() {
            harness.app.on_opportunity("undelete", opportunity(1)).await;
        } else {
            harness.app.edit(opportunity(1), on.clone()).await;
        }

        harness.app.hourly().await;
        assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Pending));
        harness.app.hourly().await;
        harness.push().await;

        assert_eq!(harness.field(opportunity(1), "Amount").await, 5.0);
        assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
        harness.assert_whole().await;
    }
}

#[tokio::test]
async fn an_edit_that_salesforce_refuses_is_told_and_goes_along_with_the_next_one() {
    let harness = linked().await;
    harness
        .edit_linked(&deal("d"), json!({ "amount": 5 }))
        .await;
    let refusal = error(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "too small",
        &["Amount"],
    );
    harness.refuse_writes(400, refusal, 1).await;
    assert_eq!(harness.push().await, (1, 0));
    let message = harness.message(Code::WriteRefused).await;
    assert!(
        message.contains("too small") && message.contains("Amount"),
        "{message}"
    );
    assert_eq!(harness.status(&deal("d")).await, Some(LinkStatus::Synced));
    // Nobody edited it in Salesforce, so the record keeps it.
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;
    harness.app.hourly().await;
    assert_eq!(harness.value("amount").await, 5);

    harness
        .edit_linked(&deal("d"), json!({ "name": "Ours" }))
        .await;
    harness.push().await;
    assert_eq!(harness.values().await, (json!("Ours"), json!(5.0)));
    harness.app.hourly().await;
    assert!(harness.claim(opportunity(1)).await.unwrap().base.is_empty());

    harness
        .edit_linked(&deal("d"), json!({ "amount": 6 }))
        .await;
    let refusal = error(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "too small",
        &["Amount"],
    );
    harness.refuse_writes(400, refusal, 1).await;
    harness.push().await;
    harness.send_again(&deal("d")).await;
    harness.push().await;
    assert_eq!(harness.field(opportunity(1), "Amount").await, 6.0);
    harness.assert_whole().await;
}

#[tokio::test]
async fn an_edit_whose_worker_died_after_the_write_is_no_conflict_with_the_next() {
    let harness = linked().await;
    let codes = harness.codes().await.len();
    harness
        .edit_linked(&deal("d"), json!({ "amount": 5 }))
        .await;
    let died = Fault::Answer(500, json!({ "__type": "InternalServerError" }));
    let faults = std::iter::repeat_n(died, 50);
    harness.app.dynamodb.order("TransactWriteItems", faults);
    assert_eq!(harness.push().await, (0, 1));
    harness.app.dynamodb.order("", []);
    assert_eq!(harness.field(opportunity(1), "Amount").await, 5.0);

    harness
        .edit_linked(&deal("d"), json!({ "amount": 1001 }))
        .await;
    harness.push_again().await;

    assert_eq!(harness.field(opportunity(1), "Amount").await, 1001.0);
    assert_eq!(harness.value("amount").await, 1001);
    assert_eq!(harness.codes().await.len(), codes);
    let history = harness.history(&deal("d")).await;
    assert_eq!(history[..3], ["write-delivered", "edit", "edit"]);
    assert_eq!(harness.app.hourly().await.counts.updated, 0);
    harness.assert_whole().await;
}

#[tokio::test]
async fn the_edit_of_a_converted_lead_follows_the_opportunity_s_mapping_and_the_rest_is_named() {
    let harness = LinkHarness::start(&folder(1, 3)).await;
    harness
        .app
        .set(|settings| {
            let mut row = settings.mappings[0].clone();
            (row.channeltivity, row.salesforce) =
                ("title".into(), FieldPath::parse("NextStep").unwrap());
            settings.mappings.push(row);
            let mut title = settings.lead_fields[0].clone();
            title.name = "title".into();
            settings.deal_fields.push(title);
        })
        .await;
    let record = record_id(RecordKind::Lead, "of-lead");
    harness.put(&record, json!({})).await;
    harness.link(&record, lead(1), "salesforce").await;
    harness.push().await;
    harness.app.full().await;
    harness
        .edit_linked(
            &record,
            json!({ "title": "Chief Buyer", "phone": "+49 30 1" }),
        )
        .await;
    let order = json!({ "lead": lead(1), "opportunity": true });
    let answer = harness.app.admin("convert", order).await;
    let target = SalesforceId::parse(answer["opportunity"].as_str().unwrap()).unwrap();
    harness.push().await;

    let run = harness.app.hourly().await;
    let said = harness.said(run.id, lead(1)).await;
    let codes: Vec<Code> = said.iter().map(|entry| entry.code).collect();
    assert_eq!(codes, [Code::LinkMoved, Code::WriteDropped]);
    assert!(said[1].message.contains("(Phone)"), "{}", said[1].message);
    harness.app.hourly().await;
    harness.push().await;
    harness.app.hourly().await;

    assert_eq!(harness.field(target, "NextStep").await, "Chief Buyer");
    assert_eq!(harness.record(&record).await.fields["title"], "Chief Buyer");
    assert_eq!(harness.status(&record).await, Some(LinkStatus::Synced));
    assert!(harness.claim(target).await.unwrap().base.is_empty());
    harness.assert_whole().await;
}

#[tokio::test]
async fn an_unlink_drops_what_was_edited_and_not_delivered() {
    let harness = linked().await;
    harness
        .edit_linked(&deal("d"), json!({ "amount": 5 }))
        .await;
    let writes = harness.salesforce_writes();

    harness.unlink(&deal("d")).await;

    let claim = harness.claim(opportunity(1)).await.unwrap();
    assert!(claim.base.is_empty() && claim.pending.is_none());
    assert_eq!(
        (harness.push().await, harness.salesforce_writes()),
        ((1, 0), writes)
    );
    harness.assert_whole().await;
}
