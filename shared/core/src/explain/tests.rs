use std::collections::HashMap;

use serde_json::json;

use super::*;
use crate::{
    base::Base,
    claim::{Claim, ClaimState},
    counted::CountedRuns,
    record::{RecordId, RecordKind},
    system_modstamp::SystemModstamp,
    testing::settings,
};

fn row(flagged: bool) -> Row {
    let row = json!({
        "Id": "006dM00000Mw7VtQAJ", "Name": "Acme", "SystemModstamp": "2026-05-01T07:25:37.000+0000",
        "IsDeleted": false, "Sync__c": true, "import__c": flagged, "AccountId": null, "Account": null,
        "StageName": "Won", "CloseDate": "2026-06-01", "Amount": 7,
    });
    serde_json::from_value(row).unwrap()
}

fn suppressed(id: SalesforceId) -> Claim {
    Claim {
        salesforce: id,
        state: ClaimState::Suppressed,
        record: RecordId::new(RecordKind::Deal, "deal-1").unwrap(),
        epoch: 1,
        stamp: SystemModstamp::from_second(0),
        digest: None,
        version: 2,
        counted: CountedRuns::default(),
        pending: None,
        base: Base::default(),
        disconnected: false,
        import_flag_was_off: false,
        suppression: None,
    }
}

fn explained(row: Option<&Row>, claim: Option<&Claim>) -> (Outlook, Vec<Explained>) {
    let facts = Facts {
        opportunity: SalesforceId::parse("006dM00000Mw7Vt").unwrap(),
        row,
        digest: None,
        directory: &HashMap::new(),
        claim,
        record: None,
        successor: None,
        predecessor: None,
    };
    look(&facts, &settings(), "the Opportunity")
}

#[test]
fn every_condition_is_said_with_its_field_and_value() {
    let (verdict, conditions) = explained(Some(&row(true)), None);

    assert_eq!(verdict, Outlook::WouldFail);
    let of = |code: Code| conditions.iter().find(|one| one.code == code).unwrap();
    assert_eq!(
        of(Code::SyncFlagNotSet),
        &Explained {
            code: Code::SyncFlagNotSet,
            condition: Some("The Sync Flag is on"),
            passed: true,
            field: Some("Sync__c".into()),
            value: Some("true".into()),
            message: None,
            suggestion: None,
        }
    );
    let account = of(Code::AccountMissing);
    assert!(!account.passed && account.value.is_none());
    assert_eq!(
        account.message.as_deref(),
        Some("the Opportunity has no Account: Account (AccountId) is empty.")
    );
    assert!(account.suggestion.is_some());
}

#[test]
fn an_unflagged_one_says_so_and_what_else_it_would_need() {
    let (verdict, conditions) = explained(Some(&row(false)), None);

    assert_eq!(verdict, Outlook::NotACandidate);
    assert_eq!(conditions[0].code, Code::NotACandidate);
    assert_eq!(conditions[0].field.as_deref(), Some("Import__c"));
    assert_eq!(conditions[0].value.as_deref(), Some("false"));
    let (_, flagged) = explained(Some(&row(true)), None);
    assert_eq!(conditions[1..], flagged);
}

#[test]
fn a_suppressed_one_names_the_record_it_was_unlinked_from() {
    let id = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
    let (verdict, conditions) = explained(Some(&row(true)), Some(&suppressed(id)));

    assert_eq!(verdict, Outlook::Suppressed);
    assert_eq!(conditions[0].code, Code::ImportSuppressed);
    assert!(
        conditions[0]
            .message
            .as_deref()
            .unwrap()
            .contains("Deal deal-1")
    );
    assert!(conditions.len() > 1);
}

#[test]
fn a_record_that_is_gone_has_no_further_conditions() {
    let id = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
    let (verdict, conditions) = explained(None, Some(&suppressed(id)));

    assert_eq!(verdict, Outlook::NotACandidate);
    assert_eq!(conditions.len(), 1);
    assert_eq!(conditions[0].code, Code::OpportunityGone);
}
