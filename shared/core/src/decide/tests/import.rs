//! Each condition for import, alone and together.

use super::*;

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
fn several_primary_roles_of_one_contact_name_one_contact() {
    let mut short = contact_role(true);
    short["ContactId"] = json!("003dM000003kUIO");
    for roles in [
        json!([contact_role(true), contact_role(true)]),
        json!([contact_role(true), short, contact_role(true)]),
        json!([
            another_contact_role(false),
            contact_role(true),
            contact_role(true)
        ]),
    ] {
        let case = Case::new(json!({ "OpportunityContactRoles": { "records": roles } }));

        assert_eq!(case.deal().contact.name, "Leo Kaur");
    }
    let two = json!([
        contact_role(true),
        another_contact_role(true),
        contact_role(true)
    ]);
    let failures = Case::new(json!({ "OpportunityContactRoles": { "records": two } }))
        .decide()
        .failures();
    assert_eq!(failures[0].context.value, "2");
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
            roles(json!([contact_role(true), another_contact_role(true)])),
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
