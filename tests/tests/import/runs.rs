//! Consecutive runs: the state that the next one finds, and its cost.

use dealbridge_core::{
    code::Code,
    portal::UserStatus,
    record::LinkStatus,
    run::{Counts, Mode, RunStatus},
};
use dealbridge_tests::{Defect, OrgFolder, TestApp, account, opportunity, role};
use serde_json::json;

use crate::usage::Usage;

/// A folder in which half of the candidates import.
fn half(count: usize) -> OrgFolder {
    let mut folder = OrgFolder::importable(count);
    for at in 0..count {
        let defect = Defect::ALL[at % Defect::ALL.len()];
        folder.add(|opportunity| defect.apply(&opportunity));
    }
    folder
}

#[tokio::test]
async fn the_same_run_again_writes_nothing_for_what_is_linked_and_unchanged() {
    let app = TestApp::start(&OrgFolder::importable(60)).await;
    app.full().await;
    let before = app.ledger().await;
    let used = Usage::of(&app);

    let run = app.full().await;

    let usage = Usage::of(&app).since(&used);
    let expected = Counts {
        listed: 60,
        unchanged: 60,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    assert_eq!(run.mode, Mode::Full);
    let after = app.ledger().await;
    assert_eq!(after.claims, before.claims);
    assert_eq!(after.records, before.records);
    // The request for the run is one message; there is none for an Opportunity.
    assert_eq!(usage.sqs("SendMessageBatch"), 1);
    // One page and one describe, no row by itself.
    assert!(usage.salesforce <= 2, "{usage:?}");
    // The run's own items: started, acquired, one checkpoint with its counter, finished.
    assert!(usage.write_units <= 16.0, "{usage:?}");
}

#[tokio::test]
async fn the_same_run_again_meets_the_same_failures() {
    let app = TestApp::start(&half(40)).await;
    let first = app.full().await;

    let second = app.full().await;

    assert_eq!((first.counts.imported, first.counts.failed), (40, 40));
    let expected = Counts {
        listed: 80,
        unchanged: 40,
        failed: 40,
        ..Counts::default()
    };
    assert_eq!(second.counts, expected);
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    assert_eq!(ledger.failures(first.id), ledger.failures(second.id));
    assert!(ledger.problems.values().all(|problem| problem.times == 2));
}

#[tokio::test]
async fn an_hourly_run_of_an_unedited_org_costs_one_query_and_no_message() {
    let mut costs = Vec::new();
    for linked in [3, 60] {
        let app = TestApp::start(&OrgFolder::importable(linked)).await;
        app.full().await;
        let used = Usage::of(&app);

        let run = app.hourly().await;

        let usage = Usage::of(&app).since(&used);
        assert_eq!(run.counts, Counts::default());
        assert_eq!(run.mode, Mode::Incremental);
        assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
        assert_eq!(usage.salesforce, 1, "{usage:?}");
        assert_eq!(usage.sqs_total(), 0, "{usage:?}");
        costs.push((usage.read_units, usage.write_units));
    }
    // The cost of a run by itself does not depend on the number of links: lease, watermark, settings, its own item and
    // counters.
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn an_hourly_run_looks_at_open_problems_200_a_query_and_at_nothing_else() {
    let mut folder = OrgFolder::importable(20);
    for _ in 0..201 {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    }
    let app = TestApp::start(&folder).await;
    app.full().await;
    let used = Usage::of(&app);

    let run = app.hourly().await;

    let usage = Usage::of(&app).since(&used);
    let expected = Counts {
        listed: 201,
        failed: 201,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    assert_eq!(usage.salesforce, 1 + 2, "{usage:?}");
}

#[tokio::test]
async fn a_contact_role_made_primary_imports_though_its_opportunity_did_not_move() {
    let mut folder = OrgFolder::new();
    let id = folder.add(|opportunity| Defect::NoPrimaryContact.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    app.full().await;

    let primary = json!({ "object": "OpportunityContactRole", "id": role(1, 0), "fields": { "IsPrimary": true } });
    app.admin("edit", primary).await;
    let run = app.hourly().await;

    assert_eq!((run.counts.listed, run.counts.imported), (1, 1));
    let ledger = app.ledger().await;
    assert!(ledger.linked(id).is_some() && ledger.problems.is_empty());
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_portal_user_activated_lets_its_opportunities_in() {
    let mut folder = OrgFolder::new();
    let ids =
        [(); 3].map(|()| folder.add(|opportunity| Defect::PartnerPending.apply(&opportunity)));
    let app = TestApp::start(&folder).await;
    app.full().await;

    app.set_user("usr-partner-pending", UserStatus::Active)
        .await;
    let run = app.hourly().await;

    assert_eq!((run.counts.listed, run.counts.imported), (3, 3));
    let ledger = app.ledger().await;
    assert!(ids.iter().all(|id| ledger.linked(*id).is_some()));
    assert!(ledger.problems.is_empty());
}

#[tokio::test]
async fn an_edited_opportunity_updates_its_deal_and_no_other() {
    let app = TestApp::start(&OrgFolder::importable(5)).await;
    app.full().await;
    let before = app.ledger().await;
    let id = *before.claims.keys().nth(2).unwrap();

    app
        .edit(id, json!({ "Amount": 77.5, "Stage__c": "Closed Won", "Notes__c": null, "CloseDate": "2026-12-31" }))
        .await;
    let run = app.hourly().await;

    let expected = Counts {
        listed: 1,
        updated: 1,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    let ledger = app.ledger().await;
    let deal = ledger.linked(id).unwrap();
    assert_eq!(deal.fields["amount"], json!(77.5));
    assert_eq!(deal.fields["stage"], json!("Won"));
    assert_eq!(deal.fields.get("notes"), None);
    assert_eq!(
        deal.fields["close_date"],
        json!("2026-09-30"),
        "its flow on update is none"
    );
    let touched: Vec<_> = ledger
        .records
        .iter()
        .filter(|(id, record)| before.records[*id] != **record)
        .collect();
    assert_eq!(touched.len(), 1);
    assert_eq!(ledger.broken_since(&before), Vec::<String>::new());
}

#[tokio::test]
async fn an_edit_of_what_is_not_mapped_moves_the_stamp_and_counts_as_unchanged() {
    let app = TestApp::start(&OrgFolder::importable(1)).await;
    app.full().await;
    let id = *app.ledger().await.claims.keys().next().unwrap();

    app.edit(id, json!({ "NextStep": "call" })).await;
    let run = app.hourly().await;
    let after = app.hourly().await;

    assert_eq!((run.counts.listed, run.counts.unchanged), (1, 1));
    assert_eq!(after.counts, Counts::default());
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn the_sync_flag_pauses_and_resumes_a_link() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    let id = *app.ledger().await.claims.keys().next().unwrap();

    app.edit(id, json!({ "Sync__c": false, "Amount": 1 })).await;
    let paused = app.hourly().await;
    let while_paused = app.ledger().await;
    app.edit(id, json!({ "Sync__c": true })).await;
    let resumed = app.hourly().await;

    let link = while_paused.link(id).unwrap();
    assert_eq!(link.status, LinkStatus::Paused);
    assert_ne!(while_paused.linked(id).unwrap().fields["amount"], json!(1));
    let ledger = app.ledger().await;
    let deal = ledger.linked(id).unwrap();
    assert_eq!(deal.link.as_ref().unwrap().status, LinkStatus::Synced);
    assert_eq!(deal.fields["amount"], json!(1));
    assert_eq!((paused.counts.updated, resumed.counts.updated), (1, 1));
    let codes = |run| {
        ledger
            .log(run)
            .iter()
            .map(|entry| entry.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(paused.id), [Code::LinkPaused]);
    assert_eq!(codes(resumed.id), [Code::LinkResumed, Code::Updated]);
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn clearing_the_import_flag_leaves_the_link_alone() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    let id = *app.ledger().await.claims.keys().next().unwrap();

    app.edit(id, json!({ "Export__c": false, "Amount": 5 }))
        .await;
    app.hourly().await;
    let full = app.full().await;

    let ledger = app.ledger().await;
    let deal = ledger.linked(id).unwrap();
    assert_eq!(deal.link.as_ref().unwrap().status, LinkStatus::Synced);
    assert_eq!(deal.fields["amount"], json!(5));
    assert_eq!((full.counts.listed, full.counts.unchanged), (2, 2));
}

#[tokio::test]
async fn deleting_disconnects_and_undeleting_connects_again() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    let id = *app.ledger().await.claims.keys().next().unwrap();
    let status = async || {
        app.ledger()
            .await
            .link(id)
            .map(|link| (link.status, link.reason.clone()))
    };

    app.on_opportunity("delete", id).await;
    app.hourly().await;
    assert_eq!(
        status().await,
        Some((LinkStatus::Disconnected, Some("was deleted".to_owned())))
    );

    // A full run in between has nothing further to say about it.
    let full = app.full().await;
    assert_eq!(full.counts.updated, 0);

    app.on_opportunity("undelete", id).await;
    app.hourly().await;
    assert_eq!(status().await, Some((LinkStatus::Synced, None)));
    assert_eq!(app.ledger().await.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_hidden_or_purged_is_noticed_by_the_daily_run_and_stays_claimed() {
    let app = TestApp::start(&OrgFolder::importable(4)).await;
    app.full().await;
    let ids: Vec<_> = app.ledger().await.claims.keys().copied().collect();

    app.on_opportunity("hide", ids[0]).await;
    app.on_opportunity("purge", ids[1]).await;
    let hourly = app.hourly().await;
    let daily = app.scheduled("daily").await;

    assert_eq!(hourly.counts, Counts::default());
    let expected = Counts {
        listed: 4,
        updated: 2,
        unchanged: 2,
        ..Counts::default()
    };
    assert_eq!(daily.counts, expected);
    let ledger = app.ledger().await;
    for id in &ids[..2] {
        assert_eq!(ledger.link(*id).unwrap().status, LinkStatus::Disconnected);
    }
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_shown_again_is_connected_again_by_the_daily_run() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.full().await;
    let id = *app.ledger().await.claims.keys().next().unwrap();
    app.on_opportunity("hide", id).await;
    app.scheduled("daily").await;

    app.on_opportunity("unhide", id).await;
    let run = app.scheduled("daily").await;

    assert_eq!((run.counts.listed, run.counts.updated), (2, 1));
    assert_eq!(
        app.ledger().await.link(id).unwrap().status,
        LinkStatus::Synced
    );
}

#[tokio::test]
async fn what_stays_hidden_or_deleted_costs_further_daily_runs_no_message() {
    let app = TestApp::start(&OrgFolder::importable(5)).await;
    app.full().await;
    let ids: Vec<_> = app.ledger().await.claims.keys().copied().collect();
    app.on_opportunity("hide", ids[0]).await;
    app.on_opportunity("purge", ids[1]).await;
    app.on_opportunity("delete", ids[2]).await;
    app.scheduled("daily").await;
    let used = Usage::of(&app);

    let run = app.scheduled("daily").await;

    let usage = Usage::of(&app).since(&used);
    let expected = Counts {
        listed: 5,
        unchanged: 5,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    assert_eq!(usage.sqs_total(), 0, "{usage:?}");
}

#[tokio::test]
async fn a_row_that_shows_up_late_with_its_old_stamp_is_picked_up_through_the_overlap() {
    let mut folder = OrgFolder::importable(3);
    let late = folder.add(|opportunity| opportunity);
    folder.add(|opportunity| opportunity.stamped(4 * 60 + 300));
    let app = TestApp::start(&folder).await;
    app.admin(
        "late",
        json!({ "object": "Opportunity", "id": late, "seconds": 30 }),
    )
    .await;
    let first = app.full().await;
    assert_eq!(first.counts.listed, 4);

    app.admin("tick", json!({ "seconds": 60 })).await;
    let hourly = app.hourly().await;

    assert_eq!((hourly.counts.listed, hourly.counts.imported), (1, 1));
    assert!(app.ledger().await.linked(late).is_some());
}

#[tokio::test]
async fn equal_stamps_on_both_sides_of_a_page_lose_nothing() {
    // More than a page, all of one second, as a bulk edit leaves them.
    let mut folder = OrgFolder::new();
    for _ in 0..2_100 {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity).stamped(7));
    }
    let app = TestApp::start(&folder).await;

    let run = app.full().await;
    let hourly = app.hourly().await;

    assert_eq!((run.counts.listed, run.counts.failed), (2_100, 2_100));
    assert_eq!((hourly.counts.listed, hourly.counts.failed), (2_100, 2_100));
    assert_eq!(app.ledger().await.problems.len(), 2_100);
}

#[tokio::test]
async fn an_opportunity_mended_by_an_edit_imports_and_one_spoilt_after_its_import_has_a_problem() {
    let mut folder = OrgFolder::importable(1);
    let spoilt = folder.opportunities[1].id;
    let mended = folder.add(|opportunity| Defect::ManyAtOnce.apply(&opportunity));
    let app = TestApp::start(&folder).await;
    app.full().await;

    let good = json!({ "Sync__c": true, "AccountId": dealbridge_tests::account(1), "Partner__c": "active@partner.example", "Owner_Type__c": "", "Distributor__c": "", "Stage__c": "Prospecting", "Seats__c": "3" });
    app.edit(mended, good).await;
    let contact = json!({ "object": "OpportunityContactRole", "fields": { "OpportunityId": mended, "ContactId": dealbridge_tests::contact(1), "IsPrimary": true } });
    app.admin("create", contact).await;
    app.edit(spoilt, json!({ "Product__c": "Deluxe" })).await;
    let run = app.hourly().await;

    let expected = Counts {
        listed: 2,
        imported: 1,
        failed: 1,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    let ledger = app.ledger().await;
    assert!(ledger.linked(mended).is_some() && ledger.linked(spoilt).is_some());
    let problems: Vec<_> = ledger
        .problems
        .iter()
        .map(|(id, problem)| (*id, problem.codes()))
        .collect();
    assert_eq!(problems, [(spoilt, vec![Code::PicklistValueUnknown])]);
    assert_eq!(ledger.broken(), Vec::<String>::new());

    app.edit(spoilt, json!({ "Product__c": "Basic" })).await;
    app.hourly().await;

    let ledger = app.ledger().await;
    assert!(ledger.problems.is_empty());
    assert_eq!(
        ledger.linked(spoilt).unwrap().fields["product"],
        json!("Basic")
    );
}

#[tokio::test]
async fn what_is_no_longer_flagged_or_deleted_has_no_open_problem_any_more() {
    let mut folder = OrgFolder::new();
    let [unflagged, deleted, hidden] =
        [(); 3].map(|()| folder.add(|opportunity| Defect::NoProduct.apply(&opportunity)));
    let app = TestApp::start(&folder).await;
    app.full().await;

    app.edit(unflagged, json!({ "Export__c": false })).await;
    app.on_opportunity("delete", deleted).await;
    app.on_opportunity("hide", hidden).await;
    let run = app.hourly().await;
    let next = app.hourly().await;

    assert_eq!((run.counts.listed, run.counts.unchanged), (3, 3));
    assert_eq!(next.counts, Counts::default());
    let ledger = app.ledger().await;
    assert!(ledger.problems.is_empty() && ledger.claims.is_empty());
}

#[tokio::test]
async fn what_was_deleted_before_the_first_run_is_not_our_business() {
    let app = TestApp::start(&OrgFolder::importable(2)).await;
    app.on_opportunity("delete", opportunity(1)).await;

    let first = app.full().await;
    app.on_opportunity("undelete", opportunity(1)).await;
    let next = app.hourly().await;

    assert_eq!((first.counts.listed, first.counts.imported), (1, 1));
    assert_eq!((next.counts.listed, next.counts.imported), (1, 1));
}

#[tokio::test]
async fn reading_a_run_s_counts_costs_the_same_whatever_it_did() {
    let mut costs = Vec::new();
    for count in [1, 300] {
        let app = TestApp::start(&OrgFolder::importable(count)).await;
        let run = app.full().await;
        let before = app.meter.usage();

        app.run(run.id).await;

        let after = app.meter.usage();
        let requests =
            |usage: &dealbridge_aws::Usage| usage.dynamodb_requests.values().sum::<u64>();
        costs.push((
            requests(&after) - requests(&before),
            after.read_units - before.read_units,
        ));
    }
    assert_eq!(costs[0].0, costs[1].0);
    assert!(
        costs[1].1 <= 9.0,
        "one unit for the run and each of its counters: {costs:?}"
    );
}

#[tokio::test]
async fn account_contact_owner_and_distributor_stay_as_they_were_imported() {
    let mut folder = OrgFolder::new();
    let id = folder.add(|opportunity| {
        opportunity
            .with("Distributor__c", "active@distributor.example")
            .with("Owner_Type__c", "Distributor-Owned")
    });
    let other = folder.add(|opportunity| opportunity);
    let app = TestApp::start(&folder).await;
    app.full().await;
    let before = app.ledger().await;

    let moved = json!({
        "AccountId": account(3), "Partner__c": "second@partner.example",
        "Distributor__c": "second@distributor.example", "Owner_Type__c": "Partner-Owned"
    });
    app.edit(id, moved).await;
    app.edit(
        other,
        json!({ "NextStep": "call", "Partner__c": " ACTIVE@partner.example " }),
    )
    .await;
    for (number, primary) in [(0, false), (1, true)] {
        let order = json!({ "object": "OpportunityContactRole", "id": role(1, number), "fields": { "IsPrimary": primary } });
        app.admin("edit", order).await;
    }
    let run = app.hourly().await;

    let ledger = app.ledger().await;
    let (was, is) = (before.linked(id).unwrap(), ledger.linked(id).unwrap());
    assert_eq!(
        (&is.owner, &is.partner, &is.distributor),
        (&was.owner, &was.partner, &was.distributor)
    );
    assert_eq!((&is.account, &is.contact), (&was.account, &was.contact));
    assert_eq!(is.owner.as_deref(), Some("usr-distributor-active"));
    assert_eq!((run.counts.listed, run.counts.unchanged), (2, 2));
    let entries = ledger.log(run.id);
    let mut fields: Vec<&str> = entries
        .iter()
        .map(|entry| {
            assert_eq!(
                (entry.code, entry.salesforce.as_ref().map(|(id, _)| *id)),
                (Code::PartiesNotMoved, Some(id))
            );
            entry.message.split(')').next().unwrap()
        })
        .collect();
    fields.sort_unstable();
    let expected = [
        "Account (AccountId",
        "Channeltivity Distributor Email (Distributor__c",
        "Channeltivity Partner Email (Partner__c",
        "Contact Roles (OpportunityContactRole.IsPrimary",
        "Deal Owner Type (Owner_Type__c",
    ];
    assert_eq!(fields, expected);
}
