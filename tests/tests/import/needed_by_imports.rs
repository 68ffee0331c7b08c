//! Fields that only imports need stop imports alone when they cannot be read: linked records are processed, and nothing
//! is lost.

use std::collections::BTreeMap;

use dealbridge_core::{
    SalesforceId,
    code::Code,
    run::{Run, RunStatus},
};
use dealbridge_tests::{OrgFolder, TestApp, folder::opportunity};
use serde_json::json;

use crate::hidden::{access, messages, value};

/// An object, perhaps a field of it, and the names that the run reports as unreadable.
type Hidden = (&'static str, Option<&'static str>, &'static [&'static str]);

const HIDDEN: [Hidden; 11] = [
    ("Opportunity", Some("AccountId"), &["Opportunity.AccountId"]),
    ("Account", None, &["Account.Name"]),
    ("Account", Some("Name"), &["Account.Name"]),
    ("Contact", None, &["Contact.Name"]),
    (
        "OpportunityContactRole",
        None,
        &["OpportunityContactRole.ContactId"],
    ),
    (
        "OpportunityContactRole",
        Some("ContactId"),
        &["OpportunityContactRole.ContactId"],
    ),
    (
        "OpportunityContactRole",
        Some("IsPrimary"),
        &["OpportunityContactRole.IsPrimary"],
    ),
    (
        "Opportunity",
        Some("Partner__c"),
        &["Opportunity.Partner__c", "fields.partner_email"],
    ),
    (
        "Opportunity",
        Some("Distributor__c"),
        &["Opportunity.Distributor__c", "fields.distributor_email"],
    ),
    (
        "Opportunity",
        Some("Owner_Type__c"),
        &["Opportunity.Owner_Type__c", "fields.deal_owner_type"],
    ),
    (
        "Opportunity",
        Some("Product__c"),
        &["Opportunity.Product__c", "product <- Product__c"],
    ),
];

/// Two Opportunities that import, and one that is not flagged at first.
async fn app() -> (TestApp, SalesforceId) {
    let mut folder = OrgFolder::importable(2);
    let later = folder.add(|opportunity| opportunity.with("Export__c", "false".to_owned()));
    (TestApp::start(&folder).await, later)
}

#[tokio::test]
async fn linked_records_follow_and_new_ones_wait_until_it_can_be_read() {
    for (object, field, names) in HIDDEN {
        let place = format!("{object} {field:?}");
        let (app, later) = app().await;
        app.full().await;
        let linked = opportunity(1);
        let before = app.ledger().await.linked(linked).unwrap().clone();

        access(&app, object, field, false).await;
        app.edit(linked, json!({ "Amount": 7 })).await;
        app.edit(later, json!({ "Export__c": true })).await;
        let hidden = app.hourly().await;
        let still = app.hourly().await;

        let ledger = app.ledger().await;
        // A hidden field among those that distinguish rows makes unchanged ones looked at as well.
        let counted = |run: &Run| (run.counts.updated, run.counts.failed, run.counts.left());
        assert_eq!(counted(&hidden), (1, 1, 0), "{place}");
        assert_eq!(counted(&still), (0, 1, 0), "{place}");
        for run in [&hidden, &still] {
            assert_eq!(app.status(run.id).await, RunStatus::Succeeded, "{place}");
            assert_eq!(ledger.faults(run.id), [Code::SfFieldMissing], "{place}");
            let said = messages(&ledger, run, Code::SfFieldMissing);
            for name in names {
                assert!(said[0].contains(name), "{place}: {said:?}");
            }
            assert!(said[0].contains("not imported"), "{place}: {said:?}");
            let failures = BTreeMap::from([(Code::RequiredFieldHidden, 1)]);
            assert_eq!(ledger.failures(run.id), failures, "{place}");
        }
        // A party that cannot be read is neither another party nor none.
        let moved = messages(&ledger, &hidden, Code::PartiesNotMoved);
        assert_eq!(moved, Vec::<String>::new(), "{place}");
        let after = ledger.linked(linked).unwrap();
        assert_eq!(value(&ledger, linked, "amount"), json!(7), "{place}");
        assert_eq!(value(&ledger, linked, "product"), before.fields["product"]);
        assert_eq!(
            (&after.account, &after.contact, &after.partner, &after.owner),
            (
                &before.account,
                &before.contact,
                &before.partner,
                &before.owner
            ),
            "{place}"
        );
        let open: Vec<_> = ledger.problems.keys().copied().collect();
        assert_eq!(open, [later], "{place}");

        access(&app, object, field, true).await;
        app.edit(linked, json!({ "Amount": 8 })).await;
        let shown = app.hourly().await;

        let ledger = app.ledger().await;
        assert_eq!(
            (shown.counts.imported, shown.counts.updated),
            (1, 1),
            "{place}"
        );
        assert_eq!(ledger.faults(shown.id), [], "{place}");
        assert!(ledger.problems.is_empty(), "{place}: {:?}", ledger.problems);
        let deal = ledger.linked(later).unwrap();
        assert_eq!(
            (&deal.account.as_ref().unwrap().name, &deal.partner),
            (&"Acme".to_owned(), &before.partner),
            "{place}"
        );
        assert_eq!(value(&ledger, linked, "amount"), json!(8), "{place}");
        assert_eq!(ledger.broken(), Vec::<String>::new(), "{place}");
    }
}

#[tokio::test]
async fn what_a_first_run_could_not_import_is_imported_by_the_run_after_the_permission_is_back() {
    for (object, field, names) in HIDDEN.into_iter().step_by(3) {
        let place = format!("{object} {field:?}");
        // Two batches of the worker make one entry.
        let app = TestApp::start(&OrgFolder::importable(205)).await;
        access(&app, object, field, false).await;

        let run = app.full().await;
        access(&app, object, field, true).await;
        let next = app.hourly().await;

        let ledger = app.ledger().await;
        assert_eq!(
            (run.counts.listed, run.counts.failed),
            (205, 205),
            "{place}"
        );
        let said = messages(&ledger, &run, Code::SfFieldMissing);
        assert_eq!(said.len(), 1, "{place}: {said:?}");
        assert!(said[0].contains(names[0]), "{place}: {said:?}");
        assert_eq!(
            (next.counts.listed, next.counts.imported),
            (205, 205),
            "{place}"
        );
        assert!(ledger.problems.is_empty(), "{place}");
    }
}

#[tokio::test]
async fn several_that_are_hidden_are_each_said_once_and_stop_no_update() {
    let (app, later) = app().await;
    app.full().await;
    for (object, field) in [
        ("Account", None),
        ("Contact", None),
        ("OpportunityContactRole", Some("IsPrimary")),
        ("Opportunity", Some("Partner__c")),
        ("Opportunity", Some("Stage__c")),
    ] {
        access(&app, object, field, false).await;
    }
    app.edit(opportunity(2), json!({ "Amount": 9 })).await;
    app.edit(later, json!({ "Export__c": true })).await;

    let run = app.hourly().await;

    let ledger = app.ledger().await;
    assert_eq!((run.counts.updated, run.counts.failed), (1, 1));
    assert_eq!(ledger.faults(run.id).len(), 5, "{:?}", ledger.log(run.id));
    assert_eq!(ledger.problems[&later].findings.len(), 4);
}
