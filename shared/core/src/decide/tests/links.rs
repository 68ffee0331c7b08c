//! Decisions on linked, unlinked and converted records.

use super::*;

#[test]
fn an_opportunity_of_a_referral_is_not_imported() {
    let mut case = Case::linked(json!({}));
    let referral = RecordId::new(RecordKind::Referral, "ref-1").unwrap();
    case.claim.as_mut().unwrap().record = referral.clone();
    case.record.as_mut().unwrap().id = referral;

    assert_eq!(case.codes(), ["ALREADY_LINKED_OTHER"]);
    assert_eq!(case.decide().verdict, Verdict::Fail);

    case.row = row(json!({ "SystemModstamp": LATER, "Amount": 9 }));
    let Verdict::FailAndUpdate(update) = case.decide().verdict else {
        panic!("the referral does not follow its Opportunity")
    };
    assert_eq!(Value::Object(update.fields), json!({ "amount": 9 }));
}

#[test]
fn a_deal_that_was_deleted_while_it_was_linked_is_not_imported_again() {
    let mut case = Case::linked(json!({}));
    case.record = None;

    assert_eq!(case.decide().verdict, Verdict::Suppressed);
}

#[test]
fn a_linked_opportunity_that_did_not_change_is_unchanged() {
    assert_eq!(Case::linked(json!({})).decide().verdict, Verdict::Unchanged);
}

fn update_of(case: &Case) -> RecordUpdate {
    match case.decide().verdict {
        Verdict::Update(update) => *update,
        other => panic!("no update: {other:?}"),
    }
}

const LATER: &str = "2026-05-02T07:25:37.000+0000";

#[test]
fn an_edit_brings_only_fields_whose_flow_on_update_comes_from_salesforce() {
    let update = update_of(&Case::linked(
        json!({ "SystemModstamp": LATER, "Amount": 2000.0, "CloseDate": "2027-01-01" }),
    ));

    assert_eq!(Value::Object(update.fields), json!({ "amount": 2000 }));
    assert_eq!(update.stamp, SystemModstamp::parse(LATER).unwrap());
}

#[test]
fn an_edit_of_an_unmapped_field_moves_the_stamp_and_nothing_else() {
    let update = update_of(&Case::linked(json!({ "SystemModstamp": LATER })));

    assert!(!update.is_change && update.fields.is_empty() && update.findings.is_empty());
}

#[test]
fn an_edit_within_the_second_of_the_stamp_that_was_applied_is_brought() {
    let update = update_of(&Case::linked(json!({ "Amount": 2000.0 })));

    assert_eq!(Value::Object(update.fields), json!({ "amount": 2000 }));
}

#[test]
fn a_row_of_the_same_stamp_that_nothing_vouches_for_is_compared_and_changes_nothing() {
    let mut case = Case::linked(json!({}));
    case.claim.as_mut().unwrap().digest = None;

    let update = update_of(&case);

    assert!(!update.is_change && update.fields.is_empty() && update.findings.is_empty());
    assert_eq!(update.digest, Some(case.digest()));
}

#[test]
fn a_field_that_was_cleared_in_salesforce_is_cleared_here() {
    assert_eq!(
        Value::Object(
            update_of(&Case::linked(
                json!({ "SystemModstamp": LATER, "Amount": null })
            ))
            .fields
        ),
        json!({ "amount": null })
    );
}

#[test]
fn an_older_row_never_takes_a_deal_back() {
    assert_eq!(
        Case::linked(json!({ "SystemModstamp": "2026-04-01T00:00:00.000+0000", "Amount": 1 }))
            .decide()
            .verdict,
        Verdict::Unchanged
    );
}

#[test]
fn an_edit_that_does_not_fit_is_a_failure_and_changes_nothing() {
    assert_eq!(
        Case::linked(json!({ "SystemModstamp": LATER, "StageName": "Lost", "Amount": 5 })).codes(),
        ["PICKLIST_VALUE_UNKNOWN"]
    );
}

#[test]
fn clearing_the_sync_flag_pauses_the_link_and_brings_no_values() {
    let update = update_of(&Case::linked(
        json!({ "SystemModstamp": LATER, "Sync__c": false, "Amount": 5 }),
    ));

    assert_eq!(update.status, LinkStatus::Paused);
    assert!(update.fields.is_empty());
    assert_eq!(update.findings[0].code, Code::LinkPaused);
}

#[test]
fn clearing_the_import_flag_has_no_effect_on_a_link() {
    let update = update_of(&Case::linked(
        json!({ "SystemModstamp": LATER, "Import__c": false, "Amount": 5 }),
    ));

    assert_eq!(update.status, LinkStatus::Synced);
    assert_eq!(Value::Object(update.fields), json!({ "amount": 5 }));
}

#[test]
fn deletion_disconnects_with_its_cause_and_undeletion_reconnects() {
    let deleted = Case::linked(json!({ "SystemModstamp": LATER, "IsDeleted": true }));
    let update = update_of(&deleted);
    assert_eq!(
        (update.status, update.reason.as_deref()),
        (LinkStatus::Disconnected, Some("was deleted"))
    );

    let mut undeleted = Case::linked(json!({ "SystemModstamp": "2026-05-03T00:00:00Z" }));
    let link = undeleted.record.as_mut().unwrap().link.as_mut().unwrap();
    (link.status, link.reason) = (LinkStatus::Disconnected, update.reason);
    assert_eq!(
        update_of(&undeleted).findings[0].code,
        Code::LinkReconnected
    );
}

#[test]
fn a_change_of_account_is_said_and_not_followed() {
    let update = update_of(&Case::linked(
        json!({ "SystemModstamp": LATER, "AccountId": "001D000000IRFmaIAH" }),
    ));

    assert_eq!(
        update
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::PartiesNotMoved]
    );
    assert!(!update.is_change);
}

#[test]
fn an_unlinked_opportunity_is_left_alone_until_its_flag_was_seen_off() {
    let deal = Case::new(json!({})).deal();
    let mut case = Case::new(json!({}));
    case.claim = Some(Claim {
        epoch: 1,
        ..claim(ClaimState::Suppressed, &deal)
    });
    case.record = Some(Record {
        link: None,
        ..record(deal)
    });
    assert_eq!(case.decide().verdict, Verdict::Suppressed);

    case.claim.as_mut().unwrap().import_flag_was_off = true;
    assert_eq!(case.codes(), ["IMPORT_SUPPRESSED_FORMER_DEAL"]);

    case.record = None;
    assert_eq!(
        case.deal().id,
        RecordId::of_imported_deal(id("00DbY000000001FUAQ"), id(OPPORTUNITY), 1)
    );
}

#[test]
fn a_released_claim_is_imported_into_a_second_deal() {
    let deal = Case::new(json!({})).deal();
    let mut case = Case::new(json!({}));
    case.claim = Some(Claim {
        epoch: 1,
        ..claim(ClaimState::Released, &deal)
    });
    case.record = Some(Record {
        link: None,
        ..record(deal)
    });

    assert_eq!(case.deal().epoch, 1);
}

const LEAD: &str = "00Q4S000002sSacUAE";

/// Returns the decision on a Lead record of the portal, linked to a Salesforce Lead whose row holds these values.
fn lead_decision(edits: Value, successor: Option<&Claim>) -> Decision {
    let case = Case::linked(json!({}));
    let mut record = case.record.clone().unwrap();
    record.id = RecordId::new(RecordKind::Lead, "lead-1").unwrap();
    (record.account, record.contact) = (None, None);
    let link = record.link.as_mut().unwrap();
    (link.salesforce_id, link.object) = (id(LEAD), SalesforceObject::Lead);
    let claim = Claim {
        salesforce: id(LEAD),
        record: record.id.clone(),
        ..case.claim.unwrap()
    };
    let mut row = json!({ "Id": LEAD, "IsDeleted": false, "SystemModstamp": LATER, "Name": "Leo Kaur", "Company": "Acme" });
    for (key, value) in edits.as_object().unwrap() {
        row[key] = value.clone();
    }
    let row: Row = serde_json::from_value(row).unwrap();
    let facts = Facts {
        opportunity: id(LEAD),
        row: Some(&row),
        digest: None,
        directory: &Directory::new(),
        claim: Some(&claim),
        record: Some(&record),
        successor,
        predecessor: None,
    };
    decide(&facts, &case.settings)
}

fn lead_update(edits: Value, successor: Option<&Claim>) -> RecordUpdate {
    match lead_decision(edits, successor).verdict {
        Verdict::Update(update) => *update,
        other => panic!("no update: {other:?}"),
    }
}

#[test]
fn a_linked_lead_brings_its_mapped_fields_and_needs_no_sync_flag() {
    let update = lead_update(json!({}), None);

    assert_eq!(update.status, LinkStatus::Synced);
    assert_eq!(Value::Object(update.fields), json!({ "company": "Acme" }));
}

#[test]
fn a_merged_lead_is_disconnected_and_names_the_survivor() {
    let update = lead_update(
        json!({ "IsDeleted": true, "MasterRecordId": "00Q4S000002sSadUAE" }),
        None,
    );

    assert_eq!(
        (update.status, update.reason.as_deref()),
        (
            LinkStatus::Disconnected,
            Some("was merged into 00Q4S000002sSadUAE")
        )
    );
}

#[test]
fn the_link_of_a_converted_lead_moves_to_its_opportunity_unless_that_is_taken() {
    let converted = json!({ "IsConverted": true, "ConvertedOpportunityId": OPPORTUNITY });
    assert_eq!(
        lead_decision(converted.clone(), None).verdict,
        Verdict::Move(id(OPPORTUNITY))
    );

    let taken = claim(ClaimState::Live, &Case::new(json!({})).deal());
    let decision = lead_decision(converted.clone(), Some(&taken));
    assert_eq!(decision.failures()[0].code, Code::LinkMoveConflict);
    let Verdict::FailAndUpdate(update) = decision.verdict else {
        panic!("its link's status follows: {decision:?}");
    };
    assert_eq!(update.status, LinkStatus::Disconnected);
    assert!(update.reason.unwrap().contains(&taken.record.to_string()));

    let unlinked = claim(ClaimState::Suppressed, &Case::new(json!({})).deal());
    assert_eq!(
        lead_decision(converted, Some(&unlinked)).verdict,
        Verdict::Move(id(OPPORTUNITY))
    );
}

#[test]
fn that_a_converted_lead_was_deleted_afterwards_changes_nothing_about_what_it_became() {
    let gone =
        json!({ "IsConverted": true, "ConvertedOpportunityId": OPPORTUNITY, "IsDeleted": true });

    assert_eq!(
        lead_decision(gone, None).verdict,
        Verdict::Move(id(OPPORTUNITY))
    );
}

#[test]
fn an_opportunity_that_a_linked_lead_became_takes_its_link_over_and_is_no_deal_of_its_own() {
    let case = Case::new(json!({}));
    let linked = Case::linked(json!({}));
    let lead = Predecessor {
        claim: linked.claim.unwrap(),
        record: linked.record.unwrap(),
        name: String::new(),
    };
    let facts = Facts {
        opportunity: id(OPPORTUNITY),
        row: Some(&case.row),
        digest: None,
        directory: &directory(),
        claim: None,
        record: None,
        successor: None,
        predecessor: Some(&lead),
    };

    assert_eq!(decide(&facts, &case.settings).verdict, Verdict::TakeOver);
}

#[test]
fn a_lead_converted_without_an_opportunity_is_disconnected() {
    let update = lead_update(
        json!({ "IsConverted": true, "ConvertedOpportunityId": null }),
        None,
    );

    assert_eq!(update.status, LinkStatus::Disconnected);
    assert_eq!(
        update.reason.as_deref(),
        Some("was converted without an Opportunity")
    );
}

#[test]
fn a_value_that_is_on_its_way_to_salesforce_is_not_brought_back_from_there() {
    let mut case = Case::linked(json!({ "SystemModstamp": LATER, "Amount": 7, "Sync__c": false }));
    case.claim.as_mut().unwrap().pending = Some(crate::claim::PendingWrite {
        id: "w".into(),
        fields: serde_json::from_value(json!({ "Amount": 5, "Sync__c": true })).unwrap(),
        before: serde_json::Map::new(),
        seen: SystemModstamp::from_second(0),
        edited: std::collections::BTreeSet::new(),
    });

    let update = update_of(&case);

    assert_eq!(update.status, LinkStatus::Pending);
    assert!(update.fields.is_empty());
}
