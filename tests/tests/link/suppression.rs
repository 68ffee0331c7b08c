//! The suppression that an unlink leaves, and its end.

use std::time::Duration;

use dealbridge_core::{
    SalesforceId,
    claim::ClaimState,
    code::{Code, Level},
    record::RecordId,
    run::RunId,
};
use dealbridge_tests::{OrgFolder, opportunity};
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    event::{event, unlink_event},
    harness::LinkHarness,
    portal::{agreeing, deal, folder, lead},
};

/// A test app in which one Opportunity was imported and its Deal unlinked.
async fn unlinked() -> (LinkHarness, RecordId) {
    let harness = LinkHarness::start(&OrgFolder::importable(1)).await;
    harness.app.full().await;
    let imported = harness
        .app
        .ledger()
        .await
        .linked(opportunity(1))
        .unwrap()
        .id
        .clone();
    assert_eq!(harness.unlink(&imported).await.status, 200);
    (harness, imported)
}

/// The codes of a run's entries about an Opportunity.
async fn said(harness: &LinkHarness, run: RunId, id: SalesforceId) -> Vec<Code> {
    let ledger = harness.app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    let entries = ledger.log(run).into_iter();
    entries
        .filter(|entry| entry.salesforce.as_ref().is_some_and(|(of, _)| *of == id))
        .map(|entry| entry.code)
        .collect()
}

#[tokio::test]
async fn an_unlink_says_what_was_unlinked_and_that_it_is_suppressed() {
    let harness = LinkHarness::start(&folder(1, 1)).await;
    // Leads are never imported, so no entry about them concerns imports.
    let of_imports: &[&str] = &["linked again", "allowed", "cleared and set again"];
    let of_leads: &[&str] = &["linked to another record", "same one again"];
    for (id, target, says) in [("d", opportunity(1), of_imports), ("l", lead(0), of_leads)] {
        harness.put(&deal(id), Value::Object(agreeing(1))).await;
        harness.link(&deal(id), target, "salesforce").await;

        let reply = harness.unlink(&deal(id)).await;

        assert_eq!(reply.status, 200);
        assert_eq!(reply.body["record"], json!({ "kind": "deal", "id": id }));
        assert_eq!(reply.body["salesforce"]["id"], target.as_str());
        assert_eq!(reply.body["suppressed"], true);
        let message = reply.body["message"].as_str().unwrap();
        for part in says
            .iter()
            .copied()
            .chain(["no longer linked", target.as_str(), id])
        {
            assert!(message.contains(part), "{message}");
        }
        let claim = harness.claim(target).await.unwrap();
        assert_eq!((claim.state, claim.epoch), (ClaimState::Suppressed, 1));
    }
}

#[tokio::test]
async fn an_unlink_leaves_the_values_of_both_sides_alone() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness
        .put(&deal("d"), json!({ "name": "Ours", "amount": 5 }))
        .await;
    harness
        .link(&deal("d"), opportunity(1), "channeltivity")
        .await;
    harness.push().await;
    let before = harness.record(&deal("d")).await;
    let row = harness
        .row(opportunity(1), &["Name", "Amount", "Sync__c"])
        .await;
    let calls = harness.app.org.counters();

    harness.unlink(&deal("d")).await;

    let after = harness.record(&deal("d")).await;
    assert_eq!((after.fields, after.link), (before.fields, None));
    assert_eq!(harness.app.org.counters(), calls);
    assert_eq!(
        harness
            .row(opportunity(1), &["Name", "Amount", "Sync__c"])
            .await,
        row
    );
}

#[tokio::test]
async fn an_unlink_must_be_confirmed_and_there_must_be_a_link() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    assert_eq!(
        harness.unlink(&deal("d")).await.verdict(),
        (409, "NOT_LINKED")
    );
    harness.link(&deal("d"), opportunity(1), "salesforce").await;
    let before = harness.dump().await;

    for (query, verdict) in [
        ("", (400, "NOT_CONFIRMED")),
        ("confirm=false", (400, "NOT_CONFIRMED")),
        ("confirm=yes", (400, "MALFORMED")),
        ("confirm=true&confirm=true", (400, "MALFORMED")),
        ("confirm=true&force=true", (400, "MALFORMED")),
    ] {
        let reply = harness
            .call(
                &Caller::admin(),
                event("DELETE", "/deals/d/link", query, None),
            )
            .await;
        assert_eq!(reply.verdict(), verdict, "{query}");
    }
    harness.assert_untouched_since(&before).await;
    assert_eq!(harness.unlink(&deal("d")).await.status, 200);
    assert_eq!(
        harness.unlink(&deal("d")).await.verdict(),
        (409, "NOT_LINKED")
    );
}

#[tokio::test]
async fn no_hourly_and_no_full_run_undoes_an_unlink_and_a_full_run_says_so_once() {
    let (harness, imported) = unlinked().await;

    for round in 0..3 {
        let hourly = harness.app.hourly().await;
        assert_eq!(hourly.counts.imported, 0);
        let full = harness.app.full().await;
        assert_eq!(
            (
                full.counts.suppressed,
                full.counts.imported,
                full.counts.left()
            ),
            (1, 0, 0),
            "{round}"
        );
        assert_eq!(
            said(&harness, full.id, opportunity(1)).await,
            [Code::ImportSuppressed]
        );
        let daily = harness.app.scheduled("daily").await;
        assert_eq!((daily.counts.suppressed, daily.counts.imported), (1, 0));
    }
    // An edit makes an hourly run look at it.
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;
    let hourly = harness.app.hourly().await;

    assert_eq!(hourly.counts.suppressed, 1);
    let ledger = harness.app.ledger().await;
    let entry = ledger.log(hourly.id).pop().unwrap();
    assert_eq!(
        (entry.code, entry.level),
        (Code::ImportSuppressed, Level::Info)
    );
    assert!(entry.message.contains(imported.id()), "{}", entry.message);
    assert_eq!(
        (ledger.live(), ledger.records.len(), ledger.problems.len()),
        (0, 1, 0)
    );
}

#[tokio::test]
async fn a_suppression_does_not_end_by_time_and_a_late_replay_does_not_import() {
    let (harness, _) = unlinked().await;
    harness
        .app
        .clock
        .advance(Duration::from_secs(400 * 24 * 3_600));
    let run = RunId::new(1);

    for fresh in [true, false] {
        harness
            .app
            .send_requests(&[harness.app.request(run, opportunity(1), fresh)])
            .await;
        harness.app.deliver_all().await;
    }
    harness.app.full().await;

    let ledger = harness.app.ledger().await;
    assert_eq!((ledger.live(), ledger.records.len()), (0, 1));
}

#[tokio::test]
async fn allowing_the_import_brings_a_second_deal_with_the_next_hourly_run() {
    let (harness, former) = unlinked().await;
    harness.app.hourly().await;

    let allowed = harness.allow(opportunity(1)).await;
    let run = harness.app.hourly().await;

    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.body["salesforceId"], opportunity(1).as_str());
    assert_eq!(allowed.body["suppressed"], false);
    assert_eq!(run.counts.imported, 1);
    assert_eq!(
        said(&harness, run.id, opportunity(1)).await,
        [Code::Imported]
    );
    let ledger = harness.app.ledger().await;
    let second = ledger.linked(opportunity(1)).unwrap();
    assert_ne!(second.id, former);
    assert_eq!(ledger.records[&former].link, None);
    assert_eq!(ledger.problems.len(), 0);
}

#[tokio::test]
async fn only_a_suppression_can_be_lifted() {
    let (harness, _) = unlinked().await;
    let admin = Caller::admin();
    assert_eq!(harness.allow(opportunity(1)).await.status, 200);
    let before = harness.dump().await;

    for id in [opportunity(1), opportunity(7)] {
        assert_eq!(harness.allow(id).await.verdict(), (404, "NOT_SUPPRESSED"));
    }
    let odd = event("DELETE", "/suppressions/006dM0000000001QAB", "", None);
    assert_eq!(
        harness.call(&admin, odd).await.verdict(),
        (400, "MALFORMED")
    );
    harness.assert_untouched_since(&before).await;
    harness.app.hourly().await;
    assert_eq!(
        harness.allow(opportunity(1)).await.verdict(),
        (404, "NOT_SUPPRESSED")
    );
}

#[tokio::test]
async fn an_administrator_may_link_the_same_pair_or_another_record_again() {
    let (harness, former) = unlinked().await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;

    assert_eq!(
        harness
            .link(&deal("d"), opportunity(1), "salesforce")
            .await
            .status,
        201
    );
    assert_eq!(harness.unlink(&deal("d")).await.status, 200);
    assert_eq!(
        harness
            .link(&former, opportunity(1), "salesforce")
            .await
            .status,
        201
    );
    let run = harness.app.full().await;

    assert_eq!((run.counts.unchanged, run.counts.imported), (1, 0));
    let ledger = harness.app.ledger().await;
    assert_eq!(ledger.linked(opportunity(1)).unwrap().id, former);
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert_eq!(harness.claim(opportunity(1)).await.unwrap().epoch, 2);
}

async fn set_import_flag(harness: &LinkHarness, on: bool) {
    harness
        .app
        .edit(opportunity(1), json!({ "Export__c": on }))
        .await;
}

#[tokio::test]
async fn the_import_flag_seen_off_and_set_again_is_a_problem_while_the_former_deal_exists() {
    let (harness, former) = unlinked().await;
    set_import_flag(&harness, false).await;
    harness.app.hourly().await;
    set_import_flag(&harness, true).await;

    let run = harness.app.hourly().await;

    assert_eq!((run.counts.failed, run.counts.imported), (1, 0));
    let ledger = harness.app.ledger().await;
    let problem = &ledger.problems[&opportunity(1)];
    assert_eq!(problem.codes(), [Code::ImportSuppressedFormerDeal]);
    let entry = ledger.log(run.id).pop().unwrap();
    assert!(entry.message.contains(former.id()), "{}", entry.message);
    assert!(entry.suggestion.contains("Link"), "{}", entry.suggestion);

    // Either fix closes the open problem.
    assert_eq!(
        harness
            .link(&former, opportunity(1), "salesforce")
            .await
            .status,
        201
    );
    let run = harness.app.hourly().await;
    assert_eq!(run.counts.failed, 0);
    assert_eq!(harness.app.ledger().await.problems.len(), 0);
}

#[tokio::test]
async fn allowing_the_import_ends_the_problem_of_the_former_deal() {
    let (harness, former) = unlinked().await;
    set_import_flag(&harness, false).await;
    harness.app.hourly().await;
    set_import_flag(&harness, true).await;
    harness.app.hourly().await;

    harness.allow(opportunity(1)).await;
    let run = harness.app.hourly().await;

    assert_eq!(run.counts.imported, 1);
    let ledger = harness.app.ledger().await;
    assert_eq!(ledger.problems.len(), 0);
    assert_ne!(ledger.linked(opportunity(1)).unwrap().id, former);
}

#[tokio::test]
async fn the_import_flag_seen_off_and_set_again_imports_once_the_former_deal_is_gone() {
    let (harness, former) = unlinked().await;
    set_import_flag(&harness, false).await;
    harness.app.hourly().await;
    harness.delete_record(&former).await;
    set_import_flag(&harness, true).await;

    let run = harness.app.hourly().await;

    assert_eq!(run.counts.imported, 1);
    let ledger = harness.app.ledger().await;
    assert_ne!(ledger.linked(opportunity(1)).unwrap().id, former);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn the_import_flag_off_and_on_between_two_runs_was_seen_by_none_and_lifts_nothing() {
    let (harness, former) = unlinked().await;
    harness.delete_record(&former).await;
    set_import_flag(&harness, false).await;
    set_import_flag(&harness, true).await;

    let run = harness.app.hourly().await;

    assert_eq!((run.counts.suppressed, run.counts.imported), (1, 0));
}

#[tokio::test]
async fn a_flag_that_was_off_when_it_was_unlinked_counts_only_once_a_run_has_seen_it() {
    let harness = LinkHarness::start(&OrgFolder::importable(1)).await;
    harness.app.full().await;
    let imported = harness
        .app
        .ledger()
        .await
        .linked(opportunity(1))
        .unwrap()
        .id
        .clone();
    set_import_flag(&harness, false).await;
    harness.app.hourly().await;
    harness.unlink(&imported).await;
    // The daily run looks at suppressed records without the Import Flag.
    harness.app.clock.advance(Duration::from_secs(24 * 3_600));
    harness.app.scheduled("daily").await;
    harness.delete_record(&imported).await;
    set_import_flag(&harness, true).await;

    let run = harness.app.hourly().await;

    assert_eq!(run.counts.imported, 1);
}

#[tokio::test]
async fn a_deal_that_was_deleted_in_the_portal_does_not_come_back() {
    let harness = LinkHarness::start(&OrgFolder::importable(1)).await;
    harness.app.full().await;
    let imported = harness
        .app
        .ledger()
        .await
        .linked(opportunity(1))
        .unwrap()
        .id
        .clone();
    harness.delete_record(&imported).await;
    harness
        .app
        .edit(opportunity(1), json!({ "Description": "called" }))
        .await;

    let hourly = harness.app.hourly().await;
    let full = harness.app.full().await;

    assert_eq!((hourly.counts.imported, full.counts.imported), (0, 0));
    assert_eq!(full.counts.suppressed, 1);
    assert_eq!(
        harness.claim(opportunity(1)).await.unwrap().state,
        ClaimState::Suppressed
    );
    assert_eq!(harness.allow(opportunity(1)).await.status, 200);
    assert_eq!(harness.app.hourly().await.counts.imported, 1);
}

#[tokio::test]
async fn what_a_deleted_record_was_linked_to_may_be_linked_to_another() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    for id in ["gone", "d"] {
        harness.put(&deal(id), Value::Object(agreeing(1))).await;
    }
    harness
        .link(&deal("gone"), opportunity(1), "salesforce")
        .await;
    harness.delete_record(&deal("gone")).await;

    let link = harness.link(&deal("d"), opportunity(1), "salesforce").await;

    assert_eq!(link.status, 201, "{}", link.body);
    let claim = harness.claim(opportunity(1)).await.unwrap();
    assert_eq!(
        (claim.state, claim.record, claim.epoch),
        (ClaimState::Live, deal("d"), 1)
    );
    harness.app.full().await;
    assert_eq!(harness.app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unlink_of_an_older_version_cannot_cut_a_newer_link_of_the_same_pair() {
    let harness = LinkHarness::start(&folder(1, 0)).await;
    harness.put(&deal("d"), Value::Object(agreeing(1))).await;
    let first = harness.link(&deal("d"), opportunity(1), "salesforce").await;
    let mut stale = unlink_event(&deal("d"));
    stale["headers"]["if-match"] = format!("\"{}\"", first.body["version"]).into();
    harness.unlink(&deal("d")).await;
    let second = harness.link(&deal("d"), opportunity(1), "salesforce").await;
    let before = harness.dump().await;

    let reply = harness.call(&Caller::admin(), stale.clone()).await;

    assert_eq!(reply.verdict(), (409, "PREVIEW_STALE"));
    harness.assert_untouched_since(&before).await;
    stale["headers"]["if-match"] = format!("\"{}\"", second.body["version"]).into();
    assert_eq!(
        harness.call(&Caller::admin(), stale.clone()).await.status,
        200
    );
    stale["headers"]["if-match"] = "the second one".into();
    assert_eq!(
        harness.call(&Caller::admin(), stale).await.verdict(),
        (400, "MALFORMED")
    );
}
