//! The link of a converted Lead moves to the resulting Opportunity, in whatever batches and order the two are looked
//! at.

use dealbridge_core::{
    SalesforceId,
    claim::ClaimState,
    code::Code,
    record::{LinkStatus, RecordId, RecordKind},
    run::{RunId, RunStatus},
    sync_request::Requested,
};
use dealbridge_lambda::Function;
use dealbridge_tests::{
    opportunity,
    people::address,
    test_app::{IMPORTS, SYNC_REQUESTS, UNLIMITED, event_of},
};
use serde_json::{Value, json};

use crate::{
    harness::LinkHarness,
    life::codes,
    portal::{folder, lead, record_id},
};

/// A Lead of the portal that is linked to a Salesforce Lead, besides so many importable Opportunities.
async fn linked(candidates: usize) -> (LinkHarness, RecordId) {
    let harness = LinkHarness::start(&folder(candidates, 3)).await;
    let record = record_id(RecordKind::Lead, "of-lead");
    harness.put(&record, json!({})).await;
    assert_eq!(
        harness.link(&record, lead(1), "salesforce").await.status,
        201
    );
    harness.push().await;
    (harness, record)
}

/// Converts the Lead to a new Opportunity that meets every condition for import.
async fn convert(harness: &LinkHarness) -> SalesforceId {
    let order = json!({ "lead": lead(1), "opportunity": true });
    let answer = harness.app.admin("convert", order).await;
    let target = SalesforceId::parse(answer["opportunity"].as_str().unwrap()).unwrap();
    let flagged = json!({
        "Sync__c": true, "Export__c": true, "Partner__c": address("partner", "active"),
        "Stage__c": "Prospecting", "Product__c": "Pro",
    });
    harness.app.edit(target, flagged).await;
    target
}

/// The bodies of a run's import messages.
async fn listed(harness: &LinkHarness, schedule: &str) -> (RunId, Vec<String>) {
    harness
        .app
        .clock
        .advance(std::time::Duration::from_secs(3_600));
    let run = if schedule == "manual" {
        let Requested::Started(run) = harness.app.request_run().await else {
            unreachable!("no run was active");
        };
        let request = harness.app.receive(SYNC_REQUESTS, 1).await;
        harness.app.work(SYNC_REQUESTS, &request).await;
        run.id
    } else {
        let answer: Value = harness.app.tick(schedule).await;
        RunId::parse(answer["run"].as_str().unwrap()).unwrap()
    };
    let imports = harness.app.receive(IMPORTS, 1_000).await;
    harness.app.delete(IMPORTS, &imports).await;
    let bodies = imports.messages.iter();
    let bodies = bodies.map(|message| message.body().unwrap().to_owned());
    (run, bodies.collect())
}

/// Hands bodies to the worker in batches of that size.
async fn work(harness: &LinkHarness, bodies: &[String], size: usize) {
    for batch in bodies.chunks(size) {
        let answer = harness.app.worker.handle(event_of(batch), UNLIMITED).await;
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
    }
}

/// Asserts that the link is at the Opportunity, which has no other, and that the run has ended and reports the move
/// once.
async fn assert_moved(
    harness: &LinkHarness,
    record: &RecordId,
    target: SalesforceId,
    run: RunId,
    case: &str,
) {
    let link = harness.record(record).await.link.unwrap();
    assert_eq!(link.salesforce_id, target, "{case}");
    assert_ne!(link.status, LinkStatus::Disconnected, "{case}");
    assert_eq!(
        harness.claim(target).await.unwrap().record,
        *record,
        "{case}"
    );
    let of_lead = harness.claim(lead(1)).await.unwrap();
    assert_eq!(of_lead.state, ClaimState::Released, "{case}");
    let ledger = harness.app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new(), "{case}");
    assert_eq!(ledger.runs[&run].counts.left(), 0, "{case}");
    assert_eq!(
        harness.app.status(run).await,
        RunStatus::Succeeded,
        "{case}"
    );
    assert_eq!(
        codes(&harness.said(run, lead(1)).await),
        [Code::LinkMoved],
        "{case}"
    );
}

#[tokio::test]
async fn the_link_of_a_converted_lead_moves_whatever_is_in_which_batch_and_order() {
    for schedule in ["hourly", "daily", "manual"] {
        for size in [1, 3, 200] {
            for lead_first in [false, true] {
                let case = format!("{schedule}, batches of {size}, Lead first: {lead_first}");
                let (harness, record) = linked(4).await;
                harness.app.full().await;
                let target = convert(&harness).await;
                for number in 1..=4 {
                    harness
                        .app
                        .edit(opportunity(number), json!({ "Amount": number }))
                        .await;
                }
                let (run, mut bodies) = listed(&harness, schedule).await;
                assert_eq!(bodies.len(), 6, "{case}");
                bodies.sort_by_key(|body| {
                    let is_lead = body.contains(lead(1).as_str());
                    let is_target = body.contains(target.as_str());
                    // One of the two comes first, the other last.
                    if is_lead == lead_first && (is_lead || is_target) {
                        0
                    } else if is_lead || is_target {
                        2
                    } else {
                        1
                    }
                });

                work(&harness, &bodies, size).await;

                assert_moved(&harness, &record, target, run, &case).await;
                let before = harness.dump().await;
                work(&harness, &bodies, size).await;
                harness.assert_untouched_since(&before).await;
            }
        }
    }
}

#[tokio::test]
async fn among_450_other_candidates_the_link_moves_and_brings_the_opportunity_s_values() {
    let (harness, record) = linked(450).await;
    let target = convert(&harness).await;

    let run = harness.app.full().await;

    assert_eq!((run.counts.listed, run.counts.imported), (452, 450));
    assert_moved(&harness, &record, target, run.id, "450 others").await;
    harness.app.hourly().await;
    harness.push().await;
    let link = harness.record(&record).await.link.unwrap();
    assert_eq!(
        (link.status, link.salesforce_id),
        (LinkStatus::Synced, target)
    );
    let row = harness.row(target, &["Name"]).await;
    assert_eq!(
        harness.record(&record).await.fields["name"],
        *row.get("Name").unwrap()
    );
    harness.assert_whole().await;
}

#[tokio::test]
async fn a_late_message_of_the_opportunity_takes_the_link_over_and_never_makes_a_deal() {
    let (harness, record) = linked(1).await;
    harness.app.full().await;
    // Its message was sent before the Lead was converted to it, when it had a defect.
    harness
        .app
        .edit(opportunity(1), json!({ "Export__c": false }))
        .await;
    let held = harness.app.ledger().await;
    let imported = held.linked(opportunity(1)).unwrap().id.clone();
    harness.unlink(&imported).await;
    harness.allow(opportunity(1)).await;
    harness
        .app
        .edit(
            opportunity(1),
            json!({ "Export__c": true, "Product__c": "" }),
        )
        .await;
    let (run, bodies) = listed(&harness, "hourly").await;
    let order = json!({ "lead": lead(1), "opportunity": opportunity(1) });
    harness.app.admin("convert", order).await;
    harness
        .app
        .edit(opportunity(1), json!({ "Product__c": "Pro" }))
        .await;

    work(&harness, &bodies, 200).await;

    assert_moved(&harness, &record, opportunity(1), run, "late").await;
    let deals = harness.app.ledger().await;
    let deals = deals
        .records
        .values()
        .filter(|record| record.link.is_some());
    assert_eq!(deals.count(), 1);
}

#[tokio::test]
async fn where_the_opportunity_is_a_deal_already_one_open_problem_names_it_until_one_of_the_two_is_unlinked()
 {
    for schedule in ["hourly", "daily"] {
        let (harness, record) = linked(1).await;
        harness.app.full().await;
        let order = json!({ "lead": lead(1), "opportunity": opportunity(1) });
        harness.app.admin("convert", order).await;
        let twin = harness.app.ledger().await;
        let twin = twin.linked(opportunity(1)).unwrap().id.clone();

        let mut times = Vec::new();
        for _ in 0..3 {
            let (run, bodies) = listed(&harness, schedule).await;
            work(&harness, &bodies, 3).await;
            let counts = harness.app.run(run).await.counts;
            assert_eq!((counts.failed, counts.left()), (1, 0));
            harness.assert_whole().await;
            let problems = harness.app.ledger().await.problems;
            assert_eq!(problems.len(), 1);
            let problem = &problems[&lead(1)];
            assert_eq!(problem.codes(), [Code::LinkMoveConflict]);
            times.push(problem.times);
        }
        assert_eq!(times, [1, 2, 3]);
        let link = harness.record(&record).await.link.unwrap();
        assert_eq!(
            (link.status, link.salesforce_id),
            (LinkStatus::Disconnected, lead(1))
        );
        let reason = link.reason.unwrap();
        assert!(reason.contains(&twin.to_string()), "{reason}");

        harness.unlink(&twin).await;
        let (run, bodies) = listed(&harness, schedule).await;
        work(&harness, &bodies, 3).await;

        assert_moved(&harness, &record, opportunity(1), run, schedule).await;
        assert!(harness.app.ledger().await.problems.is_empty());
    }
}

#[tokio::test]
async fn an_org_without_links_to_leads_is_not_asked_for_converted_ones() {
    let harness = LinkHarness::start(&folder(3, 1)).await;
    let before = harness.app.org.counters()["total"];

    harness.app.full().await;

    // A look at the fields, the listing, and the batch.
    assert!(harness.app.org.counters()["total"] - before <= 3);
}
