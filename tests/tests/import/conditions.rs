//! The conditions for import, and the messages about those that are not met.

use std::collections::BTreeMap;

use dealbridge_core::{
    SalesforceId,
    code::{Code, Level},
    run::{Counts, RunStatus},
};
use dealbridge_tests::{Defect, OrgFolder, TestApp};

/// A folder with each defect once, and as many Opportunities that import.
fn every_defect() -> (OrgFolder, BTreeMap<SalesforceId, Defect>, Vec<SalesforceId>) {
    let mut folder = OrgFolder::new();
    let mut defects = BTreeMap::new();
    let mut good = Vec::new();
    for defect in Defect::ALL {
        let id = folder.add(|opportunity| defect.apply(&opportunity));
        defects.insert(id, defect);
        good.push(folder.add(|opportunity| opportunity));
    }
    // Without the Import Flag nothing is said of an Opportunity.
    folder.add(|opportunity| opportunity.with("Export__c", "false"));
    (folder, defects, good)
}

#[tokio::test]
async fn every_defect_gives_its_codes_and_nothing_else_fails() {
    let (folder, defects, good) = every_defect();
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    let expected = Counts {
        listed: 70,
        imported: 35,
        failed: 35,
        ..Counts::default()
    };
    assert_eq!(run.counts, expected);
    assert_eq!(app.status(run.id).await, RunStatus::Succeeded);
    let ledger = app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
    for id in good {
        assert!(ledger.linked(id).is_some(), "{id}");
    }
    let mut open = BTreeMap::new();
    for (id, problem) in &ledger.problems {
        let mut codes = defects[id].codes().to_vec();
        codes.sort();
        assert_eq!(problem.codes(), codes, "{:?}", defects[id]);
        for code in codes {
            *open.entry(code).or_insert(0) += 1;
        }
    }
    assert_eq!(ledger.problems.len(), defects.len());
    assert_eq!(ledger.failures(run.id), open);
    assert_eq!(ledger.faults(run.id), []);
}

#[tokio::test]
async fn each_error_names_the_record_the_field_by_label_and_api_name_and_the_value() {
    let (folder, defects, _) = every_defect();
    let app = TestApp::start(&folder).await;

    let run = app.full().await;

    let ledger = app.ledger().await;
    let mut seen = 0;
    for entry in ledger.log(run.id) {
        if entry.level != Level::Error {
            continue;
        }
        seen += 1;
        let (id, name) = entry.salesforce.unwrap();
        let defect = defects[&id];
        let message = &entry.message;
        assert!(
            message.contains(id.as_str()) && message.contains(&name),
            "{message}"
        );
        let (label, api_name) = field_of(entry.code, defect);
        assert!(
            message.contains(&format!("{label} ({api_name})")),
            "{message}"
        );
        if entry.code == defect.codes()[0] {
            assert!(message.contains(&defect.value()), "{message}");
        }
        assert!(entry.suggestion.ends_with('.'), "{}", entry.suggestion);
    }
    assert_eq!(
        seen,
        defects
            .values()
            .map(|defect| defect.codes().len())
            .sum::<usize>()
    );
}

/// Label and API name of the field that a code is about.
fn field_of(code: Code, defect: Defect) -> (&'static str, &'static str) {
    let name = code.as_str();
    match code {
        Code::SyncFlagNotSet => ("Sync with Channeltivity", "Sync__c"),
        Code::AccountMissing | Code::AccountNotAccessible => ("Account", "AccountId"),
        Code::DealOwnerTypeInvalid => ("Deal Owner Type", "Owner_Type__c"),
        Code::StageEmpty => ("Stage", "Stage__c"),
        Code::RequiredFieldEmpty => ("Product", "Product__c"),
        Code::ValueTypeInvalid => ("Seats", "Seats__c"),
        Code::PicklistValueUnknown if defect == Defect::StageUnknown => ("Stage", "Stage__c"),
        Code::PicklistValueUnknown => ("Product", "Product__c"),
        _ if name.starts_with("PARTNER_") => ("Channeltivity Partner Email", "Partner__c"),
        _ if name.starts_with("DISTRIBUTOR_") => {
            ("Channeltivity Distributor Email", "Distributor__c")
        }
        _ => ("Contact Roles", "OpportunityContactRole.IsPrimary"),
    }
}
