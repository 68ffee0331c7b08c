//! Each condition of behaviour 2.2, alone and together.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    Email, Stamp,
    counted::Counted,
    portal::{
        Group, Holders, Organization, OrganizationStatus, PartyType, ResolvedUser, User, UserStatus,
    },
    record::{LinkStatus, RecordId},
    run::RunId,
    testing::settings,
};

const OPPORTUNITY: &str = "006dM00000Mw7VtQAJ";

fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

fn row(edits: Value) -> Row {
    let mut row = json!({
        "Id": OPPORTUNITY, "IsDeleted": false, "SystemModstamp": "2026-05-01T07:25:37.000+0000",
        "Sync__c": true, "Import__c": true, "Partner__c": "ann@partners.example", "Distributor__c": null, "Owner_Type__c": null,
        "Name": "Acme - 12", "StageName": "Closed Won", "Amount": 1054.0, "CloseDate": "2026-03-01",
        "AccountId": "001dM00003jU9GxQAK", "Account": { "Name": "Acme" },
        "OpportunityContactRoles": { "totalSize": 1, "done": true, "records": [contact_role(true)] }
    });
    for (key, value) in edits.as_object().unwrap() {
        row[key] = value.clone();
    }
    serde_json::from_value(row).unwrap()
}

fn contact_role(primary: bool) -> Value {
    json!({ "ContactId": "003dM000003kUIOQA2", "IsPrimary": primary,
            "Contact": { "Id": "003dM000003kUIOQA2", "Name": "Leo Kaur", "Email": "leo@acme.example" } })
}

fn user(id: &str, kind: PartyType, status: UserStatus, modules: &[&str]) -> ResolvedUser {
    let user = User {
        id: id.into(),
        name: id.to_uppercase(),
        email: Email::parse("x@x.example").unwrap(),
        kind,
        organization: format!("org-{id}"),
        groups: vec![],
        status,
    };
    let organization = Organization {
        id: user.organization.clone(),
        name: "Org".into(),
        kind,
        status: OrganizationStatus::Active,
    };
    let group = Group {
        id: "g".into(),
        name: "G".into(),
        kind,
        modules: modules.iter().map(|module| (*module).to_owned()).collect(),
    };
    ResolvedUser::new(user, Some(&organization), [&group])
}

fn directory() -> Directory {
    let deal = ["deal_registration"];
    let (partner, distributor) = (PartyType::Partner, PartyType::Distributor);
    let entry = |email: &str, users: Vec<ResolvedUser>, is_contact: bool| {
        (
            Email::parse(email).unwrap(),
            Arc::new(Holders { users, is_contact }),
        )
    };
    Directory::from([
        entry(
            "ann@partners.example",
            vec![user("ann", partner, UserStatus::Active, &deal)],
            false,
        ),
        entry(
            "dora@dist.example",
            vec![user("dora", distributor, UserStatus::Active, &deal)],
            false,
        ),
        entry(
            "pia@partners.example",
            vec![user("pia", partner, UserStatus::Pending, &[])],
            false,
        ),
        entry(
            "ida@partners.example",
            vec![user("ida", partner, UserStatus::Inactive, &deal)],
            false,
        ),
        entry(
            "dan@partners.example",
            vec![user("dan", partner, UserStatus::Disabled, &deal)],
            false,
        ),
        entry(
            "nora@partners.example",
            vec![user("nora", partner, UserStatus::Active, &["mdf"])],
            false,
        ),
        entry(
            "two@partners.example",
            vec![
                user("t1", partner, UserStatus::Active, &deal),
                user("t2", partner, UserStatus::Active, &deal),
            ],
            false,
        ),
        entry("cora@partners.example", vec![], true),
    ])
}

struct Case {
    settings: Settings,
    row: Row,
    claim: Option<Claim>,
    record: Option<Record>,
}

impl Case {
    fn new(edits: Value) -> Self {
        Self {
            settings: settings(),
            row: row(edits),
            claim: None,
            record: None,
        }
    }

    fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    fn decide(&self) -> Decision {
        let facts = Facts {
            opportunity: id(OPPORTUNITY),
            row: Some(&self.row),
            directory: &directory(),
            claim: self.claim.as_ref(),
            record: self.record.as_ref(),
            successor: None,
            missing: &[],
        };
        decide(&facts, &self.settings)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.decide()
            .failures()
            .iter()
            .map(|finding| finding.code.as_str())
            .collect()
    }

    fn deal(&self) -> NewDeal {
        match self.decide() {
            Decision {
                verdict: Verdict::Import(deal),
                ..
            } => *deal,
            other => panic!("not imported: {other:?}"),
        }
    }

    /// The same Opportunity, linked by its import.
    fn linked(edits: Value) -> Self {
        let deal = Self::new(json!({})).deal();
        let mut case = Self::new(edits);
        case.claim = Some(claim(ClaimState::Live, &deal));
        case.record = Some(record(deal));
        case
    }
}

fn claim(state: ClaimState, deal: &NewDeal) -> Claim {
    Claim {
        salesforce: id(OPPORTUNITY),
        state,
        record: deal.id.clone(),
        epoch: 0,
        stamp: deal.stamp,
        version: 1,
        counted: Counted::by(RunId::new(1)),
        pending: None,
        disconnected: false,
        import_flag_was_off: false,
    }
}

fn record(deal: NewDeal) -> Record {
    Record {
        id: deal.id,
        version: 1,
        fields: deal.fields,
        owner: Some(deal.owner),
        organization: Some(deal.organization),
        partner: deal.partner,
        distributor: deal.distributor,
        account: Some(deal.account),
        contact: Some(deal.contact),
        registration_status: Some(deal.registration_status),
        link: Some(crate::record::Link {
            salesforce_id: id(OPPORTUNITY),
            object: crate::SalesforceObject::Opportunity,
            status: LinkStatus::Synced,
            reason: None,
            name: Some(deal.name),
            linked_at: jiff::Timestamp::UNIX_EPOCH,
            linked_by: "integration".into(),
            stamp: deal.stamp,
        }),
    }
}

#[test]
fn an_opportunity_that_meets_every_condition_becomes_a_deal_of_its_partner() {
    let deal = Case::new(json!({})).deal();

    assert_eq!(deal.owner, "ann");
    assert_eq!(deal.organization, "org-ann");
    assert_eq!(
        Value::Object(deal.fields),
        json!({ "name": "Acme - 12", "stage": "Won", "amount": 1054, "close_date": "2026-03-01" })
    );
    assert_eq!(
        (deal.account.name.as_str(), deal.contact.name.as_str()),
        ("Acme", "Leo Kaur")
    );
    assert_eq!(
        deal.id,
        RecordId::of_imported_deal(id("00DbY000000001FUAQ"), id(OPPORTUNITY), 0)
    );
}

#[test]
fn each_failed_condition_has_its_code() {
    let roles = |records: Value| json!({ "OpportunityContactRoles": { "records": records } });
    let hidden = json!([{ "ContactId": "003dM000003kUIOQA2", "IsPrimary": true, "Contact": null }]);
    for (edits, codes) in [
        (json!({ "Sync__c": false }), vec!["SYNC_FLAG_NOT_SET"]),
        (json!({ "Sync__c": null }), vec!["SYNC_FLAG_NOT_SET"]),
        (
            json!({ "AccountId": null, "Account": null }),
            vec!["ACCOUNT_MISSING"],
        ),
        (json!({ "Account": null }), vec!["ACCOUNT_NOT_ACCESSIBLE"]),
        (
            json!({ "OpportunityContactRoles": null }),
            vec!["CONTACT_MISSING"],
        ),
        (
            roles(json!([contact_role(false), contact_role(false)])),
            vec!["PRIMARY_CONTACT_MISSING"],
        ),
        (roles(hidden), vec!["PRIMARY_CONTACT_NOT_ACCESSIBLE"]),
        (
            roles(json!([contact_role(true), contact_role(true)])),
            vec!["MULTIPLE_PRIMARY_CONTACTS"],
        ),
        (json!({ "Partner__c": "  " }), vec!["PARTNER_EMAIL_MISSING"]),
        (
            json!({ "Partner__c": "ann" }),
            vec!["PARTNER_EMAIL_INVALID"],
        ),
        (
            json!({ "Partner__c": "two@partners.example" }),
            vec!["PARTNER_EMAIL_AMBIGUOUS"],
        ),
        (
            json!({ "Partner__c": "cora@partners.example" }),
            vec!["PARTNER_EMAIL_IS_CONTACT"],
        ),
        (
            json!({ "Partner__c": "ghost@partners.example" }),
            vec!["PARTNER_USER_NOT_FOUND"],
        ),
        (
            json!({ "Partner__c": "dora@dist.example" }),
            vec!["PARTNER_USER_WRONG_TYPE"],
        ),
        (
            json!({ "Partner__c": "pia@partners.example" }),
            vec!["PARTNER_USER_PENDING", "PARTNER_NO_DEAL_ACCESS"],
        ),
        (
            json!({ "Partner__c": "ida@partners.example" }),
            vec!["PARTNER_USER_INACTIVE"],
        ),
        (
            json!({ "Partner__c": "dan@partners.example" }),
            vec!["PARTNER_USER_DISABLED"],
        ),
        (
            json!({ "Partner__c": "nora@partners.example" }),
            vec!["PARTNER_NO_DEAL_ACCESS"],
        ),
        (
            json!({ "Owner_Type__c": "Reseller-Owned" }),
            vec!["DEAL_OWNER_TYPE_INVALID"],
        ),
        (
            json!({ "Owner_Type__c": "Distributor-Owned" }),
            vec!["DISTRIBUTOR_EMAIL_MISSING"],
        ),
        (
            json!({ "Distributor__c": "ann@partners.example" }),
            vec!["DISTRIBUTOR_USER_WRONG_TYPE"],
        ),
        (json!({ "StageName": " " }), vec!["STAGE_EMPTY"]),
        (json!({ "CloseDate": null }), vec!["REQUIRED_FIELD_EMPTY"]),
        (json!({ "Amount": "much" }), vec!["VALUE_TYPE_INVALID"]),
        (
            json!({ "StageName": "Lost" }),
            vec!["PICKLIST_VALUE_UNKNOWN"],
        ),
    ] {
        assert_eq!(Case::new(edits.clone()).codes(), codes, "{edits}");
    }
}

#[test]
fn all_failures_of_one_opportunity_are_reported_together() {
    let case = Case::new(json!({
        "Sync__c": false, "AccountId": null, "Account": null, "OpportunityContactRoles": null, "Partner__c": null,
        "Owner_Type__c": "x", "Distributor__c": "x", "StageName": null, "Amount": "much"
    }));

    assert_eq!(
        case.codes(),
        [
            "SYNC_FLAG_NOT_SET",
            "ACCOUNT_MISSING",
            "CONTACT_MISSING",
            "PARTNER_EMAIL_MISSING",
            "DEAL_OWNER_TYPE_INVALID",
            "DISTRIBUTOR_EMAIL_INVALID",
            "STAGE_EMPTY",
            "VALUE_TYPE_INVALID"
        ]
    );
}

#[test]
fn a_failure_names_field_and_value() {
    let failures = Case::new(json!({ "Partner__c": "ghost@partners.example" }))
        .decide()
        .failures();
    let (message, suggestion) = failures[0].sentences("Opportunity \"Acme\" (006)");

    assert_eq!(
        message,
        "Channeltivity Partner Email (Partner__c) of Opportunity \"Acme\" (006) holds ghost@partners.example, and no portal user has that address."
    );
    assert!(
        suggestion.starts_with("Correct Channeltivity Partner Email (Partner__c)"),
        "{suggestion}"
    );
}

#[test]
fn a_distributor_owned_deal_belongs_to_its_distributor_whatever_the_case_of_the_type() {
    let deal = Case::new(
        json!({ "Owner_Type__c": " distributor-OWNED ", "Distributor__c": " Dora@Dist.example " }),
    )
    .deal();

    assert_eq!(
        (
            deal.owner.as_str(),
            deal.partner.as_deref(),
            deal.distributor.as_deref()
        ),
        ("dora", Some("ann"), Some("dora"))
    );
}

#[test]
fn a_partner_owned_deal_keeps_the_distributor_that_is_given() {
    let deal = Case::new(json!({ "Distributor__c": "dora@dist.example" })).deal();

    assert_eq!(
        (deal.owner.as_str(), deal.distributor.as_deref()),
        ("ann", Some("dora"))
    );
}

#[test]
fn a_setting_can_ask_for_a_distributor_on_every_deal() {
    let case = Case::new(json!({})).with_settings(|settings| {
        settings.distributor_module.partners_must_select_distributor = true
    });

    assert_eq!(case.codes(), ["DISTRIBUTOR_EMAIL_MISSING"]);
}

#[test]
fn the_partner_may_be_left_out_only_where_the_setting_and_the_owner_type_say_so() {
    let edits = json!({ "Partner__c": null, "Owner_Type__c": "Distributor-Owned", "Distributor__c": "dora@dist.example" });
    let allowed = |settings: &mut Settings| {
        settings
            .distributor_module
            .distributor_deals_may_omit_partner = true
    };

    assert_eq!(Case::new(edits.clone()).codes(), ["PARTNER_EMAIL_MISSING"]);
    assert_eq!(Case::new(edits).with_settings(allowed).deal().partner, None);
    let filled = json!({ "Partner__c": "ghost@x.example", "Owner_Type__c": "Distributor-Owned", "Distributor__c": "dora@dist.example" });
    assert_eq!(
        Case::new(filled).with_settings(allowed).codes(),
        ["PARTNER_USER_NOT_FOUND"]
    );
    let partner_owned = json!({ "Partner__c": null, "Distributor__c": "dora@dist.example" });
    assert_eq!(
        Case::new(partner_owned).with_settings(allowed).codes(),
        ["PARTNER_EMAIL_MISSING"]
    );
}

#[test]
fn without_the_distributor_module_its_fields_are_ignored() {
    let case = Case::new(json!({ "Owner_Type__c": "Reseller-Owned", "Distributor__c": "x" }))
        .with_settings(|settings| settings.distributor_module.enabled = false);

    assert_eq!(case.deal().owner, "ann");
}

#[test]
fn a_required_field_that_no_row_brings_is_named() {
    let case = Case::new(json!({})).with_settings(|settings| {
        settings
            .mappings
            .retain(|row| row.channeltivity != "close_date")
    });

    assert_eq!(case.codes(), ["REQUIRED_FIELD_NOT_MAPPED"]);
}

#[test]
fn stage_is_required_by_design() {
    let case = Case::new(json!({ "StageName": null }))
        .with_settings(|settings| settings.deal_fields[1].required = false);

    assert_eq!(case.codes(), ["STAGE_EMPTY"]);
}

#[test]
fn only_currencies_of_the_portal_are_taken_where_the_org_has_several() {
    let euro = |settings: &mut Settings| settings.currencies = vec!["EUR".into()];

    assert_eq!(
        Case::new(json!({ "CurrencyIsoCode": "USD" }))
            .with_settings(euro)
            .codes(),
        ["CURRENCY_NOT_SUPPORTED"]
    );
    assert_eq!(
        Case::new(json!({ "CurrencyIsoCode": "EUR" }))
            .with_settings(euro)
            .codes(),
        [""; 0]
    );
}

#[test]
fn an_opportunity_without_the_import_flag_or_in_the_bin_is_no_candidate() {
    for edits in [json!({ "Import__c": false }), json!({ "IsDeleted": true })] {
        assert!(matches!(
            Case::new(edits).decide().verdict,
            Verdict::NotACandidate(_)
        ));
    }
}

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
    assert_eq!(update.stamp, Stamp::parse(LATER).unwrap());
}

#[test]
fn an_edit_of_an_unmapped_field_moves_the_stamp_and_nothing_else() {
    let update = update_of(&Case::linked(json!({ "SystemModstamp": LATER })));

    assert!(!update.is_change && update.fields.is_empty() && update.findings.is_empty());
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

/// A Lead record of the portal, linked to a Salesforce Lead whose row holds these values.
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
        directory: &Directory::new(),
        claim: Some(&claim),
        record: Some(&record),
        successor,
        missing: &[],
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
    let update = lead_update(converted.clone(), Some(&taken));
    assert_eq!(update.findings[0].code, Code::LinkMoveConflict);
    assert!(update.reason.unwrap().contains(&taken.record.to_string()));

    let unlinked = claim(ClaimState::Suppressed, &Case::new(json!({})).deal());
    assert_eq!(
        lead_decision(converted, Some(&unlinked)).verdict,
        Verdict::Move(id(OPPORTUNITY))
    );
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
        seen: Stamp::from_second(0),
    });

    let update = update_of(&case);

    assert_eq!(update.status, LinkStatus::Pending);
    assert!(update.fields.is_empty());
}
